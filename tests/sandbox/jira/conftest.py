"""A Jira on a real port whose every answer is held against the vendor's specifications."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from sandbox.jira.app import create_app
from tests.sandbox.jira.corrected_specification import Specification
from tests.sandbox.jira.site import BOT, Jira
from tests.sandbox.zendesk.served import DEADLINE_SECONDS, Clock, Receiver, served


@pytest.fixture(scope="session")
def specification(shared: Path) -> Specification:
    """Return the vendor's specifications, corrected."""
    return Specification(shared / "vendor" / "jira")


@pytest.fixture
def jira(specification: Specification) -> Iterator[Jira]:
    """Serve a fresh Jira at the vendor's pace with a clock that stands at noon."""
    with serving(specification) as one:
        yield one


@pytest.fixture(scope="module")
def lasting(specification: Specification) -> Iterator[Jira]:
    """Serve one Jira for all tests of a file that change nothing in it."""
    with serving(specification) as one:
        one.settings(reads_per_second=0)
        yield one


@contextmanager
def serving(specification: Specification) -> Iterator[Jira]:
    """Serve a Jira and hold its answers against the specification."""
    clock = Clock()
    with served(create_app(clock=clock)) as url:
        hooks = {"response": [specification.check]}
        with httpx.Client(base_url=url, auth=BOT, trust_env=False, timeout=DEADLINE_SECONDS, event_hooks=hooks) as http:
            yield Jira(url, clock, http)


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, str]]:
    """Serve a webhook endpoint and return it with its address."""
    taker = Receiver()
    with served(taker.app) as url:
        yield taker, f"{url}/hook"
