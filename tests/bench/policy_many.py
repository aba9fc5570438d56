"""How fast a million cases are decided in columns, and in how much memory over the loaded columns.

``python -m tests.bench.policy_many [--cases 1000000] [--json]`` decides generated cases by the policy of
`twenty_five_rules.yaml`, the one that single decisions are timed on. Each figure comes from a process of its own: the
cases are read from a Parquet file, the columns are then decided several times, and the best time counts; memory is the
peak of the process above what it held with the columns loaded. A hundred cases of each run are decided one by one
as well, as in every run of the product.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from os import getloadavg
from pathlib import Path

import polars as pl

from policy.loading import load_policy
from policy.many.deciding import decide_many, why_not_many
from tests.policy.conftest import staff

TEXT = Path(__file__).parent / "twenty_five_rules.yaml"
PEOPLE = staff(compensation_lead=3, finance=2, fraud_analyst=2, head_of_support=2, head_of_finance=2)
ROUNDS = 7
MOST_SECONDS = 0.2
MOST_MIB = 300


def main() -> int:
    """Run the bench; return 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        sys.stdout.write(json.dumps(measured(asked.measure)) + "\n")
        return 0
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "cases.parquet"
        generated(asked.cases).write_parquet(file)
        command = [sys.executable, "-m", "tests.bench.policy_many", "--measure", str(file)]
        figures = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    if asked.json:
        sys.stdout.write(json.dumps({"schema": 1, "cases": asked.cases, **figures, "load": getloadavg()[0]}) + "\n")
    return _said(asked.cases, figures)


def generated(count: int) -> pl.DataFrame:
    """Return cases as a warehouse holds them: Decimal, Enum, yes/no and whole numbers; always the same ones."""
    row = pl.int_range(count, dtype=pl.UInt32)

    def drawn(seed: int, most: int) -> pl.Expr:
        return (row.hash(seed) % most).cast(pl.Int64)

    def word(seed: int, *words: str) -> pl.Expr:
        return pl.lit(pl.Series(words, dtype=pl.Enum(list(dict.fromkeys(words))))).gather(drawn(seed, len(words)))

    def money(seed: int, most: int) -> pl.Expr:
        """Many small amounts and few large ones, to the millionth."""
        skewed = drawn(seed, 1000) * drawn(seed + 100, 1000) * most + drawn(seed + 200, 1_000_000)
        return skewed.cast(pl.Decimal(38, 0)).cast(pl.Decimal(38, 6)) / 1_000_000

    causes = ("platform",) * 12 + ("chain",) * 3 + ("partner",) * 3 + ("customer", "compliance_hold")
    return pl.select(
        product=word(1, "withdrawal", "withdrawal", "spot", "futures", "copy", "earn", "card", "p2p"),
        cause=word(2, *causes),
        tier=word(3, "standard", "silver", "gold"),
        hours_late=drawn(4, 10_000).cast(pl.Decimal(38, 0)) / pl.lit(100).cast(pl.Decimal(38, 2)),
        loss=money(5, 20_000),
        profit=money(6, 4_000),
        fees=money(7, 40),
        value=money(8, 200_000),
        claims_before=drawn(9, 7),
        evidence=drawn(10, 100) < 85,
        fraud_score=drawn(11, 84),
        sanctions_hit=drawn(12, 100) == 0,
        goodwill_paid_12_months=money(13, 1_500),
    )


def measured(file: Path) -> dict[str, float]:
    """Return the figures of this process: seconds, CPU seconds and MiB."""
    policy = load_policy(TEXT.read_text(encoding="utf-8"), TEXT.name, people=PEOPLE)
    decide_many(policy, pl.read_parquet(file, n_rows=1000))
    frame = pl.read_parquet(file).rechunk()
    held = _forget_peak()
    seconds, cpu_seconds = _best(lambda: decide_many(policy, frame))
    peak = _peak()
    if why := why_not_many(policy, frame):
        raise SystemExit(why)
    with_load, _ = _best(lambda: decide_many(policy, pl.read_parquet(file)))
    with_approvals, _ = _best(lambda: decide_many(policy, frame, approvals=True))
    return {
        "columns_mib": frame.estimated_size("mb"),
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "memory_mib": (peak - held) / 1024,
        "seconds_with_parquet": with_load,
        "seconds_with_approvals": with_approvals,
    }


def _best(run: Callable[[], object]) -> tuple[float, float]:
    """Return the shortest time of several runs, and the least CPU time."""
    times = []
    for _ in range(ROUNDS):
        start, cpu = time.perf_counter(), time.process_time()
        run()
        times.append((time.perf_counter() - start, time.process_time() - cpu))
    return min(each for each, _ in times), min(each for _, each in times)


def _forget_peak() -> int:
    """Let the kernel forget the peak of this process; return what it holds now, in KiB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _said(cases: int, figures: dict[str, float]) -> int:
    """Print the figures beside their goals; return 1 when one is missed."""
    share = cases / 1_000_000
    rows = (
        ("decided, over loaded columns", figures["seconds"], "s", MOST_SECONDS * share),
        ("  its CPU time", figures["cpu_seconds"], "s", None),
        ("memory above the loaded columns", figures["memory_mib"], "MiB", MOST_MIB),
        ("  the loaded columns", figures["columns_mib"], "MiB", None),
        ("read from Parquet and decided", figures["seconds_with_parquet"], "s", None),
        ("decided, with the approval matrix", figures["seconds_with_approvals"], "s", None),
    )
    print(f"{cases:,} cases, 25 rules, {pl.thread_pool_size()} threads, load {getloadavg()[0]:.1f}")
    missed = False
    for name, figure, unit, goal in rows:
        said = "" if goal is None else f"  goal {goal:.3g} {unit}{'' if figure <= goal else ': MISSED'}"
        missed |= goal is not None and figure > goal
        print(f"{name:36} {figure:9.3f} {unit}{said}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
