"""What a ticket names: other tickets, by their address in a link field or in words, or by a key as "ENG-5". Pure.

Addresses: Zendesk /agent/tickets/N, /tickets/N, /requests/N, /hc/<locale>/requests/N. Salesforce
/lightning/r/Case/500…/view, /500…, 15 signs or 18. Jira /browse/KEY, any other path with the key as a segment (boards,
queues, the portal of Jira Service Management), ?selectedIssue=KEY. Only https, or http, on a host of an account that we
read; whatever else stands in an address is nobody's.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from cases.links import Named, Place
from cases.ticket import Author, Ticket, Vendor

#: A ticket names at most so many others: in links, and in words, which customers write too.
MOST_LINKED = 50
MOST_IN_TEXT = 10
#: Words are searched so far, newest first, and so many addresses in them are looked at.
MOST_CHARACTERS = 100_000
MOST_ADDRESSES = 300

_ADDRESS = re.compile(r"https?://([a-z0-9.-]{1,253})(?::443)?(/[^\s<>\"'\\^`{|}\[\]]{0,500})", re.IGNORECASE)
_ZENDESK = re.compile(r"/(?:agent/|hc/[a-z0-9-]{1,20}/)?(?:tickets|requests)/([1-9][0-9]{0,19})(?![\w-])")
_SALESFORCE = re.compile(r"/(?:lightning/r/(?:Case/)?)?(500[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?)(?![\w-])")
_JIRA = re.compile(r"(?:/|[?&]selectedIssue=)([A-Za-z][A-Za-z0-9_]{1,49}-[1-9][0-9]{0,8})(?![\w-])")
_JIRA_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,49}-[1-9][0-9]{0,8}")
_PROJECT = re.compile(r"[A-Z][A-Z0-9_]{1,49}")
_DIGITS = re.compile(r"[1-9][0-9]{0,19}")
_SALESFORCE_ID = re.compile(r"500[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")
_CHECK_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account that we read, and how addresses of its tickets begin.

    Fields:
        vendor: "jira".
        account: "harbor", as in references.
        hosts: Lower case: ("harbor.atlassian.net",).
        projects: Jira projects whose bare keys count in words: ("ENG", "CARE"); other vendors have none.
    """

    vendor: Vendor
    account: str
    hosts: tuple[str, ...]
    projects: tuple[str, ...] = ()


def account_of(vendor: Vendor, account: str, *, hosts: Iterable[str] = (), projects: Iterable[str] = ()) -> Account:
    """Return an account with the vendor's own hosts for it, and the operator's own domains."""
    own = {
        "zendesk": (f"{account}.zendesk.com",),
        "salesforce": (f"{account}.my.salesforce.com", f"{account}.lightning.force.com"),
        "jira": (f"{account}.atlassian.net",),
    }[vendor]
    every = dict.fromkeys(each.lower() for each in (*own, *hosts))
    return Account(vendor=vendor, account=account, hosts=tuple(every), projects=tuple(projects))


def named_by(ticket: Ticket, accounts: tuple[Account, ...]) -> tuple[Named, ...]:
    """Return what a ticket names, each once, links first; never itself, and nothing of an account we do not read.

    What we wrote ourselves names nothing.
    """
    words = _words_of(ticket)
    if not ticket.links and not _may_name(words, accounts):
        return ()
    itself = {str(ticket.ref), f"{ticket.ref.vendor}:{ticket.ref.account}:{ticket.name}"}
    linked = _first(_in_links(ticket.links, accounts), itself, MOST_LINKED)
    itself.update(map(str, linked))
    return (*linked, *_first(_in_words(words, accounts), itself, MOST_IN_TEXT))


def salesforce_id(key: str) -> str | None:
    """Return the id of a Case with its 18 signs, from 15 or 18; None for what is no id of one."""
    if not _SALESFORCE_ID.fullmatch(key):
        return None
    parts = (key[start : start + 5] for start in (0, 5, 10))
    checks = (_CHECK_SIGNS[sum(1 << place for place, sign in enumerate(part) if sign.isupper())] for part in parts)
    return key[:15] + "".join(checks)


def _may_name(words: str, accounts: tuple[Account, ...]) -> bool:
    """Whether words hold what every address has, or a project's key: most hold neither, and this is quick."""
    if "://" in words:
        return True
    for account in accounts:
        for project in account.projects:
            if f"{project}-" in words:
                return True
    return False


def _first(found: Iterator[Named], known: set[str], most: int) -> tuple[Named, ...]:
    distinct = dict.fromkeys(each for each in found if str(each) not in known)
    return tuple(islice(distinct, most))


def _in_links(links: tuple[str, ...], accounts: tuple[Account, ...]) -> Iterator[Named]:
    for link in islice(links, MOST_LINKED):
        words = link.strip()[:1000]
        if "://" in words:
            yield from _addresses(words, accounts, Place.LINK)
            continue
        vendor, _, rest = words.partition(":")
        name, _, key = rest.partition(":")
        for account in accounts:
            if not rest and words.partition("-")[0] in account.projects:
                yield from _named(account, words, Place.LINK)
            elif (account.vendor, account.account) == (vendor, name):
                yield from _named(account, key, Place.LINK)


def _in_words(words: str, accounts: tuple[Account, ...]) -> Iterator[Named]:
    yield from _addresses(words, accounts, Place.TEXT)
    for account in accounts:
        projects = [each for each in account.projects if _PROJECT.fullmatch(each) and f"{each}-" in words]
        if projects:
            bare = rf"(?<![\w/=-])(?:{'|'.join(projects)})-[1-9][0-9]{{0,8}}(?![\w-])"
            for found in islice(re.finditer(bare, words, re.ASCII), MOST_ADDRESSES):
                yield from _named(account, found[0], Place.TEXT)


def _addresses(words: str, accounts: tuple[Account, ...], where: Place) -> Iterator[Named]:
    if "://" not in words:
        return
    for found in islice(_ADDRESS.finditer(words), MOST_ADDRESSES):
        host, path = found[1].lower(), found[2]
        for account in accounts:
            if host in account.hosts:
                key = _key_in(path, account.vendor)
                if key is not None:
                    yield from _named(account, key, where)


def _key_in(path: str, vendor: Vendor) -> str | None:
    match vendor:
        case "zendesk":
            found = _ZENDESK.match(path)
        case "salesforce":
            found = _SALESFORCE.match(path)
        case "jira":
            found = _JIRA.search(path)
    if found is None:
        return None
    return found[1].upper() if vendor == "jira" else found[1]


def _named(account: Account, key: str, where: Place) -> Iterator[Named]:
    """Yield what the key names; nothing for a key that the vendor does not give out."""
    match account.vendor:
        case "zendesk":
            whole = key if _DIGITS.fullmatch(key) else None
        case "salesforce":
            whole = salesforce_id(key)
        case "jira":
            whole = key if _DIGITS.fullmatch(key) or _JIRA_KEY.fullmatch(key) else None
    if whole is not None:
        yield Named(vendor=account.vendor, account=account.account, key=whole, where=where)


def _words_of(ticket: Ticket) -> str:
    """Return the words of people on a ticket, newest comment first: one line of any length may stand anywhere."""
    if not ticket.comments:
        return f"{ticket.subject}\n{ticket.description}"[:MOST_CHARACTERS]
    said = (each.body for each in reversed(ticket.comments) if each.written_by is not Author.US)
    words, left = [], MOST_CHARACTERS
    for each in (ticket.subject, ticket.description, *said):
        words.append(each[:left])
        left -= len(words[-1])
        if left <= 0:
            break
    return "\n".join(words)
