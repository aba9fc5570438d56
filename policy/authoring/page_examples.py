"""The worked examples on a policy's page, each worked out again."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from policy.authoring.page_tables import Words, stages_said
from policy.authoring.to_sheets import Grid
from policy.explaining import reason
from policy.facts import read_facts
from policy.form import Example, Policy
from policy.items import items_said
from policy.reasons import Reasoned
from policy.series import texts_by_name
from policy.settling import TooManyDigits
from policy.showing import in_words
from policy.units import ListType, SeriesType, Type


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleShown:
    """A worked example with what came out of it just now.

    Fields:
        given: (name, value) of what it gives beside the usual inputs; the value of one that is taken away is None.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TogetherShown:
    """A worked example of several claims.

    Fields:
        claims: For each how often it stands there, and (name, value) of what it gives.
        amounts: What each comes to; empty where the example does not say.
    """

    name: str
    source: str
    claims: tuple[tuple[int, tuple[tuple[str, str], ...]], ...]
    total: str
    amounts: tuple[str, ...]


def examples_shown(policy: Policy, grids: Mapping[str, Grid], words: Words) -> list[ExampleShown]:
    """Return each worked example with what the policy makes of it now."""
    names = {name for each in policy.examples for name, _ in each.given}
    written = _written(grids["Examples"])
    return [_example(policy, each, told, names, words) for each, told in zip(policy.examples, written, strict=True)]


def _written(grid: Grid) -> list[frozenset[str]]:
    """Return which inputs each row gives itself, beside the usual ones."""
    return [
        frozenset(name.removeprefix("given: ") for name, cell in zip(grid.headings, row, strict=True) if cell)
        for row in grid.rows
    ]


def _values(policy: Policy, given: tuple[tuple[str, str], ...], told: AbstractSet[str]) -> tuple[tuple[str, str], ...]:
    """Return the inputs that are told, as people read them."""
    types = {each.name: each.type for each in policy.inputs}
    return tuple((name, _said(value, types[name])) for name, value in given if name in told)


def _said(text: str, kind: Type) -> str:
    """Return a value as people read it: items one after the other, prices by what they are of."""
    match kind:
        case ListType():
            return items_said(text)
        case SeriesType(by=str()):
            return " · ".join(f"{name}: {each}" for name, each in texts_by_name(text).items())
        case _:
            return text


def together_shown(policy: Policy, grids: Mapping[str, Grid]) -> list[TogetherShown]:
    """Return each worked example of several claims."""
    written = iter(_written(grids["Together claims"]) if policy.together else ())
    return [
        TogetherShown(
            name=each.name,
            source=each.source,
            claims=tuple((claim.times, _values(policy, claim.given, next(written))) for claim in each.claims),
            total=str(each.total),
            amounts=tuple(map(str, each.amounts or ())),
        )
        for each in policy.together
    ]


def _example(
    policy: Policy, example: Example, told: AbstractSet[str], names: AbstractSet[str], words: Words
) -> ExampleShown:
    missing = [(name, None) for name in sorted(names - dict(example.given).keys())]
    found = _found(policy, example)
    kind = in_words(found.classification) if isinstance(found, Reasoned) else "missing"
    reasoned = found if isinstance(found, Reasoned) else None
    return ExampleShown(
        name=example.name,
        source=example.source,
        given=(*_values(policy, example.given, told), *missing),
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
