"""Ends this process at one chosen point of its work: before a statement, before or after a commit, around a call.

It is laid by the tests in their own process, around the libraries' doors, and never in the product. Points are
counted only while something is done for a case: in jobs, at the doors, and where the queue writes.
"""

import http.client
import mmap
import os
import re
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy import event

import makewhole.assembly
import makewhole.running
import store.jobs
from config.settings import Settings
from store.failures import Attempt
from sync.schedule import Tick

EXIT_CODE = 77
_SIZE = 1024
_TABLE = re.compile(r'(?:INTO|UPDATE|FROM)\s+"?(?:(?:dbos|main)"?\."?)?(\w+)', re.IGNORECASE)
_WRITES = ("INSERT", "UPDATE", "DELETE")


class Wire:
    """Memory that the process with the tripwire shares with the one that watches it.

    record: Where the points are written while none of them is to end the process.
    """

    def __init__(self, record: Path) -> None:
        self.record = record
        self._memory = mmap.mmap(-1, _SIZE)
        self._lock = threading.Lock()
        self._passed: Counter[str] = Counter()

    def arm(self, point: str = "") -> None:
        """Count points from now on, and end the process at this one: "pay: after commit #2"; "" only records them."""
        self._write(f"armed {point}")

    def disarm(self) -> None:
        """Count no more."""
        self._write("")

    def touch(self, label: str) -> None:
        """Pass a point, or end here."""
        with self._lock:
            told = self._memory[:].rstrip(b"\0").decode()
            if not told:
                return
            self._passed[label] += 1
            point = f"{label} #{self._passed[label]}"
            if told == f"armed {point}":
                os._exit(EXIT_CODE)
            if told == "armed ":
                with self.record.open("a") as record:
                    record.write(f"{point}\n")

    def _write(self, text: str) -> None:
        self._memory[:] = text.encode().ljust(_SIZE, b"\0")


def lay(wire: Wire) -> None:
    """Lay the tripwire in this process, before the house is built."""
    doing = threading.local()

    def touch(point: str) -> None:
        context = _context(doing)
        if context is not None:
            wire.touch(f"{context}: {point}")

    # What comes by the clock would miscount the points.
    makewhole.running.ticks = _no_ticks
    _around_jobs(doing)
    _around_engine(makewhole.assembly, "create_engine", touch)
    _around_queue(wire)
    _around_calls(touch)


def _no_ticks(settings: Settings) -> tuple[Tick, ...]:
    del settings
    return ()


def _context(doing: threading.local) -> str | None:
    """Return what this thread works at; None when it is for no case: leases, start."""
    kind = getattr(doing, "kind", None)
    if kind is not None:
        return str(kind)
    name = threading.current_thread().name
    return "door" if name == "group-commit" or name.startswith("asyncio_") else None


def _around_jobs(doing: threading.local) -> None:
    run = store.jobs.Worker._run

    def watched(self: store.jobs.Worker, attempt: Attempt) -> None:
        doing.kind = attempt.kind
        try:
            run(self, attempt)
        finally:
            doing.kind = None

    store.jobs.Worker._run = watched  # type: ignore[method-assign]  # The tests' own process.


def _around_engine(module: Any, name: str, touch: Callable[[str], None]) -> None:
    """Watch the engine that this module makes with its function `name`."""
    make = getattr(module, name)

    def made(*arguments: Any, **options: Any) -> sa.Engine:
        engine: sa.Engine = make(*arguments, **options)

        def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if not statement.startswith("BEGIN"):
                touch(f"before {_short(statement)}")

        event.listen(engine, "before_cursor_execute", before)
        _around_commit(engine, touch)
        return engine

    setattr(module, name, made)


def _around_commit(engine: sa.Engine, touch: Callable[[str], None]) -> None:
    commit = engine.dialect.do_commit

    def watched(connection: Any) -> None:
        touch("before commit")
        commit(connection)
        touch("after commit")

    engine.dialect.do_commit = watched  # type: ignore[assignment, method-assign]  # The tests' own process.


def _around_queue(wire: Wire) -> None:
    """Watch what the queue itself writes; it looks for work without end, and that is no point."""
    make = store.jobs._queue_engine
    wrote = threading.local()

    def made(url: str) -> sa.Engine:
        engine = make(url)

        def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.lstrip().upper().startswith(_WRITES):
                wrote.something = True
                wire.touch(f"queue: before {_short(statement)}")

        def touch(point: str) -> None:
            if getattr(wrote, "something", False):
                wire.touch(f"queue: {point}")
                wrote.something = point == "before commit"

        event.listen(engine, "before_cursor_execute", before)
        _around_commit(engine, touch)
        return engine

    store.jobs._queue_engine = made


def _around_calls(touch: Callable[[str], None]) -> None:
    """Watch every way out: zenpy's and Slack's clients send by http.client, ours by httpx."""
    send, answer = http.client.HTTPConnection.endheaders, http.client.HTTPConnection.getresponse

    def sending(self: http.client.HTTPConnection, *arguments: Any, **options: Any) -> None:
        touch("before a call")
        send(self, *arguments, **options)

    def answered(self: http.client.HTTPConnection) -> http.client.HTTPResponse:
        got = answer(self)
        touch("after a call")
        return got

    http.client.HTTPConnection.endheaders = sending  # type: ignore[method-assign]  # As above.
    http.client.HTTPConnection.getresponse = answered  # type: ignore[method-assign]  # As above.
    call = httpx.Client.send

    def called(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        touch("before a call")
        got = call(self, request, **options)
        touch("after a call")
        return got

    httpx.Client.send = called  # type: ignore[method-assign]  # As above.


def _short(statement: str) -> str:
    verb = statement.split(maxsplit=1)[0].upper()
    table = _TABLE.search(statement)
    return f"{verb} {table[1]}" if table else verb
