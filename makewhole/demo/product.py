"""The product as a process of its own, so that it can be killed like one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

START_SECONDS = 40.0
PAUSE_SECONDS = 0.1


class DayFailed(RuntimeError):
    """Something that was to happen did not happen in time; the message says what, and where the log is."""


class Product:
    """`makewhole run` with these settings; its log goes to `log`."""

    def __init__(self, settings: Path, url: str, log: Path) -> None:
        self.url = url
        self._settings = settings
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready; raises DayFailed."""
        command = [sys.executable, "-m", "makewhole", "run", "--settings", str(self._settings)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # Our own program.
                command, stdout=log, stderr=log, cwd=Path(__file__).resolve().parents[2]
            )
        wait_until(self._is_ready, seconds=START_SECONDS, what=f"the product did not start, see {self._log}")

    def kill(self) -> None:
        """End it with kill -9, in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in good order."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            os.kill(self._process.pid, number)
            self._process.wait(timeout=30)
            self._process = None

    def _is_ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise DayFailed(f"the product ended at its start, see {self._log}")
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


@contextmanager
def running(product: Product) -> Iterator[Product]:
    """Run the product until the block ends, whatever happened to it in between."""
    product.start()
    try:
        yield product
    finally:
        product.stop()


def wait_until(
    holds: Callable[[], bool], *, seconds: float, what: str, moving: Callable[[], object] = lambda: None
) -> None:
    """Return once it holds; raises DayFailed with `what` after so long without it.

    moving: What changes while there is progress; a slow machine that still moves is given its time.
    """
    seen, deadline = moving(), time.monotonic() + seconds
    while not holds():
        now_seen = moving()
        if now_seen != seen:
            seen, deadline = now_seen, time.monotonic() + seconds
        if time.monotonic() > deadline:
            raise DayFailed(what)
        time.sleep(PAUSE_SECONDS)
