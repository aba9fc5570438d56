"""Notes and fields out: one job makes one write to one ticket, in the ticket's order.

A note says what was true when it was put. Fields are worked out when they are written, so that the newest goes out.
What is written is recorded before the vendor is called: whatever comes back, later readings know what we may have done.
"""

import json
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from cases.proposal import CaseId
from cases.ticket import Ticket, TicketRef
from connectors.contract import (
    AccessRefused,
    CaseLinks,
    FieldsMoved,
    FieldsRefused,
    TicketSource,
    TicketUpdate,
    TryLater,
    UnexpectedReply,
)
from store import conflicts, mirror, outbox, readings, tickets
from store.cases import PREFIX, StoredCase
from store.conflicts import Cause, Conflict
from store.database import Transaction
from store.mirror import MirroredField
from store.outbox import Item, State
from store.records import TICKET_UPDATE
from sync.intake import parse_ref
from sync.mirror import WORDS, put_fields
from sync.mirroring import Mirroring
from sync.ownership import digest, is_ours, likeness
from sync.wanted import board_of, holds, owed
from workflow import claims
from workflow.desk import Desk
from workflow.ending import was_told

log = structlog.get_logger(__name__)
NOT_MIRRORED = Mirroring()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Write:
    """One write that was begun: the update, and what was known of its fields before."""

    item: Item
    update: TicketUpdate
    before: tuple[MirroredField, ...]


def write_note(
    desk: Desk,
    source: TicketSource,
    item: Item,
    *,
    mirroring: Mirroring = NOT_MIRRORED,
    clock: Callable[[], datetime],
) -> None:
    """Write one note of a ticket's lane to the vendor, once, and close its case when it was the last.

    Fields that the vendor refuses become conflicts, and the rest is written without them. A ticket that takes no more
    writes (closed, deleted) leaves the item refused, where `conflicts` shows it; the lane goes on. Raises TryLater and
    AccessRefused of the connector: the item stays first in its lane.
    """
    with desk.database.begin() as tx:
        desk.cases.lock(tx, f"{PREFIX}{item.case_number}")
        write = _begin_note(tx, mirroring, item, now=clock())
    if write.update.ref.source in mirroring.shadowed:
        _leave_unwritten(desk, write, now=clock())
        return
    refused, problem = _write(desk, source, write)
    now = clock()
    with desk.database.begin() as tx:
        stored = desk.cases.lock(tx, f"{PREFIX}{item.case_number}")
        _refuse(tx, stored, write, refused, now=now)
        if problem is not None:
            log.warning("a note was refused", lane=item.lane, mark=write.update.mark, problem=problem)
            _take_back(tx, write)
            readings.ask(tx, str(write.update.ref), now=now)  # It may be deleted, and nothing have told us.
        outbox.finish(tx, item, State.REFUSED if problem else State.SENT, now=now, problem=problem)
        if problem is not None and write.before:
            put_fields(tx, write.update.ref, item.case_number, now=now)  # What the fields say is true all the same.
        was_told(desk, tx, stored.case.about.id, now=now)


def write_fields(
    desk: Desk, source: TicketSource, item: Item, *, mirroring: Mirroring, clock: Callable[[], datetime]
) -> None:
    """Write what a ticket does not show yet of its case, all fields in one call; nothing when it shows everything.

    A field that the vendor refuses becomes a conflict with the vendor's words, and the rest is written without it; of
    a ticket that takes no writes, all do. Raises TryLater and AccessRefused of the connector: the item stays first in
    its lane.
    """
    write = _begin_fields(desk, mirroring, item, now=clock())
    if write is None:
        return
    try:
        refused, problem = _write(desk, source, write)
    except FieldsMoved:
        with desk.database.begin() as tx:
            readings.ask(tx, str(write.update.ref), now=clock())
        raise
    if problem is not None:
        log.warning("fields were refused", lane=item.lane, mark=write.update.mark, problem=problem)
        refused = {**{name: problem for name, _ in write.update.fields}, **refused}
    now = clock()
    with desk.database.begin() as tx:
        _refuse(tx, _case_of(desk, tx, item), write, refused, now=now)
        if problem is not None:
            readings.ask(tx, str(write.update.ref), now=now)  # As above.
        outbox.finish(tx, item, State.SENT, now=now)


