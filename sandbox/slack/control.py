"""The control plane under /_sandbox/: the books, the settings, and acting as a person. No part of Slack's API."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.slack.acts import Acts, CannotAct
from sandbox.slack.asking import base_url
from sandbox.slack.courier import Courier, Delivery
from sandbox.slack.records import BOT_USER_ID, Channel, Ephemeral, Interaction, Json, Message, SlackError, User, View
from sandbox.slack.windows import Windows
from sandbox.slack.wire import view_json
from sandbox.slack.workspace import Workspace

URL_SETTINGS = ("interactivity", "events", "commands")
PLAIN_SETTINGS = (*URL_SETTINGS, "socket_mode", "ack_seconds")
LIST_SETTINGS = ("retry_waits", "subscriptions")
SETTINGS = (*PLAIN_SETTINGS, *LIST_SETTINGS, "request_url", "verify")


def control_routes(*, workspace: Workspace, windows: Windows, courier: Courier, acts: Acts) -> list[Route]:
    """Return the routes of the control plane."""

    async def state(_: Request) -> Response:
        return JSONResponse(books(workspace, windows, courier))

    async def settings(request: Request) -> Response:
        if request.method == "POST":
            return await _change_settings(courier, await _body(request))
        return JSONResponse({"delivery": _settings_json(courier.delivery)})

    async def channels(request: Request) -> Response:
        return _add_channel(workspace, await _body(request))

    async def users(request: Request) -> Response:
        return _add_user(workspace, await _body(request))

    async def refresh_sockets(_: Request) -> Response:
        return JSONResponse({"warned": await courier.sockets.ask_to_reconnect()})

    async def act(request: Request) -> Response:
        return await _act(acts, request)

    return [
        Route("/_sandbox/state", state, methods=["GET"]),
        Route("/_sandbox/settings", settings, methods=["GET", "POST"]),
        Route("/_sandbox/users", users, methods=["POST"]),
        Route("/_sandbox/channels", channels, methods=["POST"]),
        Route("/_sandbox/sockets/refresh", refresh_sockets, methods=["POST"]),
        Route("/_sandbox/act/{what}", act, methods=["POST"]),
    ]


def books(workspace: Workspace, windows: Windows, courier: Courier) -> Json:
    """Return everything the workspace holds, in JSON."""
    return {
        "version": workspace.version,
        "users": [{**asdict(user), "email": user.email} for user in workspace.users.values()],
        "channels": [asdict(channel) for channel in workspace.channels.values()],
        "messages": [_message(one) for rows in workspace.messages.values() for one in rows.values()],
        "ephemerals": [asdict(one) for one in workspace.ephemerals],
        "ephemerals_by_user": _by_user(workspace.ephemerals),
        "views": [_view(windows, view) for view in windows.views.values()],
        "stacks": {user_id: list(stack) for user_id, stack in windows.stacks.items() if stack},
        "interactions": [_interaction(one) for one in workspace.interactions],
        "sockets": len(courier.sockets.open),
        "delivery": _settings_json(courier.delivery),
    }


def _add_channel(workspace: Workspace, body: Json) -> Response:
    if not body.get("id") or not body.get("name"):
        return JSONResponse({"error": "bad_channel", "message": "id and name are needed"}, status_code=400)
    workspace.add_channel(
        Channel(
            id=str(body["id"]),
            name=str(body["name"]),
            members=tuple(body.get("members") or workspace.users),
            created_at=int(workspace.clock()),
            locale=str(body.get("locale") or "en-US"),
            is_archived=bool(body.get("is_archived")),
        )
    )
    return JSONResponse({"ok": True})


def _add_user(workspace: Workspace, body: Json) -> Response:
    """Add a person to the workspace and all its channels."""
    if not body.get("id") or not body.get("real_name"):
        return JSONResponse({"error": "bad_user", "message": "id and real_name are needed"}, status_code=400)
    name = str(body.get("name") or str(body["real_name"]).lower().replace(" ", "."))
    locale = str(body.get("locale") or "en-US")
    workspace.add_user(User(id=str(body["id"]), name=name, real_name=str(body["real_name"]), locale=locale))
    for channel in tuple(workspace.channels.values()):
        if channel.direct_with is None and body["id"] not in channel.members:
            workspace.add_channel(replace(channel, members=(*channel.members, str(body["id"]))))
    return JSONResponse({"ok": True})


async def _act(acts: Acts, request: Request) -> Response:
    address = base_url(request)
    known: dict[str, Callable[[Json], Awaitable[Json]]] = {
        "click": lambda body: acts.click(body, base_url=address),
        "submit": acts.submit,
        "close": acts.close,
        "command": lambda body: acts.command(body, base_url=address),
        "message": acts.message,
        "app_home": acts.app_home,
    }
    act = known.get(request.path_params["what"])
    if act is None:
        return JSONResponse({"error": "unknown_act", "message": f"known: {', '.join(known)}"}, status_code=404)
    try:
        return JSONResponse(await act(await _body(request)))
    except CannotAct as error:
        return JSONResponse({"error": "cannot_act", "message": str(error)}, status_code=404)
    except SlackError as error:
        return JSONResponse({"error": error.code, "message": "; ".join(error.messages)}, status_code=409)


async def _change_settings(courier: Courier, body: Json) -> Response:
    unknown = sorted(set(body) - set(SETTINGS))
    if unknown:
        return JSONResponse({"error": "unknown_setting", "message": unknown[0]}, status_code=400)
    changes: dict[str, Any] = {name: body[name] for name in PLAIN_SETTINGS if name in body}
    changes |= {name: tuple(body[name]) for name in LIST_SETTINGS if name in body}
    if "request_url" in body:
        changes = dict.fromkeys(URL_SETTINGS, body["request_url"]) | changes
    if body.get("verify") and changes.get("events") and not await courier.verify_events_url(changes["events"]):
        return JSONResponse({"error": "url_not_verified", "message": changes["events"]}, status_code=400)
    courier.delivery = replace(courier.delivery, **changes)
    return JSONResponse({"delivery": _settings_json(courier.delivery)})


def _settings_json(delivery: Delivery) -> Json:
    shown = asdict(delivery)
    del shown["signing_secret"]
    return shown


def _message(message: Message) -> Json:
    now = message.now
    return {
        "channel": message.channel,
        "ts": message.ts,
        "user": message.user,
        "is_bot": message.user == BOT_USER_ID,
        "thread_ts": message.thread_ts,
        "text": now.text,
        "blocks": list(now.blocks),
        "metadata": now.metadata,
        "revisions": [asdict(revision) for revision in message.revisions],
        "reactions": [{"name": name, "users": list(who)} for name, who in message.reactions],
        "is_deleted": message.is_deleted,
    }


def _by_user(ephemerals: list[Ephemeral]) -> Json:
    found: Json = {}
    for one in ephemerals:
        found.setdefault(one.user, []).append(asdict(one))
    return found


def _view(windows: Windows, view: View) -> Json:
    is_top = windows.top(view.user) == view
    return {"user": view.user, "is_top": is_top, **view_json(view)}


def _interaction(interaction: Interaction) -> Json:
    return {**asdict(interaction), "acknowledged": interaction.acknowledged}


async def _body(request: Request) -> Json:
    try:
        body = json.loads(await request.body() or b"{}")
    except json.JSONDecodeError:
        raise SlackError("invalid_json") from None
    if not isinstance(body, dict):
        raise SlackError("json_not_object")
    return body
