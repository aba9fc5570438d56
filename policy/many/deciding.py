"""The decision on many cases: a frame in, a frame out, exactly what the compiled policy decides row by row."""

from collections.abc import Callable, Iterator, Mapping
from itertools import repeat
from typing import Any

import polars as pl

from cases.money import ASSETS, Money
from cases.proposal import Classification
from policy.form import Policy
from policy.many.columns import Cases, Reach, as_rows, read_cases
from policy.many.extras import STATES, Extras, paid_in_parts
from policy.many.found import ASK, Found, first_needed
from policy.many.matrix import Earlier, asked_by, people_needed
from policy.many.nodes import Reader
from policy.many.one_by_one import TOO_MANY_DIGITS, decide_rows, paid_rows
from policy.many.outcomes import Outcomes, as_money, asset_of, endings_of, outcomes
from policy.many.scaled import MOST, OutOfBounds, Whole, whole
from policy.proposing import PathsDiffer

#: Tried one after the other until bounds hold; rows beyond are set apart.
_REACHES = (
    Reach(),
    Reach(decimals=12),
    Reach(decimals=8),
    Reach(decimals=8, largest=10**18),
    Reach(decimals=8, largest=10**16),
    Reach(decimals=6, largest=10**14),
    Reach(decimals=6, largest=10**12),
    Reach(decimals=4, largest=10**10),
)
#: How many rows of each run the compiled policy decides once more.
CHECKED = 100
_BATCH = 20_000
_PLAIN = frozenset({"rule", "classification", "amount_minor", "asset", "missing", "in_columns"})
_LOOKED_UP = ("approval_row", "people", "in_columns")
#: Stands in the column `missing` where an amount is larger than whole numbers of 128 bits: they are decided one by one.
TOO_LARGE = "(too large)"
_CLASSES = tuple(Classification)
_Schema = Mapping[str, pl.DataType]
Places = pl.Series


def decide_many(
    policy: Policy,
    frame: pl.DataFrame,
    *,
    approvals: bool = False,
    counted_before: Earlier | None = None,
    check: int = CHECKED,
) -> pl.DataFrame:
    """Return what the policy decides on every row, in order; a column per input, null where it is not known.

    Numbers are Decimal, whole numbers or text; they count in whole units ("12.5" USDT), never in minor ones. Moments
    are Datetime with a time zone or text, choices Categorical, Enum or text, yes/no Boolean or text. A value that is
    none of its input's type is not known, as in a claim; columns that are no inputs are left alone.

    The result has the columns of `result_schema`: null rules where `missing` names the first input that is needed and
    not known. What columns cannot hold exactly is decided one by one, which `in_columns` says; see `why_not_many`.

    approvals: Whether the matrix is looked up as well.
    counted_before: The amounts that count beside each row's own when it is.
    check: So many rows, evenly spread, are decided one by one too.

    Raises WrongColumn for a column of another kind, and PathsDiffer when a checked row comes out differently.
    """
    schema = result_schema(policy, approvals=approvals)
    found = _in_columns(policy, frame, lambda cases: _decided(policy, cases, schema, counted_before))

    def alone(places: Places) -> pl.DataFrame:
        return _one_by_one(policy, frame[places], schema, counted_before and counted_before.of(places))

    return _whole(policy, found, frame.height, alone, check)


def approvals_of(
    policy: Policy, frame: pl.DataFrame, decided: pl.DataFrame, counted_before: Earlier, *, check: int = CHECKED
) -> pl.DataFrame:
    """Return "approval_row" and "people" of rows that `decide_many` has decided, with what counts beside each."""
    whole_schema, narrow = result_schema(policy, approvals=True), asked_by(policy)
    schema = {name: whole_schema[name] for name in _LOOKED_UP}
    found = _in_columns(narrow, frame, lambda cases: _looked_up(narrow, cases, decided, counted_before))

    def alone(places: Places) -> pl.DataFrame:
        return _one_by_one(policy, frame[places], schema, counted_before.of(places))

    return _whole(policy, found, frame.height, alone, check).drop("in_columns")


