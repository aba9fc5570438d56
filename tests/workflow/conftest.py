"""The desk at work, on each kind of database."""

from collections.abc import Iterator

import pytest

from tests.workflow.desk_at_work import DeskAtWork


@pytest.fixture
def at_work(store_url: str) -> Iterator[DeskAtWork]:
    """Return the desk with nothing done yet; at the end its histories and books must hold."""
    desk = DeskAtWork(store_url)
    yield desk
    desk.end()
