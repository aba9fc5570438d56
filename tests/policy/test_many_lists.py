"""Lists decided in columns come out as each case does alone, however a list is written."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.form import Policy
from policy.loading import read_policy
from policy.many.deciding import decide_many
from policy.many.one_by_one import decide_rows
from tests.policy.equality import compared, generated

PLANS = Path(__file__).parent / "plans"
USUAL = {
    "landed_at": "2026-01-10T12:00:00Z",
    "found_at": "2026-02-20T12:00:00Z",
    "sdr_rate": "1.2",
    "interim": "0",
    "fraud_score": "3",
    "sanctions_hit": "no",
}
ITEM = '{"value": "100", "bought_at": "2025-01-01T00:00:00Z", "receipt": "yes"}'


def _policy(name: str = "late-luggage") -> Policy:
    path = PLANS / f"{name}.yaml"
    return read_policy(path.read_text(encoding="utf-8"), path.name)


def _frame(policy: Policy, *lists: str | None) -> pl.DataFrame:
    rows = [{**USUAL, "items": each} for each in lists]
    return pl.DataFrame(rows, schema={each.name: pl.String for each in policy.inputs})


def _compare(policy: Policy, frame: pl.DataFrame) -> pl.DataFrame:
    found = decide_many(policy, frame, approvals=True, check=0)
    alone = list(decide_rows(policy, frame.iter_rows(named=True), approvals=True))
    told = [
        {name: each for name, each in row.items() if each is not None} for row in found.drop("in_columns").to_dicts()
    ]
    assert told == alone
    return found


def test_however_a_list_is_written_it_is_read_as_alone() -> None:
    spoiled = (
        ("100", "12.50"),
        ('"100"', "12.500000000000000000000001"),
        ('"100"', "12.5"),
        ('"yes"', "true"),
        ('"yes"', "false"),
        ('"100"', "1e2"),
        ('"100"', "012"),
        ('"100"', "null"),
        ("100", "-1"),
        ("100", "100 EUR"),
        ("100", "1\\u0030"),
        ("2025-01-01T00:00:00Z", "yesterday"),
        ("2025-01-01T00:00:00Z", "2025-01-01T00:00:00+08:00"),
        ("}", ', "note": "x"}'),
        ("}", ', "note": {"a": 1}}'),
        ("}", ', "value": "5"}'),
        (', "receipt": "yes"', ""),
        (', "receipt": "yes"', ', "note": ":"'),
        ("}", ', "a":": 5,", "b": ""}'),
    )
    whole = (f"[{ITEM}, {ITEM}]", "[]", " [ ] ", None, "", "{}", "[[]]", f"[{ITEM},]", f"[{ITEM}] x")
    many = (f"[{', '.join([ITEM] * number)}]" for number in (50, 51))
    lists = (*whole, *many, *(f"[{ITEM}, {ITEM.replace(*each)}]" for each in spoiled))
    policy = _policy()

    found = _compare(policy, _frame(policy, *lists))

    assert found["amount_minor"][0] == 16_000
    plain = (*whole[:4], *lists[9:15])
    read = dict(zip(lists, found["in_columns"], strict=True))
    assert [read[each] for each in plain] == [True] * 7 + [False, True, True]


def test_a_list_may_be_a_column_of_structs() -> None:
    policy = _policy()
    items = [
        [{"value": Decimal("100.00"), "bought_at": datetime(2025, 1, 1, tzinfo=UTC), "receipt": True}],
        [{"value": Decimal("100.00"), "bought_at": None, "receipt": True}],
        [],
        None,
    ]
    frame = _frame(policy, *[None] * 4).with_columns(items=pl.Series(items))

    found = decide_many(policy, frame)

    text = _frame(policy, f"[{ITEM}]", None, "[]", None)
    expected = decide_many(policy, text)
    assert found["amount_minor"].to_list() == expected["amount_minor"].to_list()
    assert found["missing"].to_list() == [None, "items", None, "items"]
    assert found["in_columns"].all()


_text = st.sampled_from(["100", "0", "12.345", "1e2", "abc", '"5"', "7.5", "true", "null", '"yes"', '":"', '": 5,"'])
_pair = st.tuples(st.sampled_from(["value", "bought_at", "receipt", "note"]), _text).map(
    lambda each: f'"{each[0]}": {each[1]}'
)
_item = st.one_of(
    st.just(ITEM),
    st.sampled_from(["100", "12.5", '"12.5"', "0.00", "true"]).map(lambda each: ITEM.replace('"100"', each)),
    st.lists(_pair, max_size=4).map(lambda each: "{" + ", ".join(each) + "}"),
)
_written = st.lists(_item, max_size=4).map(lambda each: f"[{','.join(each)}]")


@settings(max_examples=25, deadline=None)
@given(lists=st.lists(_written, min_size=1, max_size=12))
def test_any_text_is_read_as_alone(lists: list[str]) -> None:
    policy = _policy()

    _compare(policy, _frame(policy, *lists))


@pytest.mark.parametrize("name", sorted(each.stem for each in PLANS.glob("*.yaml")))
def test_cases_at_the_boundaries_of_plans_with_lists_come_out_the_same(name: str) -> None:
    policy = _policy(name)

    found = compared(policy, list(generated(policy, 150, 7)), explain_every=25)

    assert found.differences == ()
    assert found.in_columns > found.cases * 0.8
