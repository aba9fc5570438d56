"""A case that is paid in parts: each once, each for itself, and the case is what all of them say."""

import pytest
import sqlalchemy as sa

from cases.case import Closed, NeedsAttention, Paid, Stage
from cases.parts import Standing
from cases.parts_told import parts_told, standing_in
from makewhole.verifying import verify
from payouts.answers import Unknown
from payouts.ledger import trial_balance
from store import books
from tests.store.queued import Job
from tests.workflow.desk_at_work import AUDIT_KEY, DeskAtWork
from tests.workflow.paid_in_parts import AT_ONCE, pays
from tests.workflow.played_vendors import ticket
from workflow import ending
from workflow.paying import Finding


@pytest.fixture
def asked(at_work: DeskAtWork) -> DeskAtWork:
    """Return a desk where four parts of 15 USDT wait for an approval."""
    at_work.release(pays(AT_ONCE))
    at_work.tell(ticket())
    at_work.work()
    return at_work


@pytest.fixture
def approved(asked: DeskAtWork) -> DeskAtWork:
    """Return the same once a lead has approved it; nothing is sent yet."""
    asked.say("amelia", "CASE-1")
    return asked


def standing(at_work: DeskAtWork) -> list[Standing]:
    return [each.state for each in standing_in(at_work.case("CASE-1"))]


def refused(at_work: DeskAtWork, *parts: int) -> None:
    """Let the provider refuse these parts, and carry the others out."""
    at_work.provider.refuses = {f"mw-CASE-1:{number}" for number in parts}
    at_work.work()
    at_work.provider.refuses = set()


def test_each_part_is_a_payout_of_its_own(approved: DeskAtWork) -> None:
    fingerprint = approved.proposal("CASE-1").fingerprint

    approved.work()

    assert sorted(approved.provider.payments) == [
        (f"pay:CASE-1:{fingerprint}.1:1", "mw-CASE-1:1", "0.06 OKB"),
        (f"pay:CASE-1:{fingerprint}.2:1", "mw-CASE-1:2", "4.00 USDT"),
        (f"pay:CASE-1:{fingerprint}.3:1", "mw-CASE-1:3", "3.00 USDT"),
        (f"pay:CASE-1:{fingerprint}.4:1", "mw-CASE-1:4", "5.00 USDT"),
    ]
    assert approved.stage("CASE-1") is Stage.CLOSED
    assert standing(approved) == [Standing.PAID] * 4
    events = approved.events("CASE-1")
    assert (events.count("part paid"), events.count("paid"), events.count("approved")) == (3, 1, 1)


def test_the_books_hold_each_part_in_its_own_asset(approved: DeskAtWork) -> None:
    approved.work()

    with approved.database.read() as connection:
        totals = trial_balance(books.entries(connection))
    assert {(account, str(money)) for (account, _), money in totals.items() if money.minor} == {
        ("asset:in-kind:conversion", "-3.00 USDT"),
        ("asset:in-kind:conversion", "0.06 OKB"),
        ("asset:payout-provider:balance", "-5.00 USDT"),
        ("asset:payout-provider:balance", "-0.06 OKB"),
        ("asset:payout-provider:credit", "-4.00 USDT"),
        ("asset:payout-provider:voucher", "-3.00 USDT"),
        ("expense:compensation:goodwill", "15.00 USDT"),
    }


def test_the_ticket_is_told_of_every_part(approved: DeskAtWork) -> None:
    approved.work()

    assert approved.helpdesk.states_told("1") == ["awaiting_approval", "approved", "paid"]
    note = approved.helpdesk.written[-1].note or ""
    assert "Part 1 of 4, in coins: 0.06 OKB in kind for 3.00 USDT: paid as po_" in note
    assert "Part 3 of 4, thanks: 3.00 USDT voucher, valid for 90 days: paid as po_" in note


def test_a_part_that_fails_hides_no_other_and_is_tried_again_under_a_new_key(approved: DeskAtWork) -> None:
    refused(approved, 2)

    case = approved.case("CASE-1")
    assert isinstance(case, NeedsAttention)
    assert case.unsettled is not None
    assert standing(approved) == [Standing.PAID, Standing.FAILED, Standing.PAID, Standing.PAID]
    assert "part 2 of 4, 4.00 USDT credit (for the next trades): the payout failed" in case.reason
    assert "Paid: part 1, 3, 4." in case.reason
    assert not approved.look_again("CASE-1")

    assert approved.found(Finding.RELEASE, "CASE-1")
    approved.work()

    assert approved.stage("CASE-1") is Stage.CLOSED
    keys = [key for key, _, _ in approved.provider.payments]
    assert len(keys) == len(set(keys)) == 4
    assert keys[-1].endswith(".2:2")