def write_link(
    desk: Desk, helpdesk: CaseLinks, item: Item, *, mirroring: Mirroring = NOT_MIRRORED, clock: Callable[[], datetime]
) -> None:
    """Let a ticket's link lead to the page of the case that the item names, or to none; twice is once.

    A ticket that takes no link leaves the item refused. Raises TryLater and AccessRefused of the connector.
    """
    ref, problem = ref_of(item), None
    if ref.source in mirroring.shadowed:
        log.info("not written, in shadow", lane=item.lane)
    else:
        url = desk.case_url(CaseId(item.document)) if item.document else None
        try:
            helpdesk.link_case(ref, url, f"{item.document}: compensation case")
        except UnexpectedReply as error:
            problem = str(error)
    with desk.database.begin() as tx:
        outbox.finish(tx, item, State.REFUSED if problem else State.SENT, now=clock(), problem=problem)


def _begin_note(tx: Transaction, mirroring: Mirroring, item: Item, *, now: datetime) -> _Write:
    """Record what a note is about to write, without fields that its ticket lacks or that are in conflict."""
    update = TICKET_UPDATE.validate_json(item.document)
    if tickets.case_of(tx.connection, update.ref) not in {None, f"{PREFIX}{item.case_number}"}:
        # The ticket went to another case meanwhile: it hears how this one goes on, and shows how its own stands.
        update = replace(update, fields=(), add_tags=(), remove_tags=())
    names = mirroring.fields.fields.get(update.ref.source)
    if names is not None:
        held = conflicts.on_ticket(tx.connection, str(update.ref))
        may = tuple((name, value) for name, value in update.fields if name in names)
        update = replace(update, fields=tuple(each for each in may if not holds(held.get(each[0]), each[1])))
    before = _begin(tx, mirroring, item, update, now=now)
    return _Write(item=item, update=update, before=before)


def _begin_fields(desk: Desk, mirroring: Mirroring, item: Item, *, now: datetime) -> _Write | None:
    """Work out what a ticket lacks and record that it is about to be written; ends the item when that is nothing."""
    ref = ref_of(item)
    with desk.database.begin() as tx:
        stored = _case_of(desk, tx, item)
        tx.hold(item.lane)
        board = board_of(desk, mirroring.fields, tx.connection, stored)
        lacking = owed(tx.connection, board, ref, sequence=item.sequence)
        if lacking and not claims.takes_notes(board.tickets[ref]):
            words = dict.fromkeys(lacking, WORDS[Cause.CLOSED])
            _add_conflicts(tx, stored, ref, lacking, words, cause=Cause.CLOSED, now=now)
            lacking = {}
        update = _update(stored, item, lacking, board.tickets.get(ref))
        if not lacking or ref.source in mirroring.shadowed:
            if lacking:
                log.info("not written, in shadow", lane=item.lane, fields=sorted(lacking))
            outbox.first_attempt(tx, item, now=now)
            outbox.finish(tx, item, State.SENT, now=now)
            return None
        before = _begin(tx, mirroring, item, update, now=now)
    return _Write(item=item, update=update, before=before)


def _update(stored: StoredCase, item: Item, lacking: Mapping[str, str], ticket: Ticket | None) -> TicketUpdate:
    fields = tuple(sorted(lacking.items()))
    version = f"{item.sequence}.{digest(json.dumps(fields))[:8]}"
    # Our own fields are nobody else's: what somebody may have put there meanwhile is not worth a second look.
    seen = ((name, ticket.field(name) or "") for name in lacking if not is_ours(name)) if ticket else ()
    return TicketUpdate(
        ref=ref_of(item),
        mark=f"{stored.case.about.id}/f/{version}",
        note=None,
        fields=fields,
        add_tags=(),
        remove_tags=(),
        seen=tuple(seen),
    )


