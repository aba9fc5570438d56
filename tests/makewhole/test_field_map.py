"""An admin sees the account's fields beside our names, and what must be mended."""

from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.contract import FieldFound
from makewhole.admin.field_map import HIDDEN, likeliest
from tests.makewhole.conftest import Told, World


def field(number: int, title: str) -> FieldFound:
    return FieldFound(id=str(number), title=title, type="text", active=True, name=None)


def test_a_whole_mapping_has_no_gaps_and_shows_no_words_of_customers(
    world: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    told = cli("map", "zendesk", "--settings", world.settings(tmp_path), "--json")

    found = {each["name"]: each for each in told.json["fields"] if each["name"]}
    assert (told.code, told.json["gaps"]) == (0, [])
    assert (found["order_id"]["id"], found["order_id"]["title"], found["order_id"]["type"]) == (
        "900002",
        "Order id",
        "text",
    )
    assert found["transaction_id"]["sample"] == HIDDEN
    assert found["compensation_topic"]["sample"] not in {None, HIDDEN}


def test_samples_are_shown_when_they_are_asked_for(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    told = cli("map", "zendesk", "--samples", "--settings", world.settings(tmp_path), "--json")

    assert HIDDEN not in told.out
    assert next(each for each in told.json["fields"] if each["name"] == "transaction_id")["sample"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            ("order_id: 900002", "order_id: 909999"),
            "MEND  zendesk.fields.order_id: 909999: the account has no such field; did you mean 900002 (Order id)?",
        ),
        (
            ("mw_state: 900011", "mw_state: 900006"),
            "MEND  zendesk.fields.mw_state: 900006: is of type decimal, mw_state needs text",
        ),
        (("claimed_asset: 900007", "# none"), "free  zendesk.fields.claimed_asset: not mapped; did you mean 900007"),
    ],
)
def test_a_gap_is_named_with_the_field_that_is_likely_meant(
    world: World, tmp_path: Path, cli: Callable[..., Told], change: tuple[str, str], line: str
) -> None:
    usual, ours = change
    changes = {usual: ours} | ({"claimed_amount: 900006": "# none"} if "900006" in ours else {})

    told = cli("map", "zendesk", "--settings", world.settings(tmp_path, changes=changes))

    assert told.code == (1 if line.startswith("MEND") else 0)
    assert line in told.out


def test_a_vendor_that_is_not_set_and_one_that_does_not_answer(
    world: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    settings = world.settings(tmp_path)
    away = world.settings(tmp_path / "away", changes={f"{world.sandbox.url}/zendesk": "http://127.0.0.1:9/zendesk"})

    none = cli("map", "freshdesk", "--settings", settings)
    silent = cli("map", "zendesk", "--settings", away)

    assert (none.code, none.err) == (
        2,
        "The settings have no freshdesk: they have zendesk:harbor, salesforce:harbor, jira:harbor.\n",
    )
    assert silent.code == 1
    assert "no connection" in silent.out


@pytest.mark.parametrize(
    ("name", "titles", "meant", "certain"),
    [
        ("order_id", ["Order ID", "Order status"], "Order ID", True),
        ("order_id", ["ID of the order"], "ID of the order", True),
        ("order_id", ["Order", "Order ID"], "Order ID", True),
        ("order_id", ["Order ID (old)", "Order ID (new)"], "Order ID (old)", False),
        ("mw_state", ["MW state", "State"], "MW state", True),
        ("mw_case_url", ["MW case URL"], "MW case URL", True),
        ("transaction_id", ["Transaction", "Position"], "Transaction", True),
        ("incident_id", ["Priority", "Assignee", "状态"], None, False),
    ],
)
def test_titles_are_compared_by_their_words(name: str, titles: list[str], meant: str | None, certain: bool) -> None:  # noqa: FBT001  # A table.
    found, is_certain = likeliest(name, [field(number, title) for number, title in enumerate(titles)])

    assert (found.title if found else None, is_certain) == (meant, certain)
