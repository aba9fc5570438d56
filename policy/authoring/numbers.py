"""Numbers in cells: taken as they are shown, or refused where that is not what was typed.

A spreadsheet makes a number of what is typed into a cell that is not set to Text, and keeps of "$5", "5%" and "1e5"
only the number and a format. Of "007", "+5" and "0.10" it keeps not even that.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from decimal import Decimal

from policy.authoring import layout
from policy.authoring.cells import cell_place
from policy.authoring.to_sheets import Grid
from policy.mistakes import Mistakes

AS_TEXT = "set the format of the cell to Text and write it anew"
#: A spreadsheet keeps fifteen digits of a number; one that needs more has lost some already.
_KEPT_DIGITS = 15
_AS_IT_IS = frozenset({"General", "GENERAL", "@", ""})
_PLAIN = re.compile(r"(?:#,##)?(0{1,15})(?:\.(0{1,15}))?")
#: Formats that every workbook knows without naming them.
_KNOWN = {"0": "General", "1": "0", "2": "0.00", "3": "#,##0", "4": "#,##0.00", "9": "0%", "10": "0.00%", "49": "@"}
_FORMAT = re.compile(r"<(?:\w{1,20}:)?numFmt\b([^<>]*)>")
_STYLES = re.compile(r"</?(?:\w{1,20}:)?cellXfs\b")
_STYLE = re.compile(r"<(?:\w{1,20}:)?xf\b([^<>]*)>")
_ATTRIBUTE = re.compile(r'(?<![\w:])(numFmtId|formatCode)="([^"]*)"')
Cell = tuple[str, int, int]


def formats_in(styles: str) -> tuple[str, ...]:
    """Return the number format of each style of a workbook: "General", "0.00"; of one that is not understood, "?"."""
    told = [dict(_ATTRIBUTE.findall(found)) for found in _FORMAT.findall(styles)]
    codes = _KNOWN | {
        each["numFmtId"]: each["formatCode"] for each in told if "numFmtId" in each and "formatCode" in each
    }
    of_cells = [*_STYLES.split(styles, maxsplit=2), ""][1]
    asked = [dict(_ATTRIBUTE.findall(found)).get("numFmtId", "0") for found in _STYLE.findall(of_cells)]
    return tuple(codes.get(each, "?") for each in asked)


def shown(number: float, code: str) -> tuple[str, str]:
    """Return a number as a cell with this format shows it, and what is wrong with taking that; "" = nothing."""
    kept = f"{number:.{_KEPT_DIGITS}g}"
    text = f"{Decimal(kept):f}"
    digits = text.replace(".", "").lstrip("-0")
    if float(kept) != number or len(digits.rstrip("0")) >= _KEPT_DIGITS or len(digits) > _KEPT_DIGITS:
        return text, f"a spreadsheet keeps {_KEPT_DIGITS} digits of a number, so this may be another one: {AS_TEXT}"
    if code in _AS_IT_IS:
        return text, ""
    plain = _PLAIN.fullmatch(code)
    decimals = len(plain[2] or "") if plain else 0
    as_shown = f"{Decimal(kept):0{len(plain[1]) + bool(decimals) + decimals}.{decimals}f}" if plain else ""
    if plain and Decimal(as_shown) == Decimal(kept):
        return as_shown, ""
    said = f'the spreadsheet made the number {text} of what was typed and shows it otherwise ("{code[:40]}")'
    return text, f"{said}: {AS_TEXT}"


def refuse_for_text(grids: tuple[Grid, ...], made_of_it: AbstractSet[Cell], mistakes: Mistakes) -> None:
    """Note each number or yes/no where a text is wanted, as a version or a ticket: 1.10 would have become 1.1.

    made_of_it: The cells that hold one, as (sheet, row, column); rows and columns from 1. One that is noted already is
    not noted again.
    """
    texts = {name for name, kind in _declared(grids) if kind == "text"}
    noted = {each.place for each in mistakes.found}
    for grid in grids:
        for row, cells in enumerate(grid.rows, start=2):
            for column, left in enumerate(cells, start=1):
                place = cell_place(grid.title, row, column)
                made = (grid.title, row, column) in made_of_it and place not in noted
                if made and _wants_text(grid, row, column, texts):
                    mistakes.add(place, f'of this text the spreadsheet made something else ("{left[:40]}"): {AS_TEXT}')


def _declared(grids: tuple[Grid, ...]) -> Iterator[tuple[str, str]]:
    """Yield the name and the type of each input."""
    for grid in grids:
        if grid.title == layout.INPUTS_SHEET and {"name", "type"} <= set(grid.headings):
            yield from ((row[grid.headings.index("name")], row[grid.headings.index("type")]) for row in grid.rows)


def _wants_text(grid: Grid, row: int, column: int, texts: AbstractSet[str]) -> bool:
    heading = " ".join(grid.headings[column - 1].split())
    if heading == "usual value" and "name" in grid.headings:
        return grid.rows[row - 2][grid.headings.index("name")] in texts
    return grid.title == layout.POLICY_SHEET or heading == "name" or heading.removeprefix("given: ") in texts
