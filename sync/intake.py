"""Tickets in: what a vendor says is read, kept and heard in one transaction per ticket or page.

A webhook only says that something changed; the ticket is read again from the vendor. Polling finds the same changes,
and whichever comes second finds nothing left to do.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from cases.ticket import Ticket, TicketRef, TicketStatus
from connectors.contract import Cursor, Page, TicketSource, UnexpectedReply
from store import health, naming, outbox, readings, tickets
from store.database import Transaction
from store.erasing import NOTHING
from store.outbox import Progress
from store.tickets import MirroredTicket, Reading
from sync.gathering import gathered
from sync.mirror import hear_fields
from sync.mirroring import Mirroring
from sync.passing_on import hear_comments
from sync.wordless import Read, as_kept
from workflow import claims, hearing, linking
from workflow.desk import Desk
from workflow.telling import ticket_lane

POLL = "poll"
MAX_PAGES = 200
RECENT = timedelta(days=1)
#: A change that is younger was not missed: its webhook or the next poll is still to come.
YOUNG = timedelta(minutes=5)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """One account of one vendor that is mirrored.

    Fields:
        desk: Where its tickets become cases.
        source: Its connector.
        vendor: "zendesk".
        account: "harbor".
        start: Tickets changed before this moment are not read; aware, UTC.
        mirroring: How fields and comments go between the tickets of a case.
        at_once: So many tickets are enough to be taken in together, in one transaction.
        every_key: Yields the key of every ticket there is, where the vendor tells of deletions in no other way; None
            where it does.
    """

    desk: Desk
    source: TicketSource
    vendor: str
    account: str
    start: datetime
    mirroring: Mirroring = field(default_factory=Mirroring)
    at_once: int = 1_000
    every_key: Callable[[], Iterator[str]] | None = None

    @property
    def name(self) -> str:
        """The name under which its cursor is kept: "zendesk:harbor"."""
        return f"{self.vendor}:{self.account}"


def parse_ref(text: str) -> TicketRef:
    """Return the ticket named by "zendesk:harbor:17"; raises ValueError."""
    vendor, _, rest = text.partition(":")
    account, _, key = rest.partition(":")
    match vendor:
        case "zendesk" | "salesforce" | "jira" if account and key:
            return TicketRef(vendor=vendor, account=account, key=key)
        case _:
            raise ValueError(f"{text!r} names no ticket like zendesk:harbor:17")


def read_ticket(intake: Intake, key: str, *, clock: Callable[[], datetime]) -> None:
    """Read one ticket whole and take it in. A job; `key` is the ticket and a number: "zendesk:harbor:17@3"."""
    ref = parse_ref(key.rpartition("@")[0])
    with intake.desk.database.read() as connection:
        served = readings.asked(connection, str(ref))
        begun = outbox.progress(connection, ticket_lane(ref))
    try:
        found = intake.source.read(ref)
    except UnexpectedReply:
        with intake.desk.database.begin() as tx:
            readings.end(tx, key, served=served, now=clock())
        raise
    if found is not None and found[0].ref != ref:
        _read_by_its_id(intake.desk, key, found[0], served=served, now=clock())
        return
    with intake.desk.database.begin() as tx:
        held = linking.holds(intake.desk, (found[0],) if found is not None else ())
        before, now = tickets.hold_all(tx, (ref,), *held).get(ref), clock()
        comparing = readings.end(tx, key, served=served, now=now)
        if found is not None:
            ticket, raw = found
        elif before is not None:
            # The vendor knew it once: it was deleted for good, and no export will tell.
            ticket, raw = replace(before.ticket, status=TicketStatus.DELETED, status_text="deleted"), b"{}"
        else:
            return
        ticket, raw = as_kept(tx, {ref: (ticket, raw)}, {ref: before} if before else {})[ref]
        ticket = claims.with_people_before(ticket, before.ticket if before else None)
        reading = Reading(ticket=ticket, raw=raw, topic=claims.topic_of(ticket))
        taken = take_in(intake.desk, tx, reading, before=before, mirroring=intake.mirroring, begun=begun, now=now)
        if comparing and taken and (before is None or _is_missed(before.ticket, ticket, now=now)):
            log.warning("a change was missed until a comparison", ticket=str(ref))
            health.found_different(tx, intake.name)


def _read_by_its_id(desk: Desk, key: str, ticket: Ticket, *, served: int, now: datetime) -> None:
    """Read a ticket that was asked for by what people call it ("jira:harbor:ENG-5") under its own id instead."""
    with desk.database.begin() as tx:
        tx.hold(*linking.holds(desk, (ticket,)))
        readings.end(tx, key, served=served, now=now)
        naming.is_known_by(tx, key.rpartition("@")[0], ticket.ref)
        readings.ask(tx, str(ticket.ref), now=now)


def take_in(
    desk: Desk,
    tx: Transaction,
    reading: Reading,
    *,
    before: MirroredTicket | None,
    mirroring: Mirroring,
    begun: Progress,
    now: datetime,
) -> bool:
    """Keep one ticket that was read whole and let the desk and the mirror hear it; False when we knew a newer one.

    The caller holds the ticket and `linking.holds` of it. begun: How far writing to it was when the reading was begun.
    """
    if before is not None and before.ticket.updated_at > reading.ticket.updated_at:
        return False
    tickets.keep(tx, (reading,))
    tickets.keep_readable(tx, (reading.ticket.ref,))
    naming.keep(tx, {reading.ticket.ref: desk.naming(reading.ticket)})
    hearing.hear(desk, tx, reading.ticket, before=before.ticket if before else None, now=now)
    hear_fields(desk, mirroring.fields, tx, reading.ticket, begun=begun, now=now)
    hear_comments(desk, mirroring, tx, reading.ticket, now=now)
    return True


def poll(intake: Intake, *, clock: Callable[[], datetime], progress: Callable[[int], None] = lambda _read: None) -> int:
    """Read every change since the last poll and return how many tickets it brought; at most 200 times 1,000 or so.

    `progress` is told how many were read so far, whenever some have been kept.
    """
    read = 0
    for _ in range(MAX_PAGES):
        brought, complete = _poll_on(intake, clock=clock)
        read += brought
        progress(read)
        if complete:
            break
    return read


def _poll_on(intake: Intake, *, clock: Callable[[], datetime]) -> tuple[int, bool]:
    """Take in the next pages; return how many tickets they brought, and whether nothing more had changed."""
    with intake.desk.database.read() as connection:
        cursor = tickets.cursor(connection, intake.name)
    page, trouble = gathered(intake.source, cursor, start=intake.start, enough=intake.at_once)
    kept = keep_page(intake, page, after=cursor, now=clock())
    if trouble is not None:
        raise trouble
    return (len(page.tickets), page.complete) if kept else (0, False)


def keep_page(intake: Intake, page: Page, *, after: Cursor | None, now: datetime) -> bool:
    """Take in the page that follows the cursor `after`, and move the cursor behind it, in one transaction.

    False, and nothing, when another poll has done so meanwhile: it may know newer, and what it left follows its page.
    """
    with intake.desk.database.begin() as tx:
        if not tickets.move_cursor(tx, intake.name, page.cursor, after=after, now=now):
            return False
        take_page(intake, tx, page, now=now)
        health.page_read(tx, intake.name, page, now=now)
        return True


def take_page(intake: Intake, tx: Transaction, page: Page, *, now: datetime) -> tuple[Reading, ...]:
    """Take in one page and return what was new in it."""
    # A page may hold a ticket twice; only the last is how it stands.
    last = {ticket.ref: (ticket, raw) for ticket, raw in zip(page.tickets, page.raw, strict=True)}
    # Nobody waits for what is known already: most of a comparison is, and its pages would hold all others up.
    some = {ref: last[ref] for ref in _news(tx, last, tickets.known(tx.connection, tuple(last)))}
    held = linking.holds(intake.desk, (ticket for ticket, _ in some.values()))
    known = tickets.hold_all(tx, tuple(some), *held)
    heard = [
        (_reading(ticket, raw, known.get(ref)), known.get(ref)) for ref, (ticket, raw) in _news(tx, some, known).items()
    ]
    news = tuple(reading for reading, _ in heard)
    tickets.keep(tx, news)
    tickets.keep_readable(tx, last)
    naming.keep(tx, {each.ticket.ref: intake.desk.naming(each.ticket) for each in news})
    linked = naming.touched(tx.connection, tuple(each.ticket for each in news))
    if page.more_links:
        # A webhook would have had these read whole, and may be lost; an account's history is not read ticket by ticket.
        linked |= {each.ticket.ref for each in news if each.ticket.updated_at > now - RECENT}
    intake.desk.cases.lock_all(tx, (each.case_id for each in known.values() if each.case_id is not None))
    to_read = [
        str(reading.ticket.ref)
        for reading, before in heard
        if _hear_from_page(intake.desk, tx, reading, before, linked=linked, now=now)
    ]
    readings.ask_all(tx, to_read, now=now)
    for key, problem in page.unreadable:
        log.warning("a ticket could not be understood", ticket=f"{intake.name}:{key}", problem=problem)
        tickets.keep_unreadable(tx, f"{intake.name}:{key}", problem, now=now)
    return news


def _news(tx: Transaction, read: Read, known: Mapping[TicketRef, MirroredTicket]) -> Read:
    """Return those of a page's tickets that say what is not known yet, as they may be kept."""
    return {
        ref: (ticket, raw)
        for ref, (ticket, raw) in as_kept(tx, read, known).items()
        if ref not in known or _is_news(known[ref].ticket, ticket)
    }


