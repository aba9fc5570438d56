"""Start the product: the whole of it in one process, or one more worker."""

import asyncio
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
import structlog
import uvicorn

from bot import app as slack_app
from connectors.contract import Delivery, Helpdesk
from connectors.salesforce.webhook import ACK, ACK_CONTENT_TYPE
from makewhole import status_shown
from makewhole.assembly import House
from makewhole.opening import opened
from makewhole.printing import to_people
from makewhole.running import AlreadyRunning, settle_down, working
from makewhole.sandboxed import lend_credentials, release_policies, sandbox, write_settings
from makewhole.trouble import Unusable
from store import conflicts, failures, figures, jobs
from store.jobs import Worker
from web.app import Doors, create_app, server
from web.metrics import Gauge
from web.webhooks import Door

log = structlog.get_logger(__name__)
SANDBOX_PORT, OWN_PORT = 8900, 8800


def run(settings: Path, *, with_sandbox: bool) -> int:
    """Serve and work until SIGTERM or Ctrl-C, then end in good order; with a sandbox beside us when asked."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    with ExitStack() as stack:
        if with_sandbox:
            lend_credentials()
            own_url = f"http://127.0.0.1:{OWN_PORT}"
            beside = stack.enter_context(sandbox(port=SANDBOX_PORT, own_url=own_url))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="makewhole-")))
            settings = write_settings(folder, sandbox_url=beside.url, own_url=own_url)
            _welcome(beside.url)
        house = stack.enter_context(opened(settings))
        if with_sandbox:
            release_policies(house)
        try:
            worker = stack.enter_context(working(house, with_ticks=True))
        except AlreadyRunning as problem:
            raise Unusable(str(problem)) from None
        settle_down()
        serve(house, worker)
    return 0


def work(settings: Path) -> int:
    """Work until SIGTERM or Ctrl-C, beside other workers on the same PostgreSQL."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with opened(settings) as house:
        if house.engine.dialect.name == "sqlite":
            raise Unusable("SQLite has one worker, and `makewhole run` is it; set database to PostgreSQL for more")
        with working(house, with_ticks=True):
            settle_down()
            stopping.wait()
    return 0


def serve(house: House, worker: Worker) -> None:
    """Serve the web until SIGTERM or Ctrl-C."""
    listen = house.settings.listen
    with listening(listen.host, listen.port) as listener:
        made = server(create_app(doors(house, worker)), host=listen.host, port=listen.port)
        asyncio.run(_serve(house, made, listener))


def listening(host: str, port: int) -> socket.socket:
    """Return a listening socket without Nagle's delay, which asyncio only turns off for an explicit protocol."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def doors(house: House, worker: Worker) -> Doors:
    """Return what the web needs of the house."""
    slack = None
    if house.settings.slack.mode == "http":
        bolt = slack_app.create_app(house.slack, house.slack_backing)
        slack = slack_app.http_endpoint(bolt, house.slack, house.clock)
    return Doors(
        database=house.database,
        cases=house.desk.cases,
        policies=house.desk.policies,
        people=house.desk.people,
        webhooks=tuple(map(_door, house.helpdesks.values())),
        slack=slack,
        link_key=house.settings.link_key.reveal().encode(),
        clock=house.clock,
        checks={"worker": worker.problem},
        gauges=gauges(house),
    )


def _door(helpdesk: Helpdesk) -> Door:
    def read(raw: bytes, headers: Mapping[str, str], path_secret: str, now: datetime) -> Delivery:
        return helpdesk.delivery(raw, headers, path_secret=path_secret, now=now)

    told = (ACK, ACK_CONTENT_TYPE) if helpdesk.vendor == "salesforce" else None
    return Door(source=f"{helpdesk.vendor}:{helpdesk.account}", read=read, acknowledgement=told)


def gauges(house: House) -> tuple[Gauge, ...]:
    """Return the figures that Prometheus may ask for."""

    def reading(look: Callable[[sa.Connection], Mapping[str, float]]) -> Callable[[], Mapping[str, float]]:
        def read() -> Mapping[str, float]:
            with house.database.read() as connection:
                return look(connection)

        return read

    def dead(connection: sa.Connection) -> Mapping[str, float]:
        return {"": len(failures.dead_letters(connection))}

    def poll_age(connection: sa.Connection) -> Mapping[str, float]:
        moments = figures.last_polls(connection)
        return {source: (house.clock() - at).total_seconds() for source, at in moments.items()}

    def of_sources(name: str) -> Callable[[], Mapping[str, float]]:
        return lambda: status_shown.figures_of(house, name)

    return (
        *(
            Gauge(name=name, says=says, label="source", read=of_sources(name))
            for name, says in status_shown.FIGURES.items()
        ),
        Gauge(name="makewhole_last_poll_seconds", says="Time since a poll.", label="source", read=reading(poll_age)),
        Gauge(name="makewhole_backlog_jobs", says="Jobs that wait or run.", label="queue", read=reading(jobs.backlog)),
        Gauge(name="makewhole_dead_letters", says="Jobs that wait for an operator.", label=None, read=reading(dead)),
        Gauge(
            name="makewhole_field_conflicts",
            says="Fields in conflict.",
            label="cause",
            read=reading(conflicts.count_open),
        ),
        Gauge(name="makewhole_cases", says="Cases.", label="stage", read=reading(figures.cases_by_stage)),
        Gauge(name="makewhole_payouts", says="Payouts.", label="state", read=reading(figures.payouts_by_state)),
    )


async def _serve(house: House, made: uvicorn.Server, listener: socket.socket) -> None:
    log.info("serving", url=house.settings.public_url)
    if house.settings.slack.mode == "http":
        await made.serve(sockets=[listener])
        return
    bolt = slack_app.create_app(house.slack, house.slack_backing)
    connection = await slack_app.start_socket_mode(bolt, house.slack)
    try:
        await made.serve(sockets=[listener])
    finally:
        await connection.close_async()  # type: ignore[no-untyped-call]  # Bolt's handlers are untyped.


def _leave(*_: object) -> None:
    """End with 0: uvicorn has closed its doors and raises the signal it caught again, which would end us at once."""
    sys.exit(0)


def _welcome(sandbox_url: str) -> None:
    say = to_people().print
    say(f"The sandbox is at {sandbox_url}: open {sandbox_url}/slack/ in a browser,", markup=False)
    say("choose #compensation, act as Amelia Chen, and approve a compensation. Ctrl-C ends it all.", markup=False)
