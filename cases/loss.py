"""A loss: what one customer lost in one thing. It is compensated once, however many tickets tell of it."""

from dataclasses import dataclass
from enum import StrEnum

from cases.ticket import CustomerId


class LossKind(StrEnum):
    """What the reference of a loss names."""

    ORDER = "order"
    POSITION = "position"
    TRANSACTION = "transaction"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What was lost, and by whom.

    Fields:
        kind: What the reference names.
        reference: The id of the order, position, transaction or incident as customers write it: "W-88121".
        customer_id: Our id of the customer: "C-100023".
    """

    kind: LossKind
    reference: str
    customer_id: CustomerId

    @property
    def key(self) -> str:
        """The key that stops paying twice; the same whatever case and spaces the reference was typed with."""
        return f"{self.customer_id}/{self.kind}/{''.join(self.reference.split()).upper()}"


def reference_in(key: str, customer_id: CustomerId) -> str:
    """Return the reference in a key of a customer's loss, without spaces and in capitals."""
    return key.removeprefix(f"{customer_id}/").partition("/")[2]
