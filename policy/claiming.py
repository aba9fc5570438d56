"""Reading what a claim must be to be decided by the rules: in time, proven, not paid by another plan already."""

import re
from decimal import Decimal

from cases.proposal import Classification
from policy.expressions import Condition, Not
from policy.form import Deduction, OtherPlan, Rule, Scorecard, Sign, Threshold, Wording
from policy.literals import number_written
from policy.meaning import YES_NO
from policy.mistakes import Place, did_you_mean
from policy.ruling import REFUSING, amount_at, classification_named, when_at, wording_at
from policy.scope import Scope
from policy.section import Section, condition, expression
from policy.units import NumberType, Unit
from policy.yaml_text import Node, Scalar

EXCLUDED, DEDUCTED, ADDED = "excluded", "deducted", "added"


def read_late(root: Section, scope: Scope) -> tuple[Rule, ...]:
    """Return the line that refuses claims made too late; none where the policy sets no date."""
    if not root.has("claim deadline"):
        return ()
    section = root.section("claim deadline", ("name", "received", "by", "before", "then", "tell"))
    if section is None:
        return ()
    last = "before" if section.has("before") else "by"
    received, limit = section.scalar("received"), section.scalar(last)
    if received is None or limit is None:
        return ()
    written = f"{received.text} {'>=' if last == 'before' else '>'} ({limit.text})"
    when = condition(Scalar(text=written, place=limit.place, single_line=False), scope, root.mistakes)
    return _line(section, when, scope, Classification.INELIGIBLE)


def read_evidence(root: Section, scope: Scope) -> tuple[Rule, ...]:
    """Return a line for each piece of evidence: without it the claim is looked at by a person, or refused."""
    if not root.has("evidence"):
        return ()
    lines: list[Rule] = []
    for node in root.items("evidence"):
        section = Section(node, root.mistakes, keys=("name", "is there", "when", "then", "tell"))
        lines += _line(section, _missing(section, scope), scope, Classification.INDIVIDUAL_REVIEW)
    return tuple(lines)


def _missing(section: Section, scope: Scope) -> Condition | None:
    """Return when evidence is wanting: it is asked for and not there."""
    node = section.node("is there")
    there = condition(node, scope, section.mistakes) if node else None
    asked = when_at(section, scope) if section.has("when") else Condition(parts=(), place=section.place)
    if there is None or asked is None or not there.parts:
        return None
    part = there.parts[0]
    lacking = type(part)(
        text=f"not {part.text}",
        node=Not(part=part.node, type=YES_NO),
        names=tuple((name, start + 4, end + 4) for name, start, end in part.names),
        place=part.place,
    )
    return Condition(parts=(*asked.parts, lacking), place=section.place)


def read_other_plans(root: Section, scope: Scope, paid: Unit | None) -> tuple[OtherPlan, ...]:
    """Return how the policy stands to others: `paid` names the input that says what the other one paid."""
    if not root.has("other plans"):
        return ()
    plans = []
    for node in root.items("other plans"):
        section = Section(node, root.mistakes, keys=("plan", "paid", "then"))
        plan, scalar, then = section.text("plan"), section.scalar("paid"), section.read("then", _standing)
        if scalar is None or then is None or not plan:
            continue
        found = amount_at(section, "paid", scope, paid)
        if found is not None:
            plans.append(OtherPlan(plan=plan, paid=scalar.text, then=then, place=scalar.place))
    return tuple(plans)


def _standing(text: str) -> str:
    known = (EXCLUDED, DEDUCTED, ADDED)
    if text not in known:
        raise ValueError(f'"{text[:60]}" cannot stand here: {did_you_mean(text, known)}')
    return text


def excluded_by(plans: tuple[OtherPlan, ...], scope: Scope, root: Section) -> tuple[Rule, ...]:
    """Return a line for each plan whose payment excludes this one."""
    lines = []
    for plan in plans:
        if plan.then != EXCLUDED:
            continue
        when = condition(Scalar(text=f"{plan.paid} > 0", place=plan.place, single_line=False), scope, root.mistakes)
        if when is not None:
            name = f"compensated by {plan.plan} already"
            lines.append(_refusal(name, when, Classification.INELIGIBLE, None, plan.place))
    return tuple(lines)


