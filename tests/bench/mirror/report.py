"""What the runs say: the table, and which goals were missed. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_TIMES_FLOOR = 2.5
LEAST_TIMES_FASTER = 4
MOST_MEGABYTES = 200
MOST_GROWTH = 1.2
MOST_QUIET_MILLISECONDS = 5
MOST_CALLS = {"zendesk": 1.0, "salesforce": 0.5, "jira": 10.0}
#: Logging in and asking who one is.
CALLS_TO_BEGIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one run took; the polls are None for a contestant that has none.

    Fields:
        size: Records the account was to have, before a slow peer's was made smaller.
        cpu_seconds, postgres_seconds: Of the contestant's process, and of PostgreSQL, for the backfill.
        quiet_poll_milliseconds: CPU of one poll when nothing has changed, in a process that runs already.
        changed_poll_milliseconds: CPU of one poll that brings 100 changes.
        peak_megabytes: Most resident memory of the contestant, over all of it.
    """

    contestant: str
    system: str
    store: str
    size: int
    records: int
    cpu_seconds: float
    postgres_seconds: float
    wall_seconds: float
    calls: int
    peak_megabytes: float
    quiet_poll_milliseconds: float | None = None
    quiet_poll_calls: float | None = None
    changed_poll_milliseconds: float | None = None
    changed_poll_calls: float | None = None

    @property
    def cpu_per_10k(self) -> float:
        """CPU seconds for 10,000 records, PostgreSQL's with them."""
        return (self.cpu_seconds + self.postgres_seconds) / self.records * 10_000

    @property
    def calls_per_1k(self) -> float:
        """Calls for 1,000 records."""
        return self.calls / self.records * 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A contestant that did not take part, and why."""

    contestant: str
    system: str
    reason: str


def best(runs: Iterable[Figures]) -> tuple[Figures, ...]:
    """Return of each contestant, system, store and size the run with the least CPU, in the order they first came."""
    found: dict[tuple[str, str, str, int], Figures] = {}
    for run in runs:
        key = (run.contestant, run.system, run.store, run.size)
        if key not in found or run.cpu_per_10k < found[key].cpu_per_10k:
            found[key] = run
    return tuple(found.values())


def times_floor(run: Figures, runs: Iterable[Figures]) -> float | None:
    """Return how many times the floor's CPU a run took; None where there is no floor of its kind."""
    floor = _of("floor", run.system, run.store, run.size, runs)
    return run.cpu_per_10k / floor.cpu_per_10k if floor else None


def table(runs: Sequence[Figures]) -> str:
    """Return the runs as lines of text."""
    head = (
        f"{'system':<11}{'store':<10}{'contestant':<14}{'records':>9}{'CPU s/10k':>11}{'of it PG':>10}{'× floor':>9}"
        f"{'records/s':>11}{'calls/1k':>10}{'MB':>6}{'quiet poll':>17}{'100 changes':>19}"
    )
    lines = [head]
    for run in sorted(runs, key=lambda each: (each.size, list(MOST_CALLS).index(each.system))):
        times = times_floor(run, runs)
        lines.append(
            f"{run.system:<11}{run.store:<10}{run.contestant:<14}{run.records:>9}{run.cpu_per_10k:>11.3f}"
            f"{run.postgres_seconds / run.records * 10_000:>10.3f}{'' if times is None else f'{times:.2f}':>9}"
            f"{run.records / run.wall_seconds:>11.0f}{run.calls_per_1k:>10.2f}{run.peak_megabytes:>6.0f}"
            f"{_poll(run.quiet_poll_milliseconds, run.quiet_poll_calls):>17}"
            f"{_poll(run.changed_poll_milliseconds, run.changed_poll_calls):>19}"
        )
    return "\n".join(lines)


def missed(runs: Sequence[Figures], missing: Iterable[Missing]) -> tuple[str, ...]:
    """Return a sentence for every goal of ours that was not reached; () when all were."""
    found = [f"{each.system}: we take no part: {each.reason}" for each in missing if each.contestant == "ours"]
    ours = [run for run in runs if run.contestant == "ours"]
    for run in ours:
        found += [f"{run.system} in {run.store}, {run.records} records: {goal}" for goal in _missed_by(run, runs)]
    for system, store in dict.fromkeys((run.system, run.store) for run in ours):
        of_one = sorted((r for r in ours if (r.system, r.store) == (system, store)), key=lambda each: each.size)
        small, large = of_one[0], of_one[-1]
        if large.peak_megabytes > small.peak_megabytes * MOST_GROWTH:
            said = f"memory grows from {small.peak_megabytes:.0f} to {large.peak_megabytes:.0f} MB"
            found.append(f"{system} in {store}: {said} between {small.records} and {large.records} records")
    return tuple(found)


def _missed_by(run: Figures, runs: Sequence[Figures]) -> list[str]:
    found = []
    times = times_floor(run, runs)
    if times is not None and times > MOST_TIMES_FLOOR:
        found.append(f"{times:.2f} times the floor's CPU, at most {MOST_TIMES_FLOOR}")
    dlt = _of("dlt", run.system, "own", run.size, runs)
    if dlt and dlt.cpu_per_10k < LEAST_TIMES_FASTER * run.cpu_per_10k:
        found.append(f"dlt takes {dlt.cpu_per_10k / run.cpu_per_10k:.1f} times our CPU, at least {LEAST_TIMES_FASTER}")
    if run.peak_megabytes > MOST_MEGABYTES:
        found.append(f"{run.peak_megabytes:.0f} MB, at most {MOST_MEGABYTES}")
    if run.calls > run.records / 1_000 * MOST_CALLS[run.system] + CALLS_TO_BEGIN:
        found.append(f"{run.calls_per_1k:.2f} calls per 1,000 records, at most {MOST_CALLS[run.system]}")
    if (run.quiet_poll_calls or 0) > 1:
        found.append(f"a poll without changes takes {run.quiet_poll_calls} calls, at most 1")
    if (run.quiet_poll_milliseconds or 0) > MOST_QUIET_MILLISECONDS:
        found.append(f"a poll without changes takes {run.quiet_poll_milliseconds:.1f} ms, at most 5")
    return found


def _of(contestant: str, system: str, store: str, size: int, runs: Iterable[Figures]) -> Figures | None:
    wanted = (contestant, system, store, size)
    return next((run for run in runs if (run.contestant, run.system, run.store, run.size) == wanted), None)


def _poll(milliseconds: float | None, calls: float | None) -> str:
    return "" if milliseconds is None or calls is None else f"{milliseconds:.2f} ms, {calls:g} calls"
