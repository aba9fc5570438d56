"""Reading one thing that is worked out: an expression, a decision table, or a named calculator with its parameters."""

from dataclasses import replace

from policy import building
from policy.calculators import CALCULATORS, Calculator, Parameter
from policy.expressions import Condition, Every, Expression, Literal, Name, Node
from policy.form import Derived
from policy.going_through import item_scope
from policy.grammar import NotUnderstood
from policy.grouping import groups
from policy.meaning import YES_NO, understood
from policy.mistakes import Mistakes, Place, did_you_mean
from policy.scope import Scope
from policy.section import Section, condition, expression
from policy.units import ChoiceType, Type, UnitsMixed, described
from policy.yaml_text import Mapping as YamlMapping
from policy.yaml_text import Node as YamlNode
from policy.yaml_text import Scalar, Sequence

_Names = tuple[tuple[str, int, int], ...]


def worked_out(key: Scalar, node: YamlNode, scope: Scope, mistakes: Mistakes) -> tuple[Derived, ...]:
    """Return what stands under one name, helping values first, the value of the name last; nothing after a mistake."""
    if isinstance(node, Scalar):
        found = expression(node, scope, mistakes)
        return (Derived(name=key.text, expression=found),) if found else ()
    entries = {name.text: value for name, value in node.entries} if isinstance(node, YamlMapping) else {}
    if "for each" in entries and isinstance(node, YamlMapping):
        return _for_each(key, node, scope, mistakes)
    if "group" in entries and isinstance(node, YamlMapping):
        return groups(key, node, scope, mistakes)
    if "first that fits" in entries:
        Section(node, mistakes, keys=("first that fits",))
        table = _table(entries["first that fits"], scope, mistakes)
        return (Derived(name=key.text, expression=table),) if table else ()
    if "calculator" not in entries:
        what = (
            'write an expression here, "first that fits:" with rows, "calculator:", "for each:" or "group:" with a list'
        )
        mistakes.add(node.place, what)
        return ()
    return _calculated(key.text, Section(node, mistakes), scope)


def _for_each(key: Scalar, node: YamlMapping, scope: Scope, mistakes: Mistakes) -> tuple[Derived, ...]:
    """Return what is worked out for each item of a list: "gives:" with an expression, a table or a calculator."""
    entries = {name.text: value for name, value in node.entries}
    listed = entries["for each"]
    name = listed.text.strip() if isinstance(listed, Scalar) else ""
    if not name:
        mistakes.add(listed.place, 'write the name of one list after "for each:"')
        return ()
    if name in mistakes.broken:
        return ()
    if name not in scope.items:
        known = did_you_mean(name, scope.items) if scope.items else 'declare one under "inputs" first'
        mistakes.add(listed.place, f'"{name[:60]}" is no list: {known}')
        return ()
    rest = tuple(each for each in node.entries if each[0].text != "for each")
    value: YamlNode = YamlMapping(entries=rest, place=node.place)
    if "gives" in entries:
        Section(node, mistakes, keys=("for each", "gives"))
        value = entries["gives"]
    elif not {"first that fits", "calculator"} & entries.keys():
        mistakes.add(
            node.place, 'add "gives:" with what is worked out for each item, "first that fits:" or "calculator:"'
        )
        return ()
    found = worked_out(key, value, item_scope(name, scope), mistakes)
    return tuple(replace(each, each_of=name) for each in found)


def _table(node: YamlNode, scope: Scope, mistakes: Mistakes) -> Expression | None:
    """Return a decision table as one expression: the value of the first row that fits; the last always does."""
    rows = [_row(each, scope, mistakes) for each in (node.items if isinstance(node, Sequence) else ())]
    read = [row for row in rows if row]
    if len(read) < len(rows) or not rows:
        if not rows:
            mistakes.add(node.place, 'write rows here, as "- {when: {hours_late: under 2 hours}, gives: 5 USDT}"')
        return None
    *above, last = read
    if last[0].parts or any(not when.parts for when, _ in above):
        mistakes.add(node.place, 'end the table with "when: otherwise", and only there')
        return None
    kind: Type = last[1].node.type
    for _, value in above:
        try:
            kind = building.same(kind, value.node.type)
        except UnitsMixed as error:
            mistakes.add(value.place, str(error))
            return None
    tests = [(Every(parts=tuple(part.node for part in when.parts), type=YES_NO), value.node) for when, value in above]
    text, names = _written(read)
    return Expression(text=text, node=building.either(tests, last[1].node, kind), names=names, place=node.place)


