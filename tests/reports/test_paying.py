"""A budget is shared out to the unit, and finance sees what is paid in cash, when, and what in other ways."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.money import Money
from policy.form import Policy
from policy.loading import read_policy
from policy.many.deciding import decide_many, paid_out_of
from policy.many.one_by_one import decide_rows
from policy.mistakes import Place
from policy.payment_terms import Budget
from policy.payments import pro_rata
from reports.budgets import share
from reports.case_files import Cases, as_cases
from reports.figures import Cut, figures_of
from reports.paying import CashIn, GivenBeside, PaidAs, Way
from reports.simulating import simulate
from reports.tables import write_rows

POLICIES = Path(__file__).resolve().parents[2] / "config" / "policies"
START = datetime(2026, 1, 20, tzinfo=UTC)
PARTS = """units: [POINTS]
pay form:
  - {name: in coins, takes: 10% of amount, as: in kind, asset: OKB, at: 50 USDT per OKB}
  - {name: a voucher, takes: 2 USDT, as: voucher, valid for: 90 days}
  - {name: when verified, takes: 20% of amount, as: cash, waits for: fraud_score is under 5}
  - {name: the rest, takes: rest, as: cash, instalments: 3, every: 1 month, remainder: last}
"""
BENEFITS = """benefits:
  - {name: points, when: otherwise, gives: 0.5 POINTS per USDT * value_usdt, decimals: 1}

