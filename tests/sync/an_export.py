"""A helpdesk account that exports its changes in pages, remembers what it was asked, and may have troubles."""

from dataclasses import replace
from datetime import datetime

from cases.ticket import Ticket, TicketRef
from connectors.contract import Cursor, Page, TicketUpdate, UnexpectedReply
from store import tickets
from store.tickets import MirroredTicket
from sync.intake import Intake, poll, read_ticket
from tests.store.queued import keys
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import NOON, ref


class Account:
    """Implements the contract of a connector.

    changes: Every change, oldest first; the export shows each as the ticket was then.
    page_size: So many changes a page.
    at_once: So many tickets are enough for one transaction: fewer than a page, unless a test says so.
    asked: (cursor, start) of every page that was asked for.
    written: Every note, as it was written.
    unreadable: Keys of tickets of which no record can be understood, and why.
    troubles: Raised instead of the next answers, whatever is asked.
    gone: Tickets that were deleted for good: no export tells, and reading them finds nothing.
    lagging: What a replica of the vendor's still says of a ticket that is read.
    """

    def __init__(self, at_work: DeskAtWork) -> None:
        self.at_work = at_work
        self.changes: list[Ticket] = []
        self.page_size = 2
        self.at_once = 1
        self.asked: list[tuple[str | None, datetime]] = []
        self.written: list[TicketUpdate] = []
        self.unreadable: dict[str, str] = {}
        self.troubles: list[BaseException] = []
        self.gone: set[TicketRef] = set()
        self.lagging: dict[TicketRef, Ticket] = {}

    @property
    def intake(self) -> Intake:
        return Intake(
            desk=self.at_work.desk, source=self, vendor="zendesk", account="harbor", start=NOON, at_once=self.at_once
        )

    def change(self, *changed: Ticket) -> None:
        """Let tickets be changed, a minute after each other."""
        for each in changed:
            self.at_work.time.pass_by(minutes=1)
            self.changes.append(replace(each, updated_at=self.at_work.time()))

    def changed_since(self, cursor: Cursor | None, *, start: datetime) -> Page:
        self._trouble()
        self.asked.append((cursor, start))
        first = int(cursor) if cursor else sum(each.updated_at < start for each in self.changes)
        shown = self.changes[first : first + self.page_size]
        readable = tuple(replace(each, comments=()) for each in shown if each.ref.key not in self.unreadable)
        unreadable = (each.ref.key for each in shown if each.ref.key in self.unreadable)
        return Page(
            tickets=readable,
            raw=(b"{}",) * len(readable),
            unreadable=tuple((key, self.unreadable[key]) for key in unreadable),
            cursor=Cursor(str(first + len(shown))),
            complete=first + len(shown) >= len(self.changes),
        )

    def read(self, ref: TicketRef) -> tuple[Ticket, bytes] | None:
        self._trouble()
        if ref.key in self.unreadable:
            raise UnexpectedReply(self.unreadable[ref.key])
        if ref in self.lagging:
            return self.lagging[ref], b"{}"
        found = [each for each in self.changes if each.ref == ref and ref not in self.gone]
        return (found[-1], b"{}") if found else None

    def write(self, update: TicketUpdate) -> bool:
        self._trouble()
        if update in self.written:
            return False
        self.written.append(update)
        return True

    def poll(self) -> int:
        """Let what has changed be read; return how many tickets that brought."""
        return poll(self.intake, clock=self.at_work.time)

    def read_whole(self, key: str, *, number: int = 0) -> None:
        """Let a ticket be read whole."""
        read_ticket(self.intake, f"{ref(key)}@{number}", clock=self.at_work.time)

    def mirrored(self, key: str) -> MirroredTicket:
        """Return a ticket as we know it."""
        with self.at_work.database.read() as connection:
            found = tickets.find(connection, ref(key))
        assert found is not None
        return found

    def readings(self) -> list[str]:
        """Return which tickets wait to be read whole, sorted."""
        with self.at_work.database.read() as connection:
            return [key.partition("@")[0].rpartition(":")[2] for key in keys(connection, "read")]

    def cursor(self) -> str | None:
        """Return where the poll goes on."""
        with self.at_work.database.read() as connection:
            return tickets.cursor(connection, "zendesk:harbor")

    def _trouble(self) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
