"""Fields in: what a ticket that was read shows becomes the case's, is put back, or is kept as a conflict.

This happens in the transaction that keeps the ticket. What has to be written to tickets is not written down here: an
item of their lane works it out when it is sent (`sync/outbox.py`), so that the newest value goes out, and once.
"""

from dataclasses import replace
from datetime import datetime

import structlog

from cases.ticket import Ticket, TicketRef
from store import conflicts, mirror, outbox, tickets
from store.conflicts import Cause, Conflict
from store.database import Transaction
from store.mirror import CaseValue, MirroredField
from store.outbox import Kind, Progress
from sync.ownership import FieldRules, Move, Shown, Verdict, digest, judge
from sync.wanted import Board, board_of, owed
from workflow import claims
from workflow.desk import Desk
from workflow.telling import ticket_lane

SYNC = "sync"
WORDS = {
    Cause.CHANGED: "It was changed here, and this ticket does not own it.",
    Cause.CONTESTED: "It shows something else each time it is put back: another program may be writing it.",
    Cause.UNDECIDED: "Two tickets say different things, and the rule does not say which holds.",
    Cause.CLOSED: "The ticket is closed and takes no writes.",
    Cause.OVERRULED: "What the field's owner says was written over it.",
}
log = structlog.get_logger(__name__)


def hear_fields(
    desk: Desk, rules: FieldRules, tx: Transaction, ticket: Ticket, *, begun: Progress, now: datetime
) -> None:
    """Take in what the mirrored fields of a ticket show. The caller has kept the ticket and holds it.

    begun: How far writing to the ticket was when this reading of it was begun.
    """
    mirrored = rules.names_on(ticket.ref)
    case_id = tickets.case_of(tx.connection, ticket.ref) if mirrored else None
    if case_id is None or claims.is_gone(ticket):
        return
    stored = desk.cases.lock(tx, case_id)
    if ticket.ref not in stored.case.about.tickets:
        return
    behind = _hear_each(tx, board_of(desk, rules, tx.connection, stored), ticket, begun=begun, now=now)
    if owed(tx.connection, board_of(desk, rules, tx.connection, stored), ticket.ref, sequence=None):
        behind |= {ticket.ref}
    for ref in sorted(behind):
        put_fields(tx, ref, stored.number, now=now)


def put_fields(tx: Transaction, ref: TicketRef, case_number: int, *, now: datetime) -> None:
    """See to it that a ticket gets what its case says; once is enough, however much changes until it is written."""
    outbox.put_once(tx, lane=ticket_lane(ref), case_number=case_number, kind=Kind.FIELDS, now=now)


def _hear_each(tx: Transaction, board: Board, ticket: Ticket, *, begun: Progress, now: datetime) -> set[TicketRef]:
    """Take in each field of a ticket, and return the other tickets that lack what it says."""
    known = mirror.fields_of(tx.connection, ticket.ref)
    held = _still_held(tx, ticket, conflicts.on_ticket(tx.connection, str(ticket.ref)), now=now)
    behind: set[TicketRef] = set()
    for name in board.rules.names_on(ticket.ref):
        before, conflict = known.get(name), held.get(name)
        shown = _shown(board, ticket, name, before, conflict, begun=begun, now=now)
        verdict = judge(shown)
        if verdict.move is Move.WAIT:
            continue
        after = replace(verdict.known, case_number=board.stored.number)
        if after != before:
            mirror.keep_fields(tx, (after,))
        _carry_out(tx, board, shown, verdict, conflict)
        if verdict.move is Move.TAKE:
            behind.update(board.others_with(name, ticket.ref))
    return behind


def _shown(
    board: Board,
    ticket: Ticket,
    name: str,
    before: MirroredField | None,
    conflict: Conflict | None,
    *,
    begun: Progress,
    now: datetime,
) -> Shown:
    moved = before is not None and before.case_number != board.stored.number and before.place is None
    return Shown(
        known=None if moved else before,
        ref=ticket.ref,
        name=name,
        value=ticket.field(name) or "",
        stamp=ticket.updated_at,
        fresh=before is None or before.place is None or begun.has_done(before.place),
        wanted=board.says(name),
        given=board.values.get(name),
        rule=board.rule_for(name),
        cause=conflict.cause if conflict else None,
        now=now,
    )


