"""All that one customer may still be paid counts before the next claim is proposed: splitting a claim gains nothing."""

import threading
from dataclasses import replace

from cases.evidence import Evidence
from cases.loss import Loss
from tests.store.at_once import DEADLINE_SECONDS, at_once
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import ticket
from workflow.approval import Decided
from workflow.one_case import PROPOSE, make_proposal
from workflow.paying import Finding

#: Half a percent of the value is 500 USDT; the policy pays one customer 600 USDT in twelve months at most.
VERY_LATE = {"hours_late": "100", "value_usdt": "100000"}


def amounts(at_work: DeskAtWork) -> list[str]:
    """Return what each case proposes, oldest first; "none" where nothing is left."""
    found = (at_work.proposal(each) for each in at_work.stages())
    return [str(each.amount) if each.amount and each.amount.minor else "none" for each in found]


def test_open_claims_count_towards_the_limit_of_twelve_months(at_work: DeskAtWork) -> None:
    at_work.facts |= VERY_LATE

    for number in "123":
        at_work.tell(ticket(number, loss=f"W-{number}"))
        at_work.work()

    assert amounts(at_work) == ["500.00 USDT", "100.00 USDT", "none"]


def test_another_customers_claims_do_not_count(at_work: DeskAtWork) -> None:
    at_work.facts |= VERY_LATE

    for number in "12":
        at_work.tell(ticket(number, loss=f"W-{number}", customer=f"C-{number}"))
        at_work.work()

    assert amounts(at_work) == ["500.00 USDT", "500.00 USDT"]


def test_claims_that_are_proposed_at_the_same_moment_see_each_other(at_work: DeskAtWork) -> None:
    at_work.facts |= VERY_LATE
    for number in "123":
        at_work.tell(ticket(number, loss=f"W-{number}"))
    keys = [each.key for each in at_work.waiting() if each.kind == PROPOSE]
    together = threading.Barrier(len(keys))

    def evidence(_loss: Loss) -> Evidence:
        together.wait(DEADLINE_SECONDS)  # The account data answers all of them at once.
        return at_work.evidence()

    desk = replace(at_work.desk, evidence=evidence)
    at_once(len(keys), lambda number: make_proposal(desk, keys[number], now=at_work.time()))

    assert sorted(amounts(at_work)) == ["100.00 USDT", "500.00 USDT", "none"]


def test_what_was_paid_counts_until_the_account_data_knows_it(at_work: DeskAtWork) -> None:
    at_work.facts |= VERY_LATE
    at_work.tell(ticket("1", loss="W-1"))
    at_work.work()
    assert isinstance(at_work.say("amelia", "CASE-1"), Decided)
    at_work.work()
    at_work.time.pass_by(days=1)
    at_work.facts["goodwill_paid_12_months"] = "500"

    at_work.tell(ticket("2", loss="W-2"))
    at_work.work()

    assert str(at_work.proposal("CASE-2").amount) == "100.00 USDT"


def test_a_payout_that_may_have_moved_money_counts_too(at_work: DeskAtWork) -> None:
    at_work.facts |= VERY_LATE
    at_work.provider.answers = False
    at_work.tell(ticket("1", loss="W-1"))
    at_work.work()
    at_work.say("amelia", "CASE-1")
    at_work.work()

    at_work.tell(ticket("2", loss="W-2"))
    at_work.work()
    assert str(at_work.proposal("CASE-2").amount) == "100.00 USDT"
    at_work.found(Finding.UNPAID, "CASE-1")
    at_work.tell(ticket("2", loss="W-2", claimed_amount="1"))
    at_work.work()

    assert str(at_work.proposal("CASE-2").amount) == "500.00 USDT"
