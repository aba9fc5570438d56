"""Parts that come later or wait: paid on their day, or once what they wait for holds, each once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cases.case import Closed, Paid, Stage
from cases.parts import PartState, Standing
from cases.parts_told import standing_in
from cases.ticket import CustomerId
from connectors.accounts.client import BelongsToAnother
from policy.loading import read_policy
from policy.waiting import state_now
from store import evidence
from store.jobs import Again
from tests.store.queued import Job
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.paid_in_parts import AFTER_VERIFICATION, IN_INSTALMENTS, POINTS, VERIFIED, pays, text_of
from tests.workflow.played_vendors import ticket
from workflow import ending, paying, waiting
from workflow.erasing import StillOpen, erase_customer
from workflow.joining import NotPossible, split_ticket
from workflow.paying import Finding

LATER = Standing.LATER


def standing(at_work: DeskAtWork) -> list[Standing]:
    return [each.state for each in standing_in(at_work.case("CASE-1"))]


def jobs(at_work: DeskAtWork, kind: str) -> list[Job]:
    return [each for each in at_work.waiting() if each.kind == kind]


def pay_what_is_due(at_work: DeskAtWork) -> None:
    """Do each payment's job as it would run now, and then tell everybody."""
    for job in jobs(at_work, ending.PAY):
        try:
            paying.pay(at_work.desk, at_work.cashier, job.key)
        except Again:
            continue
    at_work.work("note", "card", "thread")


@pytest.fixture
def in_instalments(at_work: DeskAtWork) -> DeskAtWork:
    """Return a desk where 15 USDT are approved: six at once, nine in three instalments, 30 days between them."""
    at_work.release(pays(IN_INSTALMENTS))
    at_work.tell(ticket())
    at_work.work()
    at_work.say("amelia", "CASE-1")
    return at_work


@pytest.fixture
def waits(at_work: DeskAtWork) -> DeskAtWork:
    """Return a desk where five of 15 USDT are paid and ten wait until the customer is verified."""
    at_work.facts |= {"verified": "no", "gave_up": "no"}
    at_work.release(pays(AFTER_VERIFICATION, inputs=VERIFIED))
    at_work.tell(ticket())
    at_work.work()
    at_work.say("amelia", "CASE-1")
    at_work.work()
    return at_work


def test_what_is_due_is_paid_and_the_rest_on_its_days(in_instalments: DeskAtWork) -> None:
    approved_at = in_instalments.time()
    pay_what_is_due(in_instalments)

    case = in_instalments.case("CASE-1")
    assert isinstance(case, Paid)
    assert standing(in_instalments) == [Standing.PAID, Standing.PAID, LATER, LATER]
    days = [each.due_at for each in case.standing]
    assert days == [approved_at, approved_at, approved_at + timedelta(days=30), approved_at + timedelta(days=60)]
    assert "comes on 2026-12-22" in (in_instalments.helpdesk.written[-1].note or "")

    in_instalments.time.pass_by(days=30)
    pay_what_is_due(in_instalments)
    assert standing(in_instalments) == [Standing.PAID, Standing.PAID, Standing.PAID, LATER]
    assert in_instalments.stage("CASE-1") is Stage.PAID

    in_instalments.time.pass_by(days=30)
    pay_what_is_due(in_instalments)
    assert in_instalments.stage("CASE-1") is Stage.CLOSED
    assert [amount for _, _, amount in in_instalments.provider.payments] == ["6.00 USDT", *(["3.00 USDT"] * 3)]
    assert in_instalments.helpdesk.states_told("1") == ["awaiting_approval", "approved", "paid", "paid", "paid"]


def test_a_promise_of_later_is_in_the_books_from_the_approval_on(in_instalments: DeskAtWork) -> None:
    pay_what_is_due(in_instalments)

    assert in_instalments.balances() == {
        "asset:payout-provider:balance": "-9.00 USDT",
        "expense:compensation:goodwill": "15.00 USDT",
        "liability:customer:C-1": "-6.00 USDT",
    }


def test_an_instalment_that_fails_later_waits_for_a_person_and_stops_no_other(in_instalments: DeskAtWork) -> None:
    pay_what_is_due(in_instalments)
    in_instalments.provider.refuses = {"mw-CASE-1:3"}

    in_instalments.work()

    assert in_instalments.stage("CASE-1") is Stage.NEEDS_ATTENTION
    assert standing(in_instalments) == [Standing.PAID, Standing.PAID, Standing.FAILED, Standing.PAID]
    in_instalments.provider.refuses = set()
    assert in_instalments.found(Finding.RELEASE, "CASE-1")
    in_instalments.work()
    assert in_instalments.stage("CASE-1") is Stage.CLOSED
    assert len(in_instalments.provider.payments) == 4


