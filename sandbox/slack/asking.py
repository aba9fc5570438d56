"""One Web API call as it arrives: token, arguments from form or JSON, and Slack's way of answering."""

import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from sandbox.slack.records import APP_TOKEN, BOT_TOKEN, Json, SlackError

# What the app was granted, as every answer's x-oauth-scopes header tells.
BOT_SCOPES = (
    "app_mentions:read,channels:history,channels:join,channels:read,chat:write,commands,im:history,im:read,im:write,"
    "reactions:write,usergroups:read,users:read,users:read.email"
)
APP_SCOPES = "connections:write"
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The arguments of one call.

    method: "chat.postMessage".
    arguments: As sent; values of a form are text.
    token: None when none came.
    base_url: Where this app answers, as the caller sees it: "http://127.0.0.1:8900/slack".
    lacks_charset: JSON came without a charset, which Slack warns about.
    """

    method: str
    arguments: Json
    token: str | None
    base_url: str
    lacks_charset: bool = False

    def text(self, name: str) -> str:
        """Return an argument as text; "" when it is missing or null."""
        value = self.arguments.get(name)
        return "" if value is None else str(value)

    def needed(self, name: str) -> str:
        """Return an argument that must not be missing; raises `invalid_arguments` naming it."""
        value = self.text(name)
        if not value:
            raise SlackError("invalid_arguments", messages=(f"[ERROR] missing required field: {name}",))
        return value

    def flag(self, name: str) -> bool:
        """Return an argument that is true or false, in any of the spellings Slack takes."""
        return str(self.arguments.get(name, "")).lower() in ("true", "1")

    def count(self, name: str, *, default: int, most: int) -> int:
        """Return a whole number from 1 to `most`; raises `invalid_limit`."""
        value = self.text(name) or str(default)
        if not value.isdigit():
            raise SlackError("invalid_limit")
        return max(1, min(int(value), most)) if int(value) else default

    def structure(self, name: str, *, error: str) -> Any:
        """Return an argument that is JSON, given as such or as text; None when missing; raises `error`."""
        value = self.arguments.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            raise SlackError(error) from None


async def read_call(request: Request) -> Call:
    """Return the call in a request; raises `invalid_json`, `json_not_object`, `invalid_post_type`."""
    arguments: Json = dict(request.query_params)
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    token = arguments.get("token")
    if request.method == "POST" and kind == "application/json":
        arguments |= await _read_json(request)
    elif request.method == "POST" and kind in FORM_TYPES:
        form = await request.form()
        arguments |= {name: value for name, value in form.items() if isinstance(value, str)}
        token = arguments.get("token")
    elif request.method == "POST" and kind and await request.body():
        raise SlackError("invalid_post_type")
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer:
        token = bearer.strip()
    return Call(
        method=request.path_params["method"],
        arguments=arguments,
        token=token,
        base_url=base_url(request),
        lacks_charset=kind == "application/json" and "charset" not in content_type.lower(),
    )


def base_url(request: Request) -> str:
    """Return where this app answers as the caller sees it, without a slash at the end."""
    return f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"


def check_token(call: Call, *, app_level: bool) -> None:
    """Raise `not_authed`, `invalid_auth` or `not_allowed_token_type` unless the call carries the token it needs."""
    if not call.token:
        raise SlackError("not_authed")
    if call.token not in (BOT_TOKEN, APP_TOKEN):
        raise SlackError("invalid_auth")
    if app_level != (call.token == APP_TOKEN):
        raise SlackError("not_allowed_token_type")


def accepted(call: Call, answer: Json) -> JSONResponse:
    """Return the answer of a call that went well, with the charset warning where it belongs."""
    body: Json = {"ok": True, **answer}
    if call.lacks_charset:
        body["warning"] = "missing_charset"
        body["response_metadata"] = {**body.get("response_metadata", {}), "warnings": ["missing_charset"]}
    return _json(body, scopes={BOT_TOKEN: BOT_SCOPES, APP_TOKEN: APP_SCOPES}.get(call.token or ""))


def refused(error: SlackError) -> JSONResponse:
    """Return a refusal: status 200, `ok` false and the code."""
    body: Json = {"ok": False, "error": error.code}
    if error.messages:
        words = [line.removeprefix("[ERROR] ") for line in error.messages]
        body |= {"errors": words} if error.code == "invalid_blocks" else {}
        body["response_metadata"] = {"messages": list(error.messages)}
    return _json(body)


def rate_limited(*, retry_after: int) -> JSONResponse:
    """Return 429 with Retry-After in seconds, as Slack does."""
    return JSONResponse(
        {"ok": False, "error": "ratelimited"}, status_code=429, headers={"retry-after": str(retry_after)}
    )


def _json(body: Json, *, scopes: str | None = None) -> JSONResponse:
    headers = {"x-oauth-scopes": scopes} if scopes else {}
    return JSONResponse(body, headers=headers, media_type="application/json; charset=utf-8")


async def _read_json(request: Request) -> Json:
    raw = await request.body()
    if not raw:
        return {}
    try:
        value = json.loads(raw)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise SlackError("invalid_json") from None
    if not isinstance(value, dict):
        raise SlackError("json_not_object")
    return value
