"""Runs one contestant once, in a process of its own: ``python -m tests.bench.mirror.worker TASK``.

Prints one JSON line: what the backfill took, what a poll of a running service takes when nothing has changed, and when
100 records have. Only the standard library is imported before the contestant's own module is.
"""

import json
import sys
import urllib.request
from importlib import import_module

from tests.bench.mirror.task import Absent, Meter, Mirror, Task, peak_megabytes

#: Where a contestant is found: a module of this package with `open_mirror`, of the type Contestant.
MODULES = {
    "floor": "floor",
    "ours": "ours",
    "library loop": "loops",
    "dlt": "peer_dlt",
    "singer": "peer_singer",
}
QUIET_POLLS = 20
CHANGED = 100


def run(task: Task) -> dict[str, object]:
    """Return the figures of one run; raises AssertionError when a record is missing."""
    module = import_module(f"tests.bench.mirror.{MODULES[task.contestant]}")
    tell(task.url, f"account?system={task.system}&records={task.records}")
    with module.open_mirror(task) as mirror:
        tell(task.url, "calls")
        meter = Meter(task.postgres_pid)
        kept = mirror.backfill()
        spent, calls = meter.spent(), tell(task.url, "calls")
        if kept != task.records:
            raise AssertionError(f"{task.contestant}: {kept} of {task.records} records are kept")
        figures: dict[str, object] = {
            "records": kept,
            "cpu_seconds": spent.cpu,
            "postgres_seconds": spent.postgres,
            "wall_seconds": spent.wall,
            "calls": calls,
        }
        figures |= _polls(task, mirror)
    return figures | {"peak_megabytes": peak_megabytes()}


def _polls(task: Task, mirror: Mirror) -> dict[str, object]:
    try:
        mirror.poll()  # The first one after a backfill may still have imports to do.
    except NotImplementedError:
        return {}
    tell(task.url, "calls")
    meter = Meter(task.postgres_pid)
    for _ in range(QUIET_POLLS):
        mirror.poll()
    quiet, quiet_calls = meter.spent(), tell(task.url, "calls")
    tell(task.url, f"change?system={task.system}&records={CHANGED}")
    meter = Meter(task.postgres_pid)
    brought = mirror.poll()
    changed, changed_calls = meter.spent(), tell(task.url, "calls")
    if brought < CHANGED:
        raise AssertionError(f"{task.contestant}: a poll brought {brought} of {CHANGED} changes")
    return {
        "quiet_poll_milliseconds": quiet.cpu / QUIET_POLLS * 1_000,
        "quiet_poll_calls": quiet_calls / QUIET_POLLS,
        "changed_poll_milliseconds": changed.cpu * 1_000,
        "changed_poll_calls": changed_calls,
    }


def tell(url: str, what: str) -> int:
    """Tell the server to begin an account or to change records; return the calls since it was last asked."""
    request = urllib.request.Request(f"{url}/_bench/{what}", method="POST")  # noqa: S310  # This machine's own.
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # As above.
        return int(json.load(answer).get("calls", 0))


def main() -> int:
    """Run what the only argument says and print the figures; a contestant that is absent says why."""
    task = Task(**json.loads(sys.argv[1]))
    try:
        figures = run(task)
    except Absent as reason:
        figures = {"absent": str(reason)}
    print(json.dumps(figures), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
