"""`makewhole status` says of every helpdesk how its mirror fares, and the figures say the same to Prometheus."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cases.ticket import Ticket
from config.settings import load_settings
from connectors.contract import AccessRefused, BudgetLeft, ByHand
from makewhole.assembly import House, build
from makewhole.sandboxed import write_settings
from makewhole.starting import gauges
from makewhole.status_shown import SourceStatus, statuses
from store import deliveries, failures, health, tickets
from store.failures import Attempt
from tests.makewhole.conftest import NOBODY_LISTENS, Told
from tests.workflow.played_vendors import NOON, page, ticket

ZENDESK, SALESFORCE, JIRA = "zendesk:harbor", "salesforce:harbor", "jira:harbor"
SOURCES = (ZENDESK, SALESFORCE, JIRA)
#: Where config/sandbox.yaml lets reading begin.
START = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, store_url: str) -> Path:
    """Return the settings of an installation that has read nothing yet."""
    return write_settings(tmp_path, sandbox_url=NOBODY_LISTENS, own_url=NOBODY_LISTENS, database=store_url)


@pytest.fixture
def house(settings: Path) -> Iterator[House]:
    """Return the house of that installation, at noon."""
    made = build(load_settings(settings), clock=lambda: NOON)
    yield made
    made.close()


@pytest.fixture
def run(settings: Path, cli: Callable[..., Told]) -> Callable[..., Told]:
    """Return what runs `makewhole status` on that installation."""
    return lambda *words: cli("status", *words, "--settings", settings)


def polled(house: House, source: str, *found: Ticket, now: datetime, complete: bool = True, **more: Any) -> None:
    """Let a poll read one page of a source and end well."""
    brought = page(*found, complete=complete)
    with house.database.begin() as tx:
        tickets.keep_cursor(tx, source, brought.cursor, now=now)
        health.page_read(tx, source, brought, now=now)
        health.succeeded(tx, source, more.get("budget"), now=now)


def of(house: House, source: str, *, now: datetime = NOON) -> SourceStatus:
    return next(each for each in statuses(house, now=now) if each.health.source == source)


def failed(house: House, kind: str, problem: Exception, source: str = ZENDESK) -> None:
    with house.database.begin() as tx:
        failures.record_failure(tx, Attempt(kind=kind, key=source, number=1), problem, now=NOON)


def figures(house: House) -> dict[str, dict[str, float]]:
    """Return what Prometheus reads of the sources."""
    prefix = "makewhole_source_"
    return {each.name.removeprefix(prefix): dict(each.read()) for each in gauges(house) if each.name.startswith(prefix)}


def test_a_source_that_was_never_read_says_so(house: House) -> None:
    assert [(each.health.source, each.state, each.lag, each.filled) for each in statuses(house, now=NOON)] == [
        (source, "never read", None, None) for source in (ZENDESK, SALESFORCE, JIRA)
    ]


def test_a_first_reading_says_how_far_it_has_come(house: House) -> None:
    halfway = START + (NOON - START) / 2
    polled(house, JIRA, ticket("1"), now=NOON, complete=False)
    with house.database.begin() as tx:
        health.page_read(tx, SALESFORCE, page(complete=False), now=NOON)
        tickets.keep_cursor(tx, SALESFORCE, page().cursor, now=NOON)
        late = [at(ticket("1"), halfway), at(ticket("2"), START)]
        tickets.keep_cursor(tx, ZENDESK, page().cursor, now=NOON)
        for each in late:  # A page that looks back is no step back.
            health.page_read(tx, ZENDESK, page(each, complete=False), now=NOON)

    found = {
        each.health.source: (each.state, each.filled, each.health.read_records) for each in statuses(house, now=NOON)
    }

    assert found == {
        ZENDESK: ("filling", 0.5, 2),
        SALESFORCE: ("filling", None, 0),
        JIRA: ("filling", 1.0, 1),
    }


def at(one: Ticket, moment: datetime) -> Ticket:
    return replace(one, updated_at=moment)


def test_a_first_reading_that_stands_still_is_late(house: House) -> None:
    polled(house, ZENDESK, ticket("1"), now=NOON, complete=False)

    assert of(house, ZENDESK, now=NOON + timedelta(minutes=2)).state == "filling"
    assert of(house, ZENDESK, now=NOON + timedelta(minutes=2, seconds=1)).state == "late"
    with house.database.begin() as tx:
        health.waited(tx, ZENDESK, now=NOON + timedelta(minutes=2))
    assert of(house, ZENDESK, now=NOON + timedelta(minutes=4)).state == "filling"


def test_a_source_is_late_when_no_poll_came_to_its_end_for_two_minutes(house: House) -> None:
    polled(house, ZENDESK, now=NOON)

    shown = of(house, ZENDESK, now=NOON + timedelta(minutes=2))
    late = of(house, ZENDESK, now=NOON + timedelta(minutes=2, seconds=1))

    assert (shown.state, shown.lag, shown.filled) == ("ok", timedelta(minutes=2), None)
    assert late.state == "late"


def test_a_slow_poll_has_as_much_patience_as_five_of_its_pauses(settings: Path) -> None:
    text = settings.read_text().replace("poll_seconds: 2", "poll_seconds: 600")
    settings.write_text(text)
    slow = build(load_settings(settings), clock=lambda: NOON)
    polled(slow, ZENDESK, now=NOON)

    assert of(slow, ZENDESK, now=NOON + timedelta(minutes=50)).state == "ok"
    assert of(slow, ZENDESK, now=NOON + timedelta(minutes=51)).state == "late"
    slow.close()


def test_a_poll_that_fails_is_failing_until_one_succeeds(house: House) -> None:
    polled(house, ZENDESK, now=NOON)
    with house.database.begin() as tx:
        health.failed(tx, ZENDESK, "401: the token\0 is not valid", now=NOON)

    shown = of(house, ZENDESK)
    polled(house, ZENDESK, now=NOON)

    assert (shown.state, shown.problems) == ("failing", (("poll", "401: the token? is not valid"),))
    assert (of(house, ZENDESK).state, of(house, ZENDESK).problems) == ("ok", ())


@pytest.mark.parametrize("kind", ["reconcile", "renew"])
def test_what_else_could_not_be_done_by_the_clock_is_a_problem_too(house: House, kind: str) -> None:
    polled(house, ZENDESK, now=NOON)
    failed(house, kind, ByHand(("Do this.", "Then that.")))

    shown = of(house, ZENDESK)

    assert (shown.state, shown.problems) == ("failing", ((kind, "ByHand: Do this.; Then that."),))
    assert of(house, JIRA).problems == ()


def test_the_figures_are_those_of_the_status(house: House) -> None:
    told = BudgetLeft(name="requests a minute", limit=700, remaining=612, told_at=NOON)
    polled(house, ZENDESK, ticket("1"), ticket("2"), now=NOON - timedelta(seconds=30), budget=told)
    with house.database.begin() as tx:
        received = NOON - timedelta(minutes=3)
        deliveries.keep(tx, source=ZENDESK, delivery_id="1", body="{}", now=received - timedelta(days=1))
        deliveries.keep(tx, source=ZENDESK, delivery_id="2", body="{}", now=received)
        health.reconciled(tx, ZENDESK, differed=4, now=NOON)

    assert figures(house) == {
        "lag_seconds": {ZENDESK: 30.0},
        "budget_left": {ZENDESK: 612},
        "webhook_age_seconds": {ZENDESK: 180.0},
        "differed": {ZENDESK: 4},
        "read_records": {ZENDESK: 2, SALESFORCE: 0, JIRA: 0},
    }


def test_a_comparison_that_is_under_way_is_no_source_of_its_own(house: House) -> None:
    polled(house, ZENDESK, now=NOON)
    with house.database.begin() as tx:
        tickets.keep_cursor(tx, f"{ZENDESK}/reconcile", page().cursor, now=NOON)

    [found] = [each.read() for each in gauges(house) if each.name == "makewhole_last_poll_seconds"]

    assert dict(found) == {ZENDESK: 0.0}


def test_the_command_ends_with_one_until_every_source_is_well(run: Callable[..., Told], house: House) -> None:
    assert run().code == 1
    real = datetime.now(UTC)  # The command reads the clock; it is a door.
    for source in SOURCES[:2]:
        polled(house, source, now=real)
    assert run().code == 1

    polled(house, JIRA, ticket("1"), now=real, complete=False)
    assert run().code == 0  # To be filled is nothing wrong.
    with house.database.begin() as tx:
        health.failed(tx, JIRA, "503", now=real)
    assert run().code == 1


def test_people_see_budget_webhook_and_what_was_repaired(run: Callable[..., Told], house: House) -> None:
    real = datetime.now(UTC)
    told = BudgetLeft(name="requests a minute", limit=700, remaining=612, told_at=real)
    polled(house, ZENDESK, now=real, budget=told)
    polled(house, JIRA, at(ticket("1"), START), now=real, complete=False)
    with house.database.begin() as tx:
        deliveries.keep(tx, source=ZENDESK, delivery_id="1", body="{}", now=real - timedelta(hours=5))
        health.reconciled(tx, ZENDESK, differed=4, now=real - timedelta(days=2))
    failed(house, "reconcile", AccessRefused("403: [the export] is not allowed"))

    told_people = run().out

    [zendesk, salesforce, jira] = [
        next(line for line in told_people.splitlines() if line.startswith(source)) for source in SOURCES
    ]
    for words in ("live", "failing", " s ago", "612 of 700 requests a minute", "5 h ago", "2 d ago, 4 differed"):
        assert words in zendesk
    assert salesforce.count("never") == 5
    assert "filling, 0% filled, 1 read" in jira
    assert f"{ZENDESK}: reconcile: AccessRefused: 403: [the export] is not allowed\n" in told_people
    assert told_people.endswith("Dead letters: 0\n")


def test_programs_get_one_object_with_every_figure(run: Callable[..., Told], house: House) -> None:
    real = datetime.now(UTC)
    told = BudgetLeft(name="requests a minute", limit=700, remaining=612, told_at=real)
    polled(house, ZENDESK, at(ticket("1"), NOON), now=real, budget=told)
    failed(house, "renew", AccessRefused("403"))

    printed = run("--json").json

    assert {name: value for name, value in printed.items() if name != "sources"} == {
        "schema": 1,
        "backlog": {},
        "dead_letters": 0,
        "waiting_for_policy": 0,
    }
    found = {each["source"]: each for each in printed["sources"]}
    zendesk, jira = found[ZENDESK], found[JIRA]
    assert 0 <= zendesk.pop("lag_seconds") < 60
    assert zendesk == {
        "source": ZENDESK,
        "mode": "live",
        "state": "failing",
        "filled": None,
        "read_records": 1,
        "backlog": 0,
        "differed": None,
        "problems": {"renew": "AccessRefused: 403"},
        "budget": {"name": "requests a minute", "limit": 700, "left": 612},
        "last_success": real.isoformat(),
        "caught_up": real.isoformat(),
        "changed": NOON.isoformat(),
        "problem_at": None,
        "webhook": None,
        "reconciled": None,
    }
    assert (jira["state"], jira["budget"], jira["lag_seconds"]) == ("never read", None, None)


def test_a_database_that_was_never_made_ends_with_three(tmp_path: Path, cli: Callable[..., Told]) -> None:
    settings = write_settings(tmp_path, sandbox_url=NOBODY_LISTENS, own_url=NOBODY_LISTENS)

    told = cli("status", "--settings", settings)

    assert told.code == 3
    assert told.err.endswith("run `makewhole migrate`\n")
