"""How cheaply three helpdesks are mirrored, beside the floor and beside others, in one run on one server.

``python -m tests.bench.mirror [--quick] [--only zendesk,jira] [--sizes 20000,200000,1000000] [--store sqlite,postgres]
[--contestants floor,ours,dlt] [--rounds 2] [--json]``. Each contestant runs in a process of its own; they take turns,
and the run with the least CPU counts. "own" is a store that a contestant brings itself. Other people's mirrors are
installed by ``--install-peers``; those that are not are named. Ends with 1 when a goal of ours was missed.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from tests.bench.mirror import peers, report
from tests.bench.mirror.databases import Databases, databases
from tests.bench.mirror.report import Figures, Missing
from tests.bench.mirror.task import Task

SIZES = {"zendesk": 200_000, "salesforce": 100_000, "jira": 50_000}
QUICK = {"zendesk": 20_000, "salesforce": 20_000, "jira": 10_000}
STORES = ("sqlite", "postgres")
#: The contestants, and whether they keep what they read in our stores.
CONTESTANTS = {"floor": True, "ours": True, "library loop": False, "dlt": False, "singer": False}
PEER_RECORDS, QUICK_PEER_RECORDS = 50_000, 5_000
LONGEST_RUN_SECONDS = 3_600

#: Contestant, system, store and size of one run.
Turn = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is run: every size of every system by every contestant into every store, so many rounds.

    peer_records: Others' mirrors read at most so many records; their figures are ratios too.
    """

    sizes: tuple[tuple[str, int], ...]
    stores: tuple[str, ...]
    contestants: tuple[str, ...]
    rounds: int
    peer_records: int


def compare(plan: Plan) -> tuple[tuple[Figures, ...], tuple[Missing, ...]]:
    """Return the best run of everybody who took part, and who did not."""
    runs: list[Figures] = []
    missing: dict[tuple[str, str], Missing] = {}
    with a_server() as url, databases(postgres="postgres" in plan.stores) as made:
        for _ in range(plan.rounds):
            for turn in _turns(plan):
                if turn[:2] in missing:
                    continue
                said = run_one(url, made, turn, peer_records=plan.peer_records)
                if isinstance(said, Missing):
                    missing[turn[:2]] = said
                else:
                    runs.append(said)
    return report.best(runs), tuple(missing.values())


def _turns(plan: Plan) -> Iterator[Turn]:
    for system, size in plan.sizes:
        for contestant in plan.contestants:
            for store in plan.stores if CONTESTANTS[contestant] else ("own",):
                yield contestant, system, store, size


def run_one(url: str, made: Databases, turn: Turn, *, peer_records: int) -> Figures | Missing:
    """Return what one run took; a contestant that fails is missing from then on, with its last words."""
    contestant, system, store, size = turn
    records = size if CONTESTANTS[contestant] else min(size, peer_records)
    with made.fresh(store) as (store_url, folder):
        task = Task(
            contestant=contestant,
            system=system,
            store=store,
            records=records,
            url=url,
            store_url=store_url,
            postgres_pid=made.pid if store == "postgres" else None,
            folder=str(folder),
        )
        python = (peers.python_of("dlt") if contestant == "dlt" else None) or sys.executable
        command = [str(python), "-m", "tests.bench.mirror.worker", json.dumps(asdict(task))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_RUN_SECONDS, check=False)
    if done.returncode:
        words = done.stderr.strip().splitlines() or ["it said nothing"]
        return Missing(contestant=contestant, system=system, reason=f"failed: {words[-1]}")
    said = json.loads(done.stdout.splitlines()[-1])
    if "absent" in said:
        return Missing(contestant=contestant, system=system, reason=said["absent"])
    figures = Figures(contestant=contestant, system=system, store=store, size=size, **said)
    print(f"{system} {store} {contestant}: {figures.cpu_per_10k:.3f} CPU s/10k", file=sys.stderr, flush=True)
    return figures


@contextmanager
def a_server() -> Iterator[str]:
    """Run the server as a process of its own; yields its address."""
    command = [sys.executable, "-m", "tests.bench.mirror.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield str(json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()


def planned(options: argparse.Namespace) -> Plan:
    """Return what the options ask for."""
    systems = _names(options.only, tuple(SIZES))
    usual = QUICK if options.quick else SIZES
    numbers = [int(each) for each in options.sizes.split(",")] if options.sizes else []
    sizes = [(system, number) for number in numbers for system in systems]
    return Plan(
        sizes=tuple(sizes or [(system, usual[system]) for system in systems]),
        stores=_names(options.store, STORES),
        contestants=_names(options.contestants, tuple(CONTESTANTS)),
        rounds=options.rounds or (1 if options.quick else 2),
        peer_records=options.peer_records or (QUICK_PEER_RECORDS if options.quick else PEER_RECORDS),
    )


def _names(asked: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of a comma-separated list, all for ""; raises SystemExit for one that nobody knows."""
    names = tuple(asked.split(",")) if asked else known
    for name in names:
        if name not in known:
            sys.exit(f"{name!r} is none of {', '.join(known)}")
    return names


def main() -> int:
    """Print the comparison; returns 1 when a goal of ours was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.mirror", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few records and one round, for a first look")
    parser.add_argument("--only", default="", help=f"systems, of {','.join(SIZES)}")
    parser.add_argument("--sizes", default="", help="records of each account, several for the growth")
    parser.add_argument("--store", default="", help=f"stores, of {','.join(STORES)}")
    parser.add_argument("--contestants", default="", help=f"of {','.join(CONTESTANTS)}")
    parser.add_argument("--rounds", type=int, default=0, help="how often everybody runs; the best run counts")
    parser.add_argument("--peer-records", type=int, default=0, help="the most records that others' mirrors read")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--install-peers", action="store_true", help="install others' mirrors into the cache, and end")
    options = parser.parse_args()
    if options.install_peers:
        peers.install()
        return 0
    runs, missing = compare(planned(options))
    missed = report.missed(runs, missing)
    if options.json:
        rows = [asdict(run) | {"cpu_per_10k": run.cpu_per_10k} for run in runs]
        absent = [asdict(each) for each in missing]
        print(json.dumps({"schema": 1, "runs": rows, "absent": absent, "missed": missed}))
    else:
        print(report.table(runs))
        for each in missing:
            print(f"Absent: {each.contestant} for {each.system}: {each.reason}")
        print("\n".join(f"Missed: {goal}" for goal in missed) or "Every goal met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
