"""Ways to spoil a policy, one change each: what is not proven to change nothing should change some result."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from cases.money import ASSETS, Rounding
from cases.proposal import ApprovalStage, Classification
from policy import expressions as nodes
from policy.calendars import Calendar
from policy.expressions import Counted, Gathered, Relation
from policy.form import PAYABLE, Limit, MoneyTerms, NothingLeft, Policy, Rule
from policy.payment_terms import Benefit, Part
from policy.series import Lookup
from policy.units import ChoiceType, NumberType
from tests.policy.unchanged import Proofs, parts_within

_NEIGHBOURS = {
    Relation.EQUAL: (Relation.UNEQUAL,),
    Relation.UNEQUAL: (Relation.EQUAL,),
    Relation.BELOW: (Relation.AT_MOST, Relation.ABOVE),
    Relation.AT_MOST: (Relation.BELOW, Relation.AT_LEAST),
    Relation.ABOVE: (Relation.AT_LEAST, Relation.BELOW),
    Relation.AT_LEAST: (Relation.ABOVE, Relation.AT_MOST),
}
_DATES = {Counted.DAY, Counted.MONTH}
_OTHER_MONTHS = {
    Counted.FULL_MONTHS: Counted.STARTED_MONTHS,
    Counted.STARTED_MONTHS: Counted.FULL_MONTHS,
    Counted.FULL_YEARS: Counted.STARTED_YEARS,
    Counted.STARTED_YEARS: Counted.FULL_YEARS,
}
_OTHER_TOTALS = {
    Gathered.TOTAL: Gathered.LARGEST,
    Gathered.LARGEST: Gathered.SMALLEST,
    Gathered.FIRST: Gathered.LAST,
    Gathered.LAST: Gathered.FIRST,
}
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
MILLIONTH = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A spoiled policy.

    Fields:
        kind: What kind of change it is: "another operator".
        what: What was changed and where: "rules.2.when.parts.0.node: < -> <=".
        same: Why it must decide as the sound one does; None where nothing proves that.
    """

    kind: str
    what: str
    policy: Policy
    same: str | None = None


def mutants(policy: Policy) -> Iterator[Mutant]:
    """Yield the policy spoiled in every way, one change each."""
    any_wording = next(iter(policy.wording.values()))
    policy = replace(policy, wording={each: policy.wording.get(each, any_wording) for each in Classification})
    proofs = Proofs(policy)
    for path, part in parts_within(policy, ()):
        for kind, what, spoiled in _spoiled(part):
            where = ".".join(map(str, path))
            same = proofs.same(path, part, spoiled)
            yield Mutant(kind=kind, what=f"{where}: {what}", policy=_with(policy, path, spoiled), same=same)
    for kind, what, spoiled in _rearranged(policy):
        yield Mutant(kind=kind, what=what, policy=spoiled, same=proofs.rearranged(spoiled))


def _with(part: Any, path: tuple[str | int, ...], spoiled: Any) -> Any:
    if not path:
        return spoiled
    first, *rest = path
    if isinstance(first, int):
        return (*part[:first], _with(part[first], tuple(rest), spoiled), *part[first + 1 :])
    return replace(part, **{first: _with(getattr(part, first), tuple(rest), spoiled)})


_Spoiled = Iterator[tuple[str, str, Any]]


def _spoiled(part: Any) -> _Spoiled:  # noqa: C901, PLR0912  # One line for each kind of part.
    """Yield a part with one thing changed: the kind of change, what was changed, the part."""
    match part:
        case nodes.Compared(relation=relation):
            for other in _NEIGHBOURS[relation]:
                yield "another operator", f"{relation.value} -> {other.value}", replace(part, relation=other)
        case nodes.Literal():
            yield from _values(part)
        case nodes.Sum(terms=terms):
            for number, (sign, term) in enumerate(terms):
                turned = (*terms[:number], (-sign, term), *terms[number + 1 :])
                yield "another sign", f"term {number}", replace(part, terms=turned)
            yield from _dropped(part, "terms", terms)
        case nodes.Product(factors=factors):
            yield from _dropped(part, "factors", factors)
        case nodes.Quotient(dividend=dividend):
            yield "a divisor dropped", "dividend alone", dividend
        case nodes.Extreme(largest=largest, parts=parts):
            yield "max and min", f"largest is {not largest}", replace(part, largest=not largest)
            yield from _dropped(part, "parts", parts)
        case nodes.Every(parts=parts) | nodes.AnyOf(parts=parts):
            other_kind = nodes.AnyOf if isinstance(part, nodes.Every) else nodes.Every
            yield "and and or", other_kind.__name__, other_kind(parts=parts, type=part.type)
            yield from _dropped(part, "parts", parts)
        case nodes.Not(part=inner):
            yield "a not dropped", "not", inner
        case nodes.Among(options=options):
            yield from _dropped(part, "options", options)
        case nodes.Either(rows=rows, otherwise=otherwise):
            yield from _dropped(part, "rows", rows) if len(rows) > 1 else [("a row dropped", "all rows", otherwise)]
            yield from _swapped(part, "rows", rows)
        case nodes.Rounded() | nodes.Whole():
            yield from _roundings(part)
        case nodes.OverItems() | nodes.Grouped():
            yield from _of_lists(part)
        case nodes.Given():
            yield "another operator", "is not given", nodes.Not(part=part, type=part.type)
        case nodes.Between() | nodes.After() | nodes.Priced() | nodes.PriceAt():
            yield from _times(part)
        case _:
            yield from _terms(part)


