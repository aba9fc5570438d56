"""``python -m tests.crash``: kill, crash and plant bugs, then compare all books. Exit 0 only if nothing is amiss."""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict
from typing import Any

from tests.crash.chaos import Weathered, weather
from tests.crash.killing import FAULTS, Plan, Report, kill_again_and_again
from tests.crash.sweep import Sweep, Swept, sweep
from tests.crash.town import databases
from tests.crash.trials import TRIALS, Verdict, put_on_trial

WORKERS = {"sqlite": 1, "postgres": 3}
SAMPLE = 6
KINDS = ("LOST", "DOUBLED", "WRONG")


def main(argv: list[str] | None = None) -> int:
    """Run what was asked for and print how it ended."""
    options = _parse(argv)
    started = time.monotonic()
    results = _side_by_side(options) if options.store == "both" else _one_store(options)
    sound = all(result["sound"] for result in results)
    payments, lost, doubled = (sum(result[name] for result in results) for name in ("payments", "lost", "doubled"))
    _say(
        f"{'All books agree.' if sound else 'The books do not agree.'} LOST={lost} DOUBLED={doubled} "
        f"in {payments} payments, {time.monotonic() - started:.0f} s"
    )
    if options.json:
        sys.stdout.write(json.dumps({"schema": 1, "sound": sound, "results": results}) + "\n")
    return 0 if sound else 1


def _side_by_side(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Try both stores at the same time, each in a process of its own: a process can be forked, threads cannot."""
    chosen = ["--kills", str(options.kills), "--cases", str(options.cases), "--seed", str(options.seed), "--json"]
    chosen += ["--changes", str(options.changes), "--sweep", options.sweep, "--sample", str(options.sample)]
    chosen += ["--points", options.points, *(["--parts"] if options.parts else [])]
    chosen += [] if options.planted else ["--no-planted"]
    command = [sys.executable, "-m", "tests.crash", *chosen, "--store"]
    both = [subprocess.Popen([*command, store], stdout=subprocess.PIPE) for store in WORKERS]
    return [result for each in both for result in json.loads(each.communicate()[0])["results"]]


def _one_store(options: argparse.Namespace) -> list[dict[str, Any]]:
    store, results = options.store, []
    with databases(store) as new:
        if options.kills:
            workers = WORKERS[store]
            kills = Plan(kills=options.kills, claims=options.cases, workers=workers, seed=options.seed, faults=FAULTS)
            results.append(_told_kills(kill_again_and_again(kills, store, new(), _say)))
        if options.sweep != "none":
            sample = options.sample if options.sweep == "sample" else None
            plan = Sweep(sample=sample, seed=options.seed, only=options.points, parts=options.parts)
            results.append(_told_sweep(sweep(plan, store, new(), _say)))
        if options.changes:
            results.append(_told_chaos(weather(store, new(), changes=options.changes, restarts=5, seed=options.seed)))
        if options.planted and store == "sqlite":  # The bugs are the same on both.
            trials = [trial for trial in TRIALS if options.only in (None, trial.bug)]
            results += [_told_trial(put_on_trial(trial, store, new(), _quiet)) for trial in trials]
    return results


def _told_kills(report: Report) -> dict[str, Any]:
    share = report.in_flight / max(report.kills, 1)
    _say(
        f"{report.store}: {report.claims} claims, {report.kills} kills, {report.in_flight} with work in flight "
        f"({share:.0%}; {report.interrupted} jobs), {report.clicks} clicks, {report.payments} payments, "
        f"{_counts(report)}, {report.seconds:.0f} s"
    )
    return _told(report)


def _told_sweep(swept: Swept) -> dict[str, Any]:
    _say(
        f"{swept.store}: one case's way has {swept.points} points, crashed at {len(swept.crashed)}, "
        f"{len(swept.passed_by)} not met again, {swept.payments} payments, "
        f"{_counts(swept)}, {swept.seconds:.0f} s"
    )
    return _told(swept)


def _told_chaos(weathered: Weathered) -> dict[str, Any]:
    _say(
        f"{weathered.store}: {weathered.changes} ticket changes, {weathered.webhooks} webhooks (a fifth lost, a fifth "
        f"doubled, a fifth late), {weathered.restarts} kills, {weathered.notes} notes, "
        f"{_counts(weathered)}, {weathered.seconds:.0f} s"
    )
    return _told(weathered)


def _told(of: Report | Swept | Weathered) -> dict[str, Any]:
    for finding in of.findings[:40]:
        _say(f"  {finding.kind} {finding.check}: {finding.what}")
    counts = {name.lower(): of.count(name) for name in KINDS}
    return {**asdict(of), **counts, "sound": not of.findings}


def _counts(of: Report | Swept | Weathered) -> str:
    return " ".join(f"{name}={of.count(name)}" for name in KINDS)


def _told_trial(verdict: Verdict) -> dict[str, Any]:
    must = "borne" if verdict.bug == "pay-twice-at-once" else "caught"
    _say(f"planted {verdict.bug}: {must if verdict.caught else f'NOT {must}'} ({', '.join(verdict.found) or 'clean'})")
    return {**asdict(verdict), "sound": verdict.caught, "payments": 0, "lost": 0, "doubled": 0}


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _quiet(_line: str) -> None:
    """Say nothing."""


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="kill -9 per store (default: 50; 0 = none)")
    parser.add_argument("--cases", type=int, default=1000, help="losses per store (default: 1000)")
    parser.add_argument("--store", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--sweep", choices=("all", "sample", "none"), default="all", help="crash at every point")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"points of a sample (default: {SAMPLE})")
    parser.add_argument("--points", default="", help="crash only at points whose name has this in it, as a pattern")
    parser.add_argument("--parts", action="store_true", help="let the cases of the sweep be paid in four parts")
    parser.add_argument("--changes", type=int, default=500, help="ticket changes in webhook chaos (default: 500)")
    parser.add_argument("--planted", action=argparse.BooleanOptionalAction, default=True, help="try planted bugs")
    parser.add_argument("--only", choices=[trial.bug for trial in TRIALS], help="only this planted bug")
    parser.add_argument("--seed", type=int, default=7, help="where chance begins (default: 7)")
    parser.add_argument("--json", action="store_true", help="print one JSON object to stdout")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
