"""What each case comes to, in columns: the rule that fits, the amount rounded once, thresholds and signs of fraud."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from cases.money import Rounding, asset
from cases.proposal import Classification
from policy.expressions import Relation
from policy.form import Limit, Policy, Rule
from policy.many import scaled
from policy.many.columns import Other, Words
from policy.many.found import Found, first_needed, only_where
from policy.many.nodes import Reader
from policy.many.scaled import Scaled, Whole

_ZERO = scaled.constant(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One way a case can end."""

    rule: str
    classification: Classification
    is_paid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """What the cases come to.

    Fields:
        endings: All ways they can end.
        ending: Which of them each case takes.
        minor: The amount in whole minor units; it means nothing where the ending is not paid.
        needs: As of a `Found`.
    """

    endings: tuple[Ending, ...]
    ending: pl.Expr
    minor: Whole
    needs: pl.Expr | None


def outcomes(policy: Policy, reader: Reader) -> Outcomes:
    """Return what the cases come to, stage by stage as the compiled policy does; raises OutOfBounds."""
    for each in policy.derived:
        reader.work_out(each)
    rule, rule_needs = _rule(policy, reader)
    minor, amount_needs = _amount(policy, reader, rule)
    reader.tell("amount", Found(value=as_money(policy, reader, minor)))
    endings = endings_of(policy)
    ending, ending_needs = _ending(policy, reader, endings, rule, minor)
    needs = first_needed(rule_needs, amount_needs, ending_needs)
    return Outcomes(endings=tuple(endings), ending=ending, minor=minor, needs=needs)


def as_money(policy: Policy, reader: Reader, minor: Whole) -> Scaled:
    """Return whole minor units as an amount."""
    if policy.money.asset_input is None:
        return Scaled(top=minor, bottom=10 ** asset(str(policy.money.asset)).decimals)
    most = max(decimals for _, decimals in _decimals(policy, reader))
    amounts = [
        (test, scaled.multiplied(Scaled(top=minor), scaled.constant(10 ** (most - decimals))).top)
        for test, decimals in _decimals(policy, reader)
    ]
    return Scaled(top=scaled.pick(amounts[:-1], amounts[-1][1]), bottom=10**most)


def asset_of(policy: Policy, reader: Reader, assets: pl.DataType) -> pl.Expr:
    """Return the asset that a case is paid in, as one of `assets`; null where it is not known."""
    if policy.money.asset_input is None:
        return pl.lit(str(policy.money.asset), dtype=assets)
    words = _paid_in(policy, reader)
    return pl.lit(pl.Series(words.options, dtype=assets)).gather(words.codes)


def in_units(policy: Policy, reader: Reader, number: Scaled, rounding: Rounding) -> Whole:
    """Return amounts that are not below zero in whole minor units of what is paid, rounded once; raises OutOfBounds."""
    if policy.money.asset_input is None:
        return scaled.units(number, asset(str(policy.money.asset)).decimals, rounding)
    amounts = [(test, scaled.units(number, decimals, rounding)) for test, decimals in _decimals(policy, reader)]
    return scaled.pick(amounts[:-1], amounts[-1][1])


def _decimals(policy: Policy, reader: Reader) -> list[tuple[pl.Expr, int]]:
    """Return how many decimals the asset of a case has: where it has them, and how many."""
    words = _paid_in(policy, reader)
    return [(words.codes == place, asset(code).decimals) for place, code in enumerate(words.options)]


def _paid_in(policy: Policy, reader: Reader) -> Words:
    words = reader.named(str(policy.money.asset_input)).value
    if not isinstance(words, Words):
        raise TypeError(f"{policy.money.asset_input} is no closed list, though its type was checked")
    return words


def _rule(policy: Policy, reader: Reader) -> tuple[pl.Expr, pl.Expr | None]:
    """Return the number of the first rule that fits."""
    tests = [reader.fits(each.when) for each in policy.rules]
    found, needs = _number(len(tests) - 1), tests[-1].needs
    for number, test in reversed(list(enumerate(tests[:-1]))):
        found = pl.when(test.holds).then(_number(number)).otherwise(found)
        needs = first_needed(test.needs, only_where(~test.holds, needs))
    return reader.keep(found), needs


def _amount(policy: Policy, reader: Reader, rule: pl.Expr) -> tuple[Whole, pl.Expr | None]:
    """Return what the rules pay, less deductions, cut to the limits that hold, rounded once."""
    paying = {number: each for number, each in enumerate(policy.rules) if each.pay is not None}
    if not paying:
        return _ZERO.top, None
    exact = {number: reader.expression(each.pay) for number, each in paying.items() if each.pay is not None}
    off = [reader.expression(each.takes_off) for each in policy.deductions]
    rooms = [(each, _room(reader, each)) for each in policy.limits]
    less = [scaled.negated(each.number) for each in off]
    pays = [
        (rule == number, _rounded(policy, reader, scaled.added([each.number, *less]))) for number, each in exact.items()
    ]
    minor = scaled.pick(pays[:-1], pays[-1][1])
    for limit, left in rooms:
        minor = _cut(policy, reader, minor, limit, left.number, rule)
    needs: pl.Expr | None = None
    for number, each in reversed(paying.items()):
        limits = [left.needs for limit, left in rooms if each.classification in limit.classifications]
        needed = first_needed(exact[number].needs, *(one.needs for one in off), *limits, _asset_needs(policy, reader))
        needs = first_needed(only_where(rule == number, needed), needs)
    return Whole(expr=reader.keep(minor.expr), low=minor.low, high=minor.high), needs


