"""The web page: a person picks who they are, reads the channels, and acts through the control plane."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from sandbox.slack.records import BOT_USER_ID, Channel, Ephemeral, Json, Message, User, View
from sandbox.slack.rendering import EMOJI, Rendering
from sandbox.slack.windows import Windows
from sandbox.slack.workspace import Workspace

HERE = Path(__file__).parent
HOME = "home"
SHOWN_MESSAGES = 200
# Nothing but our own files runs or loads on the page, whatever a customer wrote.
SAFETY = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Who looks at what.

    place: The channel; None on the App Home.
    thread_ts: The thread beside it; "" for none.
    """

    reader: User
    place: Channel | None
    thread_ts: str


class Pages:
    """Renders the page and its parts."""

    def __init__(self, workspace: Workspace, windows: Windows) -> None:
        self.workspace = workspace
        self.windows = windows
        self.templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True)

    async def page(self, request: Request) -> Response:
        """Return the whole page."""
        looking = self._looking(request)
        parts = self._parts(looking)
        html = self.templates.get_template("page.html").render(
            root=request.scope.get("root_path", ""),
            people=[user for user in self.workspace.users.values() if not user.is_bot],
            looking=looking,
            parts=parts,
            version=self.workspace.version,
        )
        return HTMLResponse(html, headers=SAFETY)

    async def parts(self, request: Request) -> Response:
        """Return the parts that change, or 204 when nothing did since `version`."""
        if request.query_params.get("version") == str(self.workspace.version):
            return Response(status_code=204)
        parts = self._parts(self._looking(request))
        return JSONResponse({"version": self.workspace.version, "parts": parts}, headers=SAFETY)

    def _looking(self, request: Request) -> Looking:
        query = request.query_params
        people = [user for user in self.workspace.users.values() if not user.is_bot]
        reader = next((user for user in people if user.id == query.get("as")), people[0])
        mine = [channel for channel in self.workspace.channels.values() if reader.id in channel.members]
        wanted = query.get("in") or (mine[0].id if mine else HOME)
        place = next((channel for channel in mine if channel.id == wanted), None)
        return Looking(reader=reader, place=place, thread_ts=query.get("thread") or "")

    def _parts(self, looking: Looking) -> dict[str, str]:
        reader = looking.reader
        if looking.place is not None:
            self.workspace.mark_read(reader.id, looking.place.id)
        rendering = Rendering(self.workspace, reader)
        top = self.windows.top(reader.id)
        shared: Json = {
            "r": rendering,
            "looking": looking,
            "people": [user for user in self.workspace.users.values() if not user.is_bot],
            "channels": self._sidebar(reader),
            "emoji": EMOJI,
        }
        return {
            "sidebar": self._render("sidebar.html", shared),
            "main": self._main(looking, shared),
            "thread": self._thread(looking, shared),
            "modal": self._render("modal.html", {**shared, "view": _view(top)}) if top else "",
        }

    def _main(self, looking: Looking, shared: Json) -> str:
        if looking.place is None:
            return self._render("home.html", {**shared, "view": _view(self.windows.home(looking.reader.id))})
        channel = looking.place
        messages = list(self.workspace.in_channel(channel.id))[-SHOWN_MESSAGES:]
        rows = self._rows(messages, self._private(looking, thread_ts=None), channel)
        return self._render("channel.html", {**shared, "channel": channel, "rows": rows})

    def _thread(self, looking: Looking, shared: Json) -> str:
        if looking.place is None or not looking.thread_ts:
            return ""
        channel = looking.place
        parent = self.workspace.messages[channel.id].get(looking.thread_ts)
        if parent is None or parent.is_deleted:
            return ""
        messages = [parent, *self.workspace.in_thread(channel.id, parent.ts)]
        rows = self._rows(messages, self._private(looking, thread_ts=parent.ts), channel)
        return self._render("thread.html", {**shared, "channel": channel, "rows": rows})

    def _private(self, looking: Looking, *, thread_ts: str | None) -> list[Ephemeral]:
        place = looking.place.id if looking.place else ""
        return [
            one
            for one in self.workspace.ephemerals
            if (one.user, one.channel, one.thread_ts) == (looking.reader.id, place, thread_ts) and not one.is_deleted
        ]

    def _rows(self, messages: Iterable[Message], private: list[Ephemeral], channel: Channel) -> list[Json]:
        rows = [self._row(message, channel) for message in messages]
        rows += [
            {
                "ts": one.ts,
                "channel": channel.id,
                "user": self.workspace.users[BOT_USER_ID],
                "text": one.text,
                "blocks": one.blocks,
                "private": True,
                "edited": False,
                "reactions": (),
                "replies": 0,
                "attachments": (),
            }
            for one in private
        ]
        return sorted(rows, key=lambda row: str(row["ts"]))

    def _row(self, message: Message, channel: Channel) -> Json:
        now = message.now
        return {
            "ts": message.ts,
            "channel": channel.id,
            "user": self.workspace.users[message.user],
            "text": now.text,
            "blocks": now.blocks,
            "private": False,
            "edited": message.edited is not None,
            "reactions": message.reactions,
            "replies": len(self.workspace.in_thread(channel.id, message.ts)),
            "attachments": message.attachments,
        }

    def _sidebar(self, reader: User) -> list[Json]:
        return [
            {
                "id": channel.id,
                "name": channel.name or self.workspace.users[BOT_USER_ID].real_name,
                "is_direct": channel.direct_with is not None,
                "unread": self.workspace.unread(reader.id, channel.id),
            }
            for channel in self.workspace.channels.values()
            if reader.id in channel.members
        ]

    def _render(self, name: str, values: Json) -> str:
        return self.templates.get_template(name).render(values)


def page_routes(*, workspace: Workspace, windows: Windows) -> list[BaseRoute]:
    """Return the routes of the page, its parts and its files."""
    pages = Pages(workspace, windows)
    return [
        Route("/", pages.page),
        Route("/_page/parts", pages.parts),
        Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
    ]


def _view(view: View | None) -> Any:
    return {"id": view.id, "hash": view.hash, "depth": view.previous_id is not None, **view.body} if view else None
