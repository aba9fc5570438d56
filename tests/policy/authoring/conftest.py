"""Workbooks to test with: one of a shipped policy, and what a person may have done to it."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from xlsxwriter import Workbook

from policy.authoring.comments import comments_in
from policy.authoring.to_sheets import Grid, sheets_of
from policy.authoring.workbook_writing import write_workbook
from policy.yaml_text import read_yaml

SHIPPED = sorted((Path(__file__).resolve().parents[3] / "config" / "policies").rglob("*.yaml"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Changed = Callable[..., bytes]


def grids_of(text: str) -> tuple[Grid, ...]:
    return sheets_of(read_yaml(text, "x.yaml"), comments_in(text, "x.yaml"))


def with_cell(grids: tuple[Grid, ...], title: str, cell: str, text: str) -> tuple[Grid, ...]:
    """Return sheets of which one cell ("C5"; row 1 holds the headings) says something else."""
    column, row = ord(cell[0]) - ord("A"), int(cell[1:])
    changed = []
    for grid in grids:
        rows = [list(grid.headings), *(list(each) for each in grid.rows)]
        if grid.title == title:
            rows += [[""] for _ in range(row - len(rows))]
            rows = [each + [""] * (column + 1 - len(each)) for each in rows]
            rows[row - 1][column] = text
        changed.append(replace(grid, headings=tuple(rows[0]), rows=tuple(tuple(each) for each in rows[1:])))
    return tuple(changed)


@pytest.fixture
def changed(withdrawal_text: str) -> Changed:
    """Return what makes the workbook of the delayed-withdrawal policy with cells changed: ("Rules", "C5", "text")."""

    def make(*cells: tuple[str, str, str]) -> bytes:
        grids = grids_of(withdrawal_text)
        for title, cell, text in cells:
            grids = with_cell(grids, title, cell, text)
        return write_workbook(grids, NOW)

    return make


def typed_workbook(grids: tuple[Grid, ...], typed: Callable[[Workbook], None]) -> bytes:
    """Return the workbook as another program may write it: without our formats, and with what `typed` adds."""
    made = io.BytesIO()
    with Workbook(made, {"in_memory": True, "strings_to_formulas": False}) as workbook:
        for grid in grids:
            sheet = workbook.add_worksheet(grid.title)
            for number, row in enumerate((grid.headings, *grid.rows)):
                for column, text in enumerate(row):
                    if text:
                        sheet.write_string(number, column, text)
        typed(workbook)
    return made.getvalue()
