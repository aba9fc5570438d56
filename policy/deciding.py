"""The fast decision: a policy compiled once, then run for any number of cases, with reasons or without."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import getcontext, setcontext
from functools import lru_cache
from typing import Any

from cases.money import EXACT, Money
from cases.parts import PartState
from cases.proposal import Classification
from policy.compiling import Code, Compiled, Known, compiled, in_place, test_of, worked_out
from policy.expressions import Value
from policy.form import Policy
from policy.making import maker
from policy.payment_terms import Part
from policy.payments import Payment, payment, taken
from policy.program import write_reasoning, write_rules
from policy.reasons import Reasoned
from policy.settling import NOT_HELD, TOO_MANY_DIGITS, TooManyDigits, looked_up
from policy.showing import given_beside

Benefits = tuple[tuple[str, str], ...]


class NeedsFact(LookupError):
    """Raised when the decision needs an input that is not known; the message is its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a policy decides.

    Fields:
        classification: What the claim is held to be.
        amount: What is paid; None where nothing is.
        rule: The name of the rule, threshold or gate that decided.
        payments: The parts of the amount; empty where all of it is paid at once in cash.
        benefits: (name, how much) of what is given beside it: ("points", "150 POINTS").
    """

    classification: Classification
    amount: Money | None
    rule: str
    payments: tuple[Payment, ...] = ()
    benefits: Benefits = ()


_outcome, _reasoned = maker(Outcome), maker(Reasoned)


def decide(policy: Policy, inputs: Mapping[str, Value]) -> Outcome:
    """Return what the policy decides on these values (see `facts.read_facts`).

    Raises NeedsFact with the first input that is needed and not known, and TooManyDigits. The policy is compiled on
    first use.
    """
    return decider(policy)(inputs)


def decide_with_reasons(policy: Policy, inputs: Mapping[str, Value], counted_before: tuple[Money, ...]) -> Reasoned:
    """Return what the policy decides on these values with everything that led there; raises as `decide` does."""
    return reasoner(policy)(inputs, counted_before)


@lru_cache(maxsize=256)
def decider(policy: Policy) -> Callable[[Mapping[str, Value]], Outcome]:
    """Return the compiled policy: what `decide` does, for many cases."""
    known, paid = _remembering(worked_out(policy.derived)), _Paid(policy).out
    code = Code({"known": known, "outcome": _outcome, "paid": paid}, in_place(policy.derived))
    write_rules(code, policy, lambda kind, rule: _outcome(kind, None, rule, (), ()))
    return _guarded(code.built()["run"])


@lru_cache(maxsize=256)
def reasoner(policy: Policy) -> Callable[..., Reasoned]:
    """Return the compiled policy with reasons: what `decide_with_reasons` does, for many cases.

    It takes the values and, where the matrix counts earlier amounts too, those.
    """
    known = _remembering(worked_out(policy.derived, noted=True))
    code = Code({"looked_up": looked_up, "paid": _Paid(policy).out, "reasoned": _reasoned})
    write_reasoning(code, policy)
    decided = _guarded(code.built()["run"])

    def reasoned(inputs: Mapping[str, Value], counted_before: tuple[Money, ...] = ()) -> Reasoned:
        found: Reasoned = decided(known(inputs, counted_before))
        return found

    return reasoned


def paying(policy: Policy) -> Callable[[Mapping[str, Value], Money], tuple[tuple[Payment, ...], Benefits]]:
    """Return what pays another amount than the decided one out: what a budget leaves. It raises as `decide` does."""
    known, paid = _remembering(worked_out(policy.derived)), _Paid(policy)

    def pay(inputs: Mapping[str, Value], amount: Money) -> tuple[tuple[Payment, ...], Benefits]:
        found: tuple[tuple[Payment, ...], Benefits] = _guarded(lambda given: paid.out(given, amount))(known(inputs))
        return found

    return pay


def _remembering(derived: Mapping[str, Compiled]) -> Callable[..., Known]:
    """Return what remembers, besides the inputs, what is worked out and noted."""

    def remembering(inputs: Mapping[str, Value], counted_before: tuple[Money, ...] = ()) -> Known:
        known = Known(inputs)
        known.derived, known.inputs, known.counted_before, known.notes = derived, inputs, counted_before, []
        return known

    return remembering


def _guarded(run: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return what runs compiled code exactly, and says what it needs or cannot hold."""

    def guarded(given: Mapping[str, Value]) -> Any:
        before = getcontext()
        setcontext(EXACT)  # As `exactly` does, which would take a fifth of the whole time.
        try:
            return run(given)
        except KeyError as error:
            raise NeedsFact(str(error.args[0])) from None
        except NOT_HELD as error:
            raise TooManyDigits(TOO_MANY_DIGITS) from error
        finally:
            setcontext(before)

    return guarded


class _Paid:
    """The parts of an amount and what is given beside it, compiled."""

    def __init__(self, policy: Policy) -> None:
        plain = len(policy.parts) == 1 and policy.parts[0].is_plain
        self.parts = [] if plain else [_Part(each) for each in policy.parts]
        self.benefits = [(each, test_of(each.when), compiled(each.gives.node)) for each in policy.benefits]

    def out(self, known: Known, amount: Money) -> tuple[tuple[Payment, ...], Benefits]:
        """Return both for an amount; each is noted."""
        known["amount"] = amount.amount
        payments: list[Payment] = []
        left = amount
        for part in self.parts if amount.minor else ():
            payments.append(part.paid(known, left))
            known.notes.append((part.part, (left, payments[-1])))
            left -= payments[-1].amount
        benefits: list[tuple[str, str]] = []
        for benefit, fits, gives in self.benefits:
            if fits(known):
                given = given_beside(benefit, gives(known))
                known.notes.append((benefit, given))
                benefits.append((benefit.name, given))
        return tuple(payments), tuple(benefits)


class _Part:
    """One part, compiled."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self.takes = compiled(part.takes.node) if part.takes else _none
        self.rate = compiled(part.rate.node) if part.rate else _none
        self.is_over = test_of(part.lapses_when) if part.lapses_when else _none
        self.may_go = test_of(part.waits_for) if part.waits_for else _always

    def paid(self, known: Known, left: Money) -> Payment:
        """Return what is paid of what is left."""
        amount = taken(self.takes(known), left)
        rate = self.rate(known) if amount.minor else None
        if self.is_over(known):
            return payment(self.part, amount, rate, PartState.LAPSED)
        return payment(self.part, amount, rate, PartState.DUE if self.may_go(known) else PartState.WAITING)


def _none(_: Known) -> None:
    return None


def _always(_: Known) -> bool:
    return True
