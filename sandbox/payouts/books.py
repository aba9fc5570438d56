"""The provider's books: payments, keys and funds, each change an event that can be replayed.

A key is remembered from its first successful use for `key_life_seconds`; at that age it is forgotten and the same
request pays again, as real providers do. Requests that were refused (invalid, no funds) leave no trace on the key.
"""

import re
import secrets
import threading
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sandbox.payouts.journal import Event, Journal
from sandbox.payouts.orders import BENEFIT, DECIMALS, Order

Status = Literal["confirmed", "pending", "failed"]
Course = Literal["confirmed", "pending", "pending_then_failed", "failed"]

_FORMED_LIKE_A_PAYEE = re.compile(r"C-[0-9]{6}", re.ASCII)
_PLENTY_WHOLE_UNITS = 1_000_000_000


class KeyTaken(Exception):
    """The key belongs to another request that is still remembered; nothing was paid."""


class NotEnoughFunds(Exception):
    """Our balance in the asset is below the amount; nothing was paid and the key stays free."""


class UnknownPayment(LookupError):
    """No payment has this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a test may turn.

    key_life_seconds: How long a key protects, counted from its first use.
    pending_seconds: How long a pending payment hangs before it resolves.
    lookup_lag_seconds: How long a payment stays invisible to a look-up by reference (not by id).
    """

    key_life_seconds: float = 86_400
    pending_seconds: float = 5
    lookup_lag_seconds: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment as it was booked.

    id: The provider's name for it: "po_5f0c…".
    key: The idempotency key it came with.
    order: What was asked.
    created_at: When it was booked, UTC.
    status: As booked; a pending one moves on at `resolves_at`, see `at`.
    failure: Why it failed: "unknown_payee"; None unless failed.
    resolves_at: When a pending payment resolves; None for the others.
    resolves_to: What it then becomes.
    """

    id: str
    key: str
    order: Order
    created_at: datetime
    status: Status
    failure: str | None = None
    resolves_at: datetime | None = None
    resolves_to: Status = "confirmed"

    def at(self, now: datetime) -> "Payment":
        """Return the payment as it stands at `now`."""
        if self.status != "pending" or self.resolves_at is None or now < self.resolves_at:
            return self
        failure = "refused_by_network" if self.resolves_to == "failed" else None
        return replace(self, status=self.resolves_to, failure=failure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What a request to pay led to: the payment as first answered, and whether that answer is a repeat."""

    payment: Payment
    replayed: bool


