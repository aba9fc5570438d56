"""Earlier cases of a customer count when approvals are looked up: splitting a claim never needs fewer people."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.money import Money
from policy.form import Policy
from policy.loading import read_policy
from policy.many.one_by_one import decide_rows
from reports.case_files import Cases, as_cases
from reports.rolling import CannotRoll
from reports.simulating import simulate

POLICIES = Path(__file__).resolve().parents[2] / "config" / "policies"
START = datetime(2026, 1, 1, tzinfo=UTC)
USUAL = {"charged_times": "2", "refunded_amount": "0", "fee": "0", "fraud_score": "1", "sanctions_hit": "no"}


def _policy() -> Policy:
    path = POLICIES / "duplicate-charge.yaml"
    return read_policy(path.read_text(encoding="utf-8"), path.name)


def _case(day: int, charge: str, customer: str | None = "C-1", **more: str) -> dict[str, str | None]:
    at = (START + timedelta(days=day)).isoformat()
    return {**USUAL, "customer_id": customer, "at": at, "asset": "EUR", "charge_amount": charge, **more}


def _cases(*rows: dict[str, str | None]) -> Cases:
    numbered = [{"case_id": f"CASE-{number}", **row} for number, row in enumerate(rows, start=1)]
    return as_cases(pl.DataFrame(numbered), [], unit="row", first=1, name="cases")


def _people(*rows: dict[str, str | None]) -> list[int]:
    found: list[int] = simulate(_policy(), _policy(), _cases(*rows)).rows["people_b"].to_list()
    return found


def test_what_the_customer_got_earlier_counts_whatever_the_order_of_the_rows() -> None:
    assert _people(_case(9, "200"), _case(1, "600"), _case(5, "400"), _case(5, "1", "C-2")) == [2, 1, 1, 1]


def test_what_never_came_to_anything_counts_for_nothing() -> None:
    assert _people(_case(1, "900", charged_times="1"), _case(2, "900"), _case(3, "0"), _case(4, "90")) == [0, 1, 0, 1]


def test_an_earlier_amount_in_another_asset_counts_as_if_it_were_large() -> None:
    assert _people(_case(1, "5"), _case(2, "5", asset="USDT"), _case(3, "5"), _case(3, "5", "C-2")) == [1, 3, 3, 1]


def test_cases_of_another_topic_count_for_themselves() -> None:
    rows = [_case(day, "600", topic=topic) for day, topic in enumerate(["fees", "charges", "fees", "charges"])]

    assert _people(*rows) == [1, 1, 2, 2]


def test_what_counts_outside_of_the_cases_is_told_by_a_column() -> None:
    said = ["", "950 EUR", "1 USDT", "400, 600 EUR", "0"]

    rows = [_case(day, "60", f"C-{day}", counted_before=each) for day, each in enumerate(said)]

    assert _people(*rows[:3], *rows[4:]) == [1, 2, 3, 1]
    with pytest.raises(CannotRoll, match=r'counted_before: "400, 600 EUR" is no amount: write 12\.5 USDT'):
        _people(*rows)


def test_cases_of_nobody_count_for_themselves() -> None:
    assert _people(_case(1, "900", None), _case(2, "900", None)) == [1, 1]


_row = st.builds(
    _case,
    st.integers(0, 20),
    st.sampled_from(["0", "0.01", "400", "600", "999.99", "9000.01"]),
    st.sampled_from(["C-1", "C-2"]),
    asset=st.sampled_from(["EUR", "EUR", "EUR", "USDT"]),
    topic=st.sampled_from(["fees", "charges"]),
    fraud_score=st.sampled_from(["1", "99"]),
    counted_before=st.sampled_from(["", "", "0 EUR", "300 EUR", "1 USDT"]),
)


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(_row, min_size=1, max_size=12))
def test_approvals_in_columns_are_those_of_going_through_the_cases_one_by_one(
    rows: list[dict[str, str | None]],
) -> None:
    assert _people(*rows) == _by_hand(rows)


def _by_hand(rows: list[dict[str, str | None]]) -> list[int]:
    got: defaultdict[tuple[str | None, str | None], list[Money]] = defaultdict(list)
    found: dict[int, int] = {}
    for number, row in sorted(enumerate(rows), key=lambda each: str(each[1]["at"])):
        mine = got[row["customer_id"], row["topic"]]
        amount, _, code = str(row["counted_before"]).partition(" ")
        outside = (Money.exactly(Decimal(amount), code),) if amount else ()
        given = {name: row[name] for name in ("asset", "charge_amount", *USUAL)}
        (decided,) = decide_rows(_policy(), [given], approvals=True, counted_before=[(*mine, *outside)])
        found[number] = decided["people"]
        mine += [Money(minor=decided["amount_minor"], code=decided["asset"])] if "asset" in decided else []
    return [found[number] for number in range(len(rows))]
