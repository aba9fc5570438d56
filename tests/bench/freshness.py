"""How soon a case has what an agent changed: ``python -m tests.bench.freshness [--postgres] [--quick] [--json]``.

The product runs as an operator starts it, beside the sandbox; losses are told of at all three desks, and agents change
a field there, a few changes a second. Twice: with every webhook delivered and hardly any poll, and with every webhook
lost, when only polls can find a change. Measured from just before the vendor is told to when the case has the value.
Ends with 1 when a goal was missed.
"""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice

import sqlalchemy as sa

from cases.ticket import TicketRef
from config.helpdesks import HelpdeskSettings
from store import tables, tickets
from store.database import Database
from store.outbox import State
from tests.chaos.agents import Desks
from tests.chaos.folders import Folder
from tests.chaos.losses import VENDORS, Loss, make_losses
from tests.crash.product import NotInTime, Process, running, until
from tests.crash.town import Town, databases, town
from workflow.telling import ticket_lane

FIELD = "order_id"
MOST_MEDIAN_SECONDS, MOST_SLOW_SECONDS, MOST_LOST_SECONDS = 3.0, 15.0, 360.0
#: What the product waits between two polls unless an operator says otherwise.
USUAL_POLL_SECONDS = float(HelpdeskSettings.model_fields["poll_seconds"].default)
#: Zendesk's export leaves out the last minute; the sandbox, in a hurry, does not.
EXPORT_LAG_SECONDS = 60.0
SELDOM_SECONDS = 300
READY_SECONDS, SETTLED_SECONDS, LATE_SECONDS, LOOK_SECONDS = 60.0, 120.0, 120.0, 0.02
SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done.

    Fields:
        losses: Each is told of at all three desks, and is changed by one agent at a time.
        edits: Changes with webhooks. lost: Changes without.
        pause_seconds: Between two changes.
        poll_seconds: Between two polls while webhooks are lost.
    """

    losses: int = 24
    edits: int = 300
    lost: int = 60
    pause_seconds: float = 0.3
    poll_seconds: int = 20


QUICK = Plan(losses=9, edits=45, lost=15, pause_seconds=0.2, poll_seconds=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """How long one change took to reach its case. ref: Where it was made."""

    ref: TicketRef
    seconds: float


@dataclass(slots=True, kw_only=True)
class Watch:
    """Changes that are on their way to their cases.

    Fields:
        under_way: By value: the loss, the ticket, and when the change was made.
        waited: Those that have arrived.
    """

    database: Database
    under_way: dict[str, tuple[Folder, TicketRef, float]] = field(default_factory=dict)
    waited: list[Waited] = field(default_factory=list)

    def look(self) -> bool:
        """Note what has arrived; True when nothing is under way any more."""
        column = tables.case_fields.c
        with self.database.read() as connection:
            shown = set(connection.scalars(sa.select(column.value).where(column.field == FIELD)))
        now = time.monotonic()
        for value in shown & self.under_way.keys():
            _, ref, begun = self.under_way.pop(value)
            self.waited.append(Waited(ref=ref, seconds=now - begun))
        return not self.under_way

    def is_free(self, folder: Folder) -> bool:
        """Whether no change of this loss is under way to the case, nor from there to its other tickets.

        Whose desk stamps by whole seconds would seem to have changed first what it changed just after another desk, and
        lose to it, as the newest holds.
        """
        if any(each is folder for each, _, _ in self.under_way.values()):
            return False
        lanes, column = [ticket_lane(each) for each in folder.live], tables.outbox.c
        with self.database.read() as connection:
            waiting = sa.select(column.lane).where(column.lane.in_(lanes), column.state == State.WAITING)
            return connection.execute(waiting.limit(1)).one_or_none() is None


def measure(plan: Plan, database: str, *, webhooks: bool) -> list[Waited]:
    """Return how long each change took; raises NotInTime when one never arrived."""
    # Of a link record no webhook tells; who makes a claim is heard at once.
    loud = (each for each in make_losses(4 * plan.losses, seed=SEED) if all(it.how == "claim" for it in each.reports))
    losses = tuple(islice(loud, plan.losses))
    seconds = SELDOM_SECONDS if webhooks else plan.poll_seconds
    with _at_work(database, losses, poll_seconds=seconds) as (here, desks, watch):
        if not webhooks:
            for vendor in VENDORS:
                here.trouble(vendor, "webhook_dropped", "", rate=1.0, seed=SEED)
        _change(desks, watch, plan, edits=plan.edits if webhooks else plan.lost)
        late = seconds + EXPORT_LAG_SECONDS
        until(watch.look, seconds=late, what=f"{len(watch.under_way)} changes never arrived")
        return watch.waited


@contextlib.contextmanager
def _at_work(database: str, losses: tuple[Loss, ...], *, poll_seconds: int) -> Iterator[tuple[Town, Desks, Watch]]:
    """Yield a product at work that knows these losses, each as one case of all its tickets."""
    often = {"poll_seconds: 2": f"poll_seconds: {poll_seconds}", "reconcile_seconds: 60": "reconcile_seconds: 3600"}
    with town(database, changes=often) as here, contextlib.closing(here.house()) as house:
        here.know(tuple(each.claim for each in losses))
        product, desks = Process(town=here, arguments=("run",)), Desks(town=here, seed=SEED)
        with running(product):
            until(product.is_ready, seconds=READY_SECONDS, what="the product did not start")
            for loss in losses:
                desks.tell(loss)
            each_is_one = partial(_are_one_case_each, house.database, losses)
            until(each_is_one, seconds=SETTLED_SECONDS, what="not every loss became one case")
            yield here, desks, Watch(database=house.database)


def _are_one_case_each(database: Database, losses: tuple[Loss, ...]) -> bool:
    with database.read() as connection:
        for loss in losses:
            refs = tuple(each.ref for each in loss.reports)
            cases = tickets.cases_of(connection, refs)
            if len(cases) < len(refs) or len(set(cases.values())) != 1:
                return False
    return True


def _change(desks: Desks, watch: Watch, plan: Plan, *, edits: int) -> None:
    """Let agents change the field of one loss after the other, at each desk in turn."""
    turns, folders = cycle(VENDORS), cycle(desks.folders.values())
    for number in range(edits):
        folder, vendor = next(folders), next(turns)
        until(partial(_looked, watch, folder), seconds=LATE_SECONDS, what="a change was not heard, or not told on")
        ref, value = folder.of(vendor)[0], f"FRESH-{number}"
        watch.under_way[value] = (folder, ref, time.monotonic())
        desks.edit(folder, ref, FIELD, value)
        deadline = time.monotonic() + plan.pause_seconds
        while time.monotonic() < deadline:
            watch.look()
            time.sleep(LOOK_SECONDS)


def _looked(watch: Watch, folder: Folder) -> bool:
    watch.look()
    return watch.is_free(folder)


def figures(waited: list[Waited]) -> dict[str, dict[str, float]]:
    """Return how many, the median, the 99th of a hundred and the worst, in seconds; of each desk and of all."""
    found = {}
    for vendor in (*VENDORS, "all"):
        of_one = sorted(each.seconds for each in waited if vendor in {each.ref.vendor, "all"})
        worst = of_one[-1]
        found[vendor] = {
            "changes": float(len(of_one)),
            "p50": of_one[len(of_one) // 2],
            "p99": of_one[min(len(of_one) - 1, len(of_one) * 99 // 100)],
            "worst": worst,
        }
    return found


def missed(told: dict[str, dict[str, float]], lost: dict[str, dict[str, float]], plan: Plan) -> list[str]:
    """Return a sentence for every goal that was not reached."""
    found = []
    if told["all"]["p50"] > MOST_MEDIAN_SECONDS:
        found.append(f"half of the changes take more than {told['all']['p50']:.1f} s, at most {MOST_MEDIAN_SECONDS}")
    if told["all"]["p99"] > MOST_SLOW_SECONDS:
        found.append(f"one change in a hundred takes {told['all']['p99']:.1f} s, at most {MOST_SLOW_SECONDS}")
    if in_production(lost, plan) > MOST_LOST_SECONDS:
        found.append(
            f"a lost webhook is found after {in_production(lost, plan):.0f} s, at most {MOST_LOST_SECONDS:.0f}"
        )
    return found


def in_production(lost: dict[str, dict[str, float]], plan: Plan) -> float:
    """Return when a lost webhook is found at the latest with the usual pause between polls, and the export's lag."""
    return max(lost["all"]["worst"] - plan.poll_seconds, 0.0) + USUAL_POLL_SECONDS + EXPORT_LAG_SECONDS


