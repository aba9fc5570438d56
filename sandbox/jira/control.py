"""The sandbox's own endpoints under ``/_sandbox/``: state, settings, bulk load, what agents do, webhooks.

POST /_sandbox/issues      {"people": [...], "issues": [...], "notify": false}: see `loading.load`
POST /_sandbox/agents/act  {"issue": "ENG-7", "agent"?: account id or address, and one of:
                           "fields" / "update" (as in PUT, version 2 texts), "comment": {"body", "internal"?,
                           "visibility"?}, "edit_comment": {"id", "body"}, "delete_comment": id, "transition": id or
                           name, "delete": true, "move_to": "CARE", "parent": "ENG-1" or null,
                           "link": {"type": "Relates", "to": "ENG-2"}, "remote_link": {...},
                           "property": {"key", "value"}, "approval": {"name"?, "approvers": [...]}}
POST /_sandbox/settings    names of `settings.Settings`, or {"pace": "fast" | "vendor"}; GET shows them
POST /_sandbox/webhooks    {"url", "events"?, "jql"?, "secret"?}: an admin webhook with a known secret
POST /_sandbox/tokens      {"email", "token"}: the API token of a person from now on
POST /_sandbox/screens     {"project": "ENG", "remove"?: [field ids], "add"?: [field ids]}
POST /_sandbox/indexed     {"keys": [...]}: issue properties that JQL can ask for, as an app declares them
GET  /_sandbox/state       ?issues=ENG-1,CARE-2 narrows; ?deliveries=no leaves those out
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import CONTROL_PREFIX, fault_routes
from sandbox.jira import acts
from sandbox.jira.door import Desk, json_answer, refusal
from sandbox.jira.events import EVENTS
from sandbox.jira.hooks_api import hook_body, register
from sandbox.jira.issue_wire import issue_body
from sandbox.jira.loading import BadLoad, load
from sandbox.jira.records import Issue
from sandbox.jira.refusals import Refused, bad_payload
from sandbox.jira.settings import BadSetting, changed
from sandbox.jira.webhooks import Webhook
from sandbox.jira.wire import UTC_VIEW, comment_body, history_body, person_body, remote_link_body
from sandbox.jira.world import BOT_ID

FIXED_WEBHOOK_SECRET = "sandbox-jira-webhook-secret"

Control = Callable[[Desk, Request], Awaitable[Response]]


def control_routes(desk: Desk) -> list[Route]:
    """Return all routes of the control plane, the faults' included."""
    table: tuple[tuple[str, list[str], Control], ...] = (
        ("state", ["GET"], state),
        ("settings", ["GET", "POST"], settings),
        ("issues", ["POST"], load_issues),
        ("agents/act", ["POST"], agent_act),
        ("webhooks", ["POST"], known_webhook),
        ("tokens", ["POST"], token),
        ("screens", ["POST"], screens),
        ("indexed", ["POST"], indexed),
    )
    routes = [
        Route(f"{CONTROL_PREFIX}/{path}", _guarded(desk, control), methods=methods) for path, methods, control in table
    ]
    return [*fault_routes(desk.faults), *routes]


def _guarded(desk: Desk, control: Control) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await control(desk, request)
        except Refused as refused:
            return refusal(refused)
        except (BadLoad, BadSetting) as error:
            return json_answer({"error": "bad_request", "message": str(error)}, status=400)
        except (AttributeError, KeyError, TypeError) as error:
            message = f"{type(error).__name__}: {error}"
            return json_answer({"error": "bad_request", "message": message}, status=400)

    return endpoint


