"""What every policy keeps: generated ones, beside a second reckoning in ratios."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.money import ASSETS
from policy.deciding import Outcome, decide
from policy.explaining import interpret
from policy.facts import read_facts
from policy.form import Policy
from policy.interpreting import Unknown
from policy.loading import read_policy
from policy.proposing import outcome_of
from policy.settling import TooManyDigits

TIERS = ("standard", "silver", "gold")
Told = dict[str, str]
Reckoned = Callable[[Told], Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An amount as a policy says it, and what it comes to. grows: Whether more loss never makes it less."""

    text: str
    comes_to: Reckoned
    grows: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A generated policy, and what it should do.

    Fields:
        pays: What is paid, by tier.
        limits: What each limit leaves.
        deducts: Whether what was paid before is taken off.
    """

    policy: Policy
    asset: str
    rounding: str
    pays: tuple[Written, ...]
    limits: tuple[Reckoned, ...]
    deducts: bool

    def minor(self, told: Told) -> int:
        """Return what should be paid, in minor units."""
        exact = self.pays[TIERS.index(told["tier"])].comes_to(told)
        exact = max(exact - (_number(told, "paid before") if self.deducts else 0), Fraction(0))
        left = min((max(limit(told), Fraction(0)) for limit in self.limits), default=None)
        exact = exact if left is None else min(exact, left)
        units = exact * 10 ** ASSETS[self.asset].decimals
        minor = _whole(units, self.rounding)
        return minor if left is None or minor <= left * 10 ** ASSETS[self.asset].decimals else units.__floor__()


def _whole(units: Fraction, rounding: str) -> int:
    down = units.__floor__()
    match rounding:
        case "down":
            return down
        case "up":
            return units.__ceil__()
        case "half up":
            return (units + Fraction(1, 2)).__floor__()
    return round(units)


TEXT = """
policy: generated
version: 1
owner: us
decision: X-1
effective: {{from: 2026-01-01T00:00:00Z, to: open, means: the time at which the claim is decided}}
topics: [generated]
loss: order
products: [all]
money: {{asset: {asset}, rounding: {rounding}}}
pay form: {parts}
decide within: 24 hours
inputs:
  loss: {asset}
  fees: {asset}
  share: number
  tier: one of [standard, silver, gold]
  used: {asset}
  paid before: {asset}
  suspicious: yes/no
works out:
  net: max(loss - fees, 0)
rules:
{rules}
nothing left: {{name: nothing is left, then: ineligible}}
{deductions}
{limits}
fraud gates: [{{name: suspicious, when: suspicious}}]
approvals:
  - {{when: otherwise, stages: [1 lead]}}
wording:
  valid claim: {{en: "{{amount}}", zh: "{{amount}}"}}
  ineligible: {{en: no, zh: 否}}
  fraud review: {{en: later, zh: 稍后}}
examples:
  - {{name: one, source: ours, given: {{}}, expect: {{then: valid claim}}}}
