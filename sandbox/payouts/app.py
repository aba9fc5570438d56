"""The payout provider's HTTP API and the control plane of its sandbox.

POST /v1/payouts              201 paid, 200 repeat of a remembered key, 400, 401, 402, 409, 429, 503
GET  /v1/payouts?reference=…  200 all payments with that reference, oldest first
GET  /v1/payouts/{id}         200, 404

A repeat answers the very bytes of the first answer, so its status is the one of that time: look the payment up to learn
how it ended. There is no vendor behind this API; it was drawn up for this project after the common habits of
payment providers (key header, replay header, conflict on another body, keys that are forgotten). A payout is of cash,
or says its form: credit, voucher (with how long it holds), in kind, or a benefit, which is no money and counted in
anything.

Control plane (never part of the API), all JSON:
GET  /_sandbox/state            payments, requests, funds, settings, the provider's clock
POST /_sandbox/settings         any of key_life_seconds, pending_seconds, lookup_lag_seconds
POST /_sandbox/clock            {"advance_seconds": 90000}
POST /_sandbox/funds            {"asset": "USDT", "amount": "100.00"}
POST /_sandbox/payees           {"known": ["anyone"], "unknown": ["C-100099"]}
POST /_sandbox/payouts/{id}     {"status": "confirmed" | "failed"} ends the waiting of a pending payment
*    /_sandbox/faults           see sandbox.faults; beside the wire's: expired_token, pending,
                                pending_then_failed, failed
"""

import hmac
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import FaultMiddleware, Faults, fault_routes, path_inside
from sandbox.payouts.books import (
    Books,
    Course,
    KeyTaken,
    NotEnoughFunds,
    Payment,
    Settings,
    UnknownPayment,
)
from sandbox.payouts.journal import Journal
from sandbox.payouts.orders import (
    BODY_LIMIT_BYTES,
    DECIMALS,
    KEY_LIMIT_CHARACTERS,
    InvalidOrder,
    read_order,
    to_minor,
)
from sandbox.requests_seen import RequestsSeen, RequestsSeenMiddleware, note

TOKEN = "sandbox-payouts-token"
COURSES: tuple[Course, ...] = ("pending", "pending_then_failed", "failed")


def utc_now() -> datetime:
    """Return the machine's time: the clock of a provider that was given none."""
    return datetime.now(UTC)


