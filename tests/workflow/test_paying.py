"""An approved case is paid once, whatever the provider says and whenever the worker dies."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cases.case import Closed, NeedsAttention, Paid, Stage
from payouts.answers import Failed, LookUpAnswer, NotProcessed, Refused, SendAnswer, Unknown
from payouts.attempt import PayoutState
from payouts.order import PayoutOrder
from store.cases import MovedOn
from store.jobs import Again
from tests.store.at_once import at_once
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import ticket
from workflow import ending, paying


class Killed(BaseException):
    """The worker is killed here; no code of ours gets to see it."""


class KillingProvider:
    """Kills its caller at the next sending, before or after it has taken it in."""

    def __init__(self, at_work: DeskAtWork, *, after: bool) -> None:
        self.real = at_work.provider
        self.after = after

    def send(self, order: PayoutOrder, *, within_seconds: float) -> SendAnswer:
        if self.after:
            self.real.send(order, within_seconds=within_seconds)
        raise Killed

    def look_up(self, order: PayoutOrder, *, failed_ids: tuple[str, ...]) -> LookUpAnswer:
        return self.real.look_up(order, failed_ids=failed_ids)


@pytest.fixture
def approved(at_work: DeskAtWork) -> DeskAtWork:
    """Have one case approved for 15 USDT; its payout's job waits."""
    at_work.tell(ticket())
    at_work.work()
    at_work.say("amelia", "CASE-1")
    return at_work


def key(at_work: DeskAtWork) -> str:
    return f"CASE-1/{at_work.proposal('CASE-1').fingerprint}"


def paid(at_work: DeskAtWork) -> Paid:
    case = at_work.case("CASE-1")
    assert isinstance(case, Closed)
    assert isinstance(case.settled, Paid)
    return case.settled


def state(at_work: DeskAtWork) -> PayoutState:
    [payout] = at_work.payouts("CASE-1")
    return payout.attempt.state


@pytest.mark.parametrize("after", [False, True], ids=["before it was sent", "after it was sent"])
def test_a_worker_that_dies_while_it_sends_leaves_the_truth_and_the_next_one_pays_once(
    approved: DeskAtWork, *, after: bool
) -> None:
    cashier = approved.cashier
    assert cashier is not None
    with pytest.raises(Killed):
        paying.pay(approved.desk, replace(cashier, provider=KillingProvider(approved, after=after)), key(approved))
    assert (state(approved), approved.stage("CASE-1")) == (PayoutState.UNKNOWN, Stage.APPROVED)
    assert approved.balances() == {
        "asset:payout-provider:clearing": "-15.00 USDT",
        "expense:compensation:goodwill": "15.00 USDT",
    }

    approved.work()

    assert paid(approved).reference == "po_1"
    assert len(approved.provider.payments) == 1
    assert approved.provider.sendings == 1


def test_an_answer_that_was_lost_is_looked_up_and_nothing_is_sent_again(approved: DeskAtWork) -> None:
    approved.provider.words = [Unknown(reason="read timeout")]
    approved.provider.payments.append((f"pay:{key(approved).replace('/', ':')}:1", "mw-CASE-1", "15.00 USDT"))

    approved.work()

    assert paid(approved).reference == "po_1"
    assert approved.provider.sendings == 1
    assert approved.balances() == {
        "asset:payout-provider:balance": "-15.00 USDT",
        "expense:compensation:goodwill": "15.00 USDT",
    }


def test_a_provider_that_is_busy_gets_the_same_key_again(approved: DeskAtWork) -> None:
    approved.provider.words = [
        NotProcessed(reason="HTTP 429", wait_seconds=7),
        NotProcessed(reason="", wait_seconds=None),
    ]
    begun = approved.time()

    approved.work()

    assert [each[0] for each in approved.provider.payments] == [f"pay:{key(approved).replace('/', ':')}:1"]
    assert approved.provider.sendings == 3
    assert approved.time() >= begun + timedelta(seconds=7)
    assert paid(approved).reference == "po_1"


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (Refused(reason="HTTP 402: insufficient funds"), "HTTP 402: insufficient funds"),
        (Failed(provider_ids=("po_9",), reason="closed account"), "the payout failed: closed account"),
    ],
)
def test_what_the_provider_will_not_pay_is_told_on_the_ticket_and_needs_a_person(
    approved: DeskAtWork, word: SendAnswer, reason: str
) -> None:
    approved.provider.words = [word]

    approved.work()

    case = approved.case("CASE-1")
    assert isinstance(case, NeedsAttention)
    assert case.reason == f"The payout needs a person: {reason}"
    assert approved.events("CASE-1")[-2:] == ["approved", "not paid"]
    assert approved.helpdesk.states_told("1")[-1] == "needs_attention"
    assert (approved.provider.payments, approved.provider.sendings) == ([], 1)


def test_many_workers_with_the_same_payout_send_it_once(approved: DeskAtWork) -> None:
    """A job that was taken over from a worker that was only slow runs twice at the same moment."""
    job = key(approved)

    def work(_: int) -> str:
        try:
            paying.pay(approved.desk, approved.cashier, job)
        except (Again, MovedOn) as moved:
            return type(moved).__name__
        return "done"

    for _ in range(3):
        at_once(4, work)
    approved.work()

    assert len(approved.provider.payments) == 1
    assert approved.provider.sendings == 1
    assert paid(approved).reference == "po_1"


def test_a_payout_that_is_done_is_left_alone_however_often_its_job_comes(approved: DeskAtWork) -> None:
    job = key(approved)
    approved.work()
    before = approved.case("CASE-1"), approved.events("CASE-1"), approved.balances()

    approved.again(ending.PAY, job)

    assert (approved.case("CASE-1"), approved.events("CASE-1"), approved.balances()) == before
    assert approved.provider.sendings == 1


def test_a_payout_that_nobody_promised_cannot_be_paid(approved: DeskAtWork) -> None:
    with pytest.raises(LookupError, match="no payout CASE-1/0000"):
        paying.pay(approved.desk, approved.cashier, "CASE-1/0000")

    assert approved.provider.sendings == 0
