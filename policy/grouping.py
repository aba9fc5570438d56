"""Reading groups: the items of a list put together by fields, or by the day or month of a time."""

import re

from policy.expressions import Expression, Grouped, Node
from policy.form import Derived
from policy.going_through import item_scope
from policy.grammar import NotUnderstood
from policy.meaning import understood
from policy.mistakes import Mistakes, did_you_mean
from policy.scope import Scope
from policy.section import Section
from policy.units import ChoiceType, DateType, ListType, NumberType, TextType, TimeType, Type, YesNoType, described
from policy.yaml_text import Mapping, Scalar

_KEYS = ("group", "by")
#: A key that is worked out: the day of a time, the month of a time or a date. It is called "day" or "month".
_DATE = re.compile(r"(day|month) of\((.+)\)")


def groups(key: Scalar, node: Mapping, scope: Scope, mistakes: Mistakes) -> tuple[Derived, ...]:
    """Return a list of groups: "group:" with a list and "by:" with keys; nothing after a mistake."""
    section = Section(node, mistakes, keys=_KEYS)
    items, written = section.scalar("group"), section.listed("by")
    if items is None or not written:
        return ()
    source = scope.types.get(items.text.strip())
    if items.text.strip() in mistakes.broken:
        return ()
    if not isinstance(source, ListType):
        known = did_you_mean(items.text, scope.items) if scope.items else 'declare one under "inputs" first'
        mistakes.add(items.place, f'"{items.text[:60]}" is no list: {known}')
        return ()
    name = items.text.strip()
    text, names, by = f"{name} by ", [(name, 0, len(name))], dict[str, Node]()
    for each in written:
        found = _key(each, item_scope(name, scope), mistakes)
        if found is None:
            return ()
        called, expression = found
        if called in by or (called != each.text and _is_taken(called, name, scope)):
            mistakes.add(
                each.place, f'each group says its "{called}", and that name is taken: name the other otherwise'
            )
            return ()
        text += ", " if by else ""
        at = len(text) + len(each.text) - len(expression.names[0][0])
        text, names, by[called] = (
            text + each.text,
            [*names, (expression.names[0][0], at, len(text) + len(each.text))],
            expression.node,
        )
    fields = tuple((called, node.type) for called, node in by.items())
    kind = ListType(fields=fields, most=source.most, least=min(source.least, 1), groups=name)
    grouped = Grouped(items=name, by=tuple(by.items()), type=kind)
    return (
        Derived(name=key.text, expression=Expression(text=text, node=grouped, names=tuple(names), place=node.place)),
    )


def _key(written: Scalar, scope: Scope, mistakes: Mistakes) -> tuple[str, Expression] | None:
    """Return what a key is called, and what it is of an item; None after noting what is wrong."""
    date = _DATE.fullmatch(written.text)
    field = date.group(2) if date else written.text
    known = scope.items[str(scope.item_of)]
    if field not in known:
        without = re.fullmatch(r"(day|month) of (.+)", field)
        told = did_you_mean(field, known)
        meant = f'write "{without[1]} of({without[2]})"' if without and without[2] in known else told
        mistakes.add(written.place, f'"{field[:60]}" is nothing that an item has: {meant}')
        return None
    kind = known[field]
    if not date and not _can_be_a_key(kind):
        of_time = f'write "day of({field})" or "month of({field})"'
        write = of_time if isinstance(kind, TimeType) else "name another field"
        what = "items are put together by a text, a yes/no, one of a list, a whole number or a date"
        mistakes.add(written.place, f'"{field}" is {described(kind)}, {what}: {write}')
        return None
    try:
        return (date.group(1) if date else field), understood(written.text, scope, written.place)
    except NotUnderstood as error:
        mistakes.add(written.place, str(error))
        return None


def _can_be_a_key(kind: Type) -> bool:
    whole = isinstance(kind, NumberType) and kind.whole
    return whole or isinstance(kind, TextType | ChoiceType | YesNoType | DateType)


def _is_taken(called: str, items: str, scope: Scope) -> bool:
    """Say whether "day" or "month" is the name of something else already."""
    fields = {name for kind in scope.types.values() if isinstance(kind, ListType) for name, _ in kind.fields}
    steps = {name for known in scope.items.values() for name in known} - fields
    return called in scope.types or called in steps or called in scope.items[items]
