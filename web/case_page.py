"""One case on one page, to be read only, for whoever was sent its address.

The key in the address is an HMAC of the case's id: who has the link may look, nobody can guess one. There is no script
on the page and nothing is loaded from elsewhere.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from cases.case import (
    Approved,
    AwaitingApproval,
    Case,
    Closed,
    Declined,
    Joined,
    NeedsAttention,
    Opened,
    Paid,
    Proposed,
    proposal_of,
)
from cases.parts_told import parts_told
from cases.people import People
from cases.proposal import Decision, Proposal
from connectors.addresses import called, page_of
from policy.authoring.sheet import sheet
from store import books, tickets
from store.audit import AuditRecord
from store.books import StoredPayout
from store.cases import CaseRepository, NoSuchCase
from store.database import Database
from store.timeline import Said, timeline
from web.keys import case_key, case_path, fits
from web.sheets import not_found, page, templates

_WORDS = {
    "opened": "Opened",
    "proposed": "Proposed",
    "awaiting_approval": "Awaiting approval",
    "approved": "Approved",
    "declined": "Declined",
    "paid": "Paid",
    "closed": "Closed",
    "joined": "Joined with another case",
    "needs_attention": "Needs attention",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRoom:
    """What the page needs: where cases are, who decides, and the secret of the links."""

    database: Database
    cases: CaseRepository
    people: People
    link_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """What the page shows.

    Fields:
        case: The case.
        stage: Its stage in words: "Awaiting approval".
        proposal: What is proposed; None when nothing is.
        decisions: What people said, oldest first.
        reason: Why it needs attention or where it went; None when there is nothing to say.
        missing: What is missing, by name.
        into: Path and id of the case it was joined with; None when it was not.
        parts: Each part of what is proposed, in words, with how it stands; empty where all is paid at once in cash.
        payouts: Its payouts, one for each part that is or was under way.
        timeline: Every record of it and every comment on its tickets, oldest first; no customer's words.
        tickets: (what people call it, address or None where we know none) of each ticket that tells of it.
    """

    case: Case
    stage: str
    proposal: Proposal | None
    decisions: tuple[Decision, ...]
    reason: str | None
    missing: tuple[str, ...]
    into: tuple[str, str] | None
    parts: tuple[str, ...]
    payouts: tuple[StoredPayout, ...]
    timeline: tuple[AuditRecord | Said, ...]
    tickets: tuple[tuple[str, str | None], ...]


def case_page(room: CaseRoom) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint for `GET /cases/{case_id}?key=…`; 404 for a wrong key and for no such case alike."""
    template = templates().get_template("case.html")

    async def endpoint(request: Request) -> Response:
        case_id = request.path_params["case_id"]
        if not fits(case_key(room.link_key, case_id), request.query_params.get("key", "")):
            return not_found()
        try:
            view = await asyncio.to_thread(_look_up, room, case_id)
        except NoSuchCase:
            return not_found()
        body = template.render(
            view=view,
            name_of=lambda person: _name_of(room.people, person),
            words={"scroll": "scrolls sideways"},
        )
        return page(sheet(f"{case_id} · {view.stage}", body, language="en"))

    return endpoint


def _look_up(room: CaseRoom, case_id: str) -> CaseView:
    with room.database.read() as connection:
        stored = room.cases.find(connection, case_id)
        case = stored.case
        proposal = proposal_of(case)
        payouts = books.payouts_for(connection, case_id, proposal.fingerprint) if proposal else ()
        told = timeline(connection, stored)
        known = tickets.known(connection, case.about.tickets)
    names = {ref: known[ref].ticket.name if ref in known else "" for ref in case.about.tickets}
    return CaseView(
        case=case,
        stage=_WORDS[case.stage],
        proposal=proposal,
        decisions=_decisions(case),
        reason=case.reason if isinstance(case, NeedsAttention) else None,
        missing=case.missing if isinstance(case, NeedsAttention) else (),
        into=(case_path(room.link_key, case.into), case.into) if isinstance(case, Joined) else None,
        parts=parts_told(case),
        payouts=payouts,
        timeline=told,
        tickets=tuple((called(ref, name), page_of(ref, name)) for ref, name in names.items()),
    )


def _decisions(case: Case) -> tuple[Decision, ...]:
    match case:
        case Closed():
            return _decisions(case.settled)
        case Declined():
            return (case.decision,) if case.decision else ()
        case AwaitingApproval() | Approved() | Paid():
            return case.approvals
        case Opened() | Proposed() | Joined() | NeedsAttention():
            return ()


def _name_of(people: People, person: str) -> str:
    found = people.by_id(person)
    return found.name if found else person
