"""Three helpdesks that tell of one loss, played in memory, over the real desk, store and jobs."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cases.ticket import Author, Comment, Ticket, TicketRef, TicketStatus, Vendor
from connectors.contract import Cursor, FieldsMoved, FieldsRefused, Page, TicketUpdate, TryLater, UnexpectedReply
from connectors.marks import is_valid, signed
from store import conflicts, mirror, outbox, readings, tickets
from store.conflicts import Conflict
from store.outbox import Kind, State
from sync.intake import Intake, parse_ref, read_ticket
from sync.mirroring import Mirroring, PassOn
from sync.outbox import ref_of, write_fields, write_note
from sync.ownership import FieldRule, FieldRules
from tests.workflow.desk_at_work import DeskAtWork, Time
from tests.workflow.played_vendors import NOON, page, ticket

VENDORS: tuple[Vendor, ...] = ("zendesk", "salesforce", "jira")
ZENDESK, SALESFORCE, JIRA = (TicketRef(vendor=each, account="harbor", key="1") for each in VENDORS)
OURS = ("mw_state", "mw_amount", "mw_currency", "mw_reason", "mw_case_url")
RULES = {
    "claimed_amount": FieldRule(owner="salesforce"),
    "claimed_asset": FieldRule(owner="newest"),
    "incident_id": FieldRule(owner="zendesk", on_change="flag"),
    "order_id": FieldRule(owner="jira"),
}
EVERYONE = PassOn(from_vendors=frozenset(VENDORS), to_vendors=frozenset(VENDORS), public=True)
MAPPED = frozenset((*RULES, *OURS, "compensation_topic", "transaction_id"))


@dataclass(kw_only=True)
class PlayedDesk:
    """One account of a vendor, that behaves as a connector over it does.

    Fields:
        time: Gives the stamps; it moves with every change.
        tickets: As they stand, newest comment last.
        writes: Every write that was carried out, oldest first.
        shows: What the vendor makes of a value that is written: 12.5 of 12.50.
        refuses: (field, value) pairs it does not take, and its words; a value of "*" is any.
        troubles: Raised instead of carrying out the next writes.
        lost_answers: So many of the next writes are carried out, and nobody hears of it.
        before_write: Called when a write arrives, before it is looked at.
        while_read: Called while the next answer to a reading is on its way.
    """

    time: Time
    tickets: dict[TicketRef, Ticket] = field(default_factory=dict)
    writes: list[TicketUpdate] = field(default_factory=list)
    shows: Callable[[str, str], str] = lambda _name, value: value
    refuses: dict[tuple[str, str], str] = field(default_factory=dict)
    troubles: list[Exception] = field(default_factory=list)
    lost_answers: int = 0
    before_write: Callable[[], object] = lambda: None
    while_read: Callable[[], object] = lambda: None
    marks: set[tuple[TicketRef, str]] = field(default_factory=set)

    def changed_since(self, cursor: Cursor | None, *, start: object) -> Page:
        del cursor, start
        return page(*(replace(each, comments=()) for each in self.tickets.values()))

    def read(self, ref: TicketRef) -> tuple[Ticket, bytes] | None:
        found = (self.tickets[ref], b"{}") if ref in self.tickets else None
        meanwhile, self.while_read = self.while_read, lambda: None
        meanwhile()
        return found

    def write(self, update: TicketUpdate) -> bool:
        meanwhile, self.before_write = self.before_write, lambda: None
        meanwhile()
        assert is_valid(update.mark)
        assert {name for name, _ in update.fields} <= MAPPED
        if self.troubles:
            raise self.troubles.pop(0)
        if (update.ref, update.mark) in self.marks:
            return False
        self._refuse(update)
        self._carry_out(update)
        if self.lost_answers:
            self.lost_answers -= 1
            raise TryLater("the answer was lost", wait_seconds=0.0, done=None)
        return True

    def edit(self, ref: TicketRef, **fields: str) -> Ticket:
        """Let somebody set fields."""
        now = self.tickets[ref]
        values = {**dict(now.fields), **fields}
        given = tuple(sorted((name, value) for name, value in values.items() if value))
        return self._keep(replace(now, fields=given))

    def say(self, ref: TicketRef, words: str, by: Author = Author.AGENT, *, public: bool = False) -> Ticket:
        """Let somebody write a comment."""
        now = self.tickets[ref]
        comment = Comment(
            id=f"{len(now.comments) + 1}",
            author_id="7001",
            public=public,
            body=words,
            written_at=self._later(),
            written_by=by,
            author_name="Ana Silva",
        )
        return self._keep(replace(now, comments=(*now.comments, comment)))

    def notes(self, ref: TicketRef) -> list[str]:
        """Return the internal notes that we wrote, by their first line."""
        ours = (each for each in self.tickets[ref].comments if each.written_by is Author.US)
        return [each.body.splitlines()[0] for each in ours]

    def _refuse(self, update: TicketUpdate) -> None:
        now = self.tickets[update.ref]
        if now.status is TicketStatus.CLOSED:
            raise UnexpectedReply("the ticket is closed and takes no more writes")
        if any((now.field(name) or "") != value for name, value in update.seen):
            raise FieldsMoved("changed since it was read")
        wrong = [
            (name, self.refuses.get((name, value)) or self.refuses[(name, "*")])
            for name, value in update.fields
            if (name, value) in self.refuses or (name, "*") in self.refuses
        ]
        if wrong:
            raise FieldsRefused("some fields are refused", fields=tuple(wrong))

    def _carry_out(self, update: TicketUpdate) -> None:
        self.writes.append(update)
        self.marks.add((update.ref, update.mark))
        if update.fields:
            self.edit(update.ref, **{name: self.shows(name, value) for name, value in update.fields})
        if update.note is not None:
            self.say(update.ref, signed(update.note, update.mark), Author.US)

    def _later(self) -> datetime:
        self.time.pass_by(seconds=1)
        return self.time()

    def _keep(self, after: Ticket) -> Ticket:
        self.tickets[after.ref] = replace(after, updated_at=self._later())
        return self.tickets[after.ref]


class ThreeDesks(DeskAtWork):
    """The desk at work for a Zendesk, a Salesforce and a Jira account."""

    def __init__(self, url: str, *, mirroring: Mirroring | None = None) -> None:
        super().__init__(url)
        self.desks = {vendor: PlayedDesk(time=self.time) for vendor in VENDORS}
        fields = FieldRules(rules=RULES, fields={f"{vendor}:harbor": MAPPED for vendor in VENDORS})
        self.mirroring = mirroring or Mirroring(fields=fields, pass_on=(EVERYONE,))

    def intake_of(self, ref: TicketRef) -> Intake:
        source = self.desks[ref.vendor]
        return Intake(
            desk=self.desk, source=source, vendor=ref.vendor, account="harbor", start=NOON, mirroring=self.mirroring
        )

    def at(self, ref: TicketRef) -> PlayedDesk:
        return self.desks[ref.vendor]

    def come(
        self,
        ref: TicketRef,
        *,
        loss: str = "W-1",
        customer: str = "C-1",
        topic: str | None = "delayed_withdrawal",
        **fields: str,
    ) -> None:
        """Let a ticket that tells of the loss be written, and read it."""
        self.time.pass_by(minutes=1)
        told = replace(
            ticket(ref.key, loss=loss, customer=customer, topic=topic, **fields),
            ref=ref,
            updated_at=self.time(),
            created_at=self.time(),
        )
        self.at(ref).tickets[ref] = told
        self.read(ref)

    def all_come(self, **fields: str) -> None:
        """Let all three tell of it, one after the other, and do all that follows."""
        for ref in (ZENDESK, SALESFORCE, JIRA):
            self.come(ref, **fields)
        self.settle()

    def all_come_without_end(self, rounds: int = 6) -> None:
        """Let all three tell of it, and give up some rounds later."""
        with suppress(AssertionError):
            for ref in (ZENDESK, SALESFORCE, JIRA):
                self.come(ref)
            self.settle(most_rounds=rounds)

    def edit(self, ref: TicketRef, **fields: str) -> None:
        """Let an agent set fields; nobody reads it yet."""
        self.at(ref).edit(ref, **fields)

    def read(self, *refs: TicketRef) -> None:
        for ref in refs:
            read_ticket(self.intake_of(ref), f"{ref}@0", clock=self.time)

    def settle(self, most_rounds: int = 12) -> None:
        """Read and write until nothing is written any more."""
        for _ in range(most_rounds):
            before = self.write_count()
            self.work()
            self.read(*(ref for desk in self.desks.values() for ref in desk.tickets))
            self.work()
            if self.write_count() == before:
                return
        raise AssertionError("the desks are written to again and again")

    def write_count(self) -> int:
        return sum(len(desk.writes) for desk in self.desks.values())

    def written(self, ref: TicketRef) -> list[Mapping[str, str]]:
        """Return the fields of each write to a ticket that was no note, oldest first."""
        return [dict(each.fields) for each in self.at(ref).writes if each.ref == ref and each.note is None]

    def show(self, name: str, refs: Iterable[TicketRef] = (ZENDESK, SALESFORCE, JIRA)) -> list[str]:
        """Return what each ticket shows."""
        return [self.at(ref).tickets[ref].field(name) or "" for ref in refs]

    def value(self, name: str, case_number: int = 1) -> str | None:
        """Return what a field of the case is."""
        with self.database.read() as connection:
            found = mirror.values_of(connection, case_number).get(name)
        return found.value if found else None

    def conflicts(self) -> list[tuple[str, str, str, str, str]]:
        """Return (vendor, field, cause, ours, theirs) of every open conflict, oldest first."""
        return [
            (each.ref.partition(":")[0], each.field, str(each.cause), each.ours, each.theirs)
            for each in self.conflicts_found()
        ]

    def conflicts_found(self) -> tuple[Conflict, ...]:
        with self.database.read() as connection:
            return conflicts.every_open(connection)

    def desk_case(self, ref: TicketRef) -> str | None:
        """Return the case that a ticket belongs to."""
        with self.database.read() as connection:
            return tickets.case_of(connection, ref)

    def say_nothing_new(self) -> None:
        """Let every ticket get a new stamp."""
        for desk in self.desks.values():
            for ref in desk.tickets:
                desk.edit(ref)

    def close(self, ref: TicketRef, status: TicketStatus = TicketStatus.CLOSED) -> None:
        """Let an agent close a ticket, or open it again."""
        desk = self.at(ref)
        desk.tickets[ref] = replace(desk.tickets[ref], status=status)
        desk.edit(ref)

    def hour_passes(self) -> None:
        self.time.now += timedelta(hours=1, seconds=1)

    def _bodies(self) -> Mapping[str, Callable[[str], None]]:
        return {
            **super()._bodies(),
            readings.JOB: lambda key: read_ticket(
                self.intake_of(parse_ref(key.rpartition("@")[0])), key, clock=self.time
            ),
            Kind.FIELDS: self._send,
        }

    def _send(self, key: str) -> None:
        with self.database.read() as connection:
            item = outbox.find(connection, key)
        if item is None or item.state is not State.WAITING or item.kind not in {Kind.NOTE, Kind.FIELDS}:
            super()._send(key)
            return
        write = write_note if item.kind is Kind.NOTE else write_fields
        write(self.desk, self.at(ref_of(item)), item, mirroring=self.mirroring, clock=self.time)