def create_app(
    *,
    token: str = TOKEN,
    settings: Settings | None = None,
    unknown_payees: Iterable[str] = (),
    journal: Path | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Starlette:
    """Return the provider as an app that works at the root or mounted.

    token: The one bearer token it accepts.
    settings: How it starts; a journal's own settings win over these.
    unknown_payees: Payees whose payments fail with "unknown_payee".
    journal: A file that keeps the books over restarts; None = books in memory only.
    clock: Where the provider reads the time, aware; `/_sandbox/clock` comes on top.
    """
    kept = Journal(journal) if journal else None
    books = Books(settings=settings or Settings(), journal=kept)
    if unknown := tuple(unknown_payees):
        books.set_payees(unknown=unknown)
    faults = Faults(vendor_faults=("expired_token", *COURSES))
    seen = RequestsSeen()
    desk = _Desk(books=books, faults=faults, seen=seen, token=token, clock=clock)
    return Starlette(
        routes=[
            Route("/v1/payouts", desk.pay, methods=["POST"]),
            Route("/v1/payouts", desk.look_up, methods=["GET"]),
            Route("/v1/payouts/{payment_id}", desk.show, methods=["GET"]),
            *fault_routes(faults),
            Route("/_sandbox/state", desk.state, methods=["GET"]),
            Route("/_sandbox/settings", desk.turn_settings, methods=["POST"]),
            Route("/_sandbox/clock", desk.advance_clock, methods=["POST"]),
            Route("/_sandbox/funds", desk.set_funds, methods=["POST"]),
            Route("/_sandbox/payees", desk.set_payees, methods=["POST"]),
            Route("/_sandbox/payouts/{payment_id}", desk.resolve, methods=["POST"]),
        ],
        middleware=[
            Middleware(RequestsSeenMiddleware, seen=seen, clock=desk.now),
            Middleware(FaultMiddleware, faults=faults),
        ],
        exception_handlers={HTTPException: _refusal},
        lifespan=_until_closed(kept),
    )


def _until_closed(journal: Journal | None) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        if journal is not None:
            journal.close()

    return lifespan


class _Desk:
    """The endpoints, over one set of books."""

    def __init__(
        self, *, books: Books, faults: Faults, seen: RequestsSeen, token: str, clock: Callable[[], datetime]
    ) -> None:
        self._books = books
        self._faults = faults
        self._seen = seen
        self._token = token.encode()
        self._clock = clock

    def now(self) -> datetime:
        """Return the provider's time, UTC."""
        return self._clock().astimezone(UTC) + timedelta(seconds=self._books.clock_ahead_seconds)

    async def pay(self, request: Request) -> Response:
        """Pay, or answer as the first time."""
        self._admit(request)
        key = request.headers.get("idempotency-key", "")
        if not 0 < len(key) <= KEY_LIMIT_CHARACTERS:
            raise _no(400, "invalid", f"Idempotency-Key: 1 to {KEY_LIMIT_CHARACTERS} characters are needed")
        try:
            order = read_order(await _body(request))
        except InvalidOrder as error:
            raise _no(400, "invalid", str(error)) from error
        note(request, reference=order.reference)
        try:
            paid = self._books.pay(order, key, now=self.now(), course=self._course())
        except KeyTaken as error:
            raise _no(409, "idempotency_conflict", "this key came with another body before") from error
        except NotEnoughFunds as error:
            raise _no(402, "insufficient_funds", f"not enough {order.asset}") from error
        note(request, payment=paid.payment.id, replayed=paid.replayed)
        if paid.replayed:
            return JSONResponse(on_the_wire(paid.payment), headers={"Idempotent-Replayed": "true"})
        return JSONResponse(on_the_wire(paid.payment), status_code=201)

    async def look_up(self, request: Request) -> Response:
        """Answer every payment with the reference."""
        self._admit(request)
        reference = request.query_params.get("reference", "")
        if not reference:
            raise _no(400, "invalid", "reference: must be given")
        note(request, reference=reference)
        found = self._books.by_reference(reference, now=self.now())
        return JSONResponse({"payouts": [on_the_wire(each) for each in found]})

    async def show(self, request: Request) -> Response:
        """Answer one payment as it stands."""
        self._admit(request)
        try:
            payment = self._books.by_id(request.path_params["payment_id"], now=self.now())
        except UnknownPayment as error:
            raise _no(404, "not_found", "no payout has this id") from error
        return JSONResponse(on_the_wire(payment))

    async def state(self, _: Request) -> Response:
        """Answer all that is known, for comparing books."""
        now = self.now()
        return JSONResponse(
            {
                "now": now.isoformat(),
                "settings": asdict(self._books.settings),
                "payments": [_in_full(each) for each in self._books.all(now=now)],
                "funds": {
                    asset: _as_text(minor, DECIMALS[asset]) for asset, minor in self._books.funds_minor(now=now).items()
                },
                "requests": self._seen.listing(),
                "requests_forgotten": self._seen.forgotten,
            }
        )

    async def turn_settings(self, request: Request) -> Response:
        """Change some settings."""
        fields = await _control_body(request, *asdict(self._books.settings))
        numbers = {name: _seconds(name, value) for name, value in fields.items()}
        self._books.set_settings(replace(self._books.settings, **numbers))
        return JSONResponse(asdict(self._books.settings))

    async def advance_clock(self, request: Request) -> Response:
        """Put the clock ahead."""
        fields = await _control_body(request, "advance_seconds")
        self._books.advance_clock(_seconds("advance_seconds", fields.get("advance_seconds")))
        return JSONResponse({"now": self.now().isoformat()})

    async def set_funds(self, request: Request) -> Response:
        """Set the balance of one asset; "0" is allowed."""
        fields = await _control_body(request, "asset", "amount")
        asset, amount = str(fields.get("asset")), str(fields.get("amount"))
        try:
            minor = 0 if amount == "0" and asset in DECIMALS else to_minor(amount, asset)
        except InvalidOrder as error:
            raise _no(400, "invalid", str(error)) from error
        self._books.set_funds(asset, minor)
        return JSONResponse({"asset": asset, "amount": _as_text(minor, DECIMALS[asset])})

    async def set_payees(self, request: Request) -> Response:
        """Say who can be paid and who cannot."""
        fields = await _control_body(request, "known", "unknown")
        names = {name: _texts(name, value) for name, value in fields.items()}
        self._books.set_payees(known=names.get("known", ()), unknown=names.get("unknown", ()))
        return JSONResponse({name: list(value) for name, value in names.items()})

    async def resolve(self, request: Request) -> Response:
        """End the waiting of a pending payment."""
        fields = await _control_body(request, "status")
        status = fields.get("status")
        if status not in ("confirmed", "failed"):
            raise _no(400, "invalid", "status: confirmed or failed")
        try:
            payment = self._books.resolve(request.path_params["payment_id"], status, now=self.now())
        except UnknownPayment as error:
            raise _no(404, "not_found", "no payout has this id") from error
        return JSONResponse(_in_full(payment))

    def _admit(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        expired = self._faults.strike("expired_token", method=request.method, path=path_inside(request.scope))
        if expired or not hmac.compare_digest(given, b"Bearer " + self._token):
            raise _no(401, "unauthorized", "a valid bearer token is needed")

    def _course(self) -> Course:
        for course in COURSES:
            if self._faults.strike(course, method="POST", path="/v1/payouts"):
                return course
        return "confirmed"


def on_the_wire(payment: Payment) -> dict[str, Any]:
    """Return a payment as the API shows it."""
    return {
        "id": payment.id,
        "status": payment.status,
        "failure": payment.failure,
        "reference": payment.order.reference,
        "payee": payment.order.payee,
        "amount": payment.order.amount,
        "asset": payment.order.asset,
        "form": payment.order.form,
        "created_at": payment.created_at.isoformat().replace("+00:00", "Z"),
    }


def _in_full(payment: Payment) -> dict[str, Any]:
    resolves_at = payment.resolves_at.isoformat() if payment.resolves_at else None
    return on_the_wire(payment) | {
        "idempotency_key": payment.key,
        "memo": payment.order.memo,
        "valid_for": payment.order.valid_for,
        "resolves_at": resolves_at,
    }


def _as_text(minor: int, decimals: int) -> str:
    if decimals == 0:
        return str(minor)
    sign, digits = "-" if minor < 0 else "", str(abs(minor)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


async def _body(request: Request) -> bytes:
    """Read the body up to the limit. One byte more is enough for `read_order` to refuse it."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT_BYTES:
            break
    return body


async def _control_body(request: Request, *names: str) -> dict[str, Any]:
    try:
        fields = await request.json()
    except ValueError as error:
        raise _no(400, "invalid", "body: not readable as JSON") from error
    if not isinstance(fields, dict) or not set(fields) <= set(names):
        raise _no(400, "invalid", f"body: an object with {', '.join(names)}")
    return fields


def _seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise _no(400, "invalid", f"{name}: a number of seconds from 0 up")
    return float(value)


def _texts(name: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _no(400, "invalid", f"{name}: a list of texts")
    return tuple(value)


def _no(status: int, error: str, message: str) -> HTTPException:
    return HTTPException(status, detail=json.dumps({"error": error, "message": message}))


async def _refusal(_: Request, exception: Exception) -> Response:
    """Answer a refusal; those of the router itself (no such path) get the same shape."""
    assert isinstance(exception, HTTPException)  # noqa: S101 - it is registered for this class alone
    if exception.detail.startswith("{"):
        return Response(exception.detail, exception.status_code, media_type="application/json")
    names = {404: "not_found", 405: "method_not_allowed"}
    name = names.get(exception.status_code, "refused")
    return JSONResponse({"error": name, "message": exception.detail}, exception.status_code)
