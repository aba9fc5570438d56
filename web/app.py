"""Our HTTP server: every door in one ASGI app, with all it needs handed in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from cases.people import People
from store.cases import CaseRepository
from store.database import Database
from store.policies import PolicyRepository
from web.bodies import PATIENCE_SECONDS, BodyCutShort, BodyTooLarge, BodyTooSlow, read_body, with_body
from web.case_page import CaseRoom, case_page
from web.group_commit import GroupCommit
from web.guard import Guard
from web.health import Check, healthz, metrics_page, readyz
from web.metrics import Gauge, Metrics
from web.policy_page import PolicyRoom, policy_page
from web.webhooks import Door, Endpoint, Intake, webhooks

WEBHOOK_PATHS = ("/webhooks/{vendor}/{account}", "/webhooks/{vendor}/{account}/{secret}")
SLACK_PATHS = ("events", "interactivity", "commands")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeLimits:
    """How intake is bounded.

    Fields:
        body_seconds: A body that is not there by then is answered 408.
        write_seconds: A delivery that is not committed by then is answered 503; vendors hang up after ten.
        most_together: Deliveries in one commit at most.
        linger_seconds: How long a commit waits for company; zero takes those that came during the last one.
    """

    body_seconds: float = PATIENCE_SECONDS
    write_seconds: float = 4.0
    most_together: int = 64
    linger_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What the server needs.

    Fields:
        database: Where deliveries are kept and cases are found.
        cases: The cases in it.
        policies: The policies in it.
        people: Whose names the pages show.
        webhooks: Whose webhooks are taken.
        slack: Answers Slack's requests, their body at hand, at most 1 MiB; None with Socket Mode.
        link_key: Makes the addresses of pages unguessable.
        clock: Gives now, aware, UTC.
        checks: What else must be well before work is sent here, by name: {"worker": …}.
        gauges: Figures read for Prometheus.
        limits: How intake is bounded.
    """

    database: Database
    cases: CaseRepository
    policies: PolicyRepository
    people: People
    webhooks: tuple[Door, ...]
    slack: Endpoint | None
    link_key: bytes = field(repr=False)
    clock: Callable[[], datetime]
    checks: Mapping[str, Check] = field(default_factory=dict)
    gauges: tuple[Gauge, ...] = ()
    limits: IntakeLimits = IntakeLimits()


def create_app(doors: Doors) -> Starlette:
    """Return the app; its lifespan starts and ends the thread that writes deliveries."""
    metrics = Metrics(doors.gauges)
    writer = GroupCommit(
        doors.database,
        most_together=doors.limits.most_together,
        linger_seconds=doors.limits.linger_seconds,
        patience_seconds=doors.limits.write_seconds,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        writer.start()
        try:
            yield
        finally:
            await asyncio.to_thread(writer.close)

    intake = Intake(writer=writer, metrics=metrics, clock=doors.clock, body_seconds=doors.limits.body_seconds)
    taken = webhooks(doors.webhooks, intake)
    routes: list[BaseRoute] = [
        *(Route(path, taken, methods=["POST"]) for path in WEBHOOK_PATHS),
        *_pages(doors),
        Route("/healthz", healthz),
        Route("/readyz", readyz(doors.database, doors.checks)),
        Route("/metrics", metrics_page(metrics)),
    ]
    if doors.slack is not None:
        routes += [
            Route(f"/slack/{name}", _slack(doors.slack, name, metrics, doors.limits.body_seconds), methods=["POST"])
            for name in SLACK_PATHS
        ]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(Guard, metrics=metrics)],
        exception_handlers={HTTPException: _refuse},
    )


def _pages(doors: Doors) -> tuple[BaseRoute, ...]:
    """Return the pages that open by their links."""
    cases = CaseRoom(database=doors.database, cases=doors.cases, people=doors.people, link_key=doors.link_key)
    policies = PolicyRoom(
        database=doors.database,
        policies=doors.policies,
        cases=doors.cases,
        people=doors.people,
        link_key=doors.link_key,
        clock=doors.clock,
    )
    return (
        Route("/cases/{case_id}", case_page(cases)),
        Route("/policies/{name}/{version}/{text}", policy_page(policies)),
    )


def server(app: Starlette, *, host: str, port: int) -> uvicorn.Server:
    """Return the server for the app: no server header, no log of addresses with their keys, bounded everywhere."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        lifespan="on",
        server_header=False,
        access_log=False,
        log_config=None,
        backlog=1_024,
        limit_concurrency=2_000,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=10,
        h11_max_incomplete_event_size=64 << 10,
    )
    return uvicorn.Server(config)


def _slack(answer: Endpoint, kind: str, metrics: Metrics, body_seconds: float) -> Endpoint:
    """Return the endpoint that reads the body within its limits and lets Slack's own app answer."""

    async def endpoint(request: Request) -> Response:
        try:
            body = await read_body(request, patience_seconds=body_seconds)
        except BodyTooLarge:
            response: Response = JSONResponse({"error": "too_large"}, status_code=413)
        except BodyTooSlow:
            response = JSONResponse({"error": "too_slow"}, status_code=408)
        except BodyCutShort:
            response = JSONResponse({"error": "malformed"}, status_code=400)
        else:
            response = await answer(with_body(request, body))
        metrics.slack.labels(kind, str(response.status_code)).inc()
        return response

    return endpoint


async def _refuse(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    names = {404: "not_found", 405: "method_not_allowed"}
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse({"error": names.get(status, "refused")}, status_code=status, headers=headers)
