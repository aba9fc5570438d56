"""Sheets back into a policy's keys and values, each at the place of its cell."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from policy.authoring import layout
from policy.authoring.cells import cell_place, node_at
from policy.authoring.layout import NOTE, Sheet
from policy.authoring.to_sheets import Grid
from policy.loading import KEYS
from policy.mistakes import Mistakes, Place, did_you_mean
from policy.yaml_text import Mapping, Node, Scalar, Sequence

_TITLES = {sheet.title: sheet for sheet in layout.SHEETS}
_MOST_NOTE_CHARACTERS = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A policy that was read from sheets.

    Fields:
        root: Its keys, in the order of the language.
        notes: The notes, by sheet and row.
    """

    root: Mapping
    notes: dict[tuple[str, int], str]


@dataclass(slots=True, kw_only=True)
class _Row:
    """The cells of a row that are not empty, by heading, from the left."""

    place: Place
    cells: dict[str, Node] = field(default_factory=dict)
    headings: dict[str, Place] = field(default_factory=dict)
    note: str = ""

    def text(self, heading: str) -> str:
        node = self.cells.get(heading)
        return node.text if isinstance(node, Scalar) else ""


def tree_of(grids: tuple[Grid, ...], mistakes: Mistakes) -> Laid:
    """Return the policy on these sheets; what cannot be laid out is noted with its cell.

    Rows and columns that are empty are passed over. What a policy may not say is not looked at here.
    """
    known = [grid for grid in grids if _is_known(grid, mistakes)]
    rows = {grid.title: list(_rows(grid, _TITLES[grid.title], mistakes)) for grid in known}
    notes = {place: note for title, found in rows.items() for place, note in _notes(title, found)}
    values: dict[str, Node] = dict(_fields(rows.get(layout.POLICY_SHEET, []), mistakes))
    for sheet in layout.LISTS:
        if sheet.title in rows and (rows[sheet.title] or sheet.path == ("fraud gates",)):
            _put(values, sheet, _listed(sheet, rows[sheet.title], mistakes), mistakes)
    values |= _inputs(rows.get(layout.INPUTS_SHEET, []), mistakes)
    values |= _worked_out(rows.get(layout.WORKS_OUT_SHEET, []), rows.get(layout.TABLES_SHEET, []), mistakes)
    values |= _keyed(layout.WORDING, rows, mistakes) | _keyed(layout.NAMES, rows, mistakes)
    values |= _together(rows.get(layout.TOGETHER_SHEET, []), rows.get(layout.CLAIMS_SHEET, []), mistakes)
    start = cell_place(layout.POLICY_SHEET, 1, 1)
    entries = tuple((_key(name, values[name].place), values[name]) for name in KEYS if name in values)
    return Laid(root=Mapping(entries=entries, place=start), notes=notes)


def _is_known(grid: Grid, mistakes: Mistakes) -> bool:
    empty = not any(grid.headings) and not any(any(row) for row in grid.rows)
    if grid.title not in _TITLES and grid.title != layout.GUIDE and not empty:
        said = f'"{grid.title[:60]}" is no sheet of a policy: {did_you_mean(grid.title, _TITLES)} Rename or remove it'
        mistakes.add(cell_place(grid.title, 1, 1), said)
    return grid.title in _TITLES


def _rows(grid: Grid, sheet: Sheet, mistakes: Mistakes) -> Iterator[_Row]:
    headings = [_heading(text, column, grid, sheet, mistakes) for column, text in enumerate(grid.headings, start=1)]
    for number, cells in enumerate(grid.rows, start=2):
        row = _Row(place=cell_place(grid.title, number, 1))
        for column, text in enumerate(cells, start=1):
            if text.strip():
                _cell(row, headings[column - 1], text, cell_place(grid.title, number, column), mistakes)
        row.headings = {text: cell_place(grid.title, 1, column) for column, text in enumerate(headings, start=1)}
        if row.cells or row.note:
            yield row


