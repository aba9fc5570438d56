"""The desk at work, and an account that exports its changes."""

from collections.abc import Iterator

import pytest

from tests.sync.an_export import Account
from tests.sync.three_desks import ThreeDesks
from tests.workflow.desk_at_work import DeskAtWork


@pytest.fixture
def at_work(store_url: str) -> Iterator[DeskAtWork]:
    """Return the desk with nothing done yet; at the end its histories and books must hold."""
    desk = DeskAtWork(store_url)
    yield desk
    desk.end()


@pytest.fixture
def account(at_work: DeskAtWork) -> Account:
    """Return an account without tickets, read by the desk."""
    return Account(at_work)


@pytest.fixture
def desks(store_url: str) -> Iterator[ThreeDesks]:
    """Return three helpdesks without tickets, mirrored; at the end histories and books must hold."""
    desk = ThreeDesks(store_url)
    yield desk
    desk.end()
