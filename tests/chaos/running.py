"""One run: product and sandbox as processes, losses told of and tickets changed in any weather, then the books."""

import contextlib
import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa

from cases.ticket import TicketRef
from makewhole.assembly import RECONCILE, House
from sync.intake import POLL
from tests.chaos.agents import Desks
from tests.chaos.books import Compared, compare, is_looping
from tests.chaos.desks import Seen, read_desks, unfinished
from tests.chaos.findings import Finding, Kind
from tests.chaos.folders import OWNERS
from tests.chaos.histories import history_of
from tests.chaos.losses import Loss, make_losses
from tests.chaos.product import FORGETFUL
from tests.chaos.weather import calm, expire_token, storm
from tests.crash.people import People
from tests.crash.product import Process, running, until
from tests.crash.town import QUICK, Town, town

READY_SECONDS = 120.0
#: How long nothing may change before what is missing counts as lost; longer than the longest backoff met here.
STILL_SECONDS = 45.0
#: Long enough for what the owners say last to be later than all before.
SHORT_QUIET_SECONDS = 2.0
#: How long writing may go on in good weather: so long, and so much longer for each change.
SETTLE_SECONDS, SETTLE_SECONDS_PER_CHANGE = 300.0, 1.0
CHANGES_PER_LOSS, CHANGES_PER_TOKEN = 16, 40
HISTORIES, LOG_LINES = 5, 40
#: Between two changes, and between two looks at what has come of them.
PAUSE_SECONDS, LOOK_SECONDS = 0.03, 0.7
#: How long changes wait for a product that lags behind, and what counts as far behind.
BREATHE_SECONDS, MOST_WAITING = 20.0, 150
#: So many jobs may wait though all is done: polls and comparisons go on for ever.
MOST_LEFT = 20

