"""A date is a day without a time: compared with dates only, counted as times are, and alike on every path."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from policy.analysis import findings
from policy.calendars import Calendar
from policy.explaining import explain
from policy.expressions import Counted
from policy.facts import Unreadable, read_facts, read_value
from policy.items import items_text
from policy.loading import read_policy
from policy.many.columns import WrongColumn
from policy.many.deciding import decide_many
from policy.mistakes import BadPolicy
from policy.reasons import Reasoned
from policy.timing import later, passed
from policy.units import DateType
from tests.policy.equality import compared, generated

TEXT = (Path(__file__).parent / "plans" / "season-ticket.yaml").read_text(encoding="utf-8")
POLICY = read_policy(TEXT, "x.yaml")
BERLIN = Calendar(zone="Europe/Berlin", days_off=frozenset({6}), holidays=frozenset({date(2026, 4, 3)}))


def given(**changed: str) -> dict[str, str]:
    return dict(POLICY.examples[0].given) | changed


def test_a_date_is_read_as_it_is_written() -> None:
    assert read_value("2024-02-29", DateType()) == date(2024, 2, 29)


@pytest.mark.parametrize("text", ["2026-02-29", "2026-3-1", "01.03.2026", "2026-03-01T00:00:00Z", "20260301", ""])
def test_what_is_no_date_is_not_guessed(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_value(text, DateType())

    assert str(refused.value) == f'is "{text}", a date is needed, as 2026-03-01'


@pytest.mark.parametrize(
    ("counted", "count", "day"),
    [
        (Counted.DAYS, 30, "2026-05-02"),
        (Counted.DAYS, -1, "2026-03-31"),
        (Counted.WORKING_DAYS, 2, "2026-04-05"),
        (Counted.MONTHS, 1, "2026-05-02"),
        (Counted.YEARS, -1, "2025-04-01"),
        (Counted.END_OF_MONTH, 0, "2026-05-01"),
    ],
)
def test_from_a_date_on_the_next_day_is_reached_as_from_a_time(counted: Counted, count: int, day: str) -> None:
    found = later(counted, date(2026, 4, 1), Decimal(count), BERLIN)

    assert found == date.fromisoformat(day)
    moment = later(counted, BERLIN.start(date(2026, 4, 1)), Decimal(count), BERLIN)
    assert moment == BERLIN.start(found)


def test_between_dates_days_and_months_are_counted() -> None:
    start, end = date(2026, 3, 27), date(2026, 4, 30)

    counted = (Counted.DAYS, Counted.WORKING_DAYS, Counted.FULL_MONTHS, Counted.STARTED_MONTHS)

    assert [passed(each, start, end, BERLIN) for each in counted] == [34, 28, 1, 2]


def test_the_customer_and_the_reasons_read_a_date() -> None:
    found = explain(POLICY, POLICY.examples[0].given)

    assert isinstance(found, Reasoned)
    assert dict(found.customer_text)["en"] == "Up to 2026-03-03 we pay you 1.50 EUR."
    assert next(each.value for each in found.derivation if each.name == "last day") == "2026-03-03"


def test_one_day_is_told_once_and_the_answer_names_both_items() -> None:
    listed = items_text([{"day": day, "minutes_late": "20"} for day in ("2026-03-02", "2026-03-03", "2026-03-02")])

    found = read_facts(POLICY, given(delays=listed).items())

    assert found.unreadable == {"delays": "items 1 and 3 are the same by day: each is told once"}


def test_every_path_decides_claims_with_dates_alike() -> None:
    found = compared(POLICY, list(generated(POLICY, 300, 1)), explain_every=2)

    assert found.differences == ()
    assert found.decided > 150
    assert found.in_columns > 250


def test_columns_of_dates_and_of_text_are_decided_alike_and_a_date_of_no_calendar_is_not_known() -> None:
    days = [date(2026, 3, 1), date(2025, 12, 31), None, date(2026, 3, 1)]
    usual = pl.DataFrame([given()] * 4).drop("valid_from")

    told = usual.with_columns(valid_from=pl.Series(days, dtype=pl.Date))
    told = told.with_columns(
        valid_from=pl.when(pl.int_range(4) == 3)
        .then(pl.lit(3_000_000, dtype=pl.Int32).cast(pl.Date))
        .otherwise("valid_from")
    )
    found = decide_many(POLICY, told)

    assert found["amount_minor"].to_list() == [150, None, None, None]
    assert found["missing"].to_list() == [None, None, "valid_from", "valid_from"]
    written = usual.with_columns(valid_from=pl.Series(["2026-03-01", " 2025-12-31", "2026-02-29", "0000-01-01"]))
    assert decide_many(POLICY, written).drop("in_columns").equals(found.drop("in_columns"))


def test_a_column_of_moments_is_no_column_of_dates() -> None:
    frame = pl.DataFrame([given()]).with_columns(pl.col("valid_from").str.to_datetime("%Y-%m-%d", time_zone="UTC"))

    with pytest.raises(WrongColumn, match=r"valid_from: a column of Datetime.* give Date, or text"):
        decide_many(POLICY, frame)


@pytest.mark.parametrize(
    ("when", "keys"),
    [
        ("at most 2026-03-02 / at least 2026-03-03", []),
        ("at most 2026-03-02 / over 2026-03-02", []),
        ("under 2026-03-02 / over 2026-03-02", ["gap: day = 2026-03-02, delay_cause = platform, hours_late = 72"]),
        ("at most 2026-03-02 / at least 2026-03-02", ["ranges-overlap: day = 2026-03-02"]),
    ],
)
def test_between_two_days_there_is_no_gap(when: str, keys: list[str], withdrawal_text: str) -> None:
    first, second = when.split(" / ")
    lines = (
        f"  - {{name: first, when: {{day: {first}}}, then: ineligible}}\n"
        f"  - {{name: second, when: {{day: {second}}}, then: ineligible}}\n"
    )
    declared = withdrawal_text.replace("\ninputs:\n", "\ninputs:\n  day: date\n")
    text = declared.replace("\nrules:\n", f"\nrules:\n{lines}")

    found = [each for each in findings(read_policy(text, "x.yaml")) if "first / second" in each.about]

    assert [f"{each.code}: {each.what.split(' lies')[0].split(' fits')[0]}" for each in found] == keys


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "valid_from is not 2026-01-01 to 2026-12-31",
            "claimed_at < valid_from",
            'cannot compare a time and a date: did you mean "day of(claimed_at)"?',
        ),
        (
            "2026-01-01 to 2026-12-31",
            "2026-01-01T00:00:00Z to 2026-12-31",
            'cannot compare a date and a time: did you mean "2026-01-01"?',
        ),
        ("2026-01-01 to 2026-12-31", "2026-02-30 to 2026-12-31", '"2026-02-30" is no date that exists'),
        (
            "days between(valid_from, valid_to)",
            "days between(valid_from, claimed_at)",
            'cannot count between a date and a time: did you mean "day of(claimed_at)"?',
        ),
        (
            "days between(valid_from, valid_to)",
            "hours between(valid_from, valid_to)",
            'a time is needed here, this is a date: write "days between(start, end)"',
        ),
        ("each once by: [day]", "each once by: [day of(day)]", '"day" is no time: write it without "day of"'),
    ],
)
def test_a_date_beside_a_time_is_refused_with_what_to_write(old: str, new: str, said: str) -> None:
    assert old in TEXT

    with pytest.raises(BadPolicy) as refused:
        read_policy(TEXT.replace(old, new, 1), "x.yaml")

    assert refused.value.mistakes[0].what == said
