"""An operator finds a case, reads its whole story and helps one that needs attention."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from cases.case import Stage
from makewhole.assembly import House
from makewhole.background import handlers
from store import audit
from store.jobs import backlog
from tests.makewhole.conftest import Told, World, house_of
from workflow import one_case


@pytest.fixture
def settings(world: World, tmp_path: Path) -> Path:
    return world.settings(tmp_path)


def needing(house: House) -> str:
    """Return a case that needs attention although its loss is known."""
    with house.database.read() as connection:
        found = house.desk.cases.list(connection, stage=Stage.NEEDS_ATTENTION, limit=100)
    return next(each.case.about.id for each in found if each.case.about.loss is not None)


def test_cases_are_listed_newest_first(settings: Path, cli: Callable[..., Told]) -> None:
    listed = cli("case", "list", "--settings", settings, "--json").json["cases"]

    numbers = [int(each["case"].removeprefix("CASE-")) for each in listed]
    assert len(listed) >= 25
    assert numbers == sorted(numbers, reverse=True)
    assert set(listed[0]) == {"case", "stage", "customer", "topic", "amount", "tickets"}


def test_one_stage_and_a_few_can_be_asked_for(settings: Path, cli: Callable[..., Told]) -> None:
    listed = cli("case", "list", "--stage", "closed", "--limit", "3", "--settings", settings, "--json").json["cases"]
    shown = cli("case", "list", "--limit", "3", "--settings", settings)

    assert [each["stage"] for each in listed] == ["closed"] * 3
    assert shown.out.count("CASE-") == 3


def test_a_stage_that_does_not_exist_is_wrong_usage(settings: Path, cli: Callable[..., Told]) -> None:
    told = cli("case", "list", "--stage", "lost", "--settings", settings)

    assert told.code == 2
    assert told.out.startswith("There is no stage lost: one of opened, proposed, awaiting_approval")


def test_a_paid_case_shows_its_derivation_who_decided_the_ledger_and_the_history(
    settings: Path, cli: Callable[..., Told]
) -> None:
    listed = cli("case", "list", "--stage", "closed", "--settings", settings, "--json").json["cases"]
    paid = next(
        each["case"]
        for each in listed
        if cli("case", "show", each["case"], "--settings", settings, "--json").json["ledger"]
    )

    told = cli("case", "show", paid, "--settings", settings, "--json").json
    shown = cli("case", "show", paid, "--settings", settings).out

    events = [each["event"] for each in told["history"]]
    assert events[:3] == ["opened", "proposed", "asked"]
    assert events[-2:] == ["paid", "closed"]
    assert [each["sequence"] for each in told["history"]] == list(range(1, told["version"] + 1))
    assert [each["entry"].partition(":")[0] for each in told["ledger"]] == [
        *["promised"] * 2,
        *["submitted"] * 2,
        *["confirmed"] * 2,
    ]
    assert told["evidence"][0]["source"] == "account-data"
    assert told["case"]["settled"]["reference"].startswith("po_")
    assert f"{paid} · closed" in shown
    assert "Worked out from" in shown
    assert "liability:customer:" in shown


@pytest.mark.parametrize("case_id", ["CASE-999999", "4711", "CASE-'; DROP TABLE cases", "CASE-" + "9" * 40])
def test_a_case_that_does_not_exist_is_said(settings: Path, cli: Callable[..., Told], case_id: str) -> None:
    told = cli("case", "show", case_id, "--settings", settings, "--json")

    assert told.code == 1
    assert "Traceback" not in told.err


def test_a_case_that_needs_attention_is_looked_at_again_by_a_person_we_know(
    settings: Path, cli: Callable[..., Told]
) -> None:
    with house_of(settings) as house:
        case_id = needing(house)

        told = cli("case", "retry", case_id, "--person", "amelia", "--settings", settings, "--json")

        with house.database.read() as connection:
            stored = house.desk.cases.find(connection, case_id)
            last = audit.history(connection, stored.number)[-1]
            waiting = backlog(connection)
        assert (told.code, told.json["started"], stored.case.stage) == (0, True, Stage.OPENED)
        assert (last.actor, last.event) == ("amelia", "looked again")
        assert waiting["work"] >= 1

        handlers(house)[one_case.PROPOSE](f"{case_id}/{stored.version}")

        with house.database.read() as connection:
            assert house.desk.cases.find(connection, case_id).case.stage is Stage.NEEDS_ATTENTION


def test_a_stranger_helps_no_case(settings: Path, cli: Callable[..., Told]) -> None:
    with house_of(settings) as house:
        case_id = needing(house)

    told = cli("case", "retry", case_id, "--person", "mallory", "--settings", settings)

    assert (told.code, told.out) == (2, "mallory is not in the people file.\n")


def test_a_case_that_needs_no_attention_is_left_alone(settings: Path, cli: Callable[..., Told]) -> None:
    closed = cli("case", "list", "--stage", "closed", "--limit", "1", "--settings", settings, "--json").json["cases"][0]
    with house_of(settings) as house, house.database.read() as connection:
        before = connection.execute(sa.text("SELECT count(*) FROM audit")).scalar()

    told = cli("case", "retry", closed["case"], "--person", "amelia", "--settings", settings, "--json")
    missing = cli("case", "retry", "CASE-999999", "--person", "amelia", "--settings", settings)

    assert (told.code, told.json["started"], missing.code) == (1, False, 1)
    with house_of(settings) as house, house.database.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM audit")).scalar() == before
