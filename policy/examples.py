"""Proving the worked examples: a version whose examples do not hold does not load."""

from collections.abc import Iterator

from cases.proposal import ApprovalStage, CaseId, Proposal
from cases.ticket import CustomerId
from policy.form import Example, Policy
from policy.mistakes import Mistake
from policy.proposing import Claim, Missing, propose
from policy.showing import in_words


def prove(policy: Policy) -> Iterator[Mistake]:
    """Yield one mistake for everything that an example expects and does not get."""
    for example in policy.examples:
        claim = Claim(
            case_id=CaseId("EXAMPLE"),
            revision=1,
            payee=CustomerId("EXAMPLE"),
            inputs=example.given,
            counted_before=example.counted_before,
        )
        result = propose(policy, claim)
        for what, expected, got in _differences(example, result):
            said = f'example "{example.name}": {what}: expected {expected}, got {got}: correct the rules or the example'
            yield Mistake(place=example.place, what=said)


def _differences(example: Example, result: Proposal | Missing) -> Iterator[tuple[str, str, str]]:
    expected = example.expected
    if isinstance(result, Missing) or expected.missing is not None:
        yield from _missing_differences(expected.missing, result)
        return
    got = str(result.amount or "none")
    if expected.classification and result.classification is not expected.classification:
        yield "then", in_words(expected.classification), f"{in_words(result.classification)} ({result.reason})"
    if expected.amount and result.amount != expected.amount:
        yield "amount", str(expected.amount), f"{got} ({result.reason})"
    if expected.nothing and result.amount is not None:
        yield "amount", "none", f"{got} ({result.reason})"
    if expected.rule and result.reason != expected.rule:
        yield "because", f'"{expected.rule}"', f'"{result.reason}"'
    if expected.approvals is not None and result.approvals != expected.approvals:
        yield "approvals", _people(expected.approvals), _people(result.approvals)


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
