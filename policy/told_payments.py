"""What a customer is truly given, in words: coins, vouchers and instalments, where an amount stands for them."""

from collections.abc import Sequence
from typing import Any

from cases.money import Money
from cases.parts import PartState
from policy.form import Policy
from policy.mistakes import Finding, Weight
from policy.payment_terms import Benefit, PayForm
from policy.payments import Payment

_ENGLISH = {PayForm.VOUCHER: "a voucher of {}", PayForm.CREDIT: "{} as credit"}
_CHINESE = {PayForm.VOUCHER: "{} 代金券", PayForm.CREDIT: "{} 账户余额"}
PAYMENTS = "payments"


def told_payments(notes: Sequence[tuple[Any, Any]], amount: Money) -> tuple[str, str]:
    """Return what is given for an amount and beside it, in English and Chinese, without what lapsed.

    "600.00 USDC, 4.13 OKB and 150 POINTS".
    """
    paid = [each for _, value in notes if isinstance(value, tuple) for each in value if isinstance(each, Payment)]
    given = [each for each in paid if each.amount.minor and each.state is not PartState.LAPSED]
    beside = [value for what, value in notes if isinstance(what, Benefit) and not value.startswith("0 ")]
    english = [*(map(_in_english, given) if given else [str(amount)]), *beside]
    chinese = [*(map(_in_chinese, given) if given else [str(amount)]), *beside]
    *first, last = english
    return f"{', '.join(first)} and {last}" if first else last, "、".join(chinese)


def _in_english(paid: Payment) -> str:
    said = _ENGLISH.get(paid.form, "{}").format(paid.in_kind or paid.amount)
    said += f" in {len(paid.instalments)} instalments" if len(paid.instalments) > 1 else ""
    return f"{said} later" if paid.state is PartState.WAITING else said


def _in_chinese(paid: Payment) -> str:
    said = _CHINESE.get(paid.form, "{}").format(paid.in_kind or paid.amount)
    how = [f"分 {len(paid.instalments)} 期"] if len(paid.instalments) > 1 else []
    how += ["稍后支付"] if paid.state is PartState.WAITING else []
    return f"{said}（{'，'.join(how)}）" if how else said


def amount_told_for_coins(policy: Policy) -> list[Finding]:
    """Return a note for each wording that names the amount only, though some are given other coins for it."""
    if all(part.asset is None for part in policy.parts):
        return []
    tells = [*policy.wording.items(), *((rule.name, rule.tell) for rule in policy.rules)]
    return [
        Finding(
            place=tell.place,
            what="{amount} is the amount, not the coins that are given for it: {payments} tells what is truly given",
            code="amount-told-for-coins",
            about=str(name),
            weight=Weight.NOTE,
        )
        for name, tell in tells
        if tell and "amount" in tell.names and PAYMENTS not in tell.names
    ]
