"""The door of the API: who is asking, limits, the clock; then the answer, or the refusal in the vendor's words."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import Faults, path_inside
from sandbox.jira.access import FAILED, Access, Caller
from sandbox.jira.limits import Limits
from sandbox.jira.ordering import Found
from sandbox.jira.records import Issue, Person
from sandbox.jira.refusals import (
    JSON_TYPE,
    Refused,
    bad_payload,
    no_issue,
    no_project,
    nobody,
    not_authenticated,
    problem,
    rate_limited,
)
from sandbox.jira.settings import Settings
from sandbox.jira.site import Site
from sandbox.jira.webhooks import Webhooks
from sandbox.jira.wire import View, encode

EXPIRED_TOKEN = "expired_token"
QUOTA_EXHAUSTED = "quota_exhausted"
ISSUE_RATE_LIMITED = "issue_rate_limited"
GATEWAY_MARK = "sandbox.jira.gateway"
VERSIONS = {"2": "2", "3": "3", "latest": "2"}
OPEN_TO_ALL = ("/serverInfo", "/search/jql", "/search/approximate-count", "/search", "/project", "/project/search")


@dataclass(slots=True, kw_only=True)
class Desk:
    """Everything the handlers work on. settings is replaced as a whole by the control plane.

    indexed: Keys of issue properties that search knows, as an app declares them.
    orders: Orders of hits worked out for searches, by query, at orders_state of the index.
    """

    site: Site
    access: Access
    limits: Limits
    faults: Faults
    webhooks: Webhooks
    settings: Settings
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    indexed: set[str] = field(default_factory=set)
    orders: dict[tuple[str, str], Found] = field(default_factory=dict)
    orders_state: tuple[int, datetime] | None = None

    def now(self) -> datetime:
        """Return the time in milliseconds, as the vendor's stamps have it."""
        now = self.clock()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that got in. now: When, in whole milliseconds. path: Inside the API, behind its version."""

    request: Request
    caller: Caller
    view: View
    now: datetime
    path: str
    content: bytes

    @property
    def query(self) -> Mapping[str, str]:
        """The query parameters."""
        return self.request.query_params

    @property
    def person(self) -> Person:
        """Who asks; raises `Refused` (401) for nobody."""
        if self.caller.person is None:
            raise not_authenticated()
        return self.caller.person

    def part(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def listed(self, name: str) -> list[str]:
        """Return all values of a query parameter that may be repeated or hold commas."""
        values = self.request.query_params.getlist(name)
        return [one.strip() for value in values for one in value.split(",") if one.strip()]

    def whole(self, name: str, default: int) -> int:
        """Return a whole number from the query; raises `Refused` (400, a problem)."""
        text = self.query.get(name, "")
        if not text:
            return default
        try:
            return int(text)
        except ValueError:
            detail = f"Failed to convert '{name}' with value: '{text}'"
            raise problem(400, detail, path_inside(self.request.scope)) from None

    def sent(self) -> dict[str, Any]:
        """Return the JSON object sent; raises `Refused` (400, 415)."""
        body = self.sent_any()
        if not isinstance(body, dict):
            raise bad_payload()
        return body

    def sent_any(self) -> Any:
        """Return the JSON sent, whatever it is; raises `Refused` (400, 415)."""
        kind = self.request.headers.get("content-type")
        if not (kind or "").lower().startswith("application/json"):
            detail = f"Content-Type '{kind or 'null'}' is not supported."
            raise problem(415, detail, path_inside(self.request.scope))
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            raise bad_payload() from None


Operation = Callable[[Desk, Call], Awaitable[Response]]


def api_route(
    path: str, desk: Desk, operations: Mapping[str, Operation], *, prefix: str = "/rest/api/{version}"
) -> Route:
    """Return a path of the API in both its versions."""
    template = prefix + path

    async def endpoint(request: Request) -> Response:
        content = await request.body()
        headers: dict[str, str] = {}
        try:
            call = _enter(desk, request, content, template=template, headers=headers)
            answer = await operations["GET" if request.method == "HEAD" else request.method](desk, call)
        except Refused as refused:
            answer = refusal(refused)
        answer.headers.update(headers)
        return answer

    return Route(template, endpoint, methods=list(operations))


def _enter(desk: Desk, request: Request, content: bytes, *, template: str, headers: dict[str, str]) -> Call:
    """Return the request as one that got in, and add to the headers of its answer; raises `Refused`."""
    version = VERSIONS.get(request.path_params.get("version", "3"))
    inside = path_inside(request.scope)
    if version is None:
        raise problem(404, f"No static resource {inside.lstrip('/')}.", inside)
    now = desk.now()
    caller = who_asks(desk, request, now=now)
    headers |= FAILED if caller.failed else {}
    headers |= desk.limits.take_request(desk.settings, method=request.method, template=template, now=now)
    if caller.by_app:
        headers |= desk.limits.take_points(desk.settings, now=now)
    _strike_limits(desk, request.method, inside)
    if caller.person is not None:
        headers["X-AACCOUNTID"] = caller.person.account_id
    head = f"/rest/api/{request.path_params.get('version')}"
    path = inside.removeprefix(head)
    if caller.person is None:
        _check_open(path)
    zone = ZoneInfo(caller.person.zone if caller.person else "Etc/UTC")
    return Call(
        request=request,
        caller=caller,
        view=View(version=version, zone=zone, person=caller.person),
        now=now,
        path=path,
        content=content,
    )


def who_asks(desk: Desk, request: Request, *, now: datetime) -> Caller:
    """Return who is behind the request; raises `Refused` (401, 403)."""
    authorization = request.headers.get("authorization", "")
    path = path_inside(request.scope)
    if authorization and desk.faults.strike(EXPIRED_TOKEN, method=request.method, path=path):
        desk.access.revoke(authorization)
    return desk.access.who(authorization, at_gateway=GATEWAY_MARK in request.scope, now=now)


def _strike_limits(desk: Desk, method: str, path: str) -> None:
    reasons = {
        QUOTA_EXHAUSTED: ("jira-quota-tenant-based", 65_000),
        ISSUE_RATE_LIMITED: ("jira-per-issue-on-write", 20),
    }
    for name, (reason, limit) in reasons.items():
        fault = desk.faults.strike(name, method=method, path=path)
        if fault is not None:
            reset = f"{desk.now():%Y-%m-%dT%H:%M:%SZ}"
            raise rate_limited(reason, limit=limit, retry_after=fault.retry_after, reset=reset)


def _check_open(path: str) -> None:
    """Refuse what nobody may ask, as the vendor does: what is hidden is not found."""
    if path in OPEN_TO_ALL:
        return
    if path == "/myself":
        raise nobody()
    if path.startswith("/issue/"):
        raise no_issue()
    if path.startswith("/project/"):
        raise no_project(path.split("/")[2])
    raise not_authenticated()


def texts(value: object) -> tuple[str, ...]:
    """Return a list of texts that was sent, () for none; raises `Refused` (400) for anything else."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise bad_payload()
    return tuple(value)


def write_to(desk: Desk, call: Call, name: str = "issue") -> Issue:
    """Return the issue of the path and count a write to it; raises `Refused` (404, 429)."""
    issue = desk.site.issue(call.part(name))
    desk.limits.take_issue_write(desk.settings, issue_id=issue.id, now=call.now)
    return issue


def json_answer(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in the vendor's content type."""
    return Response(encode(body), status_code=status, headers=dict(headers or {}), media_type=JSON_TYPE)


def no_content() -> Response:
    """Return a 204."""
    return Response(status_code=204)


def refusal(refused: Refused) -> Response:
    """Return the answer to a refused request."""
    content = refused.body.encode() if isinstance(refused.body, str) else encode(dict(refused.body))
    return Response(content, status_code=refused.status, headers=dict(refused.headers), media_type=refused.media_type)
