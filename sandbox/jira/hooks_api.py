"""Webhooks over REST: those of administrators (/rest/webhooks/1.0/webhook) and of OAuth apps (/rest/api/3/webhook).

Seen in public code: what an admin webhook is created with, that a PUT without `secret` keeps the one there is, that the
number is the end of `self`. Atlassian takes https on the standard port only; the sandbox takes loopback only.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

from sandbox.jira.door import Call, Desk, json_answer, no_content, texts
from sandbox.jira.events import EVENTS
from sandbox.jira.jql_meaning import find_field
from sandbox.jira.jql_reading import Clause, Joined, Node, read_jql
from sandbox.jira.records import HOST, Person
from sandbox.jira.refusals import Refused, bad_payload, forbidden, refused
from sandbox.jira.webhooks import Webhook
from sandbox.jira.wire import milliseconds

SECTION = "issue-related-events-section"
FIRST_ID = 1
MOST_DYNAMIC = 100
DYNAMIC_FIELDS = ("issuekey", "project", "issuetype", "status", "priority", "assignee", "reporter")
DYNAMIC_OPERATORS = ("=", "!=", "IN", "NOT IN")


def _admin(call: Call) -> Person:
    if not call.person.admin:
        raise forbidden("The user needs to have the Administer Jira global permission to manage webhooks.")
    return call.person


def _found(desk: Desk, call: Call) -> Webhook:
    text = call.part("hook")
    hook = desk.webhooks.registered.get(int(text) if text.isdigit() else -1)
    if hook is None or hook.dynamic:
        raise refused(404, "The webhook does not exist.")
    return hook


async def listing(desk: Desk, call: Call) -> Response:
    """GET /rest/webhooks/1.0/webhook."""
    _admin(call)
    return json_answer([hook_body(desk, hook) for hook in desk.webhooks.registered.values() if not hook.dynamic])


async def show(desk: Desk, call: Call) -> Response:
    """GET /rest/webhooks/1.0/webhook/{id}."""
    _admin(call)
    return json_answer(hook_body(desk, _found(desk, call)))


async def create(desk: Desk, call: Call) -> Response:
    """POST /rest/webhooks/1.0/webhook."""
    hook = register(desk, call.sent(), owner=_admin(call), now=call.now)
    return json_answer(hook_body(desk, hook), status=201)


async def change(desk: Desk, call: Call) -> Response:
    """PUT /rest/webhooks/1.0/webhook/{id}: what is not sent stays, the secret too."""
    owner, hook = _admin(call), _found(desk, call)
    changes = {**_read(desk, call.sent()), "updated_at": call.now, "owner_id": owner.account_id}
    after = replace(hook, **changes)
    desk.webhooks.registered[hook.id] = after
    return json_answer(hook_body(desk, after))


async def delete(desk: Desk, call: Call) -> Response:
    """DELETE /rest/webhooks/1.0/webhook/{id}."""
    _admin(call)
    del desk.webhooks.registered[_found(desk, call).id]
    return no_content()


def register(desk: Desk, sent: Mapping[str, Any], *, owner: Person, now: datetime) -> Webhook:
    """Register an admin webhook; raises `Refused` (400)."""
    given = _read(desk, sent)
    if "name" not in given or "url" not in given or not given.get("events"):
        raise refused(400, "A webhook needs a name, a url and events.")
    hook = Webhook(**{**given, "id": _next_id(desk), "owner_id": owner.account_id, "updated_at": now})
    desk.webhooks.registered[hook.id] = hook
    return hook


def _next_id(desk: Desk) -> int:
    return max(desk.webhooks.registered, default=FIRST_ID - 1) + 1


def _read(desk: Desk, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that were sent; raises `Refused` (400)."""
    given: dict[str, Any] = {}
    if "name" in sent:
        given["name"] = str(sent["name"])
    if "url" in sent:
        given["url"] = _loopback(sent["url"])
    if "events" in sent:
        given["events"] = _events(sent["events"])
    filters = sent.get("filters")
    if isinstance(filters, dict) and SECTION in filters:
        given["jql"] = _checked_jql(desk, filters[SECTION])
    if sent.get("secret") is not None:
        given["secret"] = str(sent["secret"])
    for name, attribute in (("enabled", "enabled"), ("excludeBody", "exclude_body")):
        if isinstance(sent.get(name), bool):
            given[attribute] = sent[name]
    return given


def _checked_jql(_: Desk, jql: object) -> str:
    if not isinstance(jql, str):
        raise bad_payload()
    read_jql(jql)
    return jql


def _events(sent: object) -> tuple[str, ...]:
    if not isinstance(sent, list) or not all(isinstance(one, str) for one in sent):
        raise bad_payload()
    unknown = [one for one in sent if one not in EVENTS]
    if unknown:
        raise refused(400, f"{unknown[0]} is no event the sandbox sends.")
    return tuple(sent)


def _loopback(url: object) -> str:
    """Return the address if it points at this machine: nothing leaves it."""
    host = urlsplit(url).hostname if isinstance(url, str) else None
    try:
        if host is not None and (host == "localhost" or ipaddress.ip_address(host).is_loopback):
            return str(url)
    except ValueError:
        pass
    raise refused(400, f"The sandbox sends webhooks to this machine only, not to {url}.")