#: Owners of every kind, and quick polls.
SETTINGS = {
    **QUICK,
    "    order_id: {owner: newest}\n": (
        "    order_id: {owner: newest}\n"
        "    position_id: {owner: salesforce}\n"
        "    claimed_asset: {owner: jira, on_change: flag}\n"
        "    incident_id: {owner: makewhole}\n"
        "    mw_reason: {on_change: flag}\n"
    ),
    "      to_vendors: [zendesk, salesforce, jira]\n": (
        "      to_vendors: [zendesk, salesforce, jira]\n      public: true\n"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one run does.

    Fields:
        changes: How many changes are made, new tickets included.
        kills: How often a process is killed.
        workers: How many processes work; one on SQLite.
        seed: Where chance begins.
        echo: Whether the product knows its own words again.
        quiet_seconds: How long nothing may be written for all to count as quiet: several polls and a reconciliation.
    """

    changes: int
    kills: int
    workers: int
    seed: int
    echo: bool = True
    quiet_seconds: float = 8.0


@dataclass(slots=True, kw_only=True)
class Report:
    """How a run ended.

    Fields:
        conflicts: How many conflicts are listed, by field and cause.
        done: How often each kind of thing was done by agents and customers.
        struck: How often each fault struck.
        restless: Whether tickets were still being written to when nobody did anything any more.
        histories: What is behind the first findings.
    """

    store: str
    changes: int = 0
    losses: int = 0
    tickets: int = 0
    kills: int = 0
    writes: int = 0
    clicks: int = 0
    seconds: float = 0.0
    conflicts: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    struck: dict[str, int] = field(default_factory=dict)
    restless: bool = False
    findings: tuple[Finding, ...] = ()
    histories: tuple[str, ...] = ()

    def count(self, kind: Kind) -> int:
        """Return how many findings are of this kind."""
        return sum(each.kind is kind for each in self.findings)


class Looping(Exception):
    """Our own words go round: the run is ended before it fills the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that is under way."""

    plan: Plan
    town: Town
    house: House
    desks: Desks
    processes: tuple[Process, ...]
    report: Report
    say: Callable[[str], None]


def run(plan: Plan, store: str, database: str, say: Callable[[str], None]) -> Report:
    """Carry out a plan on this database and return what the books say afterwards."""
    started, report = time.monotonic(), Report(store=store)
    losses = make_losses(max(4, plan.changes // CHANGES_PER_LOSS), seed=plan.seed)
    claims = tuple(each.claim for each in losses)
    with town(database, changes=SETTINGS) as here, contextlib.closing(here.house()) as house:
        here.know(claims)
        processes, desks = _processes(plan, here), Desks(town=here, seed=plan.seed)
        it = Run(plan=plan, town=here, house=house, desks=desks, processes=processes, report=report, say=say)
        with running(*processes):
            until(processes[0].is_ready, seconds=READY_SECONDS, what="the product did not start")
            people = People.of(here, house, claims)
            with _clicking(people), contextlib.suppress(Looping):
                storm(here, seed=plan.seed)
                _change(it, losses)
                report.struck = calm(here)
                say(f"  {store}: {desks.made} changes made after {time.monotonic() - started:.0f} s, calm now")
                _settle(it, quiet_seconds=min(SHORT_QUIET_SECONDS, plan.quiet_seconds))
                _last_word(desks)
                _settle(it, quiet_seconds=plan.quiet_seconds)
            report.clicks = people.clicks
            _tell(it, compare(here, house, desks))
    report.seconds = time.monotonic() - started
    return report


def _processes(plan: Plan, here: Town) -> tuple[Process, ...]:
    before = () if plan.echo else (FORGETFUL,)
    commands = ("run", *["worker"] * (plan.workers - 1))
    return tuple(Process(town=here, module="tests.chaos.product", arguments=(*before, each)) for each in commands)


def _change(it: Run, losses: tuple[Loss, ...]) -> None:
    """Tell of losses and change tickets until enough was done, killing a process now and then."""
    plan, desks = it.plan, it.desks
    chance = random.Random(plan.seed)  # noqa: S311  # Repeatable on purpose.
    waiting = list(losses)
    deaths = sorted(chance.randrange(plan.changes // 5, plan.changes) for _ in range(plan.kills))
    looked_at, expire_at = 0.0, CHANGES_PER_TOKEN
    while desks.made < plan.changes or waiting:
        if waiting and (not desks.folders or chance.random() < 2 * len(losses) / plan.changes):
            desks.tell(waiting.pop(0))
        else:
            desks.act()
        time.sleep(PAUSE_SECONDS)
        if time.monotonic() - looked_at > LOOK_SECONDS:
            _let_breathe(it)
            looked_at = time.monotonic()
        if desks.made >= expire_at:
            expire_token(it.town, chance.choice(("zendesk", "salesforce")))
            expire_at += CHANGES_PER_TOKEN
        if deaths and desks.made >= deaths[0]:
            deaths.pop(0)
            _kill(it, chance.choice(it.processes))
    until(it.processes[0].is_ready, seconds=READY_SECONDS, what="the product did not come back")


def _kill(it: Run, victim: Process) -> None:
    it.report.kills += 1
    victim.kill()
    victim.start()
    it.say(f"  {it.report.store}: {it.desks.made} changes, {it.report.kills} kills")


def _let_breathe(it: Run) -> None:
    """Wait where the product lags far behind, or few losses have come to be one case yet: later acts need those."""
    deadline = time.monotonic() + BREATHE_SECONDS
    while time.monotonic() < deadline:
        _look(it)
        if it.desks.unsettled <= max(1, len(it.desks.folders) // 2) and _waiting(it.house) < MOST_WAITING:
            return
        time.sleep(0.3)


def _look(it: Run) -> dict[TicketRef, Seen]:
    """Look at every ticket and return what was seen, and start what has ended, as a supervisor does. Raises Looping."""
    for each in it.processes:
        if each.ended() is not None:
            it.say(f"  {it.report.store}: a process ended by itself with {each.ended()}")
            each.start()  # Others had taken it for dead.
    seen = read_desks(it.town.sandbox)
    if is_looping(seen, it.desks.folders.values()):
        raise Looping
    it.desks.look(seen)
    return seen


def _waiting(house: House) -> int:
    schema = "dbos" if house.engine.dialect.name == "postgresql" else None
    status = sa.table("workflow_status", sa.column("status"), schema=schema)
    with house.database.read() as connection:
        query = sa.select(sa.func.count()).where(status.c.status.in_(["ENQUEUED", "PENDING"]))
        return connection.scalar(query) or 0


def _settle(it: Run, *, quiet_seconds: float) -> None:
    """Return once the books agree and all is quiet, or once nothing has changed for a long while. Raises Looping."""
    before, changed_at, compared = "", time.monotonic(), False
    deadline = changed_at + SETTLE_SECONDS + SETTLE_SECONDS_PER_CHANGE * it.desks.made
    while time.monotonic() < deadline:
        now = _standing(_look(it))
        if now != before or unfinished(it.town.sandbox):
            before, changed_at, compared = now, time.monotonic(), False
        still = time.monotonic() - changed_at
        if not compared and still > quiet_seconds / 4:
            _read_all(it)
            compared = True
        if still > STILL_SECONDS and _waiting(it.house) < MOST_LEFT:
            return  # On a host that is busy with other things more may be about to be done.
        if still > quiet_seconds and not compare(it.town, it.house, it.desks).findings:
            return
        time.sleep(LOOK_SECONDS)
    it.report.restless = True


def _read_all(it: Run) -> None:
    """Let the product poll and reconcile every account once more, at another time than ever before."""
    name = f"quiet-{time.monotonic_ns()}"
    with it.house.database.begin() as tx:
        for source in it.house.intakes:
            tx.enqueue(POLL, f"{source}@{name}")
            tx.enqueue(RECONCILE, f"{source}@{name}")


def _standing(seen: dict[TicketRef, Seen]) -> str:
    """Return a hash of all that the vendors have, their stamps included: it changes with every write."""
    return hashlib.sha256(repr(sorted(seen.items())).encode()).hexdigest()


def _last_word(desks: Desks) -> None:
    """Let every owner say once more what each field is, and one agent write on each loss, in good weather."""
    for folder in desks.folders.values():
        if not folder.settled:
            continue
        for name in OWNERS:
            desks.last_word(folder, name)
        desks.comment(folder, folder.writable[-1])


@contextlib.contextmanager
def _clicking(people: People) -> Iterator[None]:
    """Let people look at their screens now and then until the block ends."""
    stopping = threading.Event()

    def click() -> None:
        while not stopping.wait(1.5):
            with contextlib.suppress(sa.exc.OperationalError):  # The database is busy: they look again.
                people.look()

    thread = threading.Thread(target=click, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _tell(it: Run, compared: Compared) -> None:
    report, desks = it.report, it.desks
    report.changes, report.losses = desks.made, len(desks.folders)
    report.done = dict(desks.done)
    report.findings, report.conflicts = compared.findings, dict(compared.conflicts)
    if report.restless:
        report.findings += (Finding(kind=Kind.LOOPS, check="quiet", what="tickets are written to without end"),)
    seen = read_desks(it.town.sandbox)
    report.tickets = len(seen)
    report.writes = sum(each.mark is not None for ticket in seen.values() for each in ticket.comments)
    troubled = dict.fromkeys(each.loss for each in compared.findings if each.loss is not None)
    folders = [desks.folders[number] for number in list(troubled)[:HISTORIES]]
    report.histories = tuple(line for folder in folders for line in history_of(it.house, folder, seen))
    log = it.town.folder / "product.log"
    if compared.findings and log.exists():
        report.histories += tuple(log.read_text(errors="replace").splitlines()[-LOG_LINES:])
