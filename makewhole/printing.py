"""How commands print: rich tables for people, one JSON object with a schema number for programs."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from makewhole.trouble import Unusable

SCHEMA = 1


def to_people() -> Console:
    """Return the console that data for people is written to; NO_COLOR and pipes are honoured.

    `:100:` stays as it is: a place in a file is no emoji.
    """
    return Console(file=sys.stdout, highlight=False, emoji=False)


def aside() -> Console:
    """Return the console for what is said beside the data, on stderr."""
    return Console(stderr=True, highlight=False, emoji=False)


def print_json(data: Mapping[str, Any]) -> None:
    """Print one JSON object that begins with the schema number."""
    sys.stdout.write(json.dumps({"schema": SCHEMA, **data}, ensure_ascii=False) + "\n")


def write_page(path: Path, page: str) -> None:
    """Write a page of HTML, over the one that is there; raises Unusable."""
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as problem:
        raise Unusable(f"{path}: cannot be written: {problem.strerror}") from None


def table(
    headings: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None, whole: Sequence[str] = ()
) -> Table:
    """Return a table of plain text; nothing in a cell is taken for markup. whole: Columns that are never parted."""
    # What is too wide is written on, never cut: a name or a hash that lacks its end is of no use.
    columns = (Column(each, overflow="fold", no_wrap=each in whole) for each in headings)
    made = Table(*columns, title=title, title_justify="left", show_edge=False, pad_edge=False)
    for row in rows:
        made.add_row(*(_plain(cell) for cell in row))
    return made


def _plain(cell: object) -> str:
    return "" if cell is None else str(cell).replace("[", "\\[")
