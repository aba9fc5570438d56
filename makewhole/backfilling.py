"""`makewhole backfill`: a whole account is read in the foreground, and a kill costs the page under way."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from connectors.contract import AccessRefused, Page, UnexpectedReply
from connectors.transport import Exchange
from makewhole.assembly import House
from makewhole.opening import opened
from makewhole.printing import aside, print_json, to_people
from makewhole.running import AlreadyRunning, only_worker
from makewhole.status_shown import filled
from makewhole.trouble import Unusable, WrongUsage
from store import health, leases
from store.database import normal_url
from store.health import SourceHealth
from store.migrating import migrate
from sync.filling import Filling, fill
from sync.intake import Intake

#: Shorter pauses are nothing to tell of.
TOLD_FROM_SECONDS = 1.0
SLICE_SECONDS = 0.2


@dataclass(slots=True, kw_only=True)
class Stopping:
    """Whether somebody asked for the end: Ctrl-C or SIGTERM, once in good order, twice at once."""

    asked: bool = False

    def pause(self, seconds: float) -> bool:
        """Wait so long; False when the end was asked for."""
        # In slices: a lock that a signal's handler wakes may be the one that the interrupted code holds.
        until = time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(SLICE_SECONDS, left))
        return not self.asked

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Hear signals until the block ends."""
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def hear(number: int, _frame: object) -> None:
            self.asked = True
            signal.signal(number, before[signal.Signals(number)])
            sys.stderr.write("\nending after this page; once more ends at once\n")

        for number in before:
            signal.signal(number, hear)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@dataclass(slots=True, kw_only=True)
class Account:
    """One account as it is being read.

    Fields:
        source: "zendesk:harbor".
        state: "waiting" for its turn, "reading", "whole", "stopped" or "failing".
        read: Records that this run has brought.
        calls: Calls that this run has made.
        seconds: How long it took.
        waited: How much of that was waiting for the vendor, or for others' share.
        problem: Why it failed; None when it did not.
    """

    source: str
    state: str = "waiting"
    read: int = 0
    calls: int = 0
    seconds: float = 0.0
    waited: float = 0.0
    problem: str | None = None


