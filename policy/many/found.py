"""What nodes come to in many cases, and which input each needs first; joined by choices, comparisons, and/or."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import polars as pl

from policy.expressions import Relation
from policy.many import scaled
from policy.many.columns import Column, Other, Words
from policy.many.scaled import Scaled

#: Stands in the place of a needed input where only the compiled policy can tell the answer.
ASK = 65_535
NOTHING = pl.lit(0, dtype=pl.UInt16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a node comes to.

    Fields:
        value: A column; where `needs` is not 0 it means nothing.
        needs: The number of the first input that is needed and unknown, from 1 on; 0 for none, ASK for
            the compiled policy. None where nothing is unknown in any case.
    """

    value: Column
    needs: pl.Expr | None = None

    @property
    def number(self) -> Scaled:
        """The value as a number; raises TypeError."""
        if not isinstance(self.value, Scaled):
            raise TypeError(f"{self.value!r} is no number, though its type was checked")
        return self.value

    @property
    def holds(self) -> pl.Expr:
        """The value as yes/no; raises TypeError."""
        if not isinstance(self.value, Other):
            raise TypeError(f"{self.value!r} is no yes/no, though its type was checked")
        return self.value.expr


def first_needed(*needs: pl.Expr | None) -> pl.Expr | None:
    """Return the first need that is one; None when there is none at all."""
    there = [each for each in needs if each is not None]
    if not there:
        return None
    return reduce(lambda later, one: pl.when(one != 0).then(one).otherwise(later), reversed(there[:-1]), there[-1])


def only_where(test: pl.Expr, needs: pl.Expr | None) -> pl.Expr | None:
    """Return the need where the test holds."""
    return None if needs is None else pl.when(test).then(needs).otherwise(NOTHING)


def needed(where: pl.Expr | None) -> pl.Expr | None:
    """Return the need of the compiled policy where something holds; None: nowhere."""
    if where is None:
        return None
    return pl.when(where).then(pl.lit(ASK, dtype=pl.UInt16)).otherwise(NOTHING)


def either(rows: Sequence[tuple[Found, Found]], otherwise: Found) -> Found:
    """Return the value of the first row whose test holds; raises OutOfBounds."""
    needs = otherwise.needs
    for test, value in reversed(rows):
        needs = first_needed(test.needs, _one_of(test.holds, value.needs, needs))
    tests = [test.holds for test, _ in rows]
    values = [*(value.value for _, value in rows), otherwise.value]
    return Found(value=_chosen(tests, values), needs=needs)


def _chosen(tests: Sequence[pl.Expr], values: Sequence[Column]) -> Column:
    numbers = [each for each in values if isinstance(each, Scaled)]
    if len(numbers) == len(values):
        return scaled.chosen(list(zip(tests, numbers[:-1], strict=True)), numbers[-1])
    words = [each for each in values if isinstance(each, Words)]
    if len(words) == len(values):
        options = tuple(dict.fromkeys(option for each in words for option in each.options))
        return Words(codes=_first_of(tests, [_recoded(each, options) for each in words]), options=options)
    return Other(expr=_first_of(tests, [each.expr for each in values if isinstance(each, Other)]))


def _first_of(tests: Sequence[pl.Expr], values: Sequence[pl.Expr]) -> pl.Expr:
    found = values[-1]
    for test, value in zip(reversed(tests), reversed(values[:-1]), strict=True):
        found = pl.when(test).then(value).otherwise(found)
    return found


def _recoded(words: Words, options: tuple[str, ...]) -> pl.Expr:
    """Return the places of words in a longer list."""
    if words.options == options[: len(words.options)]:
        return words.codes
    places = pl.lit(pl.Series([options.index(each) for each in words.options], dtype=pl.UInt8))
    return places.gather(words.codes)


def compared(relation: Relation, left: Found, right: Found) -> Found:
    """Return where two values stand in a relation."""
    needs = first_needed(left.needs, right.needs)
    one, other = left.value, right.value
    if isinstance(one, Scaled) and isinstance(other, Scaled):
        return Found(value=Other(expr=scaled.compared(relation, one, other)), needs=needs)
    if isinstance(one, Words) and isinstance(other, Words):
        options = tuple(dict.fromkeys((*one.options, *other.options)))
        same = _recoded(one, options) == _recoded(other, options)
    elif isinstance(one, Other) and isinstance(other, Other):
        same = one.expr == other.expr
    else:
        raise TypeError(f"{one!r} and {other!r} are not compared, though their types were checked")
    return Found(value=Other(expr=same if relation is Relation.EQUAL else ~same), needs=needs)


def every(parts: Sequence[Found]) -> Found:
    """From left to right; the first that does not hold settles it."""
    if not parts:
        return Found(value=Other(expr=pl.lit(True)))  # noqa: FBT003  # A value, not a switch.
    needs = parts[-1].needs
    for part in reversed(parts[:-1]):
        needs = first_needed(part.needs, only_where(part.holds, needs))
    return Found(value=Other(expr=reduce(pl.Expr.__and__, (each.holds for each in parts))), needs=needs)


def any_of(parts: Sequence[Found]) -> Found:
    """From left to right; the first that holds settles it."""
    needs = parts[-1].needs
    for part in reversed(parts[:-1]):
        needs = first_needed(part.needs, only_where(~part.holds, needs))
    return Found(value=Other(expr=reduce(pl.Expr.__or__, (each.holds for each in parts))), needs=needs)


def _one_of(test: pl.Expr, held: pl.Expr | None, otherwise: pl.Expr | None) -> pl.Expr | None:
    if held is None and otherwise is None:
        return None
    there = [NOTHING if each is None else each for each in (held, otherwise)]
    return pl.when(test).then(there[0]).otherwise(there[1])


def first(parts: Iterable[Found]) -> pl.Expr | None:
    """Return the first need of several values."""
    return first_needed(*(each.needs for each in parts))
