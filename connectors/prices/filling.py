"""Filling a policy's price inputs from the book: a stretch of prices as text, with every gap in it said."""

import json
import re
from collections.abc import Iterator, Mapping
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
        source: Its name in the book; "{coin}" in it stands for what that input says, or, for prices of several, what
            names each of them: "okx-{coin}-usdt-mark-1m".
        price: Which price of a candle: "open", "high", "low" or "close"; left alone where the source has single prices.
        start: What says from when, an input or, for prices of several, a field of the items: "happened_at".
        end: What says until when, as well: "fixed_at".
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
    book: PriceBook,
    fillings: Mapping[str, Filling],
    wanted: Mapping[str, str | None],
    inputs: tuple[tuple[str, str], ...],
) -> Filled:
    """Return the inputs with those that are `wanted` and filled from the book in them.

    wanted: By the input, the field of items, or the other input, whose values name its series; None where there is one.

    Only the book's word counts for these: what a ticket says of them is left out. An input whose source or times are
    not known stays out, and is then missing; one whose source cannot be used is given as the text that says why,
    which no policy can read as prices.
    """
    known = dict(inputs)
    sources: dict[str, str] = {}
    for name, by in wanted.items():
        if name not in fillings:
            continue
        known.pop(name, None)
        how = fillings[name]
        text = _filled(book, how, known, sources) if by is None else _by_name(book, how, by, known, sources)
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
    source = _source(how, known)
    if source is None or how.start not in known or how.end not in known:
        return None
    try:
        held = book.held(source)
        start, end = _moment(known[how.start]), _moment(known[how.end])
    except BadPrices as problem:
        return str(problem)
    sources[source] = held.source.sha256
    return series_text(held, how.price, start - how.margin, end + how.margin)


def _by_name(book: PriceBook, how: Filling, by: str, known: Mapping[str, str], sources: dict[str, str]) -> str | None:
    """Return the prices of everything that items or the claim name, each from its first to its last time.

    What the book does not hold is left out: the policy then says of which item the price is wanting. None where nothing
    is named, or no time is told.
    """
    asked: dict[str, list[tuple[str, str]]] = {}
    for told in (known, *_items(known)):
        since, until = (told.get(each) or known.get(each) for each in (how.start, how.end))
        if by in told and since and until:
            asked.setdefault(told[by], []).append((since, until))
    found = {}
    for name, times in asked.items():
        source = _source(how, {**known, by: name})
        if source is None:
            return None
        if book.holds(source):
            try:
                start, end = min(_moment(each) for each, _ in times), max(_moment(each) for _, each in times)
                held = book.held(source)
            except BadPrices as problem:
                return str(problem)
            sources[source] = held.source.sha256
            found[name] = series_text(held, how.price, start - how.margin, end + how.margin)
    return json.dumps(found) if asked else None


def _items(known: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the items of all inputs that list some, with those of their fields that are text."""
    for text in known.values():
        if not text.lstrip().startswith("["):
            continue
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError):
            continue
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, dict):
                yield {name: value for name, value in each.items() if isinstance(value, str)}


def _source(how: Filling, known: Mapping[str, str]) -> str | None:
    """Return the name of the source in the book; None where an input that it is named by is not known."""
    if any(name not in known for name in _INPUT.findall(how.source)):
        return None
    return _INPUT.sub(lambda match: slug(known[match.group(1)]), how.source)


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
