"""The ledger and the payouts: an entry stands once, and of several moves of a payout at once one counts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cases.case import Approved
from cases.money import Money
from payouts import attempt as attempts
from payouts import ledger
from payouts.attempt import Attempt, PayoutState
from payouts.ledger import Account, Entry, EntryChanged, Posting, confirmed, promised, submitted
from payouts.order import PayoutOrder
from store import books
from store.books import StoredPayout
from store.cases import CaseRepository, MovedOn
from store.database import Database
from tests.store.at_once import at_once
from tests.store.stories import NOON, about, approved

WAY = ledger.PAYOUT_PROVIDER


@pytest.fixture
def agreed(database: Database, cases: CaseRepository) -> Approved:
    """Keep one approved case of 15 USDT."""
    with database.begin() as tx:
        return approved(cases, tx)[1]


def entry(agreed: Approved) -> Entry:
    return promised(PayoutOrder(approved=agreed), agreed.proposal.classification)


def added(database: Database, agreed: Approved, *, way: str = WAY) -> StoredPayout:
    with database.begin() as tx:
        books.add_payout(tx, agreed, way=way, now=NOON)
        found = books.find_payout(tx.connection, agreed.about.id, agreed.proposal.fingerprint)
    assert found is not None
    return found


def test_an_entry_that_is_posted_twice_stands_once(database: Database, agreed: Approved) -> None:
    with database.begin() as tx:
        assert books.post(tx, entry(agreed), "CASE-1", now=NOON)
        assert not books.post(tx, entry(agreed), "CASE-1", now=NOON + timedelta(hours=1))

        assert list(books.entries(tx.connection)) == [entry(agreed)]


def test_of_many_who_post_an_entry_at_once_one_does(database: Database, agreed: Approved) -> None:
    def post(_: int) -> bool:
        with database.begin() as tx:
            return books.post(tx, entry(agreed), "CASE-1", now=NOON)

    assert sum(at_once(8, post)) == 1
    with database.read() as connection:
        assert list(books.entries(connection)) == [entry(agreed)]


def test_an_entry_is_never_written_over(database: Database, agreed: Approved) -> None:
    lines = tuple(replace(each, money=each.money + each.money) for each in entry(agreed).postings)
    with database.begin() as tx:
        books.post(tx, entry(agreed), "CASE-1", now=NOON)

    with pytest.raises(EntryChanged, match="stands in the books with other postings"), database.begin() as tx:
        books.post(tx, replace(entry(agreed), postings=lines), "CASE-1", now=NOON)

    with database.read() as connection:
        assert list(books.entries(connection)) == [entry(agreed)]


@pytest.mark.usefixtures("agreed")
def test_amounts_of_any_size_come_back_exactly(database: Database) -> None:
    huge = Money(minor=10**59 + 1, code="ETH")
    postings = (
        Posting(account=Account("expense:compensation:goodwill"), money=huge),
        Posting(account=Account("liability:customer:C-1"), money=-huge),
    )
    written = Entry(id="e-1", reference="mw-CASE-1", postings=postings, memo="查")

    with database.begin() as tx:
        books.post(tx, written, "CASE-1", now=NOON)

    with database.read() as connection:
        assert list(books.entries(connection, case_id="CASE-1")) == [written]
        assert list(books.entries(connection, case_id="CASE-2")) == []
        assert ledger.sum_per_asset(books.entries(connection)) == {"ETH": Money(minor=0, code="ETH")}


def test_a_case_has_its_own_entries_in_the_order_they_were_written(
    database: Database, cases: CaseRepository, agreed: Approved
) -> None:
    order = PayoutOrder(approved=agreed)
    with database.begin() as tx:
        other = approved(cases, tx, about("W-2"))[1]
        for minute, each in enumerate((entry(agreed), submitted(order), confirmed(order))):
            books.post(tx, each, "CASE-1", now=NOON + timedelta(minutes=minute))
        books.post(tx, entry(other), "CASE-2", now=NOON)

        own = [each.id.partition(":")[0] for each in books.entries(tx.connection, case_id="CASE-1")]

    assert own == ["promised", "submitted", "confirmed"]


def test_a_proposal_has_one_payout(database: Database, agreed: Approved) -> None:
    with database.begin() as tx:
        assert books.add_payout(tx, agreed, way=WAY, now=NOON)
        assert not books.add_payout(tx, agreed, way=ledger.FINANCE, now=NOON)

        found = books.find_payout(tx.connection, "CASE-1", agreed.proposal.fingerprint)

        assert found == StoredPayout(approved=agreed, attempt=Attempt(), way=WAY, version=1)
        assert books.find_payout(tx.connection, "CASE-1", "another") is None


def test_of_many_who_move_a_payout_at_once_one_does(database: Database, agreed: Approved) -> None:
    before = added(database, agreed)

    def move(number: int) -> StoredPayout | None:
        now = NOON + timedelta(seconds=number)
        try:
            with database.begin() as tx:
                return books.move_payout(
                    tx, before, attempts.sending(before.attempt, key_generation=1, now=now), now=now
                )
        except MovedOn:
            return None

    moved = [each for each in at_once(8, move) if each is not None]

    assert len(moved) == 1
    assert moved[0].version == 2
    with database.read() as connection:
        assert books.find_payout(connection, "CASE-1", agreed.proposal.fingerprint) == moved[0]


def test_payouts_are_found_by_way_and_state(database: Database, cases: CaseRepository, agreed: Approved) -> None:
    first = added(database, agreed)
    with database.begin() as tx:
        second, third = approved(cases, tx, about("W-2"))[1], approved(cases, tx, about("W-3"))[1]
    added(database, second, way=ledger.FINANCE)
    added(database, third)
    with database.begin() as tx:
        sent = attempts.sending(first.attempt, key_generation=1, now=NOON)
        books.move_payout(tx, first, sent, now=NOON)

    with database.read() as connection:

        def ids(way: str, state: PayoutState) -> list[str]:
            return [each.approved.about.id for each in books.payouts_in(connection, way=way, state=state)]

        assert ids(WAY, PayoutState.INTENDED) == ["CASE-3"]
        assert ids(WAY, PayoutState.UNKNOWN) == ["CASE-1"]
        assert ids(ledger.FINANCE, PayoutState.INTENDED) == ["CASE-2"]
        assert [each.approved.about.id for each in books.payouts_of(connection, ["CASE-3", "CASE-1", "CASE-9"])] == [
            "CASE-1",
            "CASE-3",
        ]
