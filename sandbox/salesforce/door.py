"""The door of the API: who is asking, the allowance, the version; then the answer, or the refusal in its words."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import Faults, path_inside
from sandbox.salesforce.access import Access, Token
from sandbox.salesforce.limits import Limits
from sandbox.salesforce.org import Org, stamp
from sandbox.salesforce.outbound import Outbound
from sandbox.salesforce.profile import Profile
from sandbox.salesforce.refusals import (
    Refused,
    Trouble,
    bad_json,
    locked_row,
    method_not_allowed,
    not_found,
    record_refused,
)
from sandbox.salesforce.schema import Entity
from sandbox.salesforce.settings import Settings
from sandbox.salesforce.values import Troubled
from sandbox.salesforce.writing import ITEM_FAILED, ROW_LOCKED, Pen

EXPIRED_TOKEN = "expired_token"
LATE_COMMIT = "late_commit"
OLDEST_VERSION, NEWEST_VERSION = 31, 68
METHODS = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]
JSON_TYPE = "application/json;charset=UTF-8"


@dataclass(slots=True, kw_only=True)
class Desk:
    """Everything the handlers work on. settings is replaced as a whole by the control plane.

    before_each: Called with the time before a request is answered: works off bulk jobs.
    profile: What the integration user sees; replaced as a whole, too.
    """

    org: Org
    access: Access
    limits: Limits
    outbound: Outbound
    faults: Faults
    settings: Settings
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    cursors: dict[str, Any] = field(default_factory=dict)
    jobs: dict[str, Any] = field(default_factory=dict)
    before_each: Callable[[datetime], None] = lambda _: None
    profile: Profile = field(default_factory=Profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that got in, or one inside a composite request.

    version: "68.0". path: Inside the app. now: When. params: Parts of the path by name.
    """

    desk: Desk
    method: str
    path: str
    version: str
    token: Token
    now: datetime
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes

    def param(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.params[name])

    def entity(self) -> Entity:
        """Return the object in the path; raises `Refused` (404)."""
        entity = self.desk.profile.entity(self.param("entity"))
        if entity is None:
            raise not_found()
        return entity

    def sent(self) -> dict[str, Any]:
        """Return the JSON object sent; raises `Refused` (JSON_PARSER_ERROR)."""
        body = read_json(self.content)
        if not isinstance(body, dict):
            raise bad_json("The HTTP entity body is required, but this request has no entity body.")
        return body

    def pen(self) -> Pen:
        """Return what rows are written with: now, or a little earlier where a transaction took long."""
        late = self.desk.faults.strike(LATE_COMMIT, method=self.method, path=self.path)
        lag = late.seconds if late else self.desk.settings.stamp_lag_seconds
        at = stamp(self.now - timedelta(seconds=lag))
        return pen_at(self.desk, actor_id=self.token.user_id, at=at, method=self.method, path=self.path)


def pen_at(desk: Desk, *, actor_id: str, at: str, method: str, path: str) -> Pen:
    """Return what rows are written with by a request; its faults strike each row."""

    def trouble(row_id: str) -> Trouble | None:
        if desk.faults.strike(ROW_LOCKED, method=method, path=path):
            return locked_row(row_id)
        if desk.faults.strike(ITEM_FAILED, method=method, path=path):
            return Trouble(code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="The sandbox was told to refuse this row.")
        return None

    touches = bool(desk.settings.comments_touch_cases)
    return Pen(org=desk.org, actor_id=actor_id, at=at, trouble=trouble, touch_parents=touches)


Endpoint = Callable[[Call], Awaitable[Response]]
Table = tuple[tuple[str, Mapping[str, Endpoint]], ...]


def api_routes(desk: Desk, table: Table) -> list[Route]:
    """Return the routes of paths under /services/data/vNN.0, each with and without a slash at its end."""
    return [
        Route(f"/services/data/v{{version}}{path}{slash}", _endpoint(desk, handlers), methods=METHODS)
        for path, handlers in table
        for slash in ("", "/")
    ]


def _endpoint(desk: Desk, handlers: Mapping[str, Endpoint]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        content = await request.body()
        now = desk.clock()
        headers: dict[str, str] = {}
        try:
            token = who_asks(desk, request, now=now)
            headers["Sforce-Limit-Info"] = desk.limits.header(desk.settings.daily_api_requests)
            desk.limits.take(desk.settings.daily_api_requests, now=now)
            headers["Sforce-Limit-Info"] = desk.limits.header(desk.settings.daily_api_requests)
            desk.before_each(now)
            call = Call(
                desk=desk,
                method=request.method,
                path=path_inside(request.scope),
                version=check_version(request.path_params["version"]),
                token=token,
                now=now,
                params=request.path_params,
                query=request.query_params,
                headers=request.headers,
                content=content,
            )
            answer = await answered(call, handlers)
        except Refused as refused:
            answer = refusal(refused)
        answer.headers.update(headers)
        return answer

    return endpoint


async def answered(call: Call, handlers: Mapping[str, Endpoint], *, commits: bool = True) -> Response:
    """Return the answer to a call, a refusal included; what it wrote is taken back when it is refused.

    commits: Whether what it wrote is kept for good; False inside a larger transaction.
    """
    org = call.desk.org
    mark = org.mark()
    handler = handlers.get("GET" if call.method == "HEAD" else call.method)
    try:
        if handler is None:
            raise method_not_allowed(",".join(handlers))
        answer = await handler(call)
    except Refused as refused:
        org.roll_back(mark)
        return refusal(refused)
    except Troubled as troubled:
        org.roll_back(mark)
        return refusal(record_refused(troubled.troubles[0]))
    if commits:
        org.commit()
    return answer


def who_asks(desk: Desk, request: Request, *, now: datetime) -> Token:
    """Return the token behind the request; raises `Refused` (401)."""
    authorization = request.headers.get("authorization", "")
    if desk.faults.strike(EXPIRED_TOKEN, method=request.method, path=path_inside(request.scope)):
        desk.access.revoke(authorization.partition(" ")[2].strip())
    return desk.access.who(authorization, now=now)


def check_version(text: str) -> str:
    """Return a version the org has: "68.0"; raises `Refused` (404)."""
    number, _, rest = text.partition(".")
    if rest != "0" or not number.isdigit() or not OLDEST_VERSION <= int(number) <= NEWEST_VERSION:
        raise not_found()
    return text


def read_json(content: bytes) -> Any:
    """Return a body as JSON; raises `Refused` (JSON_PARSER_ERROR). The parser's own words are ours."""
    if not content.strip():
        raise bad_json("The HTTP entity body is required, but this request has no entity body.")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise bad_json(str(error)) from None


def encode(body: object) -> bytes:
    """Return compact UTF-8 JSON."""
    return msgspec.json.encode(body)


def json_answer(body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in the vendor's content type."""
    return Response(encode(body), status_code=status, headers=dict(headers or {}), media_type=JSON_TYPE)


def empty_answer(status: int = 204) -> Response:
    """Return an answer without a body."""
    return Response(status_code=status)


def refusal(refused: Refused) -> Response:
    """Return the answer to a refused request."""
    if refused.body is None:
        return Response(status_code=refused.status, headers=dict(refused.headers))
    return json_answer(refused.body, status=refused.status, headers=refused.headers)
