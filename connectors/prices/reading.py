"""Reading prices from a CSV or JSON file, exactly as they are written; Parquet is read in parquet.py."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.prices.rows import CANDLE, MOST_ROWS, BadPrices, Row

MOST_BYTES = 1 << 30
MOST_SAID = 20
TIME_NAMES = ("time", "timestamp", "at", "open_time")
_NUMBER = re.compile(r"[+-]?\d{1,60}(\.\d{1,60})?([eE][+-]?\d{1,2})?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_SINCE_1970 = re.compile(r"\d{10}(\d{3})?", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})", re.ASCII)
_MOST_DIGITS = 30


def read_file(path: Path, *, time_zone: str | None) -> tuple[Row, ...]:
    """Return the rows of a CSV, JSON or Parquet file, in its order.

    A file has a time (time, timestamp, at or open_time) and either open, high, low and close or a price, and perhaps a
    volume; other columns are left alone. JSON is a list of such objects, or of [time, open, high, low, close, volume].
    time_zone: What a time without an offset means: "+08:00", "UTC"; None refuses such times.
    Raises BadPrices with every row that cannot be read, or at least the first twenty.
    """
    zone = zone_of(time_zone) if time_zone else None
    ending = path.suffix.lower()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadPrices(f"{path.name}: has more than {MOST_BYTES >> 20} MiB: import it in parts")
        if ending == ".csv":
            found = _csv(path)
        elif ending == ".json":
            found = _json(path)
        elif ending == ".parquet":
            from connectors.prices.parquet import parquet_rows  # noqa: PLC0415  # polars is an extra.

            found = parquet_rows(path)
        else:
            raise BadPrices(f"{path.name}: a .csv, .json or .parquet file is needed")
    except OSError as problem:
        raise BadPrices(f"{path.name}: cannot be read: {problem.strerror}") from None
    return rows_of(path.name, found, zone)


def rows_of(name: str, found: Iterable[tuple[int, Mapping[str, str]]], zone: timezone | None) -> tuple[Row, ...]:
    """Return the rows of (line, text by column); raises BadPrices with what is wrong in them."""
    rows: list[Row] = []
    wrong: list[str] = []
    for line, cells in found:
        try:
            rows.append(_row(cells, line, zone))
        except ValueError as problem:
            wrong.append(f"{name}:{line}: {problem}")
        if len(wrong) >= MOST_SAID or len(rows) > MOST_ROWS:
            break
    if len(rows) > MOST_ROWS:
        wrong.append(f"{name}: has more than {MOST_ROWS} rows: import it in parts")
    if not rows and not wrong:
        wrong.append(f"{name}: holds no prices")
    if wrong:
        raise BadPrices("\n".join(wrong))
    return tuple(rows)


def zone_of(text: str) -> timezone:
    """Return a fixed offset: "UTC", "+08:00"; raises BadPrices."""
    match = _OFFSET.fullmatch(text)
    if text in {"UTC", "Z"}:
        return UTC
    if match is None or int(match.group(2)) > 14 or int(match.group(3)) > 59:  # noqa: PLR2004  # No zone is further.
        raise BadPrices(f'"{text[:40]}" is no time zone: write UTC or an offset such as +08:00')
    away = timedelta(hours=int(match.group(2)), minutes=int(match.group(3)))
    return timezone(-away if match.group(1) == "-" else away)


def columns_of(name: str, given: Iterable[str]) -> dict[str, str]:
    """Return the file's own name of each column we read, by ours; raises BadPrices when some are wanting or doubled."""
    known: dict[str, str] = {}
    for each in given:
        ours = each.strip().lower().replace(" ", "_")
        ours = "time" if ours in TIME_NAMES else ours
        if ours not in {"time", "price", "volume", *CANDLE}:
            continue
        if ours in known:
            raise BadPrices(f'{name}:1: "{known[ours]}" and "{each}" are both the {ours}: leave one out')
        known[ours] = each
    wanting = [each for each in CANDLE if each not in known]
    if "time" not in known or ("price" in known) == (len(wanting) < len(CANDLE)) or ("price" not in known and wanting):
        raise BadPrices(
            f"{name}:1: name the columns time, open, high, low, close and perhaps volume; or time, price and perhaps"
            f" volume; found {', '.join(known) or 'none of them'}"
        )
    return known


