"""Rolling limits over many cases, in order of time per customer, exactly: what one case gets the next cannot have.

A limit that counts what a customer got in a window feeds back: what one case gets changes what the next may get. So
all cases are decided with what is counted before the first, then what each customer's earlier cases got is added up,
and the cases for which that makes a difference are decided anew, until it makes none. A case depends on earlier ones
alone, so every round settles at least one more case of each customer and what remains is the one true answer. Sums are
differences of running totals between two places that never change. Customers who are not settled after a few rounds,
because they have very many cases, are gone through case by case.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from cases.money import asset
from cases.proposal import Classification
from policy.counting import SPAN
from policy.form import Limit, Policy
from policy.many.columns import WrongColumn
from policy.many.deciding import decide_many
from policy.many.one_by_one import decide_rows
from policy.proposing import PathsDiffer
from reports.case_files import AT, CASE, CUSTOMER, PAID
from reports.in_order import InOrder, put, replaced, summed

ROUNDS = 12
#: So many customers, evenly spread, are gone through case by case too, if none has more than so many cases.
CHECKED, MOST_CHECKED = 20, 50
_UNITS = {"minute": "m", "hour": "h", "day": "d", "week": "w", "month": "mo", "year": "y"}
_MOST_DIGITS = 37
_MOST = 2**127
_Progress = Callable[[str], None]


class CannotRoll(ValueError):
    """Raised for a limit or a column that cannot be counted over time; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What one input counts: the amounts of these classifications of the same customer in so long before a case.

    Fields:
        counting: The input: "goodwill_paid_12_months".
        classifications: Which amounts use it up; those in fraud review do too, until they are refused.
        back: The time, as Polars writes it: "12mo".
    """

    counting: str
    classifications: tuple[str, ...]
    back: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolled:
    """What counting over time came to.

    Fields:
        windows: What was counted; empty where no limit rolls.
        customers: How many customers have more than one case.
        rounds: How often cases were decided anew.
        alone: How many customers were gone through case by case.
        changed: How many cases came out otherwise than with what was counted before the first case.
    """

    windows: tuple[Window, ...] = ()
    customers: int = 0
    rounds: int = 0
    alone: int = 0
    changed: int = 0


def windows_of(policy: Policy) -> tuple[Window, ...]:
    """Return what the policy's limits count over time; raises CannotRoll for a time that says no length."""
    inputs = {each.name for each in policy.inputs}
    found: dict[str, Window] = {}
    for limit in policy.limits:
        if limit.counting is None:
            continue
        if limit.counting not in inputs:
            raise CannotRoll(f'{policy.name}: "{limit.counting}" is worked out: only an input can be counted over time')
        window = _window(policy, limit)
        if found.setdefault(limit.counting, window) != window:
            raise CannotRoll(f'{policy.name}: "{limit.counting}" is counted by two limits in two ways')
    return tuple(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class OverTime:
    """What a policy decides on cases in order of time.

    Fields:
        frame: The cases, each with what was counted before it.
        rows: What is decided on each, as `decide_many` says it, without approvals.
        rolled: What counting over time came to.
    """

    frame: pl.DataFrame
    rows: pl.DataFrame
    rolled: Rolled


def decide_over_time(policy: Policy, order: InOrder, *, on_step: _Progress) -> OverTime:
    """Return what the policy decides on every case, as `decide_many` does, with its rolling limits counted over them.

    A column of the counted input says what the customer got outside of these cases; where there is a column `paid`,
    what was truly paid for the cases in the window is taken off it. Raises CannotRoll, also for a case without customer
    or time where a limit rolls, WrongColumn and PathsDiffer.
    """
    windows = windows_of(policy)
    on_step(f"{policy.name} {policy.version}: deciding")
    if not windows:
        return OverTime(frame=order.frame, rows=decide_many(policy, order.frame), rolled=Rolled())
    if order.frame[CUSTOMER].null_count() or order.frame[AT].null_count():
        raise CannotRoll(f"limits over time need {CUSTOMER} and {AT} of every case")
    return History(policy, windows, order).settled(on_step)


class History:
    """The cases of each customer in order of time, and what was used up before each."""

    def __init__(self, policy: Policy, windows: tuple[Window, ...], order: InOrder) -> None:
        self.policy, self.windows, self.places = policy, windows, order.places
        self.ids, self.groups = order.frame[CASE], order.groups
        self.inputs = order.frame.select(each.name for each in policy.inputs if each.name in order.frame.columns)
        self.scales = {each.counting: _scale(policy, order.frame, each) for each in windows}
        self.firsts = {each.counting: order.firsts(each.back) for each in windows}
        self.said = {each.counting: self._outside(order.frame, each) for each in windows}
        self.outside = {name: units.gather(self.places) for name, units in self.said.items()}
        self.frame = order.frame.with_columns(self._columns(self.said))

    def settled(self, on_step: _Progress) -> OverTime:
        """Return what is decided once nothing changes any more."""
        first = decide_many(self.policy, self.frame)
        rows = first[self.places]
        counted = dict(self.outside)
        rounds = 0
        while rounds < ROUNDS:
            now = self._counted(rows)
            stale = _differ(counted, now)
            if not stale.any():
                break
            rounds += 1
            on_step(f"{self.policy.name} {self.policy.version}: rolling limits, round {rounds}: {stale.sum()} cases")
            rows = self._again(rows, now, stale.arg_true())
            counted = now
        alone = self._unsettled(counted, rows) if rounds == ROUNDS else []
        if alone:
            rows = put(rows, *self._one_by_one(rows, alone))
        self._check(rows)
        begun = first.select("rule", "amount_minor")[self.places]
        changed = begun["rule"].ne_missing(rows["rule"]) | begun["amount_minor"].ne_missing(rows["amount_minor"])
        rolled = Rolled(
            windows=self.windows,
            customers=self.groups.n_unique(),
            rounds=rounds,
            alone=len(alone),
            changed=int(changed.sum()),
        )
        last = self._counted(rows) if alone else counted
        everywhere = {name: replaced(units, self.places, last[name]) for name, units in self.said.items()}
        frame = self.frame.with_columns(self._columns(everywhere))
        return OverTime(frame=frame, rows=put(first, self.places, rows), rolled=rolled)

    def _columns(self, counted: Mapping[str, pl.Series]) -> list[pl.Series]:
        return [_column(name, units, self.scales[name]) for name, units in counted.items()]

    def _outside(self, frame: pl.DataFrame, window: Window) -> pl.Series:
        """Return what is said to be used up, less what was truly paid for these cases, in units of the scale."""
        scale = self.scales[window.counting]
        if window.counting not in frame.columns:
            return pl.Series(window.counting, [0], dtype=pl.Int128).new_from_index(0, frame.height)
        said = _units(window.counting, frame[window.counting], scale, self.policy.money.asset)
        if PAID not in frame.columns:
            return said
        paid = _units(PAID, frame[PAID], scale, self.policy.money.asset).fill_null(0).gather(self.places)
        inside = summed(paid, self.firsts[window.counting])
        left = pl.DataFrame({"left": said.gather(self.places) - inside}).select(pl.col("left").clip(0))["left"]
        return replaced(said, self.places, left)

    def _counted(self, rows: pl.DataFrame) -> dict[str, pl.Series]:
        """Return what is used up before each case, given what the cases come to."""
        found = {}
        for window in self.windows:
            grow = self.scales[window.counting] - self._decimals()
            largest = rows["amount_minor"].max()
            if isinstance(largest, int) and largest * 10**grow * rows.height >= _MOST:
                raise CannotRoll(
                    f"{window.counting}: {rows.height} amounts up to {largest} units are too many to add up"
                )
            counts = pl.col("classification").cast(pl.String).is_in(window.classifications)
            amounts = rows.select(
                pl.when(counts).then(pl.col("amount_minor") * pl.lit(10**grow, dtype=pl.Int128)).fill_null(0)
            )
            sums = summed(amounts.to_series(), self.firsts[window.counting])
            found[window.counting] = self.outside[window.counting] + sums
        return found

    def _again(self, rows: pl.DataFrame, counted: Mapping[str, pl.Series], stale: pl.Series) -> pl.DataFrame:
        columns = self._columns({name: units.gather(stale) for name, units in counted.items()})
        cases = self.inputs[self.places.gather(stale)]
        anew = decide_many(self.policy, cases.with_columns(columns), check=10)
        return put(rows, stale, anew)

    def _unsettled(self, counted: Mapping[str, pl.Series], rows: pl.DataFrame) -> list[int]:
        """Return the customers for whom earlier cases still make a difference."""
        stale = _differ(counted, self._counted(rows))
        return self.groups.filter(stale).unique().to_list()

    def _check(self, rows: pl.DataFrame) -> None:
        """Go through the cases of some customers one by one too; raises PathsDiffer where that gives something else."""
        customers = self.groups.gather_every(max(len(self.groups) // CHECKED, 1)).unique()
        few = self.groups.filter(self.groups.is_in(customers.implode())).value_counts()
        some = few.filter(pl.col("count") <= MOST_CHECKED)[self.groups.name].to_list()
        places, again = self._one_by_one(rows, some)
        here = rows[places]
        differ = [name for name in ("rule", "classification", "amount_minor") if not here[name].equals(again[name])]
        if differ:
            place = int(here[differ[0]].ne_missing(again[differ[0]]).arg_true()[0])
            case = self.ids[int(self.places[int(places[place])])]
            one, other = here[differ[0]][place], again[differ[0]][place]
            raise PathsDiffer(f"{self.policy.name} {self.policy.version}: {case}: columns {one}, alone {other}")

    def _one_by_one(self, rows: pl.DataFrame, alone: list[int]) -> tuple[pl.Series, pl.DataFrame]:
        """Return the places of some customers' cases, and what is decided on them one after the other."""
        of_them = self.groups.is_in(alone).arg_true()
        amounts = {each.counting: dict[int, int]() for each in self.windows}
        made = []
        given = self.inputs[self.places.gather(of_them)].iter_rows(named=True)
        for place, row in zip(of_them.to_list(), given, strict=True):
            told: dict[str, Any] = dict(row)
            for window in self.windows:
                told[window.counting] = self._used(window, amounts[window.counting], place)
            (decided,) = decide_rows(self.policy, [told])
            for window in self.windows:
                if decided.get("classification") in window.classifications:
                    amounts[window.counting][place] = decided.get("amount_minor") or 0
            made.append({"in_columns": False, **decided})
        return of_them, pl.concat([rows.clear(), pl.from_dicts(made, schema=rows.schema)] if made else [rows.clear()])

    def _used(self, window: Window, amounts: Mapping[int, int], place: int) -> Decimal | None:
        outside = self.outside[window.counting][place]
        if outside is None:
            return None
        scale, first = self.scales[window.counting], self.firsts[window.counting][place]
        inside = sum(amounts.get(each, 0) for each in range(first, place)) * 10 ** (scale - self._decimals())
        return Decimal(outside + inside).scaleb(-scale)

    def _decimals(self) -> int:
        return asset(str(self.policy.money.asset)).decimals


def _window(policy: Policy, limit: Limit) -> Window:
    match = SPAN.fullmatch((limit.window or "").strip())
    if match is None:
        raise CannotRoll(
            f'{policy.name}: the limit "{limit.name}" is counted over "{limit.window}": write it as 30 days, 12 months'
        )
    if policy.money.asset is None:
        raise CannotRoll(f'{policy.name}: the limit "{limit.name}" rolls, but an input names the asset')
    kinds = sorted({*(each.value for each in limit.classifications), Classification.FRAUD_REVIEW.value})
    back = f"{match.group(1)}{_UNITS[match.group(2)]}"
    return Window(counting=str(limit.counting), classifications=tuple(kinds), back=back)


def _scale(policy: Policy, frame: pl.DataFrame, window: Window) -> int:
    """Return how many decimals the counted input is held with: those of the asset, or as many as the column has."""
    decimals = asset(str(policy.money.asset)).decimals
    scales = [decimals]
    for name in (window.counting, PAID):
        kind = frame.schema.get(name)
        if isinstance(kind, pl.Decimal):
            scales.append(kind.scale)
        elif kind == pl.String:
            longest = frame[name].str.extract(r"\.(\d*[1-9])0*", 1).str.len_bytes().max()
            scales.append(longest if isinstance(longest, int) else 0)
    return max(scales)


def _units(name: str, series: pl.Series, scale: int, code: str | None) -> pl.Series:
    """Return an amount in whole units of the scale; null where it is not known or cannot be read."""
    if series.dtype.is_integer():
        return _times(series, 10**scale)
    if isinstance(series.dtype, pl.Decimal):
        return _times(series.to_physical(), 10 ** (scale - series.dtype.scale))
    if series.dtype == pl.Null:
        return series.cast(pl.Int128)
    if series.dtype != pl.String:
        raise WrongColumn(f"{name}: a column of {series.dtype} cannot be read exactly: give Decimal, or text")
    text = series.str.strip_chars().str.strip_suffix(f" {code}")
    plain = text.set(~text.str.contains(r"^\d{1,30}(\.\d{1,30})?$").fill_null(value=False), None)
    return plain.str.to_decimal(scale=scale).to_physical().cast(pl.Int128)


def _times(series: pl.Series, factor: int) -> pl.Series:
    name = series.name
    many = pl.col(name).cast(pl.Int128) * pl.lit(factor, dtype=pl.Int128)
    return series.to_frame().select(many.alias(name))[name]


def _column(name: str, units: pl.Series, scale: int) -> pl.Series:
    """Return whole units as the amounts they are."""
    largest = units.max()
    if isinstance(largest, int) and largest >= 10**_MOST_DIGITS:
        raise CannotRoll(f"{name}: amounts of more than {_MOST_DIGITS} digits cannot be counted over time")
    one = pl.lit(Decimal(1).scaleb(-scale))
    return pl.DataFrame({"units": units}).select((pl.col("units").cast(pl.Decimal(38, 0)) * one).alias(name))[name]


def _differ(one: Mapping[str, pl.Series], other: Mapping[str, pl.Series]) -> pl.Series:
    masks = [one[name].ne_missing(other[name]).alias(name) for name in one]
    return pl.DataFrame(masks).select(pl.any_horizontal(pl.all())).to_series()
