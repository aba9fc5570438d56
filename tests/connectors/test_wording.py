"""A vendor's own words for a value are read as ours and written as theirs."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from cases.ticket import Ticket, TicketRef, TicketStatus
from connectors.contract import Cursor, Page, TicketUpdate
from connectors.wording import Worded

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REF = TicketRef(vendor="jira", account="harbor", key="10042")
WORDS = {"compensation_topic": {"Delayed withdrawal": "delayed_withdrawal"}}
TICKET = Ticket(
    ref=REF,
    subject="",
    description="",
    status=TicketStatus.OPEN,
    status_text="To Do",
    requester=None,
    handler_id=None,
    tags=(),
    fields=(("compensation_topic", "Delayed withdrawal"), ("order_id", "Delayed withdrawal")),
    comments=(),
    satisfaction=None,
    merged_into=None,
    created_at=NOON,
    updated_at=NOON,
)
UPDATE = TicketUpdate(
    ref=REF,
    mark="CASE-1/1",
    note=None,
    fields=(("compensation_topic", "delayed_withdrawal"), ("mw_state", "paid")),
    add_tags=(),
    remove_tags=(),
    seen=(("compensation_topic", "delayed_withdrawal"),),
)


@dataclass(slots=True)
class OneTicket:
    """A source with one ticket, which remembers what was written."""

    written: list[TicketUpdate] = field(default_factory=list)

    def changed_since(self, cursor: Cursor | None, *, start: datetime) -> Page:
        del cursor, start
        return Page(tickets=(TICKET,), raw=(b"{}",), unreadable=(), cursor=Cursor("1"), complete=True)

    def read(self, ref: TicketRef) -> tuple[Ticket, bytes] | None:
        return (TICKET, b"{}") if ref == REF else None

    def write(self, update: TicketUpdate) -> bool:
        self.written.append(update)
        return True


def test_a_listed_word_is_read_as_ours_in_its_field_only() -> None:
    source = Worded(source=OneTicket(), words=WORDS)
    wanted = (("compensation_topic", "delayed_withdrawal"), ("order_id", "Delayed withdrawal"))

    whole = source.read(REF)

    assert whole == (replace(TICKET, fields=wanted), b"{}")
    assert source.changed_since(None, start=NOON).tickets == (replace(TICKET, fields=wanted),)
    assert source.read(replace(REF, key="1")) is None


def test_what_is_written_and_what_was_seen_go_out_in_the_vendors_words() -> None:
    desk = OneTicket()

    assert Worded(source=desk, words=WORDS).write(UPDATE) is True

    fields, seen = desk.written[0].fields, desk.written[0].seen
    assert fields == (("compensation_topic", "Delayed withdrawal"), ("mw_state", "paid"))
    assert seen == (("compensation_topic", "Delayed withdrawal"),)
