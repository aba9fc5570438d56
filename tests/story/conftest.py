"""One house per module and store, at work beside a sandbox of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.town import new_postgres, town
from tests.story.working_day import Day, at_work


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of an empty database; everything in the module runs once on each kind."""
    if request.param == "sqlite":
        folder: Path = tmp_path_factory.mktemp("story")
        return f"sqlite:///{folder}/makewhole.sqlite"
    return new_postgres(request.getfixturevalue("postgres_server"))


@pytest.fixture(scope="module")
def day(database: str) -> Iterator[Day]:
    """Return a house at work, in which many stories can be told."""
    with town(database) as here, at_work(here) as day:
        yield day
