"""Sheets written as a workbook in which every cell is text, so that nothing a person types is turned into something."""

import io
import unicodedata
from datetime import datetime

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from policy.authoring import layout
from policy.authoring.cells import MOST_CELL_CHARACTERS, cell_place
from policy.authoring.layout import NOTE
from policy.authoring.to_sheets import Grid
from policy.claiming import ADDED, DEDUCTED, EXCLUDED
from policy.mistakes import BadPolicy, Mistake
from policy.payment_terms import PayForm
from policy.ruling import CLASSIFICATIONS, REFUSING

_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_NARROWEST, _WIDEST, _WIDEST_NOTE = 11, 58, 44
#: Rows below the last one that are text too, for whoever adds some.
_ROOM = 500
#: What a cell offers to choose from, by sheet and heading.
_CHOICES = {
    ("Other plans", "then"): [EXCLUDED, DEDUCTED, ADDED],
    ("Evidence", "then"): list(REFUSING),
    ("Exclusions", "then"): list(REFUSING),
    ("Thresholds", "then"): list(REFUSING),
    ("Rules", "then"): [each for each in CLASSIFICATIONS if each != "fraud review"],
    ("Examples", "expect: then"): list(CLASSIFICATIONS),
    ("Examples", "source"): ["published", "derived from the published rule", "ours"],
    ("Pay form", "as"): [form.value for form in PayForm],
}
_GUIDE = (
    "This workbook is one policy. Each row is one line of it; they hold in the order of the rows.",
    "Every cell is text, written as on the page of the language: 12.50 USDT, under 2 hours, 100 to 299, yes.",
    "A list stands in square brackets: [a, b]. Keys stand in braces: {hours: under 2 hours}. No formulas.",
    "A note is for people and becomes a comment of the text. Empty rows are passed over.",
    "Bring it back with: makewhole policy import FILE.xlsx FILE.yaml",
)


def write_workbook(grids: tuple[Grid, ...], created: datetime) -> bytes:
    """Return the file; raises BadPolicy for a text that is too long for a cell. created: For the file's properties."""
    made = io.BytesIO()
    with Workbook(made, _OPTIONS) as workbook:
        workbook.set_properties({"created": created.replace(tzinfo=None), "title": _title(grids)})
        look = _Look(workbook)
        sheets = [(grid, workbook.add_worksheet(grid.title)) for grid in grids]
        for grid, sheet in sheets:
            _write(grid, sheet, look)
        _guide(workbook.add_worksheet(layout.GUIDE), look)
    return made.getvalue()


class _Look:
    """How cells look."""

    def __init__(self, workbook: Workbook) -> None:
        text = {"num_format": "@", "text_wrap": True, "valign": "top", "font_name": "Calibri", "font_size": 11}
        self.text: Format = workbook.add_format(text)
        self.first: Format = workbook.add_format(text | {"bold": True})
        self.note: Format = workbook.add_format(text | {"italic": True, "font_color": "#4b5563"})
        strong = {"bold": True, "font_color": "#ffffff", "bg_color": "#1f3a5f"}
        self.heading: Format = workbook.add_format(text | strong)

    def of(self, column: int, heading: str) -> Format:
        if heading == NOTE:
            return self.note
        return self.text if column else self.first


def _write(grid: Grid, sheet: Worksheet, look: _Look) -> None:
    for column, heading in enumerate(grid.headings):
        texts = [heading, *(row[column] for row in grid.rows)]
        widest = max(_width(line) for text in texts for line in text.split("\n"))
        most = _WIDEST_NOTE if heading == NOTE else _WIDEST
        sheet.set_column(column, column, min(max(widest + 2, _NARROWEST), most), look.of(column, heading))
        sheet.write_string(0, column, heading, look.heading)
        choices = _CHOICES.get((grid.title, heading))
        if choices:
            # A person may still write something else: the check says what is wrong with it.
            options = {"validate": "list", "source": choices, "error_type": "information"}
            sheet.data_validation(1, column, len(grid.rows) + _ROOM, column, options)
    for number, row in enumerate(grid.rows, start=1):
        for column, text in enumerate(row):
            if len(text) > MOST_CELL_CHARACTERS:
                what = f"a cell holds {MOST_CELL_CHARACTERS} characters: shorten the text"
                raise BadPolicy([Mistake(place=cell_place(grid.title, number + 1, column + 1), what=what)])
            if text:
                sheet.write_string(number, column, text, look.of(column, grid.headings[column]))
    sheet.freeze_panes(1, 1)
    sheet.hide_gridlines(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _width(text: str) -> int:
    """Return how wide a line is, in letters: a Chinese character takes two."""
    return len(text) + sum(unicodedata.east_asian_width(each) in "WF" for each in text)


def _guide(sheet: Worksheet, look: _Look) -> None:
    rows: list[tuple[str, ...]] = [("Sheet", "What it is for", "Headings it may have")]
    for each in layout.SHEETS:
        more = [f"{key}: ..." for key in each.spread if f"{key}: en" not in each.headings]
        rows.append((each.title, each.about, ", ".join(dict.fromkeys((*each.headings, *more, NOTE)))))
    sheet.set_column(0, 0, 22, look.text)
    sheet.set_column(1, 2, 70, look.text)
    for number, said in enumerate(_GUIDE):
        sheet.write_string(number, 1, said, look.text)
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            sheet.write_string(number + len(_GUIDE) + 1, column, text, look.text if number else look.heading)


def _title(grids: tuple[Grid, ...]) -> str:
    policy = next((grid for grid in grids if grid.title == layout.POLICY_SHEET), None)
    return policy.rows[0][1] if policy and policy.rows else ""
