"""Prices for many cases: each different question is asked once, and its answer given to every case that asks it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm

import polars as pl

from policy.expressions import PriceAt, Priced
from policy.facts import Unreadable, read_value
from policy.many.scaled import OutOfBounds, Scaled, Whole, whole
from policy.series import Series, found, price_at
from policy.units import BARE, SeriesType

#: More different questions than this are not asked in columns.
MOST_QUESTIONS = 20_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_BOTTOM = 10**12


def answers(node: Priced | PriceAt, asked: pl.DataFrame, name: str) -> tuple[pl.DataFrame, Scaled]:
    """Return the prices as columns and the number they make; null where there is no price.

    asked: A row per case: "series", "start" and "end" in microseconds since 1970. name: What the columns are called.
    Raises OutOfBounds for more than MOST_QUESTIONS different questions.
    """
    questions = asked.unique(maintain_order=True)
    if questions.height > MOST_QUESTIONS:
        raise OutOfBounds(
            f"asks {questions.height} different questions about prices, {MOST_QUESTIONS} are asked at once"
        )
    prices = [_price(node, *row) for row in questions.iter_rows()]
    known = [each for each in prices if each is not None]
    bottom = lcm(*(each.denominator for each in known))
    if bottom > _MOST_BOTTOM:
        bottom = 1
    tops = [None if each is None else (each * bottom).numerator for each in prices]
    unders = [None if each is None else (each * bottom).denominator for each in prices]
    top, under = _column(f"{name} top", tops), _column(f"{name} under", unders)
    made = questions.with_columns(
        pl.Series(f"{name} top", tops, dtype=top.dtype), pl.Series(f"{name} under", unders, dtype=under.dtype)
    )
    told = asked.join(made, on=["series", "start", "end"], how="left", nulls_equal=True, maintain_order="left")
    divided = None if under.high <= 1 else under
    return told.drop("series", "start", "end"), Scaled(top=top, bottom=bottom, under=divided)


def readable(series: pl.Series) -> pl.Series:
    """Return the prices of many cases, null where they cannot be read."""
    different = series.drop_nulls().unique()
    if different.len() > MOST_QUESTIONS:
        return series
    bad = [each for each in different if _read(each) is None]
    return series.set(series.is_in(bad), None) if bad else series


def _column(name: str, values: list[int | None]) -> Whole:
    known = [each for each in values if each is not None] or [1]
    return whole(pl.col(name), min(known), max(known))


def _price(node: Priced | PriceAt, series: str | None, start: int | None, end: int | None) -> Fraction | None:
    if series is None or start is None or end is None:
        return None
    prices = _read(series)
    if prices is None:
        return None
    if isinstance(node, PriceAt):
        price: Decimal | Fraction | None = price_at(prices, _moment(start), node.within)
    else:
        price = found(prices, node.lookup, _moment(start), _moment(end), with_end=node.with_end)
    return None if price is None else Fraction(price)


@lru_cache(maxsize=64)
def _read(text: str) -> Series | None:
    """Return the prices that a text lists; None for what cannot be read, which is then not known."""
    try:
        prices = read_value(text, SeriesType(unit=BARE))
    except Unreadable:
        return None
    return prices if isinstance(prices, Series) else None


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
