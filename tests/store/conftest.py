"""A database with its queue, and the cases in it."""

from collections.abc import Iterator

import pytest

from store.cases import CaseRepository
from store.database import Database, create_engine
from store.jobs import DurableJobs
from tests.store.queued import KINDS

AUDIT_KEY = b"k" * 32


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    engine = create_engine(store_url, connections=24)
    yield Database(engine, DurableJobs(engine, lambda kind, _key: KINDS[kind]))
    engine.dispose()


@pytest.fixture
def cases() -> CaseRepository:
    return CaseRepository(audit_key=AUDIT_KEY)
