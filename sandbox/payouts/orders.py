"""What a caller asks the provider to pay, read and checked before anything is done."""

import json
import re
from dataclasses import dataclass
from typing import Any

# How many decimals the provider books per asset. An asset not listed here is refused.
DECIMALS = {
    **dict.fromkeys(("USDT", "USDC", "XEM"), 6),
    **dict.fromkeys(("OKB", "BNB", "ETH"), 18),
    **dict.fromkeys(("EUR", "USD", "GBP", "CNY"), 2),
    "BTC": 8,
    "SOL": 9,
    "JPY": 0,
    "KRW": 0,
}

BODY_LIMIT_BYTES = 16_384
KEY_LIMIT_CHARACTERS = 255

_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,29})(?:\.([0-9]{1,18}))?", re.ASCII)
_TEXT_LIMITS = {"reference": 128, "payee": 64, "amount": 64, "asset": 64}
_MEMO_LIMIT_CHARACTERS = 500
_FORM_LIMIT_CHARACTERS = 16
_VALID_LIMIT_CHARACTERS = 40
_BENEFIT_DECIMALS = 18

# What can be handed over; a benefit is no money.
BENEFIT = "benefit"
FORMS = ("cash", "credit", "voucher", "in kind", BENEFIT)


class InvalidOrder(ValueError):
    """The order cannot be carried out as written; the message says which field and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One request to pay.

    reference: The caller's own name for this payment: "case-17". Several payments may share one.
    payee: Whom to pay: "C-100023".
    amount: As written by the caller, decimal text: "88.000000".
    asset: A key of DECIMALS: "USDT".
    memo: Free text, empty when none was given.
    form: What is handed over, one of FORMS.
    valid_for: How long a voucher or a credit holds: "90 days"; empty when nothing was said.
    minor: The amount in whole smallest units of the asset: 88000000.

    A benefit is counted in anything, up to eighteen decimals, and costs no funds.
    """

    reference: str
    payee: str
    amount: str
    asset: str
    memo: str
    minor: int
    form: str = "cash"
    valid_for: str = ""


def read_order(body: bytes) -> Order:
    """Return the order in a request body.

    Raises InvalidOrder when the body is no JSON object, when a field is missing, unknown or of the wrong
    type, when the asset is unknown, or when the amount is not positive or finer than the asset allows.
    """
    fields = _read_object(body)
    texts = {name: _required_text(fields, name, limit) for name, limit in _TEXT_LIMITS.items()}
    form = _optional_text(fields, "form", _FORM_LIMIT_CHARACTERS) or "cash"
    if form not in FORMS:
        raise InvalidOrder(f"form: must be one of {', '.join(FORMS)}")
    valid_for = _optional_text(fields, "valid_for", _VALID_LIMIT_CHARACTERS)
    if valid_for and form not in {"voucher", "credit"}:
        raise InvalidOrder("valid_for: only a voucher or a credit has an end")
    return Order(
        **texts,
        memo=_optional_text(fields, "memo", _MEMO_LIMIT_CHARACTERS),
        minor=to_minor(texts["amount"], texts["asset"], form=form),
        form=form,
        valid_for=valid_for,
    )


def to_minor(amount: str, asset: str, *, form: str = "cash") -> int:
    """Return a positive decimal text in smallest units: ("1.5", "EUR") gives 150.

    Raises InvalidOrder for an unknown asset, a sign, an exponent, zero, or too many decimals.
    """
    if form != BENEFIT and asset not in DECIMALS:
        raise InvalidOrder(f"asset: {asset!r} is not known")
    decimals = _BENEFIT_DECIMALS if form == BENEFIT else DECIMALS[asset]
    match = _AMOUNT.fullmatch(amount)
    if match is None:
        raise InvalidOrder(f"amount: {amount!r} is not a plain decimal number")
    whole, fraction = match[1], match[2] or ""
    if len(fraction) > decimals:
        raise InvalidOrder(f"amount: {amount!r} has more than {decimals} decimals of {asset}")
    minor = int(whole + fraction.ljust(decimals, "0"))
    if minor == 0:
        raise InvalidOrder(f"amount: {amount!r} must be above zero")
    return minor


def _read_object(body: bytes) -> dict[str, Any]:
    if len(body) > BODY_LIMIT_BYTES:
        raise InvalidOrder(f"body: longer than {BODY_LIMIT_BYTES} bytes")
    try:
        fields = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise InvalidOrder(f"body: not readable as JSON ({type(error).__name__})") from error
    if not isinstance(fields, dict):
        raise InvalidOrder("body: must be a JSON object")
    unknown = sorted(set(fields) - {*_TEXT_LIMITS, "memo", "form", "valid_for"})
    if unknown:
        raise InvalidOrder(f"{unknown[0]}: is not a field of a payout")
    return fields


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field stands twice")
    return fields


def _required_text(fields: dict[str, Any], name: str, limit: int) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidOrder(f"{name}: must be a text that is not empty")
    if len(value) > limit:
        raise InvalidOrder(f"{name}: longer than {limit} characters")
    return value


def _optional_text(fields: dict[str, Any], name: str, limit: int) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str) or len(value) > limit:
        raise InvalidOrder(f"{name}: must be a text of at most {limit} characters")
    return value
