"""Prices are taken in exactly as they are written, and a gap is never bridged."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from connectors.prices.book import About, PriceBook
from connectors.prices.filling import Filling, fill
from connectors.prices.reading import read_file
from connectors.prices.rows import BadPrices, Gap, Kind
from policy.series import Lookup, found, price_at, read_series, read_series_by_name

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MARK = About(source="OKX", symbol="OKB/USDT", kind=Kind.MARK, interval="1m")
NAME = "okx-okb-usdt-mark-1m"
HEADING = "time,open,high,low,close,volume"
CANDLES = (
    "2024-01-23T09:07:00Z,50,50.5,41.1,41.5,900",
    "2024-01-23T09:08:00Z,41.5,48,41,47.9,1200",
    "2024-01-23T09:11:00Z,47.9,49,47,48.36,300",
)


def _at(minute: int) -> datetime:
    return datetime(2024, 1, 23, 9, minute, tzinfo=UTC)


def _file(folder: Path, *lines: str, name: str = "okb.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _imported(folder: Path, *lines: str, about: About = MARK) -> PriceBook:
    book = PriceBook(folder / "prices")
    file = _file(folder, *lines)
    book.add(about, read_file(file, time_zone=None), file=file.name, now=NOW)
    return book


def test_candles_are_kept_with_their_gap_and_their_hash(tmp_path: Path) -> None:
    book = _imported(tmp_path, HEADING, *CANDLES)

    held = book.held(NAME)
    assert [each.name for each in book.sources()] == [NAME]
    assert [row.prices[3] for row in held.rows()] == [Decimal("41.5"), Decimal("47.9"), Decimal("48.36")]
    assert list(held.gaps()) == [Gap(start=_at(9), end=_at(11))]
    assert held.span == (_at(7), _at(12))
    assert held.source.sha256 == _imported(tmp_path / "prices", HEADING, *CANDLES).held(NAME).source.sha256


def test_csv_json_and_parquet_of_the_same_prices_are_the_same_rows(tmp_path: Path) -> None:
    one = read_file(_file(tmp_path, HEADING, "2024-01-23 17:07:00,50,50.5,41.10,41.5,9e2"), time_zone="+08:00")
    listed = read_file(_file(tmp_path, "[[1706000820000, 50, 50.5, 41.1, 41.5, 900]]", name="a.json"), time_zone=None)
    said = [{"Timestamp": "1706000820", "Open": "50", "High": 50.5, "Low": 41.1, "Close": "41.5", "Volume": "900"}]
    named = read_file(_file(tmp_path, json.dumps(said), name="b.json"), time_zone=None)
    frame = pl.DataFrame({"time": [_at(7)], "open": ["50"], "high": ["50.5"], "low": ["41.1"], "close": ["41.5"]})
    frame = frame.with_columns(volume=pl.lit("900").cast(pl.Decimal(20, 2)))
    frame.write_parquet(tmp_path / "c.parquet")
    kept = read_file(tmp_path / "c.parquet", time_zone=None)

    rows = [(each[0].at, each[0].prices, each[0].volume) for each in (one, listed, named, kept)]
    assert rows == [rows[0]] * 4


def test_a_price_of_thirty_digits_loses_none(tmp_path: Path) -> None:
    exact = "0.123456789012345678901234567891"

    (row,) = read_file(_file(tmp_path, f'[{{"at": 1706000820, "price": {exact}}}]', name="p.json"), time_zone=None)

    assert row.prices == (Decimal(exact),)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((HEADING, CANDLES[0], CANDLES[0]), "okb.csv:3: 2024-01-23T09:07:00.000000Z stands twice"),
        ((HEADING, CANDLES[1], CANDLES[0]), "okb.csv:3: .* sort the rows, earliest first"),
        ((HEADING, CANDLES[0], CANDLES[1].replace(":08:00", ":07:30")), "okb.csv:3: .* overlaps a candle"),
        ((HEADING, CANDLES[0].replace("50.5", "41")), "okb.csv:2: .* cannot be one candle"),
        ((HEADING, CANDLES[0].replace("41.1,", "0,")), "okb.csv:2: 0 is no price"),
        ((HEADING, CANDLES[0].replace("900", "-1")), "okb.csv:2: -1 is no volume"),
        ((HEADING, CANDLES[0].replace("50.5", "50,5")), "okb.csv:2: has 7 cells, 6 are needed"),
        ((HEADING, CANDLES[0].replace("50.5", "fifty")), 'okb.csv:2: high is "fifty": write a plain number'),
        ((HEADING, CANDLES[0].replace("Z", "")), "okb.csv:2: .* without its offset: write it, or say --time-zone"),
        ((HEADING, CANDLES[0].replace("01-23", "13-23")), "okb.csv:2: .* there is no such time"),
        ((HEADING.replace("low", "lo"), CANDLES[0]), "okb.csv:1: name the columns time, open, high, low, close"),
        ((HEADING + ",Timestamp", CANDLES[0] + ",1"), 'okb.csv:1: "time" and "Timestamp" are both the time'),
        (("time,price,close", "2024-01-23T09:07:00Z,1,1"), "okb.csv:1: name the columns"),
        ((HEADING,), "okb.csv: holds no prices"),
    ],
)
def test_rows_that_cannot_be_prices_are_named_by_line_and_nothing_is_kept(
    tmp_path: Path, lines: tuple[str, ...], said: str
) -> None:
    with pytest.raises(BadPrices, match=said):
        _imported(tmp_path, *lines)

    assert not (tmp_path / "prices").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"time": "2024-01-23T09:07:00Z", "price": true}]', "p.json:1: price is no number and no text"),
        ('[{"time": 1706000820, "price": NaN}]', 'p.json:1: price is "NaN"'),
        ("[[1706000820, 1]]", "p.json:1: write each row as an object"),
        ('{"a": 1}', "p.json:1: write a list of rows"),
        ("[1,", "p.json:2:1: .*: write JSON"),
    ],
)
def test_json_that_holds_no_prices_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadPrices, match=said):
        read_file(_file(tmp_path, text, name="p.json"), time_zone=None)


def test_floats_of_a_parquet_file_are_refused(tmp_path: Path) -> None:
    pl.DataFrame({"time": ["2024-01-23T09:07:00Z"], "price": [0.1]}).write_parquet(tmp_path / "p.parquet")

    with pytest.raises(BadPrices, match="price is Float64: keep it as text or decimal"):
        read_file(tmp_path / "p.parquet", time_zone=None)


def test_later_prices_follow_those_of_the_book_and_earlier_ones_are_refused(tmp_path: Path) -> None:
    book = _imported(tmp_path, HEADING, *CANDLES[:2])
    first = book.held(NAME)

    with pytest.raises(BadPrices, match=r"okb.csv:2: the book holds this source up to 2024-01-23T09:08:00"):
        _imported(tmp_path, HEADING, *CANDLES)
    book = _imported(tmp_path, HEADING, CANDLES[2])

    held = book.held(NAME)
    assert held.lines[:2] == first.lines
    assert [each.rows for each in held.source.parts] == [2, 3]
    assert held.source.parts[0].sha256 == first.source.sha256


def test_prices_changed_by_other_hands_are_refused(tmp_path: Path) -> None:
    book = _imported(tmp_path, HEADING, *CANDLES)
    path = tmp_path / "prices" / f"{NAME}.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("48.36", "58.36"), encoding="utf-8")

    with pytest.raises(BadPrices, match="was changed since it was imported"):
        PriceBook(book.folder).held(NAME)


FILLING = Filling(
    source="okx-{coin}-usdt-mark-1m",
    price="close",
    start="happened_at",
    end="fixed_at",
    margin=timedelta(minutes=2),
)


def _inputs(**changes: str) -> tuple[tuple[str, str], ...]:
    given = {"coin": "OKB", "happened_at": "2024-01-23T09:07:00Z", "fixed_at": "2024-01-23T09:10:00Z"}
    return tuple(sorted((given | changes).items()))


def test_a_price_input_is_filled_and_no_gap_is_bridged(tmp_path: Path) -> None:
    book = _imported(tmp_path, HEADING, *CANDLES)

    filled = fill(book, {"prices": FILLING}, {"prices": None}, _inputs(prices="2024-01-23T09:07:00Z 1"))

    series = read_series(dict(filled.inputs)["prices"])
    assert filled.sources == ((NAME, book.held(NAME).source.sha256),)
    assert [str(each.price) for each in series.points] == ["41.5", "47.9", "48.36"]
    assert price_at(series, _at(8), timedelta(minutes=5)) == Decimal("41.5")  # The minute that is over, none later.
    assert found(series, Lookup.HIGHEST, _at(7), _at(9), with_end=False) == Decimal("47.9")
    assert found(series, Lookup.HIGHEST, _at(7), _at(10), with_end=False) is None
    assert price_at(series, _at(10), timedelta(minutes=5)) is None
    assert str(series.gap_in(_at(7), _at(10), with_end=False)) == (
        "a gap from 2024-01-23 09:09:00 UTC to 2024-01-23 09:11:00 UTC"
    )
    assert str(series.gap_in(_at(0), _at(8), with_end=False)) == "nothing is held before 2024-01-23 09:07:00 UTC"
    assert found(series, Lookup.LAST, _at(11), _at(13), with_end=False) is None


def test_without_its_times_or_its_source_a_price_input_is_missing_or_says_why(tmp_path: Path) -> None:
    book = _imported(tmp_path, HEADING, *CANDLES)

    without = fill(book, {"prices": FILLING}, {"prices": None}, _inputs()[:1])
    unknown = fill(book, {"prices": FILLING}, {"prices": None}, _inputs(coin="NEM"))
    untouched = fill(book, {"prices": FILLING}, {"other": None}, _inputs())

    assert "prices" not in dict(without.inputs)
    assert dict(unknown.inputs)["prices"].startswith("okx-nem-usdt-mark-1m: no such source in ")
    assert unknown.sources == ()
    assert untouched.inputs == _inputs()


def test_prices_of_many_are_filled_for_what_the_items_name(tmp_path: Path) -> None:
    book = _imported(tmp_path, HEADING, *CANDLES)
    how = replace(FILLING, start="filled_at", end="filled_at")
    fills = [
        {"coin": coin, "filled_at": f"2024-01-23T09:{minute}:00Z"}
        for coin, minute in (("OKB", "08"), ("NEM", "08"), ("OKB", "12"))
    ]
    inputs = (("fills", json.dumps(fills)), ("note", "[not a list"))

    filled = fill(book, {"fair": how}, {"fair": "coin"}, inputs)
    nothing = fill(book, {"fair": how}, {"fair": "coin"}, (("fills", "[]"),))

    told = read_series_by_name(dict(filled.inputs)["fair"])
    assert list(told.series) == ["OKB"]
    assert [str(each.price) for each in told.of("OKB").points] == ["41.5", "47.9", "48.36"]
    assert filled.sources == ((NAME, book.held(NAME).source.sha256),)
    assert told.of("NEM").points == ()
    assert nothing.inputs == (("fills", "[]"),)
