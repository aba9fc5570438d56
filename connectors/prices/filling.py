"""Filling a policy's price inputs from the book: a stretch of prices as text, with every gap in it said."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.prices.book import Held, PriceBook, slug
from connectors.prices.rows import BadPrices, Gap, gaps_of, points_of, stamp

_INPUT = re.compile(r"\{(\w+)\}")
#: All of time, for what lies before a stretch and behind it.
_FIRST, _LAST = "0001-01-01T00:00:00Z", "9999-12-31T23:59:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """How one input is filled.

    Fields:
        source: Its name in the book; "{coin}" in it stands for what that input says: "okx-{coin}-usdt-mark-1m".
        price: Which price of a candle: "open", "high", "low" or "close"; left alone where the source has single prices.
        start: The input that says from when: "happened_at".
        end: The input that says until when: "fixed_at".
        margin: How much more is given before and after.
    """

    source: str
    price: str
    start: str
    end: str
    margin: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Inputs with prices in them.

    Fields:
        inputs: (name, text), sorted.
        sources: (name in the book, sha256 of all it held) of every source that was used, sorted.
    """

    inputs: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str], ...]


def fill(
    book: PriceBook, fillings: Mapping[str, Filling], wanted: Sequence[str], inputs: tuple[tuple[str, str], ...]
) -> Filled:
    """Return the inputs with those that are `wanted` and filled from the book in them.

    Only the book's word counts for these: what a ticket says of them is left out. An input whose source or times are
    not known stays out, and is then missing; one whose source cannot be used is given as the text that says why,
    which no policy can read as prices.
    """
    known = dict(inputs)
    sources: dict[str, str] = {}
    for name in wanted:
        if name not in fillings:
            continue
        known.pop(name, None)
        text = _filled(book, fillings[name], known, sources)
        if text is not None:
            known[name] = text
    return Filled(inputs=tuple(sorted(known.items())), sources=tuple(sorted(sources.items())))


def series_text(held: Held, price: str, start: datetime, end: datetime) -> str:
    """Return the prices of a source from `start` to `end` as a policy reads them, and every time without one as a gap.

    What lies before and behind them is a gap too: nothing is known of it here.
    """
    lasts = held.source.lasts
    rows = tuple(held.rows(start, end))
    if not rows:
        return f"gap {_FIRST} {_LAST}"
    points = [(*points_of(row, price, lasts), row.volume) for row in rows]
    gaps = [_until(rows[0].at), *map(str, gaps_of(rows, lasts)), _behind(rows[-1].at + lasts)]
    said = [_point(at, number, volume) for at, number, volume in points]
    return "; ".join((*said, *gaps))


def _filled(book: PriceBook, how: Filling, known: Mapping[str, str], sources: dict[str, str]) -> str | None:
    names = (*_INPUT.findall(how.source), how.start, how.end)
    if any(name not in known for name in names):
        return None
    source = _INPUT.sub(lambda match: slug(known[match.group(1)]), how.source)
    try:
        held = book.held(source)
        start, end = _moment(known[how.start]), _moment(known[how.end])
    except BadPrices as problem:
        return str(problem)
    sources[source] = held.source.sha256
    return series_text(held, how.price, start - how.margin, end + how.margin)


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise BadPrices(f'"{text[:40]}" is no time with its offset')
    return at


def _until(at: datetime) -> str:
    return f"gap {_FIRST} {stamp(at)}"


def _behind(at: datetime) -> str:
    return f"gap {stamp(at)} {_LAST}"


def _point(at: datetime, price: Decimal, volume: Decimal | None) -> str:
    return f"{stamp(at)} {price:f}" if volume is None else f"{stamp(at)} {price:f} {volume:f}"


__all__ = ["Filled", "Filling", "Gap", "fill", "series_text"]
