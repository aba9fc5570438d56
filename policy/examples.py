"""Proving the worked examples: a version whose examples do not hold does not load."""

import itertools
from collections.abc import Iterator

from cases.money import Money
from cases.proposal import ApprovalStage, CaseId, Proposal
from cases.ticket import CustomerId
from policy.deciding import Outcome, decide
from policy.facts import read_facts
from policy.form import Example, Expected, Policy
from policy.mistakes import Mistake
from policy.payment_terms import Together
from policy.payments import pro_rata
from policy.proposing import Claim, Missing, propose
from policy.showing import in_words

#: Characters of what an amount was made from, in a message.
_MOST_SHOWN = 600


def prove(policy: Policy) -> Iterator[Mistake]:
    """Yield one mistake for everything that an example expects and does not get."""
    yield from (mistake for each in policy.together for mistake in _together(policy, each))
    for example in policy.examples:
        claim = Claim(
            case_id=CaseId("EXAMPLE"),
            revision=1,
            payee=CustomerId("EXAMPLE"),
            inputs=example.given,
            counted_before=example.counted_before,
        )
        result = propose(policy, claim)
        differences = [*_differences(example, result)]
        if isinstance(result, Proposal) and (example.expected.payments, example.expected.benefits) != (None, None):
            outcome = decide(policy, read_facts(policy, example.given).values)
            differences += _paid_differences(example.expected, outcome)
        for what, expected, got in differences:
            said = f'example "{example.name}": {what}: expected {expected}, got {got}: correct the rules or the example'
            yield Mistake(place=example.place, what=said)


def _together(policy: Policy, example: Together) -> Iterator[Mistake]:
    """Yield where several claims, cut to the budget, come to something else than the example says."""
    amounts: list[Money] = []
    for claim in example.claims:
        found = _outcome(policy, claim.given)
        if isinstance(found, str):
            yield Mistake(place=example.place, what=f'example "{example.name}": {found}')
            return
        amounts += [found or Money(minor=0, code=example.total.code)] * claim.times
    if any(each.code != example.total.code for each in amounts):
        yield Mistake(
            place=example.place, what=f'example "{example.name}": not every claim comes to {example.total.code}'
        )
        return
    shares = pro_rata(amounts, policy.budget.at_most) if policy.budget else tuple(amounts)
    total = sum(shares, start=Money(minor=0, code=example.total.code))
    if total != example.total:
        what = (
            f'example "{example.name}": total: expected {example.total}, got {total}: correct the rules or the example'
        )
        yield Mistake(place=example.place, what=what)
    if example.amounts is not None and shares != example.amounts:
        got = ", ".join(map(str, shares[:30]))
        yield Mistake(place=example.place, what=f'example "{example.name}": amounts: got {got}')


def _outcome(policy: Policy, given: tuple[tuple[str, str], ...]) -> Money | str | None:
    claim = Claim(case_id=CaseId("EXAMPLE"), revision=1, payee=CustomerId("EXAMPLE"), inputs=given)
    result = propose(policy, claim)
    return str(result) if isinstance(result, Missing) else result.amount


def _paid_differences(expected: Expected, found: Outcome) -> Iterator[tuple[str, str, str]]:
    """Yield where parts or benefits are not as expected."""
    payments = tuple((each.name, str(each)) for each in found.payments)
    for what, wanted, got in (
        ("payments", expected.payments, payments),
        ("benefits", expected.benefits, found.benefits),
    ):
        if wanted is not None and wanted != got:
            yield what, _listed(wanted), _listed(got)


def _listed(pairs: tuple[tuple[str, str], ...]) -> str:
    return "; ".join(f"{name}: {text}" for name, text in pairs) or "none"


def _differences(example: Example, result: Proposal | Missing) -> Iterator[tuple[str, str, str]]:
    expected = example.expected
    if isinstance(result, Missing) or expected.missing is not None:
        yield from _missing_differences(expected.missing, result)
        return
    got = str(result.amount or "none")
    if expected.classification and result.classification is not expected.classification:
        yield "then", in_words(expected.classification), f"{in_words(result.classification)} ({result.reason})"
    if expected.amount and result.amount != expected.amount:
        yield "amount", str(expected.amount), f"{got} ({result.reason}{_worked_out(result)})"
    if expected.nothing and result.amount is not None:
        yield "amount", "none", f"{got} ({result.reason})"
    if expected.rule and result.reason != expected.rule:
        yield "because", f'"{expected.rule}"', f'"{result.reason}"'
    if expected.approvals is not None and result.approvals != expected.approvals:
        yield "approvals", _people(expected.approvals), _people(result.approvals)


def _worked_out(result: Proposal) -> str:
    """Return the numbers that an amount was made from: "; value share 61.73 USDT; amount before limits 61.73 USDT"."""
    numbers = [each for each in result.derivation if each.value[:1].isdigit() or each.value.startswith("-")]
    made = itertools.takewhile(lambda each: each.name != "amount", numbers)
    return "".join(f"; {each.name} {each.value}" for each in made)[:_MOST_SHOWN]


def _missing_differences(
    expected: tuple[str, ...] | None, result: Proposal | Missing
) -> Iterator[tuple[str, str, str]]:
    wanted = ", ".join(expected or ()) or "nothing"
    if isinstance(result, Proposal):
        yield "missing", wanted, f"nothing missing: {in_words(result.classification)} ({result.reason})"
        return
    got = tuple(sorted((*result.names, *(name for name, _ in result.problems))))
    if got != (expected or ()):
        yield "missing", wanted, str(result)


def _people(stages: tuple[ApprovalStage, ...]) -> str:
    return ", then ".join(f"{each.quorum} {' or '.join(each.roles)}" for each in stages) or "none"