def _of_lists(part: nodes.OverItems | nodes.Grouped) -> _Spoiled:
    if isinstance(part, nodes.Grouped):
        if len(part.by) > 1:
            yield "another key", f"without {part.by[-1][0]}", replace(part, by=part.by[:-1])
        return
    other_total = _OTHER_TOTALS.get(part.what)
    if other_total and part.value is not None:
        yield "another total", f"{part.what.value} -> {other_total.value}", replace(part, what=other_total)
    if part.when is not None:
        yield "a condition dropped", "when", replace(part, when=None)


def _roundings(part: nodes.Rounded | nodes.Whole) -> _Spoiled:
    if isinstance(part, nodes.Whole):
        yield "another rounding", f"up is {not part.up}", replace(part, up=not part.up)
        return
    for other in Rounding:
        if other is not part.rounding:
            yield "another rounding", other.value, replace(part, rounding=other)
    yield "another rounding", f"{part.decimals + 1} decimals", replace(part, decimals=part.decimals + 1)


def _values(part: nodes.Literal) -> _Spoiled:  # noqa: C901  # One line for each kind of value.
    value, kind = part.value, part.type
    match value:
        case bool():
            yield "another value", f"{value}", replace(part, value=not value)
        case Decimal():
            unit = kind.unit if isinstance(kind, NumberType) else None
            money = unit is not None and unit.is_money and unit.top in ASSETS
            step = Decimal(1).scaleb(-ASSETS[str(unit.top)].decimals) if unit and money else MILLIONTH
            for more in (step, -step):
                yield "a limit one unit off", f"{value} {more:+f}", replace(part, value=value + more)
        case datetime():
            for shift in (_SECOND, -_SECOND):
                yield "a moment one second off", f"{value.isoformat()}", replace(part, value=value + shift)
        case date():
            for shift in (_DAY, -_DAY):
                yield "a date one day off", f"{value.isoformat()}", replace(part, value=value + shift)
        case str() if isinstance(kind, ChoiceType):
            other = next((each for each in kind.options if each != value), value)
            yield "another value", f"{value} -> {other}", replace(part, value=other)


def _times(part: nodes.Between | nodes.After | nodes.Priced | nodes.PriceAt) -> _Spoiled:  # noqa: C901, PLR0912  # One line for each kind of part.
    match part:
        case nodes.Between(counted=counted, calendar=calendar):
            if counted is Counted.WORKING_HOURS:
                yield "other hours", "an hour less", replace(part, calendar=_an_hour_less(calendar))
            if counted in {Counted.DAYS, Counted.WORKING_DAYS}:
                other = Counted.DAYS if counted is Counted.WORKING_DAYS else Counted.WORKING_DAYS
                yield "another count", f"{other.value}", replace(part, counted=other)
                yield "another zone", "-11:00", replace(part, calendar=replace(calendar, zone="-11:00"))
            turned_to = _OTHER_MONTHS.get(counted)
            if turned_to:
                yield "another count", turned_to.value, replace(part, counted=turned_to)
        case nodes.After(counted=counted) if counted in _DATES:
            other_date = Counted.DAY if counted is Counted.MONTH else Counted.MONTH
            yield "another key", other_date.value, replace(part, counted=other_date)
        case nodes.After(counted=Counted.NEXT_WORKING_TIME, calendar=calendar):
            yield "other hours", "an hour less", replace(part, calendar=_an_hour_less(calendar))
        case nodes.After(count=count, counted=counted, calendar=calendar):
            if counted is Counted.DAY:
                yield "another zone", "-11:00", replace(part, calendar=replace(calendar, zone="-11:00"))
            for more in (1, -1) if counted not in {Counted.DAY, Counted.END_OF_MONTH} else ():
                yield (
                    "another count",
                    f"{count} {more:+d}",
                    replace(part, count=max(count + more, min(count, Decimal(0)))),
                )
            if counted is Counted.WORKING_DAYS:
                yield "another count", "days", replace(part, counted=Counted.DAYS)
                without = replace(calendar, holidays=calendar.holidays - set(sorted(calendar.holidays)[:1]))
                yield "a holiday dropped", "the first", replace(part, calendar=without)
        case nodes.Priced(lookup=lookup, with_end=with_end):
            if lookup is not Lookup.TWAP:  # The price at its end has no weight.
                yield "a window's end", f"{not with_end}", replace(part, with_end=not with_end)
            other_lookup = Lookup.LOWEST if lookup is Lookup.HIGHEST else Lookup.HIGHEST
            yield "another price", other_lookup.value, replace(part, lookup=other_lookup)
        case nodes.PriceAt(within=within):
            for shift in (_SECOND, -_SECOND):
                yield "a limit one unit off", f"{within} {shift}", replace(part, within=within + shift)


