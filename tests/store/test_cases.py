"""Cases in the database: one loss is one case, and of several changes at once one counts."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from cases.case import Case, Closed, Declined, Joined, NeedsAttention, Opened, Paid, Stage
from cases.loss import Loss, LossKind
from cases.proposal import CaseId
from cases.ticket import CustomerId
from store import audit
from store.cases import CaseRepository, MovedOn, NoSuchCase, StoredCase, number_of
from store.database import Database
from tests.store.at_once import at_once
from tests.store.stories import NOON, about, approved, asked, change, opened, paid

AT_ONCE = 8
LOSS = Loss(kind=LossKind.TRANSACTION, reference="w-88121 ", customer_id=CustomerId("C-100023"))


def found(database: Database, cases: CaseRepository, case_id: str) -> StoredCase:
    with database.read() as connection:
        return cases.find(connection, case_id)


def events(database: Database, number: int) -> list[str]:
    with database.read() as connection:
        return [each.event for each in audit.history(connection, number)]


def test_a_case_is_opened_under_the_next_number(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        first, second = opened(cases, tx, about("W-1")), opened(cases, tx, about("W-2"))

    assert first == StoredCase(case=Opened(about=replace(about("W-1"), id=CaseId("CASE-1"))), version=1)
    assert (second.case.about.id, second.number) == ("CASE-2", 2)
    assert found(database, cases, "CASE-2") == second
    assert events(database, 1) == ["opened"]


def test_a_loss_has_one_case_however_it_was_typed(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        known = opened(cases, tx, about("W-88121"))

        assert cases.open(tx, about(" w-88121"), change("opened")) is None
        assert cases.for_loss(tx.connection, LOSS) == known

    assert events(database, 1) == ["opened"]


def test_cases_whose_loss_is_not_known_yet_are_as_many_as_tickets(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        numbers = [opened(cases, tx, about(None)).number for _ in range(3)]

    assert numbers == [1, 2, 3]


def test_of_many_who_open_a_case_of_one_loss_at_once_one_does(database: Database, cases: CaseRepository) -> None:
    def open_it(_: int) -> StoredCase | None:
        with database.begin() as tx:
            return cases.open(tx, about(), change("opened"))

    made = [each for each in at_once(AT_ONCE, open_it) if each is not None]

    assert len(made) == 1
    with database.read() as connection:
        assert list(cases.each(connection)) == made


def test_of_many_who_save_a_case_at_once_one_does(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        before = opened(cases, tx)

    def save(number: int) -> StoredCase | None:
        after = NeedsAttention(about=before.case.about, reason=f"thread {number}", missing=(), proposal=None)
        try:
            with database.begin() as tx:
                return cases.save(tx, before, after, change("needs attention", actor=f"thread {number}"))
        except MovedOn:
            return None

    saved = [each for each in at_once(AT_ONCE, save) if each is not None]

    assert len(saved) == 1
    assert found(database, cases, "CASE-1") == saved[0]
    assert saved[0].version == 2
    assert events(database, 1) == ["opened", "needs attention"]


def test_who_saves_what_was_changed_meanwhile_is_told_and_nothing_is_written(
    database: Database, cases: CaseRepository
) -> None:
    with database.begin() as tx:
        before = opened(cases, tx)
        noted = cases.note(tx, before, change("refused"))

    with pytest.raises(MovedOn, match="CASE-1 was changed by somebody else"), database.begin() as tx:
        cases.note(tx, before, change("refused"))

    assert found(database, cases, "CASE-1") == noted
    assert events(database, 1) == ["opened", "refused"]


def test_who_holds_a_case_lets_the_others_wait_and_none_is_lost(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        opened(cases, tx)

    def note_twice(number: int) -> None:
        for _ in range(2):
            with database.begin() as tx:
                cases.note(tx, cases.lock(tx, "CASE-1"), change("seen", actor=f"thread {number}"))

    at_once(AT_ONCE, note_twice)

    assert found(database, cases, "CASE-1").version == 1 + 2 * AT_ONCE
    with database.read() as connection:
        assert [each.sequence for each in audit.history(connection, 1)] == list(range(1, 2 + 2 * AT_ONCE))
        assert list(audit.verify(connection, cases.audit_key)) == []


def test_a_joined_case_gives_its_loss_up(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        first = opened(cases, tx)
        joined = Joined(about=first.case.about, into=CaseId("CASE-2"))
        cases.save(tx, first, joined, change("joined"))

        other = opened(cases, tx)

    assert other.case.about.id == "CASE-2"
    assert found(database, cases, "CASE-1").case == joined


def test_a_case_cannot_take_the_loss_of_another(database: Database, cases: CaseRepository) -> None:
    """Two tickets are corrected to one loss at the same moment: the second looks again, and finds the first."""
    with database.begin() as tx:
        opened(cases, tx, about("W-1"))
        second = opened(cases, tx, about("W-2"))
    taken = Opened(about=replace(second.case.about, loss=about("W-1").loss))

    with pytest.raises(MovedOn, match="the loss of CASE-2 has another case"), database.begin() as tx:
        cases.save(tx, second, taken, change("claim changed"))

    assert found(database, cases, "CASE-2") == second


def test_every_stage_comes_back_as_it_was_saved(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        stored, agreed = approved(cases, tx, amount="0.000000000000000001 ETH")
    settled = Paid(
        about=agreed.about,
        proposal=agreed.proposal,
        approvals=agreed.approvals,
        amount=agreed.amount,
        reference="po_1",
        paid_at=NOON + timedelta(microseconds=1),
    )
    stages: tuple[Case, ...] = (
        settled,
        Closed(about=agreed.about, settled=settled, closed_at=NOON),
        Declined(about=agreed.about, proposal=agreed.proposal, decision=agreed.approvals[0]),
        NeedsAttention(about=agreed.about, reason="查", missing=("order_id",), proposal=agreed.proposal),
        Joined(about=agreed.about, into=CaseId("CASE-2")),
    )

    for after in stages:
        with database.begin() as tx:
            stored = cases.save(tx, stored, after, change(after.stage))
        assert found(database, cases, "CASE-1").case == after


def test_cases_are_listed_newest_first(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        for reference in ("W-1", "W-2", "W-3"):
            opened(cases, tx, about(reference))
        paid(cases, tx, about("W-4"))

    with database.read() as connection:
        assert [each.number for each in cases.list(connection)] == [4, 3, 2, 1]
        assert [each.number for each in cases.list(connection, limit=2)] == [4, 3]
        assert [each.number for each in cases.list(connection, stage=Stage.OPENED)] == [3, 2, 1]
        assert [each.number for each in cases.each(connection)] == [1, 2, 3, 4]


def test_what_counts_before_is_what_the_customer_may_still_get_or_got_for_the_topic(
    database: Database, cases: CaseRepository
) -> None:
    with database.begin() as tx:
        paid(cases, tx, about("W-1"), amount="40 USDT")
        asked(cases, tx, about("W-2"), amount="15 USDT")
        asked(cases, tx, about("W-3"), amount="12 USDT")
        opened(cases, tx, about("W-4"))
        approved(cases, tx, about("W-5"), amount="5 USDT")
        approved(cases, tx, about("W-6", customer="C-100024"), amount="99 USDT")
        approved(cases, tx, about("W-7", topic="duplicate_charge"), amount="98 USDT")
        refused = asked(cases, tx, about("W-8"), amount="97 USDT")
        cases.save(tx, refused, Joined(about=refused.case.about, into=CaseId("CASE-1")), change("joined"))

    assert stakes(database, cases, besides="CASE-2") == [
        ("40.00 USDT", NOON),
        ("12.00 USDT", None),
        ("5.00 USDT", None),
    ]


def test_what_was_paid_counts_after_the_case_is_closed(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        stored = paid(cases, tx, amount="40 USDT")
        assert isinstance(stored.case, Paid)
        closed = Closed(about=stored.case.about, settled=stored.case, closed_at=NOON)
        cases.save(tx, stored, closed, change("closed"))

    assert stakes(database, cases, besides="CASE-9") == [("40.00 USDT", NOON)]


def test_a_payout_that_may_have_moved_money_counts_and_one_that_surely_did_not_does_not(
    database: Database, cases: CaseRepository
) -> None:
    with database.begin() as tx:
        stored, agreed = approved(cases, tx, amount="40 USDT")
        held = NeedsAttention(
            about=agreed.about,
            reason="The payout needs a person",
            missing=(),
            proposal=agreed.proposal,
            unsettled=agreed,
        )
        stored = cases.save(tx, stored, held, change("not paid"))
    assert stakes(database, cases, besides="CASE-9") == [("40.00 USDT", None)]

    with database.begin() as tx:
        cases.save(tx, stored, replace(held, unsettled=None), change("not paid"))
    assert stakes(database, cases, besides="CASE-9") == []


def stakes(database: Database, cases: CaseRepository, *, besides: str) -> list[tuple[str, datetime | None]]:
    with database.read() as connection:
        counted = cases.stakes_of(connection, CustomerId("C-100023"), "delayed_withdrawal", besides=CaseId(besides))
    return [(str(each.amount), each.paid_at) for each in counted]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4711",
        "CASE-",
        "case-4711",
        "CASE--1",
        "CASE-+1",
        "CASE-1 ",
        "CASE- 1",
        "CASE-1_0",
        "CASE-١",
        "CASE-¹",
        "CASE-1.0",
        "CASE-0x1",
        "CASE-1234567890",
        "CASE-CASE-1",
        "CASE-1;DROP TABLE cases",
    ],
)
def test_what_is_no_case_id_is_no_case(text: str) -> None:
    with pytest.raises(NoSuchCase, match="is no case id like CASE-4711"):
        number_of(text)


def test_a_number_that_was_never_given_is_no_case(database: Database, cases: CaseRepository) -> None:
    assert number_of("CASE-999999999") == 999_999_999
    with pytest.raises(NoSuchCase, match="there is no case CASE-999999999"):
        found(database, cases, "CASE-999999999")