def _heading(text: str, column: int, grid: Grid, sheet: Sheet, mistakes: Mistakes) -> str:
    """Return a heading as it is looked up; "" for an empty one and after a mistake."""
    heading = " ".join(text.split())
    place = cell_place(grid.title, 1, column)
    known = [*(each for each in sheet.headings if not each.endswith("...")), NOTE]
    key, colon, name = heading.partition(": ")
    spread = key in sheet.spread and colon and name
    numbered = sheet.numbered and key.removeprefix(f"{sheet.numbered[1]} ").isdecimal()
    if not heading or not (spread or numbered or heading in known):
        if heading:
            more = [f"{each}: {name or '...'}" for each in sheet.spread]
            mistakes.add(place, f'"{heading[:60]}" is no heading here: {did_you_mean(heading, [*known, *more])}')
        return ""
    if heading in [" ".join(each.split()) for each in grid.headings[: column - 1]]:
        mistakes.add(place, f'"{heading}" heads two columns: keep one')
        return ""
    return heading


def _cell(row: _Row, heading: str, text: str, place: Place, mistakes: Mistakes) -> None:
    if heading == NOTE:
        row.note = _note(text, place, mistakes)
    elif heading:
        row.cells[heading] = node_at(text, place, mistakes)
    elif not mistakes.found or all(each.place.file != place.file for each in mistakes.found):
        mistakes.add(place, "write a heading in row 1 of this column, or clear the cell")


def _note(text: str, place: Place, mistakes: Mistakes) -> str:
    lines = [line.strip().lstrip("#").strip() for line in text.splitlines()]
    if any(len(line) > _MOST_NOTE_CHARACTERS or not line.isprintable() for line in lines):
        mistakes.add(place, f"break the note into lines of at most {_MOST_NOTE_CHARACTERS} characters that print")
        return ""
    return "\n".join(line for line in lines if line)


def _notes(title: str, rows: list[_Row]) -> Iterator[tuple[tuple[str, int], str]]:
    """Yield the notes by sheet and row; that of a field without a value goes to the next one that has one."""
    empty = [row.place.line for row in rows if title == layout.POLICY_SHEET and "value" not in row.cells]
    kept = [row.place.line for row in rows if row.place.line not in empty]
    gathered: dict[int, list[str]] = {}
    for row in rows if kept else ():
        line = next((line for line in kept if line >= row.place.line), kept[-1])
        gathered.setdefault(line, []).extend(row.note.splitlines())
    yield from (((title, line), "\n".join(lines)) for line, lines in gathered.items() if lines)


def _fields(rows: list[_Row], mistakes: Mistakes) -> Iterator[tuple[str, Node]]:
    """Yield the keys of the first sheet, those that go deeper as keys of keys."""
    told: dict[str, Node] = {}
    for row in rows:
        name = " ".join(row.text("field").split())
        if name not in layout.FIELDS:
            said = f'"{name[:60]}" is no field' if name else "name the field"
            mistakes.add(row.place, f"{said}: {did_you_mean(name, layout.FIELDS)}")
        elif name in told:
            mistakes.add(row.place, f'"{name}" is written twice: keep one')
        elif "value" in row.cells:
            told[name] = row.cells["value"]
    yield from _deep(told).items()


def _deep(told: dict[str, Node]) -> dict[str, Node]:
    """Return values by "key: key" as keys of keys, each where its first one stands."""
    found: dict[str, Node] = {}
    parts: dict[str, dict[str, Node]] = {}
    for path, node in told.items():
        key, deeper, rest = path.partition(": ")
        if deeper:
            found.setdefault(key, node)
            parts.setdefault(key, {})[rest] = node
        else:
            found[key] = node
    for key, inner in parts.items():
        deep = _deep(inner)
        found[key] = Mapping(
            entries=tuple((_key(name, node.place), node) for name, node in deep.items()), place=found[key].place
        )
    return found


def _key(name: str, place: Place) -> Scalar:
    return Scalar(text=name, place=place, single_line=False)