def hook_body(desk: Desk, hook: Webhook) -> dict[str, Any]:
    """Return an admin webhook; its secret cannot be read back."""
    owner = desk.site.people[hook.owner_id]
    return {
        "name": hook.name,
        "url": hook.url,
        "excludeBody": hook.exclude_body,
        "filters": {SECTION: hook.jql},
        "events": list(hook.events),
        "enabled": hook.enabled,
        "self": f"{HOST}/rest/webhooks/1.0/webhook/{hook.id}",
        "lastUpdatedUser": owner.account_id,
        "lastUpdatedDisplayName": owner.name,
        "lastUpdated": milliseconds(hook.updated_at),
        "isSigned": hook.secret is not None,
    }


def _app(call: Call) -> None:
    if not call.caller.by_app:
        raise forbidden("The caller is not a Connect or OAuth 2.0 app.")


def _dynamic(desk: Desk) -> list[Webhook]:
    return [hook for hook in desk.webhooks.registered.values() if hook.dynamic]


async def dynamic_listing(desk: Desk, call: Call) -> Response:
    """GET /webhook: those of the calling app, expired ones too until somebody cleans up."""
    _app(call)
    held = _dynamic(desk)
    start, most = max(0, call.whole("startAt", 0)), min(100, max(1, call.whole("maxResults", 100)))
    values = [_dynamic_body(hook) for hook in held[start : start + most]]
    rest = {"startAt": start, "maxResults": most, "total": len(held), "isLast": start + most >= len(held)}
    return json_answer({**rest, "values": values})


def _dynamic_body(hook: Webhook) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": hook.id,
        "jqlFilter": hook.jql,
        "url": hook.url,
        "events": list(hook.events),
        "expirationDate": milliseconds(hook.expires_at or hook.updated_at),
    }
    if hook.fields:
        body["fieldIdsFilter"] = list(hook.fields)
    return {**body, "issuePropertyKeysFilter": list(hook.keys)} if hook.keys else body


async def dynamic_create(desk: Desk, call: Call) -> Response:
    """POST /webhook: one result per webhook asked for, an id or errors."""
    _app(call)
    sent = call.sent()
    wanted = sent.get("webhooks")
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise bad_payload()
    url = _loopback(sent.get("url"))
    results: list[dict[str, Any]] = []
    for one in wanted:
        try:
            results.append({"createdWebhookId": _register_dynamic(desk, call, url, one).id})
        except Refused as wrong:
            messages = wrong.body.get("errorMessages") if isinstance(wrong.body, Mapping) else None
            results.append({"errors": messages or ["The webhook is invalid."]})
    return json_answer({"webhookRegistrationResult": results})


def _register_dynamic(desk: Desk, call: Call, url: str, sent: Mapping[str, Any]) -> Webhook:
    if len(_dynamic(desk)) >= MOST_DYNAMIC:
        raise refused(400, "Too many webhooks are registered.")
    jql = _checked_jql(desk, sent.get("jqlFilter"))
    where = read_jql(jql).where
    if where is not None:
        _check_dynamic(desk, where)
    hook = Webhook(
        id=_next_id(desk),
        name="",
        url=url,
        events=_events(sent.get("events")),
        updated_at=call.now,
        owner_id=call.person.account_id,
        jql=jql,
        expires_at=call.now + timedelta(seconds=desk.settings.webhook_life_seconds),
        fields=texts(sent.get("fieldIdsFilter")),
        keys=texts(sent.get("issuePropertyKeysFilter")),
    )
    desk.webhooks.registered[hook.id] = hook
    return hook


def _check_dynamic(desk: Desk, node: Node) -> None:
    """Refuse what the filter of a dynamic webhook cannot say."""
    if isinstance(node, Joined):
        for part in node.parts:
            _check_dynamic(desk, part)
        return
    if not isinstance(node, Clause):
        raise refused(400, "The operator NOT is unsupported")
    known = find_field(desk.site, node.field)
    if (known is None or known.id not in DYNAMIC_FIELDS) and not node.field.lower().startswith("issue.property["):
        raise refused(400, f"The clause {node.field} is unsupported")
    if node.operator not in DYNAMIC_OPERATORS:
        raise refused(400, f"The operator {node.operator} is unsupported")


def _sent_ids(call: Call) -> list[int]:
    ids = call.sent().get("webhookIds")
    if not isinstance(ids, list) or not all(isinstance(one, int) for one in ids):
        raise bad_payload()
    return ids


async def dynamic_delete(desk: Desk, call: Call) -> Response:
    """DELETE /webhook: 202; ids of others are passed over."""
    _app(call)
    held = {hook.id for hook in _dynamic(desk)}
    for one in _sent_ids(call):
        if one in held:
            desk.webhooks.registered.pop(one, None)
    return Response(status_code=202)


async def dynamic_refresh(desk: Desk, call: Call) -> Response:
    """PUT /webhook/refresh: they live another 30 days from now."""
    _app(call)
    expires_at = call.now + timedelta(seconds=desk.settings.webhook_life_seconds)
    wanted = set(_sent_ids(call))
    for hook in _dynamic(desk):
        if hook.id in wanted:
            desk.webhooks.registered[hook.id] = replace(hook, expires_at=expires_at)
    return json_answer({"expirationDate": milliseconds(expires_at)})


async def dynamic_failed(_: Desk, call: Call) -> Response:
    """GET /webhook/failed: for Connect apps only, which the sandbox has none of."""
    raise forbidden("The caller is not a Connect app." if call.caller.by_app else "The caller is not an app.")