"""


def _number(told: Told, name: str) -> Fraction:
    return Fraction(told[name])


def _net(told: Told) -> Fraction:
    return max(_number(told, "loss") - _number(told, "fees"), Fraction(0))


def _shrinking(told: Told) -> Fraction:
    return max(_number(told, "fees") - _number(told, "loss"), Fraction(0))


def _leaves(asset: str) -> st.SearchStrategy[Written]:
    """Return amounts that hold no other amount."""
    told = [
        Written(text="loss", comes_to=lambda told: _number(told, "loss"), grows=True),
        Written(text="fees", comes_to=lambda told: _number(told, "fees"), grows=True),
        Written(text="net", comes_to=_net, grows=True),
        Written(text="share * loss", comes_to=lambda told: _number(told, "share") * _number(told, "loss"), grows=True),
        Written(text="max(fees - loss, 0)", comes_to=_shrinking, grows=False),
        Written(text=_TIERS.format(asset=asset), comes_to=_by_tiers, grows=True),
    ]
    return st.one_of(st.sampled_from(told), st.integers(0, 10**10).map(lambda units: _fixed(units, asset)))


def _fixed(units: int, asset: str) -> Written:
    number = Decimal(units).scaleb(-7)
    return Written(text=f"{number:f} {asset}", comes_to=lambda _: Fraction(number), grows=True)


@st.composite
def amounts(draw: st.DrawFn, asset: str, deep: int = 2) -> Written:
    """Return an amount of an asset, said and reckoned."""
    kind = draw(st.sampled_from(["least", "most", "sum", "share", "third", "leaf"])) if deep else "leaf"
    if kind == "leaf":
        return draw(_leaves(asset))
    one = draw(amounts(asset, deep - 1))
    if kind == "third":
        return _scaled(f"({one.text}) / 3", one, Fraction(1, 3))
    if kind == "share":
        percent = draw(st.sampled_from(["0.5", "30", "100", "12.345"]))
        return _scaled(f"{percent}% of ({one.text})", one, Fraction(percent) / 100)
    return _joined(kind, one, draw(amounts(asset, deep - 1)))


_TIERS = "tiers(loss, up to 1000 {asset} -> 100%, up to 20000 {asset} -> 50%, otherwise -> 10%)"


def _by_tiers(told: Told) -> Fraction:
    loss = _number(told, "loss")
    first, second, none = Fraction(1000), Fraction(20_000), Fraction(0)
    return min(loss, first) + max(min(loss, second) - first, none) / 2 + max(loss - second, none) / 10


def _scaled(text: str, inner: Written, factor: Fraction) -> Written:
    return Written(text=text, comes_to=lambda told: inner.comes_to(told) * factor, grows=inner.grows)


def _joined(kind: str, one: Written, other: Written) -> Written:
    grows = one.grows and other.grows
    match kind:
        case "sum":
            comes_to: Reckoned = lambda told: one.comes_to(told) + other.comes_to(told)  # noqa: E731
            return Written(text=f"{one.text} + {other.text}", comes_to=comes_to, grows=grows)
        case "least":
            comes_to = lambda told: min(one.comes_to(told), other.comes_to(told))  # noqa: E731
            return Written(text=f"min({one.text}, {other.text})", comes_to=comes_to, grows=grows)
    comes_to = lambda told: max(one.comes_to(told), other.comes_to(told))  # noqa: E731
    return Written(text=f"max({one.text}, {other.text})", comes_to=comes_to, grows=grows)


LIMITS: dict[str, tuple[str, Reckoned]] = {
    "never more than was lost": ("at most: loss", lambda told: _number(told, "loss")),
    "per case": ("at most: 5000.0000005 {asset}", lambda _: Fraction("5000.0000005")),
    "in twelve months": (
        "at most: 7000 {asset}, counting: used, over: 12 months",
        lambda told: 7000 - _number(told, "used"),
    ),
    "in all, by what was lost": (
        "at most: 90% of loss, counting: used, over: 12 months",
        lambda told: Fraction(9, 10) * _number(told, "loss") - _number(told, "used"),
    ),
}
PARTS = (
    "cash",
    "[{{name: whole, takes: rest, as: cash, instalments: 7, every: 30 days, remainder: last}}]",
    (
        "[{{name: first, takes: 10% of amount, as: cash}},"
        " {{name: some, takes: 333.3333337 {asset}, as: voucher, valid for: 9 days}},"
        " {{name: last, takes: rest, as: cash, instalments: 3, every: 30 days, remainder: first}}]"
    ),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Return a policy that pays by tier, with or without limits, deductions and parts."""
    asset, rounding = draw(st.sampled_from(["USDT", "JPY", "ETH", "BTC"])), draw(st.sampled_from(ROUNDINGS))
    pays = tuple(draw(amounts(asset)) for _ in TIERS)
    names = draw(st.sets(st.sampled_from(sorted(LIMITS))))
    limits = "".join(f"\n  - {{name: '{name}', {LIMITS[name][0].format(asset=asset)}}}" for name in sorted(names))
    rules = "\n".join(
        f"  - {{name: {tier}, when: {when}, then: valid claim, pay: '{pay.text}'}}"
        for tier, when, pay in zip(TIERS, ("tier is standard", "tier is silver", "otherwise"), pays, strict=True)
    )
    deducts = draw(st.booleans())
    text = TEXT.format(
        asset=asset,
        rounding=rounding,
        parts=draw(st.sampled_from(PARTS)).format(asset=asset),
        rules=rules,
        limits=f"limits:{limits}" if names else "",
        deductions="deductions: [{name: paid before, takes off: paid before}]" if deducts else "",
    )
    return Plan(
        policy=read_policy(text, "generated.yaml"),
        asset=asset,
        rounding=rounding,
        pays=pays,
        limits=tuple(LIMITS[name][1] for name in sorted(names)),
        deducts=deducts,
    )


