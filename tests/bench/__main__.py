"""Every bench, one after the other, each beside its peer in the same run: ``python -m tests.bench [--quick]``.

Ratios count; seconds are this machine's. Ends with 1 when a bench missed its goal.
"""

import argparse
import subprocess
import sys

BENCHES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("Policy, one case at a time", ("tests.bench.policy",), ("--cases", "5000", "--rounds", "2")),
    ("Policy, a million cases", ("tests.bench.policy_many",), ("--cases", "200000")),
    ("Simulation of a million cases", ("tests.bench.simulation",), ("--cases", "200000")),
    ("Stored cases", ("tests.bench.stored_cases",), ("--cases", "10000")),
    ("Slack acknowledgement, SQLite", ("tests.bench.slack_ack",), ("--seconds", "5")),
    ("Slack acknowledgement, PostgreSQL", ("tests.bench.slack_ack", "--postgres"), ("--seconds", "5")),
    ("Webhook intake", ("tests.bench.webhooks",), ("--requests", "1000")),
    ("Mirror of three systems", ("tests.bench.mirror",), ("--quick",)),
    ("Freshness", ("tests.bench.freshness",), ("--quick",)),
    ("Backfill", ("tests.bench.backfill",), ("--tickets", "5000")),
)


def main() -> int:
    """Run every bench and say which missed its goal."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter runs, for a first look")
    options = parser.parse_args()
    missed = []
    for title, command, quick in BENCHES:
        print(f"\n{title}\n{'-' * len(title)}", flush=True)
        done = subprocess.run([sys.executable, "-m", *command, *(quick if options.quick else ())], check=False)
        if done.returncode:
            missed.append(title)
    print(f"\n{'Missed: ' + ', '.join(missed) if missed else 'Every goal met.'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
