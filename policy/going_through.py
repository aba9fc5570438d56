"""What a total, a number or an extreme over the items of a list means."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from lark import Tree

from policy.expressions import Expression, Gathered, Name, Node, OverItems
from policy.grammar import NotUnderstood
from policy.mistakes import did_you_mean
from policy.scope import Scope
from policy.trees import Branch, spelled, start_of, wrong, yes_no_at
from policy.units import BARE, DateType, ListType, NumberType, OptionalType, TimeType, Type, YesNoType, described
from policy.wanting import narrowed

GATHERING = tuple(each.value for each in Gathered)
_OF_TIMES = frozenset({Gathered.LATEST, Gathered.EARLIEST})
_OF_ONE = frozenset({Gathered.FIRST, Gathered.LAST})


#: How a function over a list is asked, behind the list.
_ASKED = {Gathered.NUMBER: "", **dict.fromkeys(_OF_ONE, ", value by time")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Going:
    """A function over a list, as it stands in a text.

    Fields:
        tree: The whole call.
        text: How the call is written.
        read: Reads a part of it with the names of an item.
        scope: What is known where it stands.
    """

    tree: Branch
    text: str
    read: Callable[[Branch, Scope], Node]
    scope: Scope


def goes_through(tree: Branch, scope: Scope) -> bool:
    """Say whether a call goes through a list: of prices there is a first and a last one too."""
    name, *arguments = tree.children
    what = " ".join(str(name).split())
    if what not in {each.value for each in _OF_ONE}:
        return what in GATHERING
    listed, *others = cast("list[Branch]", arguments)
    by = ({each.data, *(inner.data for inner in each.children if isinstance(inner, Tree))} for each in others)
    return any("ordered" in each for each in by) or (listed.data == "words" and spelled(listed) in scope.items)


def gone_through(going: Going) -> tuple[OverItems, Branch]:
    """Return what a function over a list means, and where the list stands in it; raises NotUnderstood."""
    what = Gathered(" ".join(str(going.tree.children[0]).split()))
    arguments = cast("list[Branch]", going.tree.children[1:])
    expected = 1 if what is Gathered.NUMBER else 2
    asked = f"{what.value}(list{_ASKED.get(what, ', value')}"
    *before, last = arguments
    told, when_tree = cast("list[Branch]", last.children) if last.data == "narrowed" else (last, None)
    is_ordered = told.data == "ordered"
    if len(arguments) != expected or (before or [told])[0].data != "words" or is_ordered is not (what in _OF_ONE):
        raise wrong(going.tree, f'{what.value} is asked otherwise: write "{asked}) or {asked} when ...)"')
    told, by_tree = cast("list[Branch]", told.children) if is_ordered else (told, None)
    listed = before[0] if before else told
    name = _list_named(listed, going.scope)
    inner = item_scope(name, going.scope)
    when = yes_no_at(when_tree, going.read(when_tree, inner)) if when_tree is not None else None
    inner = replace(inner, types=narrowed(inner.types, [when])) if when is not None else inner
    value = going.read(told, inner) if before else None
    by = _ordering(going.read(by_tree, inner), by_tree) if by_tree is not None else None
    within = going.scope.item_of
    some = when is None and (within is not None or _never_empty(name, going.scope))
    kind, source = _kind(what, value, told, some=some), input_of(name, going.scope)
    made = OverItems(what=what, items=name, told=source, within=within, value=value, when=when, by=by, type=kind)
    return made, listed


def _ordering(node: Node, tree: Branch) -> Node:
    """Return what items are put in order by."""
    if not isinstance(node.type, NumberType | TimeType | DateType):
        raise wrong(tree, f"a number, a time or a date is needed here, this is {described(node.type)}")
    return node


def input_of(name: str, scope: Scope) -> str:
    """Return the input that the items of a list come from."""
    while name in scope.groups:
        name = scope.groups[name]
    return name


def item_scope(name: str, scope: Scope) -> Scope:
    """Return what an expression may speak of that is worked out for each item of a list."""
    claim = scope.claim or scope
    outer = {each: kind for each, kind in claim.types.items() if not isinstance(kind, ListType)}
    return replace(scope, types={**outer, **scope.items[name]}, item_of=name, claim=claim)


def of_an_item(name: str, scope: Scope) -> str:
    """Return what to do about a list, or about what only its items have; "" for any other name."""
    if name in scope.types and not isinstance(scope.types[name], ListType):
        return ""
    if name in scope.items:
        return f'"{name}" is a list: write total({name}, ...), number of({name}), largest({name}, ...)'
    holding = next((each for each, fields in scope.items.items() if name in fields), None)
    if holding is None:
        return ""
    if scope.groups.get(holding) == scope.item_of is not None:
        own = f'take "first({scope.item_of}, ... by ...)" or "last" of the group, or work it out for each of'
        return f'"{name}" is what a group of "{holding}" has, and its items do not see it: {own} "{scope.item_of}"'
    write = _written_of(scope.items[holding][name]).format(items=holding, name=name)
    return f'each of "{holding}" has a "{name}": write {write}, or work out "for each: {holding}"'


def _written_of(kind: Type) -> str:
    """Return what a claim may ask of a field of such a type."""
    match kind:
        case NumberType():
            return "total({items}, {name})"
        case TimeType() | DateType():
            return "latest({items}, {name})"
        case YesNoType():
            return "number of({items} when {name})"
        case OptionalType():
            return "number of({items} when {name} is given)"
        case _:
            return "number of({items} when {name} is ...)"


def hoisted(going: Going, node: OverItems, names: tuple[tuple[str, int, int], ...]) -> Name:
    """Return the name under which it is worked out, once, however often it stands in the policy."""
    called = f"{f'{node.within}: ' if node.within else ''}{node.items}: {' '.join(going.text.split())}"
    if called in going.scope.called:
        return Name(name=going.scope.called[called], type=node.type)
    start = start_of(going.tree)
    found = tuple((each, begin - start, end - start) for each, begin, end in names)
    place = going.scope.place
    if place is None:
        raise NotUnderstood(start, "lists cannot be gone through here")
    expression = Expression(text=going.text, node=node, names=found, place=place)
    going.scope.gathered.setdefault(called, expression)
    return Name(name=called, type=node.type)


def _list_named(tree: Branch, scope: Scope) -> str:
    name = spelled(tree) if tree.data == "words" else "this"
    own = scope.groups.get(scope.item_of) if scope.item_of is not None else name
    if name != own:
        what = "a list cannot be gone through for each item: work it out under a name of its own first"
        raise wrong(tree, f'of a group go through its own "{own}" only' if own else what)
    if name in scope.items:
        return name
    if name in scope.types:
        raise wrong(tree, f'"{name}" is no list, it is {described(scope.types[name])}')
    known = f": {did_you_mean(name, scope.items)}" if scope.items else ": no list is declared"
    raise wrong(tree, f'"{name}" is no list{known}')


def _never_empty(name: str, scope: Scope) -> bool:
    kind = scope.types.get(name)
    return isinstance(kind, ListType) and kind.least > 0


def _kind(what: Gathered, value: Node | None, tree: Branch, *, some: bool) -> Type:
    """Return the type of what is made of the items; some: Whether there is always one that counts."""
    if value is None:
        return NumberType(unit=BARE, signed=False, whole=True, positive=some)
    kind = value.type
    if what in _OF_TIMES:
        if not isinstance(kind, TimeType | DateType):
            raise wrong(tree, f"a time or a date is needed here, this is {described(kind)}")
        return kind
    if what in _OF_ONE:
        return _ordering(value, tree).type
    if not isinstance(kind, NumberType):
        raise wrong(tree, f"a number is needed here, this is {described(kind)}")
    if what is Gathered.TOTAL:
        return NumberType(unit=kind.unit, signed=kind.signed, positive=kind.positive and some, ratio=kind.ratio)
    return kind