async def _sent(request: Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise bad_payload() from None
    if not isinstance(body, dict):
        raise bad_payload()
    return body


async def state(desk: Desk, request: Request) -> Response:
    """Return all records as JSON: each issue with its comments, properties, remote links and history."""
    asked = request.query_params.get("issues")
    issues = list(desk.site.issues.values())
    if asked:
        issues = [issue for one in asked.split(",") if (issue := desk.site.find_issue(one)) is not None]
    body: dict[str, Any] = {
        "issues": [_issue_state(desk, issue) for issue in sorted(issues, key=lambda one: one.id)],
        "people": [person_body(person, UTC_VIEW) for person in desk.site.people.values()],
        "webhooks": [_webhook_state(desk, hook) for hook in desk.webhooks.registered.values()],
        "deliveries_unfinished": desk.webhooks.unfinished,
        "tokens_given": desk.access.tokens_given,
        "settings": asdict(desk.settings),
    }
    if request.query_params.get("deliveries") != "no":
        body["deliveries"] = desk.webhooks.listing()
    return json_answer(body)


def _issue_state(desk: Desk, issue: Issue) -> dict[str, Any]:
    site = desk.site
    names = [name for name in site.fields if name not in ("comment", "issuekey")]
    comments = site.comments.get(issue.id, {}).values()
    return {
        **issue_body(site, issue, UTC_VIEW, names),
        "comments": [comment_body(one, site, UTC_VIEW, with_properties=True) for one in comments],
        "properties": site.properties.get(issue.id, {}),
        "remote_links": [remote_link_body(one, UTC_VIEW) for one in site.remote_links.get(issue.id, {}).values()],
        "histories": [history_body(one, site, UTC_VIEW) for one in site.histories.get(issue.id, ())],
    }


def _webhook_state(desk: Desk, hook: Webhook) -> dict[str, Any]:
    expires_at = None if hook.expires_at is None else UTC_VIEW.stamp(hook.expires_at)
    return {**hook_body(desk, hook), "id": hook.id, "secret": hook.secret, "expires_at": expires_at}


async def settings(desk: Desk, request: Request) -> Response:
    """Change settings, or show them."""
    if request.method == "POST":
        desk.settings = changed(desk.settings, await _sent(request))
    return json_answer(asdict(desk.settings))


async def load_issues(desk: Desk, request: Request) -> Response:
    """Load people and issues in bulk."""
    loaded = load(desk.site, await _sent(request), now=desk.now())
    return json_answer({"issues": [{"id": str(issue.id), "key": issue.key} for issue in loaded]}, status=201)


async def agent_act(desk: Desk, request: Request) -> Response:
    """Let somebody do something to an issue at the vendor's side, webhooks and all."""
    return json_answer(acts.act(desk, await _sent(request)))


async def known_webhook(desk: Desk, request: Request) -> Response:
    """Register an admin webhook for every event, or those given, under a secret known beforehand."""
    body = await _sent(request)
    hook = register_known(desk, body.get("url"), given=body, now=desk.now())
    return json_answer(_webhook_state(desk, hook), status=201)


def register_known(desk: Desk, url: object, *, given: Mapping[str, Any], now: datetime) -> Webhook:
    """Register a webhook whose secret is "sandbox-jira-webhook-secret" unless given."""
    sent = {
        "name": "Makewhole",
        "url": url,
        "events": given.get("events") or [event for event in EVENTS if not event.startswith("issue_property")],
        "filters": {"issue-related-events-section": given.get("jql") or ""},
        "secret": given.get("secret") or FIXED_WEBHOOK_SECRET,
    }
    return register(desk, sent, owner=desk.site.people[BOT_ID], now=now)


async def token(desk: Desk, request: Request) -> Response:
    """Set the API token of a person."""
    body = await _sent(request)
    person = desk.site.person_by_email(str(body.get("email")))
    if person is None or not isinstance(body.get("token"), str):
        raise bad_payload()
    desk.access.api_tokens[person.account_id] = body["token"]
    return json_answer({"email": person.email})


async def screens(desk: Desk, request: Request) -> Response:
    """Take fields off the screens of a project, or put them there."""
    body = await _sent(request)
    project = desk.site.project(str(body.get("project")))
    screen = desk.site.screens[project.id]
    screen -= set(body.get("remove") or ())
    screen |= set(body.get("add") or ()) & set(desk.site.fields)
    return json_answer({"project": project.key, "fields": sorted(screen)})


async def indexed(desk: Desk, request: Request) -> Response:
    """Set the issue properties that JQL can ask for."""
    desk.indexed = {str(key) for key in (await _sent(request)).get("keys") or ()}
    return json_answer({"keys": sorted(desk.indexed)})
