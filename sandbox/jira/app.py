"""The Jira app: every route, and the clock and ids it runs on."""

import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.faults import FaultMiddleware, Faults, path_inside
from sandbox.jira import about_api, care_api, comments_api, hooks_api, issues_api, links_api, searching
from sandbox.jira.access import Access
from sandbox.jira.control import control_routes, register_known
from sandbox.jira.door import (
    EXPIRED_TOKEN,
    GATEWAY_MARK,
    ISSUE_RATE_LIMITED,
    QUOTA_EXHAUSTED,
    Desk,
    Operation,
    api_route,
    json_answer,
    refusal,
)
from sandbox.jira.limits import Limits
from sandbox.jira.loading import load
from sandbox.jira.records import CLOUD_ID
from sandbox.jira.refusals import JSON_TYPE, Refused, bad_payload, problem
from sandbox.jira.settings import PACES
from sandbox.jira.site import Site
from sandbox.jira.webhooks import WEBHOOK_FAULTS, Webhooks
from sandbox.jira.wire import encode

VENDOR_FAULTS = (
    EXPIRED_TOKEN,
    QUOTA_EXHAUSTED,
    ISSUE_RATE_LIMITED,
    issues_api.TRANSITION_CONFLICT,
    searching.SEARCH_LAG,
    searching.EMPTY_PAGE,
    *WEBHOOK_FAULTS,
)

REFUSAL_BODIES = {
    "rate_limited": (
        JSON_TYPE,
        encode(
            {
                "errorMessages": ["The request has been rate-limited. Please try again later."],
                "errors": {},
                "status": 429,
            }
        ),
    ),
    "unavailable": (
        "text/html; charset=utf-8",
        b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>",
    ),
}
REFUSAL_HEADERS = {
    "rate_limited": {
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "0",
        "RateLimit-Reason": "jira-burst-based",
    }
}

