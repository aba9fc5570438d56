"""What a decision is paid in, as a proposal says it: each instalment and each benefit is a payment of its own."""

from collections.abc import Iterator

from cases.money import Money
from cases.parts import Form, Grant, Part, PartState
from policy import payment_terms
from policy.form import Policy
from policy.payments import Payment, split
from policy.reasons import Reasoned


def parts_of(policy: Policy, reasoned: Reasoned) -> tuple[Part, ...]:
    """Return what the amount is paid in and what is given beside it; empty where all is paid at once in cash.

    The parts stand for exactly the amount.
    """
    if reasoned.amount is None or policy.paid_plainly:
        return ()
    terms = {each.name: each for each in policy.parts}
    found = [part for paid in reasoned.payments for part in _instalments(terms[paid.name], paid)]
    if not found and reasoned.amount.minor > 0:
        found.append(_whole(policy.parts[0], reasoned.amount))
    return (*found, *(_benefit(name, given) for name, given in reasoned.benefits))


def _instalments(terms: payment_terms.Part, paid: Payment) -> Iterator[Part]:
    count = len(paid.instalments)
    stand_for = split(paid.amount, count, larger_first=terms.larger_first)
    for number, (pays, stands_for) in enumerate(zip(paid.instalments, stand_for, strict=True), start=1):
        yield Part(
            name=paid.name,
            form=Form(paid.form.value),
            pays=pays,
            stands_for=stands_for,
            state=paid.state,
            instalment=number,
            instalments=count,
            every=terms.every if count > 1 else None,
            valid_for=terms.valid_for,
        )


def _whole(terms: payment_terms.Part, amount: Money) -> Part:
    return Part(name=terms.name, form=Form(terms.form.value), pays=amount, stands_for=amount, state=PartState.DUE)


def _benefit(name: str, given: str) -> Part:
    """Return a benefit as a part; one that is only counted is named for what it is."""
    quantity, _, unit = given.partition(" ")
    grant = Grant(quantity=quantity, code=unit or name)
    return Part(name=name, form=Form.BENEFIT, pays=grant, stands_for=None, state=PartState.DUE)
