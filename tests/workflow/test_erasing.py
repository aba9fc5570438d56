"""A customer is erased: nobody's words and no personal data of theirs are left; every book holds."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cases.case import Stage
from cases.ticket import Author, CustomerId, Requester, Satisfaction, Ticket, TicketRef, TicketStatus
from connectors.contract import TryLater, UnexpectedReply
from store import deliveries, links, outbox, tables, tickets
from sync.intake import poll
from tests.sync.three_desks import JIRA, SALESFORCE, ZENDESK, ThreeDesks
from tests.workflow.played_vendors import page, take, ticket
from workflow.erasing import ERASED, Erasure, StillOpen, erase_customer

#: Stand in everything that must go; one of them in each place.
WORDS = ("Zelda", "zelda@example.com", "fr-CA", "Grandmother", "mortgage", "neighbour", "furious", "vip-zelda")
NAMED = Requester(
    id="9001", name="Zelda Quill", email="zelda@example.com", customer_id=CustomerId("C-1"), locale="fr-CA"
)


@pytest.fixture
def desks(store_url: str) -> Iterator[ThreeDesks]:
    """Return three desks at which C-1 told of one loss in many words; it was paid and the case is closed."""
    made = ThreeDesks(store_url)
    made.facts |= {"name": "Zelda Quill", "email": "zelda@example.com"}
    made.come(ZENDESK)
    wordy(made, ZENDESK)
    for ref in (SALESFORCE, JIRA):
        made.come(ref)
    made.settle()
    made.at(ZENDESK).say(ZENDESK, "Her neighbour called.", public=False)
    made.at(ZENDESK).say(ZENDESK, "I am furious about my mortgage!", Author.CUSTOMER, public=True)
    made.settle()
    made.say("amelia", "CASE-1")
    made.settle()
    assert made.stage("CASE-1") is Stage.CLOSED
    with made.database.begin() as tx:
        for number, words, refs in (
            ("d-1", "Zelda wrote", f"{ZENDESK} zendesk:harbor:9"),
            ("d-2", "other", f"{ZENDESK}1"),
        ):
            outcome = f"read {refs}"
            deliveries.keep(
                tx, source="zendesk:harbor", delivery_id=number, body=words, now=made.time(), outcome=outcome
            )
        deliveries.keep(tx, source="slack", delivery_id="s-1", body="Zelda, CASE-1.", now=made.time(), outcome="done")
        deliveries.keep(tx, source="slack", delivery_id="s-2", body="CASE-11", now=made.time(), outcome="done")
        links.ask(tx, "jira:harbor:9", 1, "Both speak of Zelda.", now=made.time())
        tickets.keep_unreadable(tx, str(ZENDESK), "subject: Grandmother?", now=made.time())
    yield made
    made.end()


def wordy(desks: ThreeDesks, ref: TicketRef) -> None:
    """Let a ticket hold words in every place there is."""
    desk = desks.at(ref)
    desk.tickets[ref] = replace(
        desk.tickets[ref],
        subject="Grandmother's withdrawal",
        description="My mortgage is due.",
        requester=NAMED,
        tags=("vip-zelda",),
        satisfaction=Satisfaction(score="bad", comment="I am furious."),
    )
    desks.edit(ref)
    desks.read(ref)


def erase(desks: ThreeDesks, *, even_open: bool = False) -> Erasure:
    with desks.database.begin() as tx:
        return erase_customer(desks.desk, tx, CustomerId("C-1"), by="yuki", even_open=even_open, now=desks.time())


def left(desks: ThreeDesks) -> dict[str, list[str]]:
    """Return which of the words still stand in which table."""
    found: dict[str, list[str]] = {}
    with desks.database.read() as connection:
        for table in tables.metadata.sorted_tables:
            text = " ".join(
                bytes(cell).decode() if isinstance(cell, bytes | memoryview) else str(cell)
                for row in connection.execute(sa.select(table))
                for cell in row
            )
            words = [each for each in WORDS if each in text]
            if words:
                found[table.name] = words
    return found


def words_in(found: Ticket) -> list[str]:
    return [each for each in WORDS if each in str(found)]


def mirrored(desks: ThreeDesks, ref: TicketRef = ZENDESK) -> Ticket:
    with desks.database.read() as connection:
        found = tickets.find(connection, ref)
    assert found is not None
    return found.ticket


def test_no_word_of_theirs_is_left_in_any_table(desks: ThreeDesks) -> None:
    before = left(desks)
    assert set(before) == {"deliveries", "evidence", "link_questions", "outbox", "tickets", "unreadable"}
    assert {word for words in before.values() for word in words} == set(WORDS)

    found = erase(desks)

    assert left(desks) == {}
    assert found.first
    assert found.counts["tickets"] == 3
    assert found.counts["deliveries"] == 2
    assert (found.counts["unreadable records"], found.counts["link questions"], found.counts["evidence"]) == (1, 1, 1)
    assert found.tickets == (JIRA, SALESFORCE, ZENDESK)


def test_the_books_stay_and_each_case_says_who_erased_what(desks: ThreeDesks) -> None:
    before, balances, payouts = desks.case("CASE-1"), desks.balances(), desks.payouts("CASE-1")

    erase(desks)

    assert (desks.case("CASE-1"), desks.balances(), desks.payouts("CASE-1")) == (before, balances, payouts)
    assert desks.events("CASE-1")[-1] == ERASED
    assert desks.actor_of("CASE-1", ERASED) == "yuki"
    assert dict(mirrored(desks).fields)["transaction_id"] == "W-1"


def test_what_is_about_others_is_not_touched(desks: ThreeDesks) -> None:
    erase(desks)

    with desks.database.read() as connection:
        bodies = [each for each in connection.scalars(sa.select(tables.deliveries.c.body)) if each]
    assert sorted(bodies) == ["CASE-11", "other"]


def test_a_repeat_erases_nothing_and_records_nothing(desks: ThreeDesks) -> None:
    erase(desks)
    events = desks.events("CASE-1")

    again = erase(desks)

    assert not again.first
    assert set(again.counts.values()) == {0}
    assert desks.events("CASE-1") == events


def test_no_later_reading_brings_the_words_back(desks: ThreeDesks) -> None:
    erase(desks)

    wordy(desks, ZENDESK)
    desks.at(ZENDESK).say(ZENDESK, "Her neighbour called again.")
    desks.read(ZENDESK)
    take(desks.intake_of(ZENDESK), page(desks.at(ZENDESK).tickets[ZENDESK]), now=desks.time())
    desks.settle()

    assert left(desks) == {}
    assert mirrored(desks).updated_at == desks.at(ZENDESK).tickets[ZENDESK].updated_at
    assert desks.stages() == {"CASE-1": Stage.CLOSED}


def test_a_ticket_that_nobody_had_read_yet_comes_without_words(desks: ThreeDesks) -> None:
    other = replace(ZENDESK, key="2")
    old = replace(ticket("2", topic=None), requester=NAMED, description="My mortgage.", created_at=desks.time())
    erase(desks)
    desks.time.pass_by(minutes=1)

    take(desks.intake_of(ZENDESK), page(replace(old, updated_at=desks.time())), now=desks.time())

    assert left(desks) == {}
    assert mirrored(desks, other).status is TicketStatus.OPEN


def test_who_writes_again_afterwards_is_heard_as_anybody(desks: ThreeDesks) -> None:
    erase(desks)
    desks.time.pass_by(minutes=1)
    again = replace(ticket("2", loss="W-2"), created_at=desks.time(), updated_at=desks.time())

    take(desks.intake_of(ZENDESK), page(again), now=desks.time())

    assert mirrored(desks, replace(ZENDESK, key="2")).description == "It came late."
    assert sorted(desks.stages().values()) == [Stage.CLOSED, Stage.OPENED]


def test_a_case_that_is_open_is_refused_and_nothing_happens(desks: ThreeDesks) -> None:
    desks.time.pass_by(minutes=1)
    second = replace(ZENDESK, key="2")
    desks.come(second, loss="W-2")
    before = left(desks)

    with pytest.raises(StillOpen, match=f"^{desks.case_of('2')} is opened$"):
        erase(desks)

    assert left(desks) == before
    assert ERASED not in desks.events("CASE-1")


def test_an_open_case_that_is_erased_all_the_same_goes_on_with_its_facts(desks: ThreeDesks) -> None:
    desks.time.pass_by(minutes=1)
    desks.come(replace(ZENDESK, key="2"), loss="W-2")

    found = erase(desks, even_open=True)
    desks.settle()

    second = str(desks.case_of("2"))
    assert [each.case.about.id for each in found.cases] == ["CASE-1", second]
    assert mirrored(desks, replace(ZENDESK, key="2")).description == ""
    assert desks.stage(second) is Stage.AWAITING_APPROVAL


def test_a_comment_that_waits_to_be_passed_on_is_not_said_any_more(store_url: str) -> None:
    desks = ThreeDesks(store_url)
    desks.all_come()
    desks.at(JIRA).troubles.extend(TryLater("503", wait_seconds=1) for _ in range(40))
    desks.at(SALESFORCE).troubles.append(UnexpectedReply("too long"))
    desks.at(ZENDESK).say(ZENDESK, "Her neighbour called.")
    desks.read(ZENDESK)
    assert left(desks) == {"outbox": ["neighbour"], "tickets": ["neighbour"]}

    erase(desks, even_open=True)
    desks.at(JIRA).troubles.clear()
    desks.at(SALESFORCE).troubles.clear()
    desks.settle()

    assert left(desks) == {}
    for ref in (JIRA, SALESFORCE):
        assert not any("neighbour" in note for note in desks.at(ref).notes(ref))
        assert desks.at(ref).notes(ref)[-1].startswith("Compensation")
    with desks.database.read() as connection:
        assert outbox.refused(connection) == ()
    desks.end()


def test_a_ticket_of_the_case_that_names_nobody_is_theirs_too(desks: ThreeDesks) -> None:
    nobodys = replace(desks.at(JIRA).tickets[JIRA], requester=None, description="Zelda's withdrawal hangs.")
    desks.at(JIRA).tickets[JIRA] = nobodys
    desks.edit(JIRA)
    desks.read(JIRA)

    erase(desks)
    desks.edit(JIRA)
    desks.read(JIRA)

    assert left(desks) == {}


def test_a_ticket_that_the_vendor_deleted_keeps_no_words(desks: ThreeDesks) -> None:
    del desks.at(ZENDESK).tickets[ZENDESK]
    desks.read(ZENDESK)

    gone = mirrored(desks)

    assert (gone.status, gone.subject, gone.description, gone.comments) == (TicketStatus.DELETED, "", "", ())
    assert words_in(gone) == []


def test_a_vendors_own_erasure_is_taken_over_by_the_next_reading(desks: ThreeDesks) -> None:
    desk = desks.at(ZENDESK)
    redacted = tuple(replace(each, body="▇▇▇") for each in desk.tickets[ZENDESK].comments)
    gone = replace(NAMED, name="Permanently deleted user", email=None, customer_id=None, locale=None)
    desk.tickets[ZENDESK] = replace(
        desk.tickets[ZENDESK],
        subject="",
        description="▇▇▇",
        requester=gone,
        comments=redacted,
        tags=(),
        satisfaction=None,
    )
    desks.edit(ZENDESK)

    desks.read(ZENDESK)

    assert words_in(mirrored(desks)) == []
    assert desks.desk_case(ZENDESK) == "CASE-1"


def test_comments_that_no_page_shows_are_read_anew_when_their_ticket_changes(store_url: str) -> None:
    desks = ThreeDesks(store_url)
    lone = replace(ticket("1", topic=None), updated_at=desks.time(), created_at=desks.time())
    desks.at(ZENDESK).tickets[ZENDESK] = lone
    desks.at(ZENDESK).say(ZENDESK, "Her neighbour called.")
    desks.read(ZENDESK)
    desk = desks.at(ZENDESK)
    desk.tickets[ZENDESK] = replace(desk.tickets[ZENDESK], comments=())
    desks.edit(ZENDESK)

    poll(desks.intake_of(ZENDESK), clock=desks.time)
    desks.work()

    assert left(desks) == {}
    assert desks.time() - lone.updated_at < timedelta(minutes=1)
    desks.end()