class Books:
    """All the provider knows. Safe to use from many threads; every method takes effect whole or not at all."""

    def __init__(self, *, settings: Settings, journal: Journal | None = None) -> None:
        """Open the books, first replaying the journal when there is one."""
        self.settings = settings
        self.clock_ahead_seconds = 0.0
        self._journal = journal
        self._lock = threading.Lock()
        self._payments: dict[str, Payment] = {}
        self._by_reference: dict[str, list[str]] = {}
        self._keys: dict[str, Payment] = {}
        self._pending: dict[str, Payment] = {}
        self._payees: dict[str, bool] = {}
        self._funds_minor = {asset: _PLENTY_WHOLE_UNITS * 10**places for asset, places in DECIMALS.items()}
        for event in journal.events() if journal else ():
            self._apply(event)

    def pay(self, order: Order, key: str, *, now: datetime, course: Course = "confirmed") -> Paid:
        """Book a payment, or return the first one when the key is still remembered for the same order.

        Raises KeyTaken and NotEnoughFunds.
        """
        with self._lock:
            first = self._remembered(key, now)
            if first is not None and first.order != order:
                raise KeyTaken(key)
            if first is not None:
                return Paid(payment=first, replayed=True)
            self._settle(now)
            payment = self._book(order, key, now=now, course=course)
            if payment.status != "failed" and order.form != BENEFIT and self._funds_minor[order.asset] < order.minor:
                raise NotEnoughFunds(order.asset)
            self._keep({"event": "payment", "payment": _as_event(payment)})
            return Paid(payment=payment, replayed=False)

    def by_id(self, payment_id: str, *, now: datetime) -> Payment:
        """Return one payment as it stands. Raises UnknownPayment."""
        with self._lock:
            if payment_id not in self._payments:
                raise UnknownPayment(payment_id)
            return self._payments[payment_id].at(now)

    def by_reference(self, reference: str, *, now: datetime) -> tuple[Payment, ...]:
        """Return every visible payment with this reference, oldest first; empty when there is none."""
        visible_from = now - timedelta(seconds=self.settings.lookup_lag_seconds)
        with self._lock:
            found = [self._payments[each] for each in self._by_reference.get(reference, ())]
        return tuple(each.at(now) for each in found if each.created_at <= visible_from)

    def all(self, *, now: datetime) -> tuple[Payment, ...]:
        """Return every payment ever booked, oldest first."""
        with self._lock:
            return tuple(each.at(now) for each in self._payments.values())

    def funds_minor(self, *, now: datetime) -> dict[str, int]:
        """Return what is left per asset, in smallest units."""
        with self._lock:
            self._settle(now)
            return dict(self._funds_minor)

    def resolve(self, payment_id: str, status: Literal["confirmed", "failed"], *, now: datetime) -> Payment:
        """End the waiting of a pending payment now; one that is not pending stays as it is.

        Raises UnknownPayment.
        """
        with self._lock:
            if payment_id not in self._payments:
                raise UnknownPayment(payment_id)
            self._settle(now)
            if payment_id in self._pending:
                self._keep({"event": "resolved", "id": payment_id, "to": status, "at": now.isoformat()})
            self._settle(now)
            return self._payments[payment_id].at(now)

    def set_funds(self, asset: str, minor: int) -> None:
        """Set what is left of an asset, in smallest units."""
        with self._lock:
            self._keep({"event": "funds", "asset": asset, "minor": minor})

    def set_payees(self, *, known: tuple[str, ...] = (), unknown: tuple[str, ...] = ()) -> None:
        """Say which payees exist; all others exist when they are formed like "C-100023"."""
        with self._lock:
            self._keep({"event": "payees", "known": list(known), "unknown": list(unknown)})

    def set_settings(self, settings: Settings) -> None:
        """Turn the settings; a shorter key life counts for keys already used too."""
        with self._lock:
            self._keep({"event": "settings", "settings": asdict(settings)})

    def advance_clock(self, seconds: float) -> None:
        """Put the provider's clock ahead, so that keys age and pending payments resolve."""
        with self._lock:
            self._keep({"event": "clock", "seconds": seconds})

    def _remembered(self, key: str, now: datetime) -> Payment | None:
        first = self._keys.get(key)
        if first is None or now - first.created_at >= timedelta(seconds=self.settings.key_life_seconds):
            return None
        return first

    def _book(self, order: Order, key: str, *, now: datetime, course: Course) -> Payment:
        payment = Payment(id=f"po_{secrets.token_hex(12)}", key=key, order=order, created_at=now, status="confirmed")
        if not self._payees.get(order.payee, _FORMED_LIKE_A_PAYEE.fullmatch(order.payee) is not None):
            return replace(payment, status="failed", failure="unknown_payee")
        if course == "failed":
            return replace(payment, status="failed", failure="refused_by_network")
        if course == "confirmed":
            return payment
        return replace(
            payment,
            status="pending",
            resolves_at=now + timedelta(seconds=self.settings.pending_seconds),
            resolves_to="failed" if course == "pending_then_failed" else "confirmed",
        )

    def _settle(self, now: datetime) -> None:
        """Give back the money of pending payments that have failed by now."""
        for payment in [each for each in self._pending.values() if each.at(now).status != "pending"]:
            del self._pending[payment.id]
            if payment.resolves_to == "failed" and payment.order.form != BENEFIT:
                self._funds_minor[payment.order.asset] += payment.order.minor

    def _keep(self, event: Event) -> None:
        if self._journal is not None:
            self._journal.append(event)
        self._apply(event)

    def _apply(self, event: Event) -> None:
        match event["event"]:
            case "payment":
                self._add(_from_event(event["payment"]))
            case "resolved":
                self._resolve(event)
            case "funds":
                self._funds_minor[event["asset"]] = event["minor"]
            case "payees":
                self._payees |= dict.fromkeys(event["known"], True) | dict.fromkeys(event["unknown"], False)
            case "settings":
                self.settings = Settings(**event["settings"])
            case "clock":
                self.clock_ahead_seconds += event["seconds"]

    def _add(self, payment: Payment) -> None:
        self._payments[payment.id] = payment
        self._keys[payment.key] = payment
        self._by_reference.setdefault(payment.order.reference, []).append(payment.id)
        if payment.status != "failed" and payment.order.form != BENEFIT:
            self._funds_minor[payment.order.asset] -= payment.order.minor
        if payment.status == "pending":
            self._pending[payment.id] = payment

    def _resolve(self, event: Event) -> None:
        resolved = replace(
            self._payments[event["id"]],
            resolves_at=datetime.fromisoformat(event["at"]),
            resolves_to=event["to"],
        )
        self._payments[resolved.id] = resolved
        self._pending[resolved.id] = resolved


def _as_event(payment: Payment) -> dict[str, Any]:
    resolves_at = payment.resolves_at.isoformat() if payment.resolves_at else None
    return asdict(payment) | {"created_at": payment.created_at.isoformat(), "resolves_at": resolves_at}


def _from_event(kept: dict[str, Any]) -> Payment:
    moved = {name: datetime.fromisoformat(kept[name]) for name in ("created_at", "resolves_at") if kept[name]}
    return Payment(**(kept | moved | {"order": Order(**kept["order"])}))
