"""Reading how a policy decides: rules, limits, fraud gates, approval matrix, and wording."""

import re
from collections.abc import Mapping

from cases.proposal import ApprovalStage, Classification
from policy.counting import SPAN
from policy.expressions import Condition, Expression
from policy.form import (
    PAYABLE,
    ApprovalRow,
    Gate,
    Input,
    Limit,
    MoneyTerms,
    NothingLeft,
    Rule,
    Wording,
    placeholders,
)
from policy.mistakes import Mistakes, did_you_mean
from policy.reaching import uncovered
from policy.scope import Scope
from policy.section import Section, condition, expression, texts
from policy.units import OWN_MONEY, ChoiceType, NumberType, OptionalType, Type, Unit, described
from policy.witness import shown
from policy.yaml_text import Mapping as YamlMapping
from policy.yaml_text import Node, Scalar

CLASSIFICATIONS = {each.value.replace("_", " "): each for each in Classification}
_DECIDED_BY_RULES = {name: each for name, each in CLASSIFICATIONS.items() if each is not Classification.FRAUD_REVIEW}
REFUSING = {name: each for name, each in _DECIDED_BY_RULES.items() if each not in PAYABLE}
_STAGE = re.compile(r"(\d{1,3}) (?:of )?([a-z][a-z0-9_]{0,59}(?: or [a-z][a-z0-9_]{0,59}){0,9})", re.ASCII)


