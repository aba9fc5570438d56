"""A case says once more how it stands, or shows the calls that would say it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cases.case import Closed, Stage
from store import outbox, tables
from store.cases import StoredCase
from store.outbox import Kind
from tests.makewhole.conftest import Told, World, house_of


def closed_case(settings: Path) -> StoredCase:
    """Return a case that was paid and closed."""
    with house_of(settings) as house, house.database.read() as connection:
        found = house.desk.cases.list(connection, stage=Stage.CLOSED, limit=100)
    return next(each for each in found if isinstance(each.case, Closed) and each.case.settled.stage is Stage.PAID)


def zendesk_tickets(world: World, number: int) -> list[dict[str, Any]]:
    found = world.sandbox.get(f"/zendesk/_sandbox/state?ids={number}&deliveries=no")["tickets"]
    assert isinstance(found, list)
    return found


def test_a_ticket_that_was_told_is_not_told_again(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    settings = world.settings(tmp_path)
    stored = closed_case(settings)

    told = cli("case", "tell", stored.case.about.id, "--dry-run", "--settings", settings, "--json")

    assert (told.code, [each["result"] for each in told.json["tickets"]]) == (0, ["told"])
    assert f"it has {stored.case.about.id}/{stored.version - 1} already" in told.json["tickets"][0]["said"]


def test_the_call_is_shown_without_secrets_or_words_and_is_not_made(
    world: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    settings = world.settings(tmp_path)
    stored = closed_case(settings)
    number = int(stored.case.about.tickets[0].key)
    with house_of(settings) as house, house.database.begin() as tx:
        # One version on, as after a restore of an older ticket: the mark is not there yet.
        case_id = stored.case.about.id
        column = tables.cases.c
        tx.execute(sa.update(tables.cases).where(column.number == stored.number).values(version=column.version + 7))
    before = zendesk_tickets(world, number)

    told = cli("case", "tell", case_id, "--dry-run", "--settings", settings, "--json")

    (ticket,) = told.json["tickets"]
    assert (told.code, ticket["result"]) == (0, "rehearsed")
    assert ticket["calls"][0]["method"] == "PUT"
    assert ticket["calls"][0]["url"] == f"https://harbor.zendesk.com/api/v2/tickets/{number}.json"
    sent = ticket["calls"][0]["body"]["ticket"]
    assert sent["comment"]["public"] is False
    assert sent["comment"]["body"].startswith("Compensation PAID · ")
    assert {"id": 900011, "value": "paid"} in sent["custom_fields"]
    assert before[0]["subject"] not in told.out
    assert "sandbox-client-secret" not in told.out
    assert zendesk_tickets(world, number) == before


def test_telling_puts_the_note_behind_what_waits_for_the_ticket(
    world: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    settings = world.settings(tmp_path)
    stored = closed_case(settings)

    told = cli("case", "tell", stored.case.about.id, "--settings", settings, "--json")

    assert (told.code, [each["result"] for each in told.json["tickets"]]) == (0, ["put"])
    with house_of(settings) as house, house.database.read() as connection:
        (item,) = outbox.waiting(connection, f"ticket/{stored.case.about.tickets[0]}", Kind.NOTE)
    assert f"{stored.case.about.id}/{stored.version - 1}" in item.document


def test_a_case_that_is_not_there(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    told = cli("case", "tell", "CASE-4711", "--settings", world.settings(tmp_path))

    assert (told.code, told.out) == (1, "there is no case CASE-4711\n")
