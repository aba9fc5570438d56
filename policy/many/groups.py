"""Groups of items in columns: a row for each group of each case, in the order of their first items."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from policy.many.columns import Cases, Column, ItemRows, Other, Words
from policy.many.scaled import OutOfBounds, Scaled


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Items put together.

    Fields:
        rows: The groups, each as a case of its own.
        group_of: The place of each item's group.
        unknown: The cases of which a key is not known here; None: of none.
    """

    rows: ItemRows
    group_of: pl.Series
    unknown: pl.Series | None


def grouped(
    rows: ItemRows, frame: pl.LazyFrame, keys: Mapping[str, Column], needs: pl.Expr | None, height: int
) -> Groups:
    """Return the groups of the items that are the same in all keys; raises OutOfBounds.

    rows: The items. frame: The columns of the items. needs: As of a `Found`. height: How many cases there are.
    """
    told = frame.with_columns(pl.lit(rows.of).alias("# of"), **{name: _expr(key) for name, key in keys.items()})
    found = told.select("# of", *keys, **({} if needs is None else {"# needs": needs})).collect()
    by = ["# of", *keys]
    groups = found.select(by).unique(maintain_order=True)
    numbered = groups.with_row_index("# group")
    places = found.join(numbered, on=by, how="left", nulls_equal=True, maintain_order="left")["# group"]
    unknown = None
    if needs is not None:
        waiting = found.filter(pl.col("# needs") != 0)["# of"].unique()
        unknown = pl.Series([False] * height, dtype=pl.Boolean).scatter(waiting, True)  # noqa: FBT003  # A value.
    cases = Cases(
        frame=groups.select(list(keys)),
        columns={name: _column(name, key) for name, key in keys.items()},
        unknown=frozenset(),
        apart=None,
        lists={},
        given={},
    )
    return Groups(rows=ItemRows(items=cases, of=groups["# of"]), group_of=places, unknown=unknown)


def _expr(key: Column) -> pl.Expr:
    match key:
        case Scaled(top=top, under=None):
            return top.expr
        case Scaled():
            raise OutOfBounds("puts items together by a ratio")
        case Words(codes=codes):
            return codes
        case Other(expr=expr):
            return expr


def _column(name: str, key: Column) -> Column:
    """Return the same key as a column of the groups."""
    column = pl.col(name)
    match key:
        case Scaled(top=top):
            return replace(key, top=replace(top, expr=column))
        case Words():
            return replace(key, codes=column)
        case Other():
            return Other(expr=column)
