"""Prices over time, as an input of a claim: read from text, looked up without ever bridging a gap silently."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

MOST_POINTS = 5_000
MOST_CHARACTERS = 400_000
_POINT = re.compile(r"(\S{16,40})\s+(\d{1,30}(?:\.\d{1,30})?)(?:\s+(\d{1,30}(?:\.\d{1,30})?))?", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What was paid at one moment.

    Fields:
        price: Above zero.
        volume: How much was traded; None where the source does not say.
    """

    at: datetime
    price: Decimal
    volume: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Prices, earliest first, no moment twice."""

    points: tuple[Point, ...]


class Lookup(StrEnum):
    """What is asked of the prices in a window."""

    HIGHEST = "highest"
    LOWEST = "lowest"
    FIRST = "first"
    LAST = "last"
    AVERAGE = "average"
    VWAP = "vwap"


def read_series(text: str) -> Series:
    """Return the prices that a text lists: "2025-10-10T21:36:00Z 4000 1.5; 2025-10-10T21:37:00Z 3990 2".

    Each is a time, a price above zero and, where known, the volume. Raises ValueError; the message says what is wrong.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"has {len(text)} characters, at most {MOST_CHARACTERS} are read")
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if not parts or len(parts) > MOST_POINTS:
        raise ValueError(f"holds {len(parts)} prices, 1 to {MOST_POINTS} are needed")
    points = tuple(_point(part) for part in parts)
    for earlier, later in pairwise(points):
        if later.at <= earlier.at:
            raise ValueError(f"is not in order at {later.at.isoformat()}")
    return Series(points=points)


def found(
    series: Series, lookup: Lookup, start: datetime, end: datetime, *, with_end: bool
) -> Decimal | Fraction | None:
    """Return what is asked of the prices from `start` to `end`; None when the window holds no price.

    The average weighted by volume is None as well when a price has no volume, or nothing was traded.
    """
    points = [each for each in series.points if start <= each.at and (each.at < end or (with_end and each.at == end))]
    if not points:
        return None
    match lookup:
        case Lookup.HIGHEST:
            return max(each.price for each in points)
        case Lookup.LOWEST:
            return min(each.price for each in points)
        case Lookup.FIRST:
            return points[0].price
        case Lookup.LAST:
            return points[-1].price
        case Lookup.AVERAGE:
            return sum((Fraction(each.price) for each in points), start=Fraction(0)) / len(points)
        case Lookup.VWAP:
            return _weighted(points)


def price_at(series: Series, at: datetime, within: timedelta) -> Decimal | None:
    """Return the last price at or before a moment; None when it is older than `within`: a gap is not bridged."""
    index = bisect_right(series.points, at, key=lambda each: each.at)
    if index == 0 or at - series.points[index - 1].at > within:
        return None
    return series.points[index - 1].price


def _weighted(points: list[Point]) -> Fraction | None:
    volume, paid = Fraction(0), Fraction(0)
    for each in points:
        if each.volume is None:
            return None
        volume += Fraction(each.volume)
        paid += Fraction(each.volume) * Fraction(each.price)
    return paid / volume if volume else None


def _point(text: str) -> Point:
    match = _POINT.fullmatch(text)
    if match is None or not _TIME.fullmatch(match.group(1)):
        raise ValueError(f'holds "{text[:60]}": a time, a price and perhaps a volume are needed')
    price = Decimal(match.group(2))
    if price == 0:
        raise ValueError(f'holds "{text[:60]}": a price is above 0')
    try:
        at = datetime.fromisoformat(match.group(1)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f'holds "{text[:60]}": there is no such time') from None
    return Point(at=at, price=price, volume=Decimal(match.group(3)) if match.group(3) else None)