def test_a_part_that_is_given_up_is_owed_no_more(approved: DeskAtWork) -> None:
    refused(approved, 2)

    assert approved.found(Finding.UNPAID, "CASE-1")
    approved.work()

    case = approved.case("CASE-1")
    assert isinstance(case, Closed)
    assert isinstance(case.settled, Paid)
    assert standing(approved) == [Standing.PAID, Standing.GIVEN_UP, Standing.PAID, Standing.PAID]
    assert "liability:customer:C-1" not in approved.balances()
    assert len(approved.provider.payments) == 3


def test_a_person_says_which_of_two_parts_that_failed(approved: DeskAtWork) -> None:
    refused(approved, 2, 3)

    assert not approved.found(Finding.RELEASE, "CASE-1")
    assert not approved.found(Finding.RELEASE, "CASE-1", part=1)
    assert approved.found(Finding.PAID, "CASE-1", part=3, provider_id="po_seen")
    assert approved.stage("CASE-1") is Stage.NEEDS_ATTENTION
    assert approved.found(Finding.RELEASE, "CASE-1")
    approved.work()

    assert approved.stage("CASE-1") is Stage.CLOSED
    assert standing(approved) == [Standing.PAID] * 4
    assert len(approved.provider.payments) == 3


def test_a_case_of_which_every_part_failed_may_be_proposed_anew(approved: DeskAtWork) -> None:
    refused(approved, 1, 2, 3, 4)

    case = approved.case("CASE-1")
    assert isinstance(case, NeedsAttention)
    assert case.unsettled is None
    assert approved.balances() == {}

    assert approved.look_again("CASE-1")
    approved.work()
    approved.say("amelia", "CASE-1")
    approved.work()

    assert approved.stage("CASE-1") is Stage.CLOSED
    assert len(approved.provider.payments) == 4


def test_a_lost_answer_is_looked_up_for_its_own_part(approved: DeskAtWork) -> None:
    approved.provider.words = [Unknown(reason="the answer was lost")] * 4

    approved.work()

    assert approved.stage("CASE-1") is Stage.CLOSED
    assert len(approved.provider.payments) == 4


def test_the_same_jobs_again_pay_nothing_more(approved: DeskAtWork) -> None:
    jobs: list[Job] = [each for each in approved.waiting() if each.kind == ending.PAY]
    approved.work()

    for job in jobs:
        approved.again(ending.PAY, job.key)

    assert len(jobs) == 4
    assert len(approved.provider.payments) == approved.provider.sendings == 4


def test_parts_are_what_an_approval_is_bound_to(asked: DeskAtWork) -> None:
    before = asked.proposal("CASE-1")
    asked.facts["hours_late"] = "30"
    asked.tell(ticket(more="said"))
    asked.work()

    after = asked.proposal("CASE-1")

    assert [str(each.stands_for) for each in before.parts] == ["3.00 USDT", "4.00 USDT", "3.00 USDT", "5.00 USDT"]
    assert [str(each.stands_for) for each in after.parts] == ["8.00 USDT", "4.00 USDT", "3.00 USDT", "25.00 USDT"]
    assert before.fingerprint != after.fingerprint


def test_a_case_says_its_parts_before_anybody_agreed(asked: DeskAtWork) -> None:
    assert parts_told(asked.case("CASE-1"))[0] == "Part 1 of 4, in coins: 0.06 OKB in kind for 3.00 USDT: due"


def test_what_was_paid_is_not_released_again(approved: DeskAtWork) -> None:
    approved.work()

    assert not approved.found(Finding.RELEASE, "CASE-1", part=1)
    assert not approved.found(Finding.UNPAID, "CASE-1", part=1)
    assert standing(approved) == [Standing.PAID] * 4


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE payouts SET part = 9 - part WHERE part = 4",
        "UPDATE payouts SET attempt = replace(attempt, 'po_', 'px_') WHERE part = 3",
        "DELETE FROM payouts WHERE part = 2",
        "UPDATE ledger_postings SET minor = '1' WHERE minor = '3000000'",
        "UPDATE cases SET document = replace(document, '90 days', '99 days')",
    ],
)
def test_an_edit_of_any_part_shows(approved: DeskAtWork, edit: str) -> None:
    approved.work()

    with approved.engine.connect() as connection:
        connection.execute(sa.text(edit))
        problems, _ = verify(connection, AUDIT_KEY)
        connection.rollback()

    assert problems != []