fraud gates:"""
BUDGET = "budget: {name: goodwill fund, at most: 60 USDT}\n\nfraud gates:"
USUAL = {"delay_cause": "platform", "value_usdt": "1000", "sanctions_hit": "no", "goodwill_paid_12_months": "0"}


@cache
def _version(*changes: tuple[str, str]) -> Policy:
    text = (POLICIES / "delayed-withdrawal.yaml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_policy(text, "delayed-withdrawal.yaml")


IN_PARTS = (("pay form: cash\n", PARTS), ("fraud gates:", BENEFITS))


def _cases(*hours: str, fraud_score: str = "1") -> Cases:
    rows = [
        {
            "case_id": f"CASE-{number}",
            "customer_id": f"C-{number}",
            "at": (START + timedelta(days=number * 10)).isoformat(),
            "hours_late": each,
            "fraud_score": fraud_score,
            **USUAL,
        }
        for number, each in enumerate(hours, start=1)
    ]
    return as_cases(pl.DataFrame(rows), [], unit="row", first=1, name="cases")


def _usdt(amount: str) -> Money:
    return Money.exactly(amount, "USDT")


def test_what_is_paid_in_other_ways_than_cash_at_once_is_told_by_way_and_month() -> None:
    paying = figures_of(simulate(_version(), _version(*IN_PARTS), _cases("30", "7.5"))).paying

    assert not paying.is_plain
    assert paying.ways == (
        PaidAs(way=Way.AT_ONCE, a=_usdt("55"), b=_usdt("22.499999")),
        PaidAs(way=Way.LATER, a=_usdt("0"), b=_usdt("23.000001")),
        PaidAs(way=Way.VOUCHER, a=_usdt("0"), b=_usdt("4")),
        PaidAs(way=Way.IN_KIND, a=_usdt("0"), b=_usdt("5.5")),
    )
    assert paying.cash == (
        CashIn(month="2026-01", a=_usdt("40"), b=_usdt("16.666666")),
        CashIn(month="2026-02", a=_usdt("15"), b=_usdt("14.499999")),
        CashIn(month="2026-03", a=_usdt("0"), b=_usdt("11.500001")),
        CashIn(month="2026-04", a=_usdt("0"), b=_usdt("2.833334")),
    )
    assert paying.beside == (
        GivenBeside(name="OKB in kind", a=Decimal(0), b=Decimal("0.11")),
        GivenBeside(name="points", a=Decimal(0), b=Decimal("1000.0")),
    )


def test_what_waits_needs_no_cash_yet(tmp_path: Path) -> None:
    simulation = simulate(_version(), _version(*IN_PARTS), _cases("30", fraud_score="7"))

    paying = figures_of(simulation).paying
    write_rows(simulation, tmp_path / "rows.parquet")

    assert PaidAs(way=Way.WAITING, a=_usdt("0"), b=_usdt("8")) in paying.ways
    assert sum(each.b.minor for each in paying.cash) == _usdt("26").minor
    row = pl.read_parquet(tmp_path / "rows.parquet").row(0, named=True)
    assert (row["b: when verified: state"], row["b: when verified: minor"]) == ("waiting", 8_000_000)
    assert row["b: in coins: in kind"] == 8 * 10**16


def test_all_claims_get_their_share_of_a_budget_and_it_is_said_who_is_cut_by_how_much() -> None:
    simulation = simulate(_version(), _version(("fraud gates:", BUDGET)), _cases("30", "7.5", "30", "1", "7.5"))

    shared, figures = simulation.b.budget, figures_of(simulation)

    assert simulation.rows["amount_b_minor"].to_list() == [21_818_182, 8_181_818, 21_818_182, None, 8_181_818]
    assert shared is not None
    assert (shared.asked, shared.paid, shared.cut) == (_usdt("110"), _usdt("60"), 4)
    assert figures.totals[0].b == _usdt("60")
    assert figures.cuts[0] == ()
    assert figures.cuts[1][0] == Cut(case_id="CASE-1", customer_id="C-1", asked=_usdt("40"), gets=_usdt("21.818182"))
    assert [each.case_id for each in figures.cuts[1]] == ["CASE-1", "CASE-3", "CASE-2", "CASE-5"]


def test_parts_are_those_of_what_the_budget_leaves() -> None:
    policy, cases = _version(("fraud gates:", BUDGET), *IN_PARTS), _cases("30", "7.5", "30", "1", "7.5")

    simulation = simulate(_version(), policy, cases)

    paying = figures_of(simulation).paying
    assert sum(each.b.minor for each in paying.ways) == _usdt("60").minor
    assert simulation.rows["b: in coins: minor"].to_list() == [2_181_818, 818_181, 2_181_818, None, 818_181]
    frame, amounts = cases.frame, simulation.b.rows.select("amount_minor", "asset")
    odd = frame.with_columns(value_usdt=pl.Series(["1000." + "0" * 25, *["1000"] * 4]))
    again = paid_out_of(policy, odd, amounts)
    assert again.equals(paid_out_of(policy, frame, amounts))


@settings(max_examples=150, deadline=None)
@given(
    amounts=st.lists(st.none() | st.integers(0, 10**12) | st.sampled_from([1, 2, 10**37]), min_size=1, max_size=30),
    budget=st.integers(1, 10**13) | st.integers(1, 10**37),
)
def test_a_budget_in_columns_is_shared_out_as_one_by_one(amounts: list[int | None], budget: int) -> None:
    at_most = Money(minor=budget, code="USDT")
    fund = Budget(name="fund", at_most=at_most, place=Place(file="p.yaml", line=1, column=1))

    shares, shared = share(fund, pl.Series("amount_minor", amounts, dtype=pl.Int128))

    expected = pro_rata([Money(minor=each or 0, code="USDT") for each in amounts], at_most)
    assert [each or 0 for each in shares] == [each.minor for each in expected]
    assert [each is None for each in shares] == [each is None for each in amounts]
    assert shared.paid.minor == min(budget, sum(each or 0 for each in amounts))


def test_paying_out_what_was_decided_is_what_was_decided() -> None:
    policy, frame = _version(*IN_PARTS), _cases("30", "7.5", "1", "80").frame
    found = decide_many(policy, frame)

    again = paid_out_of(policy, frame, found)

    assert again.equals(found.select(again.columns))
    alone = list(decide_rows(policy, frame.iter_rows(named=True)))
    assert again["the rest: minor"].to_list() == [each.get("the rest: minor") for each in alone]
