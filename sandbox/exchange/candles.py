"""Candles of a morning on which a price fell and came back, made up: nobody traded at them."""

from collections.abc import Iterator
from datetime import UTC, datetime

from sandbox.exchange.app import Candles

START = datetime(2024, 1, 23, 8, 0, tzinfo=UTC)
MINUTES = 180
#: Two minutes for which the exchange holds nothing, as happens.
MISSING = frozenset({100, 101})
#: What the price is, in thousandths, at the end of the minutes in which it falls; 50.000 or so at all others.
_FALL = {67: 41_553, 68: 42_870, 69: 45_204, 70: 47_118, 71: 48_360, 72: 49_025}


def made_up() -> tuple[Candles, ...]:
    """Return one-minute candles of the spot price, the mark price and the index, earliest first."""
    rows = tuple(_rows())
    return (
        Candles(instrument="OKB-USDT", kind="trade", bar="1m", rows=rows),
        Candles(instrument="OKB-USDT-SWAP", kind="trade", bar="1m", rows=rows),
        Candles(instrument="OKB-USDT-SWAP", kind="mark", bar="1m", rows=rows),
        Candles(instrument="OKB-USDT", kind="index", bar="1m", rows=rows),
    )


def _rows() -> Iterator[tuple[str, ...]]:
    opened = 50_000
    for minute in range(MINUTES):
        close = _FALL.get(minute, 50_000 + (minute * 37 % 11 - 5) * 7)
        high, low = max(opened, close) + 11, min(opened, close) - 13
        at = int(START.timestamp() * 1000) + minute * 60_000
        if minute not in MISSING:
            prices = (f"{each // 1000}.{each % 1000:03}" for each in (opened, high, low, close))
            yield (str(at), *prices, f"{1000 + minute * 7 % 400}.5")
        opened = close
