"""`python -m tests.policy.fuzz --seconds 600`: try random things until the time is up, and say what broke.

Exit code 1 when something came out that is no policy's own error, or took more time or memory than it may.
"""

import argparse
import resource
import sys
import time
from collections import Counter
from pathlib import Path

from tests.policy.fuzz.trying import Crash, Trying

#: What the process may take beside what it starts with.
MOST_BYTES = 700_000_000
MOST_CRASHES = 50


def main() -> int:
    """Run; return 1 when something broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1, help="The first one; each try takes the next.")
    parser.add_argument("--once", action="store_true", help="Try only this seed.")
    asked = parser.parse_args()
    trying = Trying()
    _bound_memory()
    crashes, counted, slowest = _run(trying, asked.seed, 0.0 if asked.once else asked.seconds)
    for each in crashes:
        sys.stdout.write(f"{each.kind}, seed {each.seed}: {each.error}\n")
    said = ", ".join(f"{count} {kind}" for kind, count in counted.most_common())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(
        f"{counted.total()} tries ({said}), {trying.loaded} of the texts loaded; {len(crashes)} broke; the slowest took"
        f" {slowest[1]:.1f} s of computing (seed {slowest[0]}); at most {peak} MiB\n"
    )
    return 1 if crashes else 0


def _run(trying: Trying, seed: int, seconds: float) -> tuple[list[Crash], Counter[str], tuple[int, float]]:
    crashes: list[Crash] = []
    counted: Counter[str] = Counter()
    slowest = (seed, 0.0)
    end = time.monotonic() + seconds
    while True:
        crash, took = trying.once(seed)
        counted[trying.kind_of(seed)] += 1
        slowest = max(slowest, (seed, took), key=lambda each: each[1])
        crashes += [crash] if crash else []
        seed += 1
        if time.monotonic() >= end or len(crashes) >= MOST_CRASHES:
            return crashes, counted, slowest


def _bound_memory() -> None:
    """Let what asks for too much memory fail; where the system cannot bound it, the peak is only told."""
    sizes = Path("/proc/self/statm")
    if not sizes.exists():
        return
    now = int(sizes.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MOST_BYTES, resource.RLIM_INFINITY))


if __name__ == "__main__":
    raise SystemExit(main())
