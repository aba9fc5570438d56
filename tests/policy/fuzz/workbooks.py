"""Making workbooks that nobody would save: formulas, numbers, dates and rubbish in cells, and broken files."""

import io
from datetime import UTC, datetime
from random import Random

from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from policy.authoring.converting import workbook_of
from tests.policy.fuzz.making import NASTY, expression

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
_WHEN = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_FORMULAS = ("=1+1", "=A1", '=HYPERLINK("http://x")', "=NOW()", "=1/0", "=cmd|'/c calc'!A0", "{=SUM(A1:A9)}")
Sheets = dict[str, list[list[str]]]


def sheets_in(text: str) -> Sheets:
    """Return the cells of a policy's workbook, by sheet."""
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(workbook_of(text, "x.yaml")))
    return {
        name: [[str(cell) for cell in row] for row in workbook.get_sheet_by_name(name).to_python()]
        for name in workbook.sheet_names
    }


def spoilt_workbook(random: Random, sheets: Sheets) -> bytes:
    """Return a workbook with a few of its cells, rows or sheets changed, or with its bytes broken."""
    changed = {name: [list(row) for row in rows] for name, rows in sheets.items()}
    for _ in range(random.randint(0, 3)):
        _rearrange(random, changed)
    data = _written(random, changed)
    return _broken(random, data) if random.random() < 0.15 else data


def _rearrange(random: Random, sheets: Sheets) -> None:
    rows = sheets[random.choice(list(sheets))]
    if not rows:
        return
    at = random.randrange(len(rows))
    match random.randrange(5):
        case 0:
            del rows[at]
        case 1:
            rows.insert(at, list(rows[random.randrange(len(rows))]))
        case 2:
            random.shuffle(rows[at])
        case 3:
            rows[at] = [*rows[at], random.choice(NASTY)]
        case _:
            sheets[random.choice(("another", "x" * 31, "=1", "规则"))] = rows[:at]


def _written(random: Random, sheets: Sheets) -> bytes:
    made = io.BytesIO()
    often = random.choice((0.0, 0.01, 0.05))
    with Workbook(made, _OPTIONS) as workbook:
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    _cell(random, sheet, row, column, cell, spoil=random.random() < often)
            if random.random() < 0.05 and len(rows) > 3:
                sheet.merge_range(1, 0, 2, 1, "merged")
    return made.getvalue()


def _cell(random: Random, sheet: Worksheet, row: int, column: int, text: str, *, spoil: bool) -> None:
    if not spoil:
        sheet.write_string(row, column, text)
        return
    match random.randrange(7):
        case 0:
            sheet.write_formula(row, column, random.choice(_FORMULAS), value=random.choice((0, "x", 1e300)))
        case 1:
            sheet.write_number(
                row, column, random.choice((0.1, 1e300, -1e-300, 123456789012345678, 0.30000000000000004))
            )
        case 2:
            sheet.write_boolean(row, column, random.random() < 0.5)
        case 3:
            sheet.write_datetime(row, column, _WHEN)
        case 4:
            sheet.write_string(row, column, expression(random))
        case 5:
            sheet.write_string(row, column, text + random.choice(NASTY).replace("\x00", ""))
        case _:
            sheet.write_string(row, column, random.choice(NASTY).replace("\x00", "") * random.choice((1, 1, 200)))


def _broken(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.randint(1, 20)):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed[: random.randrange(len(changed))] if random.random() < 0.3 else changed)
