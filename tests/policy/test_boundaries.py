"""The boundary suite of a policy: made from its text, the same by every path, and no spoiled policy passes it."""

import itertools
from pathlib import Path

import pytest

from policy.boundaries import boundary_cases
from policy.edges import edges
from policy.form import Policy
from policy.loading import read_policy
from tests.policy.equality import compared, generated, shipped
from tests.policy.mutations import Judge
from tests.policy.spoiling import mutants

SHIPPED = dict(shipped())


@pytest.fixture(scope="module")
def withdrawals() -> Policy:
    return SHIPPED["delayed-withdrawal"]


def test_the_suite_stands_just_below_at_and_just_above_every_threshold(withdrawals: Policy) -> None:
    suite = boundary_cases(withdrawals)

    hours = {each["hours_late"] for each in suite if "hours_late" in each}
    limit = {each["goodwill_paid_12_months"] for each in suite if "goodwill_paid_12_months" in each}
    assert {"1.999999", "2", "2.000001", "5.999999", "71.999999", "72", "72.000001"} <= hours
    assert {"599.999999", "600", "600.000001"} <= limit


def test_the_suite_finds_where_a_cap_that_is_worked_out_begins_to_bind(withdrawals: Policy) -> None:
    values = {each["value_usdt"] for each in boundary_cases(withdrawals) if "value_usdt" in each}

    # Half a percent is rounded: it comes to a whole unit at every 0.0002 and to half a unit between them.
    assert any(value.endswith(("9999", "99999999")) for value in values)
    assert {"1000000000", "0"} <= values


def test_the_suite_leaves_every_input_out_once(withdrawals: Policy) -> None:
    suite = boundary_cases(withdrawals)

    for each in withdrawals.inputs:
        assert any(each.name not in case and len(case) == len(withdrawals.inputs) - 1 for case in suite), each.name


def test_the_same_policy_has_the_same_suite(withdrawals: Policy) -> None:
    assert boundary_cases(withdrawals) == boundary_cases(withdrawals)


@pytest.mark.parametrize("file", SHIPPED)
def test_compiled_policy_columns_and_interpreter_agree_at_every_boundary(file: str) -> None:
    policy = SHIPPED[file]

    found = compared(policy, list(boundary_cases(policy, bases=3, mixed=50)), explain_every=10)

    assert found.differences == ()
    assert found.in_columns > found.cases / 2


@pytest.mark.parametrize("file", list(SHIPPED)[1::4])
def test_compiled_policy_columns_and_interpreter_agree_on_generated_cases(file: str) -> None:
    found = compared(SHIPPED[file], list(generated(SHIPPED[file], 100, seed=3)), explain_every=10)

    assert found.differences == ()
    assert found.decided > found.cases / 4


@pytest.mark.parametrize("file", list(SHIPPED)[2:20:4])
def test_no_spoiled_policy_passes_the_suite_of_the_sound_one(file: str) -> None:
    judge = Judge(SHIPPED[file], mixed=100)

    spoiled = list(itertools.islice(mutants(judge.policy), 3, None, 37))

    passed = [each for each in spoiled if not judge.catches(each.policy)]
    assert [each.what for each in passed if judge.differs(each.policy, mixed=100)] == []
    assert len(spoiled) > 1


def test_every_shipped_policy_can_be_spoiled_in_many_ways() -> None:
    spoiled = [each.kind for policy in SHIPPED.values() for each in mutants(policy)]

    assert len(spoiled) > 2_000
    assert len(set(spoiled)) > 25


def test_an_example_may_give_a_list_that_cannot_be_read() -> None:
    text = (Path(__file__).parent / "plans" / "netted-top-up.yaml").read_text(encoding="utf-8")
    unreadable = """
  - name: without a time
    source: ours
    given: {trades: [{result: 1, closed_at: yesterday}]}
    expect: {missing: [trades]}
"""
    text = text.replace("    list of up to: 200\n", "    list of up to: 200\n    each once by: [closed_at]\n")
    text = text.replace("\nexamples:\n", f"\nexamples:{unreadable}")

    tried = edges(read_policy(text, "plan.yaml"))["trades"]

    assert any("yesterday" in each for each in tried)
