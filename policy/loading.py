"""Loading one policy: text -> the one parsed form, checked, its examples proven. Every mistake is named at once."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from cases.loss import LossKind
from cases.money import ASSETS
from cases.people import People
from policy.analysis import faults
from policy.claiming import (
    excluded_by,
    read_deductions,
    read_evidence,
    read_late,
    read_other_plans,
    read_scorecard,
    read_thresholds,
)
from policy.declaring import gathered_in, read_derived, read_inputs, read_money, read_scope
from policy.example_texts import read_examples, read_together
from policy.examples import prove
from policy.form import Effective, Input, MoneyTerms, OtherPlan, Policy
from policy.mistakes import BadPolicy, Mistakes, did_you_mean
from policy.paying_out import read_benefits, read_budget, read_pay_form, read_pay_within
from policy.ruling import (
    CLASSIFICATIONS,
    read_approvals,
    read_gates,
    read_limits,
    read_nothing_left,
    read_rules,
    read_wording,
)
from policy.scope import Scope
from policy.section import Section
from policy.told_steps import read_names, unnamed_steps
from policy.units import OWN_MONEY, ChoiceType, NumberType, Type, Unit
from policy.yaml_text import Node, read_yaml

__all__ = ["BadPolicy", "checked", "load_policy", "policy_in", "read_policy"]

KEYS = (
    "policy",
    "version",
    "owner",
    "decision",
    "about",
    "effective",
    "topics",
    "loss",
    "products",
    "money",
    "units",
    "calendar",
    "pay form",
    "decide within",
    "pay within",
    "inputs",
    "works out",
    "claim deadline",
    "other plans",
    "evidence",
    "exclusions",
    "rules",
    "deductions",
    "nothing left",
    "limits",
    "thresholds",
    "benefits",
    "budget",
    "fraud gates",
    "fraud scorecard",
    "approvals",
    "wording",
    "names",
    "usual inputs",
    "examples",
    "together",
)


def load_policy(text: str, name: str, *, people: People | None = None) -> Policy:
    """Return the policy that a file's text holds.

    name: The file's name, for messages and derivations: "okb.yaml".
    people: The role table; None = approvers are not checked against people.
    Raises BadPolicy with every mistake that was found, each as `file:line:col: what to do`. A file that is not
    plain YAML is refused at its first mistake; faults of logic and examples are looked for once the text reads well.
    """
    return checked(read_policy(text, name), people)


def checked(policy: Policy, people: People | None = None) -> Policy:
    """Return a policy whose logic holds and whose examples come out as they say; raises BadPolicy else."""
    mistakes = Mistakes()
    for mistake in (*(each.mistake for each in faults(policy, people)), *prove(policy)):
        mistakes.add(mistake.place, mistake.what)
    mistakes.stop_if_any()
    return policy


def read_policy(text: str, name: str) -> Policy:
    """Return the policy that a text holds, its logic not analysed and its examples not proven: for a released one.

    name: The file's name, for messages and derivations. Raises BadPolicy for what is not understood.
    """
    return policy_in(read_yaml(text, name), name, hashlib.sha256(text.encode()).hexdigest())


def policy_in(root: Node, name: str, text_hash: str) -> Policy:
    """Return the policy in keys and values, of a text or a workbook; otherwise as `read_policy`."""
    mistakes = Mistakes()
    policy = _read(Section(root, mistakes, keys=KEYS), name, text_hash)
    mistakes.stop_if_any()
    if policy is None:
        raise AssertionError(f"{name}: a policy that could not be read left no mistake")
    return policy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What a policy says of itself, outside its logic."""

    named: Mapping[str, str]
    topics: tuple[str, ...]
    products: tuple[str, ...]
    effective: Effective
    loss: LossKind
    hours: int


def _terms(root: Section) -> _Terms | None:
    named = {key: root.text(key) for key in ("policy", "version", "owner", "decision")}
    topics = tuple(each.text for each in root.listed("topics"))
    products = tuple(each.text for each in root.listed("products"))
    effective, loss = _effective(root), root.read("loss", _loss_kind)
    hours = root.read("decide within", _hours)
    if effective is None or loss is None or hours is None:
        return None
    return _Terms(
        named=named,
        topics=topics,
        products=products,
        effective=effective,
        loss=loss,
        hours=hours,
    )


