"""Lists in columns: a row for each item of each case, and what all items of a case come to.

A text is read here where it is plainly a list: every item says the declared fields, each once, and nothing else.
"""

from dataclasses import dataclass

import polars as pl

from policy.expressions import Gathered
from policy.items import MOST_CHARACTERS
from policy.many import scaled
from policy.many.scaled import OutOfBounds, Scaled
from policy.units import ListType

_SPACE = r"[ \t\n\r]*"
_TEXT = r'"[^"\\\x00-\x1f]*"'
_PAIR = f"{_SPACE}{_TEXT}{_SPACE}:{_SPACE}{_TEXT}{_SPACE}"
_ITEM = rf"{_SPACE}\{{{_PAIR}(,{_PAIR})*\}}{_SPACE}"
_PLAIN = rf"^{_SPACE}\[({_ITEM}(,{_ITEM})*|{_SPACE})\]{_SPACE}$"
_BARE = rf"({_TEXT}{_SPACE}:{_SPACE})(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)({_SPACE}[,}}])"
_YES, _NO = (rf"({_TEXT}{_SPACE}:{_SPACE}){word}({_SPACE}[,}}])" for word in ("true", "false"))
#: A text that begins with a colon: what stands around it could be taken for a text of its own.
_MISLEADING = rf":{_SPACE}\"{_SPACE}:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Lists as they were told.

    Fields:
        lists: The items of each case, as structs of text or of what the column holds; null where not read here.
        apart: Where a list is told that is not read here.
    """

    lists: pl.Series
    apart: pl.Series


@dataclass(frozen=True, slots=True, kw_only=True)
class PerItem:
    """What is worked out for each item.

    Fields:
        of: The case of each item, by its place.
        height: How many cases there are.
        holds: Whether it counts.
        value: What it comes to; None where items are only counted.
        needs: As of a `Found`.
    """

    of: pl.Series
    height: int
    frame: pl.LazyFrame
    holds: pl.Expr
    value: Scaled | None
    needs: pl.Expr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCases:
    """What the items of each case come to: a number with its bounds, where there was none, and the needs of items."""

    number: Scaled
    none: pl.Series
    needs: pl.Series | None


def told(kind: ListType, series: pl.Series) -> Told:
    """Return lists of text, or of structs, as lists of structs."""
    if isinstance(series.dtype, pl.List) and isinstance(series.dtype.inner, pl.Struct):
        odd = series.list.eval(pl.element().is_null()).list.any().fill_null(value=False)
        return Told(lists=series.set(odd, None) if odd.any() else series, apart=odd)
    text = series.set((series.str.len_bytes() > MOST_CHARACTERS) | series.str.contains(_MISLEADING), None)
    if text.str.contains(r":[ \t\n\r]*[-0-9tf]").any():
        text = text.str.replace_all(_BARE, '${1}"${2}"${3}')
        text = text.str.replace_all(_YES, '${1}"yes"${2}').str.replace_all(_NO, '${1}"no"${2}')
    text = text.set(~text.str.contains(_PLAIN).fill_null(value=False), None)
    structs = pl.List(pl.Struct({name: pl.String for name, _ in kind.fields}))
    lists = text.str.json_decode(structs)
    once = text.str.count_matches(rf'"{_SPACE}:{_SPACE}"') == _told_fields(kind, lists)
    lists = lists.set(~once.fill_null(value=False), None) if not once.all() else lists
    return Told(lists=lists, apart=series.is_not_null() & lists.is_null())


def _told_fields(kind: ListType, lists: pl.Series) -> pl.Series:
    """Return how many fields the items of each case say."""
    if not kind.optional:
        return lists.list.len() * len(kind.fields)
    said = (pl.element().struct.field(name).is_not_null() for name, _ in kind.fields)
    return lists.list.eval(pl.sum_horizontal(*said)).list.sum()


def gathered(what: Gathered, items: PerItem) -> OfCases:
    """Return what the items of each case come to; raises OutOfBounds."""
    if items.value is not None and items.value.under is not None:
        raise OutOfBounds("brings ratios of items together")
    top = None if items.value is None else items.value.top
    columns = {"holds": items.holds.fill_null(value=False)}
    if top is not None:
        columns["top"] = top.expr
    if items.needs is not None:
        columns["needs"] = items.needs
    found = items.frame.with_columns(pl.lit(items.of).alias("# of")).select("# of", **columns).collect()
    most = _most(items.of)
    counted, made, low, high = pl.col("holds").sum().cast(pl.Int64), pl.col("holds").sum().cast(pl.Int64), 0, most
    if what is not Gathered.NUMBER and top is not None:
        values = pl.col("top").filter("holds")
        if what is Gathered.TOTAL:
            low, high = min(top.low, 0) * most, max(top.high, 0) * most
            made = values.cast(scaled.whole(pl.lit(0), low, high).dtype).sum()
        else:
            low, high = top.low, top.high
            made = values.max() if what in {Gathered.LARGEST, Gathered.LATEST} else values.min()
    told_needs = {"needs": pl.col("needs").filter(pl.col("needs") != 0).first()} if items.needs is not None else {}
    by_case = found.group_by("# of").agg(counted=counted, made=made, **told_needs)
    whole = pl.DataFrame({"# of": pl.int_range(items.height, dtype=pl.UInt32, eager=True)}).join(
        by_case, on="# of", how="left", maintain_order="left"
    )
    bottom = 1 if items.value is None or what is Gathered.NUMBER else items.value.bottom
    number = whole["made"] if what not in {Gathered.NUMBER, Gathered.TOTAL} else whole["made"].fill_null(0)
    return OfCases(
        number=Scaled(top=scaled.whole(pl.lit(number), low, high), bottom=bottom),
        none=whole["counted"].fill_null(0) == 0,
        needs=whole["needs"].fill_null(0).cast(pl.UInt16) if items.needs is not None else None,
    )


def _most(of: pl.Series) -> int:
    """Return how many items a case has at most."""
    most = of.value_counts()["count"].max() if len(of) else 0
    return most if isinstance(most, int) else 0
