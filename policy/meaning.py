"""What an expression means: names looked up, types and units checked. Tree -> parsed form."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

from lark import Token, Tree

from policy import building, wanting
from policy.bounds import compared_with, rises, rising, widens
from policy.calls import Argument, Call, called, series_of
from policy.comparing import not_compared
from policy.expressions import (
    MOST_WORK,
    Among,
    AnyOf,
    Compared,
    Every,
    Expression,
    Given,
    Literal,
    Name,
    Node,
    Not,
    Product,
    Relation,
    work,
)
from policy.going_through import GATHERING, Going, goes_through, gone_through, hoisted, of_an_item
from policy.grammar import NotUnderstood, parsed
from policy.literals import number_written, rounding_written, share_written
from policy.mistakes import Place, did_you_mean
from policy.scope import Scope
from policy.trees import (
    Branch,
    joined_at,
    only,
    same_at,
    scaled_at,
    spelled,
    start_of,
    wrong,
    yes_no_at,
)
from policy.units import (
    ChoiceType,
    DateType,
    NumberType,
    OptionalType,
    TimeType,
    Type,
    Unit,
    YesNoType,
    described,
)
from policy.written import VALUES, value_written

YES_NO = YesNoType()
_ORDERED = {Relation.BELOW, Relation.AT_MOST, Relation.ABOVE, Relation.AT_LEAST}
_NOT_A_DIVISOR = (
    "divide only by what is always above 0: a number above 0, an input declared as "
    '"positive ...", or max(..., smallest)'
)
_MIRRORED = {"under": Relation.BELOW, "over": Relation.ABOVE, "least": Relation.AT_LEAST, "most": Relation.AT_MOST}


def understood(text: str, scope: Scope, place: Place) -> Expression:
    """Return what a text means among these names; raises NotUnderstood with the character where it goes wrong."""
    reading = _Reading(replace(scope, place=place), text)
    node = reading.read(parsed(text))
    if work(node, {}) > MOST_WORK:
        raise NotUnderstood(0, "too much is worked out again and again: work parts out under a name of their own")
    return Expression(text=text, node=node, names=tuple(sorted(reading.names, key=lambda each: each[1])), place=place)


class _Reading:
    """Reads one tree; remembers which names it met."""

    def __init__(self, scope: Scope, text: str) -> None:
        self.scope = scope
        self.text = text
        self.types = scope.types
        self.names: list[tuple[str, int, int]] = []
        self._readers: dict[str, Callable[[Branch], Node]] = {
            "words": self._name,
            "series_of": self._series_of,
            "signed_sum": self._sum,
            "plain_sum": self._sum,
            "product": self._product,
            "share": self._share,
            "greatest": self._extreme,
            "smallest": self._extreme,
            "compared": self._compared,
            "fits": self._fits,
            "fits_not": self._fits_not,
            "both": self._both,
            "either": self._either,
            "negation": lambda tree: Not(part=self._tests(tree)[0], type=YES_NO),
            "choice": self._choice,
            "table": self._table,
            "full_table": self._full_table,
            "band": self._band,
            "tiers": self._tiers,
            "rounded": self._rounded,
            "call": self._call,
        }

    def read(self, tree: Branch) -> Node:
        if tree.data in VALUES:
            return value_written(tree, self.scope.units)
        return self._readers[str(tree.data)](tree)

    def _name(self, tree: Branch) -> Node:
        name = spelled(tree)
        if said := of_an_item(name, self.scope):
            raise wrong(tree, said)
        if name not in self.types:
            raise wrong(tree, f'"{name}" is not declared: {did_you_mean(name, self.types)}')
        kind = self.types[name]
        if isinstance(kind, OptionalType):
            raise wrong(tree, f'"{name}" may be wanting: {wanting.HOW.format(name)}')
        return self._met(name, kind, tree)

    def _met(self, name: str, kind: Type, tree: Branch) -> Name:
        meant = self.scope.stands_for.get(name, name)
        self.names.append((meant, start_of(tree), tree.meta.end_pos))
        return Name(name=meant, type=kind)

    def _series_of(self, tree: Branch) -> Node:
        several, which = cast("list[Branch]", tree.children)
        return series_of(self.read(several), self.read(which), start_of(several), start_of(which))

    def _given(self, tree: Branch) -> Given:
        kind = wanting.asked_for(tree, self.types)
        return Given(name=self._met(spelled(tree), kind, tree).name, type=YES_NO)

    def _sum(self, tree: Branch) -> Node:
        sign, unit = 1, Unit(zero=True)
        terms: list[tuple[int, Node]] = []
        for child in tree.children:
            if isinstance(child, Token):
                sign = -1 if child == "-" else 1
                continue
            term = self.read(child)
            unit = joined_at(child, unit, self._unit(term, child), doing="add up")
            terms.append((sign, term))
        return building.summed(terms, unit)

    def _product(self, tree: Branch) -> Node:
        first = cast("Branch", tree.children[0])
        node = self.read(first)
        unit = self._unit(node, first)
        for operator, child in zip(tree.children[1::2], cast("list[Branch]", tree.children[2::2]), strict=True):
            node, unit = self._by(node, unit, divide=operator == "/", child=child)
        return node

    def _by(self, node: Node, unit: Unit, *, divide: bool, child: Branch) -> tuple[Node, Unit]:
        factor = self.read(child)
        result = scaled_at(child, unit, self._unit(factor, child), divide=divide)
        if divide:
            if not building.numeric(factor).positive:
                raise wrong(child, _NOT_A_DIVISOR)
            return building.quotient(node, factor, result), result
        factors = node.factors if isinstance(node, Product) else (node,)
        return building.product((*factors, factor), result), result

    def _share(self, tree: Branch) -> Node:
        percent, child = cast("tuple[Token, Branch]", tuple(tree.children))
        factor, share = self.read(child), building.number(*share_written(str(percent), start_of(tree)))
        unit = scaled_at(child, building.numeric(share).unit, self._unit(factor, child), divide=False)
        return building.product((share, factor), unit)

    def _extreme(self, tree: Branch) -> Node:
        unit = Unit(zero=True)
        parts = []
        for child in cast("list[Branch]", tree.children):
            part = self.read(child)
            if isinstance(part.type, TimeType | DateType):
                how = f'write "if one {">" if tree.data == "greatest" else "<"} other then one else other"'
                raise wrong(child, f"a number is needed here, this is {described(part.type)}: {how}")
            unit = joined_at(child, unit, self._unit(part, child), doing="compare")
            parts.append(part)
        return building.extreme(parts, unit, largest=tree.data == "greatest")

    def _compared(self, tree: Branch) -> Node:
        left, relation, right = tree.children
        return self._relation(self.read(cast("Branch", left)), Relation(str(relation)), cast("Branch", right))

    def _fits_not(self, tree: Branch) -> Node:
        return Not(part=self._fits(tree), type=YES_NO)

    def _fits(self, tree: Branch) -> Node:
        left, cell = cast("list[Branch]", tree.children)
        return self._given(left) if wanting.asks(left, cell, self.types) else self._cell(self.read(left), cell)

    def _cell(self, subject: Node, cell: Branch) -> Node:
        children = cast("list[Branch]", cell.children)
        match str(cell.data):
            case "among":
                options = tuple(self._literal_beside(subject, child).value for child in children)
                return Among(subject=subject, options=options, type=YES_NO)
            case "through" | "until":
                return self._range(subject, cell)
            case "bound":
                return self._bound(subject, cell)
            case _:
                return self._relation(subject, Relation.EQUAL, children[0])

    def _range(self, subject: Node, cell: Branch) -> Node:
        low, high = cast("list[Branch]", cell.children)
        top = self._beside(subject, high)
        bottom = self._beside(top, low, lend_unit=True)
        if isinstance(bottom, Literal) and isinstance(top, Literal) and not rises(bottom, top):
            raise wrong(cell, "the range is empty: write the lower end first")
        upper = Relation.BELOW if cell.data == "until" else Relation.AT_MOST
        return Every(
            parts=(
                self._ordered(subject, Relation.AT_LEAST, bottom, low),
                self._ordered(subject, upper, top, high),
            ),
            type=YES_NO,
        )

    def _bound(self, subject: Node, cell: Branch) -> Node:
        *words, limit = cell.children
        last = str(words[-1])
        relation = Relation.AT_MOST if last == "up" else _MIRRORED.get(last) or Relation(last)
        return self._relation(subject, relation, cast("Branch", limit))

    def _relation(self, left: Node, relation: Relation, right: Branch) -> Node:
        return self._ordered(left, relation, self._beside(left, right), right)

    def _ordered(self, left: Node, relation: Relation, right: Node, tree: Branch) -> Node:
        self._comparable(left, right, tree)
        if relation in _ORDERED and not isinstance(left.type, NumberType | TimeType | DateType):
            raise wrong(tree, f"{described(left.type)} has no order: use is, is not or is one of")
        return Compared(relation=relation, left=left, right=right, type=YES_NO)

    def _comparable(self, left: Node, right: Node, tree: Branch) -> None:
        if isinstance(left.type, NumberType) and isinstance(right.type, NumberType):
            joined_at(tree, left.type.unit, right.type.unit, doing="compare")
            return
        if type(left.type) is not type(right.type):
            raise wrong(tree, not_compared(left, right))

    def _beside(self, subject: Node, tree: Branch, *, lend_unit: bool = False) -> Node:
        """Read what stands beside a subject: a bare word may be one of the subject's options."""
        if isinstance(subject.type, ChoiceType) and tree.data in {"words", "quoted", "yes", "no"}:
            return self._option(subject.type, tree)
        if lend_unit and tree.data == "number" and isinstance(subject.type, NumberType):
            return building.number(number_written(only(tree), start_of(tree)), subject.type.unit)
        return self.read(tree)

    def _option(self, choice: ChoiceType, tree: Branch) -> Node:
        word = spelled(tree) if tree.data == "words" else str(tree.data)
        if tree.data == "quoted":
            word = only(tree)[1:-1]
        if word in choice.options:
            return Literal(value=word, type=choice)
        if isinstance(self.types.get(word), ChoiceType):
            return self._name(tree)
        raise wrong(tree, f'"{word}" is not one of its values: {did_you_mean(word, choice.options)}')

    def _literal_beside(self, subject: Node, tree: Branch) -> Literal:
        node = self._beside(subject, tree)
        if not isinstance(node, Literal):
            raise wrong(tree, "a list holds values only")
        self._comparable(subject, node, tree)
        return node

    def _either(self, tree: Branch) -> Node:
        first, *others = cast("list[Branch]", tree.children)
        if not wanting.may_be_wanting(first, self.types):
            return AnyOf(parts=self._tests(tree), type=YES_NO)
        instead = wanting.instead(first, others, self.text)
        value = self._met(spelled(first), wanting.asked_for(first, self.types), first)
        otherwise, test = self._beside(value, instead), Given(name=value.name, type=YES_NO)
        return building.either([(test, value)], otherwise, same_at(value.type, otherwise.type, instead))

    def _tests(self, tree: Branch) -> tuple[Node, ...]:
        return tuple(yes_no_at(child, self.read(child)) for child in cast("list[Branch]", tree.children))

    def _both(self, tree: Branch) -> Node:
        parts: list[Node] = []
        for child in cast("list[Branch]", tree.children):
            parts.append(yes_no_at(child, self._where(parts, child)))
        return Every(parts=tuple(parts), type=YES_NO)

    def _where(self, tests: Sequence[Node], tree: Branch) -> Node:
        """Read what is looked at only where all tests hold: what they ask for is given there."""
        usual, self.types = self.types, wanting.narrowed(self.types, tests)
        node = self.read(tree)
        self.types = usual
        return node

    def _choice(self, tree: Branch) -> Node:
        test, fits, otherwise = cast("list[Branch]", tree.children)
        return self._rows([(yes_no_at(test, self.read(test)), fits)], otherwise)

    def _table(self, tree: Branch) -> Node:
        subject, *rows, otherwise = cast("list[Branch]", tree.children)
        node = self.read(subject)
        return self._rows([self._table_row(node, row) for row in rows], otherwise)

    def _full_table(self, tree: Branch) -> Node:
        subject, *rows = cast("list[Branch]", tree.children)
        node = self.read(subject)
        if not isinstance(node.type, ChoiceType):
            raise wrong(tree, 'end the table with "otherwise -> ...": its subject is no closed list')
        tests = [self._table_row(node, row) for row in rows]
        named = {compared_with(test) for test, _ in tests}
        left_out = [option for option in node.type.options if option not in named]
        if left_out:
            raise wrong(tree, f'the table says nothing for {", ".join(left_out)}: add a row or "otherwise -> ..."')
        return self._rows(tests[:-1], tests[-1][1], last=tests[-1][0])

    def _table_row(self, subject: Node, row: Branch) -> tuple[Node, Branch]:
        key, value = cast("list[Branch]", row.children)
        return self._relation(subject, Relation.EQUAL, key), value

    def _band(self, tree: Branch) -> Node:
        subject, *rows, otherwise = cast("list[Branch]", tree.children)
        node = self.read(subject)
        tests: list[tuple[Node, Branch]] = []
        for row in rows:
            bound, value = cast("list[Branch]", row.children)
            test = self._bound(node, bound)
            if tests and not widens(tests[-1][0], test):
                raise wrong(row, "the bounds of a band must rise from row to row (under) or fall (at least)")
            tests.append((test, value))
        return self._rows(tests, otherwise)

    def _tiers(self, tree: Branch) -> Node:
        subject, *rows, otherwise = cast("list[Branch]", [each for each in tree.children if isinstance(each, Tree)])
        node = self.read(subject)
        unit = self._unit(node, subject)
        last = self.read(otherwise)
        total = scaled_at(otherwise, unit, self._unit(last, otherwise), divide=False)
        read: list[tuple[Node, Node]] = []
        for row in rows:
            bound, value = cast("list[Branch]", row.children)
            test = self._bound(node, bound)
            if not isinstance(test, Compared) or test.relation is not Relation.AT_MOST or not rising(read, test):
                raise wrong(row, 'write each tier as "up to 1000 USDT -> 50%", the ends rising')
            factor = self.read(value)
            joined_at(value, total, scaled_at(value, unit, self._unit(factor, value), divide=False), doing="add up")
            read.append((test.right, factor))
        return building.tiers(node, read, last, total)

    def _rounded(self, tree: Branch) -> Node:
        _, part, places, way = tree.children
        self._unit(node := self.read(cast("Branch", part)), cast("Branch", part))
        return building.rounded(node, *rounding_written(str(places), spelled(cast("Branch", way)), start_of(tree)))

    def _call(self, tree: Branch) -> Node:
        name, *arguments = tree.children
        if goes_through(tree, self.scope):
            return self._gathered(tree)
        read = tuple(self._argument(cast("Branch", each)) for each in arguments)
        return called(Call(name=" ".join(str(name).split()), arguments=read, scope=self.scope, at=start_of(tree)))

    def _gathered(self, tree: Branch) -> Node:
        names: list[tuple[str, int, int]] = []

        def read(part: Branch, scope: Scope) -> Node:
            inner = _Reading(scope, self.text)
            node = inner.read(part)
            names.extend(inner.names)
            return node

        start, end = start_of(tree), int(tree.meta.end_pos)
        going = Going(tree=tree, text=self.text[start:end], read=read, scope=self.scope)
        node, listed = gone_through(going)
        names.append((node.items, start_of(listed), int(listed.meta.end_pos)))
        found = hoisted(going, node, tuple(sorted(names, key=lambda each: each[1])))
        self.names.append((found.name, start, end))
        return found

    def _argument(self, tree: Branch) -> Argument:
        if tree.data == "narrowed":
            raise wrong(tree, f'"when" goes with {", ".join(GATHERING)} only')
        if tree.data not in {"through", "until"}:
            return Argument(node=self.read(tree), at=start_of(tree))
        start, end = (self.read(child) for child in cast("list[Branch]", tree.children))
        return Argument(node=start, end=end, with_end=tree.data == "through", at=start_of(tree))

    def _rows(self, rows: list[tuple[Node, Branch]], otherwise: Branch, *, last: Node | None = None) -> Node:
        """Read what a choice comes to. last: The test of `otherwise`, which is nothing else than the last row then."""
        remaining = building.paid_in(self.read(otherwise), last, self.scope.asset_input)
        kind, done = remaining.type, []
        for test, tree in rows:
            node = building.paid_in(self._where([test], tree), test, self.scope.asset_input)
            kind = same_at(kind, node.type, tree)
            done.append((test, node))
        return building.either(done, remaining, kind)

    def _unit(self, node: Node, tree: Branch) -> Unit:
        if not isinstance(node.type, NumberType):
            raise wrong(tree, f"a number is needed here, this is {described(node.type)}")
        return node.type.unit
