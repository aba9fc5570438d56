"""What reached an app's door, whether it was processed or not, for comparing books."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.faults import CONTROL_PREFIX, path_inside

MOST_REQUESTS = 200_000

_PLACE_IN_SCOPE = "sandbox.request_seen"


class RequestsSeen:
    """The newest requests, at most MOST_REQUESTS; `forgotten` counts the older ones."""

    def __init__(self) -> None:
        self.forgotten = 0
        self._requests: deque[dict[str, Any]] = deque(maxlen=MOST_REQUESTS)

    def add(self, request: dict[str, Any]) -> None:
        """Keep one request. It may still be filled in afterwards."""
        self.forgotten += len(self._requests) == MOST_REQUESTS
        self._requests.append(request)

    def listing(self) -> list[dict[str, Any]]:
        """Return them oldest first.

        Each has at, method, path, idempotency_key, status (what was sent; None = no answer left the house),
        answered (the whole answer left), and, where processing got that far, reference, payment and replayed.
        """
        return list(self._requests)


class RequestsSeenMiddleware:
    """Notes every request outside the control plane; stands before the faults, so refused ones are seen too."""

    def __init__(self, app: ASGIApp, *, seen: RequestsSeen, clock: Callable[[], datetime]) -> None:
        self.app = app
        self.seen = seen
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the request, let it through and watch its answer."""
        if scope["type"] != "http" or path_inside(scope).startswith(CONTROL_PREFIX):
            await self.app(scope, receive, send)
            return
        record = self._record(scope)
        scope[_PLACE_IN_SCOPE] = record
        self.seen.add(record)

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                record["status"] = message["status"]
            elif message["type"] == "http.response.body" and not message.get("more_body", False):
                record["answered"] = True
            await send(message)

        await self.app(scope, receive, watch)

    def _record(self, scope: Scope) -> dict[str, Any]:
        headers = dict(scope["headers"])
        return {
            "at": self.clock().isoformat(),
            "method": scope["method"],
            "path": path_inside(scope),
            "idempotency_key": headers.get(b"idempotency-key", b"").decode("latin-1") or None,
            "status": None,
            "answered": False,
        }


def note(request: Request, **facts: str | bool) -> None:
    """Add to the record of this request what processing has found out."""
    request.scope[_PLACE_IN_SCOPE].update(facts)
