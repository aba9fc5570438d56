"""Zendesk, Salesforce and Jira beside each other: their tickets, and how one names another."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from cases.ticket import Author, Comment, Ticket, TicketRef, Vendor
from store import links, tickets
from store.links import LinkQuestion
from sync.links import account_of, named_by
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import NOON, PlayedHelpdesk, ticket

ACCOUNTS = (
    account_of("zendesk", "harbor"),
    account_of("salesforce", "harbor"),
    account_of("jira", "harbor", projects=("ENG", "CARE")),
)
SALESFORCE_ID = "500Ak00000A1b2CIAR"


@dataclass(kw_only=True)
class PlayedDesks(PlayedHelpdesk):
    """Helpdesks of three vendors; Jira finds an issue by its key as well."""

    def read(self, ref: TicketRef) -> tuple[Ticket, bytes] | None:
        named = (each for each in self.tickets.values() if f"{each.ref.source}:{each.name}" == str(ref))
        found = self.tickets.get(ref) or next(named, None)
        return None if found is None else (found, b"{}")


def open_three_desks(at_work: DeskAtWork) -> None:
    """Let the desk read three vendors' accounts."""
    at_work.desk = replace(at_work.desk, naming=partial(named_by, accounts=ACCOUNTS))
    at_work.helpdesk = PlayedDesks()


def zendesk(key: str = "1", **more: Any) -> Ticket:
    """Return a ticket of Zendesk; fields as in `played_vendors.ticket`, `links` and `text` besides."""
    return _told("zendesk", key, "", **more)


def salesforce(key: str = SALESFORCE_ID, **more: Any) -> Ticket:
    """Return a Case of Salesforce."""
    return _told("salesforce", key, "00001026", **more)


def jira(key: str = "10042", name: str = "ENG-5", **more: Any) -> Ticket:
    """Return an issue of Jira that makes a claim."""
    return _told("jira", key, name, **more)


def cause(key: str = "10042", name: str = "ENG-5", **more: Any) -> Ticket:
    """Return an issue of Jira that makes no claim and is about nobody's loss."""
    return replace(jira(key, name, topic=None, loss=None, **more), requester=None)


def unsaid(**more: Any) -> dict[str, Any]:
    """Return what makes a claim that does not say which loss it is about."""
    return {"loss": None, **more}


def address(ref: TicketRef, name: str = "") -> str:
    """Return where an agent opens a ticket."""
    return {
        "zendesk": f"https://harbor.zendesk.com/agent/tickets/{ref.key}",
        "salesforce": f"https://harbor.lightning.force.com/lightning/r/Case/{ref.key}/view",
        "jira": f"https://harbor.atlassian.net/browse/{name}",
    }[ref.vendor]


def commented(told: Ticket, words: str, *, by: Author = Author.AGENT) -> Ticket:
    """Return a ticket with one more comment."""
    number = len(told.comments) + 1
    comment = Comment(id=str(number), author_id="1", public=False, body=words, written_at=NOON, written_by=by)
    return replace(told, comments=(*told.comments, comment))


def groups(at_work: DeskAtWork) -> set[frozenset[str]]:
    """Return which tickets of the helpdesks are in one case; those without a case are in none."""
    found: dict[str, set[str]] = {}
    for ref in at_work.helpdesk.tickets:
        case_id = case_of(at_work, ref)
        if case_id is not None:
            found.setdefault(case_id, set()).add(str(ref))
    return {frozenset(each) for each in found.values()}


def case_of(at_work: DeskAtWork, ref: TicketRef) -> str | None:
    """Return the case that a ticket belongs to; both must say so."""
    with at_work.database.read() as connection:
        case_id = tickets.case_of(connection, ref)
    assert case_id is None or ref in at_work.case(case_id).about.tickets
    return case_id


def questions(at_work: DeskAtWork) -> list[LinkQuestion]:
    """Return the questions that wait for a person, oldest first."""
    with at_work.database.read() as connection:
        return list(links.unanswered(connection))


def asked(at_work: DeskAtWork) -> list[tuple[str, str, str]]:
    """Return (ticket, case, reason) of the questions that wait for a person."""
    return [(each.ref, str(each.case_id), each.reason) for each in questions(at_work)]


def told_states(at_work: DeskAtWork, ref: TicketRef) -> list[str]:
    """Return what our field said on a ticket, note after note."""
    mine = (dict(each.fields) for each in at_work.helpdesk.written if each.ref == ref)
    return [each["mw_state"] for each in mine if "mw_state" in each]


def _told(vendor: Vendor, key: str, name: str, **more: Any) -> Ticket:
    named, text = more.pop("links", ()), more.pop("text", "It came late.")
    ref = TicketRef(vendor=vendor, account="harbor", key=key)
    return replace(ticket(**more), ref=ref, name=name, links=tuple(named), description=text)