def _rounded(policy: Policy, reader: Reader, pays: Scaled) -> Whole:
    """Return what one rule pays, never below zero, rounded once; most rules need no rounding at all."""
    above_zero = scaled.extreme((pays, _ZERO), largest=True)
    return in_units(policy, reader, above_zero, policy.money.rounding)


def _asset_needs(policy: Policy, reader: Reader) -> pl.Expr | None:
    return None if policy.money.asset_input is None else reader.named(policy.money.asset_input).needs


def _room(reader: Reader, limit: Limit) -> Found:
    """Return what is left of a limit, never below zero."""
    at_most = reader.expression(limit.at_most)
    used = None if limit.counting is None else reader.named(limit.counting)
    left = at_most.number if used is None else scaled.added([at_most.number, scaled.negated(used.number)])
    needs = first_needed(at_most.needs, used.needs if used else None)
    return Found(value=scaled.extreme((left, _ZERO), largest=True), needs=needs)


def _cut(policy: Policy, reader: Reader, minor: Whole, limit: Limit, left: Scaled, rule: pl.Expr) -> Whole:  # noqa: PLR0917  # What a cut is made of.
    """Return amounts cut to the whole units that a limit leaves, where it holds.

    Rounding first gives the same: it keeps order, and never lifts an amount over what is left in whole units.
    """
    most = scaled.smaller(minor, in_units(policy, reader, left, Rounding.DOWN))
    cut = [each.classification in limit.classifications for each in policy.rules]
    if all(cut):
        return most
    return scaled.pick([(_listed(cut, rule), most)], minor)


def endings_of(policy: Policy) -> list[Ending]:
    """Return all ways to end: the rules first, by their number."""
    endings = [_end(each.name, each.classification, is_paid=each.pay is not None) for each in policy.rules]
    nothing = policy.nothing_left
    if nothing.classification is not None:
        endings.append(_end(nothing.name, nothing.classification, is_paid=False))
    else:
        classes = dict.fromkeys(each.classification for each in policy.rules if each.pay is not None)
        endings += [_end(nothing.name, each, is_paid=True) for each in classes]
    endings += [_end(each.name, each.classification, is_paid=False) for each in policy.thresholds]
    endings += [_end(each.name, Classification.FRAUD_REVIEW, is_paid=True) for each in policy.gates]
    if policy.scorecard:
        endings.append(_end(policy.scorecard.name, Classification.FRAUD_REVIEW, is_paid=True))
    return endings


def _end(rule: str, classification: Classification, *, is_paid: bool) -> Ending:
    return Ending(rule=rule, classification=classification, is_paid=is_paid)


def _ending(
    policy: Policy, reader: Reader, endings: Sequence[Ending], rule: pl.Expr, minor: Whole
) -> tuple[pl.Expr, pl.Expr | None]:
    """Return how each case ends: nothing is left, a threshold, a sign of fraud, or as the rule says."""
    whens = [*(each.when for each in policy.thresholds), *(each.when for each in policy.gates)]
    tests = list(enumerate([*map(reader.fits, whens), *_scored(policy, reader)]))
    numbered = [(number + len(endings) - len(tests), test) for number, test in tests]
    nothings = [_nothing(policy, endings, each) for each in policy.rules]
    nothing: pl.Expr = pl.lit(pl.Series(nothings, dtype=pl.UInt16)).gather(rule)
    is_paying = [each.pay is not None for each in policy.rules]
    pays, some = _listed(is_paying, rule), minor.expr > 0
    found, needs = _first_of(numbered, rule)
    needs = only_where(some & pays, needs)
    if policy.gives_beside_nothing:
        nothing, beside = _first_of(numbered[len(policy.thresholds) :], nothing)
        needs = first_needed(needs, only_where(~some & pays, beside))
    found = pl.when(some).then(found).otherwise(nothing)
    if not all(is_paying):
        found = pl.when(pays).then(found).otherwise(rule)
    return reader.keep(found), needs


def _first_of(tests: Sequence[tuple[int, Found]], otherwise: pl.Expr) -> tuple[pl.Expr, pl.Expr | None]:
    """Return the number of the first test that holds, and what is needed to know it."""
    found, needs = otherwise, None
    for number, test in reversed(tests):
        found = pl.when(test.holds).then(_number(number)).otherwise(found)
        needs = first_needed(test.needs, only_where(~test.holds, needs))
    return found, needs


def _nothing(policy: Policy, endings: Sequence[Ending], rule: Rule) -> int:
    """Return the number of the ending of a rule of which nothing is left; of one that never pays, any number."""
    first = len(policy.rules)
    if policy.nothing_left.classification is not None:
        return first
    classes = [each.classification for each in endings[first:]]
    return first + (classes.index(rule.classification) if rule.pay is not None else 0)


def _scored(policy: Policy, reader: Reader) -> list[Found]:
    """Return where the signs of the scorecard add up to a review; nothing without a scorecard."""
    card = policy.scorecard
    if card is None:
        return []
    signs = [(reader.fits(each.when), each.points) for each in card.signs]
    zero = scaled.constant(0)
    points = [scaled.chosen([(fits.holds, scaled.constant(Fraction(each)))], zero) for fits, each in signs]
    reached = scaled.compared(
        Relation.AT_LEAST, scaled.added([zero, *points]), scaled.constant(Fraction(card.review_from))
    )
    return [Found(value=Other(expr=reached), needs=first_needed(*(fits.needs for fits, _ in signs)))]


def _number(number: int) -> pl.Expr:
    return pl.lit(number, dtype=pl.UInt16)


def _listed(flags: Sequence[bool], number: pl.Expr) -> pl.Expr:
    """Return whether the flag with each number is set."""
    return pl.lit(pl.Series(flags, dtype=pl.Boolean)).gather(number)
