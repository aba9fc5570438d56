"""The mirror of tickets, and the small tables beside it: the newest reading stays, and nothing is dropped silently."""

from dataclasses import replace
from datetime import datetime, timedelta

from cases.evidence import Evidence
from cases.ticket import Comment, Satisfaction, TicketRef
from connectors.contract import Cursor
from store import cards, evidence, figures, tickets
from store.cards import CardPlace
from store.cases import CaseRepository
from store.database import Database
from store.tickets import MirroredTicket, Reading
from tests.store.at_once import at_once
from tests.store.stories import NOON, about, opened
from tests.workflow.played_vendors import ref, ticket


def reading(key: str = "17", *, minute: int = 0, subject: str = "My withdrawal") -> Reading:
    at = NOON + timedelta(minutes=minute)
    read = replace(ticket(key), subject=subject, updated_at=at)
    return Reading(ticket=read, raw=b'{"id": 17}', topic="delayed_withdrawal")


def keep(database: Database, *read: Reading) -> None:
    with database.begin() as tx:
        tickets.keep(tx, read)


def subject(database: Database, key: str = "17") -> str | None:
    with database.read() as connection:
        found = tickets.find(connection, ref(key))
    return found.ticket.subject if found else None


def test_a_ticket_comes_back_whole(database: Database) -> None:
    comment = Comment(id="1", author_id="9001", public=False, body="它来晚了 \u0000", written_at=NOON)
    whole = replace(
        ticket("17"),
        comments=(comment,),
        satisfaction=Satisfaction(score="bad", comment=None),
        merged_into=TicketRef(vendor="zendesk", account="harbor", key="18"),
    )
    keep(database, Reading(ticket=whole, raw=b"{}", topic=None))

    with database.read() as connection:
        assert tickets.find(connection, ref("17")) == MirroredTicket(ticket=whole, case_id=None)
        assert tickets.find(connection, ref("18")) is None


def test_an_older_reading_never_replaces_a_newer_one(database: Database) -> None:
    keep(database, reading(minute=2, subject="new"))
    keep(database, reading(minute=1, subject="old"))
    assert subject(database) == "new"

    keep(database, reading(minute=2, subject="of the same second"))
    assert subject(database) == "of the same second"


def test_a_page_may_hold_a_ticket_twice_and_the_later_counts(database: Database) -> None:
    keep(database, reading(subject="first"), reading("18"), reading(minute=1, subject="second"))

    assert subject(database) == "second"
    with database.read() as connection:
        assert tickets.count(connection) == 2


def test_who_holds_a_ticket_that_was_never_read_keeps_others_out(database: Database) -> None:
    """Two readers of a new ticket must not both find it missing."""
    before: list[bool] = []

    def read(_: int) -> None:
        with database.begin() as tx:
            before.append(tickets.hold(tx, ref("17")) is not None)
            tickets.keep(tx, (reading(),))

    at_once(6, read)

    assert sorted(before) == [False] + [True] * 5


def test_a_ticket_may_belong_to_a_case_before_it_was_ever_read(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        opened(cases, tx, about("W-1"))
        opened(cases, tx, about("W-2"))
        tickets.belongs_to(tx, ref("17"), 1)
        assert tickets.case_of(tx.connection, ref("17")) == "CASE-1"
        assert tickets.find(tx.connection, ref("17")) is None

        tickets.belongs_to(tx, ref("17"), 2)
        tickets.keep(tx, (reading(),))

        found = tickets.find(tx.connection, ref("17"))
        assert found is not None
        assert found.case_id == "CASE-2"
        assert tickets.case_of(tx.connection, ref("18")) is None


def test_what_could_not_be_understood_is_shown_until_it_is(database: Database) -> None:
    with database.begin() as tx:
        tickets.keep_unreadable(tx, str(ref("17")), "status: missing", now=NOON)
        tickets.keep_unreadable(tx, str(ref("18")), "id: missing", now=NOON)
        tickets.keep_unreadable(tx, str(ref("17")), "status: a number", now=NOON)
        assert sorted(tickets.unreadable(tx.connection)) == [
            (str(ref("17")), "status: a number"),
            (str(ref("18")), "id: missing"),
        ]

        tickets.keep_readable(tx, (ref("17"),))

        assert tickets.unreadable(tx.connection) == ((str(ref("18")), "id: missing"),)


def test_a_cursor_is_moved_from_where_it_stands_only(database: Database) -> None:
    first, second, third = Cursor("c-1"), Cursor("c-2"), Cursor("c-3")
    with database.begin() as tx:
        assert not tickets.move_cursor(tx, "zendesk:harbor", second, after=first, now=NOON)
        assert tickets.move_cursor(tx, "zendesk:harbor", first, after=None, now=NOON)
        assert not tickets.move_cursor(tx, "zendesk:harbor", third, after=None, now=NOON)
        assert tickets.move_cursor(tx, "zendesk:harbor", second, after=first, now=NOON)
        assert not tickets.move_cursor(tx, "zendesk:harbor", third, after=first, now=NOON)

        assert tickets.cursor(tx.connection, "zendesk:harbor") == second


def test_each_source_goes_on_where_it_was(database: Database) -> None:
    with database.begin() as tx:
        assert tickets.cursor(tx.connection, "zendesk:harbor") is None
        tickets.keep_cursor(tx, "zendesk:harbor", Cursor("c-1"), now=NOON)
        tickets.keep_cursor(tx, "zendesk:other", Cursor("c-9"), now=NOON)
        tickets.keep_cursor(tx, "zendesk:harbor", Cursor("c-2"), now=NOON + timedelta(minutes=1))

        assert tickets.cursor(tx.connection, "zendesk:harbor") == "c-2"
        assert figures.last_polls(tx.connection) == {
            "zendesk:harbor": NOON + timedelta(minutes=1),
            "zendesk:other": NOON,
        }
        tickets.forget_cursor(tx, "zendesk:harbor")
        assert tickets.cursor(tx.connection, "zendesk:harbor") is None


def test_what_a_source_says_of_a_case_replaces_what_it_said_before(database: Database, cases: CaseRepository) -> None:
    def said(hours: str, *, source: str = "account-data", at: datetime = NOON) -> Evidence:
        return Evidence(facts=(("hours_late", hours),), source=source, as_of=at)

    with database.begin() as tx:
        opened(cases, tx)
        evidence.keep(tx, "CASE-1", said("7"), now=NOON)
        evidence.keep(tx, "CASE-1", said("1", source="a report"), now=NOON)
        evidence.keep(tx, "CASE-1", said("8"), now=NOON)

        assert evidence.of_case(tx.connection, "CASE-1") == (said("1", source="a report"), said("8"))
        assert evidence.of_case(tx.connection, "CASE-2") == ()


def test_where_a_card_stands_is_meant_once_and_shown_as_last(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        opened(cases, tx)
        assert cards.find(tx.connection, "CASE-1") is None
        cards.mean_to_post(tx, "CASE-1", "C0COMPENSA1", now=NOON)
        cards.mean_to_post(tx, "CASE-1", "C0BUCHANG01", now=NOON + timedelta(minutes=1))
        cards.shown(tx, "CASE-1", ts="1.5", version=3)

        assert cards.find(tx.connection, "CASE-1") == CardPlace(
            channel="C0COMPENSA1", ts="1.5", shown_version=3, meant_at=NOON
        )


def test_cases_are_counted_by_stage(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        opened(cases, tx, about("W-1"))
        opened(cases, tx, about("W-2"))

        assert figures.cases_by_stage(tx.connection) == {"opened": 2}
        assert figures.payouts_by_state(tx.connection) == {}
