"""One mistake is named once, with what to do about it: not what follows from it."""

from pathlib import Path

import pytest

from policy.loading import load_policy, read_policy
from policy.mistakes import BadPolicy
from tests.policy.test_language_page import BLOCKS

LUGGAGE = (Path(__file__).parent / "plans" / "late-luggage.yaml").read_text(encoding="utf-8")


def said(text: str) -> list[str]:
    with pytest.raises(BadPolicy) as refused:
        read_policy(text, "plan.yaml")
    return [each.what for each in refused.value.mistakes]


def test_a_step_that_is_wrong_is_no_unknown_name_in_a_wording() -> None:
    text = BLOCKS[0].replace("price share: 10% of price", "price share: 10% off price")

    (what,) = said(text.replace("give back {amount}.", "give back {price share}, {amount}."))

    assert what.startswith('"off" cannot stand here')


def test_a_name_that_cannot_be_one_is_named_once_however_often_it_is_used() -> None:
    assert said(LUGGAGE.replace("share left", "share no")) == [
        '"no" means something in expressions: name it without that word'
    ]


def test_the_wording_of_a_line_whose_amount_is_wrong_is_not_blamed() -> None:
    assert said(BLOCKS[0].replace("pay: max(price share, 5 EUR)", "pay: max(price share, 5 hours)")) == [
        "cannot compare EUR and hours"
    ]


@pytest.mark.parametrize(
    ("cell", "write"),
    [
        ("{receipt: yes}", "number of(items when receipt)"),
        ("{value: under 5 EUR}", "total(items, value)"),
        ("{bought_at: under 2026-01-01T00:00:00Z}", "latest(items, bought_at)"),
    ],
)
def test_a_field_of_an_item_in_a_rule_is_asked_for_by_what_fits_its_type(cell: str, write: str) -> None:
    name = cell.strip("{").split(":")[0]
    text = LUGGAGE.replace("rules:\n", f"exclusions:\n  - name: odd\n    when: {cell}\n\nrules:\n", 1)

    assert said(text) == [f'each of "items" has a "{name}": write {write}, or work out "for each: items"']


def test_an_empty_list_of_holidays_is_one() -> None:
    calendar = "calendar: {time zone: Europe/London, holidays: []}\nmoney:\n"

    policy = read_policy(BLOCKS[0].replace("money:\n", calendar, 1), "plan.yaml")

    assert policy.name == "late-parcel"


def test_a_usual_input_that_cannot_be_read_is_named_once_where_it_stands() -> None:
    text = BLOCKS[0].replace("  hours_late: 30\n", "  hours_late: 30 days\n")

    with pytest.raises(BadPolicy) as refused:
        load_policy(text, "plan.yaml")

    (mistake,) = refused.value.mistakes
    assert mistake.what == 'hours_late is in "days", hours is needed'
    assert text.split("\n")[mistake.place.line - 1] == "  hours_late: 30 days"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("dates", 'did you mean "date"?'),
        ("timestamp", 'did you mean "time"?'),
        ("boolean", 'did you mean "yes/no"?'),
        ("tme", 'did you mean "time"?'),
        ("share a year", 'did you mean "share per year"?'),
        ("percent per annum", 'did you mean "share per year"?'),
        ("percent", 'did you mean "share"?'),
        ("share of loss", "write share, share per day, share per month or share per year"),
        ("list of numbers", 'write a list as "list of up to: 50" with "each:" and its fields'),
        ("optional dates", 'did you mean "date"?'),
    ],
)
def test_a_type_that_is_none_names_the_nearest_one(written: str, meant: str) -> None:
    found = said(BLOCKS[0].replace("hours_late: signed hours", f"hours_late: {written}"))

    assert found == [f'"{written.removeprefix("optional ")}" is not understood: {meant}']


def test_a_unit_that_is_none_names_no_thirty_currencies() -> None:
    (what,) = said(BLOCKS[0].replace("hours_late: signed hours", "hours_late: WBXYZ"))

    assert what.startswith(
        '"WBXYZ" is not understood: "WBXYZ" is not a known asset: declare what is no money under "units"; or write a'
    )
