"""What is given beside an amount of 0 passes fraud gates and people, whichever way the claim is decided."""

from pathlib import Path

import polars as pl
import pytest

from policy.deciding import decide
from policy.explaining import explain, interpret
from policy.facts import read_facts
from policy.form import Policy
from policy.loading import BadPolicy, load_policy
from policy.many.deciding import decide_many
from policy.proposing import outcome_of
from policy.reasons import Reasoned

NO_FEES = {
    "loss_before_crash": "25000",
    "loss_in_outage": "0",
    "pool_share": "0",
    "liquidation_fees": "0",
    "sanctions_hit": "no",
}
CARD = """\
fraud scorecard:
  name: signs add up
  review from: 50
  signs:
    - {name: a score of 90, when: fraud_score is at least 90, points: 50}
approvals:
"""


@pytest.fixture(scope="module")
def text(policies: Path) -> str:
    """Return a policy that gives points where no fees were taken."""
    return (policies / "published" / "points-2025-10.yaml").read_text(encoding="utf-8")


def _ways(policy: Policy, told: dict[str, str]) -> tuple[set[tuple[str, str]], Reasoned]:
    """Return what decides and what the claim is held to be, in every way there is, and the reasons."""
    facts = read_facts(policy, told.items())
    fast, slow, noted = decide(policy, facts.values), interpret(policy, facts), explain(policy, told.items())
    assert isinstance(slow, Reasoned)
    assert isinstance(noted, Reasoned)
    assert fast == outcome_of(slow) == outcome_of(noted)
    assert noted == slow
    row = decide_many(policy, pl.DataFrame([told]), approvals=True, check=0).row(0, named=True)
    assert row["in_columns"]
    assert (row["amount_minor"], row["people"]) == (0, sum(each.quorum for each in slow.approvals))
    return {(fast.rule, fast.classification), (row["rule"], row["classification"])}, noted


@pytest.mark.parametrize(
    ("score", "ending"),
    [
        ("79", ("no liquidation fees, points only", "goodwill")),
        ("80", ("fraud score of 80 or more", "fraud_review")),
    ],
)
def test_points_beside_an_amount_of_0_pass_the_fraud_gates(text: str, score: str, ending: tuple[str, str]) -> None:
    ways, reasons = _ways(load_policy(text, "points.yaml"), NO_FEES | {"fraud_score": score})

    assert ways == {ending}
    assert reasons.amount is not None
    assert reasons.amount.minor == 0
    assert reasons.benefits == (("points", "150 POINTS"),)


def test_points_beside_an_amount_of_0_pass_the_scorecard(text: str) -> None:
    gated = text.replace("fraud_score is at least 80", "fraud_score is at least 99").replace("approvals:\n", CARD, 1)

    ways, _ = _ways(load_policy(gated, "points.yaml"), NO_FEES | {"fraud_score": "90"})

    assert ways == {("signs add up", "fraud_review")}


def test_a_score_that_is_not_known_is_asked_for_where_points_are_given(text: str) -> None:
    policy = load_policy(text, "points.yaml")

    row = decide_many(policy, pl.DataFrame([NO_FEES]), check=0).row(0, named=True)

    assert (row["rule"], row["missing"]) == (None, "fraud_score")
    assert not isinstance(explain(policy, NO_FEES.items()), Reasoned)


def test_points_are_not_given_with_nobody_agreeing(text: str) -> None:
    row = "  - when: {amount: 0}\n    stages: none\n"
    place = "  - when: {classification: fraud review, amount: up to 1000 USDC}\n"

    with pytest.raises(BadPolicy, match='goodwill, 0: "points" could be given with nobody agreeing'):
        load_policy(text.replace(place, row + place), "points.yaml")


def test_points_are_not_given_with_nobody_agreeing_where_nothing_is_proven_of_the_matrix(text: str) -> None:
    compared = "  - when: loss_before_crash > loss_in_outage and amount is 0\n    stages: none\n"
    place = "  - when: {classification: fraud review, amount: up to 1000 USDC}\n"

    with pytest.raises(BadPolicy, match="something could be paid or given with nobody agreeing"):
        load_policy(text.replace(place, compared + place), "points.yaml")
