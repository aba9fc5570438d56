"""Expressions written as Python code and compiled once: values by name -> value. Fast, without reasons.

No text of a policy stands in the code: its names, words and numbers are constants of it, called `c0`, `c1` and so on.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from cases.money import Money
from policy import expressions as nodes
from policy.arithmetic import added, divided, multiplied, rounded_to, whole
from policy.expressions import Condition, Node, Relation, work
from policy.form import Derived
from policy.gathering import gathering, grouping, known_items
from policy.series import found, price_at
from policy.timing import later, passed
from policy.units import NumberType

#: The nodes that may stand in each other in one piece of code; deeper ones get a function of their own.
_DEEPEST = 30
#: What is worked out with at most so many nodes is written wherever it is used: remembering it takes longer.
_MOST_IN_PLACE = 25
#: The rows of a table in one piece of code; the others follow in a function of their own.
_MOST_ROWS = 20
_RELATIONS = {Relation.EQUAL: "==", Relation.UNEQUAL: "!="}


class Known(dict[str, Any]):
    """Values by name in one decision: the inputs, and what is worked out once it is asked for.

    Asking for an input that is not known raises KeyError with its name.

    Fields:
        derived: What works a value out, by name.
        inputs: What was told.
        counted_before: Amounts that the matrix counts too.
        notes: What was worked out, in order, where reasons are wanted.
    """

    __slots__ = ("counted_before", "derived", "inputs", "notes")
    derived: Mapping[str, "Compiled"]
    inputs: Mapping[str, Any]
    counted_before: tuple[Money, ...]
    notes: list[tuple[Any, Any]]

    def __missing__(self, name: str) -> Any:
        value = self[name] = self.derived[name](self)
        return value


Compiled = Callable[[dict[str, Any]], Any]


def compiled(node: Node) -> Compiled:
    """Return a node as a function of what is known."""
    code = Code()
    code.function("value", ("k",), [f"return {code.written(node)}"])
    value: Compiled = code.built()["value"]
    return value


def test_of(when: Condition) -> Compiled:
    """Return whether a line fits, as a function of what is known."""
    code = Code()
    code.function("fits", ("k",), [f"return {code.condition(when, set())}"])
    fits: Compiled = code.built()["fits"]
    return fits


def worked_out(derived: Iterable[Derived], *, noted: bool = False) -> dict[str, Compiled]:
    """Return what works each derived value out, by name; `noted` notes (derived, value) each time."""
    code, names = Code(), {}
    for number, each in enumerate(derived):
        value, names[each.name] = code.written(each.expression.node), f"derived{number}"
        found_out = "(k.number, value)" if each.each_of else "value"
        note = [f"k.notes.append(({code.constant(each)}, {found_out}))"] if noted else []
        code.function(names[each.name], ("k",), [f"value = {value}", *note, "return value"])
    found = code.built()
    functions = {name: found[function] for name, function in names.items()}
    return functions | known_items(derived, functions)


def in_place(derived: Iterable[Derived]) -> dict[str, Node]:
    """Return what is short enough to be written wherever it is used, by name."""
    found, works = dict[str, Node](), dict[str, int]()
    for each in derived:
        works[each.name] = work(each.expression.node, works)
        alone = each.each_of is not None or isinstance(each.expression.node, nodes.OverItems | nodes.Grouped)
        if works[each.name] <= _MOST_IN_PLACE and not alone:
            found[each.name] = each.expression.node
    return found


class Code:
    """Functions being written, with the constants that they use."""

    def __init__(self, called: Mapping[str, Any] | None = None, short: Mapping[str, Node] | None = None) -> None:
        """Begin; `called` are functions that the code may call, `short` what is written in place, by name."""
        self.short = short or {}
        self._lines: list[str] = []
        self._named: dict[str, str] = {}
        self._compared = 0
        self._constants: dict[str, Any] = {**_CALLED, **(called or {})}

    def constant(self, value: object) -> str:
        """Return what a value is called in the code."""
        if type(value) is str and value in self._named:
            return self._named[value]
        name = f"c{len(self._constants)}"
        self._constants[name] = value
        if type(value) is str:  # Words of an enumeration are equal to others, and yet not the same.
            self._named[value] = name
        return name

    def function(self, name: str, parameters: Iterable[str], body: Iterable[str]) -> None:
        """Add a function; its name and parameters are ours, its body is lines without the outer indentation."""
        self._lines += [f"def {name}({', '.join(parameters)}):", *(f"    {line}" for line in body)]

    @property
    def text(self) -> str:
        """What is written so far."""
        return "\n".join(self._lines)

    def built(self) -> dict[str, Any]:
        """Return the functions by name."""
        names = dict(self._constants)
        exec(compile(self.text, "<policy>", "exec"), names)  # noqa: S102  # No text of a policy stands in it.
        return names

    def condition(self, when: Condition, sure: set[str]) -> str:
        """Return when a line fits; afterwards `sure` holds what is in a variable whatever came out."""
        return self._joined("and", [part.node for part in when.parts], sure, 1) if when.parts else "True"

    def written(self, node: Node, sure: set[str] | None = None, depth: int = 0) -> str:
        """Return a node as an expression of Python.

        sure: The names that stand in a variable at this point already; names that do so afterwards are added.
        """
        known = set() if sure is None else sure
        if depth <= _DEEPEST:
            return self._written(node, known, depth + 1)
        name = f"part{len(self._lines)}"
        self.function(name, ("k",), [f"return {self._written(node, set(), 1)}"])
        return f"{name}(k)"

    def _written(self, node: Node, sure: set[str], depth: int) -> str:  # noqa: C901, PLR0911, PLR0912  # One line each.
        match node:
            case nodes.Literal(value=value):
                return str(value) if isinstance(value, bool) else self.constant(value)
            case nodes.Name(name=name):
                return self.named(name, sure, depth)
            case nodes.Given(name=name):
                return f"({self.named(name, sure, depth)} is not None)"
            case nodes.Sum() | nodes.Product() | nodes.Quotient() | nodes.Whole() | nodes.Extreme() | nodes.Rounded():
                return self._number(node, sure, depth)
            case nodes.Compared(relation=relation, left=left, right=right):
                sign = _RELATIONS.get(relation, relation.value)
                if isinstance(right, nodes.Literal) and isinstance(right.value, bool):
                    sign = "is" if relation is Relation.EQUAL else "is not"
                return f"({self.written(left, sure, depth)} {sign} {self.written(right, sure, depth)})"
            case nodes.Among(subject=subject, options=options):
                return f"({self.written(subject, sure, depth)} in {self.constant(options)})"
            case nodes.Every(parts=parts):
                return self._joined("and", parts, sure, depth)
            case nodes.AnyOf(parts=parts):
                return self._joined("or", parts, sure, depth)
            case nodes.Not(part=part):
                return f"(not {self.written(part, sure, depth)})"
            case nodes.Either(rows=rows, otherwise=otherwise):
                return self._either(rows, otherwise, sure, depth)
            case nodes.Between() | nodes.After():
                return self._timed(node, sure, depth)
            case nodes.Priced() | nodes.PriceAt() | nodes.SeriesOf():
                return self._looked_up(node, sure, depth)
            case nodes.OverItems():
                return f"{self.constant(gathering(node, compiled))}(k)"
            case nodes.Grouped():
                return f"{self.constant(grouping(node, compiled))}(k)"

    def named(self, name: str, sure: set[str], depth: int = 0) -> str:
        """Return a value by its name: looked up or worked out the first time, from then on in a variable."""
        constant = self.constant(name)
        variable = f"v{constant}"
        if name in sure:
            return variable
        value = self.written(self.short[name], sure, depth) if name in self.short else f"k[{constant}]"
        sure.add(name)
        return f"({variable} := {value})"

    def _number(
        self,
        node: nodes.Sum | nodes.Product | nodes.Quotient | nodes.Whole | nodes.Extreme | nodes.Rounded,
        sure: set[str],
        depth: int,
    ) -> str:
        """Return arithmetic: on decimals alone where no ratio can occur, which is faster."""
        ratio = isinstance(node.type, NumberType) and node.type.ratio
        match node:
            case nodes.Sum(terms=terms):
                signs = ["+" if sign > 0 else "-" for sign, _ in terms]
                parts = [self.written(term, sure, depth) for _, term in terms]
                signed = [f"{sign if sign == '-' else ''}{part}" for sign, part in zip(signs, parts, strict=True)]
                if ratio:
                    return f"added([{', '.join(signed)}])"
                more = (f" {sign} {part}" for sign, part in zip(signs[1:], parts[1:], strict=True))
                return f"({signed[0]}{''.join(more)})"
            case nodes.Product(factors=factors):
                parts = [self.written(factor, sure, depth) for factor in factors]
                return f"multiplied([{', '.join(parts)}])" if ratio else f"({' * '.join(parts)})"
            case nodes.Quotient(dividend=dividend, divisor=divisor):
                over, under = self.written(dividend, sure, depth), self.written(divisor, sure, depth)
                return f"divided({over}, {under})" if ratio else f"({over} / {under})"
            case nodes.Whole(up=up, part=part):
                return f"whole({self.written(part, sure, depth)}, up={up})"
            case nodes.Rounded(decimals=decimals, rounding=rounding, part=part):
                written = self.written(part, sure, depth)
                return f"rounded_to({written}, {self.constant(decimals)}, {self.constant(rounding)})"
            case nodes.Extreme(largest=largest, parts=extremes):
                return self._extreme([self.written(part, sure, depth) for part in extremes], largest=largest)

    def _extreme(self, parts: list[str], *, largest: bool) -> str:
        """Return the largest or smallest; of equal ones the last or the first, as if they were sorted."""
        if len(parts) != 2:  # noqa: PLR2004  # Two are compared in place, which is faster.
            return f"sorted([{', '.join(parts)}])[{-1 if largest else 0}]"
        self._compared += 1
        one, other = f"a{self._compared}", f"b{self._compared}"
        upper, lower = (other, one) if largest else (one, other)
        return f"({upper} if ({one} := {parts[0]}) <= ({other} := {parts[1]}) else {lower})"

    def _joined(self, word: str, parts: Iterable[Node], sure: set[str], depth: int) -> str:
        """Return tests joined by and/or: beyond the first, none is sure to be looked at."""
        first, *others = parts
        written, perhaps = [self.written(first, sure, depth)], set(sure)
        written += [self.written(part, perhaps, depth) for part in others]
        return f"({f' {word} '.join(written)})" if others else written[0]

    def _either(self, rows: tuple[tuple[Node, Node], ...], otherwise: Node, sure: set[str], depth: int) -> str:
        written, seen = "", sure
        for test, value in rows[:_MOST_ROWS]:
            fits = self.written(test, seen, depth)
            written += f"{self.written(value, set(seen), depth)} if {fits} else "
            seen = set(seen)
        if len(rows) <= _MOST_ROWS:
            return f"({written}{self.written(otherwise, seen, depth)})"
        rest = nodes.Either(rows=rows[_MOST_ROWS:], otherwise=otherwise, type=otherwise.type)
        return f"({written}{self.written(rest, set(), _DEEPEST + 1)})"

    def _timed(self, node: nodes.Between | nodes.After, sure: set[str], depth: int) -> str:
        counted, calendar = self.constant(node.counted), self.constant(node.calendar)
        start = self.written(node.start, sure, depth)
        if isinstance(node, nodes.After):
            return f"later({counted}, {start}, {self.constant(node.count)}, {calendar})"
        return f"passed({counted}, {start}, {self.written(node.end, sure, depth)}, {calendar})"

    def _looked_up(self, node: nodes.Priced | nodes.PriceAt | nodes.SeriesOf, sure: set[str], depth: int) -> str:
        if isinstance(node, nodes.SeriesOf):
            return f"{self.written(node.several, sure, depth)}.of({self.written(node.key, sure, depth)})"
        series, prices = self.constant(node.told), self.written(node.series, sure, depth)
        if isinstance(node, nodes.PriceAt):
            at = self.written(node.at, sure, depth)
            return f"there({series}, price_at({prices}, {at}, {self.constant(node.within)}))"
        start, end = self.written(node.start, sure, depth), self.written(node.end, sure, depth)
        asked = f"{self.constant(node.lookup)}, {start}, {end}, with_end={node.with_end}"
        return f"there({series}, found({prices}, {asked}))"


def _there(series: str, price: Decimal | Fraction | None) -> Decimal | Fraction:
    """Return a price that was found; without it the prices are needed."""
    if price is None:
        raise KeyError(series)
    return price


_CALLED: dict[str, Any] = {
    "added": added,
    "divided": divided,
    "found": found,
    "later": later,
    "multiplied": multiplied,
    "passed": passed,
    "price_at": price_at,
    "rounded_to": rounded_to,
    "there": _there,
    "whole": whole,
}
