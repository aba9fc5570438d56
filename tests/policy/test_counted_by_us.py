"""A limit that the product counts says over how long, of an input that nobody else works out."""

from datetime import UTC, datetime

import pytest

from policy.counting import counts_from
from policy.loading import load_policy
from policy.mistakes import BadPolicy
from tests.workflow.paid_in_parts import SHIPPED

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


def refused(*changes: tuple[str, str]) -> str:
    text = SHIPPED.replace("    over: 12 months\n", "    over: 12 months\n    counted by: makewhole\n")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(BadPolicy) as refusal:
        load_policy(text, "x.yaml")
    return str(refusal.value)


def test_only_makewhole_counts() -> None:
    assert 'x.yaml:66:17: "mkewhole" cannot count: write makewhole' in refused(("by: makewhole", "by: mkewhole"))


def test_the_time_must_say_a_length() -> None:
    said = refused(("over: 12 months", "over: a rolling year"))

    assert 'write "over" as 30 days or 12 months, not "a rolling year"' in said


def test_what_is_worked_out_is_not_counted() -> None:
    said = refused(("counting: goodwill_paid_12_months", "counting: value share"))

    assert 'let "counting" name an input: "value share" is worked out' in said


def test_one_input_is_counted_in_one_way() -> None:
    month = "name: in a month, at most: 600 USDT, counting: goodwill_paid_12_months, over: 30 days"

    assert "is counted in another way" in refused(("limits:\n", f"limits:\n  - {{{month}}}\n"))


@pytest.mark.parametrize(
    ("window", "since"),
    [
        ("30 days", "2026-03-01T12:00:00Z"),
        ("1 month", "2026-02-28T12:00:00Z"),
        ("12 months", "2025-03-31T12:00:00Z"),
        ("2 years", "2024-03-31T12:00:00Z"),
        ("36 hours", "2026-03-30T00:00:00Z"),
    ],
)
def test_a_time_is_counted_back_from_the_decision(window: str, since: str) -> None:
    assert counts_from(window, NOON) == datetime.fromisoformat(since)
