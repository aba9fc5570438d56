"""The Zendesk app: every route, and the clock and ids it runs on."""

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

from sandbox.faults import FaultMiddleware, Faults
from sandbox.zendesk import hooks_api, jira_links_api, people, tickets
from sandbox.zendesk.access import Access
from sandbox.zendesk.account import Account
from sandbox.zendesk.control import control_routes, register_known
from sandbox.zendesk.door import EXPIRED_TOKEN, Desk, Handler, api_route, json_answer, read_object, refusal
from sandbox.zendesk.limits import Limits
from sandbox.zendesk.loading import load
from sandbox.zendesk.refusals import Refused, no_such_endpoint
from sandbox.zendesk.settings import PACES
from sandbox.zendesk.webhooks import WEBHOOK_FAULTS, Webhooks
from sandbox.zendesk.wire import encode

VENDOR_FAULTS = (EXPIRED_TOKEN, tickets.EMPTY_PAGE, tickets.SEARCH_LAG, *WEBHOOK_FAULTS)

REFUSAL_BODIES = {
    "rate_limited": (
        "application/json; charset=utf-8",
        encode({"error": "TooManyRequests", "description": "Number of allowed API requests per minute exceeded"}),
    ),
    "unavailable": ("text/html; charset=utf-8", b"<html><body><h1>503 Service Unavailable</h1></body></html>"),
}

API: tuple[tuple[str, Mapping[str, Handler]], ...] = (
    ("/api/v2/tickets", {"GET": tickets.listing, "POST": tickets.create}),
    ("/api/v2/tickets/show_many", {"GET": tickets.show_many}),
    ("/api/v2/tickets/{id:int}", {"GET": tickets.show, "PUT": tickets.update, "DELETE": tickets.delete}),
    ("/api/v2/tickets/{id:int}/comments", {"GET": tickets.comments}),
    ("/api/v2/tickets/{id:int}/audits", {"GET": tickets.audits}),
    ("/api/v2/tickets/{id:int}/merge", {"POST": tickets.merge}),
    ("/api/v2/job_statuses/{id}", {"GET": tickets.job_status}),
    ("/api/v2/incremental/tickets/cursor", {"GET": tickets.export}),
    ("/api/v2/search", {"GET": tickets.search}),
    ("/api/v2/users", {"GET": people.users}),
    ("/api/v2/users/show_many", {"GET": people.show_many_users}),
    ("/api/v2/users/{id:int}", {"GET": people.show_user}),
    ("/api/v2/ticket_fields", {"GET": people.ticket_fields}),
    ("/api/v2/ticket_fields/{id:int}", {"GET": people.show_ticket_field}),
    ("/api/v2/satisfaction_ratings", {"GET": people.ratings}),
    ("/api/v2/satisfaction_ratings/{id:int}", {"GET": people.show_rating}),
    ("/api/v2/account/settings", {"GET": people.account_settings}),
    ("/api/v2/jira/links", {"GET": jira_links_api.listing, "POST": jira_links_api.create}),
    ("/api/v2/jira/links/{id:int}", {"GET": jira_links_api.show, "DELETE": jira_links_api.delete}),
    ("/api/v2/webhooks", {"GET": hooks_api.listing, "POST": hooks_api.create}),
    ("/api/v2/webhooks/test", {"POST": hooks_api.test}),
    (
        "/api/v2/webhooks/{id}/signing_secret",
        {"GET": hooks_api.signing_secret, "POST": hooks_api.reset_signing_secret},
    ),
    (
        "/api/v2/webhooks/{id}",
        {
            "GET": hooks_api.show,
            "PUT": hooks_api.change,
            "PATCH": hooks_api.change,
            "DELETE": hooks_api.delete,
        },
    ),
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
    """Return the sandbox Zendesk as an app, to serve at the root or mounted.

    clock, new_id: Where time and ids come from, for tests.
    pace: "vendor" for its limits and lags, "fast" for none.
    seed: {"users": [...], "tickets": [...]} to load, see `loading.load`.
    webhook_url: Endpoint of a webhook for all ticket events under the secret "sandbox-webhook-secret".
    """
    faults = Faults(vendor_faults=VENDOR_FAULTS)
    desk = _desk(faults, clock=clock, new_id=new_id, pace=pace)
    if seed is not None:
        load(desk.account, seed, now=clock())
    if webhook_url is not None:
        register_known(desk, webhook_url)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await desk.webhooks.close()

    routes = [*control_routes(desk), *_token_routes(desk), *people.me_routes(desk)]
    for path, handlers in API:
        routes += api_route(path, desk, handlers)
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(FaultMiddleware, faults=faults, refusal_bodies=REFUSAL_BODIES)],
        exception_handlers={HTTPException: _unknown},
    )


def _desk(faults: Faults, *, clock: Callable[[], datetime], new_id: Callable[[], str], pace: str) -> Desk:
    account = Account(now=clock().replace(microsecond=0))
    settings = PACES[pace]
    webhooks = Webhooks(
        settings=lambda: desk.settings, faults=faults, clock=clock, new_id=new_id, fields=account.fields
    )
    desk = Desk(
        account=account,
        access=Access(account=account, new_id=new_id),
        limits=Limits(),
        faults=faults,
        webhooks=webhooks,
        settings=settings,
        clock=clock,
        new_id=new_id,
    )
    account.listeners.append(webhooks.send)
    return desk


def _token_routes(desk: Desk) -> list[Route]:
    async def tokens(request: Request) -> Response:
        """POST /oauth/tokens: JSON as documented, form-encoded as OAuth libraries send it."""
        content = await request.body()
        try:
            if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
                sent: Mapping[str, Any] = dict(parse_qsl(content.decode(errors="replace")))
            else:
                sent = read_object(content)
            body = desk.access.grant(sent, life_seconds=desk.settings.token_life_seconds, now=desk.clock())
        except Refused as refused:
            return refusal(refused)
        return json_answer(body)

    return [Route("/oauth/tokens", tokens, methods=["POST"])]


async def _unknown(_: Request, __: Exception) -> Response:
    return refusal(no_such_endpoint())
