"""Candles fetched by ccxt itself from an exchange that only has another address."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.contract import TryLater
from connectors.prices.exchange import Wanted, fetch_candles
from connectors.prices.rows import BadPrices, Gap, Kind, gaps_of, problems_of
from sandbox.app import join
from sandbox.exchange.app import Candles, create_app
from sandbox.exchange.candles import made_up
from tests.sandbox.payouts.serving import served

START = datetime(2024, 1, 23, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
#: Seventeen digits: a float would end in …11.
EXACT = "48.360000000000012345"


def _rows(*minutes: int) -> tuple[tuple[str, ...], ...]:
    at = [int((START + minute * MINUTE).timestamp() * 1000) for minute in minutes]
    return tuple((str(each), EXACT, "49", "41.5", "48", "1200.25") for each in at)


@pytest.fixture
def exchange() -> Iterator[httpx.Client]:
    swap, index = "OKB-USDT-SWAP", "OKB-USDT"
    minutes = [each for each in range(250) if each not in {67, 68}]
    candles = [
        Candles(instrument=swap, kind="mark", bar="1m", rows=_rows(*minutes)),
        Candles(instrument=swap, kind="trade", bar="1m", rows=_rows(*range(5))),
        Candles(instrument=index, kind="index", bar="1m", rows=_rows(*range(3))),
    ]
    with served(create_app(candles=candles), token="none") as client:
        yield client


def _wanted(**changes: Any) -> Wanted:
    given: dict[str, Any] = {"symbol": "OKB/USDT:USDT", "kind": Kind.MARK, "interval": "1m"}
    return Wanted(**(given | {"start": START, "end": START + 250 * MINUTE} | changes))


def _fetched(exchange: httpx.Client, wanted: Wanted, *, now: datetime = NOW) -> Any:
    return fetch_candles("okx", wanted, now=now, target=str(exchange.base_url).rstrip("/"))


def test_mark_candles_come_page_by_page_exact_and_with_their_gap(exchange: httpx.Client) -> None:
    rows = _fetched(exchange, _wanted())

    assert len(rows) == 248
    assert rows[0].at == START
    assert rows[-1].at == START + 249 * MINUTE
    assert rows[0].prices == (Decimal(EXACT), Decimal(49), Decimal("41.5"), Decimal(48))
    assert rows[0].volume is None  # The column that ccxt takes for it says whether the candle is over.
    assert list(gaps_of(rows, MINUTE)) == [Gap(start=START + 67 * MINUTE, end=START + 69 * MINUTE)]
    asked = [each["path"] for each in exchange.get("/_sandbox/state").json()["requests"]]
    assert sum("history-mark-price-candles" in each for each in asked) == 3


def test_trades_have_their_volume_and_an_index_goes_by_its_family(exchange: httpx.Client) -> None:
    trades = _fetched(exchange, _wanted(kind=Kind.TRADE, end=START + 5 * MINUTE))
    index = _fetched(exchange, _wanted(kind=Kind.INDEX, end=START + 3 * MINUTE))

    assert [each.volume for each in trades] == [Decimal("1200.25")] * 5
    assert len(index) == 3


def test_the_sandbox_has_a_made_up_morning_under_its_own_path() -> None:
    with served(join({"exchange": create_app(candles=made_up())}), token="none") as client:
        target = f"{str(client.base_url).rstrip('/')}/exchange"
        rows = fetch_candles("okx", _wanted(end=START + 180 * MINUTE), now=NOW, target=target)

    assert len(rows) == 178
    assert list(gaps_of(rows, MINUTE)) == [Gap(start=START + 100 * MINUTE, end=START + 102 * MINUTE)]
    assert list(problems_of(rows, MINUTE, None)) == []


def test_a_candle_that_is_not_over_is_left_out(exchange: httpx.Client) -> None:
    rows = _fetched(exchange, _wanted(), now=START + 10 * MINUTE + timedelta(seconds=59))

    assert rows[-1].at == START + 9 * MINUTE


def test_what_an_exchange_does_not_hold_is_said(exchange: httpx.Client) -> None:
    with pytest.raises(BadPrices, match="does not have market symbol"):
        _fetched(exchange, _wanted(symbol="NEM/USDT"))
    with pytest.raises(BadPrices, match="holds no mark candles"):
        _fetched(exchange, _wanted(start=START - timedelta(days=2), end=START - timedelta(days=1, hours=23)))
    with pytest.raises(BadPrices, match="no exchange that ccxt knows"):
        fetch_candles("okz", _wanted(), now=NOW)


def test_too_many_requests_may_be_tried_later(exchange: httpx.Client) -> None:
    exchange.post("/_sandbox/faults", json={"fault": "busy", "match": "GET /api/v5/market"})

    with pytest.raises(TryLater):
        _fetched(exchange, _wanted())
