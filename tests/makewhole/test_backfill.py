"""`makewhole backfill` reads whole accounts; killed or stopped, it goes on where it was."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from makewhole.running import only_worker
from makewhole.sandboxed import CONFIG, Sandbox, lend_credentials, sandbox, write_settings
from store import tables
from store.database import create_engine
from tests.makewhole.conftest import NOBODY_LISTENS, Told, changed, wait_until

NUMBER = 3_000
A_PAGE = 100
FIRST = datetime(2026, 10, 2, tzinfo=UTC)
SMALL_PAGES = {"  subdomain: harbor\n": f"  subdomain: harbor\n  page_size: {A_PAGE}\n"}


@pytest.fixture(scope="module")
def beside() -> Iterator[Sandbox]:
    """Run a sandbox whose Zendesk has three thousand tickets."""
    lend_credentials()
    with sandbox(seed=False) as made:
        user = {"id": 1_000, "name": "Ann", "external_id": "C-1", "locale": "en-US"}
        made.post("/zendesk/_sandbox/tickets", {"users": [user], "tickets": [a_ticket(each) for each in range(NUMBER)]})
        yield made


def a_ticket(number: int) -> dict[str, Any]:
    at = (FIRST + timedelta(minutes=10 * number)).isoformat().replace("+00:00", "Z")
    said = {"subject": f"Ticket {number}", "description": "Hello.", "requester_id": 1_000}
    return {"id": 1_000 + number, "created_at": at, "updated_at": at, **said}


@pytest.fixture
def settings(beside: Sandbox, tmp_path: Path, store_url: str) -> Path:
    """Return settings of an installation that has read nothing yet; a page is a hundred tickets."""
    path = write_settings(tmp_path, sandbox_url=beside.url, own_url=NOBODY_LISTENS, database=store_url)
    return changed(path, SMALL_PAGES)


def start(settings: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "makewhole", "backfill", *words, "--settings", str(settings)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=CONFIG.parent)


def kept(store_url: str) -> int:
    engine = create_engine(store_url)
    with engine.connect() as connection:
        found = connection.scalar(sa.select(sa.func.count()).select_from(tables.tickets))
    engine.dispose()
    return found or 0


def test_killed_in_the_middle_it_goes_on_and_nothing_is_lost_or_read_twice(settings: Path, store_url: str) -> None:
    with start(settings, "zendesk") as first:
        wait_until(lambda: kept(store_url) >= NUMBER // 3)
        first.send_signal(signal.SIGKILL)
    before = kept(store_url)
    assert NUMBER // 3 <= before < NUMBER
    assert before % A_PAGE == 0

    with start(settings, "zendesk", "--json") as again:
        out, _ = again.communicate(timeout=60)

    [found] = json.loads(out)["sources"]
    assert again.returncode == 0
    assert (found["state"], found["read"], found["read_records"]) == ("whole", NUMBER - before, NUMBER)
    assert kept(store_url) == NUMBER


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_stopped_it_ends_behind_a_page_and_says_where_it_stands(
    settings: Path, store_url: str, number: signal.Signals
) -> None:
    with start(settings, "zendesk") as running:
        wait_until(lambda: kept(store_url) > 0)
        running.send_signal(number)
        out, err = running.communicate(timeout=60)

    read = kept(store_url)
    assert running.returncode == 1
    assert err == "\nending after this page; once more ends at once\n"
    assert out.startswith(f"zendesk:harbor was stopped: {read} read in ")
    assert out.endswith(" UTC. The same command goes on there.\n")


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_every_account_is_read_when_none_is_named(settings: Path, cli: Callable[..., Told]) -> None:
    told = cli("backfill", "--settings", settings)
    again = cli("backfill", "--settings", settings, "--json")

    assert told.code == 0
    assert [line.partition(":")[0] for line in told.out.splitlines()] == [
        "zendesk",
        "salesforce",
        "jira",
    ]
    assert f"zendesk:harbor is whole: {NUMBER} read in " in told.out
    found = {each["source"]: each for each in again.json["sources"]}
    assert {source: (each["state"], each["read"]) for source, each in found.items()} == {
        "zendesk:harbor": ("whole", 0),
        "salesforce:harbor": ("whole", 0),
        "jira:harbor": ("whole", 0),
    }
    assert found["zendesk:harbor"]["calls"] >= 1
    assert cli("status", "--settings", settings).code == 0


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_vendor_that_asks_for_a_pause_gets_it(beside: Sandbox, settings: Path, cli: Callable[..., Told]) -> None:
    fault = {"fault": "rate_limited", "match": "GET /api/v2/incremental", "times": 1, "retry_after": 2}
    beside.post("/zendesk/_sandbox/faults", fault)

    told = cli("backfill", "zendesk", "--settings", settings, "--json")

    [found] = told.json["sources"]
    assert (told.code, found["read"]) == (0, NUMBER)
    assert found["waited_seconds"] >= 2
    assert told.err.startswith("zendesk:harbor waits 2 s: ")


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_vendor_that_refuses_us_ends_it_with_its_words(
    settings: Path, cli: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "MAKEWHOLE_ZENDESK_CLIENT_SECRET", "wrong")

    told = cli("backfill", "zendesk", "--settings", settings)

    assert told.code == 1
    assert told.out.startswith("zendesk:harbor failed: ")
    assert cli("status", "--settings", settings).code == 1


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_beside_the_service_on_the_same_file_it_is_refused(
    settings: Path, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    with only_worker(tmp_path / "makewhole.sqlite"):
        told = cli("backfill", "--settings", settings)

    assert told.code == 3
    assert told.err.startswith("another makewhole works on ")
    assert told.err.endswith("stop it first: it reads the same account, and SQLite takes one at a time\n")


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_only_helpdesks_of_the_settings_can_be_read(settings: Path, cli: Callable[..., Told]) -> None:
    told = cli("backfill", "hubspot", "--settings", settings)

    assert told.code == 2
    assert told.err == (
        "there is no helpdesk hubspot in the settings; there is zendesk:harbor, salesforce:harbor, jira:harbor\n"
    )
