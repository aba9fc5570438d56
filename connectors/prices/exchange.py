"""Candles from an exchange through ccxt: trades, mark and index prices, as text, page by page. ccxt is an extra.

GET of each exchange's public candles, without credentials; ccxt knows paths, symbols and page sizes, and keeps to the
exchange's request limit by itself. Two things are set so that no price passes a float: `number = str`, and JSON read
with its decimals as text, because ccxt's Python reads them as floats. Volumes of mark and index prices are left out:
ccxt takes another column of the page for them. https://docs.ccxt.com
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.prices.rows import BadPrices, Kind, Row, interval_of
from connectors.transport import DEFAULT_WAIT_SECONDS

PAGE = 100
MOST_PAGES = 20_000
TIMEOUT_MILLISECONDS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which candles: symbol as ccxt writes it ("OKB/USDT:USDT"), from `start` to before `end`, both aware."""

    symbol: str
    kind: Kind
    interval: str
    start: datetime
    end: datetime


def fetch_candles(
    exchange_id: str,
    wanted: Wanted,
    *,
    now: datetime,
    target: str | None = None,
    on_page: Callable[[int], None] = lambda _: None,
) -> tuple[Row, ...]:
    """Return the candles that the exchange holds for this time, earliest first; those not over yet are left out.

    exchange_id: ccxt's own: "okx".
    target: A base URL in place of the exchange's, for the sandbox.
    on_page: Told how many candles there are so far.
    Raises BadPrices (ccxt not installed, no such exchange, symbol or interval), TryLater, AccessRefused and
    UnexpectedReply.
    """
    lasts = interval_of(wanted.interval)
    exchange = _exchange(exchange_id, target)
    rows: list[Row] = []
    end = min(wanted.end, now - lasts + timedelta(milliseconds=1))
    try:
        for page in _pages(exchange, wanted, lasts, end):
            rows += page
            on_page(len(rows))
    finally:
        exchange.session.close()
    if not rows:
        raise BadPrices(f"{exchange_id}: holds no {wanted.kind} candles of {wanted.symbol} for this time")
    return tuple(rows)


def _pages(exchange: Any, wanted: Wanted, lasts: timedelta, end: datetime) -> Iterator[list[Row]]:
    """Yield pages; a page without candles is a gap of the exchange's own, and is gone past."""
    since = wanted.start
    for _ in range(MOST_PAGES):
        if since >= end:
            return
        entries = _asked(exchange, wanted, since)
        rows = [row for entry in entries if since <= (row := _row(entry, wanted.kind)).at < end]
        if any(later.at <= earlier.at for earlier, later in pairwise(rows)):
            raise UnexpectedReply(f"{exchange.id}: candles are not in order")
        yield rows
        since = rows[-1].at + lasts if rows else since + lasts * PAGE
    raise BadPrices(f"{exchange.id}: more than {MOST_PAGES} pages: fetch a shorter time")


def _asked(exchange: Any, wanted: Wanted, since: datetime) -> list[Any]:
    import ccxt  # noqa: PLC0415  # An extra.

    asked = f"{exchange.id} {wanted.symbol} {wanted.kind} {wanted.interval}"
    params = {} if wanted.kind is Kind.TRADE else {"price": str(wanted.kind)}
    try:
        found: list[Any] = exchange.fetch_ohlcv(wanted.symbol, wanted.interval, _milliseconds(since), PAGE, params)
    except (ccxt.AuthenticationError, ccxt.PermissionDenied):
        raise AccessRefused(f"{asked}: the exchange does not let us read it") from None
    except (ccxt.BadSymbol, ccxt.NotSupported, ccxt.BadRequest) as problem:
        raise BadPrices(f"{asked}: {_first_line(problem)}") from None
    except ccxt.OperationFailed as problem:
        raise TryLater(f"{asked}: {_first_line(problem)}", wait_seconds=DEFAULT_WAIT_SECONDS) from None
    except (ccxt.BaseError, ValueError, KeyError, TypeError) as problem:
        raise UnexpectedReply(f"{asked}: {_first_line(problem)}") from None
    return found


def _exchange(exchange_id: str, target: str | None) -> Any:
    try:
        import ccxt  # noqa: PLC0415  # An extra.
    except ImportError:
        raise BadPrices("prices from an exchange need ccxt: install makewhole[exchange]") from None
    if exchange_id not in ccxt.exchanges:
        raise BadPrices(f'"{exchange_id[:40]}" is no exchange that ccxt knows: use its id, as okx, binance or kraken')
    exchange = getattr(ccxt, exchange_id)({"enableRateLimit": True, "timeout": TIMEOUT_MILLISECONDS})
    exchange.number = str
    exchange.on_json_response = lambda body: json.loads(body, parse_float=str)
    if target is not None:
        exchange.urls["api"] = dict.fromkeys(exchange.urls["api"], target)
    return exchange


def _row(entry: Any, kind: Kind) -> Row:
    try:
        at, *numbers = entry
        volume = numbers[4] if kind is Kind.TRADE else None
        return Row(
            at=datetime.fromtimestamp(int(at) // 1000, UTC) + timedelta(milliseconds=int(at) % 1000),
            prices=tuple(_exact(each) for each in numbers[:4]),
            volume=None if volume is None else _exact(volume),
        )
    except (ValueError, TypeError, IndexError, InvalidOperation):
        raise UnexpectedReply(f"a candle is none: {str(entry)[:120]}") from None


def _exact(number: object) -> Decimal:
    if not isinstance(number, str):
        raise TypeError(f"{number!r} is not text")
    return Decimal(number)


def _milliseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _first_line(problem: BaseException) -> str:
    return str(problem).partition("\n")[0][:200]
