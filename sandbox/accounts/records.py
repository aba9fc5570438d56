"""What the exchange knows about losses, kept in memory and read by kind, reference and customer."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Kind = Literal["order", "position", "transaction", "incident"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# An incident hits many customers at once; the other kinds of reference belong to one customer.
SHARED_KINDS: tuple[Kind, ...] = ("incident",)


class BadRecord(ValueError):
    """The record cannot be kept as written; the message says which field and why."""


class NotKnown(LookupError):
    """Nothing is known under this kind and reference (for an incident: about this customer)."""


class OtherCustomer(LookupError):
    """The reference belongs to another customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known about one loss of one customer.

    customer_id: "C-100023".
    kind: What was lost.
    reference: The exchange's own number of it: "POS-4410021".
    as_of: When the figures were taken, ISO with offset: "2026-11-02T08:00:00+00:00".
    customer: Facts about the person, all text: {"tier": "vip", "fraud_score": "12", …}.
    facts: Facts about the loss, all text: {"quantity": "10", …}, or lists of items whose fields are text; what is not
        known is absent.
    """

    customer_id: str
    kind: Kind
    reference: str
    as_of: str
    customer: Mapping[str, str]
    facts: Mapping[str, str | list[dict[str, str]]]


class Records:
    """All records. Safe to use from many threads."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._lock = threading.Lock()
        self._by_loss: dict[tuple[Kind, str], dict[str, Record]] = {}
        self.keep(tuple(records))

    def keep(self, records: tuple[Record, ...]) -> None:
        """Add records, each in place of an older one about the same loss and customer; all or none.

        Raises BadRecord when a reference would belong to two customers.
        """
        with self._lock:
            new: dict[tuple[Kind, str], str] = {}
            for record in records:
                loss = (record.kind, record.reference)
                owner = next(iter(self._by_loss.get(loss, ())), new.setdefault(loss, record.customer_id))
                if record.kind not in SHARED_KINDS and owner != record.customer_id:
                    raise BadRecord(f"reference: {record.reference!r} belongs to {owner}")
            for record in records:
                self._by_loss.setdefault((record.kind, record.reference), {})[record.customer_id] = record

    def find(self, kind: Kind, reference: str, *, customer_id: str) -> Record:
        """Return the customer's record of this loss. Raises NotKnown and OtherCustomer."""
        with self._lock:
            owners = self._by_loss.get((kind, reference), {})
            if customer_id in owners:
                return owners[customer_id]
        if owners and kind not in SHARED_KINDS:
            raise OtherCustomer(reference)
        raise NotKnown(reference)

    def all(self) -> tuple[Record, ...]:
        """Return every record, in the order the losses were first kept."""
        with self._lock:
            return tuple(record for owners in self._by_loss.values() for record in owners.values())


def read_record(fields: Any) -> Record:
    """Return the record in a JSON object of the answer's own shape. Raises BadRecord."""
    names = set(Record.__dataclass_fields__)
    if not isinstance(fields, dict) or set(fields) != names:
        raise BadRecord(f"record: an object with exactly {', '.join(sorted(names))}")
    for name in ("customer_id", "kind", "reference", "as_of"):
        if not isinstance(fields[name], str) or not fields[name]:
            raise BadRecord(f"{name}: must be a text that is not empty")
    if fields["kind"] not in KINDS:
        raise BadRecord(f"kind: {fields['kind']!r} is none of {', '.join(KINDS)}")
    _check_texts("customer", fields["customer"])
    _check_texts("facts", fields["facts"], lists=True)
    return Record(**fields)


def _check_texts(name: str, value: Any, *, lists: bool = False) -> None:
    if not isinstance(value, dict):
        raise BadRecord(f"{name}: must be an object")
    for key, text in value.items():
        if lists and isinstance(text, list):
            for number, item in enumerate(text, start=1):
                _check_texts(f"{name}.{key}.{number}", item)
        elif not isinstance(text, str):
            raise BadRecord(f"{name}.{key}: {text!r} must be written as text")
