"""A concrete case out of a box: what a finding shows, so that nobody has to believe it."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction

from policy.deciding import NeedsFact, Outcome, decide
from policy.expressions import Name, Value
from policy.facts import read_facts
from policy.form import Policy
from policy.regions import Box, Domain, Span, in_days
from policy.settling import TooManyDigits
from policy.showing import bare
from policy.units import NumberType, Type

#: The matrix looks at these beside the inputs.
LOOKED_AT = frozenset({"amount", "classification"})
_MOST_EXAMPLES = 20
_MOST_DECIMALS = 19

Case = Mapping[str, Value]


def case_in(box: Box, inputs: Collection[str]) -> Case | None:
    """Return one value for everything in a box; None where no input says it, or no plain value lies in it."""
    case: dict[str, Value] = {}
    for subject, domain in box.items():
        value = value_in(domain, subject.type)
        if not isinstance(subject, Name) or subject.name not in {*inputs, *LOOKED_AT} or value is None:
            return None
        case[subject.name] = value
    return case


def value_in(domain: Domain, kind: Type) -> Value | None:
    """Return a plain value of a domain: its first choice, its lower end, or the shortest number inside."""
    if isinstance(domain, frozenset):
        return min(domain, key=str) if domain else None
    domain = in_days(domain)
    low, high = domain.low, domain.high
    if isinstance(low, datetime) or isinstance(high, datetime):
        return _moment_in(domain)
    if isinstance(low, date) or isinstance(high, date):
        return low if isinstance(low, date) else high
    whole = isinstance(kind, NumberType) and kind.whole
    return next((each for each in _numbers(domain) if _holds(domain, each) and (not whole or each == int(each))), None)


def shown(case: Case) -> str:
    """Return a case in words: "hours_late = 6.5, delay_cause = platform"."""
    return ", ".join(f"{name} = {bare(value)}" for name, value in case.items())


def outcomes(policy: Policy, case: Case) -> Iterator[Outcome]:
    """Yield what the policy decides on a case, what it leaves open taken from one worked example after the other."""
    for example in policy.examples[:_MOST_EXAMPLES]:
        given = read_facts(policy, example.given).values
        try:
            yield decide(policy, {**given, **case})
        except (NeedsFact, TooManyDigits):
            continue


def _moment_in(domain: Span) -> datetime | None:
    low, high = domain.low, domain.high
    if isinstance(low, datetime) and isinstance(high, datetime):
        if domain.with_low or domain.with_high:
            return low if domain.with_low else high
        return (low + (high - low) / 2).replace(microsecond=0) if high - low > timedelta(seconds=2) else None
    second = timedelta(seconds=1)
    if isinstance(low, datetime):
        return low if domain.with_low else low + second
    return high if domain.with_high else high - second if isinstance(high, datetime) else None  # type: ignore[return-value]  # It is a moment.


def _numbers(domain: Span) -> Iterator[Decimal]:
    """Yield numbers to try, the plainest first."""
    low, high = _ratio(domain.low), _ratio(domain.high)
    if low is not None:
        yield _decimal(low, ROUND_CEILING, 18)
    if low is None or high is None:
        end = Fraction(0) if low is None and high is None else (low if low is not None else high) or Fraction(0)
        yield from (_decimal(end + step, ROUND_FLOOR, 0) for step in ((1, 2, 10) if low is not None else (-1, -2, 0)))
        yield _decimal(end, ROUND_FLOOR, 18)
        return
    middle = (low + high) / 2
    yield from (_decimal(middle, ROUND_FLOOR, decimals) for decimals in range(_MOST_DECIMALS))
    yield _decimal(high, ROUND_FLOOR, 18)


def _holds(domain: Span, value: Decimal) -> bool:
    low, high = _ratio(domain.low), _ratio(domain.high)
    above = low is None or value > low or (domain.with_low and value == low)
    return above and (high is None or value < high or (domain.with_high and value == high))


def _ratio(end: object) -> Fraction | None:
    return Fraction(end) if isinstance(end, Decimal | Fraction) else None


def _decimal(number: Fraction, rounding: str, decimals: int) -> Decimal:
    scaled = number * 10**decimals
    units = scaled.__ceil__() if rounding == ROUND_CEILING else scaled.__floor__()
    return Decimal(f"{units}E-{decimals}")
