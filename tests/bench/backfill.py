"""How fast a whole Zendesk account is read: our connector beside a plain zenpy loop, same server, same run.

``python -m tests.bench.backfill [--tickets 20000] [--json]`` starts the sandbox as a process of its own, loads so many
tickets, and reads all of them with each reader, twice, in turns; the better run of each counts. The CPU seconds are
this process's, the server's are its own. Both readers end with the same facts: subject, status, tags, fields, stamp and
who the customer is. What becomes of a page is a callable: keep pages in a database to measure that too.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from zenpy import Zenpy

from connectors.contract import Cursor, Page, TicketSource
from connectors.transport import Transport
from connectors.zendesk.client import connect
from connectors.zendesk.settings import ApiToken, ZendeskSettings

START = datetime(2026, 1, 1, tzinfo=UTC)
LOADED_AT_ONCE = 2_000
MOST_PAGES = 10_000
ROUNDS = 2
FIELDS = tuple((f"field_{number}", 900_000 + number) for number in (1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15))
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
    settings = ZendeskSettings(
        subdomain="harbor",
        auth=ApiToken(email="bot@harbor.example", token="sandbox-api-token"),
        fields=FIELDS,
        target=f"{url}/zendesk",
        calls_per_minute=None,
        exports_per_minute=None,
    )
    return read_all(connect(settings), keep)


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
        readers = {"connector": read_with_connector, "zenpy loop": read_with_zenpy}
        runs = [measure(name, read, url) for _ in range(ROUNDS) for name, read in readers.items()]
    wrong = [run for run in runs if run.tickets != tickets]
    if wrong:
        raise AssertionError(f"not every ticket was read: {wrong}")
    return tuple(min((run for run in runs if run.reader == name), key=lambda run: run.cpu_seconds) for name in readers)


def measure(name: str, read: Callable[[str], int], url: str) -> Figures:
    """Return what one reading took."""
    cpu, wall = time.process_time(), time.perf_counter()
    tickets = read(url)
    return Figures(
        reader=name,
        tickets=tickets,
        cpu_seconds=time.process_time() - cpu,
        wall_seconds=time.perf_counter() - wall,
    )


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
        "custom_fields": {"900001": "delayed_withdrawal", "900004": f"W-{number}", "900006": "12.50"},
        "created_at": at,
        "updated_at": at,
    }


def main() -> int:
    """Print the comparison; returns 0 when our connector takes a fifth of the CPU or less."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.backfill", description=__doc__)
    parser.add_argument("--tickets", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    ours, plain = compare(options.tickets)
    ratio = plain.cpu_seconds / ours.cpu_seconds
    if options.json:
        rows = [asdict(each) | {"cpu_seconds_per_10k": round(each.cpu_seconds_per_10k, 3)} for each in (ours, plain)]
        print(json.dumps({"schema": 1, "readers": rows, "times_faster": round(ratio, 1)}))  # noqa: T201
    else:
        print(f"{'reader':<12}{'tickets':>9}{'CPU s':>9}{'wall s':>9}{'CPU s/10k':>11}")  # noqa: T201
        for each in (ours, plain):
            figures = f"{each.tickets:>9}{each.cpu_seconds:>9.2f}{each.wall_seconds:>9.2f}"
            print(f"{each.reader:<12}{figures}{each.cpu_seconds_per_10k:>11.2f}")  # noqa: T201
        print(f"the connector takes {ratio:.1f} times less CPU")  # noqa: T201
    return 0 if ratio >= 5 else 1


if __name__ == "__main__":
    sys.exit(main())
