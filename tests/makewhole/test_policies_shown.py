"""Who owns a policy sees where it is wrong, and why it decides as it does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from makewhole.sandboxed import CONFIG
from tests.makewhole.conftest import Told

SHIPPED = CONFIG / "policies"
DELAYED = SHIPPED / "delayed-withdrawal.yaml"
LATE = (
    "hours_late=7.5",
    "delay_cause=platform",
    "value_usdt=1000",
    "fraud_score=5",
    "sanctions_hit=no",
    "goodwill_paid_12_months=0",
)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Return a folder in which one of two policies has a misspelt key, and a rule that pays more than its example."""
    folder = tmp_path / "policies"
    folder.mkdir()
    text = DELAYED.read_text(encoding="utf-8")
    (folder / "delayed-withdrawal.yaml").write_text(text.replace("owner:", "ownr:", 1), encoding="utf-8")
    text = (SHIPPED / "duplicate-charge.yaml").read_text(encoding="utf-8")
    (folder / "duplicate-charge.yaml").write_text(text, encoding="utf-8")
    return folder


def test_the_shipped_policies_hold_with_the_shipped_people(cli: Callable[..., Told]) -> None:
    told = cli("policy", "check", SHIPPED, "--people", CONFIG / "people.yaml", "--json")
    shown = cli("policy", "check", SHIPPED)

    assert (told.code, told.json["wrong"], shown.code) == (0, 0, 0)
    assert {each["file"] for each in told.json["policies"]} == {
        file.relative_to(SHIPPED).as_posix() for file in SHIPPED.rglob("*.yaml")
    }
    assert all(each["examples"] >= 2 and each["mistakes"] == [] for each in told.json["policies"])


def test_a_misspelt_key_is_said_with_file_line_and_column(broken: Path, cli: Callable[..., Told]) -> None:
    line = 1 + (broken / "delayed-withdrawal.yaml").read_text(encoding="utf-8").split("ownr:")[0].count("\n")

    told = cli("policy", "check", broken, "--json")
    shown = cli("policy", "check", broken)

    wrong, right = told.json["policies"]
    assert (told.code, told.json["wrong"], shown.code) == (1, 1, 1)
    assert any(mistake.startswith(f"delayed-withdrawal.yaml:{line}:1: ") for mistake in wrong["mistakes"])
    assert (right["file"], right["mistakes"]) == ("duplicate-charge.yaml", [])
    assert f"delayed-withdrawal.yaml:{line}:1: " in shown.out


def test_a_policy_whose_example_no_longer_holds_is_wrong(tmp_path: Path, cli: Callable[..., Told]) -> None:
    text = DELAYED.read_text(encoding="utf-8")
    (tmp_path / "p.yaml").write_text(text.replace("pay: 15 USDT", "pay: 16 USDT", 1), encoding="utf-8")

    told = cli("policy", "check", tmp_path, "--json")

    assert told.code == 1
    assert any("15" in mistake and "16" in mistake for mistake in told.json["policies"][0]["mistakes"])


def test_too_few_people_for_a_role_is_a_mistake_of_the_policy(tmp_path: Path, cli: Callable[..., Told]) -> None:
    people = tmp_path / "people.yaml"
    people.write_text("people:\n  amelia: {name: Amelia Chen, roles: {finance: [10 USDT]}}\n", encoding="utf-8")

    told = cli("policy", "check", SHIPPED, "--people", people, "--json")

    assert told.code == 1
    assert any("compensation_lead" in mistake for each in told.json["policies"] for mistake in each["mistakes"])


def test_a_folder_that_is_none_cannot_be_checked(tmp_path: Path, cli: Callable[..., Told]) -> None:
    assert cli("policy", "check", tmp_path / "none").code == 3


def test_a_decision_is_explained_step_by_step(cli: Callable[..., Told]) -> None:
    told = cli("policy", "explain", DELAYED, *LATE, "--json")
    shown = cli("policy", "explain", DELAYED, *LATE)

    explained = told.json
    assert (told.code, shown.code) == (0, 0)
    assert (explained["classification"], explained["amount"], explained["asset"]) == ("goodwill", "15.00", "USDT")
    assert explained["rule"] == "six to twenty-four hours late"
    assert all(step["place"].startswith("delayed-withdrawal.yaml:") for step in explained["steps"] if step["place"])
    assert any(not step["decided"] for step in explained["steps"])
    assert set(explained["customer_text"]) == {"en", "zh"}
    assert "goodwill: six to twenty-four hours late → 15.00 USDT" in shown.out


def test_what_is_missing_is_said_and_nothing_is_guessed(cli: Callable[..., Told]) -> None:
    told = cli("policy", "explain", DELAYED, "delay_cause=platform", "hours_late=7.5", "--json")

    assert told.code == 1
    assert set(told.json["missing"]) == {"fraud_score", "goodwill_paid_12_months", "sanctions_hit"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("hours_late", "hours_late: write each input as name=value"),
        ("hours_late=soon", 'hours_late is "soon", a plain number is needed'),
        ("hours_late=7.5 days", 'hours_late is in "days", hours is needed'),
        ("hour_late=7", 'hour_late: did you mean "hours_late"?'),
        ("delay_cause=weather", 'delay_cause is "weather", one of platform'),
    ],
)
def test_an_input_that_cannot_be_meant_is_wrong_usage(cli: Callable[..., Told], given: str, said: str) -> None:
    told = cli("policy", "explain", DELAYED, given)

    assert told.code == 2
    assert said in told.out


def test_a_policy_that_does_not_load_is_not_explained(broken: Path, cli: Callable[..., Told]) -> None:
    told = cli("policy", "explain", broken / "delayed-withdrawal.yaml", *LATE)

    assert told.code == 3
    assert "delayed-withdrawal.yaml:" in told.err
