"""`makewhole case tell`: say once more to every ticket of a case how it stands, or show the calls that would."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cases.case import Case, Closed
from cases.ticket import TicketRef
from config.settings import Settings
from connectors.contract import AccessRefused, Helpdesk, Rehearsed, TicketUpdate, TryLater, UnexpectedReply
from makewhole.admin.rehearsal import Call, call_json, call_lines, mask_of
from makewhole.assembly import House
from makewhole.helpdesks import connect_helpdesks
from makewhole.opening import looked_into
from makewhole.printing import print_json, to_people
from store import outbox, tickets
from store.cases import NoSuchCase, StoredCase
from store.outbox import Kind
from store.records import TICKET_UPDATE, to_text
from store.tickets import MirroredTicket
from workflow.claims import takes_notes
from workflow.notes import update_for
from workflow.telling import ticket_lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one ticket.

    Fields:
        ref: Which.
        result: "put", "rehearsed", "told" (its note is there already), "silent" (it takes none) or "failed".
        said: In a sentence.
        calls: The calls that a rehearsal did not make, in their order.
    """

    ref: TicketRef
    result: str
    said: str
    calls: tuple[Call, ...] = ()


def tell_case(settings: Path, case_id: str, *, dry_run: bool, as_json: bool) -> int:
    """Put the note of the case's present state before each ticket, or print the calls; returns 1 when one cannot be."""
    with looked_into(settings) as house:
        try:
            told = list(_rehearsed(house, case_id) if dry_run else _put(house, case_id))
        except NoSuchCase as problem:
            to_people().print(str(problem), markup=False)
            return 1
    if as_json:
        print_json({"case": case_id, "tickets": [_told_json(each) for each in told]})
    else:
        for each in told:
            lines = [f"{each.ref}: {each.said}", *map(call_lines, each.calls)]
            to_people().print("\n".join(lines), markup=False, soft_wrap=True)
    return 1 if any(each.result == "failed" for each in told) else 0


def present_note(case: Case, *, version: int, ref: TicketRef, url: str) -> TicketUpdate | None:
    """Return what says how the case stands, under the mark it was said with; None for a stage nobody is told of."""
    if isinstance(case, Closed):
        # Its tickets were told of how it ended, by the version before.
        return update_for(case.settled, version=version - 1, ref=ref, url=url)
    return update_for(case, version=version, ref=ref, url=url)


def _put(house: House, case_id: str) -> Iterator[Told]:
    with house.database.begin() as tx:
        stored = house.desk.cases.lock(tx, case_id)
        known = tickets.known(tx.connection, stored.case.about.tickets)
        for ref in stored.case.about.tickets:
            update = _note_for(house, stored, ref, known)
            if isinstance(update, Told):
                yield update
                continue
            document = to_text(TICKET_UPDATE, update)
            lane, now = ticket_lane(ref), house.clock()
            outbox.put(tx, lane=lane, case_number=stored.number, kind=Kind.NOTE, document=document, now=now)
            said = f"a worker writes {update.mark}, unless the ticket has it"
            yield Told(ref=ref, result="put", said=said)


def _rehearsed(house: House, case_id: str) -> Iterator[Told]:
    with house.database.read() as connection:
        stored = house.desk.cases.find(connection, case_id)
        known = tickets.known(connection, stored.case.about.tickets)
    desks = {f"{each.vendor}:{each.account}": each for each in connect_helpdesks(house.settings, rehearse=True)}
    for ref in stored.case.about.tickets:
        update = _note_for(house, stored, ref, known)
        if isinstance(update, Told):
            yield update
        elif ref.source not in desks:
            yield Told(ref=ref, result="failed", said=f"{ref.source} is no longer in the settings")
        else:
            yield _try(house.settings, desks[ref.source], update, known.get(ref))


def _note_for(
    house: House, stored: StoredCase, ref: TicketRef, known: dict[TicketRef, MirroredTicket]
) -> TicketUpdate | Told:
    if ref in known and not takes_notes(known[ref].ticket):
        return Told(ref=ref, result="silent", said=f"it is {known[ref].ticket.status} and takes no notes")
    url = house.desk.case_url(stored.case.about.id)
    update = present_note(stored.case, version=stored.version, ref=ref, url=url)
    return update or Told(ref=ref, result="silent", said=f"tickets are not told that a case is {stored.case.stage}")


def _try(settings: Settings, desk: Helpdesk, update: TicketUpdate, mirrored: MirroredTicket | None) -> Told:
    """Let the connector do all that it would do, up to its first write."""
    ref = update.ref
    shadow = settings.helpdesks[ref.source].mode == "shadow"
    try:
        desk.write(update)
    except Rehearsed as rehearsed:
        calls = mask_of(settings, words=_words(mirrored)).over(rehearsed)
        said = "in shadow mode not even a worker would do this" if shadow else "nothing was changed; this would be"
        return Told(ref=ref, result="rehearsed", said=said, calls=calls)
    except (AccessRefused, TryLater, UnexpectedReply) as problem:
        return Told(ref=ref, result="failed", said=str(problem))
    return Told(ref=ref, result="told", said=f"it has {update.mark} already: no call would be made")


def _words(mirrored: MirroredTicket | None) -> Iterator[str]:
    """Yield what people wrote on the ticket."""
    if mirrored is not None:
        yield mirrored.ticket.subject
        yield from (comment.body for comment in mirrored.ticket.comments)


def _told_json(told: Told) -> dict[str, object]:
    calls = [call_json(each) for each in told.calls]
    return {"ticket": str(told.ref), "result": told.result, "said": told.said, "calls": calls}
