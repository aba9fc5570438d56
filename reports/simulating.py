"""Two versions of a policy over the same cases: what each decides on every one of them, and where that differs."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import polars as pl

from policy.explaining import reason
from policy.facts import Facts, read_facts
from policy.form import Policy
from policy.interpreting import Unknown
from policy.many.deciding import approvals_of, paid_out_of
from policy.many.one_by_one import TOO_MANY_DIGITS
from policy.proposing import missing
from policy.settling import TooManyDigits
from reports.beside import earlier_amounts
from reports.budgets import Shared, share
from reports.case_files import AT, CASE, CUSTOMER, BadCases, BadRow, Cases
from reports.in_order import InOrder
from reports.paying import columns_of
from reports.rolling import Rolled, decide_over_time, windows_of

#: How many rows that cannot be decided are listed with their reason; all are counted.
LISTED = 100
_DECIDED = ("rule", "classification", "amount_minor", "asked_minor", "asset", "missing", "approval_row", "people")


def no_progress(_step: str) -> None:
    """Tell nobody how far it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one version decides.

    Fields:
        policy: The version.
        rows: One per case, in order: rule, classification, amount_minor (after the budget), asked_minor (before it),
            asset, missing, approval_row, people, and the columns that say how it is paid.
        rolled: What counting over time came to.
        budget: What the budget did; None where there is none.
    """

    policy: Policy
    rows: pl.DataFrame
    rolled: Rolled
    budget: Shared | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Two versions side by side.

    Fields:
        a, b: What each decides; b is what a is compared with.
        rows: The cases that both decide: case_id, customer_id, at, then rule_a, classification_a, amount_a_minor,
            asked_a_minor, asset_a, people_a, row_a, the same with b, and change_minor (b less a; null where they pay
            in two assets); for a version that does not pay plainly also "a: <part>: minor" and so on.
        bad: Rows of the file that are no cases.
        undecided: How many cases one or both could not decide.
        reasons: (version, why, how many) of the undecided, most first.
        examples: The first of them, each with its reason.
    """

    a: Side
    b: Side
    rows: pl.DataFrame
    bad: tuple[BadRow, ...]
    undecided: int
    reasons: tuple[tuple[str, str, int], ...]
    examples: tuple[BadRow, ...]


def simulate(a: Policy, b: Policy, cases: Cases, *, on_step: Callable[[str], None] = no_progress) -> Simulation:
    """Return what two versions decide on the same cases.

    Where a limit rolls, cases without customer or time are among the bad rows. Raises CannotRoll, WrongColumn for a
    column that holds no input, and PathsDiffer when a case comes out otherwise alone.
    """
    frame, bad = cases.frame, list(cases.bad)
    if windows_of(a) or windows_of(b):
        frame, without = _in_time(frame)
        bad += without
    on_step("order of time")
    order = InOrder(frame)
    sides = [_side(policy, order, on_step) for policy in (a, b)]
    on_step("comparing")
    known = pl.DataFrame([side.rows["missing"].is_null().alias(name) for side, name in zip(sides, "ab", strict=True)])
    both = known.select(pl.all_horizontal(pl.all())).to_series()
    together = _side_by_side(frame, sides[0].rows, sides[1].rows)
    return Simulation(
        a=sides[0],
        b=sides[1],
        rows=together if both.all() else together.filter(both),
        bad=tuple(bad),
        undecided=int((~both).sum()),
        reasons=tuple(each for side in sides for each in _reasons(side, frame)),
        examples=tuple(each for side in sides for each in _examples(side, frame))[:LISTED],
    )


def within(cases: Cases, start: object, end: object) -> Cases:
    """Return the cases from `start` to before `end`, aware; None is open. Raises BadCases when none is."""
    tests = [pl.col(AT) >= start] if start is not None else []
    tests += [pl.col(AT) < end] if end is not None else []
    found = cases.frame.filter(tests) if tests else cases.frame
    if found.height == 0:
        raise BadCases("there are no cases of this time")
    return Cases(frame=found, bad=cases.bad)


def label(policy: Policy) -> str:
    """Return what a version is called: "delayed-withdrawal 3"."""
    return f"{policy.name} {policy.version}"


def _in_time(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[BadRow]]:
    wanting = pl.col(CUSTOMER).is_null() | pl.col(AT).is_null()
    rows = frame.filter(wanting)
    why = f"has no {CUSTOMER} or no {AT}, which limits over time need"
    return frame.filter(~wanting) if rows.height else frame, [BadRow(place=each, why=why) for each in rows[CASE]]


