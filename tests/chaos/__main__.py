"""``python -m tests.chaos``: three systems in all weathers, then all books compared. Exit 0 only if all converge."""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict

from tests.chaos.findings import Kind
from tests.chaos.running import Plan, Report, run
from tests.crash.town import databases

MOST_WORKERS = {"sqlite": 1, "postgres": 9}
MOST_SHOWN = 40


def main(argv: list[str] | None = None) -> int:
    """Run what was asked for and print how it ended."""
    options = _parse(argv)
    stores = tuple(MOST_WORKERS) if options.store == "both" else (options.store,)
    reports = []
    for store in stores:
        plan = Plan(
            changes=options.changes,
            kills=options.kills,
            workers=min(options.workers, MOST_WORKERS[store]),
            seed=options.seed,
            echo=options.echo,
            quiet_seconds=options.quiet_seconds,
        )
        with databases(store) as new:
            reports.append(run(plan, store, new(), _say))
        _told(reports[-1])
    total = {kind: sum(each.count(kind) for each in reports) for kind in Kind}
    verdict = " ".join(f"{kind}={count}" for kind, count in total.items())
    if options.json:
        _say(verdict)
        sys.stdout.write(json.dumps({"schema": 1, "reports": [asdict(each) for each in reports]}) + "\n")
    else:
        sys.stdout.write(f"{verdict}\n")
    return 1 if any(total.values()) else 0


def _told(report: Report) -> None:
    for finding in report.findings[:MOST_SHOWN]:
        _say(f"  {finding.kind} {finding.check} (loss {finding.loss}): {finding.what}")
    if len(report.findings) > MOST_SHOWN:
        kinds = Counter(f"{each.kind} {each.check}" for each in report.findings)
        _say(f"  … {dict(kinds)}")
    for line in report.histories:
        _say(f"    {line}")
    for name, counted in (("done", report.done), ("struck", report.struck), ("conflicts", report.conflicts)):
        _say(f"  {name}: {', '.join(f'{what} {times}' for what, times in sorted(counted.items())) or 'none'}")
    _say(
        f"{report.store}: {report.changes} changes of {report.tickets} tickets about {report.losses} losses, "
        f"{report.kills} kills, {report.clicks} clicks, {report.writes} notes and copies, "
        f"{report.seconds:.0f} s"
    )


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--changes", type=int, default=2000, help="changes in all (default: 2000)")
    parser.add_argument("--store", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--kills", type=int, default=20, help="kill -9 per store (default: 20; 0 = none)")
    parser.add_argument("--workers", type=int, default=3, help="processes that work, on PostgreSQL (default: 3)")
    parser.add_argument("--echo", action=argparse.BooleanOptionalAction, default=True, help="know our own words again")
    parser.add_argument("--seed", type=int, default=7, help="where chance begins (default: 7)")
    parser.add_argument("--quiet-seconds", type=float, default=8.0, help="how long counts as quiet (default: 8)")
    parser.add_argument("--json", action="store_true", help="print one JSON object to stdout")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
