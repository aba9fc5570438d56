"""A price that is wanting is named: for which time, of which item, and why there is none."""

import pytest

from policy.explaining import explain
from policy.facts import read_facts
from policy.form import Policy
from policy.interpreting import Unknown
from policy.items import items_text
from policy.loading import read_policy
from policy.proposing import missing
from tests.policy.equality import compared
from tests.policy.test_language_page import BLOCKS

MORE = """\
  fills:
    list of up to: 5
    each:
      filled_at: time
  fair: prices EUR
works out:
  difference: {}
  price share: 10% of price
"""
HELD = "2026-05-04T08:00:00Z 100; 2026-05-04T08:10:00Z 110; 2026-05-04T08:30:00Z 90"
GIVEN = {"cause": "us", "hours_late": "96", "price": "80", "fraud_score": "0", "paid_12_months": "0"}


def plan(difference: str) -> Policy:
    """Return the policy of the language page, paying what is worked out with prices of fills."""
    text = BLOCKS[0].replace("works out:                         # may use the inputs and what stands above\n", "")
    text = text.replace("  price share: 10% of price\n", MORE.format(difference), 1)
    text = text.replace("\n\n  fills:", "\n  fills:").replace("max(price share, 5 EUR)", "max(price share, difference)")
    return read_policy(text, "plan.yaml")


def said(policy: Policy, prices: str, *filled_at: str) -> tuple[tuple[str, str], ...]:
    fills = items_text([{"filled_at": f"2026-05-04T{each}Z"} for each in filled_at])
    given = {**GIVEN, "fills": fills, "fair": prices}
    found = explain(policy, given.items())
    assert isinstance(found, Unknown)
    return missing(read_facts(policy, given.items()), found).problems


@pytest.mark.parametrize(
    ("prices", "why"),
    [
        (HELD, "the last one is of 2026-05-04 08:30:00 UTC, more than 1 minute before"),
        ("2026-05-04T08:50:00Z 100", "the first one is of 2026-05-04 08:50:00 UTC"),
        ("2026-05-04T08:39:30Z 1; gap 2026-05-04T08:40:00Z 2026-05-04T08:41:00Z", "a gap from 2026-05-04 08:40:00 UTC"),
        ("gap 2026-05-04T08:20:00Z 2026-05-04T08:30:00Z", "there is none before"),
    ],
)
def test_the_item_the_time_and_the_reason_are_named(prices: str, why: str) -> None:
    policy = plan("total(fills, price at(fair, filled_at, 1 minutes))")

    ((name, problem),) = said(policy, prices, "08:40:00")

    assert name == "fair"
    assert problem.startswith(f"holds no price for 2026-05-04 08:40:00 UTC (fills item 1): {why}")


def test_of_many_items_without_a_price_the_first_are_named() -> None:
    policy = plan("total(fills, price at(fair, filled_at, 90 minutes) + price at(fair, filled_at, 1 minutes))")

    ((_, problem),) = said(policy, HELD, "08:11:00", "08:12:00", "08:13:00", "08:14:00", "08:15:00")

    assert problem.count("more than 1 minute before") == 3
    assert "(fills item 1)" not in problem
    assert "(fills item 4): the last one is of 2026-05-04 08:10:00 UTC, more than 1 minute before; 1 more" in problem


def test_of_the_last_item_only_its_own_price_is_asked_for() -> None:
    policy = plan("last(fills, price at(fair, filled_at, 1 minutes) by filled_at)")
    fills = [
        items_text([{"filled_at": f"2026-05-04T{each}Z"} for each in ("08:20:00", last)])
        for last in ("08:30:00", "08:40:00")
    ]

    found = compared(policy, [{**GIVEN, "fills": each, "fair": HELD} for each in fills], explain_every=1)

    assert (found.differences, found.decided) == ((), 1)
    ((_, problem),) = said(policy, HELD, "08:20:00", "08:40:00")
    assert problem.startswith("holds no price for 2026-05-04 08:40:00 UTC (fills item 2)")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (
            "highest(fair, 2026-05-04T08:11:00Z to under 2026-05-04T08:30:00Z)",
            "holds no price from 2026-05-04 08:11:00 UTC to under 2026-05-04 08:30:00 UTC: none lies in it",
        ),
        (
            "highest(fair, 2026-05-04T08:30:00Z to 2026-05-04T08:11:00Z)",
            "holds no price from 2026-05-04 08:30:00 UTC to 2026-05-04 08:11:00 UTC: the window is empty",
        ),
        (
            "twap(fair, 2026-05-04T07:59:59Z to under 2026-05-04T08:30:00Z)",
            (
                "holds no price from 2026-05-04 07:59:59 UTC to under 2026-05-04 08:30:00 UTC: none stood at its start,"
                " the first one is of 2026-05-04 08:00:00 UTC"
            ),
        ),
        (
            "twap(fair, 2026-05-04T08:10:00Z to 2026-05-04T08:10:00Z)",
            "holds no price from 2026-05-04 08:10:00 UTC to 2026-05-04 08:10:00 UTC: the window is empty",
        ),
        (
            "vwap(fair, 2026-05-04T08:10:00Z to 2026-05-04T08:10:00Z)",
            (
                "holds no price from 2026-05-04 08:10:00 UTC to 2026-05-04 08:10:00 UTC: a price in it has no volume,"
                " or nothing was traded"
            ),
        ),
    ],
)
def test_a_window_without_a_price_says_what_is_wrong_with_it(asked: str, why: str) -> None:
    assert said(plan(f"1 * number of(fills) * {asked}"), HELD) == (("fair", why),)


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ("2026-05-04T08:00:00Z 1; gap 2026-05-04T08:05:00Z 2026-05-04T08:06:00Z", "a gap from 2026-05-04 08:05:00 UTC"),
        ("gap 2026-05-04T07:00:00Z 2026-05-04T07:01:00Z", "none stood at its start"),
    ],
)
def test_an_average_by_time_says_which_gap_lies_between(held: str, why: str) -> None:
    policy = plan("1 * number of(fills) * twap(fair, 2026-05-04T08:10:00Z to 2026-05-04T08:20:00Z)")

    ((_, problem),) = said(policy, held)

    assert f": {why}" in problem