def paid_out_of(policy: Policy, frame: pl.DataFrame, amounts: pl.DataFrame, *, check: int = CHECKED) -> pl.DataFrame:
    """Return the parts of other amounts than the decided ones, and what is given beside them: what a budget leaves.

    amounts: "amount_minor" and "asset" of each row, null where nothing is paid. The result has the columns of the parts
    and benefits in `result_schema`.
    """
    schema = {name: kind for name, kind in result_schema(policy).items() if name not in _PLAIN} | {
        "in_columns": pl.Boolean()
    }
    found = _in_columns(policy, frame, lambda cases: _paid_out(policy, cases, amounts["amount_minor"], schema))

    def alone(places: Places) -> pl.DataFrame:
        rows = paid_rows(policy, as_rows(policy, frame[places]).iter_rows(named=True), _money(amounts[places]))
        return pl.from_dicts([{"in_columns": False, **_held(row)} for row in rows], schema=schema)

    return _whole(policy, found, frame.height, alone, check).drop("in_columns")


def _whole(
    policy: Policy, found: pl.DataFrame | None, height: int, alone: Callable[[Places], pl.DataFrame], check: int
) -> pl.DataFrame:
    """Return what columns found with the rows decided alone that they leave; None: all of them. Checks some."""
    if found is None:
        return alone(pl.int_range(height, eager=True))
    left = ~found["in_columns"]
    if left.any():
        places = left.arg_true()
        found = _put(found, places, alone(places))
    if check and height:
        _check(policy, found, alone, check)
    return found


def why_not_many(policy: Policy, frame: pl.DataFrame) -> str | None:
    """Return why some or all of these rows are decided one by one; None when columns hold everything."""
    try:
        found = _decided(policy, read_cases(policy.inputs, frame, Reach()), result_schema(policy), None)
    except OutOfBounds as error:
        return f"{policy.name} {policy.version}: {error}"
    alone = int((~found["in_columns"]).sum())
    return f"{alone} rows are not plainly readable, or lie beyond what is counted" if alone else None


def result_schema(policy: Policy, *, approvals: bool = False) -> dict[str, pl.DataType]:
    """Return the columns that `decide_many` gives back.

    rule: The name of what decided. classification: As in a proposal. amount_minor: Whole minor units; null where
    nothing is paid. asset: What they are counted in. missing: The input that is needed, or why nothing can be said;
    null where the row is decided. in_columns: False where the row was decided one by one.

    For a policy that pays in parts "<part>: minor", "<part>: state" and "<part>: in kind"; for a benefit
    "<benefit>: given", in units of its decimals. With approvals "approval_row", from 1, and "people"; null where the
    row needs an input that is not known.
    """
    names = dict.fromkeys(each.rule for each in endings_of(policy))
    schema: dict[str, pl.DataType] = {
        "rule": pl.Enum(list(names)),
        "classification": pl.Enum([each.value for each in Classification]),
        "amount_minor": pl.Int128(),
        "asset": pl.Enum(list(ASSETS)),
        "missing": pl.Enum([*(each.name for each in policy.inputs), TOO_MANY_DIGITS, TOO_LARGE]),
        "in_columns": pl.Boolean(),
    }
    plain = len(policy.parts) == 1 and policy.parts[0].is_plain
    for part in () if plain else policy.parts:
        schema |= {f"{part.name}: minor": pl.Int128(), f"{part.name}: state": pl.Enum(list(STATES))}
        if part.asset is not None:
            schema[f"{part.name}: in kind"] = pl.Int128()
    schema |= {f"{each.name}: given": pl.Int128() for each in policy.benefits}
    return schema | ({"approval_row": pl.UInt16(), "people": pl.UInt16()} if approvals else {})


def _in_columns(policy: Policy, frame: pl.DataFrame, decided: Callable[[Cases], pl.DataFrame]) -> pl.DataFrame | None:
    """Return what columns decide; a row that they cannot decide is empty. None: they can hold nothing."""
    for reach in _REACHES:
        try:
            return decided(read_cases(policy.inputs, frame, reach))
        except OutOfBounds:
            continue
    return None


