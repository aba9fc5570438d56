"""Faults to switch on at any sandbox app: refused, dropped and slow answers, and names for the vendor's own faults.

An app makes one ``Faults``, passes it to ``FaultMiddleware`` and adds ``fault_routes(faults)`` to its routes::

    faults = Faults(vendor_faults=("expired_token",))
    app = Starlette(
        routes=[*fault_routes(faults), ...],
        middleware=[Middleware(FaultMiddleware, faults=faults)],
    )

Faults of the wire (``WIRE_FAULTS``) are done here. A vendor's own fault is asked for where it can happen:
``if faults.strike("expired_token", method="POST", path="/api/chat.postMessage"): ...``.
Paths are those inside the app, whether it is mounted or at the root. ``/_sandbox/`` is never struck.
"""

import asyncio
import json
import random
from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTROL_PREFIX = "/_sandbox"

NOT_PROCESSED = ("rate_limited", "unavailable", "dropped_before")
PROCESSED = ("dropped_after_write", "cut_after_write", "slow_after_write")
WIRE_FAULTS = NOT_PROCESSED + PROCESSED

MOST_FAULTS = 100
MOST_SECONDS = 600.0


class BadFault(ValueError):
    """The fault asked for cannot be armed: its message says what is wrong with which field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One trouble that strikes matching requests, the same ones in every run.

    fault: Its name: "rate_limited".
    match: Method and path prefix, either may be missing, "" is any: "POST /api/chat.postMessage".
    times: Strikes left to give at the start; None = until cleared.
    rate: Share of the matching requests to strike, 0 to 1; None = each of them.
    seed: Start of the draw for `rate`: 7.
    retry_after: Seconds in the Retry-After header of "rate_limited".
    seconds: How long "slow_after_write" holds the answer.
    """

    fault: str
    match: str = ""
    times: int | None = None
    rate: float | None = None
    seed: int = 0
    retry_after: int = 1
    seconds: float = 1.0

    def fits(self, *, method: str, path: str) -> bool:
        """Tell whether a request with this method and path (inside the app) is meant."""
        wanted_method, wanted_path = _split_match(self.match)
        return wanted_method in ("", method.upper()) and path.startswith(wanted_path)


class Faults:
    """The faults armed at one app, in the order they were armed.

    vendor_faults: Names the app itself acts on, accepted beside ``WIRE_FAULTS``.
    """

    def __init__(self, *, vendor_faults: tuple[str, ...] = ()) -> None:
        self.known = WIRE_FAULTS + vendor_faults
        self._armed: list[_Armed] = []

    def arm(self, fault: Fault) -> None:
        """Add a fault; raises `BadFault` for a name the app does not know and when too many are armed."""
        if fault.fault not in self.known:
            raise BadFault(f"fault: {fault.fault!r} is none of {', '.join(self.known)}")
        if len(self._armed) >= MOST_FAULTS:
            raise BadFault(f"fault: {MOST_FAULTS} are armed already, clear them first")
        self._armed.append(_Armed(fault))

    def strike(self, name: str, *, method: str = "", path: str = "") -> Fault | None:
        """Return the fault of this name that strikes now, and count it; None when nothing strikes."""
        return self._first_strike((name,), method=method, path=path)

    def strike_wire(self, *, method: str, path: str) -> Fault | None:
        """Return the wire fault that strikes this request, and count it; None when nothing strikes."""
        return self._first_strike(WIRE_FAULTS, method=method, path=path)

    def clear(self) -> None:
        """Disarm everything."""
        self._armed.clear()

    def listing(self) -> list[dict[str, Any]]:
        """Return each armed fault with how often it `struck`, as JSON-ready mappings."""
        return [{**asdict(armed.fault), "struck": armed.struck} for armed in self._armed]

    def _first_strike(self, names: tuple[str, ...], *, method: str, path: str) -> Fault | None:
        for armed in self._armed:
            fault = armed.fault
            if fault.fault in names and fault.fits(method=method, path=path) and armed.draw():
                return fault
        return None


