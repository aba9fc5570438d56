"""A workbook that another program saved says what ours said, and of what somebody typed nothing is guessed.

The ways of saving are those seen of LibreOffice, Gnumeric and openpyxl, written here without them.
"""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from policy.authoring.converting import BadWorkbook, text_of, workbook_of
from policy.loading import read_policy
from tests.policy.authoring.conftest import Changed, grids_of, typed_workbook

#: What spreadsheets like to make something else of.
TYPED = ("2026-01-05", "12:30", "0.10", "1e5", "=1+1", "NO", "007", "+5", "5%", "$5", "1,000", "1/2", "TRUE", "#N/A")
AS_TEXT = "set the format of the cell to Text and write it anew"
Parts = dict[str, bytes]
Sheets = re.compile(r"xl/worksheets/sheet\d+\.xml")


def saved(data: bytes, otherwise: Callable[[Parts], Parts]) -> bytes:
    """Return a workbook whose parts are written in another way."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = otherwise({each: archive.read(each) for each in archive.namelist()})
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return made.getvalue()


def on_sheets(parts: Parts, change: Callable[[bytes], bytes]) -> Parts:
    return {name: change(part) if Sheets.fullmatch(name) else part for name, part in parts.items()}


def with_texts_inside(parts: Parts) -> Parts:
    """Every text in its cell, none shared."""
    shared = re.findall(rb"<si>(.*?)</si>", parts["xl/sharedStrings.xml"], re.DOTALL)

    def inside(part: bytes) -> bytes:
        cell = rb'<c r="(\w+)"([^>]*) t="s"><v>(\d+)</v></c>'
        text = rb'<c r="%b"%b t="inlineStr"><is>%b</is></c>'
        return re.sub(cell, lambda found: text % (found[1], found[2], shared[int(found[3])]), part)

    return on_sheets(parts, inside)


def with_letters_of_their_own_looks(parts: Parts) -> Parts:
    """Every text in pieces, as when one word of it was made bold, and read aloud in small print."""
    pieces = rb'<r><rPr><b/></rPr><t xml:space="preserve">\2</t></r><r><t xml:space="preserve">\3</t></r>'
    aloud = b'<rPh sb="0" eb="1"><t>aloud</t></rPh>'
    text = rb"<si><t( [^>]*)?>(\w)([^<]*)</t></si>"
    shared = re.sub(text, b"<si>%b%b</si>" % (pieces, aloud), parts["xl/sharedStrings.xml"])
    return parts | {"xl/sharedStrings.xml": shared}


def with_empty_cells(parts: Parts) -> Parts:
    """Empty cells up to column Z that have a look, in fifty rows below the last one."""

    def more(part: bytes) -> bytes:
        empty = b"".join(
            b'<row r="%d"><c r="A%d" s="1"/><c r="Z%d" s="1"></c></row>' % (r, r, r) for r in range(900, 950)
        )
        return part.replace(b"</sheetData>", empty + b"</sheetData>")

    return on_sheets(parts, more)


def with_prefixes(parts: Parts) -> Parts:
    """Every element of a sheet with the prefix of its namespace."""

    def prefixed(part: bytes) -> bytes:
        return re.sub(rb"<(/?)(\w)", rb"<\1x:\2", part).replace(b" xmlns=", b" xmlns:x=").replace(b"<?x:xml", b"<?xml")

    return on_sheets(parts, prefixed)


def with_lines_of_windows(parts: Parts) -> Parts:
    shared = re.sub(rb"(?<=asked)\n", b"_x000D_\n", parts["xl/sharedStrings.xml"])
    return parts | {"xl/sharedStrings.xml": shared}


@pytest.mark.parametrize(
    "otherwise",
    [with_texts_inside, with_letters_of_their_own_looks, with_empty_cells, with_prefixes, with_lines_of_windows],
)
def test_a_policy_comes_back_whatever_way_its_workbook_is_saved(
    otherwise: Callable[[Parts], Parts], withdrawal_text: str
) -> None:
    noted = withdrawal_text.replace("rules:\n", "rules:\n  # R&D asked\n  # for <this>\n")
    ours = workbook_of(noted, "delay.yaml")

    theirs = saved(ours, otherwise)

    assert theirs != saved(ours, lambda parts: parts)
    assert text_of(theirs, "delay.xlsx") == text_of(ours, "delay.xlsx")


def test_what_is_typed_as_text_comes_back_as_it_was_typed(changed: Changed) -> None:
    text = text_of(changed(*(("Examples", f"A{row}", typed) for row, typed in enumerate(TYPED, start=2))), "delay.xlsx")

    names = [each.name for each in read_policy(text, "delay.yaml").examples]
    assert names[: len(TYPED)] == list(TYPED)


def typed_into(withdrawal_text: str, sheet: str, write: Callable[[Worksheet, Workbook], object]) -> bytes:
    def typed(book: Workbook) -> None:
        write(book.get_worksheet_by_name(sheet), book)

    return typed_workbook(grids_of(withdrawal_text), typed)


@pytest.mark.parametrize(
    ("number", "code", "taken"),
    [(7.5, "General", "7.5"), (7.5, "@", "7.5"), (7.5, "0.00", "7.50"), (1500, "#,##0.0", "1500.0"), (7, "000", "007")],
)
def test_a_number_is_taken_as_its_cell_shows_it(number: float, code: str, taken: str, withdrawal_text: str) -> None:
    data = typed_into(
        withdrawal_text,
        "Inputs",
        lambda sheet, book: sheet.write_number("C4", number, book.add_format({"num_format": code})),
    )

    assert f"value_usdt: {taken}\n" in text_of(data, "delay.xlsx")


@pytest.mark.parametrize(
    ("number", "code"),
    [(0.05, "0.00%"), (5, '"$"#,##0.00'), (100000, "0.00E+00"), (0.126, "0.00"), (1.5, "# ?/?"), (5, "[>=100]0;0.0")],
)
def test_a_number_that_its_cell_shows_as_something_else_is_refused(
    number: float, code: str, withdrawal_text: str
) -> None:
    data = typed_into(
        withdrawal_text,
        "Inputs",
        lambda sheet, book: sheet.write_number("C4", number, book.add_format({"num_format": code})),
    )

    with pytest.raises(BadWorkbook) as refusal:
        text_of(data, "delay.xlsx")
    assert re.fullmatch(
        rf"Inputs!C4: the spreadsheet made the number .* otherwise \(.*\): {AS_TEXT}", str(refusal.value)
    )


@pytest.mark.parametrize(
    ("sheet", "cell", "write"),
    [
        ("Policy", "B3", lambda sheet: sheet.write_number("B3", 1.1)),
        ("Policy", "B5", lambda sheet: sheet.write_boolean("B5", 1)),
        ("Rules", "A3", lambda sheet: sheet.write_number("A3", 7)),
    ],
)
def test_where_a_text_is_wanted_a_number_is_none(
    sheet: str, cell: str, write: Callable[[Worksheet], object], withdrawal_text: str
) -> None:
    data = typed_into(withdrawal_text, sheet, lambda found, _: write(found))

    with pytest.raises(BadWorkbook) as refusal:
        text_of(data, "delay.xlsx")
    assert f"{sheet}!{cell}: of this text the spreadsheet made something else (" in str(refusal.value)


def test_the_number_of_an_order_keeps_its_noughts_or_is_refused(withdrawal_text: str) -> None:
    text = withdrawal_text.replace("\ninputs:\n", "\ninputs:\n  order: text\n").replace(
        "usual inputs:\n", "usual inputs:\n  order: 007\n"
    )
    text = text.replace("sorry and", "sorry for {order} and").replace("歉意，并", "歉意（{order}），并")
    data = typed_into(text, "Inputs", lambda sheet, _: sheet.write_number("C2", 7))

    with pytest.raises(BadWorkbook) as refusal:
        text_of(data, "delay.xlsx")
    assert str(refusal.value).startswith('Inputs!C2: of this text the spreadsheet made something else ("7")')
    assert "order: 007\n" in text_of(workbook_of(text, "delay.yaml"), "delay.xlsx")


def test_an_error_in_a_cell_is_no_empty_cell(withdrawal_text: str) -> None:
    data = saved(
        workbook_of(withdrawal_text, "delay.yaml"),
        lambda parts: on_sheets(
            parts, lambda part: re.sub(rb'<c r="E3"([^>]*) t="s"><v>\d+</v>', rb'<c r="E3"\1 t="e"><v>#N/A</v>', part)
        ),
    )

    with pytest.raises(BadWorkbook) as refusal:
        text_of(data, "delay.xlsx")
    assert "Rules!E3: an error stands here: write the value itself, as text" in str(refusal.value).split("\n")


def test_a_time_is_no_text(withdrawal_text: str) -> None:
    def write(sheet: Worksheet, book: Workbook) -> object:
        return sheet.write_datetime(
            "C4",
            datetime(2026, 1, 5, 12, 30, tzinfo=UTC).replace(tzinfo=None),
            book.add_format({"num_format": "hh:mm"}),
        )

    with pytest.raises(BadWorkbook) as refusal:
        text_of(typed_into(withdrawal_text, "Inputs", write), "delay.xlsx")
    assert str(refusal.value).startswith("Inputs!C4: the spreadsheet took this for a date or time (")