@dataclass(slots=True)
class Counted:
    """How many calls were made to helpdesks."""

    calls: int = 0

    def hear(self, _exchange: Exchange) -> None:
        """Count one."""
        self.calls += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """How people are told: `say` once, `show` again and again: source, how it stands, which share of it is read."""

    say: Callable[[str], None]
    show: Callable[[str, str, float | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the command.

    Fields:
        house: What is read into.
        leave: The share of the vendors' budgets that is left to others.
        stopping: Whether it is to end.
        counted: Calls so far.
        terminal: Where people see how it goes.
    """

    house: House
    leave: float
    stopping: Stopping
    counted: Counted
    terminal: Terminal


def backfill(settings: Path, source: str | None, *, leave: float, as_json: bool) -> int:
    """Read an account to its end, or all one after the other; returns 1 when one is not whole afterwards."""
    counted = Counted()
    with opened(settings, on_response=counted.hear) as house, ExitStack() as stack:
        wanted = _wanted(house, source)
        _make_ready(house, stack)
        terminal = stack.enter_context(_terminal())
        run = Run(house=house, leave=leave, stopping=Stopping(), counted=counted, terminal=terminal)
        accounts = [Account(source=each) for each in wanted]
        with run.stopping.on_signals():
            for account in accounts:
                _read(run, account)
        told = [(account, _known(house, account)) for account in accounts]
        if as_json:
            print_json({"sources": [_in_json(house, account, known) for account, known in told]})
    if not as_json:
        for account, known in told:
            to_people().print(_in_words(account, known), markup=False, soft_wrap=True)
    return 0 if all(account.state == "whole" for account in accounts) else 1


def _wanted(house: House, source: str | None) -> tuple[str, ...]:
    """Return the sources meant by "zendesk", "zendesk:harbor" or nothing; raises WrongUsage."""
    known = tuple(house.intakes)
    found = tuple(each for each in known if source is None or source in {each, each.partition(":")[0]})
    if not found:
        raise WrongUsage(f"there is no helpdesk {source} in the settings; there is {', '.join(known) or 'none'}")
    return found


def _make_ready(house: House, stack: ExitStack) -> None:
    """Migrate, and make sure that nobody else reads into the same file; raises Unusable."""
    url = house.settings.database
    if house.engine.dialect.name == "sqlite":
        try:
            stack.enter_context(only_worker(Path(normal_url(url).database or "")))
        except AlreadyRunning as problem:
            raise Unusable(
                f"{problem}; stop it first: it reads the same account, and SQLite takes one at a time"
            ) from None
    migrate(house.engine, url)
    with house.database.begin() as tx:
        workers = leases.alive(tx.connection, now=leases.clock(tx))
    if workers:
        sys.stderr.write(
            f"{workers} workers poll the same account meanwhile: nothing is lost, some pages are read twice\n"
        )


def _read(run: Run, account: Account) -> None:
    """Read one account as far as can be, and say so in it."""
    if run.stopping.asked:
        account.state = "stopped"
        return
    account.state = "reading"
    intake, begun, calls = run.house.intakes[account.source], time.monotonic(), run.counted.calls

    def tally() -> None:
        account.seconds, account.calls = time.monotonic() - begun, run.counted.calls - calls

    def told(page: Page) -> None:
        account.read += len(page.tickets)
        tally()
        _show(run, account)

    def pause(seconds: float, why: str) -> bool:
        if seconds >= TOLD_FROM_SECONDS:
            run.terminal.say(f"{account.source} waits {seconds:.0f} s: {why}")
        before = time.monotonic()
        goes_on = run.stopping.pause(seconds)
        account.waited += time.monotonic() - before
        return goes_on

    _show(run, account)
    _fill(intake, _filling(run, account.source, pause=pause, told=told), account)
    tally()
    _show(run, account)


def _filling(run: Run, source: str, *, pause: Callable[[float, str], bool], told: Callable[[Page], None]) -> Filling:
    budget = run.house.helpdesks[source].budget
    return Filling(budget=budget, leave=run.leave, pause=pause, told=told, clock=run.house.clock)


def _fill(intake: Intake, how: Filling, account: Account) -> None:
    try:
        account.state = "whole" if fill(intake, how) else "stopped"
    except (AccessRefused, UnexpectedReply) as problem:
        account.state, account.problem = "failing", str(problem)


def _known(house: House, account: Account) -> SourceHealth:
    with house.database.read() as connection:
        return health.of_source(connection, account.source)


def _show(run: Run, account: Account) -> None:
    """Show how far an account is: "12,000 read, 45% by date (2026-10-21), 1,450/s, 12 calls, 640 of 700 … left"."""
    known = _known(run.house, account)
    share = filled(known, run.house.settings.helpdesks[account.source], now=run.house.clock())
    working = max(0.001, account.seconds - account.waited)
    said = [f"{known.read_records:,} read", f"{account.read / working:,.0f}/s", f"{account.calls} calls"]
    if share is not None and known.changed_at is not None:
        said.insert(1, f"{share:.0%} by date ({known.changed_at:%Y-%m-%d})")
    left = run.house.helpdesks[account.source].budget()
    if left is not None:
        said.append(f"{left.remaining} of {left.limit} {left.name} left")
    run.terminal.show(account.source, ", ".join(said), 1.0 if account.state == "whole" else share)


@contextmanager
def _terminal() -> Iterator[Terminal]:
    """Yield how people are told: with a bar for each account on a terminal, else with a line for each wait only."""
    console = aside()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def show(source: str, words: str, share: float | None) -> None:
            if source not in tasks:
                tasks[source] = bars.add_task("", total=None)
            total = None if share is None else 1.0
            bars.update(tasks[source], description=f"{source}: {words}", total=total, completed=share)

        yield Terminal(show=show, say=lambda words: console.print(words, markup=False, soft_wrap=True))


def _in_words(account: Account, known: SourceHealth) -> str:
    reached = f", up to {known.changed_at:%Y-%m-%d %H:%M} UTC" if known.changed_at else ""
    run = f"{account.read} read in {account.calls} calls and {account.seconds:.0f} s"
    so_far = f"{run}, {known.read_records} in all{reached}"
    match account.state:
        case "whole":
            return f"{account.source} is whole: {so_far}."
        case "stopped":
            return f"{account.source} was stopped: {so_far}. The same command goes on there."
        case _:
            return f"{account.source} failed: {account.problem} ({so_far}). The same command goes on there."


def _in_json(house: House, account: Account, known: SourceHealth) -> dict[str, Any]:
    share = filled(known, house.settings.helpdesks[account.source], now=house.clock())
    moment: datetime | None = known.changed_at
    return {
        "source": account.source,
        "state": account.state,
        "read": account.read,
        "read_records": known.read_records,
        "changed": moment.isoformat() if moment else None,
        "filled": None if share is None else round(share, 3),
        "calls": account.calls,
        "seconds": round(account.seconds, 1),
        "waited_seconds": round(account.waited, 1),
        "problem": account.problem,
    }