def read_deductions(
    root: Section, plans: tuple[OtherPlan, ...], scope: Scope, paid: Unit | None
) -> tuple[Deduction, ...]:
    """Return what is taken off the amount before limits: payments of other plans first, then the policy's own."""
    found = []
    for plan in plans:
        scalar = Scalar(text=plan.paid, place=plan.place, single_line=True)
        amount = expression(scalar, scope, root.mistakes) if plan.then == DEDUCTED else None
        if amount is not None:
            found.append(Deduction(name=f"paid by {plan.plan}", takes_off=amount, place=plan.place))
    for node in root.items("deductions") if root.has("deductions") else ():
        section = Section(node, root.mistakes, keys=("name", "takes off"))
        name, amount = section.text("name"), amount_at(section, "takes off", scope, paid)
        if amount is not None and isinstance(amount.node.type, NumberType) and amount.node.type.signed:
            root.mistakes.add(amount.place, "this may lie below zero and would add to the amount: write max(..., 0)")
        elif name and amount is not None:
            found.append(Deduction(name=name, takes_off=amount, place=section.place))
    return tuple(found)


def read_thresholds(root: Section, scope: Scope) -> tuple[Threshold, ...]:
    """Return what becomes of claims by their rounded amount; `scope` knows the amount."""
    lines = []
    for node in root.items("thresholds") if root.has("thresholds") else ():
        section = Section(node, root.mistakes, keys=("name", "when", "then", "tell"))
        name, when = section.text("name"), when_at(section, scope)
        then = section.read("then", lambda text: classification_named(text, REFUSING))
        tell = _told(section, scope)
        if name and when and then:
            lines.append(Threshold(name=name, when=when, classification=then, tell=tell, place=section.place))
    return tuple(lines)


def read_scorecard(root: Section, scope: Scope) -> Scorecard | None:
    """Return the signs of fraud and from how many points on a person looks; None where there is no scorecard."""
    if not root.has("fraud scorecard"):
        return None
    section = root.section("fraud scorecard", ("name", "review from", "signs"))
    if section is None:
        return None
    name, review_from = section.text("name"), section.read("review from", _points)
    signs = [_sign(node, section, scope) for node in section.items("signs")]
    if review_from is None:
        return None
    most = sum(each.points for each in signs if each)
    if not 0 < review_from <= most and all(signs):
        what = f"no claim is ever reviewed, or every one is: all signs together count {most}"
        section.mistakes.add(section.entries["review from"][1].place, what)
    return Scorecard(name=name, review_from=review_from, signs=tuple(filter(None, signs)), place=section.place)


def _sign(node: Node, card: Section, scope: Scope) -> Sign | None:
    section = Section(node, card.mistakes, keys=("name", "when", "points"))
    name, when = section.text("name"), when_at(section, scope)
    points = section.read("points", _points)
    if not name or when is None or points is None:
        return None
    return Sign(name=name, when=when, points=points, place=section.place)


def _points(text: str) -> Decimal:
    if not re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII):
        raise ValueError(f'write "{text[:20]}" as a number of points: 30')
    return number_written(text, 0)


def _line(section: Section, when: Condition | None, scope: Scope, usual: Classification) -> tuple[Rule, ...]:
    """Return a line of the exclusions that is written in its own words; nothing after a mistake."""
    name, then = section.text("name"), usual
    if section.has("then"):
        then = section.read("then", lambda text: classification_named(text, REFUSING)) or usual
    if not name or when is None:
        return ()
    return (_refusal(name, when, then, _told(section, scope), section.place),)


def _refusal(name: str, when: Condition, then: Classification, tell: Wording | None, place: Place) -> Rule:
    return Rule(name=name, when=when, classification=then, pay=None, tell=tell, exclusion=True, place=place)


def _told(section: Section, scope: Scope) -> Wording | None:
    if not section.has("tell"):
        return None
    return wording_at(section.entries["tell"][1], scope, section.mistakes, amount=False)
