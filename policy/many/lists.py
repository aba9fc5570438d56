"""Lists in columns: a row for each item of each case, and what all items of a case come to.

A text is read here where it is plainly a list: every item says the declared fields, each once, and nothing else.
"""

from dataclasses import dataclass

import polars as pl

from policy.expressions import Gathered
from policy.items import MOST_CHARACTERS
from policy.many import scaled
from policy.many.scaled import OutOfBounds, Scaled, Whole
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
        by: What the first or last is told by; None where all are counted.
        needs: As of a `Found`.
        one_needs: What the value of the first or last alone needs, as of a `Found`.
    """

    of: pl.Series
    height: int
    frame: pl.LazyFrame
    holds: pl.Expr
    value: Scaled | None
    by: Scaled | None
    needs: pl.Expr | None
    one_needs: pl.Expr | None


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
    if any(each is not None and each.under is not None for each in (items.value, items.by)):
        raise OutOfBounds("brings ratios of items together")
    top = None if items.value is None else items.value.top
    columns = {"holds": items.holds.fill_null(value=False)}
    columns |= {} if top is None else {"top": top.expr}
    columns |= {} if items.by is None else {"by": items.by.top.expr}
    columns |= {} if items.needs is None else {"needs": items.needs}
    columns |= {} if items.one_needs is None else {"one needs": items.one_needs}
    found = items.frame.with_columns(pl.lit(items.of).alias("# of")).select("# of", **columns).collect()
    if items.by is not None:
        found = _candidates(found, what)
    counted = pl.col("holds").sum().cast(pl.Int64)
    made, low, high = (counted, 0, _most(items.of)) if top is None else _made(what, top, _most(items.of))
    needs = [] if items.needs is None else [pl.col("needs").filter(pl.col("needs") != 0).first()]
    needs += [] if items.one_needs is None else [pl.col("one needs").filter("only").first()]
    told_needs = {"needs": pl.coalesce(needs)} if needs else {}
    by_case = found.group_by("# of").agg(counted=counted, made=made, **told_needs)
    whole = pl.DataFrame({"# of": pl.int_range(items.height, dtype=pl.UInt32, eager=True)}).join(
        by_case, on="# of", how="left", maintain_order="left"
    )
    bottom = 1 if items.value is None or what is Gathered.NUMBER else items.value.bottom
    number = whole["made"] if what not in {Gathered.NUMBER, Gathered.TOTAL} else whole["made"].fill_null(0)
    return OfCases(
        number=Scaled(top=scaled.whole(pl.lit(number), low, high), bottom=bottom),
        none=whole["counted"].fill_null(0) == 0,
        needs=whole["needs"].fill_null(0).cast(pl.UInt16) if needs else None,
    )


def _made(what: Gathered, top: Whole, most: int) -> tuple[pl.Expr, int, int]:
    """Return what the values of a case's items come to, and where it lies."""
    values = pl.col("top").filter("holds")
    match what:
        case Gathered.TOTAL:
            low, high = min(top.low, 0) * most, max(top.high, 0) * most
            return values.cast(scaled.whole(pl.lit(0), low, high).dtype).sum(), low, high
        case Gathered.FIRST | Gathered.LAST:
            return pl.col("top").filter("only").first(), top.low, top.high
        case Gathered.LARGEST | Gathered.LATEST:
            return values.max(), top.low, top.high
        case _:
            return values.min(), top.low, top.high


def _candidates(found: pl.DataFrame, what: Gathered) -> pl.DataFrame:
    """Return the items with which of a case are the first or last; of several the one that is told first counts."""
    held = pl.col("by").filter("holds")
    best = found.group_by("# of").agg(best=held.max() if what is Gathered.LAST else held.min())
    found = found.join(best, on="# of", how="left", maintain_order="left")
    return found.with_columns(only=(pl.col("holds") & (pl.col("by") == pl.col("best"))).fill_null(value=False))


def _most(of: pl.Series) -> int:
    """Return how many items a case has at most."""
    most = of.value_counts()["count"].max() if len(of) else 0
    return most if isinstance(most, int) else 0
