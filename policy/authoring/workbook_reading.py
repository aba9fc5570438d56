"""A workbook's sheets as text: what a person typed, never a guess about it."""

import io
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from policy.authoring.cells import cell_place
from policy.authoring.numbers import AS_TEXT, Cell, refuse_for_text, shown
from policy.authoring.to_sheets import Grid
from policy.authoring.unpacking import unpack
from policy.mistakes import BadPolicy, Mistake, Mistakes, Place

_Value = int | float | str | bool | date | time | datetime | timedelta


def read_workbook(data: bytes, file: str, mistakes: Mistakes) -> tuple[Grid, ...]:
    """Return the sheets of a workbook as text; cells that do not say what was typed are noted.

    Raises BadPolicy for a file that is no workbook or too large.
    """
    unpacked = unpack(data, file)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(unpacked.data))
        sheets = [workbook.get_sheet_by_name(name) for name in workbook.sheet_names]
        formats = {(sheets[number].name, row, column): code for number, row, column, code in unpacked.numbers}
        grids = tuple(_grid(sheet, formats, mistakes) for sheet in sheets)
    except CalamineError:
        what = "not readable as a workbook: save it as .xlsx from Excel or LibreOffice"
        raise BadPolicy([Mistake(place=Place(file=file, line=1, column=1), what=what)]) from None
    for number, row, column, what in unpacked.refused:
        mistakes.add(cell_place(sheets[number].name, row, column), what)
    refuse_for_text(grids, formats.keys(), mistakes)
    return grids


def _grid(sheet: CalamineSheet, formats: Mapping[Cell, str], mistakes: Mistakes) -> Grid:
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if (top, left) != (bottom, right):
            what = "cells are merged here: take them apart and write the text in each row"
            mistakes.add(cell_place(sheet.name, top + 1, left + 1), what)
    rows = [
        tuple(
            _text(cell, formats.get((sheet.name, row, column), "?"), cell_place(sheet.name, row, column), mistakes)
            for column, cell in enumerate(cells, start=1)
        )
        for row, cells in enumerate(sheet.to_python(skip_empty_area=False), start=1)
    ]
    headings = rows[0] if rows else ()
    return Grid(title=sheet.name, headings=headings, rows=tuple(rows[1:]))


def _text(cell: _Value, code: str, place: Place, mistakes: Mistakes) -> str:
    """Return what a cell says. code: Its format, should it hold a number."""
    match cell:
        case str():
            return cell.replace("\r\n", "\n")
        case bool():
            return "yes" if cell else "no"
        case int() | float():
            text, wrong = shown(cell, code)
            if wrong:
                mistakes.add(place, wrong)
            return text
        case date() | time() | timedelta():
            text = cell.isoformat() if not isinstance(cell, timedelta) else str(cell)
            mistakes.add(place, f"the spreadsheet took this for a date or time ({text}): {AS_TEXT}")
            return text