def _reading(ticket: Ticket, raw: bytes, before: MirroredTicket | None) -> Reading:
    """Return a page's ticket with what is known of it and no page tells: comments, some links, who was on it before."""
    if before is not None:
        # Nor does a page say what a ticket was merged into; a merged one stays closed for ever.
        merged_into = ticket.merged_into or before.ticket.merged_into
        links = tuple(dict.fromkeys((*ticket.links, *before.ticket.links)))
        comments = () if raw == NOTHING else before.ticket.comments
        ticket = replace(ticket, comments=comments, merged_into=merged_into, links=links)
        ticket = claims.with_people_before(ticket, before.ticket)
    return Reading(ticket=ticket, raw=raw, topic=claims.topic_of(ticket))


def _hear_from_page(
    desk: Desk,
    tx: Transaction,
    reading: Reading,
    before: MirroredTicket | None,
    *,
    linked: frozenset[TicketRef],
    now: datetime,
) -> bool:
    """Let the desk hear what a ticket claims; True when it is to be read whole soon: a case is about it or may be.

    linked: Tickets that a ticket of a case names, or that name one. They may belong there: only whole can it be told.
    """
    of_case = before is not None and before.case_id is not None
    is_linked = bool(linked) and reading.ticket.ref in linked
    if reading.topic is None and not of_case and not is_linked:
        # What comments we have may have been changed or taken back, which no page shows.
        return bool(reading.ticket.comments) and not claims.is_gone(reading.ticket)
    if of_case or not is_linked or claims.read_claim(reading.ticket, desk.topics).loss is not None:
        hearing.hear_claim(desk, tx, reading.ticket, before=before.ticket if before else None, now=now)
    return not claims.is_gone(reading.ticket)


def _is_news(before: Ticket, ticket: Ticket) -> bool:
    """Whether a page's ticket says anything that the mirror does not know yet."""
    if ticket.updated_at != before.updated_at:
        return ticket.updated_at > before.updated_at
    return _on_a_page(ticket) != _on_a_page(before)


def _on_a_page(ticket: Ticket) -> Ticket:
    """Return what a page can tell of a ticket."""
    return replace(ticket, comments=(), satisfaction=None, merged_into=None, links=(), people_before=())


def _is_missed(before: Ticket, ticket: Ticket, *, now: datetime) -> bool:
    """Whether a ticket stands otherwise than we knew, and not only since a moment ago."""
    gone = ticket.status is TicketStatus.DELETED
    return before != ticket and (gone or ticket.updated_at <= now - YOUNG)
