"""How long a simulation of a million cases takes, limits over time included, and what that is made of.

``python -m tests.bench.simulation [--cases 1000000] [--json]`` runs two versions of the policy of
`twenty_five_rules.yaml` over generated cases of a third as many customers in a quarter: all cases are decided by both,
the twelve-month limit is counted over them in order of time, and every figure of the report is made. Cases are in
columns in memory, as in the other bench of many cases; the best of some rounds counts. The plain way beside it, by
the compiled policy case by case with a list per customer, runs over as many cases as it takes to tell its pace.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from os import getloadavg

import polars as pl

from policy.deciding import decide
from policy.facts import read_facts
from policy.form import Policy
from policy.loading import read_policy
from reports.case_files import Cases, as_cases
from reports.figures import figures_of
from reports.simulating import Simulation, simulate
from tests.bench.policy_many import TEXT, generated

ROUNDS = 3
MOST_SECONDS = 2.0
PLAIN = 4_000
QUARTER = timedelta(days=90)
COUNTED = "goodwill_paid_12_months"


def main() -> int:
    """Run the bench; return 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = measured(asked.cases)
    if asked.json:
        sys.stdout.write(json.dumps({"schema": 1, **figures, "load": getloadavg()[0]}) + "\n")
    met = figures["seconds"] <= MOST_SECONDS
    print(f"{asked.cases:,} cases, two versions, limits over time, report: {figures['seconds']:.2f} s", end="")
    print(f" ({figures['cpu_seconds']:.2f} s of CPU); goal {MOST_SECONDS:.1f} s: {'met' if met else 'MISSED'}")
    print(f"customers with several cases: {figures['customers']:,}; cases changed by it: {figures['changed']:,}")
    print(f"case by case: {figures['plain_seconds_a_million']:.0f} s a million; load {getloadavg()[0]:.1f}")
    return 0 if met else 1


def measured(count: int) -> dict[str, float]:
    """Return the figures of this process."""
    text = TEXT.read_text(encoding="utf-8")
    a = read_policy(text, TEXT.name)
    b = read_policy(text.replace("at most: 1000 USDT, counting", "at most: 700 USDT, counting"), TEXT.name)
    simulate(a, b, cases_of(1_000))
    cases = cases_of(count)
    times: list[tuple[float, float]] = []
    simulation: Simulation | None = None
    for _ in range(ROUNDS):
        start, cpu = time.perf_counter(), time.process_time()
        simulation = simulate(a, b, cases)
        figures_of(simulation)
        times.append((time.perf_counter() - start, time.process_time() - cpu))
    if simulation is None or simulation.undecided or simulation.bad:
        raise SystemExit("every generated case can be decided")
    return {
        "cases": count,
        "seconds": min(wall for wall, _ in times),
        "cpu_seconds": min(cpu for _, cpu in times),
        "customers": simulation.b.rolled.customers,
        "changed": simulation.b.rolled.changed,
        "plain_seconds_a_million": _plain((a, b), cases.frame.head(PLAIN)) * 1_000_000 / min(PLAIN, count),
    }


def cases_of(count: int) -> Cases:
    """Return generated cases with customers and times; always the same ones."""
    row = pl.int_range(count, dtype=pl.UInt32)
    late = (row.hash(51) % int(QUARTER.total_seconds())).cast(pl.Int64) * 1_000_000
    known = pl.select(
        case_id=pl.format("CASE-{}", row),
        customer_id=pl.format("C-{}", row.hash(50) % max(count // 3, 1)),
        at=(pl.lit(1_767_225_600_000_000) + late).cast(pl.Datetime("us", "UTC")),
    )
    frame = pl.concat([known, generated(count).drop(COUNTED)], how="horizontal")
    return as_cases(frame, [], unit="row", first=1, name="generated")


def _plain(versions: tuple[Policy, Policy], frame: pl.DataFrame) -> float:
    """Return the seconds that going through some cases one by one takes."""
    rows = [{name: _text(value) for name, value in row.items()} for row in frame.sort("at").iter_rows(named=True)]
    start = time.perf_counter()
    for policy in versions:
        got: defaultdict[str, list[tuple[datetime, Decimal]]] = defaultdict(list)
        for row in rows:
            _decide(policy, row, got[row["customer_id"]])
    return time.perf_counter() - start


def _decide(policy: Policy, row: Mapping[str, str], got: list[tuple[datetime, Decimal]]) -> None:
    at = datetime.fromisoformat(row["at"])
    used = sum((amount for then, amount in got if then > at.replace(year=at.year - 1)), start=Decimal(0))
    outcome = decide(policy, read_facts(policy, [*row.items(), (COUNTED, str(used))]).values)
    if outcome.amount is not None:
        got.append((at, outcome.amount.amount))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, datetime) else str(value)


if __name__ == "__main__":
    sys.exit(main())
