"""What a price source holds: rows of exact numbers on a grid of time, and the gaps between them. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

CANDLE = ("open", "high", "low", "close")
MOST_ROWS = 5_000_000
_INTERVAL = re.compile(r"([1-9]\d{0,3})([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
#: A candle's last price is held to be of this long before its end, as exchanges write their closing times.
_BEFORE_THE_END = timedelta(milliseconds=1)


class BadPrices(ValueError):
    """Raised for prices that cannot be taken in; every line of the message says "file:line: what to do"."""


class Kind(StrEnum):
    """What kind of price it is."""

    TRADE = "trade"
    MARK = "mark"
    INDEX = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One candle, or one price.

    Fields:
        at: When the candle begins, or the price held; aware, UTC.
        prices: Open, high, low and close; or the one price. Each above zero.
        volume: How much was traded; None where the source does not say.
        line: Where it stands in its file, for messages.
    """

    at: datetime
    prices: tuple[Decimal, ...]
    volume: Decimal | None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time from `start` to before `end` without prices."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"gap {stamp(self.start)} {stamp(self.end)}"


def interval_of(text: str) -> timedelta:
    """Return how long a candle lasts, or a single price holds: "1m" is a minute; raises ValueError."""
    match = _INTERVAL.fullmatch(text)
    if match is None:
        raise ValueError(f'"{text[:20]}" is no interval: write 30s, 1m, 15m, 1h, 1d or 1w')
    return timedelta(seconds=int(match.group(1)) * _SECONDS[match.group(2)])


def stamp(at: datetime) -> str:
    """Return a moment as every file of the book writes it, so that text sorts as time does."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def problems_of(rows: Sequence[Row], interval: timedelta, after: Row | None) -> Iterator[tuple[int, str]]:
    """Yield (line, what to do) for every row that cannot follow the one before it.

    after: The last row that the book holds already; None for a new source.
    """
    earlier = after
    for row in rows:
        if earlier is not None and len(row.prices) != len(earlier.prices):
            yield row.line, "candles and single prices do not mix: give them a source each"
        elif earlier is not None and row.at <= earlier.at:
            yield row.line, _not_after(row, earlier, in_book=earlier is after)
        elif earlier is not None and len(row.prices) == len(CANDLE) and (row.at - earlier.at) % interval:
            yield row.line, f"{stamp(row.at)} overlaps a candle that began at {stamp(earlier.at)}: {_grid(interval)}"
        else:
            yield from ((row.line, what) for what in _wrong_in(row))
        earlier = row


def _grid(interval: timedelta) -> str:
    return f"candles of {interval} begin that far apart"


def _not_after(row: Row, earlier: Row, *, in_book: bool) -> str:
    if in_book:
        return f"the book holds this source up to {stamp(earlier.at)} already: leave out {stamp(row.at)} and before"
    if row.at == earlier.at:
        return f"{stamp(row.at)} stands twice: keep one of them"
    return f"{stamp(row.at)} comes after {stamp(earlier.at)}: sort the rows, earliest first"


def _wrong_in(row: Row) -> Iterator[str]:
    if min(row.prices) <= 0:
        yield f"{min(row.prices):f} is no price: a price is above 0"
    if row.volume is not None and row.volume < 0:
        yield f"{row.volume:f} is no volume: it is not below 0"
    if len(row.prices) == len(CANDLE):
        opened, high, low, close = row.prices
        if high < max(opened, close, low) or low > min(opened, close):
            yield f"open {opened:f}, high {high:f}, low {low:f} and close {close:f} cannot be one candle"


def gaps_of(rows: Iterable[Row], interval: timedelta) -> Iterator[Gap]:
    """Yield the times between rows for which no price is held, earliest first."""
    earlier: Row | None = None
    for row in rows:
        if earlier is not None and row.at > earlier.at + interval:
            yield Gap(start=earlier.at + interval, end=row.at)
        earlier = row


def points_of(row: Row, which: str, interval: timedelta) -> tuple[datetime, Decimal]:
    """Return when a price of the row held, and the price.

    which: "open", "high", "low" or "close" of a candle; a single price is itself. A close is of the candle's last
    millisecond, so that asking for the price at the end of a minute finds that minute's, and never a later one's.
    """
    if len(row.prices) == 1:
        return row.at, row.prices[0]
    price = row.prices[CANDLE.index(which)]
    return (row.at + interval - _BEFORE_THE_END, price) if which == "close" else (row.at, price)
