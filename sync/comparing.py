"""The mirror is compared with the vendor: what webhooks and polls have both missed is found, counted and repaired."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from cases.ticket import TicketStatus
from connectors.contract import Cursor, Page
from store import health, readings, tickets
from store.database import Transaction
from sync.gathering import gathered
from sync.intake import MAX_PAGES, YOUNG, Intake, take_page
from workflow import claims

#: A ticket of a case that is not closed is read again after this time, whatever was heard of it meanwhile.
READ_AGAIN_AFTER = timedelta(days=1)
#: So many of them a round.
MOST_READ_AGAIN = 200
#: So many changed tickets a round are read whole for what their comments name.
MOST_WORDS_READ = 500
#: Every ticket of the account is listed so often.
LISTED_AFTER = timedelta(days=1)
log = structlog.get_logger(__name__)


def reconcile(intake: Intake, *, window: timedelta, clock: Callable[[], datetime]) -> int:
    """Read again what changed within `window`, repair the mirror and return how many tickets of this part differed.

    The cursor of the poll stays where it is. What it finds, a webhook and the poll have both missed; changes of the
    last five minutes are taken in, and not counted. A round that the vendor's limits interrupt, or that has more than
    200 pages, goes on where it was when it is called again; only a whole one is recorded as a comparison.

    Tickets that were not read whole since they changed are asked for: a comment of theirs may name another ticket, and
    its webhook may be lost. At the end of a round tickets of open cases that were not read for a day are asked for, and
    once a day those that the vendor lists no more. Of each there are so many at the most.
    """
    place, differed, left = f"{intake.name}/reconcile", 0, MOST_WORDS_READ
    for _page in range(MAX_PAGES):
        with intake.desk.database.read() as connection:
            cursor = tickets.cursor(connection, place)
        page, trouble = gathered(intake.source, cursor, start=clock() - window, enough=intake.at_once)
        now = clock()
        with intake.desk.database.begin() as tx:
            news = take_page(intake, tx, page, now=now)
            missed = sum(each.ticket.updated_at <= now - YOUNG for each in news)
            differed += missed
            left -= _read_words(intake, tx, page, most=left, now=now)
            if page.complete:
                tickets.forget_cursor(tx, place)
                whole = health.reconciled(tx, intake.name, differed=missed, now=now)
                _read_again(intake, tx, now=now)
            else:
                tickets.keep_cursor(tx, place, page.cursor, now=now)
                health.comparing(tx, intake.name, differed=missed)
        if trouble is not None:
            raise trouble
        if page.complete:
            if whole:
                log.warning("reconciliation repaired the mirror", source=intake.name, tickets=whole)
            _look_for_the_gone(intake, clock=clock)
            break
    return differed


def _read_words(intake: Intake, tx: Transaction, page: Page, *, most: int, now: datetime) -> int:
    """Ask for tickets of a page that were not read whole since they changed; return how many those are."""
    if not intake.desk.tickets_are_linked:
        return 0
    changed = {
        str(each.ref): each.updated_at
        for each in page.tickets
        if each.updated_at <= now - YOUNG and claims.takes_notes(each)
    }
    unread = readings.unread_since_changed(tx.connection, changed)
    if len(unread) > most:
        log.warning("more tickets wait to be read whole", source=intake.name, tickets=len(unread) - most)
    readings.ask_all(tx, unread[:most], now=now)
    return len(unread[:most])


def _read_again(intake: Intake, tx: Transaction, *, now: datetime) -> None:
    """Ask for tickets of open cases that were not read for long."""
    unread = readings.unread_since(tx.connection, intake.name, now - READ_AGAIN_AFTER, most=MOST_READ_AGAIN)
    readings.ask_all(tx, unread, now=now, comparing=True)


def _look_for_the_gone(intake: Intake, *, clock: Callable[[], datetime]) -> None:
    """Ask for tickets that the vendor does not list any more: they were deleted, or only hidden; reading them tells.

    Holds the keys of the whole account in memory meanwhile, some 100 MB for a million.
    """
    place = f"{intake.name}/listed"
    with intake.desk.database.read() as connection:
        listed_at = tickets.cursor(connection, place)
    if intake.every_key is None or (listed_at and clock() - datetime.fromisoformat(listed_at) < LISTED_AFTER):
        return
    there = frozenset(intake.every_key())
    with intake.desk.database.begin() as tx:
        ours = tickets.every_ref(tx.connection, intake.name, besides=TicketStatus.DELETED)
        gone = [str(ref) for ref in ours if ref.key not in there]
        readings.ask_all(tx, gone[:MOST_READ_AGAIN], now=clock(), comparing=True)
        tickets.keep_cursor(tx, place, Cursor(clock().isoformat()), now=clock())
    if gone:
        log.warning("tickets are not listed any more", source=intake.name, tickets=len(gone))
