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
from policy.series import Series, found, price_at, texts_by_name
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


def picked(asked: pl.DataFrame) -> pl.Series:
    """Return the text of one of several series for each case; null where none is told under that name.

    asked: "series", the text of all of them, and "name". Raises OutOfBounds for more than MOST_QUESTIONS of them.
    """
    pairs = asked.unique(maintain_order=True)
    if pairs.height > MOST_QUESTIONS:
        raise OutOfBounds(f"asks for {pairs.height} different series of prices, {MOST_QUESTIONS} are asked for at once")
    texts = [None if text is None or name is None else _texts(text).get(name) for text, name in pairs.iter_rows()]
    told = pairs.with_columns(pl.Series("text", texts, dtype=pl.String))
    return asked.join(told, on=["series", "name"], how="left", nulls_equal=True, maintain_order="left")["text"]


@lru_cache(maxsize=64)
def _texts(text: str) -> dict[str, str]:
    """Return the texts of several series by name; none of what cannot be read."""
    try:
        return texts_by_name(text.strip())
    except ValueError:
        return {}


def readable(series: pl.Series, kind: SeriesType) -> pl.Series:
    """Return the prices of many cases, null where they cannot be read."""
    different = series.drop_nulls().unique()
    if different.len() > MOST_QUESTIONS:
        return series
    bad = [each for each in different if not _is_readable(each, kind)]
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


def _is_readable(text: str, kind: SeriesType) -> bool:
    try:
        return bool(read_value(text, kind))
    except Unreadable:
        return False


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
