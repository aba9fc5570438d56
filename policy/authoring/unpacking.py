"""The file of a workbook taken apart with a bound on everything, before anything else reads it.

An .xlsx file is a zip of XML. Its directory may lie about sizes, so every part is inflated up to a bound and packed
anew; a cell far away would make a reader lay out everything between, so cells are looked at where they say they are.
"""

import io
import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass

from policy.authoring.cells import column_letters
from policy.authoring.numbers import formats_in
from policy.mistakes import BadPolicy, Mistake, Place

MOST_BYTES = 5_000_000
MOST_UNPACKED_BYTES = 30_000_000
MOST_PARTS = 300
MOST_SHEETS = 40
MOST_ROWS = 3_000
MOST_COLUMNS = 200
#: All cells that are laid out, empty ones between others included; and all their text, were each the longest there is.
MOST_CELLS = 1_000_000
MOST_CHARACTERS = 200_000_000
# None of these looks at a character more than a few times, whatever the file holds.
_ROW = re.compile(rb"<(?:\w{1,20}:)?row\b([^<>]*)>")
_CELL = re.compile(rb"<(?:\w{1,20}:)?c\b([^<>]*)>(\s*<(?:\w{1,20}:)?f\b)?")
_SHARED_TEXT = re.compile(rb"</(?:\w{1,20}:)?si\s*>")
_NUMBER = re.compile(rb'\br="([1-9]\d{0,6})"')
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})([1-9]\d{0,6})"')
_KIND = re.compile(rb"""\bt=["'](\w{1,20})["']""")
_STYLE = re.compile(rb"""\bs=["'](\d{1,6})["']""")
_FORMULA = "write the value itself: a formula is not read"
_ERROR = "an error stands here: write the value itself, as text"
_SHEET = re.compile(r"<(?:\w{1,20}:)?sheet\b([^<>]*)>")
_RELATION = re.compile(r"<(?:\w{1,20}:)?Relationship\b([^<>]*)>")
_ATTRIBUTE = re.compile(r'(?<![\w:])([\w:]{1,60})="([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A workbook that is safe to read.

    Fields:
        data: The file, packed anew from what was looked at.
        refused: Cells that a formula or an error stands in, as (number of the sheet in the file, row, column, what
            to do).
        numbers: Cells that hold a number or a yes/no, as (number of the sheet, row, column, format: "General", "0.0%").
    """

    data: bytes
    refused: tuple[tuple[int, int, int, str], ...]
    numbers: tuple[tuple[int, int, int, str], ...]


def unpack(data: bytes, file: str) -> Unpacked:
    """Return a workbook that is safe to read; raises BadPolicy for what is none, too large or not understood."""
    start = Place(file=file, line=1, column=1)
    if len(data) > MOST_BYTES:
        raise _bad(start, f"make the workbook smaller: it has {len(data)} bytes, at most {MOST_BYTES} are read")
    try:
        parts = _inflated(data, start)
    except BadPolicy:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError):
        raise _bad(start, "not readable as a workbook: save it as .xlsx, without a password") from None
    formats = formats_in(_text(parts.get("xl/styles.xml", b"")))
    sheets = [_looked_at(parts[name], number, file, formats) for number, name in enumerate(_sheet_parts(parts, start))]
    longest = max(len(text) for part in parts.values() for text in _SHARED_TEXT.split(part)[:-1] or [b""])
    if (
        sum(each.laid_out for each in sheets) > MOST_CELLS
        or longest * sum(each.cells for each in sheets) > MOST_CHARACTERS
    ):
        raise _bad(
            start, f"the workbook lays out more than {MOST_CELLS} cells, or more text than is read: make it smaller"
        )
    refused = tuple((number, *cell) for number, each in enumerate(sheets) for cell in each.refused)
    numbers = tuple((number, *cell) for number, each in enumerate(sheets) for cell in each.numbers)
    return Unpacked(data=_packed(parts), refused=refused, numbers=numbers)


def _inflated(data: bytes, start: Place) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        total = sum(each.file_size for each in entries)
        if len(entries) > MOST_PARTS or total > MOST_UNPACKED_BYTES:
            said = f"the workbook unpacks to {total} bytes in {len(entries)} parts"
            raise _bad(start, f"{said}: at most {MOST_UNPACKED_BYTES} in {MOST_PARTS} are read; save it anew, smaller")
        parts: dict[str, bytes] = {}
        for each in entries:
            with archive.open(each) as part:
                parts[each.filename] = part.read(each.file_size)
                if part.read(1):
                    raise zipfile.BadZipFile(each.filename)
    return parts


def _sheet_parts(parts: dict[str, bytes], start: Place) -> list[str]:
    """Return the parts that hold the sheets, in the order of the sheets."""
    if "xl/workbook.xml" not in parts:
        raise _bad(start, "not readable as a workbook: save it as .xlsx")
    sheets = [_attributes(found) for found in _SHEET.findall(_text(parts["xl/workbook.xml"]))]
    relations = [_attributes(found) for found in _RELATION.findall(_text(parts.get("xl/_rels/workbook.xml.rels", b"")))]
    targets = {each.get("Id", ""): each.get("Target", "") for each in relations}
    if len(sheets) > MOST_SHEETS:
        raise _bad(start, f"the workbook has {len(sheets)} sheets: at most {MOST_SHEETS} are read")
    found = [targets.get(each.get("r:id", ""), "") for each in sheets]
    names = [posixpath.normpath(posixpath.join("xl", each)).lstrip("/") for each in found]
    if any(name not in parts for name in names):
        raise _bad(start, "not readable as a workbook: save it as .xlsx from Excel or LibreOffice")
    return names


def _attributes(text: str) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """What one sheet holds: its cells and the area they span.

    Fields:
        refused: (row, column, what to do) of each cell that is.
        numbers: (row, column, format) of each number or yes/no.
    """

    cells: int
    laid_out: int
    refused: tuple[tuple[int, int, str], ...]
    numbers: tuple[tuple[int, int, str], ...]


def _looked_at(part: bytes, number: int, file: str, formats: tuple[str, ...]) -> _Sheet:
    """Return what a sheet holds; raises BadPolicy for a cell outside of what is read."""
    for found in _ROW.finditer(part):
        row = _NUMBER.search(found[1])
        if row is None or int(row[1]) > MOST_ROWS:
            raise _bad(_sheet(file, number), _far(f"row {int(row[1])}" if row else "a row without its number"))
    cells, furthest, refused, numbers = 0, (1, 1), [], []
    for found in _CELL.finditer(part):
        place = _REFERENCE.search(found[1])
        column = _column(place[1].decode()) if place else 0
        if place is None or column > MOST_COLUMNS or int(place[2]) > MOST_ROWS:
            said = f"the cell {(place[1] + place[2]).decode()}" if place else "a cell without its name"
            raise _bad(_sheet(file, number), _far(said))
        cells, furthest = cells + 1, (max(furthest[0], int(place[2])), max(furthest[1], column))
        kind = _KIND.search(found[1])
        if found[2] or (kind and kind[1] == b"e"):
            refused.append((int(place[2]), column, _FORMULA if found[2] else _ERROR))
        elif kind is None or kind[1] in {b"n", b"b"}:
            numbers.append((int(place[2]), column, _format(found[1], formats)))
    laid_out = furthest[0] * furthest[1]
    return _Sheet(cells=cells, laid_out=laid_out, refused=tuple(refused), numbers=tuple(numbers))


def _format(attributes: bytes, formats: tuple[str, ...]) -> str:
    """Return the number format of a cell; "?" where the workbook names none."""
    style = _STYLE.search(attributes)
    number = int(style[1]) if style else 0
    return formats[number] if number < len(formats) else "?" if style else "General"


def _far(what: str) -> str:
    last = f"{column_letters(MOST_COLUMNS)}{MOST_ROWS}"
    return f"there is {what}: only cells up to {last} are read; delete empty rows and columns beyond, save from Excel"


def _column(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def _packed(parts: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return made.getvalue()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _sheet(file: str, number: int) -> Place:
    return Place(file=f"{file}, sheet {number + 1}", line=1, column=1)


def _bad(place: Place, what: str) -> BadPolicy:
    return BadPolicy([Mistake(place=place, what=what)])