def _decided(policy: Policy, cases: Cases, schema: _Schema, counted_before: Earlier | None) -> pl.DataFrame:
    reader = Reader(cases, [each.name for each in policy.inputs])
    found = outcomes(policy, reader)
    is_paid = pl.lit(pl.Series([each.is_paid for each in found.endings])).gather(found.ending)
    extras = [paid_in_parts(policy, reader, is_paid, found.minor)]
    if "people" in schema:
        extras.append(_approvals(policy, reader, found, is_paid, counted_before))
    needs = first_needed(found.needs, *(each.needs for each in extras))
    alone = _alone(needs, cases.apart)
    undecided = _either(alone, None if needs is None else needs != 0)
    ending = found.ending if undecided is None else pl.when(~undecided).then(found.ending)
    frame = reader.frame.with_columns(ending.alias("ending"))
    told = {**_told(policy, reader, found, schema), "missing": _missing(policy, needs, schema)}
    told["in_columns"] = pl.lit(True) if alone is None else ~alone  # noqa: FBT003  # A value, not a switch.
    decided = pl.col("ending").is_not_null()
    for name, column in (each for extra in extras for each in extra.columns.items()):
        told[name] = pl.when(decided).then(_named(schema[name], column))
    return frame.select(told[name].alias(name) for name in schema).collect()


def _approvals(
    policy: Policy, reader: Reader, found: Outcomes, is_paid: pl.Expr, counted_before: Earlier | None
) -> Extras:
    minor = reader.keep(pl.when(is_paid).then(found.minor.expr).otherwise(0))
    places = [_CLASSES.index(each.classification) for each in found.endings]
    classes = reader.keep(pl.lit(pl.Series(places, dtype=pl.UInt8)).gather(found.ending))
    paid = Whole(expr=minor, low=min(found.minor.low, 0), high=max(found.minor.high, 0))
    return people_needed(policy, reader, paid, classes, counted_before)


def _looked_up(policy: Policy, cases: Cases, decided: pl.DataFrame, counted_before: Earlier) -> pl.DataFrame:
    reader, minor = _with_amounts(policy, cases, decided["amount_minor"])
    is_known = pl.lit(decided["classification"].is_not_null())
    classes = reader.keep(pl.lit(decided["classification"].to_physical().cast(pl.UInt8)))
    found = people_needed(policy, reader, minor, classes, counted_before)
    alone = _alone(found.needs, cases.apart)
    columns: dict[str, pl.Expr] = {name: pl.when(is_known).then(each) for name, each in found.columns.items()}
    columns["in_columns"] = pl.lit(True) if alone is None else ~(is_known & alone)  # noqa: FBT003  # A value.
    return reader.frame.select(each.alias(name) for name, each in columns.items()).collect()


def _paid_out(policy: Policy, cases: Cases, amounts: pl.Series, schema: _Schema) -> pl.DataFrame:
    reader, minor = _with_amounts(policy, cases, amounts)
    reader.tell("amount", Found(value=as_money(policy, reader, minor)))
    extras = paid_in_parts(policy, reader, reader.keep(pl.lit(amounts.is_not_null())), minor)
    needs = None if extras.needs is None else extras.needs != 0
    undecided = _either(None if cases.apart is None else pl.lit(cases.apart), needs)
    columns = {name: _named(schema[name], each) for name, each in extras.columns.items()}
    columns["in_columns"] = pl.lit(True) if undecided is None else ~undecided  # noqa: FBT003  # A value.
    return reader.frame.select(columns[name].alias(name) for name in schema).collect()


def _with_amounts(policy: Policy, cases: Cases, amounts: pl.Series) -> tuple[Reader, Whole]:
    """Return what reads the cases, with all that is worked out, and amounts that are known already."""
    reader = Reader(cases, [each.name for each in policy.inputs])
    for each in policy.derived:
        reader.work_out(each)
    units = amounts.fill_null(0)
    most = units.max()
    return reader, whole(reader.keep(pl.lit(units)), 0, most if isinstance(most, int) else 0)


