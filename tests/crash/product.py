"""The product's processes: started like an operator's, killed like nobody's."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.crash.town import Town

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
PAUSE_SECONDS = 0.03


class NotInTime(AssertionError):
    """Something that was to happen did not; the message says what."""


@dataclass(slots=True, kw_only=True)
class Process:
    """One process of the product: `run` serves and works, `worker` only works.

    Fields:
        module: What python -m runs: "makewhole", or the tests' own program that plants a fault first.
        arguments: What follows it.
    """

    town: Town
    arguments: tuple[str, ...]
    module: str = "makewhole"
    _running: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.town.folder / "product.log"

    @property
    def pid(self) -> int | None:
        """Its process id; None when it does not run."""
        return self._running.pid if self._running else None

    @property
    def serves(self) -> bool:
        """Whether it has the door."""
        return "run" in self.arguments

    def start(self) -> None:
        """Start it; returns at once."""
        command = [sys.executable, "-m", self.module, *self.arguments, "--settings", str(self.town.settings)]
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)

    def ended(self) -> int | None:
        """Return its exit code when it has ended by itself; None while it runs."""
        return self._running.poll() if self._running else None

    def kill(self) -> None:
        """End it with kill -9, in the middle of whatever it does."""
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._running.pid, signal.SIGKILL)
            self.wait(seconds=60)

    def ask_to_end(self) -> None:
        """Ask it to end in good order; returns at once."""
        if self._running is not None:
            self._running.send_signal(signal.SIGTERM)

    def wait(self, *, seconds: float) -> int | None:
        """Wait until it has ended and return its exit code; None when it does not run."""
        code = self._running.wait(timeout=seconds) if self._running else None
        self._running = None
        return code

    def is_ready(self) -> bool:
        """Whether its door answers that it may be sent work."""
        if self.ended() is not None:
            raise NotInTime(f"the product ended with {self.ended()} at its start:\n{self.tail()}")
        try:
            return httpx.get(f"{self.town.own_url}/readyz", trust_env=False).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def tail(self, lines: int = 30) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


@contextlib.contextmanager
def running(*processes: Process) -> Iterator[None]:
    """Run these processes until the block ends, whatever happened to them in between."""
    try:
        for process in processes:
            process.start()
        yield
    finally:
        for process in processes:
            process.kill()


def until(holds: Callable[[], object], *, seconds: float, what: str) -> None:
    """Return once it holds; raises NotInTime when it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise NotInTime(what)
        time.sleep(PAUSE_SECONDS)