def _begin(
    tx: Transaction, mirroring: Mirroring, item: Item, update: TicketUpdate, *, now: datetime
) -> tuple[MirroredField, ...]:
    """Record that a write is begun, and return what was known of its mirrored fields."""
    tx.hold(item.lane)
    outbox.first_attempt(tx, item, now=now)
    known, ref = mirror.fields_of(tx.connection, update.ref), str(update.ref)
    values = {name: value for name, value in update.fields if name in mirroring.fields.names_on(update.ref)}
    before = tuple(
        known.get(name, MirroredField(ref=ref, field=name, case_number=item.case_number, base=None)) for name in values
    )
    if update.ref.source not in mirroring.shadowed:
        mirror.keep_fields(tx, (_as_written(each, values[each.field], item.sequence) for each in before))
    return before


def _as_written(known: MirroredField, value: str, place: int) -> MirroredField:
    return replace(known, written=digest(value), alike=likeness(value), place=place)


def _write(desk: Desk, source: TicketSource, write: _Write) -> tuple[dict[str, str], str | None]:
    """Write to the vendor; return its words on each field it refused, and on the whole when it refused that."""
    refused: dict[str, str] = {}
    update = write.update
    while update.note is not None or update.fields or update.add_tags or update.remove_tags:
        try:
            source.write(update)
        except FieldsRefused as error:
            named = {name: words for name, words in error.fields if name in dict(update.fields)}
            if not named:
                return refused, str(error)
            refused.update(named)
            fields = tuple(each for each in update.fields if each[0] not in named)
            update = replace(update, fields=fields, seen=tuple(each for each in update.seen if each[0] not in named))
            continue
        except UnexpectedReply as error:
            return refused, str(error)
        except (TryLater, AccessRefused) as error:
            if isinstance(error, AccessRefused) or error.done is False:
                with desk.database.begin() as tx:
                    _take_back(tx, write)
            raise
        break
    return refused, None


def _refuse(tx: Transaction, stored: StoredCase, write: _Write, refused: Mapping[str, str], *, now: datetime) -> None:
    """Keep the fields that the vendor refused as conflicts, with its words."""
    if not refused:
        return
    log.warning("fields were refused", lane=write.item.lane, fields=sorted(refused))
    _take_back(tx, write, refused)
    values = {name: value for name, value in write.update.fields if name in refused}
    _add_conflicts(tx, stored, write.update.ref, values, refused, cause=Cause.REFUSED, now=now)


def _add_conflicts(  # What was to be written where, and why it was not.
    tx: Transaction,
    stored: StoredCase,
    ref: TicketRef,
    values: Mapping[str, str],
    words: Mapping[str, str],
    *,
    cause: Cause,
    now: datetime,
) -> None:
    ticket = tickets.known(tx.connection, (ref,)).get(ref)
    held = conflicts.on_ticket(tx.connection, str(ref))
    for name, value in values.items():
        found = Conflict(
            id=held[name].id if name in held else 0,
            case_number=stored.number,
            ref=str(ref),
            field=name,
            cause=cause,
            problem=words[name],
            ours=value,
            theirs=(ticket.ticket.field(name) or "") if ticket else "",
            found_at=now,
        )
        (conflicts.change if found.id else conflicts.add)(tx, found)


def _take_back(tx: Transaction, write: _Write, names: Container[str] | None = None) -> None:
    """Know of fields again what was known before a write that the vendor did not carry out; of all, or of these."""
    known, place = mirror.fields_of(tx.connection, write.update.ref), write.item.sequence
    some = (each for each in write.before if names is None or each.field in names)
    mirror.keep_fields(tx, (each for each in some if known[each.field].place == place))


def _leave_unwritten(desk: Desk, write: _Write, *, now: datetime) -> None:
    """End a note to an account in shadow mode."""
    log.info("not written, in shadow", lane=write.item.lane, mark=write.update.mark)
    with desk.database.begin() as tx:
        stored = desk.cases.lock(tx, f"{PREFIX}{write.item.case_number}")
        outbox.finish(tx, write.item, State.SENT, now=now)
        was_told(desk, tx, stored.case.about.id, now=now)


def _case_of(desk: Desk, tx: Transaction, item: Item) -> StoredCase:
    """Return the case that an item's ticket belongs to by now, and keep others from changing it."""
    return desk.cases.lock(tx, tickets.case_of(tx.connection, ref_of(item)) or f"{PREFIX}{item.case_number}")


def ref_of(item: Item) -> TicketRef:
    """Return the ticket of an item's lane."""
    return parse_ref(item.lane.partition("/")[2])
