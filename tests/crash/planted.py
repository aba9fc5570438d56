"""Bugs that the comparison of the books must catch, planted by the tests into a process of their own.

``python -m tests.crash.planted BUG run --settings FILE`` is the product with the bug in it.
"""

import contextlib
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import httpx
import sqlalchemy as sa

import bot.calls
import bot.kept
import cases.loss
import connectors.zendesk.writing
import payouts.paying
import store.books
import store.jobs
import store.outbox
import workflow.paying
from payouts import attempt as attempts
from store import tables
from store.cases import number_of
from store.database import Database, Jobs, Transaction
from store.records import ATTEMPT, to_text


def plant(bug: str) -> None:
    """Put this bug into the product in this process; a LookupError names those there are."""
    if bug not in BUGS:
        raise LookupError(f"no bug {bug!r}; there are {', '.join(BUGS)}")
    BUGS[bug]()


Work = Callable[[Transaction], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnqueuesAfterCommit:
    """A queue that is told of a job only once the transaction that needs it has been committed."""

    jobs: Jobs
    later: list[Work]

    def enqueue(self, connection: sa.Connection, kind: str, key: str, delay_seconds: float) -> None:
        """Put it off."""
        del connection
        self.later.append(lambda tx: self.jobs.enqueue(tx.connection, kind, key, delay_seconds))


def _enqueue_after_commit() -> None:
    def with_jobs(jobs: Jobs, later: list[Work]) -> Jobs:
        return EnqueuesAfterCommit(jobs=jobs, later=later)

    _in_two_transactions(with_jobs)


def _post_after_commit() -> None:
    mine = threading.local()

    def remember(jobs: Jobs, later: list[Work]) -> Jobs:
        mine.later = later
        return jobs

    _in_two_transactions(remember)
    post = store.books.post

    def post_later(tx: Transaction, entry: Any, case_id: str, *, now: datetime) -> bool:
        del tx
        mine.later.append(lambda second: post(second, entry, case_id, now=now))
        return True

    store.books.post = post_later


def _in_two_transactions(jobs_of: Callable[[Jobs, list[Work]], Jobs]) -> None:
    """Let every transaction be followed by others that do what was put off in it."""

    @contextlib.contextmanager
    def begin(self: Database) -> Iterator[Transaction]:
        later: list[Work] = []
        with self.engine.begin() as connection:
            yield Transaction(connection=connection, jobs=jobs_of(self._jobs, later))
        for work in later:
            with self.engine.begin() as connection:
                work(Transaction(connection=connection, jobs=self._jobs))

    Database.begin = begin  # type: ignore[method-assign]  # The tests' own process.


def _pay_twice_at_once() -> None:
    """Do what two workers do that both take themselves for alive: each payout's job at the same time. No bug yet."""
    pay, step = workflow.paying.pay, payouts.paying.next_step
    both = threading.Barrier(2)

    def together(*arguments: Any) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.3)
        if both.broken:
            both.reset()
        return step(*arguments)

    def twice(*arguments: Any) -> None:
        def other() -> None:
            with contextlib.suppress(Exception):
                pay(*arguments)

        thread = threading.Thread(target=other)
        thread.start()
        try:
            pay(*arguments)
        finally:
            thread.join()

    workflow.paying.pay = twice  # type: ignore[assignment]  # The tests' own process.
    payouts.paying.next_step = together  # type: ignore[assignment]  # As above.


def _no_compare_and_set() -> None:
    _pay_twice_at_once()

    def move(tx: Transaction, before: Any, after: Any, *, now: datetime) -> Any:
        column = tables.payouts.c
        mine = (column.case_number == number_of(before.approved.about.id), column.part == before.part)
        moved = {"attempt": to_text(ATTEMPT, after), "state": after.state, "updated_at": now}
        tx.execute(sa.update(tables.payouts).where(*mine).values(**moved, version=before.version + 1))
        return replace(before, attempt=after, version=before.version + 1)

    store.books.move_payout = move


def _send_again_when_unknown() -> None:
    def resolve(attempt: Any, first: datetime, last: datetime, *, now: datetime, terms: Any) -> Any:
        del first, last
        return payouts.paying._send(attempt.key_generation, now, terms)

    payouts.paying._resolve = resolve  # type: ignore[assignment]  # The tests' own process.


