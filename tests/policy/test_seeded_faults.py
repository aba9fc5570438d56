"""Each fault put into a good policy is named, at its place, with what to do."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from policy.loading import BadPolicy, load_policy
from tests.policy.conftest import staff

PEOPLE = staff(compensation_lead=2, finance=1, fraud_analyst=1, head_of_support=1)

FAULTS: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "faults.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_at_its_place(fault: str, withdrawal_text: str) -> None:
    spoilt = _spoilt(fault, withdrawal_text)

    with pytest.raises(BadPolicy) as refused:
        load_policy(spoilt, "delayed.yaml", people=PEOPLE)

    found = [each for each in refused.value.mistakes if FAULTS[fault]["said"] in each.what]
    assert found, str(refused.value)
    assert found[0].place.line == spoilt[: spoilt.index(FAULTS[fault]["at"])].count("\n") + 1
    assert str(found[0]).startswith(f"delayed.yaml:{found[0].place.line}:{found[0].place.column}: ")


@pytest.mark.parametrize(
    ("fault", "column"),
    [
        ("an undeclared name in an amount", 18),
        ("an amount plus hours", 20),
        ("a number without its unit", 30),
        ("a thousands separator", 11),
        ("another currency", 10),
    ],
)
def test_the_column_is_where_the_eye_must_go(fault: str, column: int, withdrawal_text: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        load_policy(_spoilt(fault, withdrawal_text), "delayed.yaml")

    assert [each.place.column for each in refused.value.mistakes if FAULTS[fault]["said"] in each.what] == [column]


def test_one_message_lists_all_mistakes_from_top_to_bottom(withdrawal_text: str) -> None:
    spoilt = withdrawal_text.replace("owner: C", "ownr: C").replace("pay: 5 USDT", "pay: 5 EUR")
    spoilt = spoilt.replace("[chain,", "[chian,")

    with pytest.raises(BadPolicy) as refused:
        load_policy(spoilt, "delayed.yaml")

    lines = str(refused.value).split("\n")
    assert len(lines) == 4
    assert [line for line in lines if 'add "owner:"' in line]
    places = [each.place.line for each in refused.value.mistakes]
    assert places == sorted(places)


def test_an_amount_in_the_matrix_names_its_asset_where_there_are_several(duplicate_text: str) -> None:
    spoilt = duplicate_text.replace("{amount: up to 1000 EUR}", "{amount: up to 1000}")

    with pytest.raises(BadPolicy, match=r"dup.yaml:\d+:\d+: name the asset of the amount: one of USDT, EUR"):
        load_policy(spoilt, "dup.yaml")


def test_an_input_that_names_the_asset_lists_known_assets(duplicate_text: str) -> None:
    with pytest.raises(BadPolicy, match='must be "one of" known assets'):
        load_policy(duplicate_text.replace("asset: one of [USDT, EUR]", "asset: text"), "dup.yaml")


def _spoilt(fault: str, text: str) -> str:
    for change in (FAULTS[fault], *([FAULTS[fault]["also"]] if "also" in FAULTS[fault] else [])):
        assert change["old"] in text
        text = text.replace(change["old"], change["new"], 1)
    return text


def test_an_example_that_does_not_hold_says_what_the_amount_was_made_from(withdrawal_text: str) -> None:
    spoilt = withdrawal_text.replace("0.5% of value_usdt", "0.6% of value_usdt")

    with pytest.raises(BadPolicy) as refused:
        load_policy(spoilt, "delayed.yaml")

    assert all("; value share " in each.what for each in refused.value.mistakes if "amount: expected" in each.what)
    assert "; amount before limits " in str(refused.value)
