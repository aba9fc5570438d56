"""Prices over time, as an input of a claim: read from text, looked up without ever bridging a gap silently."""

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

MOST_POINTS = 5_000
MOST_CHARACTERS = 400_000
#: Of all series of one input together.
MOST_CHARACTERS_OF_ALL = 2_000_000
_MICROSECOND = timedelta(microseconds=1)
_POINT = re.compile(r"(\S{16,40})\s+(\d{1,30}(?:\.\d{1,30})?)(?:\s+(\d{1,30}(?:\.\d{1,30})?))?", re.ASCII)
_GAP = re.compile(r"gap\s+(\S{16,40})\s+(\S{16,40})", re.ASCII)
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
class Gap:
    """A time from `start` to before `end` in which the source is known to hold no price."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        if self.start == EVER.start:
            return f"nothing is held before {_shown(self.end)}"
        if self.end == EVER.end:
            return f"nothing is held from {_shown(self.start)} on"
        return f"a gap from {_shown(self.start)} to {_shown(self.end)}"


#: All of time; a gap that begins or ends with it is where a source begins or ends.
EVER = Gap(start=datetime(1, 1, 1, tzinfo=UTC), end=datetime(9999, 12, 31, 23, 59, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Prices, earliest first, no moment twice, and the gaps between them, earliest first.

    What is asked of a time that a gap touches has no answer, however near the next price is.

    Fields:
        name: Of what, where it is one of several: "BTC".
    """

    points: tuple[Point, ...]
    gaps: tuple[Gap, ...] = ()
    name: str = ""

    def gap_in(self, start: datetime, end: datetime, *, with_end: bool) -> Gap | None:
        """Return the first gap that the time from `start` to `end` touches; None when it touches none."""
        return next(
            (each for each in self.gaps if start < each.end and (each.start < end or (with_end and each.start == end))),
            None,
        )

    def inside(self, start: datetime, end: datetime, *, with_end: bool) -> list[Point]:
        """Return the prices of a window."""
        return [each for each in self.points if start <= each.at and (each.at < end or (with_end and each.at == end))]

    def standing(self, at: datetime) -> Point | None:
        """Return the last price at or before a moment, however old it is; None where there is none."""
        index = bisect_right(self.points, at, key=lambda each: each.at)
        return self.points[index - 1] if index else None

    def gap_at(self, at: datetime) -> Gap | None:
        """Return the gap that lies between a moment and the last price before it, or holds it; None for none."""
        index = bisect_right(self.points, at, key=lambda each: each.at)
        return self.gap_in(self.points[index - 1].at, at, with_end=True) if index else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesByName:
    """Several series of prices, each under what names it."""

    series: Mapping[str, Series]

    def of(self, name: str) -> Series:
        """Return the series of a name; one without any price where none is told."""
        return self.series.get(name) or Series(points=(), name=name)


class Lookup(StrEnum):
    """What is asked of the prices in a window."""

    HIGHEST = "highest"
    LOWEST = "lowest"
    FIRST = "first"
    LAST = "last"
    AVERAGE = "average"
    VWAP = "vwap"
    TWAP = "twap"


def read_series(text: str) -> Series:
    """Return the prices that a text lists: "2025-10-10T21:36:00Z 4000 1.5; 2025-10-10T21:37:00Z 3990 2".

    Each is a time, a price above zero and, where known, the volume; "gap 2025-10-10T21:40:00Z 2025-10-10T21:45:00Z"
    says where the source holds none. Raises ValueError; the message says what is wrong.
    """
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"has {len(text)} characters, at most {MOST_CHARACTERS} are read")
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if not parts or len(parts) > MOST_POINTS:
        raise ValueError(f"holds {len(parts)} prices, 1 to {MOST_POINTS} are needed")
    points = tuple(_point(part) for part in parts if not part.startswith("gap"))
    gaps = tuple(_gap(part) for part in parts if part.startswith("gap"))
    for earlier, later in pairwise(points):
        if later.at <= earlier.at:
            raise ValueError(f"is not in order at {later.at.isoformat()}")
    for before, after in pairwise(gaps):
        if after.start < before.end:
            raise ValueError(f"has gaps that are not in order at {after.start.isoformat()}")
    return Series(points=points, gaps=gaps)


def read_series_by_name(text: str) -> SeriesByName:
    """Return the series that a text lists: `{"BTC": "2025-10-10T21:36:00Z 4000; …", "ETH": "…"}`.

    Raises ValueError as `read_series` does, with the name of the series.
    """
    if len(text) > MOST_CHARACTERS_OF_ALL:
        raise ValueError(f"has {len(text)} characters, at most {MOST_CHARACTERS_OF_ALL} are read")
    series: dict[str, Series] = {}
    for name, each in texts_by_name(text).items():
        try:
            series[name] = replace(read_series(each), name=name)
        except ValueError as error:
            raise ValueError(f"of {name[:60]} {error}") from None
    return SeriesByName(series=series)


