"""The mirror keeps every ticket as it was read, however many come at once."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.ticket import Author, Comment, CustomerId, Requester, Satisfaction, Ticket, TicketRef, TicketStatus
from store import tickets
from store.database import Database
from store.tickets import MirroredTicket, Reading
from tests.store.stories import NOON

PAGE = 1_000


def ref(key: str) -> TicketRef:
    return TicketRef(vendor="zendesk", account="harbor", key=key)


WHOLE = Ticket(
    ref=ref("17"),
    subject='It\'s "late" \\ 提现',
    description="Nothing arrived.\n\t\N{GRINNING FACE}",
    status=TicketStatus.OPEN,
    status_text="Open",
    requester=Requester(
        id="9001", name="Ada", email="ada@example.com", customer_id=CustomerId("C-100023"), locale="zh-CN"
    ),
    handler_id="1001",
    tags=("vip", "withdrawal"),
    fields=(("claimed_amount", "12.50"), ("order_id", "A-20931")),
    comments=(
        Comment(
            id="1",
            author_id="1001",
            public=False,
            body="Looked into it.",
            written_at=NOON,
            written_by=Author.US,
            author_name="Ana",
        ),
    ),
    satisfaction=Satisfaction(score="bad", comment=None),
    merged_into=ref("16"),
    created_at=NOON,
    updated_at=datetime(2026, 11, 1, 10, 0, 0, 123456, tzinfo=UTC),
    name="ENG-5",
    links=("zendesk:harbor:35436",),
)
BARE = replace(WHOLE, requester=None, handler_id=None, tags=(), fields=(), comments=(), satisfaction=None, name="")


def reading(ticket: Ticket) -> Reading:
    return Reading(ticket=ticket, raw=b"{}", topic=None)


def keep(database: Database, *read: Ticket) -> None:
    with database.begin() as tx:
        tickets.keep(tx, tuple(map(reading, read)))


def known(database: Database, *refs: TicketRef) -> dict[TicketRef, MirroredTicket]:
    with database.read() as connection:
        return tickets.known(connection, refs)


def test_a_ticket_comes_back_whole(database: Database) -> None:
    bare = replace(BARE, ref=ref("18"), merged_into=None)
    keep(database, WHOLE, bare)

    found = known(database, WHOLE.ref, bare.ref)

    assert found == {each.ref: MirroredTicket(ticket=each, case_id=None) for each in (WHOLE, bare)}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50))
def test_whatever_people_write_comes_back(database: Database, words: str) -> None:
    said = replace(WHOLE, subject=words, description=words, tags=(words,), fields=(("order_id", words),), name=words)
    keep(database, said)

    assert known(database, said.ref)[said.ref].ticket == said


def test_a_page_of_a_thousand_is_kept_and_found_again(database: Database) -> None:
    page = tuple(replace(WHOLE, ref=ref(str(number))) for number in range(PAGE))
    keep(database, *page)

    found = known(database, *(each.ref for each in page), ref("none of ours"))

    assert {each.ticket for each in found.values()} == set(page)
    assert known(database) == {}


def test_an_older_reading_never_replaces_a_newer_one(database: Database) -> None:
    older = replace(WHOLE, subject="older", updated_at=WHOLE.updated_at.replace(minute=0, second=0, microsecond=0))
    keep(database, WHOLE)
    keep(database, older)

    assert known(database, WHOLE.ref)[WHOLE.ref].ticket == WHOLE