API: tuple[tuple[str, Mapping[str, Operation]], ...] = (
    ("/serverInfo", {"GET": about_api.server_info}),
    ("/myself", {"GET": about_api.myself}),
    ("/user", {"GET": about_api.user}),
    ("/user/search", {"GET": about_api.search_users}),
    ("/users/search", {"GET": about_api.all_users}),
    ("/groups/picker", {"GET": about_api.groups}),
    ("/field", {"GET": about_api.fields}),
    ("/project", {"GET": about_api.projects}),
    ("/project/search", {"GET": about_api.search_projects}),
    ("/project/{project}", {"GET": about_api.project}),
    ("/project/{project}/statuses", {"GET": about_api.project_statuses}),
    ("/project/{project}/role", {"GET": about_api.project_roles}),
    ("/status", {"GET": about_api.statuses}),
    ("/status/{status}", {"GET": about_api.status}),
    ("/statuscategory", {"GET": about_api.categories}),
    ("/priority", {"GET": about_api.priorities}),
    ("/resolution", {"GET": about_api.resolutions}),
    ("/issuetype", {"GET": about_api.types}),
    ("/role", {"GET": about_api.roles}),
    ("/mypermissions", {"GET": about_api.my_permissions}),
    ("/search", {"GET": searching.gone, "POST": searching.gone}),
    ("/search/jql", {"GET": searching.search, "POST": searching.search}),
    ("/search/approximate-count", {"POST": searching.count}),
    ("/issue", {"POST": issues_api.create}),
    ("/issue/bulk", {"POST": issues_api.create_many}),
    ("/issue/bulkfetch", {"POST": issues_api.fetch_many}),
    ("/issue/createmeta", {"GET": about_api.create_meta}),
    ("/issue/createmeta/{project}/issuetypes", {"GET": about_api.create_types}),
    ("/issue/createmeta/{project}/issuetypes/{type}", {"GET": about_api.create_fields}),
    ("/changelog/bulkfetch", {"POST": issues_api.changelogs}),
    ("/issue/{issue}", {"GET": issues_api.show, "PUT": issues_api.edit, "DELETE": issues_api.delete}),
    ("/issue/{issue}/assignee", {"PUT": issues_api.assign}),
    ("/issue/{issue}/editmeta", {"GET": issues_api.edit_meta}),
    ("/issue/{issue}/changelog", {"GET": issues_api.changelog}),
    ("/issue/{issue}/transitions", {"GET": issues_api.transitions, "POST": issues_api.transition}),
    ("/issue/{issue}/comment", {"GET": comments_api.listing, "POST": comments_api.add}),
    (
        "/issue/{issue}/comment/{comment}",
        {"GET": comments_api.show, "PUT": comments_api.edit, "DELETE": comments_api.delete},
    ),
    ("/comment/list", {"POST": comments_api.by_ids}),
    ("/comment/{comment}/properties", {"GET": links_api.comment_properties}),
    (
        "/comment/{comment}/properties/{key}",
        {
            "GET": links_api.comment_property,
            "PUT": links_api.set_comment_property,
            "DELETE": links_api.delete_comment_property,
        },
    ),
    ("/issue/{issue}/properties", {"GET": links_api.issue_properties}),
    (
        "/issue/{issue}/properties/{key}",
        {
            "GET": links_api.issue_property,
            "PUT": links_api.set_issue_property,
            "DELETE": links_api.delete_issue_property,
        },
    ),
    (
        "/issue/{issue}/remotelink",
        {
            "GET": links_api.remote_links,
            "POST": links_api.upsert_remote_link,
            "DELETE": links_api.delete_remote_link,
        },
    ),
    (
        "/issue/{issue}/remotelink/{link}",
        {
            "GET": links_api.remote_link,
            "PUT": links_api.update_remote_link,
            "DELETE": links_api.delete_remote_link,
        },
    ),
    ("/issueLinkType", {"GET": links_api.link_types}),
    ("/issueLink", {"POST": links_api.create_link}),
    ("/issueLink/{link}", {"GET": links_api.show_link, "DELETE": links_api.delete_link}),
    (
        "/webhook",
        {"GET": hooks_api.dynamic_listing, "POST": hooks_api.dynamic_create, "DELETE": hooks_api.dynamic_delete},
    ),
    ("/webhook/refresh", {"PUT": hooks_api.dynamic_refresh}),
    ("/webhook/failed", {"GET": hooks_api.dynamic_failed}),
)

OTHER: tuple[tuple[str, Mapping[str, Operation]], ...] = (
    ("/rest/webhooks/1.0/webhook", {"GET": hooks_api.listing, "POST": hooks_api.create}),
    (
        "/rest/webhooks/1.0/webhook/{hook}",
        {"GET": hooks_api.show, "PUT": hooks_api.change, "DELETE": hooks_api.delete},
    ),
    ("/rest/servicedeskapi/request/{issue}", {"GET": care_api.request}),
    ("/rest/servicedeskapi/request/{issue}/comment", {"GET": care_api.comments, "POST": care_api.add}),
    ("/rest/servicedeskapi/request/{issue}/comment/{comment}", {"GET": care_api.comment}),
    ("/rest/servicedeskapi/request/{issue}/approval", {"GET": care_api.approvals}),
    (
        "/rest/servicedeskapi/request/{issue}/approval/{approval}",
        {"GET": care_api.approval, "POST": care_api.answer},
    ),
    ("/rest/servicedeskapi/request/{issue}/sla", {"GET": care_api.slas}),
    ("/rest/applinks/latest/listApplicationlinks", {"GET": about_api.application_links}),
)


def system_clock() -> datetime:
    """Return the time of the machine, aware UTC."""
    return datetime.now(UTC)


def random_id() -> str:
    """Return a random UUID."""
    return str(uuid.uuid4())


