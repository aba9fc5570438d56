"""Prices from a Parquet file. polars is an extra: without it a sentence says how to get it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.prices.reading import columns_of
from connectors.prices.rows import BadPrices

_EXACT = ("String", "Decimal", "Int", "UInt", "Datetime", "Null")


def parquet_rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield (row, text by column), from 1; raises BadPrices for columns of floats, which are no exact prices."""
    try:
        import polars as pl  # noqa: PLC0415  # An extra.
    except ImportError:
        raise BadPrices(f"{path.name}: Parquet needs polars: install makewhole[many], or write it as CSV") from None
    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as problem:
        raise BadPrices(f"{path.name}: is no Parquet file: {str(problem).partition(chr(10))[0][:200]}") from None
    columns = columns_of(path.name, frame.columns)
    for theirs in columns.values():
        kind = str(frame.schema[theirs])
        if not kind.startswith(_EXACT):
            raise BadPrices(f"{path.name}: {theirs} is {kind}: keep it as text or decimal, floats are not exact")
    for number, values in enumerate(frame.select(columns.values()).iter_rows(), start=1):
        yield number, {ours: _text(value) for ours, value in zip(columns, values, strict=True) if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