ROUNDINGS = ("half up", "half even", "down", "up")
usual = st.one_of(
    st.sampled_from(["0", "1", "999.9999995", "1000", "5000", "5000.0000005", "7000", "20000.01"]),
    st.integers(0, 10**27).map(lambda units: f"{Decimal(units).scaleb(-18):f}"),
    st.integers(0, 10**11).map(lambda units: f"{Decimal(units).scaleb(-6):f}"),
)
huge = st.text("0123456789", min_size=50, max_size=60)


def claims(values: st.SearchStrategy[str]) -> st.SearchStrategy[Told]:
    """Return what a generated policy may be told."""
    return st.fixed_dictionaries(
        {
            **dict.fromkeys(("loss", "fees"), values),
            **dict.fromkeys(("used", "paid before"), st.one_of(st.sampled_from(["0", "1"]), values)),
            "share": st.sampled_from(["0", "0.5", "1", "0.333333333333333333"]),
            "tier": st.sampled_from(TIERS),
            "suspicious": st.sampled_from(["no", "no", "no", "yes"]),
        }
    )


@settings(max_examples=40, deadline=None)
@given(plan=plans(), told=st.lists(claims(usual), min_size=4, max_size=4))
def test_a_generated_policy_pays_what_ratios_say_rounded_once(plan: Plan, told: list[Told]) -> None:
    for claim in told:
        found = _decided(plan.policy, claim)

        assert isinstance(found, Outcome)
        assert _minor(found) == plan.minor(claim)
        _holds(found)


@settings(max_examples=20, deadline=None)
@given(plan=plans(), told=st.lists(claims(st.one_of(huge, usual)), min_size=4, max_size=4))
def test_sixty_digits_are_paid_to_the_last_unit_or_not_at_all(plan: Plan, told: list[Told]) -> None:
    for claim in told:
        found = _decided(plan.policy, claim)

        if isinstance(found, Outcome):
            assert _minor(found) == plan.minor(claim)
            _holds(found)


@settings(max_examples=25, deadline=None)
@given(plan=plans(), claim=claims(usual), more=st.lists(usual, min_size=4, max_size=4))
def test_more_loss_never_pays_less_where_a_policy_grows(plan: Plan, claim: Told, more: list[str]) -> None:
    losses = sorted(map(Decimal, (claim["loss"], *more)))
    paid = [_minor(_decided(plan.policy, claim | {"loss": f"{each:f}"})) for each in losses]

    assert paid == sorted(paid) or not plan.pays[TIERS.index(claim["tier"])].grows
    assert "never more than was lost" not in _names(plan) or all(
        units <= loss * 10 ** ASSETS[plan.asset].decimals for units, loss in zip(paid, losses, strict=True)
    )


def _names(plan: Plan) -> set[str]:
    return {each.name for each in plan.policy.limits}


def _decided(policy: Policy, claim: Told) -> Outcome | str:
    """Return what both ways decide."""
    facts = read_facts(policy, claim.items())
    assert facts.unreadable == {}
    try:
        found = interpret(policy, facts)
    except TooManyDigits:
        with pytest.raises(TooManyDigits):
            decide(policy, facts.values)
        return "too many digits"
    assert not isinstance(found, Unknown)
    assert decide(policy, facts.values) == outcome_of(found)
    return outcome_of(found)


def _holds(found: Outcome) -> None:
    """Check that what is paid is not below zero, and that its parts and their instalments come to it."""
    assert _minor(found) >= 0
    if found.payments:
        assert sum(each.amount.minor for each in found.payments) == _minor(found)
        assert all(each.amount.minor >= 0 for each in found.payments)
    for each in found.payments:
        assert sum(paid.minor for paid in each.instalments) == each.amount.minor


def _minor(found: Outcome | str) -> int:
    assert isinstance(found, Outcome)
    return found.amount.minor if found.amount else 0
