"""The books under many hands, and after the process that kept them was killed."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from sandbox.payouts.books import Books, Settings
from sandbox.payouts.journal import Journal
from sandbox.payouts.orders import Order

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
PAY_FOR_EVER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.sandbox.payouts.test_books import NOW, an_order, open_books

books = open_books(Path(sys.argv[1]))
number = 0
while True:
    print(books.pay(an_order(f"case-{number}"), f"key-{number}", now=NOW).payment.id, flush=True)
    number += 1
"""


def an_order(reference: str) -> Order:
    return Order(reference=reference, payee="C-100023", amount="1", asset="EUR", memo="", minor=100)


def open_books(path: Path) -> Books:
    return Books(settings=Settings(), journal=Journal(path))


def test_eight_threads_with_the_same_keys_pay_each_once() -> None:
    books = Books(settings=Settings())
    before = books.funds_minor(now=NOW)["EUR"]

    def pay_all(_: int) -> list[bool]:
        return [books.pay(an_order(f"case-{each}"), f"key-{each}", now=NOW).replayed for each in range(200)]

    with ThreadPoolExecutor(max_workers=8) as pool:
        replayed = [each for answers in pool.map(pay_all, range(8)) for each in answers]

    assert (replayed.count(False), replayed.count(True)) == (200, 1_400)
    assert len(books.all(now=NOW)) == 200
    assert before - books.funds_minor(now=NOW)["EUR"] == 20_000


def test_what_was_answered_before_a_kill_is_in_the_books_after_it(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    command = [sys.executable, "-c", PAY_FOR_EVER, str(journal), str(ROOT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        answered = [process.stdout.readline().strip() for _ in range(200)]
        process.send_signal(signal.SIGKILL)

    kept = Journal(journal)
    books = Books(settings=Settings(), journal=kept)
    again = books.pay(an_order("case-7"), "key-7", now=NOW)
    kept.close()

    assert set(answered) <= {each.id for each in books.all(now=NOW)}
    assert (again.payment.id, again.replayed) == (answered[7], True)
