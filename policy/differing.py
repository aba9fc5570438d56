"""How two versions of a policy differ: in words, and on which cases they decide otherwise. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cases.money import Money
from policy.explaining import reason
from policy.facts import read_facts
from policy.form import Policy
from policy.reasons import Reasoned
from policy.settling import TooManyDigits
from policy.showing import in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A case that both versions are asked about.

    Fields:
        name: Where it comes from: "new example: six hours", "CASE-4711".
        inputs: (name, text); what a version does not declare is left alone.
        counted_before: Amounts that the approvals are looked up with.
    """

    name: str
    inputs: tuple[tuple[str, str], ...]
    counted_before: tuple[Money, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What one version makes of a case, in words.

    Fields:
        classification: "goodwill"; "nothing yet" while something is missing.
        amount: "15.00 USDT", "none".
        rule: What decided; what is missing.
        approvals: "1 compensation_lead, then 1 finance", "none".
    """

    classification: str
    amount: str
    rule: str
    approvals: str

    def __str__(self) -> str:
        return f"{self.classification}, {self.amount}, {self.rule}, approvals: {self.approvals}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """A case that the two versions decide otherwise."""

    given: Given
    old: Decided
    new: Decided

    @property
    def what(self) -> tuple[tuple[str, str, str], ...]:
        """(what, as it was, as it would be) of everything that differs: ("amount", "15.00 USDT", "20.00 USDT")."""
        names = ("classification", "amount", "rule", "approvals")
        pairs = ((name, getattr(self.old, name), getattr(self.new, name)) for name in names)
        return tuple(pair for pair in pairs if pair[1] != pair[2])


def examples_of(old: Policy, new: Policy) -> Iterator[Given]:
    """Yield the worked examples of both versions; one that both have stands there once."""
    in_new = {(each.given, each.counted_before) for each in new.examples}
    in_old = {(each.given, each.counted_before) for each in old.examples}
    for each in new.examples:
        which = "example" if (each.given, each.counted_before) in in_old else "new example"
        yield Given(name=f"{which}: {each.name}", inputs=each.given, counted_before=each.counted_before)
    for each in old.examples:
        if (each.given, each.counted_before) not in in_new:
            yield Given(name=f"old example: {each.name}", inputs=each.given, counted_before=each.counted_before)


def case_changes(old: Policy, new: Policy, cases: Iterable[Given]) -> Iterator[CaseChange]:
    """Yield the cases that the two versions decide otherwise, in their order."""
    for given in cases:
        before, after = decided(old, given), decided(new, given)
        if before != after:
            yield CaseChange(given=given, old=before, new=after)


def decided(policy: Policy, given: Given) -> Decided:
    """Return what a version makes of a case."""
    facts = read_facts(policy, given.inputs)
    try:
        found = reason(policy, facts, given.counted_before)
    except TooManyDigits as problem:
        return Decided(classification="nothing yet", amount="none", rule=str(problem), approvals="none")
    if not isinstance(found, Reasoned):
        missing = ", ".join(sorted(found.needed))
        return Decided(classification="nothing yet", amount="none", rule=f"missing: {missing}", approvals="none")
    approvals = ", then ".join(f"{each.quorum} {' or '.join(each.roles)}" for each in found.approvals)
    return Decided(
        classification=in_words(found.classification),
        amount=str(found.amount or "none"),
        rule=found.rule,
        approvals=approvals or "none",
    )