def _csv(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise BadPrices(f"{path.name}: save it as UTF-8: byte {problem.start} is not") from None
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        heading = next(lines, [])
        columns = columns_of(path.name, heading)
        places = {ours: heading.index(theirs) for ours, theirs in columns.items()}
        for cells in lines:
            if len(cells) != len(heading):
                if cells:
                    raise BadPrices(f"{path.name}:{lines.line_num}: has {len(cells)} cells, {len(heading)} are needed")
                continue
            yield lines.line_num, {ours: cells[place] for ours, place in places.items()}
    except csv.Error as problem:
        raise BadPrices(f"{path.name}:{lines.line_num}: {problem}") from None


def _json(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield the entries of a list, counted from 1; numbers stay the text that is written."""
    try:
        entries = json.loads(path.read_bytes(), parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as problem:
        where = f"{problem.lineno}:{problem.colno}: {problem.msg}" if isinstance(problem, json.JSONDecodeError) else "1"
        raise BadPrices(f"{path.name}:{where}: write JSON: a list of rows") from None
    if not isinstance(entries, list):
        raise BadPrices(f"{path.name}:1: write a list of rows")
    for number, entry in enumerate(entries, start=1):
        yield number, _entry(path.name, number, entry)


def _entry(name: str, number: int, entry: Any) -> Mapping[str, str]:
    if isinstance(entry, list) and len(entry) in {5, 6}:
        named = dict(zip(("time", *CANDLE, "volume"), entry, strict=False))
    elif isinstance(entry, dict):
        named = {ours: entry[theirs] for ours, theirs in columns_of(name, entry).items()}
    else:
        raise BadPrices(f"{name}:{number}: write each row as an object, or as [time, open, high, low, close, volume]")
    for ours, value in named.items():
        if not isinstance(value, str) and not (ours == "volume" and value is None):
            raise BadPrices(f"{name}:{number}: {ours} is no number and no text")
    return {ours: value for ours, value in named.items() if value is not None}


def _row(cells: Mapping[str, str], line: int, zone: timezone | None) -> Row:
    names = ("price",) if "price" in cells else CANDLE
    volume = cells.get("volume", "").strip()
    return Row(
        at=_time(cells.get("time", "").strip(), zone),
        prices=tuple(_number(name, cells.get(name, "").strip()) for name in names),
        volume=_number("volume", volume) if volume else None,
        line=line,
    )


def _number(name: str, text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f'{name} is "{text[:40]}": write a plain number, as 0.0312')
    number = Decimal(text)
    whole, _, fraction = f"{abs(number):f}".partition(".")
    if len(whole.lstrip("0")) > _MOST_DIGITS or len(fraction.rstrip("0")) > _MOST_DIGITS:
        raise ValueError(f"{name} has more than {_MOST_DIGITS} digits before or behind the point")
    return number


def _time(text: str, zone: timezone | None) -> datetime:
    """Return a moment: a time with its offset, or seconds or milliseconds since 1970."""
    if _SINCE_1970.fullmatch(text):
        seconds, thousandths = text[:10], text[10:] or "0"
        return datetime.fromtimestamp(int(seconds), UTC) + timedelta(milliseconds=int(thousandths))
    if not _ISO.fullmatch(text):
        raise ValueError(f'time is "{text[:40]}": write 2025-10-10T21:36:00Z, or seconds or milliseconds since 1970')
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None and zone is not None:
            at = at.replace(tzinfo=zone)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f'time is "{text[:40]}": there is no such time') from None
    raise ValueError(f'time is "{text[:40]}" without its offset: write it, or say --time-zone for the whole file')
