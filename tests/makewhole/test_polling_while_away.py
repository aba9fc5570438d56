"""While Zendesk is away no jobs pile up: what one slot could not do, the next one does."""

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from makewhole.assembly import House
from makewhole.background import handlers
from store import tables
from tests.makewhole.conftest import World, house_of

SLOTS = 5


def failures_of(house: House, kind: str) -> list[tuple[str, int]]:
    column = tables.job_failures.c
    with house.database.read() as connection:
        rows = connection.execute(sa.select(column.key, column.attempts).where(column.kind == kind)).all()
    return [(str(key), int(attempts)) for key, attempts in rows]


def test_every_slot_ends_while_zendesk_is_away_and_the_next_one_finds_all(at_peace: World, tmp_path: Path) -> None:
    with house_of(at_peace.settings(tmp_path)) as house:
        at_peace.fault("zendesk", "unavailable", "GET /api/v2/incremental", times=None)

        for kind in ("poll", "reconcile"):
            for slot in range(SLOTS):
                handlers(house)[kind](f"zendesk:harbor@a{slot}")  # It ends, so the queue has nothing to try again.

            assert failures_of(house, kind) == [("zendesk:harbor", SLOTS)]
        at_peace.calm()
        handlers(house)["poll"]("zendesk:harbor@a6")

        assert failures_of(house, "poll") == []


def test_who_has_fallen_behind_polls_once_and_not_once_for_every_slot(at_peace: World, tmp_path: Path) -> None:
    with house_of(at_peace.settings(tmp_path)) as house:
        now = house.clock()
        missed = [f"zendesk:harbor@{(now - timedelta(hours=hours)).isoformat()}" for hours in range(SLOTS, 0, -1)]
        handlers(house)["poll"](missed[0])
        at_peace.fault("zendesk", "unavailable", "GET /api/v2/incremental", times=None)

        for slot in missed[1:]:
            handlers(house)["poll"](slot)

        assert failures_of(house, "poll") == []
        handlers(house)["poll"](f"zendesk:harbor@{now.isoformat()}")
        assert failures_of(house, "poll") == [("zendesk:harbor", 1)]