class _Armed:
    """A fault with its draw and count."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.struck = 0
        self._random = random.Random(fault.seed)  # noqa: S311  # Repeatable on purpose.

    def draw(self) -> bool:
        fault = self.fault
        if fault.times is not None and self.struck >= fault.times:
            return False
        if fault.rate is not None and self._random.random() >= fault.rate:
            return False
        self.struck += 1
        return True


def read_fault(body: object) -> Fault:
    """Return the fault a control request describes; raises `BadFault` naming the first wrong field."""
    if not isinstance(body, dict):
        raise BadFault("body: must be a JSON object")
    unknown = sorted(set(body) - set(Fault.__dataclass_fields__))
    if unknown:
        raise BadFault(f"{unknown[0]}: is no field of a fault")
    for name in ("fault", "match"):
        if not isinstance(body.get(name, ""), str):
            raise BadFault(f"{name}: must be text")
    return Fault(
        fault=body.get("fault", ""),
        match=body.get("match", ""),
        times=_whole(body, "times", default=None),
        rate=_share(body),
        seed=_whole(body, "seed", default=0) or 0,
        retry_after=_whole(body, "retry_after", default=1) or 0,
        seconds=_seconds(body),
    )


def fault_routes(faults: Faults) -> list[Route]:
    """Return the control routes: POST arms one fault, GET lists, DELETE clears ``/_sandbox/faults``."""

    async def control(request: Request) -> Response:
        if request.method == "POST":
            try:
                faults.arm(read_fault(await request.json()))
            except (BadFault, json.JSONDecodeError) as error:
                return JSONResponse({"error": "bad_fault", "message": str(error)}, status_code=400)
        elif request.method == "DELETE":
            faults.clear()
        return JSONResponse({"faults": faults.listing()})

    return [Route(f"{CONTROL_PREFIX}/faults", control, methods=["GET", "POST", "DELETE"])]


class FaultMiddleware:
    """ASGI middleware that does the wire faults to every request outside ``/_sandbox/``.

    refusal_bodies: (content type, body) per fault name, where the vendor has its own words for 429 or 503.
    refusal_statuses: Status per fault name, where the vendor answers another one; Retry-After goes with 429 only.
    refusal_headers: More headers per fault name: {"rate_limited": {"RateLimit-Reason": "jira-burst-based"}}.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        faults: Faults,
        refusal_bodies: Mapping[str, tuple[str, bytes]] | None = None,
        refusal_statuses: Mapping[str, int] | None = None,
        refusal_headers: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self.app = app
        self.faults = faults
        self.refusal_statuses = dict(refusal_statuses or {})
        self.refusal_bodies = dict(refusal_bodies or {})
        self.refusal_headers = dict(refusal_headers or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or do to it the fault that strikes it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = path_inside(scope)
        if path.startswith(CONTROL_PREFIX):
            await self.app(scope, receive, send)
            return
        fault = self.faults.strike_wire(method=scope["method"], path=path)
        if fault is None:
            await self.app(scope, receive, send)
        elif fault.fault in NOT_PROCESSED:
            await self._refuse(fault, scope, receive, send)
        else:
            await self._process_then_trouble(fault, scope, receive, send)

    async def _refuse(  # The ASGI three, and the fault.
        self, fault: Fault, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if fault.fault == "dropped_before":
            await _read_whole(receive)
            await drop_connection(receive, send)
            return
        usual = 429 if fault.fault == "rate_limited" else 503
        status = self.refusal_statuses.get(fault.fault, usual)
        content_type, body = self.refusal_bodies.get(
            fault.fault, ("application/json", json.dumps({"error": fault.fault}).encode())
        )
        headers = dict(self.refusal_headers.get(fault.fault, {}))
        if status == 429:  # noqa: PLR2004
            headers["retry-after"] = str(fault.retry_after)
        await Response(body, status_code=status, headers=headers, media_type=content_type)(scope, receive, send)

    async def _process_then_trouble(  # The ASGI three, and the fault.
        self, fault: Fault, scope: Scope, receive: Receive, send: Send
    ) -> None:
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self.app(scope, await _replayed(receive), keep)
        if fault.fault == "slow_after_write":
            await asyncio.sleep(fault.seconds)
            for message in answer:
                await send(message)
        elif fault.fault == "cut_after_write":
            await _send_half(answer, send)
            await drop_connection(receive, send, started=True)
        else:
            await drop_connection(receive, send)


async def drop_connection(receive: Receive, send: Send, *, started: bool = False) -> None:
    """Close the client's connection without (the rest of) an answer, and return when it is closed.

    uvicorn offers no way to do this through ASGI, but `receive` is a method of its request cycle, which holds
    the transport. Under another server an answer is announced and never delivered, which breaks it there too.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        if not started:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"64")]})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ConnectionAbortedError("the sandbox dropped this connection on purpose")
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


def path_inside(scope: MutableMapping[str, Any]) -> str:
    """Return the path of a request as the app itself routes it, without the path it is mounted at."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(root + "/") else path


async def _read_whole(receive: Receive) -> list[Message]:
    """Return the request's messages up to its end: closing a socket with unread bytes would reset it instead."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


async def _replayed(receive: Receive) -> Receive:
    """Return a receive that gives the request again, which has been read whole by now."""
    messages = await _read_whole(receive)

    async def again() -> Message:
        return messages.pop(0) if messages else await receive()

    return again


async def _send_half(answer: list[Message], send: Send) -> None:
    for message in answer:
        if message["type"] != "http.response.body":
            await send(message)
            continue
        body = message.get("body", b"")
        await send({**message, "body": body[: len(body) // 2], "more_body": True})
        return


def _split_match(match: str) -> tuple[str, str]:
    method, space, path = match.strip().partition(" ")
    if not space and method.startswith("/"):
        return "", method
    return method.upper(), path.strip()


def _whole(body: dict[str, Any], name: str, *, default: int | None) -> int | None:
    value = body.get(name, default)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise BadFault(f"{name}: {value!r} must be a whole number from 0")


def _share(body: dict[str, Any]) -> float | None:
    value = body.get("rate")
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise BadFault(f"rate: {value!r} must be a number from 0 to 1")


def _seconds(body: dict[str, Any]) -> float:
    value = body.get("seconds", 1.0)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= MOST_SECONDS:
        return float(value)
    raise BadFault(f"seconds: {value!r} must be a number from 0 to {MOST_SECONDS:.0f}")
