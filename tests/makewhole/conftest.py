"""The house at work in this process against a sandbox, and its command line."""

import contextlib
import io
import json
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from cases.case import AwaitingApproval, Stage
from cases.people import Person
from cases.proposal import Verdict
from config.settings import load_settings
from makewhole.assembly import House, build
from makewhole.background import handlers, queues
from makewhole.cli import main
from makewhole.sandboxed import Sandbox, free_port, lend_credentials, release_policies, sandbox, write_settings
from sandbox.seed import load_seed
from store.jobs import Worker, backlog
from workflow import one_case
from workflow.approval import Word, open_stage

TICKETS = 40
PATIENCE_SECONDS = 60
NOBODY_LISTENS = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """What `--json` printed: one object with the schema number."""
        found: dict[str, Any] = json.loads(self.out)
        assert found["schema"] == 1
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A sandbox in which a day's work was done, and the database that was left by it.

    Fields:
        sandbox: Still running.
        template: The SQLite file; to be copied.
        own_url: Where Zendesk's webhook points.
    """

    sandbox: Sandbox
    template: Path
    own_url: str

    def settings(self, folder: Path, *, changes: dict[str, str] | None = None, database: str | None = None) -> Path:
        """Write settings with a copy of the database, or another one, and with some pieces replaced."""
        folder.mkdir(exist_ok=True)
        if database is None:
            shutil.copy(self.template, folder / "makewhole.sqlite")
        path = write_settings(folder, sandbox_url=self.sandbox.url, own_url=self.own_url, database=database)
        return changed(path, changes or {})

    def fault(self, app: str, fault: str, match: str, **more: Any) -> None:
        """Arm a fault at one vendor."""
        self.sandbox.post(f"/{app}/_sandbox/faults", {"fault": fault, "match": match, **more})

    def calm(self) -> None:
        """Clear all faults."""
        for app in ("zendesk", "slack", "payouts", "accounts"):
            self.sandbox.client.delete(f"{self.sandbox.url}/{app}/_sandbox/faults").raise_for_status()


def pytest_configure(config: pytest.Config) -> None:
    """Name the one long test of this room, so that it can be left out: -m "not demo"."""
    config.addinivalue_line("markers", "demo: plays the whole day; half a minute")


def changed(settings: Path, changes: dict[str, str]) -> Path:
    """Replace pieces of a settings file."""
    text = settings.read_text(encoding="utf-8")
    for usual, ours in changes.items():
        assert usual in text
        text = text.replace(usual, ours)
    settings.write_text(text, encoding="utf-8")
    return settings


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lend the sandbox's credentials; let tables be as wide as they like."""
    lend_credentials()
    monkeypatch.delenv("MAKEWHOLE_DATABASE_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    """Return what runs a command in this process, as `makewhole` does."""

    def run(*arguments: object) -> Told:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "argv", ["makewhole", *map(str, arguments)])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main()
                code: object = 0
            except SystemExit as end:
                code = end.code or 0
        assert isinstance(code, int)
        return Told(code=code, out=out.getvalue(), err=err.getvalue())

    return run


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Let tickets come in, people decide and customers be paid, once for all tests of this process."""
    lend_credentials()
    folder = tmp_path_factory.mktemp("world")
    own_url = f"http://127.0.0.1:{free_port()}"
    os.environ.pop("MAKEWHOLE_DATABASE_URL", None)
    with sandbox(own_url=own_url, seed=False) as beside:
        seed = load_seed()
        beside.post("/payouts/_sandbox/payees", {"unknown": list(seed.unknown_payees)})
        for record in seed.records:
            beside.post("/accounts/_sandbox/facts", asdict(record))
        load = {"users": list(seed.users), "tickets": list(seed.tickets[:TICKETS])}
        beside.post("/zendesk/_sandbox/tickets", load)
        path = write_settings(folder, sandbox_url=beside.url, own_url=own_url)
        with house_of(path) as house:
            release_policies(house)
            work(house)
        template = folder / "template.sqlite"
        # A plain copy would miss what stands in the write-ahead log.
        with (
            contextlib.closing(sqlite3.connect(folder / "makewhole.sqlite")) as source,
            contextlib.closing(sqlite3.connect(template)) as copy,
        ):
            source.backup(copy)
        yield World(sandbox=beside, template=template, own_url=own_url)


@pytest.fixture
def at_peace(world: World) -> Iterator[World]:
    """Return the world, and end the faults that a test arms."""
    yield world
    world.calm()


@contextlib.contextmanager
def house_of(settings: Path) -> Iterator[House]:
    """Open the house of a settings file."""
    house = build(load_settings(settings))
    try:
        yield house
    finally:
        house.close()


def work(house: House) -> None:
    """Read all tickets, decide all cases and pay, with a real worker, until nothing is left to do."""
    worker = Worker(house.database, house.jobs, house.settings.database, queues(house.settings))
    worker.start(handlers(house), on_fenced=lambda: None, alone=True)
    try:
        with house.database.begin() as tx:
            tx.enqueue("poll", "zendesk:harbor@1")
        wait_until(lambda: _is_quiet(house))
        while decide_all(house):
            wait_until(lambda: _is_quiet(house))
    finally:
        worker.stop()


def decide_all(house: House) -> int:
    """Let the first who may say yes to each case that waits, and no to every seventh; return how many waited."""
    with house.database.read() as connection:
        waiting = house.desk.cases.list(connection, stage=Stage.AWAITING_APPROVAL, limit=1000)
    for stored in waiting:
        case = stored.case
        assert isinstance(case, AwaitingApproval)
        no = stored.number % 7 == 0
        with house.database.begin() as tx:
            word = Word(
                fingerprint=case.proposal.fingerprint,
                verdict=Verdict.REJECT if no else Verdict.APPROVE,
                reason_code="evidence_missing" if no else None,
                comment=None,
                said_at=house.clock(),
                via="slack",
            )
            one_case.decide(house.desk, tx, case.about.id, word, _able(house, case))
    return len(waiting)


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until it holds, not longer than a minute."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come to an end"
        time.sleep(0.05)


def _is_quiet(house: House) -> bool:
    with house.database.read() as connection:
        return not backlog(connection).keys() - {"work"} and not _unsettled(house)


def _unsettled(house: House) -> bool:
    stages = (Stage.OPENED, Stage.PROPOSED, Stage.APPROVED, Stage.PAID, Stage.DECLINED)
    with house.database.read() as connection:
        return any(house.desk.cases.list(connection, stage=stage, limit=1) for stage in stages)


def _able(house: House, case: AwaitingApproval) -> Person | None:
    number = open_stage(case.proposal, case.approvals)
    roles = case.proposal.approvals[number].roles if number is not None else ()
    with house.database.read() as connection:
        gone = {*one_case.handlers_of(house.desk, connection, case), *(each.person for each in case.approvals)}
    able = (
        person
        for person in house.desk.people.everyone
        if person.id not in gone
        and any(each.role in roles and each.covers(case.proposal.amount) for each in person.authorities)
    )
    return next(able, None)