def _read(root: Section, file: str, text_hash: str) -> Policy | None:
    terms, money = _terms(root), read_money(root)
    paid = _paid_in(money)
    scope = read_scope(root, money)
    inputs = read_inputs(root, money, scope)
    declared: dict[str, Type] = {each.name: each.type for each in inputs}
    derived, scope = read_derived(root, scope.also({each.name: each.spoken_of for each in inputs}))
    other_plans = read_other_plans(root, scope, paid)
    first = (*read_late(root, scope), *excluded_by(other_plans, scope, root), *read_evidence(root, scope))
    rules = read_rules(root, scope, paid, first)
    nothing_left = read_nothing_left(root, scope)
    thresholds = read_thresholds(root, scope.also(_looked_at(paid)))
    approvals = read_approvals(root, scope.also(_looked_at(paid)), money)
    outcomes = {rule.classification for rule in rules} | {each.classification for each in thresholds}
    wording = read_wording(root, scope, outcomes, nothing_left)
    examples, together = read_examples(root, declared), read_together(root, declared)
    complete = _completing(root, scope, paid, other_plans, inputs)
    if terms is None or money is None or nothing_left is None:
        return None
    derived += gathered_in(scope, derived)
    policy = Policy(
        name=terms.named["policy"],
        version=terms.named["version"],
        owner=terms.named["owner"],
        decision=terms.named["decision"],
        effective=terms.effective,
        topics=terms.topics,
        loss=terms.loss,
        products=terms.products,
        money=money,
        decide_within_hours=terms.hours,
        inputs=inputs,
        derived=derived,
        rules=rules,
        nothing_left=nothing_left,
        approvals=approvals,
        wording=wording,
        examples=examples,
        file=file,
        place=root.place,
        text_hash=text_hash,
        thresholds=thresholds,
        together=together,
    )
    return _named(root, complete(policy))


def _named(root: Section, policy: Policy) -> Policy:
    """Return the policy with its steps named for the customer; steps that are told without a name are noted."""
    if root.mistakes.broken:
        return policy  # Which steps there are is not known.
    named = replace(policy, names=read_names(root, policy))
    for mistake in unnamed_steps(named):
        root.mistakes.add(mistake.place, mistake.what)
    return named


def _completing(
    root: Section, scope: Scope, paid: Unit | None, other_plans: tuple[OtherPlan, ...], inputs: tuple[Input, ...]
) -> Callable[[Policy], Policy]:
    """Return what adds the sections that may be left out; they are read in any case, for their mistakes."""
    return partial(
        replace,
        other_plans=other_plans,
        deductions=read_deductions(root, other_plans, scope, paid),
        limits=read_limits(root, scope, paid, inputs),
        gates=read_gates(root, scope),
        scorecard=read_scorecard(root, scope),
        parts=read_pay_form(root, scope, paid),
        benefits=read_benefits(root, scope),
        budget=read_budget(root, paid),
        pay_within=read_pay_within(root, scope.calendar),
    )


def _looked_at(paid: Unit | None) -> dict[str, Type]:
    """Return what the matrix may look at beside the names: the amount and the classification that were worked out."""
    classification = ChoiceType(options=tuple(CLASSIFICATIONS))
    return {"amount": NumberType(unit=paid or Unit(), signed=False), "classification": classification}


def _paid_in(money: MoneyTerms | None) -> Unit | None:
    """Return the unit that is paid; None while the text does not say, which is a mistake of its own."""
    if money is None:
        return None
    return Unit(top=money.asset if money.asset in ASSETS else OWN_MONEY)


def _effective(root: Section) -> Effective | None:
    section = root.section("effective", ("from", "to", "means"))
    if section is None:
        return None
    start = section.read("from", _moment)
    end = section.read("to", lambda text: "open" if text == "open" else _moment(text))
    means = section.text("means")
    if start is None or end is None:
        return None
    if isinstance(end, datetime) and end <= start:
        section.mistakes.add(section.entries["to"][1].place, 'must lie after "from": the version would never hold')
        return None
    return Effective(start=start, end=end if isinstance(end, datetime) else None, means=means, place=section.place)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f'write "{text[:60]}" as a time with its offset: 2026-01-01T00:00:00Z')
    return moment


def _hours(text: str) -> int:
    match = re.fullmatch(r"(\d{1,4}) hours?", text, re.ASCII)
    if match is None or int(match.group(1)) < 1:
        raise ValueError(f'write "{text[:60]}" as hours: "24 hours"')
    return int(match.group(1))


def _loss_kind(text: str) -> LossKind:
    if text not in set(LossKind):
        raise ValueError(f'"{text[:60]}" is no kind of loss: {did_you_mean(text, LossKind)}')
    return LossKind(text)
