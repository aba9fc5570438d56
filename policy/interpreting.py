"""Working out expressions with reasons: a value that is not known says which inputs it waits for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policy import expressions as nodes
from policy.arithmetic import Number, added, divided, multiplied, rounded_to, whole
from policy.expressions import Condition, Expression, Node, Relation, Value
from policy.form import Derived, Policy
from policy.gathering import gathered, grouped, place_of
from policy.items import Items
from policy.series import Series, SeriesByName, found, price_at, why_no_price, why_none_found
from policy.showing import bare, filled_in
from policy.timing import later, passed
from policy.units import NumberType, Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A value that cannot be worked out yet.

    Fields:
        needed: Inputs it needs, whatever the others are.
        perhaps: Inputs it may need as well, depending on what the needed ones turn out to be.
        why: (input, why) where it is given but does not hold what is asked of it.
    """

    needed: frozenset[str]
    perhaps: frozenset[str] = frozenset()
    why: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, *parts: object) -> "Unknown":
        """Return what is needed when every part is; parts that are known add nothing."""
        unknown = [part for part in parts if isinstance(part, Unknown)]
        needed = frozenset[str]().union(*(part.needed for part in unknown))
        perhaps = frozenset[str]().union(*(part.perhaps for part in unknown))
        why = tuple(dict.fromkeys(each for part in unknown for each in part.why))
        return cls(needed=needed, perhaps=perhaps - needed, why=why)

    def and_perhaps(self, *parts: object) -> "Unknown":
        """Return the same, with everything that the parts wait for as perhaps needed."""
        unknown = [part for part in parts if isinstance(part, Unknown)]
        more = frozenset[str]().union(*(part.needed | part.perhaps for part in unknown))
        return replace(self, perhaps=(self.perhaps | more) - self.needed)


