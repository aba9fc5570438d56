"""`makewhole policy`: check a folder of policies, and explain how one decides."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.mistakes import BadSettings, did_you_mean
from config.people import load_people
from makewhole.printing import print_json, table, to_people
from makewhole.trouble import Unusable
from policy.book import read_policy_file
from policy.checking import Checked, check
from policy.explaining import reason
from policy.facts import Facts, read_facts
from policy.form import Policy
from policy.loading import load_policy
from policy.mistakes import BadPolicy
from policy.proposing import missing
from policy.reasons import Reasoned
from policy.settling import TooManyDigits


def check_policies(path: Path, *, people: Path | None, notes: bool, as_json: bool) -> int:
    """Print what is found in each policy; returns 1 when any does not load. notes: Also what asks for nothing."""
    try:
        known = load_people(people) if people else None
        found = check(path, people=known)
    except (BadSettings, BadPolicy) as problem:
        raise Unusable(str(problem)) from None
    wrong = sum(bool(each.mistakes) for each in found)
    if as_json:
        print_json({"policies": [_checked(each) for each in found], "wrong": wrong})
    else:
        rows = [(each.file, _name(each), each.examples, _state(each)) for each in found]
        to_people().print(table(["File", "Policy", "Examples", "Found"], rows))
        for each in found:
            for mistake in each.mistakes:
                to_people().print(str(mistake), markup=False, soft_wrap=True)
            for finding in each.findings:
                if finding.waivable or notes:
                    to_people().print(str(finding), markup=False, soft_wrap=True)
    return 1 if wrong else 0


def _state(found: Checked) -> str:
    """Return in a word or two whether a file loads, and how much a release would ask about it."""
    if found.mistakes:
        return "does not load"
    asked = sum(each.waivable for each in found.findings)
    return f"{asked} to mend or waive" if asked else "ok"


def explain_policy(file: Path, given: list[str], *, as_json: bool) -> int:
    """Print every step from these inputs to the amount; returns 1 when something is missing, 2 for a wrong input."""
    try:
        policy = load_policy(read_policy_file(file), file.name)
    except BadPolicy as problem:
        raise Unusable(str(problem)) from None
    facts = read_facts(policy, [(name, value) for name, _, value in (each.partition("=") for each in given)])
    wrong = tuple(_wrong_inputs(policy, facts, given))
    if wrong:
        for each in wrong:
            to_people().print(each, markup=False, soft_wrap=True)
        return 2
    try:
        reasoned = reason(policy, facts)
    except TooManyDigits as problem:
        to_people().print(str(problem), markup=False, soft_wrap=True)
        return 1
    if isinstance(reasoned, Reasoned):
        _print_reasoned(reasoned, as_json=as_json)
        return 0
    lacking = missing(facts, reasoned)
    said = str(lacking)
    if as_json:
        print_json({"missing": sorted(reasoned.needed), "why": dict(lacking.problems)})
    else:
        to_people().print(f"M{said[1:]}" if lacking.names else said, markup=False, soft_wrap=True)
    return 1


def _wrong_inputs(policy: Policy, facts: Facts, given: list[str]) -> Iterator[str]:
    declared = [each.name for each in policy.inputs]
    for name, equals, _ in (each.partition("=") for each in given):
        if not equals:
            yield f"{name}: write each input as name=value: hours_late=7.5"
        elif name not in declared:
            yield f"{name}: {did_you_mean(name, declared)}"
    for name, problem in sorted(facts.unreadable.items()):
        yield f"{name} {problem}"


def _print_reasoned(reasoned: Reasoned, *, as_json: bool) -> None:
    if as_json:
        print_json(_explained(reasoned))
    else:
        _print_explained(reasoned)


def _print_explained(reasoned: Reasoned) -> None:
    console = to_people()
    steps = [
        ("" if step.decided else "–", step.line.name, step.line.filled, step.line.value, step.line.place)
        for step in reasoned.steps
    ]
    console.print(table(["", "Step", "Worked out from", "Gives", "Where"], steps))
    amount = str(reasoned.amount) if reasoned.amount else "nothing"
    console.print(f"\n{reasoned.classification}: {reasoned.rule} → {amount}", style="bold", markup=False)
    for number, stage in enumerate(reasoned.approvals, start=1):
        console.print(f"Approval {number}: {stage.quorum} × {' or '.join(stage.roles)}", markup=False)
    for language, text in reasoned.customer_text:
        console.print(f"Customer ({language}): {text}", markup=False)


def _explained(reasoned: Reasoned) -> dict[str, Any]:
    return {
        "classification": str(reasoned.classification),
        "rule": reasoned.rule,
        "amount": reasoned.amount.text() if reasoned.amount else None,
        "asset": reasoned.amount.code if reasoned.amount else None,
        "approvals": [{"roles": list(stage.roles), "quorum": stage.quorum} for stage in reasoned.approvals],
        "steps": [
            {
                "name": step.line.name,
                "expression": step.line.expression,
                "filled": step.line.filled,
                "value": step.line.value,
                "place": step.line.place,
                "decided": step.decided,
            }
            for step in reasoned.steps
        ],
        "customer_text": dict(reasoned.customer_text),
    }


def _checked(found: Checked) -> dict[str, Any]:
    return {
        "file": found.file,
        "policy": _name(found) or None,
        "examples": found.examples,
        "mistakes": [str(mistake) for mistake in found.mistakes],
        "findings": [
            {"key": each.key, "weight": str(each.weight), "place": str(each.place), "what": each.what}
            for each in found.findings
        ],
    }


def _name(found: Checked) -> str:
    return f"{found.policy.name} {found.policy.version}" if found.policy else ""
