"""`makewhole erase customer` says what it erases, what stays, and what is the vendors' to erase."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from makewhole.erasing import STAYS
from makewhole.sandboxed import write_settings
from store import tickets
from tests.makewhole.conftest import NOBODY_LISTENS, Told
from tests.sync.three_desks import ZENDESK, ThreeDesks
from tests.workflow.desk_at_work import AUDIT_KEY

COUNTS = {"tickets": 3, "unreadable records": 0, "deliveries": 0, "link questions": 0, "evidence": 0}


@pytest.fixture
def desks(tmp_path: Path, migrated_sqlite: Path) -> Iterator[ThreeDesks]:
    """Return three desks over the database of an installation; the one case was paid and is closed."""
    shutil.copy(migrated_sqlite, tmp_path / "makewhole.sqlite")
    found = ThreeDesks(f"sqlite:///{tmp_path}/makewhole.sqlite")
    found.all_come()
    found.say("amelia", "CASE-1")
    found.settle()
    yield found
    found.end()


@pytest.fixture
def run(tmp_path: Path, cli: Callable[..., Told], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    """Return what runs `makewhole erase customer` on that installation."""
    monkeypatch.setenv("MAKEWHOLE_AUDIT_KEY", AUDIT_KEY.decode())
    settings = write_settings(tmp_path, sandbox_url=NOBODY_LISTENS, own_url=NOBODY_LISTENS)
    return lambda *words: cli("erase", "customer", *words, "--settings", settings)


def description(desks: ThreeDesks) -> str:
    with desks.database.read() as connection:
        found = tickets.find(connection, ZENDESK)
    assert found is not None
    return found.ticket.description


def test_it_says_what_went_what_stays_and_what_the_vendors_hold(desks: ThreeDesks, run: Callable[..., Told]) -> None:
    told = run("C-1", "--by", "yuki", "--json")

    counts = told.json["counts"]
    assert told.code == 0
    assert {name: counts[name] for name in COUNTS} == COUNTS
    assert counts["messages"] > 0
    assert (told.json["erased"], told.json["first"], told.json["cases"]) == (True, True, ["CASE-1"])
    assert told.json["stays"] == STAYS
    assert told.json["elsewhere"]["tickets"] == ["jira:harbor:1", "salesforce:harbor:1", "zendesk:harbor:1"]
    assert desks.actor_of("CASE-1", "customer erased") == "yuki"
    assert description(desks) == ""


def test_people_read_the_same(desks: ThreeDesks, run: Callable[..., Told]) -> None:
    told = run("C-1", "--by", "yuki")

    assert told.out.startswith("Erased of C-1: tickets 3, ")
    assert "\nThis is recorded in CASE-1.\n" in told.out
    assert "  zendesk:harbor:1\n" in told.out
    assert all(f"  {name}: {what}\n" in told.out for name, what in STAYS.items())
    assert desks.stages() == {"CASE-1": "closed"}


def test_a_dry_run_says_the_same_and_erases_nothing(desks: ThreeDesks, run: Callable[..., Told]) -> None:
    events = desks.events("CASE-1")

    dry = run("C-1", "--dry-run", "--json").json

    assert (dry["erased"], dry["counts"]["tickets"]) == (False, 3)
    assert description(desks) == "It came late."
    assert desks.events("CASE-1") == events
    assert run("C-1", "--by", "yuki", "--json").json["counts"] == dry["counts"]


def test_an_open_case_keeps_its_words_until_somebody_insists(desks: ThreeDesks, run: Callable[..., Told]) -> None:
    desks.time.pass_by(minutes=1)
    desks.come(replace(ZENDESK, key="2"), loss="W-2")
    second = desks.case_of("2")

    refused = run("C-1", "--by", "yuki")

    assert refused.code == 1
    assert refused.out.startswith(f"Nothing was erased: {second} is opened. ")
    assert run("C-1", "--by", "yuki", "--json").json["open_cases"] == {second: "opened"}
    assert description(desks) == "It came late."
    assert run("C-1", "--by", "yuki", "--even-open").code == 0


def test_who_erases_must_say_who_they_are(desks: ThreeDesks, run: Callable[..., Told]) -> None:
    assert run("C-1").code == 2
    assert run("C-1", "--by", "nobody").err == "nobody is not in the people file\n"
    assert description(desks) == "It came late."


def test_a_customer_nobody_knows_leaves_nothing_to_erase(desks: ThreeDesks, run: Callable[..., Told]) -> None:
    told = run("C-404", "--by", "yuki", "--json")

    assert told.code == 0
    assert set(told.json["counts"].values()) == {0}
    assert told.json["cases"] == []
    assert description(desks) == "It came late."
