"""A proposal comes from the newest facts and a policy in force; an answer to an older one changes nothing."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from cases.case import AwaitingApproval, NeedsAttention, Stage
from cases.evidence import Evidence
from cases.loss import Loss
from cases.proposal import Verdict
from store import evidence
from store.cases import MovedOn
from tests.workflow.desk_at_work import ROOT, DeskAtWork
from tests.workflow.played_vendors import NOON, ticket
from workflow.approval import Decided, NotAllowed, Refusal, Stale
from workflow.one_case import PROPOSE, make_proposal
from workflow.submitting import Draft, draft

DEADLINE_SECONDS = 30


def read_slowly(at_work: DeskAtWork, key: str, *, meanwhile: Callable[[], object]) -> list[BaseException]:
    """Do a proposal job whose facts were read before something happens, and arrive after it; return what it raised."""
    read, arrived = threading.Event(), threading.Event()
    raised: list[BaseException] = []

    def slow(_loss: Loss) -> Evidence:
        found = at_work.evidence()
        read.set()
        assert arrived.wait(DEADLINE_SECONDS)
        return found

    def job() -> None:
        try:
            make_proposal(replace(at_work.desk, evidence=slow), key, now=at_work.time())
        except MovedOn as moved:
            raised.append(moved)

    thread = threading.Thread(target=job)
    thread.start()
    assert read.wait(DEADLINE_SECONDS)
    meanwhile()
    arrived.set()
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()
    return raised


def as_of(at_work: DeskAtWork) -> timedelta:
    """Return how old the newest facts of the case are, from noon."""
    with at_work.database.read() as connection:
        (told,) = evidence.of_case(connection, "CASE-1")
    return told.as_of - NOON


def test_facts_that_were_read_slowly_do_not_replace_newer_ones(at_work: DeskAtWork) -> None:
    at_work.tell(ticket())
    (key,) = (each.key for each in at_work.waiting() if each.kind == PROPOSE)

    def corrected() -> None:
        at_work.time.pass_by(minutes=1)
        at_work.facts["hours_late"] = "3"
        make_proposal(at_work.desk, key, now=at_work.time())

    raised = read_slowly(at_work, key, meanwhile=corrected)

    assert len(raised) == 1
    assert str(at_work.proposal("CASE-1").amount) == "5.00 USDT"
    assert as_of(at_work) == timedelta(minutes=2)
    at_work.work()
    assert at_work.events("CASE-1").count("proposed") == 1


def test_slow_facts_lose_also_when_the_newer_ones_changed_nothing(at_work: DeskAtWork) -> None:
    at_work.tell(ticket())
    at_work.work()
    at_work.facts["hours_late"] = "3"  # A mistake of the account data, for a moment.

    def corrected() -> None:
        at_work.time.pass_by(minutes=1)
        at_work.facts["hours_late"] = "7.5"
        make_proposal(at_work.desk, "CASE-1/again", now=at_work.time())

    raised = read_slowly(at_work, "CASE-1/slow", meanwhile=corrected)

    assert raised == []
    assert str(at_work.proposal("CASE-1").amount) == "15.00 USDT"
    assert at_work.proposal("CASE-1").revision == 1


# --- A policy that ended -------------------------------------------------------------------------------------------


def version(number: str, start: str, end: str) -> Draft:
    """Return the shipped policy as a version of this number for this time."""
    path = ROOT / "config" / "policies" / "delayed-withdrawal.yaml"
    text = path.read_text(encoding="utf-8").replace("version: 1", f"version: {number}")
    text = text.replace("from: 2025-01-01T00:00:00Z", f"from: {start}").replace("to: open", f"to: {end}")
    return draft(text, path.name, people=None)


@pytest.fixture
def ending(at_work: DeskAtWork) -> DeskAtWork:
    """Return the desk with a proposal under a policy that ends at one o'clock, when nobody has said a word."""
    hour = (NOON + timedelta(hours=1)).isoformat()
    at_work.withdraw("delayed-withdrawal", "1")
    at_work.release(version("1.1", "2025-01-01T00:00:00Z", hour), version("2", hour, "open"))
    at_work.tell(ticket())
    at_work.work()
    assert at_work.proposal("CASE-1").policy_version == "1.1"
    return at_work


def test_an_approval_in_time_counts(ending: DeskAtWork) -> None:
    assert isinstance(ending.say("amelia", "CASE-1"), Decided)


def test_an_approval_after_the_policy_ended_is_stale_and_the_next_policy_proposes(ending: DeskAtWork) -> None:
    ending.time.pass_by(days=3)
    old = ending.proposal("CASE-1").fingerprint

    said = ending.say("amelia", "CASE-1")
    ending.work()

    assert isinstance(said, Stale)
    assert ending.stage("CASE-1") is Stage.AWAITING_APPROVAL
    assert (ending.proposal("CASE-1").policy_version, ending.proposal("CASE-1").revision) == ("2", 2)
    assert isinstance(ending.answer("amelia", "CASE-1", old), Stale)
    assert ending.provider.sendings == 0
    assert isinstance(ending.say("amelia", "CASE-1"), Decided)


def test_an_approval_after_the_last_policy_ended_puts_the_case_before_a_person(ending: DeskAtWork) -> None:
    ending.withdraw("delayed-withdrawal", "2")
    ending.time.pass_by(days=3)

    said = ending.say("amelia", "CASE-1")
    ending.work()

    assert isinstance(said, Stale)
    case = ending.case("CASE-1")
    assert isinstance(case, NeedsAttention)
    assert case.reason.startswith('No released policy decides "delayed_withdrawal" now.')
    assert ending.provider.sendings == 0


def test_twenty_late_approvals_make_one_new_proposal(ending: DeskAtWork) -> None:
    ending.time.pass_by(days=3)
    old = ending.proposal("CASE-1").fingerprint

    said = [ending.answer(person, "CASE-1", old) for person in ["amelia", "wei"] * 10]
    ending.work()

    assert all(isinstance(each, Stale) for each in said)
    assert ending.events("CASE-1").count("proposed") == 2
    assert ending.proposal("CASE-1").revision == 2


def test_who_may_not_approve_is_told_so_after_the_policy_ended_too(ending: DeskAtWork) -> None:
    ending.time.pass_by(days=3)

    said = ending.say("luca", "CASE-1")

    assert isinstance(said, NotAllowed)
    assert said.refusal is Refusal.NO_ROLE
    assert isinstance(ending.case("CASE-1"), AwaitingApproval)


def test_a_rejection_needs_no_policy_in_force(ending: DeskAtWork) -> None:
    ending.time.pass_by(days=3)

    assert isinstance(ending.say("amelia", "CASE-1", Verdict.REJECT), Decided)
    ending.work()

    assert ending.stage("CASE-1") is Stage.CLOSED
    assert ending.provider.sendings == 0
