"""Crash at every statement, commit and call of one case's way, come back, and compare all books.

Each point has a case of its own: the process works on it until it comes to the point, and ends there. The next
process first has to bring that case to its end; then the next case begins, and the next point.
"""

import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from makewhole import starting
from makewhole.assembly import House
from makewhole.releases import release
from makewhole.sandboxed import APPROVER, AUTHOR
from store import leases
from store.migrating import migrate
from sync.intake import POLL
from tests.crash import planted
from tests.crash.books import Finding, compare
from tests.crash.claims import Claim, make_claims
from tests.crash.killing import standing
from tests.crash.people import People
from tests.crash.product import NotInTime, Process, until
from tests.crash.town import Town, town
from tests.crash.tripwire import EXIT_CODE, Wire, lay
from tests.workflow.paid_in_parts import AT_ONCE, pays

READY_SECONDS = 30.0
END_SECONDS = 30.0
#: After this many points beyond the longest way seen, every point has been met.
MOST_POINTS = 2_000


@dataclass(slots=True, kw_only=True)
class Swept:
    """How a sweep ended.

    Fields:
        points: How many points one case's way has.
        crashed: The points at which the process ended.
        passed_by: Points that the way did not come to the second time: who is first differs.
        findings: What the books say afterwards, with the point of the case it is about.
    """

    store: str
    points: int = 0
    crashed: list[str] = field(default_factory=list)
    passed_by: list[str] = field(default_factory=list)
    payments: int = 0
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()

    def count(self, kind: str) -> int:
        """Return how many findings are of this kind."""
        return sum(each.kind == kind for each in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Where to crash.

    Fields:
        only: Points whose label has this in it, a regular expression: "pay: after commit".
        sample: At most so many of them, drawn by `seed`; None for all.
        bug: A bug to plant in the product, see `planted`.
        payout_settings: How the provider behaves, see the sandbox.
        end_seconds: How long a case may take to come to its end.
        parts: Whether each case is paid in four parts.
    """

    only: str = ""
    sample: int | None = None
    seed: int = 7
    bug: str | None = None
    payout_settings: tuple[tuple[str, float], ...] = ()
    end_seconds: float = END_SECONDS
    parts: bool = False


def sweep(plan: Sweep, store: str, database: str, say: Callable[[str], None]) -> Swept:
    """Crash at every point of the plan, on this database, and return what the books say afterwards."""
    started = time.monotonic()
    swept = Swept(store=store)
    with town(database, changes={"poll_seconds: 1": "poll_seconds: 3600"}) as here:
        house = here.house()
        migrate(house.engine, database)
        if plan.parts:
            release(house.desk, (pays(AT_ONCE),), author=AUTHOR, approver=APPROVER, now=house.clock())
        here.send("/payouts/_sandbox/settings", dict(plan.payout_settings))
        walk = _Walk(here, house, plan)
        points = walk.measure()
        swept.points = len(points)
        points = tuple(point for point in points if re.search(plan.only, point))
        if plan.sample is not None and plan.sample < len(points):
            drawn = random.Random(plan.seed).sample(range(len(points)), plan.sample)  # noqa: S311  # Repeatable.
            points = tuple(points[number] for number in sorted(drawn))
        for number, point in enumerate(points, start=1):
            # Webhook and poll race; whoever lost this time is met when only the poll tells.
            crashed = walk.crash_at(point) or walk.crash_at(point, told=False)
            (swept.crashed if crashed else swept.passed_by).append(point)
            if number % 50 == 0:
                say(f"  {store}: {number} of {len(points)} points")
        walk.finish()
        swept.findings = compare(here, house, walk.brought)
        swept.payments = len(here.sandbox.get("/payouts/_sandbox/state")["payments"])  # type: ignore[arg-type]  # JSON.
        house.close()
    swept.seconds = time.monotonic() - started
    return swept


class _Walk:
    """One case after the other, each with a process that may end under it."""

    def __init__(self, here: Town, house: House, plan: Sweep) -> None:
        self._here = here
        self._house = house
        self._plan = plan
        self._wire = Wire(here.folder / "points.txt")
        self._claims = iter(make_claims(MOST_POINTS, every={}))
        self.brought: tuple[Claim, ...] = ()
        self._people = People.of(here, house, make_claims(MOST_POINTS, every={}), at_once=1)

    def measure(self) -> tuple[str, ...]:
        """Take one case its whole way without a crash and return its points."""
        with self._child():
            self._bring("")
            self._to_the_end()
        return tuple(self._wire.record.read_text().splitlines())

    def crash_at(self, point: str, *, told: bool = True) -> bool:
        """Begin a case and crash at this point of its way; False when its way did not come there.

        told: Zendesk sends its webhooks; otherwise polling finds the ticket.
        """
        with self._child() as child:
            self._to_the_end()
            self._bring(point, told=told)
            return self._to_the_end(child)

    def finish(self) -> None:
        """Bring what the last crash left to its end, as far as it goes."""
        with self._child():
            self._to_the_end()

    def _bring(self, point: str, *, told: bool = True) -> None:
        claim = next(claim for claim in self._claims if claim.topic == "delayed_withdrawal" and len(claim.tickets) == 1)
        self.brought = (*self.brought, claim)
        self._here.know((claim,))
        self._wire.arm(point)
        # By webhook, and by the poll that would have found it too: whichever comes second finds nothing left to do.
        self._here.bring((claim,), notify=told)
        with self._house.database.begin() as tx:
            tx.enqueue(POLL, f"zendesk:harbor@{claim.reference}")
            # An export leaves out the running second, so the first poll may come too early for this ticket.
            tx.enqueue(POLL, f"zendesk:harbor@{claim.reference}/later", delay_seconds=2)

    def _to_the_end(self, child: int | None = None) -> bool:
        """Click what waits until every case is done, or the child has crashed: then return True.

        A case that does not come to its end in time is left to the comparison of the books.
        """
        deadline = time.monotonic() + self._plan.end_seconds
        while time.monotonic() < deadline:
            if child is not None and _has_crashed(child):
                return True
            now = standing(self._house)
            if now[0] >= len(self.brought) and now[1:] == (0, 0, 0):
                return False
            self._people.look()
            time.sleep(0.02)
        return False

    @contextmanager
    def _child(self) -> Iterator[int]:
        self._wire.disarm()
        child = os.fork()
        if child == 0:
            _be_the_product(self._here, self._wire, self._plan.bug)
        try:
            watched = Process(town=self._here, arguments=("run",))
            until(watched.is_ready, seconds=READY_SECONDS, what="the product did not start")
            yield child
        finally:
            self._wire.disarm()
            _end(child)
            with self._house.database.begin() as tx:
                leases.declare_others_dead(tx, "nobody")  # We know that it is; waiting for its lease takes too long.


def _be_the_product(here: Town, wire: Wire, bug: str | None) -> None:
    """Be `makewhole run` with a tripwire in it; never returns."""
    code = 1
    try:
        log = os.open(here.folder / "product.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        lay(wire)
        if bug is not None:
            planted.plant(bug)
        code = starting.run(here.settings, with_sandbox=False)
    except BaseException as error:  # noqa: BLE001  # This process ends here, whatever it was.
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    finally:
        os._exit(code)


def _has_crashed(child: int) -> bool:
    """Return whether the child has ended at its point; raises NotInTime when it has ended otherwise."""
    status = os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if status is None:
        return False
    if status.si_status != EXIT_CODE:
        raise NotInTime(f"the product ended with {status.si_status}")
    return True


def _end(child: int) -> None:
    os.kill(child, signal.SIGKILL)  # A process that has ended waits to be buried, so its number is still its own.
    os.waitpid(child, 0)
