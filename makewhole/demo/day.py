"""The day: tickets arrive, faults strike, people click, the product is killed and comes back, books are closed."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cases.case import Closed, Paid, Stage
from cases.proposal import Classification
from makewhole.assembly import House
from makewhole.cases_shown import print_case
from makewhole.demo.approvers import Approvers
from makewhole.demo.compared import Compared, compare
from makewhole.demo.elsewhere import SAID, SAID_ON, case_key, not_passed_on
from makewhole.demo.product import DayFailed, Product, running, wait_until
from makewhole.opening import opened
from makewhole.printing import aside, print_json, table, to_people
from makewhole.sandboxed import Sandbox, free_port, lend_credentials, release_policies, sandbox, write_settings
from sandbox.seed import load_seed
from sandbox.seed.expected import load_expected
from store import failures, figures, jobs
from store.cases import StoredCase

PATIENCE_SECONDS = 60.0
FAULTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("zendesk", {"fault": "webhook_duplicated", "match": "", "rate": 0.2, "seed": 7}),
    ("zendesk", {"fault": "rate_limited", "match": "GET /api/v2/tickets", "times": 3, "retry_after": 1}),
    ("zendesk", {"fault": "dropped_after_write", "match": "PUT /api/v2/tickets", "times": 2}),
    ("slack", {"fault": "rate_limited", "match": "POST /api/chat.update", "times": 2, "retry_after": 1}),
    ("slack", {"fault": "dropped_after_write", "match": "POST /api/chat.postMessage", "times": 2}),
    ("payouts", {"fault": "dropped_after_write", "match": "POST /v1/payouts", "times": 2}),
    ("payouts", {"fault": "unavailable", "match": "POST /v1/payouts", "times": 2}),
    ("accounts", {"fault": "unavailable", "match": "GET /v1/losses", "times": 2}),
)


def play(*, as_json: bool, database: str | None) -> int:
    """Play the day and print how it ended; returns 0 only if nothing is missing, doubled or other than expected."""
    lend_credentials()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="makewhole-demo-")))
        own_url = f"http://127.0.0.1:{free_port()}"
        beside = stack.enter_context(sandbox(own_url=own_url, seed=False))
        settings = write_settings(folder, sandbox_url=beside.url, own_url=own_url, database=database)
        house = stack.enter_context(opened(settings))
        release_policies(house)
        product = stack.enter_context(running(Product(settings, own_url, folder / "product.log")))
        show = stack.enter_context(_progress())
        started = time.monotonic()
        try:
            approvers = _day(house, beside, product, show)
        except DayFailed as problem:
            told = f"The day failed: {problem}\n{_standing(house)}\n{_tail(folder / 'product.log')}"
            to_people().print(told, markup=False)
            return 1
        show.stop()
        compared = compare(house, beside, load_expected(), load_seed().elsewhere)
        if as_json:
            print_json(_as_json(compared, approvers, seconds=time.monotonic() - started))
        else:
            _print(house, compared, approvers, seconds=time.monotonic() - started)
    return 0 if compared.fine else 1


def _day(house: House, beside: Sandbox, product: Product, show: Progress) -> Approvers:
    seed = load_seed()
    half = len(seed.tickets) // 2
    approvers = Approvers(house=house, sandbox=beside)
    beside.post("/payouts/_sandbox/payees", {"unknown": list(seed.unknown_payees)})
    for record in seed.records:
        beside.post("/accounts/_sandbox/facts", asdict(record))
    step = show.add_task("Tickets arrive unannounced; polling finds them", total=6)
    beside.post("/zendesk/_sandbox/tickets", {"users": list(seed.users), "tickets": list(seed.tickets[:half])})
    beside.post("/salesforce/_sandbox/records", seed.salesforce)
    beside.post("/jira/_sandbox/issues", seed.jira)
    wait_until(lambda: _count(house) > 0, seconds=PATIENCE_SECONDS, what="polling found no ticket")
    show.update(step, advance=1, description="Faults strike; the rest is announced by webhooks, some of them twice")
    for app, fault in FAULTS:
        beside.post(f"/{app}/_sandbox/faults", fault)
    # These change now, so that polling finds them too when a webhook comes while the product is down.
    now = house.clock().isoformat(timespec="seconds")
    fresh = [{**each, "updated_at": now} for each in seed.tickets[half:]]
    beside.post("/zendesk/_sandbox/tickets", {"tickets": fresh, "notify": True})
    show.update(step, advance=1, description="Approvers click; the product is killed in the middle (kill -9)")
    _click_until(approvers, decided=10)
    product.kill()
    show.update(step, advance=1, description="The product comes back and goes on where it was")
    product.start()
    moving = partial(_standing, house)
    wait_until(lambda: _quiet(house, approvers), seconds=PATIENCE_SECONDS, what="the work did not end", moving=moving)
    show.update(step, advance=1, description="An agent writes on one ticket, and all of its case get it")
    beside.post("/salesforce/_sandbox/acts", {"act": "comment", "case": case_key(SAID_ON), "body": SAID})
    wait_until(
        lambda: not not_passed_on(house, beside),
        seconds=PATIENCE_SECONDS,
        what="the agent's comment was not passed on",
        moving=moving,
    )
    show.update(step, advance=1, description="The books are compared")
    wait_until(
        lambda: _settled(house, approvers),
        seconds=PATIENCE_SECONDS,
        what="the last notes were not written",
        moving=moving,
    )
    show.update(step, advance=1)
    return approvers


def _click_until(approvers: Approvers, *, decided: int) -> None:
    done = 0

    def clicked() -> bool:
        nonlocal done
        done += approvers.work(most=3)
        return done >= decided

    wait_until(clicked, seconds=PATIENCE_SECONDS, what="no card could be clicked")


def _quiet(house: House, approvers: Approvers) -> bool:
    """Whether nothing waits for a click; clicks on what does."""
    approvers.work(most=1000)
    with house.database.read() as connection:
        waiting = house.desk.cases.list(connection, stage=Stage.AWAITING_APPROVAL, limit=1)
        backlog = jobs.backlog(connection)
    return not waiting and not (backlog.keys() - {"work"}) and _count(house) > 0


def _settled(house: House, approvers: Approvers) -> bool:
    with house.database.read() as connection:
        unsettled = [
            stage
            for stage in (Stage.OPENED, Stage.PROPOSED, Stage.APPROVED, Stage.PAID, Stage.DECLINED)
            if house.desk.cases.list(connection, stage=stage, limit=1)
        ]
    return not unsettled and _quiet(house, approvers)


def _count(house: House) -> int:
    with house.database.read() as connection:
        return len(house.desk.cases.list(connection, limit=1))


def _print(house: House, compared: Compared, approvers: Approvers, *, seconds: float) -> None:
    console = to_people()
    with house.database.read() as connection:
        told = _best_told(house)
        if told is not None:
            console.print("One case's story", style="bold")
            print_case(connection, told)
    console.print()
    rows: list[tuple[str, object]] = [*compared.counts.items()]
    rows += [(f"clicks: {kind}", count) for kind, count in sorted(approvers.clicks.items())]
    rows += [("ledger sum", " ".join(f"{amount} {code}" for code, amount in sorted(compared.ledger_sum.items())))]
    rows += [("doubled", len(compared.doubled)), ("lost", len(compared.lost))]
    rows += [("audit", "ok" if compared.audit_holds else "broken"), ("seconds", f"{seconds:.1f}")]
    console.print(table(["The day", ""], rows))
    for problem in (*compared.doubled, *compared.lost, *compared.differs):
        console.print(problem, markup=False, soft_wrap=True)
    console.print("\nAll books agree." if compared.fine else "\nThe books do not agree.", style="bold")


def _best_told(house: House) -> StoredCase | None:
    """Return the clean claim that was paid with the longest story."""
    with house.database.read() as connection:
        closed = house.desk.cases.list(connection, stage=Stage.CLOSED, limit=1000)
    paid = [
        each
        for each in closed
        if isinstance(each.case, Closed)
        and isinstance(each.case.settled, Paid)
        and each.case.settled.proposal.classification is not Classification.FRAUD_REVIEW
    ]
    return max(paid, key=lambda each: (each.version, each.number), default=None)


def _as_json(compared: Compared, approvers: Approvers, *, seconds: float) -> dict[str, Any]:
    return {
        **compared.counts,
        "doubled": len(compared.doubled),
        "lost": len(compared.lost),
        "ledger_sum": compared.ledger_sum,
        "audit": "ok" if compared.audit_holds else "broken",
        "clicks": dict(approvers.clicks),
        "seconds": round(seconds, 1),
        "problems": [*compared.doubled, *compared.lost, *compared.differs],
    }


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=aside(), transient=True) as progress:
        yield progress


def _standing(house: House) -> str:
    """Return where the cases and the queues stand, for a day that failed."""
    with house.database.read() as connection:
        stages = dict(figures.cases_by_stage(connection))
        return f"cases {stages}, jobs {dict(jobs.backlog(connection))}, dead {failures.dead_letters(connection)}"


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-30:])
