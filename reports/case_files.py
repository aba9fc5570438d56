"""Cases from a CSV or Parquet file, as columns; what cannot be a case is listed with its line, never dropped."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

CASE, CUSTOMER, AT, PAID = "case_id", "customer_id", "at", "paid"
TOPIC, COUNTED = "topic", "counted_before"
MOMENT = pl.Datetime("us", "UTC")
MOST_BYTES = 4 << 30


class BadCases(ValueError):
    """Raised for a file that holds no cases; the message says "file:line: what to do"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that could not be used.

    Fields:
        place: "line 17", or the case's id.
        why: "has 3 cells, 7 are needed".
    """

    place: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Cases in columns.

    Fields:
        frame: One row per case: case_id, customer_id and at (null where not known), perhaps paid (what was truly paid,
            in whole units), and a column per input.
        bad: Rows that are no cases.
    """

    frame: pl.DataFrame
    bad: tuple[BadRow, ...]


def read_cases_file(path: Path) -> Cases:
    """Return the cases of a CSV file (UTF-8, one heading) or a Parquet file; raises BadCases.

    Columns: `case_id`, `customer_id` and `at` (a time with its offset), each of which may be absent, `paid` if it is
    known what was truly paid, and the inputs by their names; others are left alone.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadCases(f"{path.name}: has more than {MOST_BYTES >> 30} GiB: simulate it in parts")
        if path.suffix.lower() == ".csv":
            return _csv(path)
        if path.suffix.lower() == ".parquet":
            return as_cases(pl.read_parquet(path), [], unit="row", first=1, name=path.name)
    except OSError as problem:
        raise BadCases(f"{path.name}: cannot be read: {problem.strerror or problem}") from None
    except pl.exceptions.PolarsError as problem:
        raise BadCases(f"{path.name}: cannot be read: {str(problem).partition(chr(10))[0][:200]}") from None
    raise BadCases(f"{path.name}: a .csv or .parquet file is needed")


def as_cases(frame: pl.DataFrame, bad: Iterable[BadRow], *, unit: str, first: int, name: str) -> Cases:
    """Return a frame as cases: ids where there are none, and the rows apart whose id or time cannot be used.

    unit, first: How a row is called that has no id: "row", counted from 1. name: The file's, for messages.
    """
    if frame.height == 0:
        raise BadCases(f"{name}: holds no cases")
    place = pl.int_range(first, first + frame.height, dtype=pl.Int64).cast(pl.String)
    ids = pl.col(CASE).cast(pl.String) if CASE in frame.columns else pl.format(f"{unit} {{}}", place)
    customers = pl.col(CUSTOMER).cast(pl.String) if CUSTOMER in frame.columns else pl.lit(None, dtype=pl.String)
    ready = frame.with_columns(ids.alias(CASE), customers.alias(CUSTOMER), _moment(frame, name).alias(AT))
    reasons = {
        f"has no {CASE}": pl.col(CASE).is_null(),
        f"has the {CASE} of another row": pl.col(CASE).is_duplicated() & pl.col(CASE).is_not_null(),
    }
    if AT in frame.columns:
        reasons["has a time that cannot be read: write it as 2026-03-01T09:00:00Z"] = pl.col(AT).is_null()
    found = list(bad)
    for why, wrong in reasons.items():
        said = pl.format(f"{unit} {{}}{{}}", place, pl.format(" ({})", CASE).fill_null(""))
        lines = ready.select(pl.when(wrong).then(said).alias("place"))["place"].drop_nulls()
        found += [BadRow(place=each, why=why) for each in lines]
    return Cases(frame=ready.filter(~pl.any_horizontal(reasons.values())) if found else ready, bad=tuple(found))


def _moment(frame: pl.DataFrame, name: str) -> pl.Expr:
    kind = frame.schema.get(AT)
    if kind is None:
        return pl.lit(None, dtype=MOMENT)
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        return pl.col(AT).dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    if kind != pl.String:
        raise BadCases(f"{name}: {AT} is {kind}: give times with a time zone, or text as 2026-03-01T09:00:00Z")
    return pl.col(AT).str.strip_chars().str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)


def _csv(path: Path) -> Cases:
    content = path.read_bytes()
    try:
        frame = pl.read_csv(content, infer_schema=False)
        bad: list[BadRow] = []
    except pl.exceptions.PolarsError:
        frame, bad = _line_by_line(path.name, content)
    frame = frame.rename({each: each.strip().removeprefix("\ufeff") for each in frame.columns})
    return as_cases(frame, bad, unit="line", first=2, name=path.name)


def _line_by_line(name: str, content: bytes) -> tuple[pl.DataFrame, list[BadRow]]:
    """Return the rows of a file that cannot be read as a whole; those that do not fit the heading apart."""
    try:
        lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        heading = next(lines, [])
        rows: list[Sequence[str | None]] = []
        bad: list[BadRow] = []
        for cells in lines:
            if len(cells) == len(heading):
                rows.append([each or None for each in cells])
            elif cells:
                why = f"has {len(cells)} cells, {len(heading)} are needed"
                bad.append(BadRow(place=f"line {lines.line_num}", why=why))
    except (UnicodeDecodeError, csv.Error) as problem:
        raise BadCases(f"{name}: write UTF-8 CSV: {problem}") from None
    if not heading or len(set(heading)) < len(heading):
        raise BadCases(f"{name}:1: name each column once")
    return pl.DataFrame(rows, schema=dict.fromkeys(heading, pl.String), orient="row"), bad
