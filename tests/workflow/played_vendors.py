"""The vendors as a test sets them: a helpdesk, a payout provider, and the tickets that customers write."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from cases.ticket import CustomerId, Requester, Ticket, TicketRef, TicketStatus
from connectors.contract import Cursor, Page, TicketUpdate, UnexpectedReply
from payouts.answers import Absent, Confirmed, Doubled, Failed, LookUpAnswer, SendAnswer, Unanswered, Unknown
from payouts.order import PayoutOrder
from sync.intake import Intake, take_page

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ref(key: str) -> TicketRef:
    """Return which ticket of the helpdesk this key names."""
    return TicketRef(vendor="zendesk", account="harbor", key=key)


def ticket(  # What a customer may write.
    key: str = "1",
    *,
    loss: str | None = "W-1",
    topic: str | None = "delayed_withdrawal",
    customer: str = "C-1",
    requester: str = "9001",
    handler: str | None = None,
    **fields: str,
) -> Ticket:
    """Return a ticket that complains of a withdrawal, `loss`, which came late."""
    said = {**fields, "compensation_topic": topic, "transaction_id": loss}
    return Ticket(
        ref=ref(key),
        subject="My withdrawal",
        description="It came late.",
        status=TicketStatus.OPEN,
        status_text="open",
        requester=Requester(id=requester, name="Ann", email=None, customer_id=CustomerId(customer), locale="en"),
        handler_id=handler,
        tags=(),
        fields=tuple(sorted((name, value) for name, value in said.items() if value is not None)),
        comments=(),
        satisfaction=None,
        merged_into=None,
        created_at=NOON,
        updated_at=NOON,
    )


def page(*tickets: Ticket, cursor: str = "c-1", complete: bool = True) -> Page:
    """Return one page of an export."""
    raw = (b"{}",) * len(tickets)
    return Page(tickets=tickets, raw=raw, unreadable=(), cursor=Cursor(cursor), complete=complete)


def take(intake: Intake, page: Page, *, now: datetime) -> int:
    """Take in a page that is no poll's next, as a comparison does; return how many of its tickets were news."""
    with intake.desk.database.begin() as tx:
        return len(take_page(intake, tx, page, now=now))


@dataclass(kw_only=True)
class PlayedProvider:
    """A provider that keeps what it was sent; the network to it and its mood can be set.

    Fields:
        answers: Whether our network brings its answers back.
        hears: Whether our requests reach it.
        words: What it says to the next sendings instead of paying.
        refuses: Payments that fail with it, by our reference.
        payments: What it paid, (key, reference, amount), oldest first.
        sendings: How often it was sent anything, heard or not.
    """

    answers: bool = True
    hears: bool = True
    words: list[SendAnswer] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    payments: list[tuple[str, str, str]] = field(default_factory=list)
    sendings: int = 0

    def send(self, order: PayoutOrder, *, within_seconds: float) -> SendAnswer:
        assert within_seconds > 0
        self.sendings += 1
        if self.words:
            return self.words.pop(0)
        if order.reference in self.refuses:
            return Failed(provider_ids=(f"po_failed_{self.sendings}",), reason="refused by the network")
        known = [each[0] for each in self.payments]
        if self.hears and order.key not in known:
            self.payments.append((order.key, order.reference, str(order.amount)))
        if not self.answers:
            return Unknown(reason="the answer was lost")
        return Confirmed(provider_id=self._id_of(order.key), created_at=NOON)

    def look_up(self, order: PayoutOrder, *, failed_ids: tuple[str, ...]) -> LookUpAnswer:
        if not self.answers:
            return Unanswered(reason="HTTP 502", wait_seconds=None)
        ids = tuple(self._id_of(key) for key, reference, _ in self.payments if reference == order.reference)
        left = tuple(each for each in ids if each not in failed_ids)
        if len(left) > 1:
            return Doubled(provider_ids=left)
        return Confirmed(provider_id=left[0], created_at=NOON) if left else Absent()

    def _id_of(self, key: str) -> str:
        return f"po_{[each[0] for each in self.payments].index(key) + 1}"


@dataclass(kw_only=True)
class PlayedHelpdesk:
    """A helpdesk that has the tickets it was given and remembers every note; it may refuse the notes of some states.

    `linked` is every link to a case that a ticket was given, or None where it was taken away, oldest first.
    """

    tickets: dict[TicketRef, Ticket] = field(default_factory=dict)
    written: list[TicketUpdate] = field(default_factory=list)
    linked: list[tuple[TicketRef, str | None]] = field(default_factory=list)
    refused_states: set[str] = field(default_factory=set)

    def read(self, ref: TicketRef) -> tuple[Ticket, bytes] | None:
        return (self.tickets[ref], b"{}") if ref in self.tickets else None

    def write(self, update: TicketUpdate) -> bool:
        if dict(update.fields).get("mw_state") in self.refused_states:
            raise UnexpectedReply("422: a field that is required is missing")
        self.written.append(update)
        return True

    def link_case(self, ref: TicketRef, url: str | None, title: str) -> None:
        assert "CASE-0" not in title
        self.linked.append((ref, url))

    def changed_since(self, cursor: Cursor | None, *, start: datetime) -> Page:
        del cursor, start
        return page(*self.tickets.values())

    def states_told(self, key: str) -> list[str]:
        """Return what our field said on one ticket, note after note."""
        return [dict(each.fields)["mw_state"] for each in self.written if each.ref.key == key and each.fields]
