"""A workbook's sheets as text: what a person typed, never a guess about it."""

import io
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from policy.authoring.cells import cell_place
from policy.authoring.to_sheets import Grid
from policy.authoring.unpacking import unpack
from policy.mistakes import BadPolicy, Mistake, Mistakes, Place

#: Excel keeps fifteen digits of a number; one that needs more has lost some already.
_KEPT_DIGITS = 15
_Cell = int | float | str | bool | date | time | datetime | timedelta
_AS_TEXT = "set the format of the cell to Text and write it anew"


def read_workbook(data: bytes, file: str, mistakes: Mistakes) -> tuple[Grid, ...]:
    """Return the sheets of a workbook as text; cells that do not say what was typed are noted.

    Raises BadPolicy for a file that is no workbook or too large.
    """
    unpacked = unpack(data, file)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(unpacked.data))
        sheets = [workbook.get_sheet_by_name(name) for name in workbook.sheet_names]
        grids = tuple(_grid(sheet, mistakes) for sheet in sheets)
    except CalamineError:
        what = "not readable as a workbook: save it as .xlsx from Excel or LibreOffice"
        raise BadPolicy([Mistake(place=Place(file=file, line=1, column=1), what=what)]) from None
    for number, row, column in unpacked.formulas:
        mistakes.add(cell_place(sheets[number].name, row, column), "write the value itself: a formula is not read")
    return grids


def _grid(sheet: CalamineSheet, mistakes: Mistakes) -> Grid:
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if (top, left) != (bottom, right):
            what = "cells are merged here: take them apart and write the text in each row"
            mistakes.add(cell_place(sheet.name, top + 1, left + 1), what)
    rows = [
        tuple(_text(cell, cell_place(sheet.name, row, column), mistakes) for column, cell in enumerate(cells, start=1))
        for row, cells in enumerate(sheet.to_python(skip_empty_area=False), start=1)
    ]
    headings = rows[0] if rows else ()
    return Grid(title=sheet.name, headings=headings, rows=tuple(rows[1:]))


def _text(cell: _Cell, place: Place, mistakes: Mistakes) -> str:
    match cell:
        case str():
            return cell.replace("\r\n", "\n")
        case bool():
            return "yes" if cell else "no"
        case int() | float():
            return _number(cell, place, mistakes)
        case date() | time() | timedelta():
            shown = cell.isoformat() if not isinstance(cell, timedelta) else str(cell)
            mistakes.add(place, f"the spreadsheet took this for a date or time ({shown}): {_AS_TEXT}")
            return shown


def _number(number: float, place: Place, mistakes: Mistakes) -> str:
    """Return a number as it was typed; one with more digits than the spreadsheet keeps is noted."""
    shown = f"{number:.{_KEPT_DIGITS}g}"
    text = f"{Decimal(shown):f}"
    digits = text.replace(".", "").lstrip("-0")
    if float(shown) != number or len(digits.rstrip("0")) >= _KEPT_DIGITS or len(digits) > _KEPT_DIGITS:
        what = f"a spreadsheet keeps {_KEPT_DIGITS} digits of a number, so this may be another one: {_AS_TEXT}"
        mistakes.add(place, what)
    return text