class Reckoning:
    """Works out expressions for one case; every derived value once, told to `when_derived` as it is found."""

    def __init__(
        self,
        policy: Policy,
        values: Mapping[str, Value],
        when_derived: Callable[[Derived | nodes.OverItems, Any], None],
        *,
        item: "tuple[str, int, Reckoning] | None" = None,
    ) -> None:
        """Begin with the inputs.

        when_derived: Is told what was worked out, and the items that were counted: (number, value) of each.
        item: For the values of one item of a list: the list, which item, and what works out the claim.
        """
        self._policy = policy
        of = item[0] if item else None
        self._outer = item[2] if item else None
        self.number = item[1] if item else 0
        self._of = f" ({item[0]} item {item[1]})" if item else ""
        self._derived = {each.name: each for each in policy.derived if each.each_of == of}
        self._known: dict[str, Value | Unknown] = dict(values)
        self._when_derived = when_derived
        self._items: dict[str, tuple[Reckoning, ...]] = {}

    def tell(self, name: str, value: Value) -> None:
        """Add a value that is no input: the amount and the classification, for the matrix."""
        self._known[name] = value

    def hold(self, name: str, items: "tuple[Reckoning, ...]") -> None:
        """Let these be the items of a list: those of one group."""
        self._items[name] = items

    def named(self, name: str) -> Value | Unknown:
        """Return the value of an input or of something worked out."""
        if name not in self._known:
            derived = self._derived.get(name)
            if derived is None:
                return self._outer.named(name) if self._outer else Unknown(needed=frozenset({name}))
            value = self._known[name] = self.value(derived.expression.node)
            if not isinstance(value, Unknown):
                self._when_derived(derived, value)
        return self._known[name]

    def filled(self, expression: Expression) -> str:
        """Return the text of an expression with the known values in place of names."""
        used = {name: self._known.get(name) for name, _, _ in expression.names}
        return filled_in(
            expression,
            {name: each for name, each in used.items() if each is not None and not isinstance(each, Unknown)},
        )

    def filled_condition(self, when: Condition) -> str:
        """Return the text of a condition with the known values in place of names."""
        return " and ".join(self.filled(part) for part in when.parts) or "otherwise"

    def holds(self, when: Condition) -> bool | Unknown:
        """Return whether a line fits."""
        return self._every(tuple(part.node for part in when.parts))

    def value(self, node: Node) -> Value | Unknown:  # noqa: C901, PLR0911, PLR0912  # One line for each kind of node.
        """Return what a node comes to."""
        match node:
            case nodes.Literal(value=value):
                return value
            case nodes.Name(name=name):
                return self.named(name)
            case nodes.Given(name=name):
                return self._is_given(name)
            case nodes.Sum(terms=terms):
                return self._sum(terms)
            case nodes.Product(factors=factors):
                numbers = self._numbers(factors)
                return numbers if isinstance(numbers, Unknown) else multiplied(numbers)
            case nodes.Quotient(dividend=dividend, divisor=divisor):
                numbers = self._numbers((dividend, divisor))
                return numbers if isinstance(numbers, Unknown) else _divided(numbers, node.type)
            case nodes.Whole(up=up, part=part):
                numbers = self._numbers((part,))
                return numbers if isinstance(numbers, Unknown) else whole(numbers[0], up=up)
            case nodes.Rounded(decimals=decimals, rounding=rounding, part=part):
                numbers = self._numbers((part,))
                return numbers if isinstance(numbers, Unknown) else rounded_to(numbers[0], decimals, rounding)
            case nodes.Extreme(largest=largest, parts=parts):
                numbers = self._numbers(parts)
                return numbers if isinstance(numbers, Unknown) else sorted(numbers)[-1 if largest else 0]
            case nodes.Compared(relation=relation, left=left, right=right):
                return self._compared(relation, left, right)
            case nodes.Among(subject=subject, options=options):
                found = self.value(subject)
                return found if isinstance(found, Unknown) else any(found == option for option in options)
            case nodes.Every(parts=parts):
                return self._every(parts)
            case nodes.AnyOf(parts=parts):
                return self._any_of(parts)
            case nodes.Not(part=part):
                return self._not(part)
            case nodes.Either(rows=rows, otherwise=otherwise):
                return self._either(rows, otherwise)
            case nodes.Between() | nodes.After():
                return self._timed(node)
            case nodes.Priced() | nodes.PriceAt() | nodes.SeriesOf():
                return self._series_of(node) if isinstance(node, nodes.SeriesOf) else self._priced(node)
            case nodes.OverItems() | nodes.Grouped():
                return self._over_items(node) if isinstance(node, nodes.OverItems) else self._grouped(node)

    def _over_items(self, node: nodes.OverItems) -> Value | Unknown:
        """Return what is made of the items, from the first to the last; without one that fits some are missing."""
        listed = self.named(node.items)
        if not isinstance(listed, Items):
            return Unknown.of(listed)
        counted = self._counted(node, listed, node.value if node.by is None else node.by)
        if node.by is not None and counted and not any(isinstance(each, Unknown) for _, each in counted):
            item = counted[place_of(node.what, [key for _, key in counted])][0]
            counted = [(item, item.value(node.value) if node.value is not None else True)]
        values = [each for _, each in counted]
        if any(isinstance(each, Unknown) for each in values):
            return Unknown.of(*values)
        found = gathered(node.what, values)
        if found is not None:
            self._when_derived(node, tuple((item.number, value) for item, value in counted))
            return found
        why = "holds nothing" if node.when is None else "holds nothing that fits"
        return Unknown(needed=frozenset({node.told}), why=((node.told, f"{why}: {node.what.value} needs an item"),))

    def _counted(self, node: nodes.OverItems, listed: Items, of: Node | None) -> "list[tuple[Reckoning, Any]]":
        """Return what is asked of each item that counts, or may count."""
        counted: list[tuple[Reckoning, Any]] = []
        for item in self._each_of(node.items, listed):
            fits = item.value(node.when) if node.when is not None else True
            if isinstance(fits, Unknown):
                counted.append((item, fits.and_perhaps(*([item.value(of)] if of is not None else []))))
            elif fits:
                counted.append((item, item.value(of) if of is not None else True))
        return counted

    def _grouped(self, node: nodes.Grouped) -> Value | Unknown:
        listed = self.named(node.items)
        if not isinstance(listed, Items):
            return Unknown.of(listed)
        rows = [{name: item.value(key) for name, key in node.by} for item in self._each_of(node.items, listed)]
        unknown = [value for row in rows for value in row.values() if isinstance(value, Unknown)]
        return Unknown.of(*unknown) if unknown else grouped(rows)

    def _each_of(self, name: str, listed: Items) -> "tuple[Reckoning, ...]":
        """Return what works out each item of a list; of a group it works out the items of that group too."""
        if name not in self._items:
            items = tuple(self._of_item(name, number, row) for number, row in enumerate(listed.rows, start=1))
            node = self._derived[name].expression.node if name in self._derived else None
            if isinstance(node, nodes.Grouped):
                for item, members in zip(items, listed.members, strict=True):
                    item.hold(node.items, tuple(self._items[node.items][place] for place in members))
            self._items[name] = items
        return self._items[name]

    def _of_item(self, items: str, number: int, row: Mapping[str, Value]) -> "Reckoning":
        def when_derived(what: Derived | nodes.OverItems, value: Any) -> None:
            self._when_derived(what, (number, value) if isinstance(what, Derived) else value)

        return Reckoning(self._policy, row, when_derived, item=(items, number, self))

    def _timed(self, node: nodes.Between | nodes.After) -> Value | Unknown:
        start = self.value(node.start)
        end = self.value(node.end) if isinstance(node, nodes.Between) else start
        if isinstance(start, Unknown) or isinstance(end, Unknown):
            return Unknown.of(start, end)
        if isinstance(node, nodes.Between):
            return passed(node.counted, _date(start), _date(end), node.calendar)
        return later(node.counted, _date(start), node.count, node.calendar)

    def _priced(self, node: nodes.Priced | nodes.PriceAt) -> Value | Unknown:
        """Return a price; a window without one is said, never bridged."""
        series = self.value(node.series)
        times = (node.at,) if isinstance(node, nodes.PriceAt) else (node.start, node.end)
        moments = [self.value(each) for each in times]
        unknown = [each for each in (series, *moments) if isinstance(each, Unknown)]
        if unknown or not isinstance(series, Series):
            return Unknown.of(*unknown)
        start, end = (_moment(each) for each in (moments[0], moments[-1]) if not isinstance(each, Unknown))
        if isinstance(node, nodes.PriceAt):
            price: Value | None = price_at(series, start, node.within)
        else:
            price = found(series, node.lookup, start, end, with_end=node.with_end)
        if price is not None:
            return price
        if isinstance(node, nodes.PriceAt):
            asked, why = f"for {bare(start)}", why_no_price(series, start, node.within)
        else:
            asked = f"from {bare(start)} to {'' if node.with_end else 'under '}{bare(end)}"
            why = why_none_found(series, node.lookup, start, end, with_end=node.with_end)
        said = f"holds no price{f' of {series.name}' if series.name else ''} {asked}{self._of}: {why}"
        return Unknown(needed=frozenset({node.told}), why=((node.told, said),))

    def _series_of(self, node: nodes.SeriesOf) -> Value | Unknown:
        several, name = self.value(node.several), self.value(node.key)
        if isinstance(several, SeriesByName) and isinstance(name, str):
            return several.of(name)
        return Unknown.of(several, name)

    def _sum(self, terms: tuple[tuple[int, Node], ...]) -> Value | Unknown:
        numbers = self._numbers(tuple(term for _, term in terms))
        if isinstance(numbers, Unknown):
            return numbers
        return added([number if sign > 0 else -number for (sign, _), number in zip(terms, numbers, strict=True)])

    def _numbers(self, operands: tuple[Node, ...]) -> list[Number] | Unknown:
        values = [self.value(node) for node in operands]
        unknown = [value for value in values if isinstance(value, Unknown)]
        if unknown:
            return Unknown.of(*unknown)
        return [_number(value) for value in values if not isinstance(value, Unknown)]

    def _compared(self, relation: Relation, left: Node, right: Node) -> bool | Unknown:
        one, other = self.value(left), self.value(right)
        if isinstance(one, Unknown) or isinstance(other, Unknown):
            return Unknown.of(one, other)
        if relation is Relation.EQUAL:
            return one == other
        if relation is Relation.UNEQUAL:
            return one != other
        order = _order(one, other)
        match relation:
            case Relation.BELOW:
                return order < 0
            case Relation.AT_MOST:
                return order <= 0
            case Relation.ABOVE:
                return order > 0
            case _:
                return order >= 0

    def _is_given(self, name: str) -> bool | Unknown:
        found = self.named(name)
        return found if isinstance(found, Unknown) else found is not None

    def _not(self, part: Node) -> bool | Unknown:
        found = self.value(part)
        return found if isinstance(found, Unknown) else not found

    def _every(self, parts: tuple[Node, ...]) -> bool | Unknown:
        """From left to right; the first that does not hold settles it."""
        for number, part in enumerate(parts):
            found = self.value(part)
            if isinstance(found, Unknown):
                return found.and_perhaps(*(self.value(rest) for rest in parts[number + 1 :]))
            if not found:
                return False
        return True

    def _any_of(self, parts: tuple[Node, ...]) -> bool | Unknown:
        for number, part in enumerate(parts):
            found = self.value(part)
            if isinstance(found, Unknown):
                return found.and_perhaps(*(self.value(rest) for rest in parts[number + 1 :]))
            if found:
                return True
        return False

    def _either(self, rows: tuple[tuple[Node, Node], ...], otherwise: Node) -> Value | Unknown:
        for number, (test, result) in enumerate(rows):
            fits = self.value(test)
            if isinstance(fits, Unknown):
                rest = [each for row in rows[number + 1 :] for each in row]
                return fits.and_perhaps(*(self.value(each) for each in (result, *rest, otherwise)))
            if fits:
                return self.value(result)
        return self.value(otherwise)

    def shown(self, name: str) -> str:
        """Return the value of a name without its unit; the name itself while it is not known."""
        value = self.named(name)
        return name if isinstance(value, Unknown) else bare(value)


def _divided(numbers: list[Number], kind: Type) -> Number:
    dividend, divisor = numbers
    if (
        isinstance(kind, NumberType)
        and not kind.ratio
        and isinstance(dividend, Decimal)
        and isinstance(divisor, Decimal)
    ):
        return dividend / divisor
    return divided(dividend, divisor)


def _number(value: Value) -> Number:
    if not isinstance(value, Decimal | Fraction):
        raise TypeError(f"{value!r} is no number, though its type was checked")
    return value


def _moment(value: Value) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} is no time, though its type was checked")
    return value


def _date(value: Value) -> datetime | date:
    if not isinstance(value, date):
        raise TypeError(f"{value!r} is neither a time nor a date, though its type was checked")
    return value


def _order(one: Value, other: Value) -> int:
    if isinstance(one, Decimal | Fraction) and isinstance(other, Decimal | Fraction):
        return (one > other) - (one < other)
    if isinstance(one, date) and isinstance(other, date):  # Two moments, or two days.
        return (one > other) - (one < other)
    raise TypeError(f"{one!r} and {other!r} have no order, though their types were checked")
