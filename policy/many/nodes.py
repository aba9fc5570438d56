"""Expressions over columns: what a node comes to in every case, and which input it needs first where one is unknown."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

import polars as pl

from policy import expressions as nodes
from policy.expressions import Condition, Expression, Gathered, Node, Relation, Value
from policy.form import Derived
from policy.many import days, groups, lists, prices, scaled
from policy.many.columns import Cases, Other, Words
from policy.many.found import NOTHING, Found, any_of, compared, either, every, first, first_needed, needed, only_where
from policy.many.literals import literal, text_of
from policy.many.scaled import OutOfBounds, Scaled
from policy.units import DateType


class Reader:
    """Reads nodes over the columns of some cases; what is used more than once is kept as a column of `frame`."""

    def __init__(self, cases: Cases, names: Sequence[str], outer: "tuple[Reader, pl.Series] | None" = None) -> None:
        """Start with the inputs, numbered as in `names`.

        outer: For the items of a list, what reads their cases, and the place of each item's.
        """
        self.frame = cases.frame.lazy()
        self._height, self._lists, self._outer = cases.frame.height, dict(cases.lists), outer
        self._items: dict[str, Reader] = {}
        self._known: dict[str, Found] = {}
        self._read: dict[int, Found] = {}
        self._kept = 0
        for number, name in enumerate(names, start=1):
            needs = None
            if name in cases.unknown:
                needs = pl.when(pl.col(name).is_null()).then(pl.lit(number, dtype=pl.UInt16)).otherwise(NOTHING)
            self._known[name] = Found(value=cases.columns[name], needs=needs)
            if name in cases.given:
                given = cases.given[name]
                self._known[_given(name)] = Found(value=Other(expr=given), needs=only_where(given, needs))
        self._numbers = {name: number for number, name in enumerate(names, start=1)}

    def tell(self, name: str, found: Found) -> None:
        """Add a value that is no input."""
        self._known[name] = found

    def work_out(self, derived: Derived) -> None:
        """Add a value that is worked out, once or for each item of a list."""
        reader = self if derived.each_of is None else self._of_items(derived.each_of)
        if isinstance(derived.expression.node, nodes.Grouped):
            self._group(derived.name, derived.expression.node)
            return
        reader.tell(derived.name, reader.kept(reader.expression(derived.expression)))

    def named(self, name: str) -> Found:
        """Return an input or something worked out; for an item also what its case has."""
        if name not in self._known and self._outer is not None:
            self._known[name] = self._from_case(*self._outer, name)
        return self._known[name]

    def _of_items(self, name: str) -> "Reader":
        if name not in self._items:
            rows = self._lists[name]
            reader = Reader(rows.items, list(rows.items.columns), (self, rows.of))
            reader._numbers = self._numbers  # What an item needs is an input of its case.
            self._items[name] = reader
        return self._items[name]

    def _group(self, name: str, node: nodes.Grouped) -> None:
        """Add groups of the items of a list, as a list of its own."""
        items, rows, told = self._of_items(node.items), self._lists[node.items], self.named(node.items)
        keys = {key: items.kept(items.value(each)) for key, each in node.by}
        needs = first(keys.values())
        found = groups.grouped(rows, items.frame, {key: each.value for key, each in keys.items()}, needs, self._height)
        reader = Reader(found.rows.items, list(found.rows.items.columns), (self, found.rows.of))
        reader._numbers, reader._items[node.items] = self._numbers, items
        reader._lists[node.items] = replace(rows, of=found.group_of)
        self._items[name], self._lists[name] = reader, found.rows
        ask = None if found.unknown is None else needed(pl.lit(found.unknown))
        self.tell(name, self.kept(Found(value=told.value, needs=first_needed(told.needs, ask))))

    def _from_case(self, outer: "Reader", of: pl.Series, name: str) -> Found:
        """Return what the case of each item has."""
        found = outer.named(name)

        def taken(expr: pl.Expr) -> pl.Expr:
            height = pl.int_range(pl.len()).alias("#")  # One for all cases becomes one for each.
            column = outer.frame.select(height, expr.alias("taken")).collect()["taken"]
            return self.keep(pl.lit(column.gather(of)))

        moved = _moved(found, taken)
        if isinstance(moved.value, Scaled) and moved.value.constant is not None:
            return replace(moved, value=scaled.constant(moved.value.constant))
        return moved

    def kept(self, found: Found) -> Found:
        """Return the same, worked out once and kept in the frame."""
        return _moved(found, self.keep)

    def keep(self, expr: pl.Expr) -> pl.Expr:
        """Return a column that holds what an expression comes to."""
        self._kept += 1
        name = f"kept {self._kept}"
        self.frame = self.frame.with_columns(expr.alias(name))
        return pl.col(name)

    def expression(self, expression: Expression) -> Found:
        """Return what an expression of the text comes to; OutOfBounds then names it."""
        try:
            return self.value(expression.node)
        except OutOfBounds as error:
            raise OutOfBounds(f'"{expression.text}" ({expression.place.short}): {error}') from None

    def fits(self, when: Condition) -> Found:
        """Return where a line fits."""
        return every([self.expression(part) for part in when.parts])

    def value(self, node: Node) -> Found:
        """Return what a node comes to; raises OutOfBounds."""
        if id(node) not in self._read:
            self._read[id(node)] = self._worked_out(node)
        return self._read[id(node)]

    def _worked_out(self, node: Node) -> Found:  # noqa: C901, PLR0911, PLR0912  # One line for each kind of node.
        match node:
            case nodes.Literal(value=value, type=kind):
                return Found(value=literal(value, kind))
            case nodes.Name() | nodes.Given():
                return self.named(node.name if isinstance(node, nodes.Name) else _given(node.name))
            case nodes.Sum(terms=terms):
                parts = [self.value(term) for _, term in terms]
                signed = [
                    each.number if sign > 0 else scaled.negated(each.number)
                    for (sign, _), each in zip(terms, parts, strict=True)
                ]
                return Found(value=scaled.added(signed), needs=first(parts))
            case nodes.Product(factors=factors):
                parts = [self.value(each) for each in factors]
                return Found(value=reduce(scaled.multiplied, [each.number for each in parts]), needs=first(parts))
            case nodes.Quotient(dividend=dividend, divisor=divisor):
                parts = [self.value(dividend), self.value(divisor)]
                return Found(value=scaled.divided(*(each.number for each in parts)), needs=first(parts))
            case nodes.Extreme(largest=largest, parts=inner):
                parts = [self.value(each) for each in inner]
                numbers = [each.number for each in parts]
                return Found(value=scaled.extreme(numbers, largest=largest), needs=first(parts))
            case nodes.Whole(part=part) | nodes.Rounded(part=part):
                found = self.value(part)
                return Found(value=_rounded(node, found.number), needs=found.needs)
            case nodes.Compared(relation=relation, left=left, right=right):
                return compared(relation, self.value(left), self.value(right))
            case nodes.Among(subject=subject, options=options):
                return self._among(subject, options)
            case nodes.Every(parts=inner):
                return every([self.value(each) for each in inner])
            case nodes.AnyOf(parts=inner):
                return any_of([self.value(each) for each in inner])
            case nodes.Not(part=part):
                found = self.value(part)
                return Found(value=Other(expr=~found.holds), needs=found.needs)
            case nodes.Either(rows=rows, otherwise=otherwise):
                tests = [(self.value(test), self.value(value)) for test, value in rows]
                return either(tests, self.value(otherwise))
            case nodes.Between() | nodes.After() | nodes.Priced() | nodes.PriceAt() | nodes.SeriesOf():
                return self._about_time(node)
            case nodes.OverItems() | nodes.Grouped():
                return self._over_items(node)

    def _among(self, subject: Node, options: tuple[Value, ...]) -> Found:
        found = self.value(subject)
        tests = [compared(Relation.EQUAL, found, Found(value=literal(each, subject.type))).holds for each in options]
        return Found(value=Other(expr=reduce(pl.Expr.__or__, tests)), needs=found.needs)

    def _over_items(self, node: nodes.OverItems | nodes.Grouped) -> Found:
        if isinstance(node, nodes.Grouped):
            raise TypeError("groups are no value of a case, but a list of their own")
        items, told = self._of_items(node.items), self.named(node.items)
        when = Found(value=Other(expr=pl.lit(True))) if node.when is None else items.value(node.when)  # noqa: FBT003
        value = None if node.value is None else items.value(node.value)
        by = None if node.by is None else items.value(node.by)
        asked = value if by is None else by
        found = lists.gathered(
            node.what,
            lists.PerItem(
                of=self._lists[node.items].of,
                height=self._height,
                frame=items.frame,
                holds=when.holds,
                value=None if value is None else value.number,
                by=None if by is None else by.number,
                needs=first_needed(when.needs, None if asked is None else only_where(when.holds, asked.needs)),
                one_needs=None if by is None or value is None else value.needs,
            ),
        )
        needs = [told.needs, None if found.needs is None else pl.lit(found.needs)]
        if node.what not in {Gathered.NUMBER, Gathered.TOTAL}:
            number = pl.lit(self._numbers[node.told], dtype=pl.UInt16)
            needs.append(pl.when(pl.lit(found.none)).then(number).otherwise(NOTHING))
        return self.kept(Found(value=found.number, needs=first_needed(*needs)))

    def _about_time(self, node: nodes.Between | nodes.After | nodes.Priced | nodes.PriceAt | nodes.SeriesOf) -> Found:
        if isinstance(node, nodes.SeriesOf):
            return self._series_of(node)
        return self._timed(node) if isinstance(node, nodes.Between | nodes.After) else self._priced(node)

    def _series_of(self, node: nodes.SeriesOf) -> Found:
        several, which = self.value(node.several), self.value(node.key)
        asked = self.frame.select(series=text_of(several.value), name=text_of(which.value)).collect()
        taken = self.keep(pl.lit(prices.picked(asked)))
        return Found(value=Other(expr=taken), needs=first((several, which)))

    def _timed(self, node: nodes.Between | nodes.After) -> Found:
        start, dates = self.value(node.start), isinstance(node.start.type, DateType)
        if isinstance(node, nodes.Between):
            end = self.value(node.end)
            value, ask = days.passed(node.counted, start.number, end.number, node.calendar, dates=dates)
            return Found(value=value, needs=first_needed(start.needs, end.needs, needed(ask)))
        value, ask = days.later(node.counted, start.number, node.count, node.calendar, dates=dates)
        return Found(value=value, needs=first_needed(start.needs, needed(ask)))

    def _priced(self, node: nodes.Priced | nodes.PriceAt) -> Found:
        series = self.value(node.series)
        start, end = (node.at, node.at) if isinstance(node, nodes.PriceAt) else (node.start, node.end)
        found = [self.value(each) for each in (start, end)]
        moments = [each.number.top.expr for each in found]
        if not isinstance(series.value, Other):
            raise TypeError(f"{node.told} holds no prices, though its type was checked")
        asked = self.frame.select(
            series=series.value.expr, start=moments[0].cast(pl.Int64), end=moments[1].cast(pl.Int64)
        )
        self._kept += 1
        told, value = prices.answers(node, asked.collect(), f"price {self._kept}")
        self.frame = self.frame.with_columns(told.get_columns())
        number = pl.lit(self._numbers[node.told], dtype=pl.UInt16)
        without = pl.when(value.top.expr.is_null()).then(number).otherwise(NOTHING)
        return Found(value=value, needs=first_needed(series.needs, *(each.needs for each in found), without))


def _rounded(node: nodes.Whole | nodes.Rounded, number: Scaled) -> Scaled:
    if isinstance(node, nodes.Whole):
        return scaled.floored(number, up=node.up)
    zero, scale = scaled.constant(0), 10**node.decimals
    above, below = (
        Scaled(top=scaled.units(scaled.extreme((each, zero), largest=True), node.decimals, node.rounding), bottom=scale)
        for each in (number, scaled.negated(number))
    )
    return scaled.added((above, scaled.negated(below)))


def _given(name: str) -> str:
    """Return under which name stands whether something that may be wanting is given; no input has such a name."""
    return f"{name}: given"


def _moved(found: Found, move: Callable[[pl.Expr], pl.Expr]) -> Found:
    """Return the same with each of its columns moved."""
    value = found.value
    match value:
        case Scaled() if value.constant is not None:
            pass
        case Scaled(top=top, under=under):
            moved_under = under and replace(under, expr=move(under.expr))
            value = Scaled(top=replace(top, expr=move(top.expr)), bottom=value.bottom, under=moved_under)
        case Words(codes=codes, options=options):
            value = Words(codes=move(codes), options=options)
        case Other(expr=expr):
            value = Other(expr=move(expr))
    return Found(value=value, needs=None if found.needs is None else move(found.needs))
