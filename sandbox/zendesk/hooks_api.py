"""Handlers of webhooks: create, list, show, change, delete, signing secret, test.

Reference: https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/ . The Support specification
lacks this API; of the recordings only the 201 of POST shows it. Endpoints must be on loopback here.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from sandbox.zendesk.door import Call, Desk, json_answer
from sandbox.zendesk.paging import page_of
from sandbox.zendesk.refusals import Refused, not_found
from sandbox.zendesk.webhooks import Webhook, renewed
from sandbox.zendesk.wire import encode, stamp

MOST_WEBHOOKS = 1_000

_CHANGEABLE = ("name", "endpoint", "status", "subscriptions", "description", "authentication")


async def create(desk: Desk, call: Call) -> Response:
    """POST /api/v2/webhooks: register one; its secret is made here and read from `signing_secret`."""
    hook = register(desk, call.sent("webhook"), now=call.now)
    return json_answer({"webhook": _body(hook)}, status=201)


def register(desk: Desk, sent: Mapping[str, Any], *, now: datetime, secret: str | None = None) -> Webhook:
    """Register a webhook, with a given secret if it must be known beforehand; raises `Refused` (400)."""
    if len(desk.webhooks.registered) >= MOST_WEBHOOKS:
        raise _invalid("too many webhooks")
    for name in ("name", "endpoint"):
        if not sent.get(name):
            raise _invalid(f"{name} is required")
    given = _given(sent)
    hook = Webhook(
        **{
            **given,
            "id": desk.new_id().replace("-", "").upper()[:26],
            "secret": secret or desk.new_id().replace("-", ""),
            "created_at": now,
            "updated_at": now,
        }
    )
    desk.webhooks.registered[hook.id] = hook
    return hook


async def listing(desk: Desk, call: Call) -> Response:
    """GET /api/v2/webhooks: all, by cursor."""
    hooks = list(desk.webhooks.registered.values())
    page = page_of(range(len(hooks)), path=call.path, query={"page[size]": "100", **call.query})
    return json_answer({"webhooks": [_body(hooks[i]) for i in page.ids], **page.rest})


async def show(desk: Desk, call: Call) -> Response:
    """GET /api/v2/webhooks/{id}."""
    return json_answer({"webhook": _body(_hook(desk, call))})


async def change(desk: Desk, call: Call) -> Response:
    """PUT or PATCH /api/v2/webhooks/{id}: answers 204."""
    hook = _hook(desk, call)
    changed = replace(hook, **_given(call.sent("webhook")), updated_at=call.now)
    desk.webhooks.registered[hook.id] = changed
    return Response(status_code=204)


async def delete(desk: Desk, call: Call) -> Response:
    """DELETE /api/v2/webhooks/{id}: answers 204."""
    del desk.webhooks.registered[_hook(desk, call).id]
    return Response(status_code=204)


async def signing_secret(desk: Desk, call: Call) -> Response:
    """GET /api/v2/webhooks/{id}/signing_secret."""
    return json_answer(_secret_body(_hook(desk, call)))


async def reset_signing_secret(desk: Desk, call: Call) -> Response:
    """POST /api/v2/webhooks/{id}/signing_secret: a new secret, answered with 201."""
    hook = renewed(_hook(desk, call), secret=desk.new_id().replace("-", ""), now=call.now)
    desk.webhooks.registered[hook.id] = hook
    return json_answer(_secret_body(hook), status=201)


async def test(desk: Desk, call: Call) -> Response:
    """POST /api/v2/webhooks/test?webhook_id=…: send one request now and answer what came back."""
    hook = desk.webhooks.registered.get(call.query.get("webhook_id", ""))
    sent = call.sent().get("request")
    if hook is None and isinstance(sent, dict):
        hook = Webhook(
            **{
                "name": "test",
                **_given(sent),
                "id": "test",
                "secret": "",
                "created_at": call.now,
                "updated_at": call.now,
            }
        )
    if hook is None:
        raise not_found()
    payload = sent.get("payload") if isinstance(sent, dict) else None
    status = await desk.webhooks.send_test(hook, encode(payload if payload is not None else {"test": True}))
    return json_answer({"response": {"status": status, "headers": [], "payload": ""}})


def _hook(desk: Desk, call: Call) -> Webhook:
    hook = desk.webhooks.registered.get(call.request.path_params["id"])
    if hook is None:
        raise not_found()
    return hook


def _given(sent: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: sent[name] for name in _CHANGEABLE if name in sent}
    if "subscriptions" in given:
        subscriptions = given["subscriptions"]
        if not isinstance(subscriptions, list) or not all(isinstance(name, str) for name in subscriptions):
            raise _invalid("subscriptions must be a list of event types")
        given["subscriptions"] = tuple(subscriptions)
    if "endpoint" in given and not _is_loopback(given["endpoint"]):
        raise _invalid("endpoint must be an http(s) address on loopback: this is a sandbox")
    if given.get("status", "active") not in ("active", "inactive"):
        raise _invalid("status must be active or inactive")
    for name, usual in (("http_method", "POST"), ("request_format", "json")):
        if sent.get(name, usual) != usual:
            raise _invalid(f"{name} must be {usual}: the sandbox sends nothing else")
    return given


def _is_loopback(endpoint: object) -> bool:
    try:
        parts = urlsplit(str(endpoint))
        host = parts.hostname or ""
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
    return is_loopback and parts.scheme in ("http", "https")


def _body(hook: Webhook) -> dict[str, Any]:
    return {
        "id": hook.id,
        "name": hook.name,
        "description": hook.description,
        "status": hook.status,
        "subscriptions": list(hook.subscriptions),
        "created_at": stamp(hook.created_at),
        "created_by": "1000",
        "updated_at": stamp(hook.updated_at),
        "updated_by": "1000",
        "endpoint": hook.endpoint,
        "http_method": "POST",
        "request_format": "json",
        "authentication": hook.authentication,
    }


def _secret_body(hook: Webhook) -> dict[str, Any]:
    return {"signing_secret": {"algorithm": "SHA256", "secret": hook.secret}}


def _invalid(detail: str) -> Refused:
    """Return the webhook API's own kind of 400; its exact words have no independent evidence."""
    error = {"code": "InvalidWebhook", "title": "Invalid webhook", "detail": detail}
    return Refused(status=400, body={"errors": [error]})
