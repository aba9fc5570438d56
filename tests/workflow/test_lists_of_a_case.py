"""A case about several trades: the list comes with the account data, is stored as it came, and decides again."""

from dataclasses import replace
from pathlib import Path

import pytest

from cases.case import NeedsAttention
from cases.loss import LossKind
from policy.book import read_policy_file
from policy.recomputing import recompute
from tests.workflow.desk_at_work import ROOT, TOPICS, DeskAtWork
from tests.workflow.played_vendors import ticket
from workflow.submitting import Draft, draft

PLAN = ROOT / "tests" / "policy" / "plans" / "netted-top-up.yaml"
TOPIC = "netted_top_up"
TRADES = '[{"result": "-1000.000001", "closed_at": "2026-02-10T11:00:00Z", "pair": "BTC"}]'


@pytest.fixture
def plan(at_work: DeskAtWork) -> Draft:
    """Release a plan about several trades; the account data knows one."""
    written = draft(read_policy_file(Path(PLAN)), PLAN.name, people=None)
    at_work.release(written)
    at_work.desk = replace(at_work.desk, topics={**TOPICS, TOPIC: LossKind.INCIDENT})
    at_work.facts = {"trades": TRADES, "paid_by_first": "0", "fraud_score": "0"}
    return written


def _tell(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1", loss=None, topic=TOPIC, incident_id="I-1"))
    at_work.work()


def test_a_proposal_about_several_trades_follows_from_what_is_stored_with_it(at_work: DeskAtWork, plan: Draft) -> None:
    _tell(at_work)

    proposal = at_work.proposal("CASE-1")
    assert str(proposal.amount) == "700.000001 USDT"
    assert dict(proposal.inputs)["trades"] == TRADES
    assert recompute(plan.policy, proposal) == ()


def test_a_list_that_cannot_be_read_leaves_the_case_to_a_person_who_is_told_which_item(
    at_work: DeskAtWork, plan: Draft
) -> None:
    at_work.facts["trades"] = TRADES.replace("-1000.000001", "-1000,00")

    _tell(at_work)

    case = at_work.case("CASE-1")
    assert isinstance(case, NeedsAttention)
    assert plan.policy.version == "1"
    assert case.missing == ('trades: item 1: result is "-1000,00", a plain number is needed',)
