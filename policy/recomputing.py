"""Working a stored proposal out anew from what is stored with it alone: the policy's text and the inputs."""

from collections.abc import Iterator
from dataclasses import dataclass

from cases.proposal import Proposal
from policy.form import Policy
from policy.proposing import Claim, Missing, PathsDiffer, propose


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What comes out otherwise: "amount", how it is stored, and how it comes out now; "" for nothing."""

    what: str
    stored: str
    now: str


def recompute(policy: Policy, proposal: Proposal) -> tuple[Difference, ...]:
    """Return where a proposal of this policy comes out otherwise when it is worked out again; none is as it should be.

    Approvals are compared when it is stored which other amounts they were looked up with.
    """
    claim = Claim(
        case_id=proposal.case_id,
        revision=proposal.revision,
        payee=proposal.payee,
        inputs=proposal.inputs,
        counted_before=proposal.counted_before or (),
    )
    try:
        again = propose(policy, claim)
    except PathsDiffer as problem:
        return (Difference(what="result", stored=str(proposal.amount), now=f"two ways differ: {problem}"),)
    if isinstance(again, Missing):
        return (Difference(what="result", stored=str(proposal.amount), now=str(again)),)
    return tuple(_differences(proposal, again))


def _differences(stored: Proposal, again: Proposal) -> Iterator[Difference]:
    pairs = [
        ("amount", str(stored.amount), str(again.amount)),
        ("classification", stored.classification, again.classification),
        ("rule", stored.reason, again.reason),
        ("parts", "; ".join(map(str, stored.parts)), "; ".join(map(str, again.parts))),
    ]
    if stored.counted_before is not None:
        pairs.append(("approvals", _people(stored), _people(again)))
    yield from (Difference(what=what, stored=was, now=now) for what, was, now in pairs if was != now)
    for number in range(max(len(stored.derivation), len(again.derivation))):
        was, now = _step(stored, number), _step(again, number)
        if was != now:
            yield Difference(what=f"step {number + 1}", stored=was, now=now)


def _step(proposal: Proposal, number: int) -> str:
    if number >= len(proposal.derivation):
        return ""
    line = proposal.derivation[number]
    return f"{line.name}: {line.expression} = {line.filled} = {line.value} ({line.place})"


def _people(proposal: Proposal) -> str:
    return ", then ".join(f"{each.quorum} {' or '.join(each.roles)}" for each in proposal.approvals) or "none"
