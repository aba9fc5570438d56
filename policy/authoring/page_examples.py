"""The worked examples on a policy's page, each worked out again."""

from collections.abc import Mapping
from dataclasses import dataclass

from policy.authoring.page_tables import Words, stages_said
from policy.explaining import reason
from policy.facts import read_facts
from policy.form import Example, Policy
from policy.items import items_said
from policy.reasons import Reasoned
from policy.settling import TooManyDigits
from policy.showing import in_words
from policy.units import ListType


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleShown:
    """A worked example with what came out of it just now.

    Fields:
        given: (name, value) of what differs from the usual inputs; the value of one that is taken away is None.
        kind: The classification, for its colour: "goodwill"; "missing" where inputs are.
        steps: (name, filled, value) that led to the result.
        text: (language, text) of what the customer would read.
    """

    name: str
    source: str
    given: tuple[tuple[str, str | None], ...]
    counted_before: tuple[str, ...]
    result: str
    kind: str
    amount: str
    because: str
    approvals: tuple[str, ...]
    steps: tuple[tuple[str, str, str], ...]
    text: tuple[tuple[str, str], ...]


def examples_shown(policy: Policy, words: Words) -> list[ExampleShown]:
    """Return each worked example with what the policy makes of it now."""
    every = [dict(each.given) for each in policy.examples]
    usual = {
        name: next((values[name] for values in every if name in values), "")
        for name in dict.fromkeys(name for values in every for name in values)
    }
    for name in usual:  # The value that most examples share is taken for the usual one.
        held = [values[name] for values in every if name in values]
        usual[name] = max(dict.fromkeys(held), key=held.count)
    return [_example(policy, each, usual, words) for each in policy.examples]


def _example(policy: Policy, example: Example, usual: Mapping[str, str], words: Words) -> ExampleShown:
    given = dict(example.given)
    lists = {each.name for each in policy.inputs if isinstance(each.type, ListType)}
    changed = ((name, value) for name, value in example.given if usual.get(name) != value)
    differs = [(name, items_said(value) if name in lists else value) for name, value in changed]
    missing = [(name, None) for name in usual if name not in given]
    found = _found(policy, example)
    kind = in_words(found.classification) if isinstance(found, Reasoned) else "missing"
    reasoned = found if isinstance(found, Reasoned) else None
    return ExampleShown(
        name=example.name,
        source=example.source,
        given=(*differs, *missing),
        counted_before=tuple(str(each) for each in example.counted_before),
        result=words[kind],
        kind=kind.replace(" ", "-"),
        amount=str(reasoned.amount) if reasoned and reasoned.amount is not None else "",
        because=reasoned.rule if reasoned else str(found),
        approvals=stages_said(reasoned.approvals, words) if reasoned else (),
        steps=tuple((line.name, line.filled, line.value) for line in reasoned.derivation) if reasoned else (),
        text=reasoned.customer_text if reasoned else (),
    )


def _found(policy: Policy, example: Example) -> Reasoned | str:
    """Return what comes out, or which inputs are needed."""
    try:
        found = reason(policy, read_facts(policy, example.given), example.counted_before)
    except TooManyDigits as problem:
        return str(problem)
    return found if isinstance(found, Reasoned) else ", ".join(sorted(found.needed))
