"""kill -9 at random moments, again and again, while claims come in, people click and vendors fail."""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa

from makewhole.assembly import House
from store import tables
from tests.crash.books import Finding, compare
from tests.crash.claims import Claim, make_claims
from tests.crash.people import People
from tests.crash.product import Process, running, until
from tests.crash.town import Town, town

READY_SECONDS = 60.0
#: How long nothing may change before what is missing counts as lost; longer than the longest backoff met here.
STILL_SECONDS = 40.0
DONE = ("closed", "needs_attention", "joined")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one run does.

    Fields:
        kills: How often a process is killed.
        claims: How many losses are told of.
        workers: How many processes work; one on SQLite.
        seed: Where chance begins.
        faults: (vendor, fault, what it matches, how often) armed from the start.
        bug: A bug to plant in the product, see `planted`.
        payout_settings: How the provider behaves, see the sandbox.
        still_seconds: How long nothing may change before what is missing counts as lost.
    """

    kills: int
    claims: int
    workers: int
    seed: int
    faults: tuple[tuple[str, str, str, float], ...]
    bug: str | None = None
    payout_settings: tuple[tuple[str, float], ...] = ()
    still_seconds: float = STILL_SECONDS


#: Three in a hundred fail before anything was done, three after; and some trouble with everybody else.
FAULTS = (
    ("payouts", "unavailable", "POST /v1/payouts", 0.03),
    ("payouts", "dropped_after_write", "POST /v1/payouts", 0.03),
    ("zendesk", "dropped_after_write", "PUT /api/v2/tickets", 0.02),
    ("zendesk", "rate_limited", "GET /api/v2/tickets", 0.01),
    ("slack", "dropped_after_write", "POST /api/chat.postMessage", 0.02),
    ("slack", "unavailable", "POST /api/chat.update", 0.01),
    ("accounts", "unavailable", "GET /v1/losses", 0.01),
)


@dataclass(slots=True, kw_only=True)
class Report:
    """How a run ended.

    Fields:
        kills: How often a process was killed.
        in_flight: How many of these kills met work that the process was doing.
        payments: What the provider paid.
        interrupted: Jobs that were under way when their process was killed.
    """

    store: str
    claims: int
    kills: int = 0
    in_flight: int = 0
    interrupted: int = 0
    payments: int = 0
    clicks: int = 0
    seconds: float = 0.0
    findings: tuple[Finding, ...] = field(default=())

    def count(self, kind: str) -> int:
        """Return how many findings are of this kind."""
        return sum(each.kind == kind for each in self.findings)


def kill_again_and_again(plan: Plan, store: str, database: str, say: Callable[[str], None]) -> Report:
    """Carry out a plan on this database and return what the books say afterwards."""
    started = time.monotonic()
    claims = make_claims(plan.claims)
    report = Report(store=store, claims=len(claims))
    with town(database) as here:
        processes = _processes(plan, here)
        here.know(claims)
        for number, (app, fault, match, rate) in enumerate(plan.faults):
            here.trouble(app, fault, match, rate=rate, seed=plan.seed + number)
        if plan.payout_settings:
            here.send("/payouts/_sandbox/settings", dict(plan.payout_settings))
        house = here.house()
        with running(*processes):
            until(processes[0].is_ready, seconds=READY_SECONDS, what="the product did not start")
            people = People.of(here, house, claims)
            with _clicking(people):
                for kills in _kill(plan, here, house, processes, report):
                    if kills % 10 == 0:
                        say(f"  {store}: {kills} kills, {report.in_flight} with work in flight")
                _settle(plan, house, claims)
            report.clicks = people.clicks
            report.findings = compare(here, house, claims)
            report.payments = len(here.sandbox.get("/payouts/_sandbox/state")["payments"])  # type: ignore[arg-type]  # JSON.
        house.close()
    report.seconds = time.monotonic() - started
    return report


def _processes(plan: Plan, here: Town) -> tuple[Process, ...]:
    module, prefix = ("tests.crash.planted", (plan.bug,)) if plan.bug else ("makewhole", ())
    commands = ("run", *["worker"] * (plan.workers - 1))
    return tuple(Process(town=here, module=module, arguments=(*prefix, command)) for command in commands)


def _kill(plan: Plan, here: Town, house: House, processes: tuple[Process, ...], report: Report) -> Iterator[int]:
    """Kill as often as planned, with new claims before each, and yield how often it was done so far."""
    chance = random.Random(plan.seed)  # noqa: S311  # Repeatable on purpose.
    rounds = plan.kills + 1
    claims = make_claims(plan.claims)
    for number in range(plan.kills):
        here.bring(claims[number::rounds], notify=number % 2 == 1)
        victim = chance.choice(processes)
        _let_work(house, processes, chance)
        doing = _doing(house)
        report.kills += 1
        report.in_flight += doing > 0
        report.interrupted += doing
        victim.kill()
        victim.start()
        if victim.serves:
            until(victim.is_ready, seconds=READY_SECONDS, what="the product did not come back")
        yield report.kills
    here.bring(claims[plan.kills :: rounds])


def _let_work(house: House, processes: tuple[Process, ...], chance: random.Random) -> None:
    """Wait for a random while, from the moment that somebody works."""
    deadline = time.monotonic() + 10
    while not _doing(house) and time.monotonic() < deadline:
        time.sleep(0.02)
    for process in processes:
        if process.ended() is not None:
            process.start()  # Fenced: others had taken it for dead. Its supervisor starts it again.
    time.sleep(chance.uniform(0.0, 1.5))


def _doing(house: House) -> int:
    """Return how many jobs are being done at this moment."""
    schema = "dbos" if house.engine.dialect.name == "postgresql" else None
    status = sa.table("workflow_status", sa.column("status"), schema=schema)
    with house.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).where(status.c.status == "PENDING")) or 0


@contextlib.contextmanager
def _clicking(people: People) -> Iterator[None]:
    """Let people look at their screens until the block ends."""
    stopping = threading.Event()

    def click() -> None:
        while not stopping.wait(0.5):
            with contextlib.suppress(sa.exc.OperationalError):  # The database is busy: they look again.
                people.look()

    thread = threading.Thread(target=click, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _settle(plan: Plan, house: House, claims: tuple[Claim, ...]) -> None:
    """Return once everything is done, or once nothing has changed for a long while: the rest is lost then."""
    before, changed_at = standing(house), time.monotonic()
    while time.monotonic() - changed_at < plan.still_seconds:
        now = standing(house)
        if now[0] >= len(claims) and now[1:] == (0, 0, 0):
            return
        if now != before:
            before, changed_at = now, time.monotonic()
        time.sleep(0.2)


def standing(house: House) -> tuple[int, int, int, int]:
    """Return how many cases there are, are not done, messages that wait, and payouts that nobody is sure of."""
    with house.database.read() as connection:
        counted = sa.select(tables.cases.c.stage, sa.func.count()).group_by(tables.cases.c.stage)
        stages = {str(stage): int(count) for stage, count in connection.execute(counted)}
        unsaid = connection.scalar(
            sa.select(sa.func.count()).select_from(tables.outbox).where(tables.outbox.c.state == "waiting")
        )
        unsure = sa.select(sa.func.count()).select_from(tables.payouts).where(tables.payouts.c.state == "unknown")
        open_payouts = connection.scalar(unsure)
    undone = sum(count for stage, count in stages.items() if stage not in DONE)
    return sum(stages.values()), undone, unsaid or 0, open_payouts or 0