def _money(amounts: pl.DataFrame) -> Iterator[Money | None]:
    for minor, code in amounts.select("amount_minor", "asset").iter_rows():
        yield None if minor is None else Money(minor=minor, code=code)


def _alone(needs: pl.Expr | None, apart: pl.Series | None) -> pl.Expr | None:
    """Return which rows are decided one by one; None for no row."""
    return _either(None if apart is None else pl.lit(apart), None if needs is None else needs == ASK)


def _either(one: pl.Expr | None, other: pl.Expr | None) -> pl.Expr | None:
    if one is None or other is None:
        return other if one is None else one
    return one | other


def _told(policy: Policy, reader: Reader, found: Outcomes, schema: _Schema) -> dict[str, pl.Expr]:
    """Return the names of each ending, and the amount where there is one."""
    ending = pl.col("ending")
    rules = pl.Series([each.rule for each in found.endings], dtype=schema["rule"])
    classes = pl.Series([each.classification.value for each in found.endings], dtype=schema["classification"])
    is_paid = pl.lit(pl.Series([each.is_paid for each in found.endings])).gather(ending)
    return {
        "rule": pl.lit(rules).gather(ending),
        "classification": pl.lit(classes).gather(ending),
        "amount_minor": pl.when(is_paid).then(found.minor.expr.cast(pl.Int128)),
        "asset": pl.when(is_paid).then(asset_of(policy, reader, schema["asset"])),
    }


def _missing(policy: Policy, needs: pl.Expr | None, schema: _Schema) -> pl.Expr:
    if needs is None:
        return pl.lit(None, dtype=schema["missing"])
    names = pl.lit(pl.Series([None, *(each.name for each in policy.inputs)], dtype=schema["missing"]))
    return names.gather(pl.when(needs != ASK).then(needs).otherwise(0))


def _named(dtype: pl.DataType, column: pl.Expr) -> pl.Expr:
    """Return a column with the names of its codes, where it has names."""
    if not isinstance(dtype, pl.Enum):
        return column
    return pl.lit(pl.Series(dtype.categories, dtype=dtype)).gather(column)


def _one_by_one(policy: Policy, frame: pl.DataFrame, schema: _Schema, counted_before: Earlier | None) -> pl.DataFrame:
    """Return what the compiled policy decides on each row, in batches so that no more than one is held as rows."""
    empty = pl.DataFrame(schema=schema)
    made = []
    beside = repeat(()) if counted_before is None else counted_before.amounts()
    for batch in as_rows(policy, frame).iter_slices(_BATCH):
        given = batch.iter_rows(named=True)
        rows = decide_rows(policy, given, approvals="people" in schema, counted_before=beside)
        made.append(pl.from_dicts([{"in_columns": False, **_held(row)} for row in rows], schema=schema))
    return pl.concat([empty, *made])


def _held(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row that the result can hold."""
    if any(isinstance(each, int) and each > MOST for each in row.values()):
        return {"missing": TOO_LARGE}
    return row


def _put(found: pl.DataFrame, places: pl.Series, rows: pl.DataFrame) -> pl.DataFrame:
    """Return what was found with some rows in the place of others."""
    numbered = rows.with_columns(places.alias("place"))
    others = found.with_row_index("place").filter(pl.col("in_columns"))
    return (
        pl.concat([others.cast({"place": places.dtype}), numbered.select(others.columns)]).sort("place").drop("place")
    )


def _check(policy: Policy, found: pl.DataFrame, alone: Callable[[Places], pl.DataFrame], check: int) -> None:
    """Decide some rows once more; raises PathsDiffer at the first that comes out differently."""
    places = pl.int_range(0, found.height, max(found.height // check, 1), eager=True)
    here, there = (each.drop("in_columns") for each in (found[places], alone(places)))
    if here.equals(there):
        return
    for place, one, other in zip(places, here.iter_rows(named=True), there.iter_rows(named=True), strict=True):
        if one != other:
            raise PathsDiffer(f"{policy.name} {policy.version}: row {place}: columns {one}, alone {other}")
