"""`makewhole status`: how each helpdesk's mirror fares, and what waits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from config.helpdesks import Helpdesk
from makewhole.assembly import House
from makewhole.opening import looked_into
from makewhole.printing import print_json, table, to_people
from store import failures, health, jobs
from store.health import SourceHealth
from sync.intake import POLL
from workflow.in_force import count_waiting

#: So many polls may be missed before a source is called late; at least `SHORTEST_LATE`.
POLLS_MISSED = 5
SHORTEST_LATE = timedelta(minutes=2)
#: What Prometheus may ask of every source.
FIGURES = {
    "makewhole_source_lag_seconds": "Time since a poll found nothing more to read.",
    "makewhole_source_budget_left": "Calls that the vendor last said we may still make.",
    "makewhole_source_webhook_age_seconds": "Time since a webhook came.",
    "makewhole_source_differed": "Tickets that the last reconciliation had to repair.",
    "makewhole_source_read_records": "Tickets that polls have brought.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One helpdesk as it stands.

    Fields:
        health: What is known of it.
        mode: "live" or "shadow".
        state: "ok", "filling" (the account is being read for the first time), "late", "failing" or "never read".
        lag: Since a poll last found nothing more; None before the first time.
        filled: How much of the first reading is done, 0 to 1, by the stamps it has reached; None once it is whole.
        backlog: Jobs of its vendor that wait or run.
        problems: (what could not be done the last time, why): ("poll", "…"), ("reconcile", "…"), ("renew", "…").
    """

    health: SourceHealth
    mode: str
    state: str
    lag: timedelta | None
    filled: float | None
    backlog: int
    problems: tuple[tuple[str, str], ...]


def status(settings: Path, *, as_json: bool) -> int:
    """Print how every source stands; returns 1 when one is late, failing or was never read."""
    with looked_into(settings) as house:
        now = house.clock()
        found = tuple(statuses(house, now=now))
        with house.database.read() as connection:
            waiting, dead = jobs.backlog(connection), len(failures.dead_letters(connection))
            undecided = count_waiting(house.desk.cases, connection)
    if as_json:
        sources = [_in_json(each) for each in found]
        print_json(
            {"sources": sources, "backlog": dict(waiting), "dead_letters": dead, "waiting_for_policy": undecided}
        )
    else:
        headings = ["Source", "Mode", "State", "Last success", "Lag", "Backlog", "Budget left", "Webhook", "Reconciled"]
        to_people().print(table(headings, [_row(each, now=now) for each in found]))
        for each in found:
            for what, why in each.problems:
                to_people().print(f"{each.health.source}: {what}: {why}", markup=False, soft_wrap=True)
        to_people().print(f"Dead letters: {dead}" + (" (`makewhole deadletter list`)" if dead else ""), markup=False)
        if undecided:
            told = f"{undecided} cases wait for a policy to be released (`makewhole policy list`)"
            to_people().print(told, markup=False)
    return 0 if all(each.state in {"ok", "filling"} for each in found) else 1


def statuses(house: House, *, now: datetime) -> Iterator[SourceStatus]:
    """Yield every helpdesk of the settings as it stands at `now`."""
    with house.database.read() as connection:
        waiting = jobs.backlog(connection)
        known = {source: health.of_source(connection, source) for source in house.helpdesks}
        troubles = {source: failures.of_key(connection, source) for source in house.helpdesks}
    for source, each in known.items():
        given = house.settings.helpdesks[source]
        problems = [(kind, problem) for kind, problem in troubles[source] if kind != POLL]
        if each.problem is not None:
            problems.insert(0, (POLL, each.problem))
        yield SourceStatus(
            health=each,
            mode=given.mode,
            state="failing" if problems else _state(each, given, now=now),
            lag=now - each.caught_up_at if each.caught_up_at else None,
            filled=filled(each, given, now=now),
            backlog=waiting.get(given.vendor, 0),
            problems=tuple(problems),
        )


def figures_of(house: House, name: str) -> Mapping[str, float]:
    """Return one of `FIGURES` of every source for Prometheus."""
    now = house.clock()
    found = {each.health.source: _figures(each, now=now).get(name) for each in statuses(house, now=now)}
    return {source: value for source, value in found.items() if value is not None}


def _figures(status: SourceStatus, *, now: datetime) -> Mapping[str, float | None]:
    known = status.health
    return {
        "makewhole_source_lag_seconds": status.lag.total_seconds() if status.lag is not None else None,
        "makewhole_source_budget_left": known.budget.remaining if known.budget else None,
        "makewhole_source_webhook_age_seconds": (now - known.webhook_at).total_seconds() if known.webhook_at else None,
        "makewhole_source_differed": known.differed,
        "makewhole_source_read_records": known.read_records,
    }


def _state(known: SourceHealth, given: Helpdesk, *, now: datetime) -> str:
    if known.read_at is None:
        return "never read"
    patience = max(SHORTEST_LATE, POLLS_MISSED * timedelta(seconds=given.poll_seconds))
    # While an account is read for the first time, each page is progress.
    if now - (known.caught_up_at or known.read_at) > patience:
        return "late"
    return "ok" if known.caught_up_at else "filling"


def filled(known: SourceHealth, given: Helpdesk, *, now: datetime) -> float | None:
    """Return how much of a first reading is done, 0 to 1, by the stamps it has reached; None once it is whole.

    None too while the vendor brings tickets in no order.
    """
    if known.caught_up_at is not None or known.changed_at is None or now <= given.start:
        return None
    return min(1.0, max(0.0, (known.changed_at - given.start) / (now - given.start)))


def _row(status: SourceStatus, *, now: datetime) -> list[object]:
    known = status.health
    state = status.state if status.filled is None else f"{status.state}, {status.filled:.0%} filled"
    state = state if known.caught_up_at else f"{state}, {known.read_records} read"
    left = f"{known.budget.remaining} of {known.budget.limit} {known.budget.name}" if known.budget else "not told"
    compared = f"{_ago(known.reconciled_at, now)}, {known.differed} differed" if known.reconciled_at else "never"
    succeeded, lag, hook = _ago(known.succeeded_at, now), _ago(known.caught_up_at, now), _ago(known.webhook_at, now)
    return [known.source, status.mode, state, succeeded, lag, status.backlog, left, hook, compared]


def _ago(at: datetime | None, now: datetime) -> str:
    """Return how long ago in the largest unit that fits: "3 min ago"."""
    if at is None:
        return "never"
    seconds = max(0, round((now - at).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"


def _in_json(status: SourceStatus) -> dict[str, Any]:
    known = status.health
    moments = {
        "last_success": known.succeeded_at,
        "caught_up": known.caught_up_at,
        "changed": known.changed_at,
        "problem_at": known.problem_at,
        "webhook": known.webhook_at,
        "reconciled": known.reconciled_at,
    }
    budget = known.budget
    return {
        "source": known.source,
        "mode": status.mode,
        "state": status.state,
        "lag_seconds": status.lag.total_seconds() if status.lag is not None else None,
        "filled": None if status.filled is None else round(status.filled, 3),
        "read_records": known.read_records,
        "backlog": status.backlog,
        "differed": known.differed,
        "problems": dict(status.problems),
        "budget": None if budget is None else {"name": budget.name, "limit": budget.limit, "left": budget.remaining},
        **{name: None if at is None else at.isoformat() for name, at in moments.items()},
    }