def _fresh_key_per_try() -> None:
    send = httpx.Client.send

    def sent(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        if "Idempotency-Key" in request.headers:
            request.headers["Idempotency-Key"] = uuid.uuid4().hex
        return send(self, request, **options)

    httpx.Client.send = sent  # type: ignore[method-assign]  # The tests' own process.


def _fresh_key_and_send_again() -> None:
    _fresh_key_per_try()
    _send_again_when_unknown()


def _send_before_storing() -> None:
    """Store a sending only once it is answered."""

    def send(desk: Any, cashier: Any, stored: Any, step: Any) -> None:
        now = cashier.clock()
        sending = attempts.sending(stored.attempt, key_generation=step.key_generation, now=now)
        order = replace(stored.order, key_generation=step.key_generation)
        answer = cashier.provider.send(order, within_seconds=10.0)
        with desk.database.begin() as tx:
            stored = workflow.paying.move(tx, stored, sending, now=now)
        answered = attempts.answered(stored.attempt, answer, now=cashier.clock())
        workflow.paying._end_step(desk, stored, answered, now=cashier.clock())

    workflow.paying._send = send  # type: ignore[assignment]  # The tests' own process.


def _no_lanes() -> None:
    put = store.outbox.put

    def put_at_once(tx: Transaction, *, lane: str, kind: Any, **more: Any) -> None:
        put(tx, lane=lane, kind=kind, **more)
        last = tx.execute(sa.select(sa.func.max(tables.outbox.c.sequence)).where(tables.outbox.c.lane == lane)).scalar()
        tx.enqueue(kind, f"{lane}#{last}")

    store.outbox.put = put_at_once


def _no_marks() -> None:
    connectors.zendesk.writing.marks = lambda *_, **__: frozenset()


def _no_look_before_posting() -> None:
    bot.calls.SlackCalls.find = lambda *_, **__: None  # type: ignore[method-assign]
    bot.calls.SlackCalls.find_reply = lambda *_, **__: None  # type: ignore[method-assign]


def _nobody_takes_over() -> None:
    store.jobs.Worker._take_over = lambda _self: None  # type: ignore[assignment, method-assign]


def _a_loss_is_never_the_same() -> None:
    """Let the cases' table, and it alone, take every loss for a new one."""
    key = cases.loss.Loss.key

    def fresh(loss: cases.loss.Loss) -> str:
        usual = str(key.fget(loss))  # type: ignore[attr-defined]  # It is a property.
        asked_by = sys._getframe(1).f_globals["__name__"]
        return f"{usual}/{uuid.uuid4().hex}" if asked_by == "store.cases" else usual

    cases.loss.Loss.key = property(fresh)  # type: ignore[assignment, method-assign]  # The tests' own process.


def _answer_before_keeping() -> None:
    keep = bot.kept.KeptInbox.keep

    def kept_later(self: Any, source: str, delivery_id: str, body: str, *, now: datetime) -> bool:
        def later() -> None:
            time.sleep(1.0)
            keep(self, source, delivery_id, body, now=now)

        threading.Thread(target=later, daemon=True).start()
        return True

    bot.kept.KeptInbox.keep = kept_later  # type: ignore[method-assign]


#: By name; "pay-twice-at-once" is no bug: the product must bear it.
BUGS: dict[str, Callable[[], None]] = {
    "enqueue-after-commit": _enqueue_after_commit,
    "post-after-commit": _post_after_commit,
    "pay-twice-at-once": _pay_twice_at_once,
    "no-compare-and-set": _no_compare_and_set,
    "send-again-when-unknown": _send_again_when_unknown,
    "fresh-key-per-try": _fresh_key_per_try,
    "fresh-key-and-send-again": _fresh_key_and_send_again,
    "send-before-storing": _send_before_storing,
    "no-lanes": _no_lanes,
    "no-marks": _no_marks,
    "no-look-before-posting": _no_look_before_posting,
    "nobody-takes-over": _nobody_takes_over,
    "a-loss-is-never-the-same": _a_loss_is_never_the_same,
    "answer-before-keeping": _answer_before_keeping,
}


def main() -> None:
    """Be the product with a bug."""
    from makewhole.cli import main as product

    plant(sys.argv.pop(1))
    product()


if __name__ == "__main__":
    main()