def _put(values: dict[str, Node], sheet: Sheet, node: Node, mistakes: Mistakes) -> None:
    """Put a list under its key, which may lie under another one that the first sheet began."""
    if len(sheet.path) == 1:
        if sheet.path[0] in values:
            place = values[sheet.path[0]].place
            mistakes.add(place, f'say it here or on the sheet "{sheet.title}": clear one of them')
        values[sheet.path[0]] = node
        return
    outer, inner = sheet.path
    found = values.get(outer)
    entries = found.entries if isinstance(found, Mapping) else ()
    place = found.place if found else node.place
    values[outer] = Mapping(entries=(*entries, (_key(inner, node.place), node)), place=place)


def _listed(sheet: Sheet, rows: list[_Row], mistakes: Mistakes) -> Sequence:
    place = cell_place(sheet.title, 1, 1)
    return Sequence(items=tuple(_item(sheet, row, mistakes) for row in rows), place=place)


def _item(sheet: Sheet, row: _Row, mistakes: Mistakes, *, without: str = "") -> Mapping:
    """Return one line: its cells as keys, those with "key: name" headings gathered under their key."""
    simple: dict[str, Node] = {}
    gathered: dict[str, list[tuple[Scalar, Node]]] = {}
    for heading, node in row.cells.items():
        key, colon, name = heading.partition(": ")
        if colon:
            gathered.setdefault(key, []).append((_key(name, row.headings[heading]), node))
        elif heading != without:
            simple[heading] = node
    for key, entries in gathered.items():
        if key in simple:
            mistakes.add(simple[key].place, f'write a text here or cells under "{key}: ...", not both')
        simple[key] = Mapping(entries=tuple(entries), place=row.place)
    if sheet.numbered:
        simple = _numbered(simple, *sheet.numbered)
    if sheet.title == "Examples" or sheet is layout.CLAIMS:
        simple.setdefault("given", Mapping(entries=(), place=row.place))
    first = [each for each in (heading.partition(": ")[0] for heading in sheet.headings) if each in simple]
    ordered = {name: simple[name] for name in (*first, *simple)}
    return Mapping(entries=tuple((_key(name, node.place), node) for name, node in ordered.items()), place=row.place)


def _numbered(simple: dict[str, Node], key: str, called: str) -> dict[str, Node]:
    """Return the line with its numbered columns as one list; "none" alone stays a word."""
    columns = [each for each in simple if each.startswith(f"{called} ")]
    listed = [simple[each] for each in sorted(columns, key=lambda each: int(each.removeprefix(f"{called} ")))]
    others = {name: node for name, node in simple.items() if name not in columns}
    if not listed:
        return others
    only = listed[0]
    alone = len(listed) == 1 and isinstance(only, Scalar) and only.text == "none"
    return {**others, key: only if alone else Sequence(items=tuple(listed), place=only.place)}


def _inputs(rows: list[_Row], mistakes: Mistakes) -> dict[str, Node]:
    place = cell_place(layout.INPUTS_SHEET, 1, 1)
    names = [_name(row, "name", mistakes) for row in rows]
    _refuse_twice(names, mistakes)
    named = list(zip(names, rows, strict=True))
    asked = [(name, row.cells.get("type")) for name, row in named]
    usual = [(name, row.cells["usual value"]) for name, row in named if "usual value" in row.cells]
    for name, kind in asked:
        if kind is None:
            mistakes.add(name.place, f'write the type of "{name.text[:60]}" in column B')
    entries = tuple((name, kind) for name, kind in asked if kind)
    found: dict[str, Node] = {"inputs": Mapping(entries=entries, place=place)}
    return found | ({"usual inputs": Mapping(entries=tuple(usual), place=place)} if usual else {})


