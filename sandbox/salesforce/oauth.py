"""/services/oauth2: tokens, userinfo, introspection and revocation.

Vendor: help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flows.htm
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.salesforce.door import Desk, json_answer, refusal
from sandbox.salesforce.refusals import Refused, oauth_error

Act = Callable[[Desk, Request, Mapping[str, str]], Response]


def oauth_routes(desk: Desk) -> list[Route]:
    """Return the routes of OAuth."""
    table: tuple[tuple[str, Act, list[str]], ...] = (
        ("token", token, ["POST"]),
        ("introspect", introspect, ["POST"]),
        ("revoke", revoke, ["GET", "POST"]),
        ("userinfo", userinfo, ["GET", "POST"]),
    )
    return [Route(f"/services/oauth2/{name}", _guarded(desk, act), methods=methods) for name, act, methods in table]


def _guarded(desk: Desk, act: Act) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        content = (await request.body()).decode(errors="replace")
        try:
            answer = act(desk, request, {**request.query_params, **dict(parse_qsl(content))})
        except Refused as refused:
            answer = refusal(refused)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return endpoint


def token(desk: Desk, request: Request, sent: Mapping[str, Any]) -> Response:
    """POST /services/oauth2/token, form-encoded."""
    body = desk.access.grant(
        sent,
        request.headers.get("authorization", ""),
        life_seconds=desk.settings.token_life_seconds,
        now=desk.clock(),
    )
    return json_answer(body)


def introspect(desk: Desk, request: Request, sent: Mapping[str, Any]) -> Response:
    """POST /services/oauth2/introspect."""
    return json_answer(desk.access.introspect(sent, request.headers.get("authorization", ""), now=desk.clock()))


def revoke(desk: Desk, _: Request, sent: Mapping[str, Any]) -> Response:
    """POST /services/oauth2/revoke: 200 without a body."""
    if not desk.access.revoke(sent.get("token", "")):
        raise oauth_error("unsupported_token_type", "this token type is not supported")
    return Response(status_code=200)


def userinfo(desk: Desk, request: Request, _: Mapping[str, Any]) -> Response:
    """GET /services/oauth2/userinfo: 403 "Bad_OAuth_Token" for a token that is no good."""
    try:
        found = desk.access.who(request.headers.get("authorization", ""), now=desk.clock())
    except Refused:
        return PlainTextResponse("Bad_OAuth_Token", status_code=403)
    return json_answer(desk.access.userinfo(found))
