"""What a contestant is given and what it has to offer; standard library only, for peers that live apart."""

import os
import resource
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run.

    Fields:
        contestant: "floor".
        system: "zendesk", "salesforce" or "jira".
        store: "sqlite", "postgres" or "own": what the contestant brings itself.
        records: How many the account has.
        url: The server: "http://127.0.0.1:8900".
        store_url: A fresh database, "sqlite:///…" or "postgresql://…"; "" for "own".
        postgres_pid: The database server's first process, to read its CPU; None when there is none.
        folder: An empty folder for what the contestant keeps.
    """

    contestant: str
    system: str
    store: str
    records: int
    url: str
    store_url: str
    postgres_pid: int | None
    folder: str


class Mirror(Protocol):
    """A contestant with its store open. A contestant that has no poll raises NotImplementedError from it."""

    def backfill(self) -> int:
        """Read and keep every record of the account; return how many are kept then."""
        ...

    def poll(self) -> int:
        """Read and keep what changed since; return how many records that brought."""
        ...


#: How a contestant takes part: opening it, imports and schema included, is not measured.
Contestant = Callable[[Task], AbstractContextManager[Mirror]]


class Absent(Exception):
    """Raised by a contestant that cannot take part; says why, and what would let it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds since a beginning: of all this process's threads and ended children, of PostgreSQL, and of the clock."""

    cpu: float
    postgres: float
    wall: float


class Meter:
    """Counts from when it is made."""

    def __init__(self, postgres_pid: int | None) -> None:
        self._postgres_pid = postgres_pid
        self._begun = self._now()

    def spent(self) -> Spent:
        """Return what has been spent so far."""
        now = self._now()
        cpu, postgres, wall = (after - before for after, before in zip(now, self._begun, strict=True))
        return Spent(cpu=cpu, postgres=postgres, wall=wall)

    def _now(self) -> tuple[float, float, float]:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = time.process_time() + ended.ru_utime + ended.ru_stime
        return cpu, cpu_of_tree(self._postgres_pid) if self._postgres_pid else 0.0, time.perf_counter()


def cpu_of_tree(pid: int) -> float:
    """Return the CPU seconds of a process and its children, ended ones too; 10 ms exact."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            after_name = (folder / "stat").read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(folder.name) == pid:
            total += sum(map(int, after_name[11:15]))
        elif int(after_name[1]) == pid:
            total += sum(map(int, after_name[11:13]))
    return total / TICKS_A_SECOND


def peak_megabytes() -> float:
    """Return the most memory that this program, or an ended child of it, has held resident."""
    lines = Path("/proc/self/status").read_text().splitlines()
    own = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024
