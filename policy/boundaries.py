"""A policy's boundary suite: cases just below, at and just above everything that changes what it decides."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from functools import partial
from itertools import pairwise, product
from random import Random

from policy.compiling import Known, compiled, worked_out
from policy.deciding import NeedsFact, Outcome, decide
from policy.edges import edges, nodes_of, shown, sign_edges, step_of
from policy.expressions import Extreme, Value
from policy.facts import Unreadable, read_value
from policy.form import Input, Policy
from policy.settling import TooManyDigits, exactly
from policy.units import ChoiceType, DateType, NumberType, TimeType

#: A case: inputs as text by name; an input that is not known is left out.
Case = Mapping[str, str]
#: Below the smallest unit, so that an amount exactly between two units is found.
_FINE = Decimal("1e-12")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_DOUBLINGS = 90
#: So many mixtures are looked at for further ways to end.
_LOOKED_AT = 1_500
_MOST_TURNS = 4
#: The most ways to put signs of a scorecard together in one case; more are drawn from.
_MOST_COMBINED = 250


def boundary_cases(policy: Policy, *, bases: int = 32, mixed: int = 1_500, seed: int = 1) -> tuple[Case, ...]:
    """Return the suite, the same for the same policy.

    It starts from worked examples and mixtures that end differently. In each, every input takes every value of `edges`
    and is left out once; between two values that end differently the exact point of change is searched for; amounts
    are brought to where rounding turns, whichever part of a max(...) or min(...) counts, and the signs of a scorecard
    are put together. Mixtures of all values follow.

    bases: From how many cases it starts. mixed: How many mixtures follow.
    """
    return tuple({tuple(sorted(each.items())): each for each in _Suite(policy, seed).cases(bases, mixed)}.values())


class _Suite:
    def __init__(self, policy: Policy, seed: int) -> None:
        self.policy = policy
        self.edges = edges(policy)
        self.signs = sign_edges(policy)
        self.random = Random(seed)  # noqa: S311  # Cases, no secrets.
        self._values: dict[tuple[str, str], Value | None] = {}
        self._derived = worked_out(policy.derived)
        extremes = dict.fromkeys(each for each in nodes_of(policy) if isinstance(each, Extreme))
        self._extremes = [(each.largest, [compiled(part) for part in each.parts]) for each in extremes]

    def cases(self, bases: int, mixed: int) -> Iterator[Case]:
        examples: list[Case] = [dict(each.given) for each in self.policy.examples]
        yield from examples
        mixtures: list[Case] = [self._mixture(examples) for _ in range(max(mixed, _LOOKED_AT))]
        for base in self._different([*examples, *mixtures])[:bases]:
            yield from self._around(base)
            yield from self._scored(base)
        for base in self._chosen_otherwise([*examples, *mixtures])[:bases]:
            for each in self.policy.inputs:
                yield from self._rounding(each, base)
        yield from mixtures[:mixed]

    def _mixture(self, examples: Sequence[Case]) -> dict[str, str]:
        """Return a case with values of the edges and of one example; now and then something is not known."""
        case = dict(self.random.choice(examples)) if examples else {}
        changed = self.random.randrange(1, 4) if self.random.random() < 0.5 else len(self.policy.inputs)  # noqa: PLR2004  # Half of them.
        for each in self.random.sample(self.policy.inputs, min(changed, len(self.policy.inputs))):
            values = self.edges[each.name]
            if values and self.random.random() < 0.95:  # noqa: PLR2004  # Nearly all.
                case[each.name] = self.random.choice(values)
            else:
                case.pop(each.name, None)
        return case

    def _different(self, cases: Sequence[Case]) -> list[Case]:
        """Return the first case for each way to end, and, where that is paid, for each word of a closed list in it."""
        covered: set[object] = set()
        found: list[Case] = []
        words = [each.name for each in self.policy.inputs if isinstance(each.type, ChoiceType)]
        for case in cases:
            outcome = self.outcome(case)
            ending = _ending(outcome)
            is_paid = isinstance(outcome, Outcome) and outcome.amount is not None
            covers = {ending, *((ending, name, case.get(name)) for name in words if is_paid)}
            if not covers <= covered:
                covered |= covers
                found.append(case)
        return found

    def _around(self, base: Case) -> Iterator[Case]:
        for each in self.policy.inputs:
            tried: list[Case] = [{**base, each.name: value} for value in self.edges[each.name]]
            yield from tried
            yield {name: value for name, value in base.items() if name != each.name}
            if isinstance(each.type, NumberType | TimeType | DateType):
                yield from self._turning(each, base, tried)
            yield from self._rounding(each, base)

    def _chosen_otherwise(self, cases: Sequence[Case]) -> list[Case]:
        """Return the first paid case for each rule and each part of a max(...) or min(...) that is chosen there.

        A floor that a unit moves is seen only where it is what counts, and where the amount is about to turn.
        """
        covered: set[object] = set()
        found: list[Case] = []
        for case in cases:
            outcome = self.outcome(case)
            if isinstance(outcome, Outcome) and outcome.amount is not None:
                covers = {(_ending(outcome), *chosen) for chosen in self._chosen(case)}
                if not covers <= covered:
                    covered |= covers
                    found.append(case)
        return found

    def _chosen(self, case: Case) -> Iterator[tuple[int, int]]:
        """Yield, for each max(...) and min(...) that can be worked out, its number and that of the part chosen."""
        known = Known(self._read(case))
        known.derived = self._derived
        for number, (largest, parts) in enumerate(self._extremes):
            try:
                with exactly():
                    values = [part(known) for part in parts]
            except (KeyError, TooManyDigits):
                continue
            yield number, values.index(max(values) if largest else min(values))

    def _scored(self, base: Case) -> Iterator[Case]:
        """Yield a paid case with the signs of the scorecard together, each just below, at or just above its edge."""
        found = self.outcome(base)
        signs = {name: values for name, values in self.signs.items() if values}
        if not signs or isinstance(found, str) or found.amount is None:
            return
        combined = list(product(*signs.values()))
        if len(combined) > _MOST_COMBINED:
            combined = self.random.sample(combined, _MOST_COMBINED)
        yield from ({**base, **dict(zip(signs, values, strict=True))} for values in combined)

    def _turning(self, each: Input, base: Case, tried: Sequence[Case]) -> Iterator[Case]:
        """Yield both sides of each point where the way to end changes between two values."""
        step = step_of(each) if isinstance(each.type, NumberType) else Decimal(1)
        known = (self._value(each.name, case[each.name]) for case in (*tried, base) if each.name in case)
        ends = sorted({_number(value) for value in known if value is not None})
        for low, high in pairwise(ends):
            left = low
            for _ in range(_MOST_TURNS):
                if self._ends(each, base, left) == self._ends(each, base, high):
                    break
                below, left = _searched(partial(self._ends, each, base), left, high, step)
                yield from (_with(each, base, below), _with(each, base, left))

    def _rounding(self, each: Input, base: Case) -> Iterator[Case]:
        """Yield cases where one more of the finest step moves the amount by a unit: an even one and an odd one."""
        if not isinstance(each.type, NumberType) or each.type.whole:
            return
        value = self._value(each.name, base[each.name]) if each.name in base else None
        if value is None:
            return
        start, amount = _number(value), partial(self._amount, each, base)
        for _ in range(2):
            reach = (start + _FINE * 2**power for power in range(_MOST_DOUBLINGS))
            high = next((far for far in reach if amount(far) != amount(start)), None)
            if high is None:
                return
            below, start = _searched(amount, start, high, _FINE)
            yield from (_with(each, base, value) for value in (below, start, start + _FINE))

    def _ends(self, each: Input, base: Case, value: Decimal) -> object:
        return _ending(self.outcome(_with(each, base, value)))

    def _amount(self, each: Input, base: Case, value: Decimal) -> object:
        found = self.outcome(_with(each, base, value))
        return found.amount if isinstance(found, Outcome) else found

    def outcome(self, case: Case) -> Outcome | str:
        """Return what the compiled policy decides, or which input is missing."""
        try:
            return decide(self.policy, self._read(case))
        except NeedsFact as error:
            return str(error)
        except TooManyDigits:
            return "too many digits"

    def _read(self, case: Case) -> dict[str, Value]:
        read = {name: self._value(name, text) for name, text in case.items()}
        wanting = dict.fromkeys(each.name for each in self.policy.inputs if each.optional and each.name not in case)
        return {name: value for name, value in read.items() if value is not None} | wanting

    def _value(self, name: str, text: str) -> Value | None:
        """Return the value of a text; None for one that cannot be read."""
        if (name, text) not in self._values:
            declared = self.policy.input(name)
            try:
                self._values[name, text] = read_value(text, declared.type) if declared else None
            except Unreadable:
                self._values[name, text] = None
        return self._values[name, text]


def _searched(
    found: Callable[[Decimal], object], low: Decimal, high: Decimal, step: Decimal
) -> tuple[Decimal, Decimal]:
    """Return the last value with the answer of `low` and, one step on, the first with another one."""
    before = found(low)
    left, right = Decimal(0), ((high - low) / step).to_integral_value(ROUND_CEILING)
    while right - left > 1:
        middle = (left + right) // 2
        left, right = (middle, right) if found(low + middle * step) == before else (left, middle)
    return low + left * step, low + right * step


def _ending(found: Outcome | str) -> object:
    return found if isinstance(found, str) else (found.rule, found.classification)


def _number(value: Value) -> Decimal:
    """Return a number, a moment or a day as a number that can be searched."""
    if isinstance(value, datetime):
        return Decimal((value - _EPOCH) // _MICROSECOND)
    if isinstance(value, date):
        return Decimal(value.toordinal())
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} is neither a number nor a moment")
    return value


def _with(each: Input, base: Case, value: Decimal) -> dict[str, str]:
    """Return a case with another value of one input."""
    if isinstance(each.type, TimeType):
        return {**base, each.name: shown(_EPOCH + int(value) * _MICROSECOND)}
    if isinstance(each.type, DateType):
        return {**base, each.name: shown(date.fromordinal(int(value)))}
    return {**base, each.name: shown(value, each.type)}