def _still_held(tx: Transaction, ticket: Ticket, held: dict[str, Conflict], *, now: datetime) -> dict[str, Conflict]:
    """Settle the conflicts of a ticket that takes writes again, and return the others."""
    if not claims.takes_notes(ticket):
        return held
    for each in held.values():
        if each.cause is Cause.CLOSED:
            conflicts.settle(tx, each, by=SYNC, took=None, now=now)
    return {name: each for name, each in held.items() if each.cause is not Cause.CLOSED}


def _carry_out(tx: Transaction, board: Board, shown: Shown, verdict: Verdict, held: Conflict | None) -> None:
    """Keep what a verdict says of the case's value and of conflicts."""
    if verdict.move is Move.CONFLICT and verdict.cause is not None:
        _keep_conflict(tx, board, shown, verdict.cause, held)
        return
    if held is not None and (verdict.move is Move.TAKE or verdict.overruled or _agrees(shown, verdict.known)):
        conflicts.settle(tx, held, by=SYNC, took=None, now=shown.now)
    if verdict.overruled:
        log.info("a field is overruled", ticket=str(shown.ref), field=shown.name)
        conflicts.add(tx, _conflict(board, shown, Cause.OVERRULED))
    if verdict.move is Move.TAKE:
        _take(tx, board, shown, verdict.loser)


def _take(tx: Transaction, board: Board, shown: Shown, loser: CaseValue | None) -> None:
    """Make what a ticket shows the case's value, and let it win against what others have changed meanwhile."""
    value = CaseValue(field=shown.name, value=shown.value, source=str(shown.ref), changed_at=shown.stamp)
    mirror.keep_value(tx, board.stored.number, value)
    overrule_others(tx, board.stored.number, value)
    if loser is not None:
        lost = _conflict(board, shown, Cause.OVERRULED)
        conflicts.add(tx, replace(lost, ref=loser.source, ours=shown.value, theirs=loser.value))


def overrule_others(tx: Transaction, case_number: int, value: CaseValue) -> None:
    """Let a case's new value win where other tickets were left alone with another one; theirs is kept for people."""
    for each in conflicts.of_field(tx.connection, case_number, value.field):
        if each.ref != value.source and each.cause in {Cause.CHANGED, Cause.UNDECIDED}:
            overruled = replace(each, cause=Cause.OVERRULED, problem=WORDS[Cause.OVERRULED], ours=value.value)
            conflicts.change(tx, overruled)


def _keep_conflict(tx: Transaction, board: Board, shown: Shown, cause: Cause, held: Conflict | None) -> None:
    found = _conflict(board, shown, cause)
    if held is None:
        log.warning("a field is in conflict", ticket=str(shown.ref), field=shown.name, cause=str(cause))
        conflicts.add(tx, found)
    else:
        same = held.cause is cause
        problem = held.problem if same else found.problem
        # What was refused stays what was refused, whatever the case says by now: another value may be tried.
        ours = held.ours if same and cause is Cause.REFUSED else found.ours
        conflicts.change(tx, replace(found, id=held.id, problem=problem, ours=ours))


def _conflict(board: Board, shown: Shown, cause: Cause) -> Conflict:
    return Conflict(
        id=0,
        case_number=board.stored.number,
        ref=str(shown.ref),
        field=shown.name,
        cause=cause,
        problem=WORDS.get(cause, ""),
        ours=shown.wanted or "",
        theirs=shown.value,
        found_at=shown.now,
    )


def _agrees(shown: Shown, known: MirroredField) -> bool:
    """Whether a ticket shows what its case says, in its vendor's spelling or ours."""
    if shown.wanted is None or known.place is not None:
        return False
    return shown.value == shown.wanted or known.written == digest(shown.wanted)
