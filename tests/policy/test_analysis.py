"""Which rules are proven to be out of reach, and which are not blamed."""

import pytest

from policy.loading import BadPolicy, load_policy

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
