"""Many small writes, one commit: a single thread writes what many requests wait for.

A commit that survives a power cut costs a disk flush; sharing it is what makes intake fast. Each request is answered
after the commit that holds its own row. While one group is being committed the next one gathers by itself.
"""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from store.database import Database, Transaction

MOST_WAITING = 4_096
log = structlog.get_logger(__name__)

Write = Callable[[Transaction], bool]


class NotWritten(Exception):
    """The write is not known to be kept: the database refused it, was too slow, or too much is waiting. Ask again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    write: Write
    touching: str
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[bool]


class GroupCommit:
    """Writes in groups. `start` and `close` belong to the server's own start and end.

    database: Where to.
    most_together: Writes in one transaction at most.
    linger_seconds: How long a group waits for company; zero commits what is there.
    patience_seconds: A write that is not committed by then raises NotWritten; it may still be, and a repeat finds it.
    """

    def __init__(
        self,
        database: Database,
        *,
        most_together: int = 64,
        linger_seconds: float = 0.0,
        patience_seconds: float = 8.0,
    ) -> None:
        self._database = database
        self._most_together = most_together
        self._linger_seconds = linger_seconds
        self._patience_seconds = patience_seconds
        self._waiting: deque[_Waiting] = deque()
        self._news = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin writing; a repeat changes nothing."""
        if self._thread is None:
            self._closing = False
            self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Write what still waits, then stop."""
        with self._news:
            self._closing = True
            self._news.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    async def write(self, write: Write, *, touching: str = "") -> bool:
        """Run `write` in a transaction and return what it returned, after the commit; raises NotWritten.

        touching: The first row that others may be writing too: "zendesk:harbor:17". A group is written in the order of
        these, as everybody writes several, or two transactions wait for each other and one of them fails.

        `write` runs in another thread and, when another write of its group fails, a second time: it must do nothing
        but use its transaction.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()
        with self._news:
            if self._thread is None or self._closing or len(self._waiting) >= MOST_WAITING:
                raise NotWritten("too much is waiting, or nothing is written any more")
            self._waiting.append(_Waiting(write=write, touching=touching, loop=loop, answer=answer))
            self._news.notify()
        try:
            async with asyncio.timeout(self._patience_seconds):
                return await answer
        except TimeoutError:
            raise NotWritten(f"not committed within {self._patience_seconds} s") from None

    def _run(self) -> None:
        while (group := self._next_group()) is not None:
            if group:
                self._commit(group)

    def _next_group(self) -> list[_Waiting] | None:
        """Wait for company and return the next group; None when closing and nothing is left.

        Nobody waits for one that gave up, and its sender was told to send it again: it is passed by.
        """
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._closing)
            if self._linger_seconds and not self._closing:
                until = time.monotonic() + self._linger_seconds
                while len(self._waiting) < self._most_together and (left := until - time.monotonic()) > 0:
                    self._news.wait(left)
            if not self._waiting:
                return None
            group: list[_Waiting] = []
            while self._waiting and len(group) < self._most_together:
                each = self._waiting.popleft()
                if not each.answer.done():
                    group.append(each)
            return sorted(group, key=lambda each: each.touching)

    def _commit(self, group: list[_Waiting]) -> None:
        try:
            with self._database.begin() as tx:
                written: list[bool | Exception] = [each.write(tx) for each in group]
        except Exception as error:  # noqa: BLE001  # A door: one bad write must not stop the others.
            written = [error] if len(group) == 1 else [self._alone(each) for each in group]
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, bool | Exception]]] = {}
        for each, outcome in zip(group, written, strict=True):
            by_loop.setdefault(each.loop, []).append((each, outcome))
        for loop, answers in by_loop.items():
            with contextlib.suppress(RuntimeError):  # The loop ended meanwhile: nobody waits.
                loop.call_soon_threadsafe(_answer, answers)

    def _alone(self, waiting: _Waiting) -> bool | Exception:
        try:
            with self._database.begin() as tx:
                return waiting.write(tx)
        except Exception as error:  # noqa: BLE001  # As above; its own request says so.
            return error


def _answer(answers: list[tuple[_Waiting, bool | Exception]]) -> None:
    for waiting, outcome in answers:
        if waiting.answer.done():
            continue
        if isinstance(outcome, Exception):
            log.error("not written", error=type(outcome).__name__)
            waiting.answer.set_exception(NotWritten(type(outcome).__name__))
        else:
            waiting.answer.set_result(outcome)