def texts_by_name(text: str) -> dict[str, str]:
    """Return the texts of several series by their names; raises ValueError."""
    shape = 'is no prices by name, as {"BTC": "2025-10-10T21:36:00Z 4000", "ETH": "…"}'
    try:
        told = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise ValueError(shape) from None
    if not isinstance(told, dict) or not all(isinstance(each, str) for each in told.values()):
        raise ValueError(shape)
    return told


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def found(
    series: Series, lookup: Lookup, start: datetime, end: datetime, *, with_end: bool
) -> Decimal | Fraction | None:
    """Return what is asked of the prices in a window; None when it holds no price, or touches a gap.

    The average weighted by volume is None as well when a price has no volume, or nothing was traded; the one weighted
    by time when none stood at the start, or a gap lies between that price and the start.
    """
    if lookup is Lookup.TWAP:
        return _by_time(series, start, end, with_end=with_end)
    points = series.inside(start, end, with_end=with_end)
    if not points or series.gap_in(start, end, with_end=with_end):
        return None
    match lookup:
        case Lookup.HIGHEST:
            return max(each.price for each in points)
        case Lookup.LOWEST:
            return min(each.price for each in points)
        case Lookup.FIRST | Lookup.LAST:
            return points[0 if lookup is Lookup.FIRST else -1].price
        case Lookup.AVERAGE:
            return sum((Fraction(each.price) for each in points), start=Fraction(0)) / len(points)
        case Lookup.VWAP:
            return _weighted(points)


def price_at(series: Series, at: datetime, within: timedelta) -> Decimal | None:
    """Return the last price at or before a moment.

    None when it is older than `within`, or a known gap lies between: no gap is bridged.
    """
    index = bisect_right(series.points, at, key=lambda each: each.at)
    if index == 0 or at - series.points[index - 1].at > within:
        return None
    if series.gap_at(at) is not None:
        return None
    return series.points[index - 1].price


def why_no_price(series: Series, at: datetime, within: timedelta) -> str:
    """Return why `price_at` has no price: "the last one is of 2025-10-10 21:36:00 UTC, more than 5 minutes before"."""
    gap = series.gap_at(at) or series.gap_in(at, at, with_end=True)
    if gap is not None:
        return str(gap)
    if not series.points and not series.gaps:
        return "no price of it is told"
    index = bisect_right(series.points, at, key=lambda each: each.at)
    if index == 0:
        return "there is none before" if not series.points else f"the first one is of {_shown(series.points[0].at)}"
    return f"the last one is of {_shown(series.points[index - 1].at)}, more than {_counted(within)} before"


def why_none_found(series: Series, lookup: Lookup, start: datetime, end: datetime, *, with_end: bool) -> str:
    """Return why `found` has nothing to look up: a gap, no price in the window, or none with its volume."""
    standing = series.standing(start) if lookup is Lookup.TWAP else None
    gap = series.gap_in(standing.at if standing else start, end, with_end=with_end)
    if gap is not None:
        return str(gap)
    if not series.points and not series.gaps:
        return "no price of it is told"
    if end < start or (end == start and (lookup is Lookup.TWAP or not with_end)):
        return "the window is empty"
    if lookup is Lookup.TWAP:
        first = f", the first one is of {_shown(series.points[0].at)}" if series.points else ""
        return f"none stood at its start{first}"
    held = series.inside(start, end, with_end=with_end)
    return "a price in it has no volume, or nothing was traded" if held and lookup is Lookup.VWAP else "none lies in it"


def _counted(time: timedelta) -> str:
    """Return a time in the largest unit that it is whole in: "5 minutes"."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if time % timedelta(seconds=length) == timedelta(0):
            number = time // timedelta(seconds=length)
            return f"{number} {unit if number != 1 else unit.removesuffix('s')}"
    return f"{time / timedelta(seconds=1):g} seconds"


def _weighted(points: list[Point]) -> Fraction | None:
    volume, paid = Fraction(0), Fraction(0)
    for each in points:
        if each.volume is None:
            return None
        volume += Fraction(each.volume)
        paid += Fraction(each.volume) * Fraction(each.price)
    return paid / volume if volume else None


def _by_time(series: Series, start: datetime, end: datetime, *, with_end: bool) -> Fraction | None:
    """Return the average in which each price counts for as long as it stood; the first one stood at the start."""
    first = series.standing(start)
    if first is None or end <= start or series.gap_in(first.at, end, with_end=with_end):
        return None
    stood = [first, *(each for each in series.points if start < each.at < end)]
    times = [start, *(each.at for each in stood[1:]), end]
    weights = [(until - since) // _MICROSECOND for since, until in pairwise(times)]
    paid = sum((Fraction(each.price) * weight for each, weight in zip(stood, weights, strict=True)), start=Fraction(0))
    return paid / sum(weights)


def _point(text: str) -> Point:
    match = _POINT.fullmatch(text)
    if match is None or not _TIME.fullmatch(match.group(1)):
        raise ValueError(f'holds "{text[:60]}": a time, a price and perhaps a volume are needed')
    price = Decimal(match.group(2))
    if price == 0:
        raise ValueError(f'holds "{text[:60]}": a price is above 0')
    return Point(
        at=_moment(match.group(1), text), price=price, volume=Decimal(match.group(3)) if match.group(3) else None
    )


def _gap(text: str) -> Gap:
    match = _GAP.fullmatch(text)
    if match is None or not all(_TIME.fullmatch(each) for each in match.groups()):
        raise ValueError(f'holds "{text[:60]}": write a gap as "gap 2025-10-10T21:40:00Z 2025-10-10T21:45:00Z"')
    gap = Gap(start=_moment(match.group(1), text), end=_moment(match.group(2), text))
    if gap.end <= gap.start:
        raise ValueError(f'holds "{text[:60]}": a gap ends after it starts')
    return gap


def _moment(written: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f'holds "{text[:60]}": there is no such time') from None


def _shown(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