def _an_hour_less(calendar: Calendar) -> Calendar:
    start, end = calendar.hours or (0, 0)
    return replace(calendar, hours=(start, end - 60))


def _terms(part: Any) -> _Spoiled:  # noqa: C901, PLR0912  # One line for each kind of part.
    """Spoil what stands around expressions."""
    match part:
        case MoneyTerms(rounding=rounding):
            for other in Rounding:
                if other is not rounding:
                    yield "another rounding", other.value, replace(part, rounding=other)
        case Rule(classification=classification, pay=pay):
            kinds = PAYABLE if pay is not None else set(Classification) - PAYABLE - {Classification.FRAUD_REVIEW}
            for each in sorted(kinds - {classification}):
                yield "another classification", each.value, replace(part, classification=each)
        case Limit(counting=counting, classifications=classifications):
            if counting is not None:
                yield "a count dropped", counting, replace(part, counting=None)
            for other_class in sorted(classifications & PAYABLE) if len(classifications) > 1 else ():
                yield (
                    "a limit narrowed",
                    other_class.value,
                    replace(part, classifications=classifications - {other_class}),
                )
        case NothingLeft(classification=None):
            yield "another classification", "nothing left", replace(part, classification=Classification.INELIGIBLE)
        case NothingLeft():
            yield "another classification", "nothing left", replace(part, classification=None)
        case ApprovalStage(quorum=quorum):
            yield "another quorum", f"{quorum + 1}", replace(part, quorum=quorum + 1)
        case Part(waits_for=waits_for, lapses_when=lapses_when):
            if waits_for is not None:
                yield "a wait dropped", part.name, replace(part, waits_for=None)
            if lapses_when is not None:
                yield "a wait dropped", f"{part.name} lapses", replace(part, lapses_when=None)
        case Benefit(decimals=decimals):
            yield "another rounding", f"{decimals + 1} decimals", replace(part, decimals=decimals + 1)


def _dropped(part: Any, field: str, each: Sequence[Any]) -> _Spoiled:
    for number in range(len(each)) if len(each) > 1 else ():
        yield f"one of the {field} dropped", f"{number}", replace(part, **{field: _without(each, number)})


def _swapped(part: Any, field: str, each: Sequence[Any], last: int = 0) -> _Spoiled:
    for number in range(len(each) - 1 - last):
        swapped = (*each[:number], each[number + 1], each[number], *each[number + 2 :])
        yield f"{field} in another order", f"{number} and {number + 1}", replace(part, **{field: swapped})


def _without(each: Sequence[Any], number: int) -> tuple[Any, ...]:
    return (*each[:number], *each[number + 1 :])


def _rearranged(policy: Any) -> _Spoiled:
    """Yield a policy with lines swapped or dropped; the last rule and the last row of approvals stay last."""
    yield from _swapped(policy, "rules", policy.rules, last=1)
    yield from _swapped(policy, "approvals", policy.approvals, last=1)
    for field in ("rules", "approvals"):
        lines = getattr(policy, field)
        for number in range(len(lines) - 1):
            yield f"one of the {field} dropped", f"{number}", replace(policy, **{field: _without(lines, number)})
    for field in ("limits", "deductions", "thresholds", "gates", "benefits"):
        lines = getattr(policy, field)
        for number in range(len(lines)):
            yield f"one of the {field} dropped", f"{number}", replace(policy, **{field: _without(lines, number)})