def _side(policy: Policy, order: InOrder, on_step: Callable[[str], None]) -> Side:
    found = decide_over_time(policy, order, on_step=on_step)
    on_step(f"{label(policy)}: approvals")
    beside = earlier_amounts(policy, order, found.rows)
    rows = found.rows.hstack(approvals_of(policy, found.frame, found.rows, beside))
    rows = rows.with_columns(asked_minor="amount_minor")
    shared = None
    if policy.budget is not None:
        on_step(f"{label(policy)}: budget")
        shares, shared = share(policy.budget, rows["amount_minor"])
        rows = rows.with_columns(shares)
        if shared.cut and not policy.paid_plainly:
            rows = rows.with_columns(paid_out_of(policy, found.frame, rows))
    rows = rows.select(*_DECIDED, *columns_of(policy))
    return Side(policy=policy, rows=rows, rolled=found.rolled, budget=shared)


def _side_by_side(frame: pl.DataFrame, a: pl.DataFrame, b: pl.DataFrame) -> pl.DataFrame:
    named = [
        rows.select(pl.col(each).alias(f"{name}: {each}") for each in rows.columns if each not in _DECIDED)
        for rows, name in ((a, "a"), (b, "b"))
    ]
    named += [
        rows.select(
            pl.col("rule").cast(pl.Categorical).alias(f"rule_{name}"),
            pl.col("classification").alias(f"classification_{name}"),
            pl.col("amount_minor").alias(f"amount_{name}_minor"),
            pl.col("asked_minor").alias(f"asked_{name}_minor"),
            pl.col("asset").alias(f"asset_{name}"),
            pl.col("people").alias(f"people_{name}"),
            pl.col("approval_row").alias(f"row_{name}"),
        )
        for rows, name in ((a, "a"), (b, "b"))
    ]
    change = pl.col("amount_b_minor").fill_null(0) - pl.col("amount_a_minor").fill_null(0)
    alike = (pl.col("asset_a") == pl.col("asset_b")).fill_null(value=True)
    return pl.concat([frame.select(CASE, CUSTOMER, AT), *named], how="horizontal").with_columns(
        pl.when(alike).then(change).alias("change_minor"),
        pl.coalesce("asset_a", "asset_b").alias("asset"),
    )


def _reasons(side: Side, frame: pl.DataFrame) -> list[tuple[str, str, int]]:
    """Return what keeps a version from deciding, most frequent first: (version, what, how many cases)."""
    missing = side.rows["missing"].cast(pl.String)
    given = pl.Series([False] * len(missing))
    for name in set(missing.drop_nulls().unique()) & set(frame.columns):
        given |= (missing == name).fill_null(value=False) & frame[name].is_not_null()
    counted = pl.DataFrame({"missing": missing, "given": given}).drop_nulls().group_by("missing", "given").len("count")
    return [
        (label(side.policy), f"{name} is given and cannot be used" if told else _needs(name), count)
        for name, told, count in counted.sort("count", "missing", "given", descending=(True, False, False)).iter_rows()
    ]


def _needs(name: str) -> str:
    return "a result has too many digits" if name == TOO_MANY_DIGITS else f"needs {name}"


def _examples(side: Side, frame: pl.DataFrame) -> list[BadRow]:
    """Return the first rows that a version cannot decide, each with what is wrong in the row itself."""
    places = side.rows["missing"].is_not_null().arg_true().head(LISTED)
    inputs = [each.name for each in side.policy.inputs if each.name in frame.columns]
    found = []
    for place, row in zip(places, frame[places].iter_rows(named=True), strict=True):
        name = str(side.rows["missing"][place])
        facts = read_facts(side.policy, [(each, _text(row[each])) for each in inputs if row[each] is not None])
        why = _why(side.policy, facts, name)
        said = f"{name} {why}" if why else _needs(name)
        found.append(BadRow(place=str(row[CASE]), why=f"{label(side.policy)}: {said}"))
    return found


def _why(policy: Policy, facts: Facts, name: str) -> str | None:
    """Return why an input that is given cannot be used; None where it is not given, or nothing can be said."""
    if name in facts.unreadable or name not in facts.values:
        return facts.unreadable.get(name)
    with suppress(TooManyDigits):
        found = reason(policy, facts)
        return dict(missing(facts, found).problems).get(name) if isinstance(found, Unknown) else None
    return None


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