def _worked_out(rows: list[_Row], tables: list[_Row], mistakes: Mistakes) -> dict[str, Node]:
    parts: dict[str, list[_Row]] = {}
    names = {row.place: _name(row, "name", mistakes) for row in rows}
    for row in rows:
        parts.setdefault(names[row.place].text, []).append(row)
    lines: dict[str, list[Node]] = {}
    for row in tables:
        name = _name(row, "name", mistakes)
        if name.text not in parts:
            said = f'"{name.text[:60]}" is not on the sheet "Works out": {did_you_mean(name.text, parts)}'
            mistakes.add(name.place, said)
        lines.setdefault(name.text, []).append(_item(layout.TABLES, row, mistakes, without="name"))
    entries = [
        (names[found[0].place], _one_worked_out(found, lines.get(name, []), mistakes)) for name, found in parts.items()
    ]
    place = cell_place(layout.WORKS_OUT_SHEET, 1, 1)
    return {"works out": Mapping(entries=tuple(entries), place=place)} if entries else {}


def _one_worked_out(rows: list[_Row], lines: list[Node], mistakes: Mistakes) -> Node:
    """Return what stands under one name: a formula, a table, or a calculator with its parts."""
    first = rows[0]
    if len(rows) == 1 and "part" not in first.cells:
        if "formula" not in first.cells:
            mistakes.add(first.place, "write the formula in column C")
        return first.cells.get("formula") or _key("", first.place)
    entries: list[tuple[Scalar, Node]] = []
    for row in rows:
        part = _name(row, "part", mistakes)
        nested = part.text == layout.FIRST_THAT_FITS
        value = Sequence(items=tuple(lines), place=row.place) if nested else row.cells.get("formula")
        if value is None:
            mistakes.add(row.place, "write the formula in column C")
        else:
            entries.append((part, value))
    _refuse_twice([part for part, _ in entries], mistakes)
    return Mapping(entries=tuple(entries), place=first.place)


def _keyed(sheet: Sheet, rows: dict[str, list[_Row]], mistakes: Mistakes) -> dict[str, Node]:
    """Return a sheet whose first column is the key."""
    if sheet.title not in rows:
        return {}
    first, *others = sheet.headings
    keys = [_name(row, first, mistakes) for row in rows[sheet.title]]
    _refuse_twice(keys, mistakes)
    entries: list[tuple[Scalar, Node]] = []
    for key, row in zip(keys, rows[sheet.title], strict=True):
        told = tuple((_key(each, row.cells[each].place), row.cells[each]) for each in others if each in row.cells)
        entries.append((key, Mapping(entries=told, place=row.place)))
    return {sheet.path[0]: Mapping(entries=tuple(entries), place=cell_place(sheet.title, 1, 1))}


def _together(rows: list[_Row], claims: list[_Row], mistakes: Mistakes) -> dict[str, Node]:
    named: dict[str, list[Node]] = {row.text("name"): [] for row in rows}
    for row in claims:
        name = _name(row, "name", mistakes)
        if name.text not in named:
            said = f'"{name.text[:60]}" is not on the sheet "Together": {did_you_mean(name.text, named)}'
            mistakes.add(name.place, said)
        named.setdefault(name.text, []).append(_item(layout.CLAIMS, row, mistakes, without="name"))
    items = []
    for row in rows:
        item = _item(layout.TOGETHER, row, mistakes)
        listed = Sequence(items=tuple(named[row.text("name")]), place=row.place)
        items.append(Mapping(entries=(*item.entries, (_key("claims", row.place), listed)), place=row.place))
    place = cell_place(layout.TOGETHER_SHEET, 1, 1)
    return {"together": Sequence(items=tuple(items), place=place)} if items else {}


def _name(row: _Row, heading: str, mistakes: Mistakes) -> Scalar:
    node = row.cells.get(heading)
    if isinstance(node, Scalar):
        return node
    mistakes.add(row.place, f'write the {heading} of this row under "{heading}"')
    return _key("", row.place)


def _refuse_twice(names: list[Scalar], mistakes: Mistakes) -> None:
    for number, name in enumerate(names):
        if name.text and any(each.text == name.text for each in names[:number]):
            mistakes.add(name.place, f'"{name.text[:60]}" is written twice on this sheet: keep one')
