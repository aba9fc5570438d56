"""``python -m tests.crash``: kill, crash and plant bugs, then compare all books. Exit 0 only if nothing is amiss."""

import argparse
import json
import sys
from dataclasses import asdict

from tests.crash.killing import FAULTS, Plan, Report, kill_again_and_again
from tests.crash.town import databases

WORKERS = {"sqlite": 1, "postgres": 3}


def main(argv: list[str] | None = None) -> int:
    """Run what was asked for and print how it ended."""
    options = _parse(argv)
    stores = ("sqlite", "postgres") if options.store == "both" else (options.store,)
    reports = []
    for store in stores:
        if options.kills:
            plan = Plan(
                kills=options.kills, claims=options.cases, workers=WORKERS[store], seed=options.seed, faults=FAULTS
            )
            with databases(store) as new:
                reports.append(kill_again_and_again(plan, store, new(), _say))
            _tell(reports[-1])
    if options.json:
        print(json.dumps({"schema": 1, "kills": [asdict(each) for each in reports]}, default=str))  # noqa: T201
    return 1 if any(each.findings for each in reports) else 0


def _tell(report: Report) -> None:
    _say(
        f"{report.store}: {report.claims} claims, {report.kills} kills, {report.in_flight} with work in flight "
        f"({report.interrupted} jobs), {report.clicks} clicks, {report.payments} payments, {report.seconds:.0f} s"
    )
    _say(f"{report.store}: LOST={report.count('LOST')} DOUBLED={report.count('DOUBLED')} WRONG={report.count('WRONG')}")
    for finding in report.findings[:40]:
        _say(f"  {finding.kind} {finding.check}: {finding.what}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="kill -9 per store (default: 50; 0 = none)")
    parser.add_argument("--cases", type=int, default=1000, help="losses per store (default: 1000)")
    parser.add_argument("--store", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--sweep", choices=("all", "sample", "none"), default="all", help="crash at every point")
    parser.add_argument("--seed", type=int, default=7, help="where chance begins (default: 7)")
    parser.add_argument("--json", action="store_true", help="print one JSON object to stdout")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