def read_rules(root: Section, scope: Scope, paid: Unit | None, first: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Return `first`, the exclusions and then the rules; the names are unique, the last rule is `otherwise`."""
    exclusions = root.items("exclusions") if root.has("exclusions") else ()
    rules = root.items("rules")
    read = [_rule(node, scope, paid, root.mistakes, exclusion=True) for node in exclusions]
    read += [_rule(node, scope, paid, root.mistakes, exclusion=False) for node in rules]
    found = (*first, *(rule for rule in read if rule))
    names: set[str] = set()
    for rule in found:
        if rule.name in names:
            root.mistakes.add(rule.place, f'two lines are named "{rule.name}": each reason has a name of its own')
        names.add(rule.name)
    if rules and read[-1] and read[-1].when.parts:
        case = uncovered((rule.when for rule in found), scope.types)
        such = f"a claim with {shown(case)} fits no rule and has" if case else "claims that fit no rule have"
        root.mistakes.add(read[-1].place, f'end the rules with a line "when: otherwise": {such} no answer')
    for rule in found[:-1]:
        if not rule.when.parts:
            root.mistakes.add(rule.place, 'only the last rule may be "otherwise": nothing below it can be reached')
    return found


def _rule(node: Node, scope: Scope, paid: Unit | None, mistakes: Mistakes, *, exclusion: bool) -> Rule | None:
    keys = ("name", "when", "then", "tell") if exclusion else ("name", "when", "then", "pay", "tell")
    section = Section(node, mistakes, keys=keys)
    name = section.text("name")
    when = when_at(section, scope)
    allowed = REFUSING if exclusion else _DECIDED_BY_RULES
    classification: Classification | None = Classification.INELIGIBLE
    if not exclusion or section.has("then"):
        classification = section.read("then", lambda text: classification_named(text, allowed))
    pay = amount_at(section, "pay", scope.where(when), paid) if classification in PAYABLE else None
    if classification and classification not in PAYABLE and section.has("pay"):
        mistakes.add(section.entries["pay"][0].place, f'remove "pay": {_words(classification)} pays nothing')
    pays = classification is None or classification in PAYABLE
    tell = wording_at(section.entries["tell"][1], scope, mistakes, amount=pays) if section.has("tell") else None
    if not name or when is None or classification is None or (classification in PAYABLE and pay is None):
        return None
    return Rule(
        name=name,
        when=when,
        classification=classification,
        pay=pay,
        tell=tell,
        exclusion=exclusion,
        place=section.place,
    )


def when_at(section: Section, scope: Scope) -> Condition | None:
    """Return the condition under "when", which must be there."""
    node = section.node("when")
    return condition(node, scope, section.mistakes) if node else None


def amount_at(section: Section, key: str, scope: Scope, paid: Unit | None) -> Expression | None:
    """Return an expression that must come out in the policy's own money."""
    scalar = section.scalar(key)
    found = expression(scalar, scope, section.mistakes) if scalar else None
    if found is None or scalar is None or paid is None:
        return found
    kind = found.node.type
    if isinstance(kind, NumberType) and (kind.unit == paid or kind.unit.zero):
        return found
    section.mistakes.add(scalar.place, f"this is {described(kind)}: the policy pays {described(NumberType(unit=paid))}")
    return None


def read_limits(root: Section, scope: Scope, paid: Unit | None, inputs: tuple[Input, ...]) -> tuple[Limit, ...]:
    """Return the limits; `counting` and `over` make one a rolling limit per customer."""
    if not root.has("limits"):
        return ()
    read = (_limit(node, scope, paid, root.mistakes) for node in root.items("limits"))
    found = tuple(limit for limit in read if limit)
    names = {each.name for each in inputs}
    ours = {each.counting: each for each in found if each.counted_by_us}
    for limit in ours.values():
        if limit.counting not in names:
            root.mistakes.add(limit.place, f'let "counting" name an input: "{limit.counting}" is worked out')
        if paid is not None and paid.top == OWN_MONEY:
            root.mistakes.add(limit.place, "an input names the asset, so nothing is added up: let somebody count")
    for limit in found:
        other = ours.get(limit.counting)
        same = other and (limit.window, limit.classifications, limit.counted_by_us) == (
            other.window,
            other.classifications,
            True,
        )
        if other and not same:
            what = f'"{limit.counting}" is counted in another way by "{other.name}": give each way an input of its own'
            root.mistakes.add(limit.place, what)
    return found


def _limit(node: Node, scope: Scope, paid: Unit | None, mistakes: Mistakes) -> Limit | None:
    section = Section(node, mistakes, keys=("name", "for", "at most", "counting", "over", "counted by"))
    name = section.text("name")
    classes = frozenset(PAYABLE)
    if section.has("for"):
        classes = frozenset(filter(None, (_one_payable(each, mistakes) for each in section.listed("for"))))
    at_most = amount_at(section, "at most", scope, paid)
    counting = window = None
    if section.has("counting") and not section.has("over"):
        mistakes.add(section.place, 'add "over:" and say in words over which time it counts, as "12 months"')
    elif section.has("counting") or section.has("over"):
        counting, window = section.scalar("counting"), section.text("over")
    if counting and not _is_paid_in(scope.types.get(counting.text), paid):
        mistakes.add(counting.place, f'"{counting.text[:60]}" must be an input in the money that is paid')
    ours = section.has("counted by") and section.read("counted by", _counter) is not None
    if ours and (window is None or not SPAN.fullmatch(window.strip())):
        mistakes.add(section.place, f'write "over" as 30 days or 12 months, not "{(window or "")[:40]}"')
    if at_most is None or not name:
        return None
    return Limit(
        name=name,
        classifications=classes,
        at_most=at_most,
        counting=counting.text if counting else None,
        window=window,
        place=section.place,
        counted_by_us=ours,
    )


def _counter(text: str) -> str:
    if text != "makewhole":
        raise ValueError(f'"{text[:40]}" cannot count: write makewhole, or leave it out where the input is supplied')
    return text


def _one_payable(scalar: Scalar, mistakes: Mistakes) -> Classification | None:
    known = {_words(each): each for each in PAYABLE}
    if scalar.text not in known:
        mistakes.add(scalar.place, f'"{scalar.text[:60]}" pays nothing: {did_you_mean(scalar.text, known)}')
    return known.get(scalar.text)


def _is_paid_in(kind: Type | None, paid: Unit | None) -> bool:
    return paid is None or (isinstance(kind, NumberType) and kind.unit == paid)


def read_gates(root: Section, scope: Scope) -> tuple[Gate, ...]:
    """Return the fraud gates; a payable claim that shows one goes to fraud review."""
    gates = []
    for node in root.items("fraud gates") if root.has("fraud gates") or not root.has("fraud scorecard") else ():
        section = Section(node, root.mistakes, keys=("name", "when"))
        name, when = section.text("name"), when_at(section, scope)
        if name and when:
            gates.append(Gate(name=name, when=when, place=section.place))
    return tuple(gates)


def read_nothing_left(root: Section, scope: Scope) -> NothingLeft | None:
    """Return what a payable claim becomes when its amount comes to nothing."""
    section = root.section("nothing left", ("name", "then", "tell"))
    if section is None:
        return None
    name, then, tell = section.text("name"), None, None
    if section.has("then"):
        then = section.read("then", lambda text: classification_named(text, REFUSING))
    if not section.has("tell") and not section.has("then"):
        root.mistakes.add(section.place, 'add "tell:" with en and zh, or "then: ineligible"')
    if section.has("tell"):
        node = section.node("tell")
        tell = wording_at(node, scope, root.mistakes, amount=False) if node else None
    return NothingLeft(name=name, classification=then, tell=tell, place=section.place)


def read_approvals(root: Section, scope: Scope, money: MoneyTerms | None) -> tuple[ApprovalRow, ...]:
    """Return the rows of the approval matrix; the last one is `otherwise`."""
    rows = []
    nodes = root.items("approvals")
    for node in nodes:
        section = Section(node, root.mistakes, keys=("when", "stages"))
        when = _matrix_when(section, scope, money)
        stages = stages_at(section.node("stages"), root.mistakes)
        if when is not None and stages is not None:
            rows.append(ApprovalRow(when=when, stages=stages, place=section.place))
    if not nodes or (rows and rows[-1].when.parts):
        place = rows[-1].place if rows else root.place
        root.mistakes.add(
            place, 'end the approvals with a row "when: otherwise": a claim that fits no row has no approver'
        )
    for row in rows[:-1]:
        if not row.when.parts:
            root.mistakes.add(row.place, 'only the last row may be "otherwise": nothing below it can be reached')
    return tuple(rows)


def _matrix_when(section: Section, scope: Scope, money: MoneyTerms | None) -> Condition | None:
    """Return when a row fits; where an input names the asset, a row with an amount in EUR fits claims in EUR only."""
    node = section.node("when")
    if node is None or money is None or money.asset_input is None or not isinstance(node, YamlMapping):
        return condition(node, scope, section.mistakes) if node else None
    cell = next((value for key, value in node.entries if key.text == "amount"), None)
    asset = scope.types.get(money.asset_input)
    if not isinstance(cell, Scalar) or not isinstance(asset, ChoiceType):
        return condition(node, scope, section.mistakes)
    named = [word for word in cell.text.split() if word in asset.options]
    if cell.text.strip() == "0":
        return condition(node, scope, section.mistakes)
    if len(set(named)) != 1:
        section.mistakes.add(cell.place, f"name the asset of the amount: one of {', '.join(asset.options)}")
        return None
    found = condition(node, scope.also({"amount": NumberType(unit=Unit(top=named[0]))}), section.mistakes)
    text = f"{money.asset_input} is {named[0]}"
    guard = expression(Scalar(text=text, place=cell.place, single_line=False), scope, section.mistakes)
    return Condition(parts=(guard, *found.parts), place=found.place) if guard and found else None


def stages_at(node: Node | None, mistakes: Mistakes) -> tuple[ApprovalStage, ...] | None:
    """Return the stages, `none` being the empty list; None after noting what is wrong."""
    if node is None or (isinstance(node, Scalar) and node.text == "none"):
        return () if node else None
    stages = []
    for scalar in texts(node, mistakes):
        match = _STAGE.fullmatch(scalar.text.strip())
        roles = tuple(match.group(2).split(" or ")) if match else ()
        if match is None or int(match.group(1)) < 1 or len(set(roles)) < len(roles):
            mistakes.add(
                scalar.place, f'"{scalar.text[:60]}" is no stage: write "1 compensation_lead", "2 a or b", or none'
            )
            continue
        stages.append(ApprovalStage(roles=roles, quorum=int(match.group(1))))
    return tuple(stages)


def read_wording(
    root: Section, scope: Scope, outcomes: set[Classification], nothing_left: NothingLeft | None
) -> dict[Classification, Wording]:
    """Return what the customer is told, for every classification that can come out of rules and thresholds."""
    outcomes = outcomes | {Classification.FRAUD_REVIEW}
    if nothing_left and nothing_left.classification:
        outcomes.add(nothing_left.classification)
    section = root.section("wording", tuple(CLASSIFICATIONS))
    wording: dict[Classification, Wording] = {}
    for name, classification in CLASSIFICATIONS.items() if section else ():
        wanted = section and (section.has(name) or classification in outcomes)
        node = section.node(name) if section and wanted else None
        found = wording_at(node, scope, root.mistakes, amount=classification in PAYABLE) if node else None
        if found:
            wording[classification] = found
    return wording


def wording_at(node: Node, scope: Scope, mistakes: Mistakes, *, amount: bool) -> Wording | None:
    """Return a wording in both languages; None after noting what is wrong. amount: Whether {amount} may stand in it."""
    section = Section(node, mistakes, keys=("en", "zh"))
    english, chinese = section.text("en"), section.text("zh")
    known = {*scope.types, "amount", "payments", "steps"} if amount else {*scope.types, "steps"}
    for key in ("en", "zh"):
        for name in placeholders(section.text(key)) if section.has(key) else ():
            if name not in known | mistakes.broken:
                mistakes.add(
                    section.entries[key][1].place, f"{{{name[:60]}}} cannot be filled in: {did_you_mean(name, known)}"
                )
                return None
            if isinstance(scope.types.get(name), OptionalType):
                what = f"{{{name[:60]}}} may be wanting: work out under a name what stands for it, and tell that"
                mistakes.add(section.entries[key][1].place, what)
                return None
    names = dict.fromkeys(placeholders(english) + placeholders(chinese))
    return Wording(english=english, chinese=chinese, names=tuple(names), place=section.place)


def classification_named(text: str, allowed: Mapping[str, Classification]) -> Classification:
    """Return the classification that is written so; raises ValueError."""
    if text not in allowed:
        raise ValueError(f'"{text[:60]}" cannot stand here: {did_you_mean(text, allowed)}')
    return allowed[text]


def _words(classification: Classification) -> str:
    return classification.value.replace("_", " ")