def create_app(
    *,
    clock: Callable[[], datetime] = system_clock,
    new_id: Callable[[], str] = random_id,
    pace: str = "vendor",
    seed: Mapping[str, Any] | None = None,
    webhook_url: str | None = None,
) -> Starlette:
    """Return the sandbox Jira as an app, to serve at the root or mounted.

    clock, new_id: Where time and ids come from, for tests.
    pace: "vendor" for its limits and lags, "fast" for none.
    seed: {"people": [...], "issues": [...]} to load, see `loading.load`.
    webhook_url: Where an admin webhook for issues and comments points; its secret is "sandbox-jira-webhook-secret".
    """
    faults = Faults(vendor_faults=VENDOR_FAULTS)
    desk = _desk(faults, clock=clock, new_id=new_id, pace=pace)
    if seed is not None:
        load(desk.site, seed, now=desk.now())
    if webhook_url is not None:
        register_known(desk, webhook_url, given={}, now=desk.now())

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await desk.webhooks.close()

    routes = [*control_routes(desk), *_token_routes(desk)]
    routes += [api_route(path, desk, operations) for path, operations in API]
    routes += [api_route(path, desk, operations, prefix="") for path, operations in OTHER]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(Gateway),
            Middleware(FaultMiddleware, faults=faults, refusal_bodies=REFUSAL_BODIES, refusal_headers=REFUSAL_HEADERS),
        ],
        exception_handlers={HTTPException: _unknown},
    )


def _desk(faults: Faults, *, clock: Callable[[], datetime], new_id: Callable[[], str], pace: str) -> Desk:
    site = Site()
    webhooks = Webhooks(
        site=site,
        settings=lambda: desk.settings,
        faults=faults,
        clock=clock,
        new_id=new_id,
        fits=lambda jql, issue, now: searching.fits(desk, jql, issue, now=now),
    )
    desk = Desk(
        site=site,
        access=Access(site=site, new_id=new_id),
        limits=Limits(),
        faults=faults,
        webhooks=webhooks,
        settings=PACES[pace],
        clock=clock,
        new_id=new_id,
    )
    site.listeners.append(webhooks.send)
    return desk


class Gateway:
    """Serves api.atlassian.com's /ex/jira/{cloud id}/... too: where OAuth apps go with their tokens."""

    prefix = f"/ex/jira/{CLOUD_ID}"

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the gateway's part off the path and remember it."""
        if scope["type"] == "http":
            inside = path_inside(scope)
            if inside.startswith(self.prefix + "/"):
                root = scope.get("root_path", "")
                scope = {**scope, "path": root + inside.removeprefix(self.prefix), GATEWAY_MARK: True}
        await self.app(scope, receive, send)


def _token_routes(desk: Desk) -> list[Route]:
    async def tokens(request: Request) -> Response:
        """POST /oauth/token of auth.atlassian.com: JSON, or form-encoded as OAuth libraries send it."""
        try:
            if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
                sent: Any = dict(parse_qsl((await request.body()).decode(errors="replace")))
            else:
                sent = await request.json()
            if not isinstance(sent, dict):
                raise bad_payload()
            body = desk.access.grant(sent, life_seconds=desk.settings.token_life_seconds, now=desk.now())
        except Refused as refused:
            return refusal(refused)
        except ValueError:
            return refusal(bad_payload())
        return json_answer(body)

    async def resources(_: Request) -> Response:
        """GET /oauth/token/accessible-resources of api.atlassian.com: the one site there is."""
        site = {"id": CLOUD_ID, "name": "harbor", "url": "https://harbor.atlassian.net", "scopes": ["read:jira-work"]}
        return json_answer([site])

    return [
        Route("/oauth/token", tokens, methods=["POST"]),
        Route("/oauth/token/accessible-resources", resources, methods=["GET"]),
    ]


async def _unknown(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    path = path_inside(request.scope)
    if status == 405:  # noqa: PLR2004  # Method not allowed.
        return refusal(problem(405, f"Method '{request.method}' is not supported.", path))
    return refusal(problem(404, f"No static resource {path.lstrip('/')}.", path))