def test_a_case_with_something_to_come_is_neither_split_nor_erased_and_keeps_what_is_owed(
    in_instalments: DeskAtWork,
) -> None:
    pay_what_is_due(in_instalments)
    desk, now = in_instalments.desk, in_instalments.time()

    with pytest.raises(NotPossible), in_instalments.database.begin() as tx:
        split_ticket(desk, tx, in_instalments.case("CASE-1").about.id, ticket().ref, by="yuki", now=now)
    with pytest.raises(StillOpen), in_instalments.database.begin() as tx:
        erase_customer(desk, tx, CustomerId("C-1"), by="yuki", even_open=False, now=now)
    with in_instalments.database.begin() as tx:
        erase_customer(desk, tx, CustomerId("C-1"), by="yuki", even_open=True, now=now)
    in_instalments.work()

    assert in_instalments.stage("CASE-1") is Stage.CLOSED
    assert len(in_instalments.provider.payments) == 4


def test_what_waits_is_paid_once_it_holds(waits: DeskAtWork) -> None:
    assert (waits.stage("CASE-1"), standing(waits)) == (Stage.PAID, [Standing.PAID, Standing.WAITING])
    assert waits.balances()["expense:compensation:goodwill"] == "5.00 USDT"
    (job,) = jobs(waits, ending.LOOK)
    waits.time.pass_by(days=1)
    waiting.look(waits.desk, job.key, now=waits.time())
    assert standing(waits) == [Standing.PAID, Standing.WAITING]
    assert len(jobs(waits, ending.LOOK)) == 2

    waits.facts["verified"] = "yes"
    waiting.look(waits.desk, job.key, now=waits.time())
    waiting.look(waits.desk, job.key, now=waits.time())
    waits.work()

    assert waits.stage("CASE-1") is Stage.CLOSED
    assert [amount for _, _, amount in waits.provider.payments] == ["5.00 USDT", "10.00 USDT"]
    assert waits.balances()["expense:compensation:goodwill"] == "15.00 USDT"
    assert waits.events("CASE-1").count("parts due") == 1


def test_what_waits_is_looked_at_when_its_ticket_says_something_new(waits: DeskAtWork) -> None:
    waits.facts["verified"] = "yes"
    known = {each.key for each in jobs(waits, ending.LOOK)}

    waits.tell(ticket(proof="my passport"))
    (new,) = (each for each in jobs(waits, ending.LOOK) if each.key not in known)
    waiting.look(waits.desk, new.key, now=waits.time())
    waits.work()

    assert waits.stage("CASE-1") is Stage.CLOSED


def test_a_person_may_have_it_looked_at(waits: DeskAtWork) -> None:
    waits.facts["verified"] = "yes"

    assert waits.look_again("CASE-1")
    for job in jobs(waits, ending.LOOK):
        waiting.look(waits.desk, job.key, now=waits.time())
    waits.work()

    assert waits.stage("CASE-1") is Stage.CLOSED
    assert not waits.look_again("CASE-1")


def test_looking_again_brings_back_nothing_of_who_was_erased(waits: DeskAtWork) -> None:
    waits.facts |= {"name": "Ada Okafor", "verified": "yes"}
    with waits.database.begin() as tx:
        erase_customer(waits.desk, tx, CustomerId("C-1"), by="yuki", even_open=True, now=waits.time())

    for job in jobs(waits, ending.LOOK):
        waiting.look(waits.desk, job.key, now=waits.time())
    waits.work()

    with waits.database.read() as connection:
        facts = dict(evidence.of_case(connection, "CASE-1")[0].facts)
    assert "name" not in facts
    assert facts["verified"] == "yes"
    assert waits.stage("CASE-1") is Stage.CLOSED


def test_what_lapses_is_recorded_and_told_and_paid_no_more(waits: DeskAtWork) -> None:
    waits.facts |= {"verified": "yes", "gave_up": "yes"}

    for job in jobs(waits, ending.LOOK):
        waiting.look(waits.desk, job.key, now=waits.time())
    waits.work()

    case = waits.case("CASE-1")
    assert isinstance(case, Closed)
    assert standing(waits) == [Standing.PAID, Standing.LAPSED]
    assert "parts lapsed" in waits.events("CASE-1")
    assert "not paid any more: the policy pays it no more" in (waits.helpdesk.written[-1].note or "")
    assert len(waits.provider.payments) == 1


def test_what_nobody_asked_for_in_time_lapses_though_nothing_is_known(at_work: DeskAtWork) -> None:
    form = AFTER_VERIFICATION.replace("    lapses when: gave_up\n", "    lapses after: 1 month\n")
    at_work.facts |= {"verified": "no"}
    at_work.release(pays(form, inputs="  verified: yes/no\n"))
    at_work.tell(ticket())
    at_work.work()
    at_work.say("amelia", "CASE-1")
    at_work.work()
    found = []

    for days in (29, 3):
        at_work.time.pass_by(days=days)
        for job in jobs(at_work, ending.LOOK):
            waiting.look(at_work.desk, job.key, now=at_work.time())
        found.append(standing(at_work)[1])

    assert found == [Standing.WAITING, Standing.LAPSED]
    assert "parts lapsed" in at_work.events("CASE-1")


