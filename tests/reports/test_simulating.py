"""Two versions over the same cases: exact sums, limits counted over time, and nothing dropped in silence."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.money import Money
from policy.deciding import decide
from policy.facts import read_facts
from policy.form import Policy
from policy.loading import read_policy
from policy.many.deciding import decide_many
from policy.payments import pro_rata
from policy.proposing import PathsDiffer
from reports.case_files import BadCases, BadRow, Cases, as_cases, read_cases_file
from reports.figures import by_classification, figures_of
from reports.in_order import InOrder
from reports.rolling import ROUNDS, CannotRoll, History, windows_of
from reports.simulating import Simulation, simulate, within

POLICIES = Path(__file__).resolve().parents[2] / "config" / "policies"
START = datetime(2026, 1, 1, tzinfo=UTC)
USUAL = {
    "delay_cause": "platform",
    "hours_late": "7.5",
    "value_usdt": "1000",
    "fraud_score": "12",
    "sanctions_hit": "no",
}


@cache
def _version(*changes: tuple[str, str], version: str = "1", name: str = "delayed-withdrawal") -> Policy:
    text = (POLICIES / f"{name}.yaml").read_text(encoding="utf-8").replace("version: 1", f"version: {version}", 1)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_policy(text, f"{name}.yaml")


def _cases(*rows: dict[str, str | None], **usual: str | None) -> Cases:
    filled = [
        {"case_id": f"CASE-{number}", "customer_id": "C-1", "at": START.isoformat(), **USUAL, **usual, **row}
        for number, row in enumerate(rows, start=1)
    ]
    return as_cases(pl.DataFrame(filled), [], unit="row", first=1, name="cases")


def _on(day: int, **more: str | None) -> dict[str, str | None]:
    return {"at": (START + timedelta(days=day)).isoformat(), **more}


def _amounts(simulation: Simulation, side: str = "a") -> list[int | None]:
    return simulation.rows[f"amount_{side}_minor"].to_list()


def test_totals_winners_and_approvals_are_those_of_each_case() -> None:
    better = _version(("pay: 15 USDT", "pay: 20 USDT"), ("under 2 hours", "under 3 hours"), version="2")
    cases = _cases(
        {"customer_id": "C-1"},
        {"customer_id": "C-2", "hours_late": "30"},
        {"customer_id": "C-3", "hours_late": "2.5"},
        {"customer_id": "C-4", "delay_cause": "chain"},
        {"customer_id": "C-5", "fraud_score": "84"},
    )

    figures = figures_of(simulate(_version(), better, cases))

    (paid,) = figures.totals
    assert (paid.a, paid.b) == (Money.exactly("75", "USDT"), Money.exactly("80", "USDT"))
    assert (paid.cases_a, paid.cases_b) == (4, 3)
    (moved,) = figures.movements
    assert (moved.winners, moved.losers, moved.same, figures.unpaid) == (2, 1, 1, 1)
    assert (moved.more, moved.less) == (Money.exactly("10", "USDT"), Money.exactly("-5", "USDT"))
    assert by_classification(figures) == (("goodwill", 3, 2), ("fraud_review", 1, 1), ("ineligible", 1, 2))
    assert figures.people == ((0, 1, 2), (1, 3, 2), (2, 1, 1))
    assert figures.roles == (("compensation_lead", 4, 3), ("fraud_analyst", 1, 1))
    assert [(each.sign, each.count) for each in figures.bands] == [(-1, 1), (1, 2)]
    assert {each.case_id for each in figures.movers} == {"CASE-1", "CASE-3", "CASE-5"}


def test_what_a_customer_got_in_the_window_uses_up_the_limit() -> None:
    cases = _cases(
        _on(0, hours_late="80", value_usdt="80000"),
        _on(200, hours_late="80", value_usdt="80000"),
        _on(201, hours_late="80", value_usdt="80000"),
        _on(364, hours_late="30"),
        _on(365, hours_late="30"),
        _on(400, customer_id="C-2", hours_late="80", value_usdt="80000"),
    )

    simulation = simulate(_version(), _version(("at most: 600", "at most: 450"), version="2"), cases)

    assert _amounts(simulation) == [400_000_000, 200_000_000, 0, 0, 40_000_000, 400_000_000]
    assert _amounts(simulation, "b") == [400_000_000, 50_000_000, 0, 0, 40_000_000, 400_000_000]
    assert simulation.a.rolled.changed == 3


def test_what_was_paid_outside_of_the_cases_counts_and_what_was_paid_for_them_counts_once() -> None:
    stated = {"goodwill_paid_12_months": "590"}
    cases = _cases(
        _on(0, paid="15.00", **stated),
        _on(1, paid=None, goodwill_paid_12_months="605"),
    )
    alone = _cases(_on(0, **stated), _on(1, goodwill_paid_12_months="605"))

    assert _amounts(simulate(_version(), _version(), cases)) == [10_000_000, 0]
    assert _amounts(simulate(_version(), _version(), alone)) == [10_000_000, 0]


def test_a_customer_with_very_many_cases_is_gone_through_case_by_case() -> None:
    many = 4 * ROUNDS
    cases = _cases(*(_on(each * 20, hours_late="30") for each in range(many)))
    tight = _version(("at most: 600", "at most: 47.5"), ("over: 12 months", "over: 30 days"), version="2")

    simulation = simulate(_version(), tight, cases)

    assert _amounts(simulation, "b") == _by_hand(tight, cases, days=30)
    assert _amounts(simulation, "b")[:4] == [40_000_000, 7_500_000, 40_000_000, 7_500_000]
    assert (simulation.b.rolled.rounds, simulation.b.rolled.alone) == (ROUNDS, 1)


def test_a_single_difference_stops_the_run() -> None:
    cases = _cases(_on(0, hours_late="80", value_usdt="80000"), _on(1, hours_late="80", value_usdt="80000"))
    policy = _version()
    history = History(policy, windows_of(policy), InOrder(cases.frame))
    rows = decide_many(policy, cases.frame.with_columns(goodwill_paid_12_months=pl.lit("0")))

    with pytest.raises(PathsDiffer, match="CASE-2: columns 400000000, alone 200000000"):
        history._check(rows)


def _by_hand(policy: Policy, cases: Cases, *, days: int | None = None) -> list[int | None]:
    """Return what each case gets when the cases are gone through one by one, in order of time."""
    got: defaultdict[str, list[tuple[datetime, Decimal]]] = defaultdict(list)
    found: dict[str, int | None] = {}
    for row in cases.frame.sort("at", maintain_order=True).iter_rows(named=True):
        at, customer = row["at"], row["customer_id"]
        back = at.replace(year=at.year - 1) if days is None else at - timedelta(days=days)
        counted = sum((amount for then, amount in got[customer] if then > back), start=Decimal(0))
        counted += Decimal(row.get("goodwill_paid_12_months") or 0)
        given = [(name, row[name]) for name in USUAL]
        facts = read_facts(policy, [*given, ("goodwill_paid_12_months", str(counted))])
        outcome = decide(policy, facts.values)
        if outcome.amount is not None:
            got[customer].append((at, outcome.amount.amount))
        found[row["case_id"]] = outcome.amount.minor if outcome.amount else None
    return [found[each] for each in cases.frame["case_id"]]


_case = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from(["C-1", "C-2", "C-3"]),
        "at": st.integers(0, 780).map(lambda day: (START + timedelta(days=day, hours=1)).isoformat()),
        "hours_late": st.sampled_from(["1", "3", "7", "30", "80"]),
        "value_usdt": st.sampled_from(["100", "20000", "99999.123457"]),
        "fraud_score": st.sampled_from(["5", "83"]),
        "goodwill_paid_12_months": st.sampled_from(["0", "0.5", "590.000001"]),
    }
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(_case, min_size=1, max_size=25))
def test_counting_over_time_in_columns_is_going_through_the_cases_one_by_one(rows: list[dict[str, str | None]]) -> None:
    cases = _cases(*(dict(each) for each in rows))

    simulation = simulate(_version(), _version(("at most: 600", "at most: 90"), version="2"), cases)

    assert _amounts(simulation) == _by_hand(simulation.a.policy, cases)
    assert _amounts(simulation, "b") == _by_hand(simulation.b.policy, cases)


def test_a_budget_is_cut_as_the_policy_cuts_it() -> None:
    budget = ("fraud gates:", "budget: {name: goodwill fund, at most: 100 USDT}\n\nfraud gates:")
    cases = _cases(*(_on(0, customer_id=f"C-{each}", hours_late="30") for each in range(7)), {"hours_late": "1"})

    simulation = simulate(_version(), _version(budget, version="2"), cases)

    asked = [Money.exactly("40", "USDT")] * 7
    shares = [each.minor for each in pro_rata(asked, Money.exactly("100", "USDT"))]
    assert _amounts(simulation, "b") == [*shares, None]
    assert sum(shares) == 100_000_000
    assert simulation.b.budget is not None
    assert (simulation.b.budget.asked, simulation.b.budget.cut) == (Money.exactly("280", "USDT"), 7)


def test_rows_that_cannot_be_used_are_counted_and_listed(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    heading = "case_id,customer_id,at,delay_cause,hours_late,value_usdt,fraud_score,sanctions_hit"
    good = "platform,7.5,1000,12,no"
    path.write_text(
        f"{heading}\n"
        f"A,C-1,2026-01-01T00:00:00Z,{good}\n"
        f"B,C-1,yesterday,{good}\n"
        f"C,,2026-01-01T00:00:00Z,{good}\n"
        "D,C-2,2026-01-01T00:00:00Z,platform,late,1000,12,no\n"
        "E,C-3,2026-01-01T00:00:00Z,platform,,1000,12,no\n"
        f"F,C-4,2026-01-01T00:00:00Z,{good},surplus\n"
        f"G,C-5,2026-01-01T00:00:00Z,{good}\n"
        f"G,C-5,2026-01-01T00:00:00Z,{good}\n",
        encoding="utf-8",
    )

    simulation = simulate(_version(), _version(version="2"), read_cases_file(path))

    assert simulation.rows["case_id"].to_list() == ["A"]
    assert simulation.bad == (
        BadRow(place="line 7", why="has 9 cells, 8 are needed"),
        BadRow(place="line 7 (G)", why="has the case_id of another row"),
        BadRow(place="line 8 (G)", why="has the case_id of another row"),
        BadRow(place="line 3 (B)", why="has a time that cannot be read: write it as 2026-03-01T09:00:00Z"),
        BadRow(place="C", why="has no customer_id or no at, which limits over time need"),
    )
    assert simulation.undecided == 2
    assert simulation.reasons == tuple(
        (f"delayed-withdrawal {version}", why, 1)
        for version in (1, 2)
        for why in ("needs hours_late", "hours_late is given and cannot be used")
    )
    assert simulation.examples[0] == BadRow(
        place="D", why='delayed-withdrawal 1: hours_late is "late", a plain number is needed'
    )


def test_parquet_columns_hold_the_same_cases(tmp_path: Path) -> None:
    cases = _cases(_on(0), _on(3, hours_late="80"))
    typed = cases.frame.with_columns(
        pl.col("hours_late", "value_usdt").str.to_decimal(scale=2),
        pl.col("fraud_score").cast(pl.Int32),
        pl.col("sanctions_hit") == "yes",
        pl.col("delay_cause").cast(pl.Categorical),
    )
    typed.write_parquet(tmp_path / "cases.parquet")

    read = read_cases_file(tmp_path / "cases.parquet")

    assert _amounts(simulate(_version(), _version(), read)) == _amounts(simulate(_version(), _version(), cases))


def test_only_cases_of_a_span_are_looked_at() -> None:
    cases = _cases(_on(0), _on(1), _on(2))

    found = within(cases, START + timedelta(days=1), START + timedelta(days=2))

    assert found.frame["case_id"].to_list() == ["CASE-2"]
    with pytest.raises(BadCases, match="there are no cases of this time"):
        within(cases, START + timedelta(days=9), None)


def test_a_limit_over_a_time_that_says_no_length_is_refused() -> None:
    vague = _version(("over: 12 months", "over: a while"), version="2")

    with pytest.raises(CannotRoll, match='is counted over "a while": write it as 30 days, 12 months'):
        simulate(_version(), vague, _cases(_on(0)))
