"""Which rules are proven to be out of reach, and which are not blamed."""

import time

import pytest

from policy.analysis import findings
from policy.loading import BadPolicy, load_policy, read_policy

#: Many times what it takes, since a busy machine counts too.
MOST_SECONDS = 0.5
NEVER = [
    "hours_late > 6 hours and hours_late >= 6 hours and hours_late <= 6 hours",
    "hours_late < 6 hours and hours_late <= 6 hours and hours_late >= 6 hours",
    "hours_late is at least 6 hours and hours_late is under 6 hours",
    "hours_late = 6 hours and hours_late != 6 hours",
    "sanctions_hit and not sanctions_hit",
    "delay_cause is platform and delay_cause is not platform",
    "value_usdt < 0 USDT",
    "not (fraud_score >= 0)",
    "delay_cause is [chain, customer] and not (delay_cause is chain or delay_cause is customer)",
]
REACHED = [
    "hours_late is at least 6 hours and hours_late is at most 6 hours",
    "hours_late is not 2 to under 6 hours",
    "hours_late > 1 hours or value_usdt > 5 USDT",
    "value_usdt * 2 > value_usdt",
    "fraud_score is one of [1, 2, 3]",
    "hours_late < 100 hours and value_usdt > 3 USDT",
]


def _with_first_rule(text: str, when: str) -> str:
    return text.replace("when: {hours_late: under 2 hours}", f"when: {when}", 1)


@pytest.mark.parametrize("when", NEVER)
def test_a_rule_whose_tests_exclude_each_other_is_named(when: str, withdrawal_text: str) -> None:
    with pytest.raises(BadPolicy, match='"less than two hours late" can never fit'):
        load_policy(_with_first_rule(withdrawal_text, when), "x.yaml")


@pytest.mark.parametrize("when", REACHED)
def test_a_rule_that_can_fit_is_not_blamed(when: str, withdrawal_text: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        load_policy(_with_first_rule(withdrawal_text, when), "x.yaml")

    assert 'two hours late" can never fit' not in str(refused.value)
    assert 'two hours late" is never reached' not in str(refused.value)


@pytest.mark.parametrize(
    ("first", "second", "hidden"),
    [
        ("hours_late is over 6 hours", "hours_late is at least 6 hours", False),
        ("hours_late is at least 6 hours", "hours_late is over 6 hours", True),
        ("hours_late is under 6 hours or hours_late is over 6 hours", "hours_late is 6 to 6 hours", False),
        ("hours_late is under 6 hours or hours_late is at least 6 hours", "sanctions_hit", True),
        ("sanctions_hit", "sanctions_hit and hours_late is over 6 hours", True),
        ("sanctions_hit and hours_late is over 6 hours", "sanctions_hit", False),
        ("value_usdt is at least 0 USDT", "hours_late is over 6 hours", True),
        ("value_usdt * 2 > value_usdt", "value_usdt * 2 > value_usdt", False),
    ],
)
def test_a_rule_is_hidden_only_when_all_of_it_is_taken(
    *, first: str, second: str, hidden: bool, withdrawal_text: str
) -> None:
    text = _with_first_rule(withdrawal_text, first)
    text = text.replace("when: {hours_late: 2 to under 6 hours}", f"when: {second}", 1)

    with pytest.raises(BadPolicy) as refused:
        load_policy(text, "x.yaml")

    assert ('"two to six hours late" is never reached' in str(refused.value)) is hidden


@pytest.mark.parametrize(("kind", "gap"), [("number", True), ("whole number", False)])
def test_between_whole_numbers_that_follow_each_other_there_is_no_gap(
    kind: str, *, gap: bool, withdrawal_text: str
) -> None:
    text = withdrawal_text.replace("fraud_score: number", f"fraud_score: {kind}")
    text = text.replace("{hours_late: under 2 hours}", "{fraud_score: 0 to 9}")
    text = text.replace("{hours_late: 2 to under 6 hours}", "{fraud_score: 10 to 20}")

    found = [each for each in findings(read_policy(text, "x.yaml")) if each.code == "gap"]

    assert bool(found) is gap
    assert all("fraud_score = 9.5" in each.what for each in found)


def test_what_is_worked_out_counts_for_what_is_possible(withdrawal_text: str) -> None:
    text = withdrawal_text.replace("value share: 0.5% of value_usdt", "value share: min(0.5% of value_usdt, 300 USDT)")
    text = text.replace("{hours_late: under 2 hours}", "{value share: over 300 USDT}")

    found = [each for each in findings(read_policy(text, "x.yaml")) if each.code == "never-fits"]

    assert [each.about for each in found] == ["less than two hours late"]


def test_forty_rows_are_analysed_at_once(withdrawal_text: str) -> None:
    head, rest = withdrawal_text.split("rules:\n", 1)
    rows = "".join(
        f"  - name: line {number}\n"
        f"    when: {{hours_late: {number} to under {number + 1} hours, value_usdt: over {number * 10} USDT}}\n"
        f"    then: goodwill\n    pay: min(max(value share, {number + 1} USDT), {number + 500} USDT)\n"
        for number in range(40)
    )
    last = "  - {name: rest, when: otherwise, then: goodwill, pay: 5 USDT}\n"
    policy = read_policy(f"{head}rules:\n{rows}{last}limits:{rest.split('limits:', 1)[1]}", "x.yaml")
    started = time.process_time()

    found = findings(policy)

    assert time.process_time() - started < MOST_SECONDS
    assert found == ()
