"""Webhooks that end are renewed once a day; where that fails people see it, and everything else goes on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import load_settings
from connectors.contract import AccessRefused, ByHand, TryLater, UnexpectedReply
from makewhole.assembly import RENEW, House, build, queue_of
from makewhole.background import handlers, ticks
from makewhole.sandboxed import write_settings
from makewhole.status_shown import statuses
from store import failures, jobs
from tests.makewhole.conftest import NOBODY_LISTENS
from tests.workflow.played_vendors import NOON


class Renewing:
    """A helpdesk whose webhooks are renewed; it remembers when, and may have troubles."""

    def __init__(self) -> None:
        self.asked: list[datetime] = []
        self.troubles: list[Exception] = []

    def renew_webhooks(self, *, now: datetime) -> int:
        self.asked.append(now)
        if self.troubles:
            raise self.troubles.pop(0)
        return 1


@pytest.fixture
def jira() -> Renewing:
    """Return what stands in Jira's place."""
    return Renewing()


@pytest.fixture
def house(tmp_path: Path, store_url: str, jira: Any) -> Iterator[House]:
    """Return a house whose Jira it is, at noon."""
    settings = write_settings(tmp_path, sandbox_url=NOBODY_LISTENS, own_url=NOBODY_LISTENS, database=store_url)
    made = build(load_settings(settings), clock=lambda: NOON)
    yield replace(made, helpdesks={**made.helpdesks, "jira:harbor": jira})
    made.close()


def problems(house: House) -> dict[str, dict[str, str]]:
    return {each.health.source: dict(each.problems) for each in statuses(house, now=NOON) if each.problems}


def test_every_helpdesk_is_asked_once_a_day(house: House) -> None:
    renewing = {each.subject: each for each in ticks(house.settings) if each.kind == RENEW}

    assert set(renewing) == set(house.helpdesks)
    tick = renewing["jira:harbor"]
    assert tick.key(NOON) == tick.key(NOON + timedelta(hours=11)) != tick.key(NOON + timedelta(hours=12))
    assert queue_of(RENEW, tick.key(NOON)) == "jira"


def test_webhooks_are_renewed_at_the_vendor(house: House, jira: Renewing) -> None:
    for source in house.helpdesks:
        handlers(house)[RENEW](f"{source}@slot")

    assert jira.asked == [NOON]
    assert problems(house) == {}


@pytest.mark.parametrize(
    "trouble",
    [TryLater("503", wait_seconds=1), AccessRefused("403: no"), UnexpectedReply("?"), ByHand(("Renew it.",))],
)
def test_what_hinders_it_is_shown_until_it_succeeds_and_hinders_nothing_else(
    house: House, jira: Renewing, trouble: Exception
) -> None:
    jira.troubles.append(trouble)
    renew = handlers(house)[RENEW]

    renew("jira:harbor@today")
    shown = problems(house)
    with house.database.read() as connection:
        assert (failures.dead_letters(connection), jobs.backlog(connection)) == ((), {})
    renew("jira:harbor@tomorrow")

    assert shown == {"jira:harbor": {"renew": f"{type(trouble).__name__}: {trouble}"}}
    assert problems(house) == {}
    assert len(jira.asked) == 2
