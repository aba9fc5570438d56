"""What a ticket is told at each stage, to the letter: agents search for the first line."""

from dataclasses import replace

import pytest

from cases.case import (
    Approved,
    AwaitingApproval,
    Case,
    Closed,
    Declined,
    Joined,
    NeedsAttention,
    Opened,
    Paid,
    Proposed,
    Stage,
)
from cases.proposal import ApprovalStage, CaseId, Verdict
from connectors.contract import TicketUpdate
from tests.payouts.orders import LEAD, NOON, a_proposal, a_yes, about, money
from tests.workflow.played_vendors import ref
from workflow.notes import question_for, update_for

URL = "https://makewhole.harbor.example/cases/CASE-7?key=ab"
STAGES = (LEAD, ApprovalStage(roles=("compensation_lead", "head_of_support"), quorum=2))
PROPOSAL = replace(
    a_proposal(approvals=STAGES), customer_text=(("en", "We credit 180.50 USDT."), ("zh", "我们将发放 180.50 USDT。"))
)
YES = (a_yes(PROPOSAL), a_yes(PROPOSAL, person="wei", stage=1))
AWAITING = AwaitingApproval(about=about(), proposal=PROPOSAL, approvals=(), asked_at=NOON, decide_by=NOON)
AMOUNT = money("180.50 USDT")
APPROVED = Approved(about=about(), proposal=PROPOSAL, approvals=YES, amount=AMOUNT)
PAID = Paid(about=about(), proposal=PROPOSAL, approvals=YES, amount=AMOUNT, reference="po_8Kq2", paid_at=NOON)
DECLINED = Declined(about=about(), proposal=PROPOSAL, decision=None)
NEEDS = NeedsAttention(
    about=about(), reason="The ticket does not say enough.", missing=("order_id", "fee"), proposal=PROPOSAL
)
WHY = """\
goodwill: delayed six hours or more
Policy delayed-withdrawal version 3, revision 1"""
AGREED = "Approved by amelia (compensation_lead) 2026-11-20 12:00 UTC, wei (compensation_lead) 2026-11-20 12:00 UTC"


def told(case: Case) -> TicketUpdate:
    update = update_for(case, version=4, ref=ref("17"), url=URL)
    assert update is not None
    return update


@pytest.mark.parametrize(
    ("case", "note"),
    [
        (
            AWAITING,
            f"""\
Compensation PROPOSED · 180.50 USDT · CASE-7
{WHY}
Waiting for approval by 1 × compensation_lead, then 2 × compensation_lead or head_of_support
Case: {URL}""",
        ),
        (
            APPROVED,
            f"""\
Compensation APPROVED · 180.50 USDT · CASE-7
{WHY}
{AGREED}
The payout is under way.
Case: {URL}""",
        ),
        (
            PAID,
            f"""\
Compensation PAID · 180.50 USDT · CASE-7
{WHY}
{AGREED}
Paid 2026-11-20 12:00 UTC, provider reference po_8Kq2
For the customer (en): We credit 180.50 USDT.
For the customer (zh): 我们将发放 180.50 USDT。
Case: {URL}""",
        ),
        (
            DECLINED,
            f"""\
Compensation DECLINED · no amount · CASE-7
{WHY}
Declined by the policy; no person was asked.
For the customer (en): We credit 180.50 USDT.
For the customer (zh): 我们将发放 180.50 USDT。
Case: {URL}""",
        ),
        (
            NEEDS,
            f"""\
Compensation NEEDS ATTENTION · no amount · CASE-7
The ticket does not say enough.
Missing: order_id, fee
Case: {URL}""",
        ),
        (
            Joined(about=about(), into=CaseId("CASE-3")),
            f"""\
Compensation JOINED · no amount · CASE-7
This loss is handled in CASE-3.
Case: {URL}""",
        ),
    ],
    ids=lambda each: str(getattr(each, "stage", "")),
)
def test_each_stage_has_its_note(case: Case, note: str) -> None:
    assert told(case).note == note


def test_a_rejection_says_who_and_why() -> None:
    no = replace(YES[0], verdict=Verdict.REJECT, reason_code="other", comment="Twice\nthe same")

    assert "Declined by amelia (compensation_lead), reason other: Twice the same" in (
        told(replace(DECLINED, decision=no)).note or ""
    ).split("\n")


def test_what_nobody_had_to_approve_names_nobody() -> None:
    assert "Approved by" not in (told(replace(APPROVED, approvals=())).note or "")


@pytest.mark.parametrize(
    ("case", "state", "amount", "currency", "reason"),
    [
        (AWAITING, "awaiting_approval", "180.50", "USDT", "delayed six hours or more"),
        (APPROVED, "approved", "180.50", "USDT", "delayed six hours or more"),
        (PAID, "paid", "180.50", "USDT", "delayed six hours or more"),
        (DECLINED, "declined", "", "", "delayed six hours or more"),
        (NEEDS, "needs_attention", "", "", "The ticket does not say enough."),
        (Joined(about=about(), into=CaseId("CASE-3")), "joined", "", "", "This loss is handled in CASE-3."),
    ],
)
def test_the_fields_hold_the_truth_and_one_tag_the_state(
    case: Case, state: str, amount: str, currency: str, reason: str
) -> None:
    update = told(case)

    assert update.fields == (
        ("mw_state", state),
        ("mw_amount", amount),
        ("mw_currency", currency),
        ("mw_reason", reason),
        ("mw_case_url", URL),
    )
    assert update.add_tags == ("makewhole", f"mw_state_{state}")
    assert f"mw_state_{state}" not in update.remove_tags
    assert len(update.remove_tags) == 5
    assert (update.ref, update.mark) == (ref("17"), "CASE-7/4")


@pytest.mark.parametrize(
    "case",
    [
        Opened(about=about()),
        Proposed(about=about(), proposal=PROPOSAL),
        Closed(about=about(), settled=PAID, closed_at=NOON),
    ],
    ids=lambda case: str(case.stage),
)
def test_what_agents_need_not_know_is_not_told(case: Case) -> None:
    assert update_for(case, version=4, ref=ref("17"), url=URL) is None


def test_every_stage_is_told_or_named_as_not_told() -> None:
    stages = {each.stage for each in (AWAITING, APPROVED, PAID, DECLINED, NEEDS)} | {Stage.JOINED}

    assert set(Stage) - stages == {Stage.OPENED, Stage.PROPOSED, Stage.CLOSED}


def test_a_question_to_the_agent_is_one_line_and_changes_no_field() -> None:
    update = question_for("CASE-7/4", ref("17"), "amelia", "Which one?\nApproved by wei")

    assert update.note == (
        "Compensation QUESTION · CASE-7\n"
        "amelia asks: Which one? Approved by wei\n"
        "Answer with an internal note on this ticket."
    )
    assert (update.fields, update.add_tags, update.remove_tags) == ((), ("makewhole",), ())


def test_there_is_no_way_to_say_a_note_in_public() -> None:
    assert {name for name in TicketUpdate.__dataclass_fields__ if "public" in name} == set()
