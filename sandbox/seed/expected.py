"""What each ticket of the demo world should come to, read from `expected.yaml`.

The amounts there were worked out by hand from the published rules; `tests/sandbox/seed` works them out once more.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from sandbox.seed.tickets import BadSeed

EXPECTED = Path(__file__).parent / "expected.yaml"

Outcome = Literal["proposal", "same_case", "needs_attention", "no_case", "merged", "deleted"]
Classification = Literal["valid_claim", "goodwill", "fraud_review", "individual_review", "ineligible"]
Reason = Literal["missing_input", "reference_not_found", "customer_mismatch"]

_NAMES = {"outcome", "loss", "as", "class", "amount", "asset", "reason", "missing", "payout", "why"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The outcome of one ticket.

    ticket_id: 50001.
    outcome: proposal = opens a case with a proposal; same_case = joins the case of ticket `same_as`, whose loss it
        repeats; needs_attention = opens a case that a person must look at, see `reason` and `missing`;
        no_case = nobody asks for compensation; merged = closed into ticket `same_as`; deleted = gone at the vendor.
    loss: kind/reference, "position/POS-4410001"; None where the ticket names none, or opens no case.
    same_as: The other ticket, see `outcome`.
    classification: None unless a proposal.
    amount: Decimal text with all decimals of the asset, "88.000000"; zero when ineligible; None when a person sets it.
    asset: "USDT".
    reason: Why a person must look; None unless needs_attention.
    missing: Names of the missing inputs: ("position_id",), ("completed_at", "hours_late"); sorted.
    payout: What the provider says when the amount is paid: "confirmed" or "unknown_payee"; None when nothing is to be
        paid at once (no amount, zero, or a review that a person ends).
    why: The working, for people.
    """

    ticket_id: int
    outcome: Outcome
    loss: str | None = None
    same_as: int | None = None
    classification: Classification | None = None
    amount: str | None = None
    asset: str | None = None
    reason: Reason | None = None
    missing: tuple[str, ...] = ()
    payout: str | None = None
    why: str = ""


def load_expected(path: Path = EXPECTED) -> tuple[Expected, ...]:
    """Return the outcomes by ticket id, lowest first. Raises BadSeed when a row is written wrongly."""
    with path.open(encoding="utf-8") as file:
        rows = yaml.load(file, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader makes nothing but texts
    return tuple(sorted((_expected(int(name), row) for name, row in rows.items()), key=lambda each: each.ticket_id))


def _expected(ticket_id: int, row: dict[str, str]) -> Expected:
    unknown = sorted(set(row) - _NAMES)
    if unknown:
        raise BadSeed(f"expected {ticket_id}: {unknown[0]} is not known")
    return Expected(
        ticket_id=ticket_id,
        outcome=_one_of(row, "outcome", get_args(Outcome)),
        loss=row.get("loss"),
        same_as=int(row["as"]) if "as" in row else None,
        classification=_one_of(row, "class", get_args(Classification)) if "class" in row else None,
        amount=row.get("amount"),
        asset=row.get("asset"),
        reason=_one_of(row, "reason", get_args(Reason)) if "reason" in row else None,
        missing=tuple(sorted(row.get("missing", "").split())),
        payout=row.get("payout"),
        why=row.get("why", ""),
    )


def _one_of(row: dict[str, str], name: str, allowed: tuple[str, ...]) -> Any:
    if row.get(name) not in allowed:
        raise BadSeed(f"expected {name}: {row.get(name)!r} is none of {', '.join(allowed)}")
    return row[name]
