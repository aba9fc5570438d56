"""Several threads that do something at the same moment, and waiting for what others do."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

Result = TypeVar("Result")
DEADLINE_SECONDS = 30


def at_once(count: int, act: Callable[[int], Result]) -> list[Result]:
    """Let so many threads begin together, each with its number from 0; return what they came to, in that order."""
    start = threading.Barrier(count)

    def run(number: int) -> Result:
        start.wait(DEADLINE_SECONDS)
        return act(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count), timeout=DEADLINE_SECONDS))


def until(question: Callable[[], Result], *, seconds: float = DEADLINE_SECONDS) -> Result:
    """Ask until the answer is true, and return it; fails at the deadline."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        pause.wait(0.02)
    return pytest.fail("waited in vain")
