"""Many cases decided in columns come out as each of them does alone."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from cases.money import Money
from policy.boundaries import boundary_cases
from policy.form import Policy
from policy.loading import load_policy
from policy.many import deciding
from policy.many.columns import WrongColumn
from policy.many.deciding import TOO_LARGE, approvals_of, decide_many, why_not_many
from policy.many.matrix import earlier_of
from policy.many.one_by_one import TOO_MANY_DIGITS, decide_rows
from policy.proposing import PathsDiffer
from policy.units import ChoiceType, NumberType, TimeType

POLICIES = Path(__file__).resolve().parents[2] / "config" / "policies"
ALL = sorted(POLICIES.rglob("*.yaml"))
USUAL = {
    "delay_cause": "platform",
    "hours_late": "7.5",
    "value_usdt": "1000",
    "fraud_score": "12",
    "sanctions_hit": "no",
    "goodwill_paid_12_months": "0",
}


def _policy(name: str) -> Policy:
    path = POLICIES / f"{name}.yaml"
    return load_policy(path.read_text(encoding="utf-8"), path.name)


def _frame(*rows: dict[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame([{**USUAL, **row} for row in rows], schema=dict.fromkeys(USUAL, pl.String))


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_worked_example_comes_out_the_same_also_when_something_is_not_known(path: Path) -> None:
    policy = load_policy(path.read_text(encoding="utf-8"), path.name)
    rows: list[dict[str, str | None]] = [dict(each.given) for each in policy.examples]
    rows += [{**row, name: None} for row in rows for name in row]
    frame = pl.DataFrame(rows, schema={each.name: pl.String for each in policy.inputs})

    found = decide_many(policy, frame, approvals=True, check=0)

    alone = decide_rows(policy, rows, approvals=True)
    expected = pl.from_dicts([{"in_columns": True, **row} for row in alone], schema=found.schema)
    assert found.equals(expected)


def test_columns_may_hold_numbers_choices_and_yes_no_themselves() -> None:
    frame = pl.DataFrame(
        {
            "delay_cause": pl.Series(["platform", "chain", "platform"], dtype=pl.Categorical),
            "hours_late": pl.Series([96, 96, 2], dtype=pl.Int32),
            "value_usdt": pl.Series([Decimal("12345.68"), Decimal(1), None], dtype=pl.Decimal(38, 6)),
            "fraud_score": pl.Series([1, 1, 90], dtype=pl.Int64),
            "sanctions_hit": [False, False, False],
            "goodwill_paid_12_months": pl.Series([Decimal(0)] * 3, dtype=pl.Decimal(20, 2)),
            "not an input": [1.5, 2.5, 3.5],
        }
    )

    found = decide_many(_policy("delayed-withdrawal"), frame)

    assert found["rule"].to_list() == ["three days late or more", "the delay was not ours", "fraud score of 80 or more"]
    assert found["classification"].to_list() == ["goodwill", "ineligible", "fraud_review"]
    assert found["amount_minor"].to_list() == [61_728_400, None, 5_000_000]
    assert found["asset"].to_list() == ["USDT", None, "USDT"]
    assert found["missing"].to_list() == [None, None, None]
    assert found["in_columns"].all()


def test_a_moment_is_the_same_whatever_its_time_zone() -> None:
    at = datetime(2018, 1, 26, 14, 59, 59, tzinfo=UTC)
    frame = pl.DataFrame({"holding": [1000], "snapshot_at": [at], "fraud_score": [1], "sanctions_hit": [False]})
    there = frame.with_columns(pl.col("snapshot_at").dt.convert_time_zone("Asia/Tokyo"))

    assert decide_many(_policy("nem-incident-2018"), frame)["amount_minor"].to_list() == [88_549]
    assert decide_many(_policy("nem-incident-2018"), there)["amount_minor"].to_list() == [88_549]


def test_a_row_says_which_input_it_needs() -> None:
    frame = _frame(
        {"hours_late": None}, {"hours_late": "80", "value_usdt": None}, {"value_usdt": None}, {"fraud_score": "x"}
    )

    found = decide_many(_policy("delayed-withdrawal"), frame)

    assert found["missing"].to_list() == ["hours_late", "value_usdt", None, "fraud_score"]
    assert found["rule"].to_list() == [None, None, "six to twenty-four hours late", None]


def test_what_128_bits_cannot_hold_is_decided_row_by_row() -> None:
    frame = _frame({}, {"hours_late": "80", "value_usdt": "9" * 50}, {"value_usdt": "1" * 61})
    policy = _policy("delayed-withdrawal")

    found = decide_many(policy, frame)

    assert found["in_columns"].to_list() == [True, False, False]
    assert found["amount_minor"].to_list() == [15_000_000, 500_000_000, 15_000_000]
    assert why_not_many(policy, frame) == "2 rows are not plainly readable, or lie beyond what is counted"


def test_a_product_that_might_wrap_is_never_made_in_columns() -> None:
    rows = [
        {"holding": text, "snapshot_at": "2018-01-26T14:59:59Z", "fraud_score": "1", "sanctions_hit": "no"}
        for text in ("12345678901234567890123456789012345", "1000.000000000000000001")
    ]
    policy, frame = _policy("nem-incident-2018"), pl.DataFrame(rows)

    found = decide_many(policy, frame)

    assert found["amount_minor"].to_list() == [1_093_197_521_025_419_752_102_541_975_210_254_137, 88_549]
    assert not found["in_columns"].all()
    assert why_not_many(policy, frame) is not None


def test_a_result_of_too_many_digits_is_said() -> None:
    rows = [{"holding": "9" * 60, "snapshot_at": "2018-01-26T14:59:59Z", "fraud_score": "1", "sanctions_hit": "no"}]

    found = decide_many(_policy("nem-incident-2018"), pl.DataFrame(rows))

    assert found["missing"].to_list() == [TOO_MANY_DIGITS]
    assert found["rule"].to_list() == [None]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pl.Series("hours_late", [7.5]), "hours_late: a column of Float64 cannot be read exactly: give Decimal"),
        (pl.Series("sanctions_hit", [0]), "sanctions_hit: a column of Int64 cannot be read exactly: give Boolean"),
    ],
)
def test_columns_that_are_not_exact_are_refused(column: pl.Series, said: str) -> None:
    with pytest.raises(WrongColumn, match=said):
        decide_many(_policy("delayed-withdrawal"), _frame({}).with_columns(column))


def test_moments_without_a_time_zone_are_refused() -> None:
    frame = pl.DataFrame({"snapshot_at": pl.Series([datetime(2018, 1, 26, tzinfo=UTC)]).dt.replace_time_zone(None)})

    with pytest.raises(WrongColumn, match="snapshot_at: moments without a time zone: say which"):
        decide_many(_policy("nem-incident-2018"), frame)


def test_an_amount_beyond_128_bits_is_decided_alone() -> None:
    rows = [{"holding": "9" * 45, "snapshot_at": "2018-01-26T14:59:59Z", "fraud_score": "1", "sanctions_hit": "no"}]

    found = decide_many(_policy("nem-incident-2018"), pl.DataFrame(rows))

    assert found["missing"].to_list() == [TOO_LARGE]
    assert next(decide_rows(_policy("nem-incident-2018"), rows))["amount_minor"] > 2**127


def test_a_moment_that_no_calendar_holds_is_not_known() -> None:
    at = pl.Series("snapshot_at", [2**62]).cast(pl.Datetime("us", "UTC"))
    frame = pl.DataFrame({"holding": ["1" * 45], "fraud_score": [1], "sanctions_hit": [False]}).with_columns(at)

    assert decide_many(_policy("nem-incident-2018"), frame)["missing"].to_list() == ["snapshot_at"]


def test_columns_of_every_kind_come_out_as_their_text_does() -> None:
    policy = _policy("okb-volatility-2024-01")
    suite = boundary_cases(policy, bases=4, mixed=100)
    text = pl.DataFrame(suite, schema={each.name: pl.String for each in policy.inputs})
    kinds: dict[str, pl.Expr] = {}
    for each in policy.inputs:
        column = pl.col(each.name)
        match each.type:
            case NumberType():
                kinds[each.name] = column.str.to_decimal(scale=18)
            case ChoiceType(options=options):
                kinds[each.name] = column.cast(pl.Enum(options))
            case TimeType():
                kinds[each.name] = column.str.to_datetime("%+", time_unit="us", time_zone="UTC")
            case _:
                kinds[each.name] = column == "yes"

    found = decide_many(policy, text.with_columns(**kinds), approvals=True)

    assert found.drop("in_columns").equals(decide_many(policy, text, approvals=True).drop("in_columns"))
    assert found["in_columns"].sum() > found.height * 0.8


def test_other_amounts_of_the_customer_count_when_the_matrix_is_looked_up() -> None:
    frame = _frame(*[{}] * 5, {"delay_cause": "chain"}, {"hours_late": None})
    beside = [
        (),
        (Money.exactly("985", "USDT"),),
        (Money.exactly("980", "USDT"), Money.exactly("5.000001", "USDT")),
        (Money.exactly("0.01", "EUR"),),
        (Money.exactly("0", "EUR"), Money.exactly("1", "USDT")),
        (Money.exactly("5000", "USDT"),),
        (Money.exactly("5000", "USDT"),),
    ]

    found = decide_many(_policy("delayed-withdrawal"), frame, approvals=True, counted_before=earlier_of(beside))

    assert found["amount_minor"].to_list() == [15_000_000] * 5 + [None, None]
    assert found["people"].to_list() == [1, 1, 2, 3, 1, 0, None]
    assert found["in_columns"].to_list() == [True, True, True, False, True, True, True]
    decided = decide_many(_policy("delayed-withdrawal"), frame)
    again = approvals_of(_policy("delayed-withdrawal"), frame, decided, earlier_of(beside))
    assert again.equals(found.select("approval_row", "people"))


def test_a_checked_row_that_comes_out_differently_stops_the_run() -> None:
    policy, frame = _policy("delayed-withdrawal"), _frame({}, {"hours_late": "80"})
    wrong = decide_many(policy, frame).with_columns(amount_minor=pl.lit(1, dtype=pl.Int128))

    with pytest.raises(PathsDiffer, match=r"delayed-withdrawal 1: row 0: columns .* alone"):
        deciding._check(policy, wrong, lambda places: decide_many(policy, frame[places]), 1)


def test_without_polars_cases_are_decided_one_by_one_and_it_is_said() -> None:
    code = "import sys; sys.modules['polars'] = None; from policy.many.one_by_one import *; print(why_not_columns())"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "polars is not installed, so cases are decided one by one: install makewhole[many]\n"


ROWS_WITHOUT_POLARS = """
import json, sys
sys.modules["polars"] = None
from policy.loading import load_policy
from policy.many.one_by_one import decide_rows
policy = load_policy(open(sys.argv[1], encoding="utf-8").read(), "delayed.yaml")
print(json.dumps(list(decide_rows(policy, json.loads(sys.argv[2]), approvals=True))))
"""


def test_rows_are_decided_the_same_where_polars_is_not_installed() -> None:
    file = POLICIES / "delayed-withdrawal.yaml"
    rows: list[dict[str, str | None]] = [{**USUAL, **row} for row in ({}, {"fraud_score": "90"}, {"hours_late": None})]

    command = [sys.executable, "-c", ROWS_WITHOUT_POLARS, str(file), json.dumps(rows)]
    alone = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    found = decide_many(_policy("delayed-withdrawal"), _frame(*rows), approvals=True)
    assert [each["rule"] for each in alone[:2]] == ["six to twenty-four hours late", "fraud score of 80 or more"]
    assert alone[2] == {"missing": "hours_late"}
    assert pl.from_dicts([{"in_columns": True, **row} for row in alone], schema=found.schema).equals(found)


def test_a_closed_list_of_more_words_than_columns_hold_is_decided_one_by_one() -> None:
    text = (POLICIES / "delayed-withdrawal.yaml").read_text(encoding="utf-8")
    words = ", ".join(f"c{number}" for number in range(250))
    policy = load_policy(text.replace("one of [platform,", f"one of [{words}, platform,"), "delayed.yaml")
    frame = _frame({}, {"delay_cause": "c7"}, {"delay_cause": "chain"})

    found = decide_many(policy, frame)

    assert found["rule"].to_list() == ["six to twenty-four hours late"] * 2 + ["the delay was not ours"]
    assert not found["in_columns"].any()
    assert '"delay_cause" is one of 25' in str(why_not_many(policy, frame))


def test_no_rows_come_to_no_rows() -> None:
    found = decide_many(_policy("delayed-withdrawal"), _frame().clear())

    assert found.height == 0
    assert found.columns == ["rule", "classification", "amount_minor", "asset", "missing", "in_columns"]
