"""What a policy proposes for one claim: amount, reasons, approvals and wording, or exactly what is missing."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from cases.money import Money
from cases.proposal import CaseId, Proposal
from cases.ticket import CustomerId
from policy.deciding import Outcome, decide
from policy.explaining import interpret, reason
from policy.facts import Facts, read_facts
from policy.form import Policy
from policy.interpreting import Unknown
from policy.parts import parts_of
from policy.reasons import Reasoned
from policy.settling import TooManyDigits

#: Of why one input does not hold what is asked of it, as of prices for many items.
_MOST_REASONS = 3


class PathsDiffer(ArithmeticError):
    """Raised when compiled policy and interpreter come to different results: our fault, nothing may be proposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a policy is asked about.

    Fields:
        case_id: The case: "CASE-4711".
        revision: Which proposal of the case it will be, from 1.
        payee: The customer who would be paid.
        inputs: (name, text); names the policy does not declare are left alone.
        counted_before: Other open or paid amounts of the same loss and of linked customers; the matrix is looked up
            with them added, so that splitting a claim never needs fewer people.
        sources: (name, sha256) of the price sources that the inputs come from.
        not_yet_counted: Those of them that the inputs which limits count cannot know yet; they are added to those.
    """

    case_id: CaseId
    revision: int
    payee: CustomerId
    inputs: tuple[tuple[str, str], ...]
    counted_before: tuple[Money, ...] = ()
    not_yet_counted: tuple[Money, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Why nothing can be proposed yet.

    Fields:
        names: The inputs that are needed and were not given, sorted.
        problems: (name, why) of needed inputs that cannot be read: ("fee", 'is in "EUR", USDT is needed').
        perhaps: Inputs that may turn out to be needed as well once the others are known, sorted.
    """

    names: tuple[str, ...]
    problems: tuple[tuple[str, str], ...]
    perhaps: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = [f"missing: {', '.join(self.names)}"] if self.names else []
        said += [f"{name} {why}" for name, why in self.problems]
        return "; ".join(said)


def propose(policy: Policy, claim: Claim) -> Proposal | Missing:
    """Return what the policy proposes, or what it still needs; the same claim always gets the same answer.

    Raises PathsDiffer when the two ways of working it out disagree.
    """
    claim = _counting_all(policy, claim)
    facts = read_facts(policy, claim.inputs)
    try:
        reasoned = reason(policy, facts, claim.counted_before)
        if isinstance(reasoned, Unknown):
            return missing(facts, reasoned)
        return _proposal(policy, claim, _agreed(policy, claim, reasoned))
    except TooManyDigits as error:
        return Missing(names=(), problems=(("amount", str(error)),))


def _agreed(policy: Policy, claim: Claim, reasoned: Reasoned) -> Reasoned:
    """Return what was found once the interpreter has found the same for the same reasons, and `decide` as well."""
    facts = read_facts(policy, claim.inputs)
    outcome, interpreted = decide(policy, facts.values), interpret(policy, facts, claim.counted_before)
    if interpreted != reasoned or outcome != outcome_of(reasoned):
        other = outcome_of(interpreted) if isinstance(interpreted, Reasoned) else interpreted
        found = f"with reasons {outcome_of(reasoned)}, without {outcome}, interpreter {other}"
        raise PathsDiffer(f"{policy.name} {policy.version}: {claim.case_id}: {found}")
    return reasoned


def outcome_of(reasoned: Reasoned) -> Outcome:
    """Return what was decided, without its reasons: what `decide` finds."""
    return Outcome(
        classification=reasoned.classification,
        amount=reasoned.amount,
        rule=reasoned.rule,
        payments=reasoned.payments,
        benefits=reasoned.benefits,
    )


def _counting_all(policy: Policy, claim: Claim) -> Claim:
    """Return the claim with what is not counted yet added to every input that a limit counts."""
    counting = {limit.counting for limit in policy.limits if limit.counting and not limit.counted_by_us}
    open_ones = [money.amount for money in claim.not_yet_counted if money.code == policy.money.asset]
    if not counting or not open_ones:
        return claim
    inputs = tuple((name, _added(text, open_ones) if name in counting else text) for name, text in claim.inputs)
    return replace(claim, inputs=inputs)


def _added(text: str, amounts: list[Decimal]) -> str:
    """Return the sum as text; what is no plain number stays as it is, and is refused where it is read."""
    try:
        return str(sum(amounts, start=Decimal(text)))
    except InvalidOperation:
        return text


def missing(facts: Facts, unknown: Unknown) -> Missing:
    """Return what is missing where a decision needs inputs that are not known, each with why it cannot be used."""
    unread = {name: _together(unknown, name) for name, _ in unknown.why} | dict(facts.unreadable)
    return Missing(
        names=tuple(sorted(unknown.needed - unread.keys())),
        problems=tuple((name, unread[name]) for name in sorted(unknown.needed & unread.keys())),
        perhaps=tuple(sorted(unknown.perhaps)),
    )


def _together(unknown: Unknown, name: str) -> str:
    """Return why an input does not hold what is asked of it: the first reasons, and how many more there are."""
    every = [why for each, why in unknown.why if each == name]
    more = f"; {len(every) - _MOST_REASONS} more" if len(every) > _MOST_REASONS else ""
    return "; ".join(every[:_MOST_REASONS]) + more


def _proposal(policy: Policy, claim: Claim, reasoned: Reasoned) -> Proposal:
    declared = {each.name for each in policy.inputs}
    return Proposal(
        case_id=claim.case_id,
        revision=claim.revision,
        classification=reasoned.classification,
        amount=reasoned.amount,
        payee=claim.payee,
        reason=reasoned.rule,
        derivation=reasoned.derivation,
        policy_id=policy.name,
        policy_version=policy.version,
        policy_hash=policy.text_hash,
        inputs=tuple(sorted({each for each in claim.inputs if each[0] in declared})),
        approvals=reasoned.approvals,
        customer_text=reasoned.customer_text,
        proposed_by="policy",
        decide_within_hours=policy.decide_within_hours,
        sources=tuple(sorted({*claim.sources, *_price_texts(policy, claim)})),
        counted_before=claim.counted_before,
        parts=parts_of(policy, reasoned),
    )


def _price_texts(policy: Policy, claim: Claim) -> Iterator[tuple[str, str]]:
    prices = policy.price_inputs
    for name, text in claim.inputs:
        if name in prices:
            yield f"input {name}", hashlib.sha256(text.encode()).hexdigest()
