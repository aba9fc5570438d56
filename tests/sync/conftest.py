"""The desk at work, and an account that exports its changes."""

from collections.abc import Iterator

import pytest

from tests.sync.an_export import Account
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
