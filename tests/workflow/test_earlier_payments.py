"""Limits that the product counts itself: what a customer was paid or promised, within the time, by every version."""

from datetime import timedelta

import pytest

from cases.case import AwaitingApproval, Stage
from cases.proposal import Verdict
from policy.recomputing import recompute
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.paid_in_parts import AFTER_VERIFICATION, SHIPPED, VERIFIED, text_of
from tests.workflow.played_vendors import ticket
from workflow import ending, waiting
from workflow.approval import Decided, Stale
from workflow.submitting import draft

COUNTED = "    over: 12 months\n    counted by: makewhole\n"


def counting(at_most: str, *, version: str = "2", over: str = "12 months", start: str = "2025-02-01") -> str:
    """Return the shipped policy as a later version whose limit the product counts."""
    text = text_of("pay form: cash\n", version=version).replace("2025-02-01T", f"{start}T")
    text = text.replace("    at most: 600 USDT\n", f"    at most: {at_most}\n")
    return text.replace("    over: 12 months\n", COUNTED.replace("12 months", over))


@pytest.fixture
def at_work(at_work: DeskAtWork) -> DeskAtWork:
    """Return the desk where at most 600 USDT of goodwill are given in twelve months, and nobody supplies the count."""
    del at_work.facts["goodwill_paid_12_months"]
    at_work.release(draft(counting("600 USDT"), "counting.yaml", people=None))
    return at_work


def complain(at_work: DeskAtWork, key: str, *, value: str = "70000") -> str:
    """Let a customer complain of a withdrawal four days late: half a percent of it is owed, 350 USDT of 70,000."""
    at_work.facts |= {"hours_late": "96", "value_usdt": value}
    at_work.tell(ticket(key, loss=f"W-{key}"))
    at_work.work()
    case_id = at_work.case_of(key)
    assert case_id is not None
    return case_id


def counted(at_work: DeskAtWork, case_id: str) -> tuple[str, str]:
    proposal = at_work.proposal(case_id)
    return dict(proposal.inputs)["goodwill_paid_12_months"], str(proposal.amount)


def test_what_was_paid_within_the_time_uses_the_limit_up(at_work: DeskAtWork) -> None:
    first = complain(at_work, "1")
    at_work.say("amelia", first)
    at_work.work()

    second = complain(at_work, "2")

    assert at_work.stage(first) is Stage.CLOSED
    assert counted(at_work, first) == ("0.00", "350.00 USDT")
    assert counted(at_work, second) == ("350.00", "250.00 USDT")


def test_what_is_older_than_the_time_counts_no_more(at_work: DeskAtWork) -> None:
    first = complain(at_work, "1")
    at_work.say("amelia", first)
    at_work.work()
    at_work.time.pass_by(days=364)
    inside = complain(at_work, "2")
    at_work.say("amelia", inside, Verdict.REJECT)
    at_work.time.pass_by(days=2)

    outside = complain(at_work, "3")

    assert counted(at_work, inside)[0] == "350.00"
    assert counted(at_work, outside) == ("0.00", "350.00 USDT")


def test_two_claims_side_by_side_see_each_other_and_neither_waits_for_the_other(at_work: DeskAtWork) -> None:
    first, second = complain(at_work, "1"), complain(at_work, "2")

    assert counted(at_work, second) == ("350.00", "250.00 USDT")
    assert isinstance(at_work.say("amelia", second), Decided)
    assert isinstance(at_work.say("amelia", first), Stale)
    at_work.work()
    assert counted(at_work, first) == ("250.00", "350.00 USDT")
    assert isinstance(at_work.say("amelia", first), Decided)
    at_work.work()

    assert [amount for _, _, amount in at_work.provider.payments] == ["250.00 USDT", "350.00 USDT"]


def test_an_approval_is_void_once_there_is_more_to_count(at_work: DeskAtWork) -> None:
    """The older claim is proposed last: it waited for a fact when the younger one was proposed."""
    del at_work.facts["delay_cause"]
    older = complain(at_work, "1", value="100000")
    at_work.facts["delay_cause"] = "platform"
    younger = complain(at_work, "2", value="100000")
    assert counted(at_work, younger) == ("0.00", "500.00 USDT")
    assert at_work.look_again(older)
    at_work.work()
    assert counted(at_work, older) == ("0.00", "500.00 USDT")

    assert isinstance(at_work.say("amelia", older), Decided)
    assert isinstance(at_work.say("amelia", younger), Stale)
    at_work.work()

    assert "earlier payments changed" in at_work.events(younger)
    assert counted(at_work, younger) == ("500.00", "100.00 USDT")
    assert isinstance(at_work.case(younger), AwaitingApproval)


def test_what_was_declined_gives_its_room_back(at_work: DeskAtWork) -> None:
    first, second = complain(at_work, "1"), complain(at_work, "2")
    at_work.say("amelia", first, Verdict.REJECT)

    outcome = at_work.say("amelia", second)
    at_work.work()

    assert isinstance(outcome, Stale)
    assert counted(at_work, second) == ("0.00", "350.00 USDT")


def test_another_version_counts_what_the_one_before_paid(at_work: DeskAtWork) -> None:
    first = complain(at_work, "1")
    at_work.say("amelia", first)
    at_work.work()
    at_work.release(draft(counting("600 USDT", version="3", start="2025-03-01"), "counting.yaml", people=None))

    second = complain(at_work, "2")

    assert counted(at_work, second) == ("350.00", "250.00 USDT")


def test_a_case_is_recomputed_from_what_is_stored_alone(at_work: DeskAtWork) -> None:
    complain(at_work, "1")
    second = complain(at_work, "2")
    proposal = at_work.proposal(second)
    with at_work.database.read() as connection:
        policy = at_work.desk.policies.policy(connection, proposal.policy_hash)
    assert policy is not None

    assert recompute(policy, proposal) == ()
    assert at_work.time() > at_work.case(second).about.opened_at - timedelta(days=1)


def test_the_shipped_policy_is_told_by_others() -> None:
    assert "counted by" not in SHIPPED


def test_what_was_paid_late_uses_the_limit_up_from_that_day_on(at_work: DeskAtWork) -> None:
    text = text_of(AFTER_VERIFICATION, version="3", inputs=VERIFIED).replace("2025-02-01T", "2025-03-01T")
    at_work.release(draft(text.replace("    over: 12 months\n", COUNTED), "counting.yaml", people=None))
    at_work.facts |= {"verified": "no", "gave_up": "no"}
    first = complain(at_work, "1")
    at_work.say("amelia", first)
    at_work.work()
    at_work.time.pass_by(days=370)
    at_work.facts["verified"] = "yes"
    for job in (each for each in at_work.waiting() if each.kind == ending.LOOK):
        waiting.look(at_work.desk, job.key, now=at_work.time())
    at_work.work()
    assert at_work.stage(first) is Stage.CLOSED

    second = complain(at_work, "2")

    assert counted(at_work, second) == ("350.00", "250.00 USDT")