def test_what_may_be_paid_at_the_last_look_does_not_lapse() -> None:
    form = AFTER_VERIFICATION.replace("    lapses when: gave_up\n", "    lapses after: 1 year\n")
    policy = read_policy(text_of(form, inputs="  verified: yes/no\n"), "plan.yaml")
    decided_at = datetime(2026, 2, 1, tzinfo=UTC)
    given = [
        {"verified": "yes"},
        {"verified": "no"},
    ]

    late = decided_at + timedelta(days=400)
    found = [state_now(policy, "after verification", each.items(), decided_at=decided_at, now=late) for each in given]

    assert found == [PartState.DUE, PartState.LAPSED]
    assert state_now(policy, "after verification", given[1].items(), decided_at=None, now=late) is PartState.WAITING


def test_a_benefit_is_given_through_the_provider_and_is_in_no_book(at_work: DeskAtWork) -> None:
    at_work.release(pays("pay form: cash\n", more=POINTS))
    at_work.tell(ticket())
    at_work.work()
    at_work.say("amelia", "CASE-1")

    at_work.work()

    assert at_work.stage("CASE-1") is Stage.CLOSED
    given = [(reference, amount) for _, reference, amount in at_work.provider.payments]
    assert sorted(given) == [("mw-CASE-1:1", "15.00 USDT"), ("mw-CASE-1:2", "15 POINTS")]
    assert at_work.balances() == {
        "asset:payout-provider:balance": "-15.00 USDT",
        "expense:compensation:goodwill": "15.00 USDT",
    }


def test_a_benefit_beside_nothing_is_agreed_to_and_given(at_work: DeskAtWork) -> None:
    at_work.facts["goodwill_paid_12_months"] = "600"
    at_work.release(pays("pay form: cash\n", more=POINTS))
    at_work.tell(ticket())
    at_work.work()

    at_work.say("amelia", "CASE-1")
    at_work.work()

    assert at_work.stage("CASE-1") is Stage.CLOSED
    assert [amount for _, _, amount in at_work.provider.payments] == ["15 POINTS"]
    assert at_work.balances() == {}


def told_by_its_ticket(at_work: DeskAtWork) -> DeskAtWork:
    """Return a desk where ten USDT wait until the customer's ticket says that they are verified."""
    at_work.release(pays(AFTER_VERIFICATION, inputs=VERIFIED))
    at_work.tell(ticket(verified="no", gave_up="no"))
    at_work.tell(ticket("2", verified="no", gave_up="no"))
    at_work.work()
    at_work.say("amelia", "CASE-1")
    at_work.work()
    assert standing(at_work) == [Standing.PAID, Standing.WAITING]
    return at_work


def look(at_work: DeskAtWork) -> None:
    at_work.time.pass_by(days=1)
    for job in jobs(at_work, ending.LOOK):
        waiting.look(at_work.desk, job.key, now=at_work.time())
    at_work.work()


def test_what_another_customers_ticket_says_pays_nothing_though_it_was_of_the_case(at_work: DeskAtWork) -> None:
    told_by_its_ticket(at_work)

    for key in ("1", "2"):
        at_work.tell(ticket(key, loss="W-9", customer="C-2", verified="yes", gave_up="no"))
    at_work.work()
    look(at_work)

    assert standing(at_work) == [Standing.PAID, Standing.WAITING]
    assert [amount for _, _, amount in at_work.provider.payments] == ["5.00 USDT"]


def test_the_ticket_that_stayed_says_what_is_so_now(at_work: DeskAtWork) -> None:
    told_by_its_ticket(at_work)

    at_work.tell(ticket("1", loss="W-9", verified="no", gave_up="no"))
    at_work.tell(ticket("2", verified="yes", gave_up="no"))
    at_work.work()
    look(at_work)

    assert standing(at_work) == [Standing.PAID, Standing.PAID]


def test_nothing_more_is_paid_while_the_account_data_says_that_the_loss_is_anothers(at_work: DeskAtWork) -> None:
    told_by_its_ticket(at_work)
    of_another = BelongsToAnother(message="of another customer")
    at_work.desk = replace(at_work.desk, evidence=lambda _loss: of_another)

    at_work.tell(ticket("1", verified="yes", gave_up="no"))
    look(at_work)
    assert standing(at_work) == [Standing.PAID, Standing.WAITING]

    at_work.tell(ticket("1", verified="yes", gave_up="yes"))
    look(at_work)
    assert standing(at_work) == [Standing.PAID, Standing.LAPSED]


def test_a_look_before_its_own_day_is_followed_by_another(waits: DeskAtWork) -> None:
    (job,) = jobs(waits, ending.LOOK)

    waiting.look(waits.desk, job.key, now=waits.time())

    assert len(jobs(waits, ending.LOOK)) == 2
