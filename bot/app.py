"""The Slack app: everything that arrives is kept first, then acknowledged; only modals and queues are shown at once.

Bolt runs event listeners after its own acknowledgement, so a crash would lose an event; the middleware here commits
each delivery before anything else. `process_before_response` makes Bolt answer when the listener is done instead of
polling for it every 10 ms.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import Response

from bot.approvals import submission_mistakes
from bot.arrivals import SOURCE, delivery_id, parsed, team_of
from bot.calls import SLACK_API, silent_logger
from bot.cards import ASK, REJECT, WHY
from bot.policies import SEND_BACK, SENDING_BACK
from bot.ports import Cases, Inbox, Policies
from bot.routing import Routing
from bot.showing import Showing
from bot.signing import is_from_slack
from bot.values import Forged
from bot.views import QUESTION, REJECTION
from cases.people import People

#: A trigger id lives three seconds, and so does Slack's patience for an answer.
MODAL_TIMEOUT_SECONDS = 2
COMMAND = "/makewhole"
_OPENING = re.compile(f"^({REJECT}|{ASK}|{WHY}|{SEND_BACK})$")
_OUR_MODALS = re.compile(f"^({REJECTION}|{QUESTION}|{SENDING_BACK})$")
_ANYTHING = re.compile("")

log = structlog.get_logger(__name__)
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackSettings:
    """How to reach one Slack workspace.

    Fields:
        bot_token: "xoxb-…".
        signing_secrets: One; two while it is being rotated.
        app_token: "xapp-…" for Socket Mode; None when Slack reaches us over HTTP.
        team_id: The only workspace we listen to: "T0HARBOR001".
        bot_user_id: Who we are there: "U0MAKEWHOLE".
        base_url: Where the Web API is.
    """

    bot_token: str
    signing_secrets: tuple[str, ...]
    app_token: str | None
    team_id: str
    bot_user_id: str
    base_url: str = SLACK_API


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """What the app stands on.

    Fields:
        inbox: Where deliveries are kept.
        cases: Cases as they are shown.
        policies: Submitted policies.
        people: The role table.
        routing: The channels' languages.
        clock: Gives now, aware, UTC.
    """

    inbox: Inbox
    cases: Cases
    policies: Policies
    people: People
    routing: Routing
    clock: Clock


def create_app(settings: SlackSettings, backing: Backing) -> AsyncApp:
    """Return the Bolt app. It calls nobody until somebody clicks; its token is checked by `makewhole doctor`."""
    client = AsyncWebClient(
        token=settings.bot_token,
        base_url=settings.base_url,
        timeout=MODAL_TIMEOUT_SECONDS,
        retry_handlers=[],
        logger=silent_logger(),
    )
    client.proxy = None

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=settings.team_id,
            bot_user_id=settings.bot_user_id,
            bot_token=settings.bot_token,
        )

    app = AsyncApp(
        name="makewhole",
        logger=silent_logger(),
        signing_secret="checked before",  # noqa: S106  # No secret: `http_endpoint` has checked the bytes.
        client=client,
        authorize=authorize,
        request_verification_enabled=False,
        process_before_response=True,
    )
    app.middleware(_keeper(settings, backing))
    app.error(_report)
    showing = Showing(cases=backing.cases, policies=backing.policies, people=backing.people, routing=backing.routing)
    _listen(app, client, showing, backing.clock)
    return app


def http_endpoint(app: AsyncApp, settings: SlackSettings, clock: Clock) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint for Slack's events, interactions and commands, all three; it limits no sizes itself.

    401 for bytes that Slack did not sign, 400 for a body that is none of Slack's, 503 when it could not be kept.
    """

    async def receive(request: Request) -> Response:
        body = await request.body()
        genuine = is_from_slack(
            body,
            timestamp=request.headers.get("x-slack-request-timestamp"),
            signature=request.headers.get("x-slack-signature"),
            secrets=settings.signing_secrets,
            now=clock(),
        )
        if not genuine:
            return Response(status_code=401)
        try:
            fields = parsed(body)
        except Forged:
            return Response(status_code=400)
        # Bolt calls this mode "socket": the body is parsed already, and checked.
        answer = await app.async_dispatch(AsyncBoltRequest(body=fields, mode="socket_mode"))
        return Response(answer.body, status_code=answer.status, headers=answer.first_headers())

    return receive


async def start_socket_mode(app: AsyncApp, settings: SlackSettings) -> AsyncSocketModeHandler:
    """Connect to Slack where it cannot reach us, and return the connection; close it with `close_async()`.

    A delivery that could not be kept is not acknowledged, and Slack sends it again.
    """
    if settings.app_token is None:
        raise ValueError("Socket Mode needs an app token (xapp-…) with the scope connections:write")
    handler = AsyncSocketModeHandler(app, settings.app_token, logger=silent_logger())
    handler.client.proxy = None
    await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's handlers are untyped.
    return handler


def _keeper(settings: SlackSettings, backing: Backing) -> Callable[..., Awaitable[BoltResponse | None]]:
    async def keep(req: AsyncBoltRequest, next: Callable[[], Awaitable[None]]) -> BoltResponse | None:  # noqa: A002
        """Commit the delivery before anything is done with it; a repeat is acknowledged and goes no further."""
        if team_of(req.body) not in (settings.team_id, None):
            return BoltResponse(status=401, body="")
        try:
            name = delivery_id(req.body)
        except Forged:
            return BoltResponse(status=400, body="")
        if name is not None:
            body = json.dumps(req.body, ensure_ascii=False)
            first = await asyncio.to_thread(backing.inbox.keep, SOURCE, name, body, now=backing.clock())
            if not first:
                return BoltResponse(status=200, body="")
        await next()
        return None

    return keep


def _listen(app: AsyncApp, client: AsyncWebClient, showing: Showing, clock: Clock) -> None:
    async def open_modal(ack: AsyncAck, body: dict[str, Any]) -> None:
        view = await asyncio.to_thread(showing.modal, body, now=clock())
        await client.views_open(trigger_id=body["trigger_id"], view=view)
        await ack()

    async def check_modal(ack: AsyncAck, body: dict[str, Any]) -> None:
        mistakes = submission_mistakes(body, showing.locale(body["user"]["id"], None))
        if mistakes:
            await ack(response_action="errors", errors=mistakes)
        else:
            await ack()

    async def show_command(ack: AsyncAck, body: dict[str, Any]) -> None:
        shown = await asyncio.to_thread(showing.command, body, now=clock())
        await ack(text=shown.text, blocks=shown.as_list(), response_type="ephemeral")

    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    async def nothing_more() -> None:
        """Do nothing: the job does it."""

    app.action(_OPENING)(open_modal)
    app.action(_ANYTHING)(acknowledge)
    app.view(_OUR_MODALS)(check_modal)
    app.view(_ANYTHING)(acknowledge)
    app.command(COMMAND)(show_command)
    app.event(_ANYTHING)(nothing_more)


async def _report(error: Exception) -> BoltResponse:
    """Say that it went wrong, without the body, and leave it unacknowledged: Slack retries or shows an error."""
    log.warning("slack delivery not taken", error=type(error).__name__, problem=str(error)[:200])
    return BoltResponse(status=503, body="")