def main() -> int:
    """Print the figures; returns 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.freshness", description=__doc__)
    parser.add_argument("--postgres", action="store_true", help="keep cases in PostgreSQL instead of SQLite")
    parser.add_argument("--quick", action="store_true", help="few changes, for a first look")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    plan, store = QUICK if options.quick else Plan(), "postgres" if options.postgres else "sqlite"
    try:
        with databases(store) as new:
            told = figures(measure(plan, new(), webhooks=True))
            lost = figures(measure(plan, new(), webhooks=False))
    except NotInTime as reason:
        print(f"Missed: {reason}")
        return 1
    wrong = missed(told, lost, plan)
    if options.json:
        print(json.dumps({"schema": 1, "store": store, "webhooks": told, "lost": lost, "missed": wrong}))
        return 1 if wrong else 0
    for title, those in (("every webhook delivered", told), (f"all lost, polls every {plan.poll_seconds} s", lost)):
        print(f"{store}, {title}")
        for vendor, said in those.items():
            rest = "".join(f"{name:>8}{said[name]:7.2f} s" for name in ("p50", "p99", "worst"))
            print(f"  {vendor:<11}{said['changes']:>5.0f} changes{rest}")
    usual = f"polls every {USUAL_POLL_SECONDS:.0f} s and an export that lags a minute behind"
    print(f"A lost webhook is found within {in_production(lost, plan):.0f} s, with {usual}.")
    print("\n".join(f"Missed: {goal}" for goal in wrong) or "Every goal met.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
