"""Parts, instalments and budgets come to exactly what there is."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.money import Money
from policy.explaining import explain
from policy.interpreting import Unknown
from policy.loading import load_policy, read_policy
from policy.mistakes import BadPolicy
from policy.payments import pro_rata, split, taken
from policy.reasons import Reasoned
from tests.policy.test_language_page import BLOCKS

amounts = st.builds(Money, minor=st.integers(0, 10**40), code=st.sampled_from(["USDT", "JPY", "ETH"]))
asked = st.lists(st.integers(0, 10**12).map(lambda minor: Money(minor=minor, code="USDC")), min_size=1, max_size=40)


@given(amount=amounts, count=st.integers(1, 120), larger_first=st.booleans())
def test_instalments_come_to_the_amount(amount: Money, count: int, *, larger_first: bool) -> None:
    found = split(amount, count, larger_first=larger_first)

    assert len(found) == count
    assert sum((each.minor for each in found), start=0) == amount.minor
    assert max(each.minor for each in found) - min(each.minor for each in found) <= (1 if larger_first else count - 1)
    assert sorted(found, key=lambda each: -each.minor if larger_first else each.minor) == list(found)


def test_a_hundred_yen_in_three() -> None:
    yen = Money(minor=100, code="JPY")

    assert [each.minor for each in split(yen, 3, larger_first=True)] == [34, 33, 33]
    assert [each.minor for each in split(yen, 3, larger_first=False)] == [33, 33, 34]


@given(claims=asked, budget=st.integers(0, 10**13))
def test_a_budget_is_used_to_the_last_unit_and_nobody_gets_more_than_asked(claims: list[Money], budget: int) -> None:
    found = pro_rata(claims, Money(minor=budget, code="USDC"))

    total = sum(each.minor for each in claims)
    assert sum(each.minor for each in found) == min(total, budget)
    assert all(0 <= got.minor <= claim.minor for got, claim in zip(found, claims, strict=True))
    for got, claim in zip(found, claims, strict=True):
        exact = Fraction(claim.minor * min(total, budget), total or 1)
        assert abs(got.minor - exact) < 1


@given(claims=asked, budget=st.integers(0, 10**13))
def test_who_asked_for_more_never_gets_less(claims: list[Money], budget: int) -> None:
    found = pro_rata(claims, Money(minor=budget, code="USDC"))

    pairs = sorted(zip(claims, found, strict=True), key=lambda each: each[0].minor)
    for (less, low), (more, high) in pairwise(pairs):
        assert low.minor <= high.minor or less.minor == more.minor


def test_largest_remainders_get_the_units_left_over() -> None:
    claims = [Money(minor=minor, code="JPY") for minor in (50, 30, 20)]

    assert [each.minor for each in pro_rata(claims, Money(minor=11, code="JPY"))] == [6, 3, 2]


@pytest.mark.parametrize(
    ("wanted", "left", "expected"),
    [
        (None, 500, 500),
        (Decimal("1.009"), 500, 100),
        (Fraction(10, 3), 500, 333),
        (Decimal(9), 500, 500),
        (Decimal(-9), 500, 0),
    ],
)
def test_a_part_takes_whole_units_of_what_is_left(wanted: Decimal | Fraction | None, left: int, expected: int) -> None:
    assert taken(wanted, Money(minor=left, code="EUR")) == Money(minor=expected, code="EUR")


def test_a_part_is_taken_where_its_condition_holds_and_says_what_decided(plans: Path) -> None:
    policy = load_policy((plans / "market-outage.yaml").read_text(encoding="utf-8"), "market-outage.yaml")
    told = dict(policy.examples[0].given)

    for choice, voucher in (("voucher", "9800.00 USDT"), ("cash", "0.00 USDT")):
        found = explain(policy, {**told, "choice": choice}.items())
        assert isinstance(found, Reasoned)
        line = next(each for each in found.derivation if each.name == "part: a voucher")
        assert line.filled == f"if {choice} is voucher then 9800 else 0"
        assert line.value == f"{voucher} voucher, due"
        assert sum(each.amount.minor for each in found.payments) == 9_800_000_000


def test_the_last_part_takes_the_rest_whatever_holds(plans: Path) -> None:
    text = (plans / "market-outage.yaml").read_text(encoding="utf-8")

    with pytest.raises(BadPolicy, match="the last part takes the rest whatever holds"):
        load_policy(text.replace("  - name: in cash\n", "  - name: in cash\n    when: rejected\n"), "x.yaml")


@pytest.mark.parametrize(("form", "ends"), [("voucher", True), ("credit", True), ("cash", False)])
def test_a_voucher_and_a_credit_may_have_an_end(form: str, *, ends: bool) -> None:
    text = next(each for each in BLOCKS if each.startswith("policy: outage-refund"))
    text = text.replace("as: voucher\n", f"as: {form}\n").replace("USDC voucher, due", f"USDC {form}, due")

    if ends:
        assert read_policy(text, "plan.yaml").parts[2].valid_for == "2 years"
        return
    with pytest.raises(BadPolicy, match='"valid for" stands only with "as: voucher" or "as: credit"'):
        read_policy(text, "plan.yaml")


def test_only_a_part_that_waits_stops_to_wait() -> None:
    text = next(each for each in BLOCKS if each.startswith("policy: outage-refund"))

    assert read_policy(text, "plan.yaml").parts[-1].lapses_after == "1 year"
    with pytest.raises(BadPolicy, match='"lapses after" stands only with "waits for"'):
        read_policy(text.replace("    waits for: verified ", "    # "), "plan.yaml")
    with pytest.raises(BadPolicy, match='write "soon" as a time: "30 days"'):
        read_policy(text.replace("lapses after: 1 year", "lapses after: soon"), "plan.yaml")


def test_a_part_that_is_not_taken_asks_for_no_price(plans: Path) -> None:
    text = (plans / "market-outage.yaml").read_text(encoding="utf-8")
    in_coins = "as: in kind\n    asset: OKB\n    at: okb price"
    text = text.replace("as: voucher\n    valid for: 2 years", in_coins)
    text = text.replace("  choice: one of", "  okb price: positive rate OKB per USDT\n  choice: one of", 1)
    text = text.replace("  choice: cash\n", "  okb price: 0.02\n  choice: cash\n", 1)
    policy = read_policy(text, "market-outage.yaml")
    told = {name: value for name, value in policy.examples[0].given if name != "okb price"}

    cash = explain(policy, told.items())
    coins = explain(policy, {**told, "choice": "voucher", "okb price": "0.02"}.items())
    wanting = explain(policy, {**told, "choice": "voucher"}.items())

    assert isinstance(cash, Reasoned)
    assert isinstance(coins, Reasoned)
    assert [str(each) for each in cash.payments] == ["0.00 OKB for 0.00 USDT in kind, due", "9800.00 USDT cash, due"]
    assert str(coins.payments[0]) == "196.00 OKB for 9800.00 USDT in kind, due"
    assert isinstance(wanting, Unknown)
    assert wanting.needed == {"okb price"}
