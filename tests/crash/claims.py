"""Made-up claims whose right outcome is known beforehand, worked out here and by none of the product's code.

Every claim has an amount of its own, so that a payment for the wrong case cannot look like the right one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

FIRST_TICKET = 60_001
FIRST_CUSTOMER = 300_000
FIRST_USER = 40_000
AS_OF = "2026-11-20T00:00:00+00:00"
TOPIC, TRANSACTION = 900_001, 900_004
DELAYED, CHARGED = "delayed_withdrawal", "duplicate_charge"


class End(StrEnum):
    """How a claim must end."""

    PAID = "paid"
    REJECTED = "rejected by a person"
    INELIGIBLE = "ineligible"
    ATTENTION = "needs attention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One loss and the tickets that tell of it.

    Fields:
        number: From 0.
        end: How it must end.
        topic: "delayed_withdrawal" or "duplicate_charge".
        amount: What must be proposed, with all decimals of the asset; None when nothing is.
        asset: "USDT" or "EUR".
        tickets: Zendesk ids; the second one tells of the same loss.
    """

    number: int
    end: End
    topic: str
    amount: str | None
    asset: str
    tickets: tuple[int, ...]

    @property
    def customer_id(self) -> str:
        """Whose loss it is: "C-300007"."""
        return f"C-{FIRST_CUSTOMER + self.number}"

    @property
    def reference(self) -> str:
        """The transaction: "WD-900007"."""
        return f"WD-{900_000 + self.number}"

    def zendesk_load(self) -> dict[str, list[dict[str, Any]]]:
        """Return the customer and the tickets for the sandbox's `POST /_sandbox/tickets`."""
        user_id = FIRST_USER + self.number
        user = {"id": user_id, "name": f"Customer {self.number}", "external_id": self.customer_id, "locale": "en-US"}
        fields = [{"id": TOPIC, "value": self.topic}, {"id": TRANSACTION, "value": self.reference}]
        ticket = {"subject": "Late", "description": "It came late.", "requester_id": user_id, "custom_fields": fields}
        return {"users": [user], "tickets": [{"id": ticket_id, **ticket} for ticket_id in self.tickets]}

    def facts(self) -> dict[str, Any] | None:
        """Return what the account data knows of the loss; None when it knows nothing."""
        if self.end is End.ATTENTION:
            return None
        customer = {"name": f"Customer {self.number}", "tier": "standard", "language": "en", "fraud_score": "5"}
        customer |= {"sanctions_hit": "no", "goodwill_paid_12_months": "0.00"}
        facts = self._delayed() if self.topic == DELAYED else self._charged()
        return {
            "customer_id": self.customer_id,
            "kind": "transaction",
            "reference": self.reference,
            "as_of": AS_OF,
            "customer": customer,
            "facts": facts,
        }

    def _delayed(self) -> dict[str, str]:
        cause = "chain" if self.end is End.INELIGIBLE else "platform"
        value = str(_value_usdt(self.number))
        return {"asset": "USDT", "amount": value, "value_usdt": value, "hours_late": "96", "delay_cause": cause}

    def _charged(self) -> dict[str, str]:
        facts = {"asset": "EUR", "charge_amount": str(_charge_eur(self.number)), "refunded_amount": "0", "fee": "0"}
        return facts | {"charged_times": "1" if self.end is End.INELIGIBLE else "2"}


def make_claims(count: int, *, every: dict[End, int] | None = None) -> tuple[Claim, ...]:
    """Return so many claims: most are paid, some in two stages, some told of by two tickets.

    every: How rare the other ends are: each so many claims.
    """
    rare = {End.REJECTED: 9, End.INELIGIBLE: 13, End.ATTENTION: 17} if every is None else every
    return tuple(_claim(number, rare) for number in range(count))


def facts_of(claims: Iterable[Claim]) -> list[dict[str, Any]]:
    """Return the body for the account data's `POST /_sandbox/facts`."""
    return [facts for claim in claims if (facts := claim.facts()) is not None]


def _claim(number: int, rare: dict[End, int]) -> Claim:
    end = next((each for each, every in rare.items() if number % every == every - 1), End.PAID)
    topic = CHARGED if number % 4 == 1 else DELAYED
    first = FIRST_TICKET + 2 * number
    tickets = (first, first + 1) if number % 10 == 6 else (first,)  # Any digit will do.
    asset = "EUR" if topic == CHARGED else "USDT"
    return Claim(number=number, end=end, topic=topic, amount=_amount(number, topic, end), asset=asset, tickets=tickets)


def _amount(number: int, topic: str, end: End) -> str | None:
    """Work out what is owed: half a percent of the value after 72 hours, or one charge."""
    if end in (End.INELIGIBLE, End.ATTENTION):
        return None
    if topic == CHARGED:
        return f"{_charge_eur(number):.2f}"
    return f"{_value_usdt(number) * Decimal('0.005'):.6f}"


def _value_usdt(number: int) -> Decimal:
    return Decimal(10_000 + 7 * number)  # From 50 USDT; 500 are reached by claim 12,858.


def _charge_eur(number: int) -> Decimal:
    # One in eight of them is above 1,000 EUR and needs finance too.
    return Decimal(10) + Decimal(number) / 100 + (2_000 if number % 32 == 1 else 0)  # As said.
