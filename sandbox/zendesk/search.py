"""The search language, as far as a connector needs it: type, status, priority, tags, times, requester, fields, words.

Vendor's reference: https://support.zendesk.com/hc/en-us/articles/4408886879258 . At most 1,000 results are reachable.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from sandbox.zendesk.account import Account
from sandbox.zendesk.records import DELETED, STATUSES, Ticket, User
from sandbox.zendesk.refusals import Refused

MOST_RESULTS = 1_000

_TERM = re.compile(r"(?P<minus>-?)(?P<name>[a-z_0-9]+)(?P<sign>>=|<=|:|>|<)(?P<value>.*)", re.DOTALL)
_RELATIVE = re.compile(r"(?P<number>\d+)(?P<unit>minutes?|hours?|days?|weeks?)")
_RANKS = {status: rank for rank, status in enumerate(STATUSES)}

Test = Callable[[Ticket], bool]


def find_tickets(account: Account, tickets: Mapping[int, Ticket], query: str, *, now: datetime) -> list[Ticket]:
    """Return the tickets a query finds among those the index knows, newest change first; raises `Refused` (422)."""
    tests = [_test(account, word, now=now) for word in _words(query)]
    found = [t for t in tickets.values() if t.status != DELETED and all(test(t) for test in tests)]
    return sorted(found, key=lambda ticket: (ticket.updated_at, ticket.id), reverse=True)


def find_users(users: Iterable[User], query: str) -> list[User]:
    """Return the users whose e-mail, external id or name a query names (type:user)."""
    words = [word for word in _words(query) if not word.startswith("type:")]
    return [user for user in users if all(_names(user, word) for word in words)]


def is_about_users(query: str) -> bool:
    """Tell whether a query asks for users instead of tickets."""
    return "type:user" in query.split()


def _words(query: str) -> list[str]:
    try:
        return shlex.split(query)
    except ValueError:
        return query.split()


def _names(user: User, word: str) -> bool:
    name, colon, value = word.partition(":")
    known = {"email": user.email, "external_id": user.external_id, "name": user.name, "role": user.role}
    if colon and name in known:
        return (known[name] or "").lower() == value.lower()
    return word.lower() in f"{user.name} {user.email} {user.external_id}".lower()


def _test(account: Account, word: str, *, now: datetime) -> Test:
    term = _TERM.fullmatch(word)
    if term is None:
        return lambda ticket: word.lower() in f"{ticket.subject} {ticket.description}".lower()
    name, sign, value = term["name"], term["sign"], term["value"]
    test = _named_test(account, name, sign, value, now=now)
    return (lambda ticket: not test(ticket)) if term["minus"] else test


def _named_test(account: Account, name: str, sign: str, value: str, *, now: datetime) -> Test:
    if name in ("updated", "created", "updated_at", "created_at"):
        attribute = f"{name.removesuffix('_at')}_at"
        moment = _moment(value, now=now)
        return lambda ticket: _compare(getattr(ticket, attribute), sign, moment)
    if name == "status":
        rank = _RANKS.get(value, -1)
        return lambda ticket: _compare(_RANKS.get(ticket.status, len(STATUSES)), sign, rank)
    if name.startswith("custom_field_") and name.removeprefix("custom_field_").isdigit():
        field_id = int(name.removeprefix("custom_field_"))
        return lambda ticket: _has(ticket.custom_fields.get(field_id), value)
    return _equal_test(account, name, value)


def _equal_test(account: Account, name: str, value: str) -> Test:
    if name == "type":
        return lambda ticket: value in ("ticket", ticket.type)
    if name == "tags":
        wanted = set(value.split())
        return lambda ticket: bool(wanted & set(ticket.tags)) if value != "none" else not ticket.tags
    if name in ("requester", "assignee", "submitter"):
        return lambda ticket: _is_person(account, getattr(ticket, f"{name}_id"), value)
    if name in ("priority", "external_id", "subject", "description"):
        return lambda ticket: _has(getattr(ticket, name), value)
    # Unknown names are refused with this error in the vendor's API; the wording has no independent evidence.
    raise Refused(status=422, body={"error": "invalid", "description": f"Invalid search: unknown property {name}"})


def _has(held: object, value: str) -> bool:
    if value == "*":
        return held is not None
    if value == "none":
        return held is None
    return str(held or "").lower() == value.lower()


def _is_person(account: Account, user_id: int | None, value: str) -> bool:
    if value == "none" or user_id is None:
        return value == "none" and user_id is None
    user = account.users.get(user_id)
    return value == str(user_id) or (
        user is not None and value.lower() in ((user.email or "").lower(), user.name.lower())
    )


def _compare(held: object, sign: str, wanted: object) -> bool:
    match sign:
        case ">":
            return bool(held > wanted)  # type: ignore[operator]  # Both are moments, or both ranks.
        case "<":
            return bool(held < wanted)  # type: ignore[operator]  # As above.
        case ">=":
            return bool(held >= wanted)  # type: ignore[operator]  # As above.
        case "<=":
            return bool(held <= wanted)  # type: ignore[operator]  # As above.
        case _:
            return held == wanted or (isinstance(held, datetime) and _same_day(held, wanted))


def _same_day(held: datetime, wanted: object) -> bool:
    return isinstance(wanted, datetime) and held.date() == wanted.date()


def _moment(value: str, *, now: datetime) -> datetime:
    relative = _RELATIVE.fullmatch(value)
    if relative:
        unit = relative["unit"].rstrip("s") + "s"
        return now - timedelta(**{unit: int(relative["number"])})
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise Refused(
            status=422, body={"error": "invalid", "description": f"Invalid search: bad date {value}"}
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
