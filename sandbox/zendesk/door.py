"""The door of the API: limits, who is asking, the clock; then the answer, or the refusal in the vendor's words."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import Faults, path_inside
from sandbox.zendesk.access import Access
from sandbox.zendesk.account import Account
from sandbox.zendesk.limits import Limits
from sandbox.zendesk.records import JiraLink, User
from sandbox.zendesk.refusals import Refused, invalid_token, missing_parameter, unreadable_json
from sandbox.zendesk.settings import Settings
from sandbox.zendesk.webhooks import Webhooks
from sandbox.zendesk.wire import encode

MOST_IDS = 100
EXPIRED_TOKEN = "expired_token"


@dataclass(slots=True, kw_only=True)
class Remembered:
    """The first answer under an Idempotency-Key."""

    sent: bytes
    status: int
    body: bytes
    at: datetime


@dataclass(slots=True, kw_only=True)
class Desk:
    """Everything the handlers work on. settings is replaced as a whole by the control plane."""

    account: Account
    access: Access
    limits: Limits
    faults: Faults
    webhooks: Webhooks
    settings: Settings
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    remembered: dict[str, Remembered] = field(default_factory=dict)
    jobs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    jira_links: dict[int, JiraLink] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that got in. now: When, in whole seconds. path: Inside the app, with ".json" if it was asked so."""

    request: Request
    user: User
    now: datetime
    path: str
    content: bytes

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters."""
        return self.request.query_params

    def id(self, name: str = "id") -> int:
        """Return an id from the path."""
        return int(self.request.path_params[name])

    def includes(self, name: str) -> bool:
        """Tell whether a side-load is asked for: include=users."""
        return name in self.query.get("include", "").split(",")

    def sent(self, root: str | None = None) -> Mapping[str, Any]:
        """Return the JSON object sent, or the one under its root name; raises `Refused` (422, or 400 without root)."""
        body = read_object(self.content)
        if root is None:
            return body
        inner = body.get(root)
        if not isinstance(inner, dict):
            raise missing_parameter(root)
        return inner


Handler = Callable[[Desk, Call], Awaitable[Response]]


def read_object(content: bytes) -> dict[str, Any]:
    """Return a body as JSON object; raises `Refused` (422)."""
    try:
        body = json.loads(content or b"{}")
    except (ValueError, RecursionError):
        raise unreadable_json() from None
    if not isinstance(body, dict):
        raise unreadable_json()
    return body


def api_route(path: str, desk: Desk, handlers: Mapping[str, Handler]) -> list[Route]:
    """Return a path and its `.json` twin, which the specification does not list but the vendor serves."""

    async def endpoint(request: Request) -> Response:
        content = await request.body()
        now = desk.clock()
        headers: Mapping[str, str] = {}
        try:
            headers = desk.limits.take_request(desk.settings, now=now)
            user = who_asks(desk, request, now=now)
            call = Call(
                request=request,
                user=user,
                now=now.replace(microsecond=0),
                path=path_inside(request.scope),
                content=content,
            )
            answer = await handlers[request.method](desk, call)
        except Refused as refused:
            answer = refusal(refused)
        answer.headers.update(headers)
        return answer

    methods = list(handlers)
    # The twin stands first: an id that is text would swallow its ending.
    return [Route(f"{path}.json", endpoint, methods=methods), Route(path, endpoint, methods=methods)]


def who_asks(desk: Desk, request: Request, *, now: datetime) -> User:
    """Return the user behind the request; raises `Refused` (401)."""
    authorization = request.headers.get("authorization", "")
    path = path_inside(request.scope)
    is_bearer = authorization.lower().startswith("bearer ")
    if is_bearer and desk.faults.strike(EXPIRED_TOKEN, method=request.method, path=path):
        desk.access.revoke(authorization)
        raise invalid_token()
    return desk.access.who(authorization, method=request.method, now=now)


def json_answer(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in the vendor's content type."""
    return encoded_answer(encode(body), status=status, headers=headers)


def encoded_answer(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer whose JSON is already encoded."""
    return Response(body, status_code=status, headers=dict(headers or {}), media_type="application/json; charset=utf-8")


def refusal(refused: Refused) -> Response:
    """Return the answer to a refused request."""
    return json_answer(dict(refused.body), status=refused.status, headers=refused.headers)
