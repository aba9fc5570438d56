"""The ASGI app of the sandbox's Slack: Web API, Socket Mode, response URLs, control plane and web page."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from sandbox.faults import FaultMiddleware, Faults, fault_routes
from sandbox.slack import api_chat, api_conversations, api_people, api_views
from sandbox.slack.acts import Acts
from sandbox.slack.asking import Call, accepted, check_token, rate_limited, read_call, refused
from sandbox.slack.control import control_routes
from sandbox.slack.courier import Courier, Delivery
from sandbox.slack.pages import page_routes
from sandbox.slack.records import Json, SlackError
from sandbox.slack.response_urls import ReplyAddresses
from sandbox.slack.seed import BOT, CHANNELS, PEOPLE, USER_GROUPS
from sandbox.slack.sockets import Sockets
from sandbox.slack.windows import Windows
from sandbox.slack.workspace import Workspace

# rate_limited_channel strikes at "POST /api/<method>/<channel>": "POST /api/chat.postMessage/C0COMPENSA1".
# The event faults strike at "EVENT /<type>": "EVENT /message".
VENDOR_FAULTS = (
    "rate_limited_channel",
    "token_revoked",
    "missing_scope",
    "event_lost",
    "event_duplicated",
    "event_delayed",
)
REFUSALS = {"rate_limited": ("application/json; charset=utf-8", b'{"ok":false,"error":"ratelimited"}')}
METHODS = ["GET", "POST"]

Methods = Mapping[str, Callable[[Call], Json]]


def create_app(
    *,
    seed: bool = True,
    request_url: str | None = None,
    delivery: Delivery | None = None,
    clock: Callable[[], float] = time.time,
) -> Starlette:
    """Return a workspace of its own with people and channels in it.

    seed: Fill in user groups; people and channels are always there, since nothing works without them.
    request_url: One address for events, interactions and commands; None = those of `delivery`.
    delivery: Where and how to send, see there.
    clock: Seconds since 1970, for timestamps, triggers and response URLs.
    """
    faults = Faults(vendor_faults=VENDOR_FAULTS)
    workspace = Workspace(clock=clock)
    _fill(workspace, with_groups=seed)
    windows = Windows(workspace)
    sockets = Sockets()
    courier = Courier(
        workspace=workspace, sockets=sockets, faults=faults, delivery=_aimed(delivery or Delivery(), request_url)
    )
    workspace.notify = lambda event: _forget(courier.announce(event))
    addresses = ReplyAddresses(workspace)
    acts = Acts(workspace=workspace, windows=windows, courier=courier, addresses=addresses)
    methods = _methods(workspace, windows, sockets)

    async def call_method(request: Request) -> Response:
        return await _answer(request, methods=methods, faults=faults)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await courier.open()
        try:
            yield
        finally:
            await courier.close()

    routes = [
        *fault_routes(faults),
        *control_routes(workspace=workspace, windows=windows, courier=courier, acts=acts),
        Route("/api/{method}", call_method, methods=METHODS),
        Route("/actions/{team}/{number}/{secret}", addresses.receive, methods=["POST"]),
        Route("/commands/{team}/{number}/{secret}", addresses.receive, methods=["POST"]),
        WebSocketRoute("/link/", sockets.serve),
        *page_routes(workspace=workspace, windows=windows),
    ]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(FaultMiddleware, faults=faults, refusal_bodies=REFUSALS)],
        exception_handlers={SlackError: _control_refusal},
    )


async def _answer(request: Request, *, methods: Methods, faults: Faults) -> Response:
    """Serve one Web API call in Slack's order: method, token, arguments, then the work itself."""
    known = methods.get(request.path_params["method"])
    if known is None:
        return refused(SlackError("unknown_method"))
    try:
        call = await read_call(request)
        _check_access(call, request, faults)
        fault = faults.strike(
            "rate_limited_channel", method=request.method, path=f"/api/{call.method}/{call.text('channel')}"
        )
        if fault is not None:
            return rate_limited(retry_after=fault.retry_after)
        return accepted(call, known(call))
    except SlackError as error:
        return refused(error)


def _check_access(call: Call, request: Request, faults: Faults) -> None:
    if call.method == "api.test":
        return
    for refusal in ("token_revoked", "missing_scope"):
        if faults.strike(refusal, method=request.method, path=f"/api/{call.method}"):
            raise SlackError(refusal)
    check_token(call, app_level=call.method == "apps.connections.open")


def _methods(workspace: Workspace, windows: Windows, sockets: Sockets) -> Methods:
    """Return every method by name."""
    of_workspace: dict[str, Callable[[Workspace, Call], Json]] = {
        "api.test": api_people.api_test,
        "auth.test": api_people.auth_test,
        "chat.delete": api_chat.delete,
        "chat.getPermalink": api_chat.get_permalink,
        "chat.postEphemeral": api_chat.post_ephemeral,
        "chat.postMessage": api_chat.post_message,
        "chat.update": api_chat.update,
        "conversations.history": api_conversations.history,
        "conversations.info": api_conversations.info,
        "conversations.join": api_conversations.join,
        "conversations.list": api_conversations.listing,
        "conversations.members": api_conversations.members,
        "conversations.open": api_conversations.open_direct,
        "conversations.replies": api_conversations.replies,
        "reactions.add": api_chat.add_reaction,
        "usergroups.list": api_people.group_list,
        "usergroups.users.list": api_people.group_users,
        "users.info": api_people.user_info,
        "users.list": api_people.user_list,
        "users.lookupByEmail": api_people.user_by_email,
    }
    of_windows: dict[str, Callable[[Windows, Call], Json]] = {
        "views.open": api_views.open_view,
        "views.publish": api_views.publish_view,
        "views.push": api_views.push_view,
        "views.update": api_views.update_view,
    }
    return {
        **{name: _bound(work, workspace) for name, work in of_workspace.items()},
        **{name: _bound_to_windows(work, windows) for name, work in of_windows.items()},
        "apps.connections.open": lambda call: {"url": sockets.new_url(call.base_url)},
    }


def _bound(work: Callable[[Workspace, Call], Json], workspace: Workspace) -> Callable[[Call], Json]:
    return lambda call: work(workspace, call)


def _bound_to_windows(work: Callable[[Windows, Call], Json], windows: Windows) -> Callable[[Call], Json]:
    return lambda call: work(windows, call)


def _fill(workspace: Workspace, *, with_groups: bool) -> None:
    for user in (BOT, *PEOPLE):
        workspace.add_user(user)
    for channel in CHANNELS:
        workspace.add_channel(channel)
    if with_groups:
        workspace.groups = {group.id: group for group in USER_GROUPS}


def _aimed(delivery: Delivery, request_url: str | None) -> Delivery:
    if request_url is None:
        return delivery
    return replace(delivery, interactivity=request_url, events=request_url, commands=request_url)


def _forget(_future: object) -> None:
    """Nobody waits for this event's answer; the log keeps it."""


async def _control_refusal(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=400)