def _row(node: YamlNode, scope: Scope, mistakes: Mistakes) -> tuple[Condition, Expression] | None:
    section = Section(node, mistakes, keys=("when", "gives"))
    when_node, scalar = section.node("when"), section.scalar("gives")
    when = condition(when_node, scope, mistakes) if when_node else None
    gives = expression(scalar, scope.where(when), mistakes) if scalar else None
    return (when, gives) if when and gives else None


def _written(rows: list[tuple[Condition, Expression]]) -> tuple[str, _Names]:
    """Return a table as one line, and where its names stand in it."""
    text, names = "", []
    for when, value in rows:
        for joint, part in [*zip(("", *[" and "] * 99), when.parts, strict=False), (" -> ", value)]:
            if part is value and not when.parts:
                text += "otherwise"
            text += joint
            names += [(name, start + len(text), end + len(text)) for name, start, end in part.names]
            text += part.text
        text += "; "
    return text.removesuffix("; "), tuple(names)


def _calculated(name: str, section: Section, scope: Scope) -> tuple[Derived, ...]:
    """Return the steps of a calculator, its parameters put in; the last step has the name itself."""
    calculator = CALCULATORS.get(section.text("calculator"))
    if calculator is None:
        what = f'"{section.text("calculator")[:60]}" is no calculator: '
        section.mistakes.add(
            section.entries["calculator"][1].place, what + did_you_mean(section.text("calculator"), CALCULATORS)
        )
        return ()
    known = ["calculator", *(each.name for each in calculator.parameters)]
    for key, (scalar, _) in section.entries.items():
        if key not in known:
            section.mistakes.add(scalar.place, f'"{key[:60]}" is no parameter of it: {did_you_mean(key, known)}')
    found = [_parameter(each, section, scope) for each in calculator.parameters]
    if any(each is None for each in found):
        return ()
    told = {each.name: value for each, value in zip(calculator.parameters, found, strict=True) if value}
    return _steps(name, calculator, told, replace(scope, types={}), section)


def _parameter(parameter: Parameter, section: Section, scope: Scope) -> Expression | None:
    """Return what a parameter is told; None after noting what is wrong."""
    if parameter.name not in section.entries and parameter.default is not None:
        scalar: Scalar | None = Scalar(text=parameter.default, place=section.place, single_line=False)
    else:
        scalar = section.scalar(parameter.name)
    if scalar is None:
        return None
    if scalar.text in parameter.options:
        word = Literal(value=scalar.text, type=ChoiceType(options=parameter.options))
        return Expression(text=scalar.text, node=word, names=(), place=scalar.place)
    found = expression(scalar, scope, section.mistakes)
    kind = found.node.type if found else None
    if found and parameter.options and not (isinstance(kind, ChoiceType) and {*kind.options} == {*parameter.options}):
        options = ", ".join(parameter.options)
        what = f"{parameter.name} is one of [{options}], this is {described(found.node.type)}"
        section.mistakes.add(scalar.place, what)
        return None
    return found


def _steps(
    name: str, calculator: Calculator, told: dict[str, Expression], scope: Scope, section: Section
) -> tuple[Derived, ...]:
    derived: list[Derived] = []
    stands_for: dict[str, str] = {}
    for parameter, value in told.items():
        stands_for[parameter] = _own_name(value.node) or f"{name}: {parameter}"
        scope = scope.also({parameter: value.node.type})
        if _own_name(value.node) is None:
            derived.append(Derived(name=stands_for[parameter], expression=value))
    for number, (step, text) in enumerate(calculator.steps, start=1):
        found = _step(text, replace(scope, stands_for=stands_for), section, calculator.name)
        if found is None:
            return ()
        stands_for[step] = name if number == len(calculator.steps) else f"{name}: {step}"
        derived.append(Derived(name=stands_for[step], expression=found))
        scope = scope.also({step: found.node.type})
    return tuple(derived)


def _step(text: str, scope: Scope, section: Section, calculator: str) -> Expression | None:
    place: Place = section.place
    try:
        return understood(text, scope, place)
    except NotUnderstood as error:
        section.mistakes.add(place, f'{calculator}: "{text}" does not work with these parameters: {error}')
        return None


def _own_name(node: Node) -> str | None:
    return node.name if isinstance(node, Name) else None
