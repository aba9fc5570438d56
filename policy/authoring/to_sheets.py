"""A policy's keys and values laid out on sheets, every comment as a note of its row."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policy.authoring import layout
from policy.authoring.cells import cell_text
from policy.authoring.comments import Comment, notes_for
from policy.authoring.layout import NOTE, Sheet
from policy.yaml_text import Mapping, Node, Scalar
from policy.yaml_text import Sequence as YamlSequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One sheet as text: its headings, "note" the last, and rows of as many cells; an empty cell is ""."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """One row before the headings are known: its cells by heading, and the lines of the text it came from."""

    cells: dict[str, str]
    lines: frozenset[int]


def sheets_of(root: Mapping, comments: tuple[Comment, ...]) -> tuple[Grid, ...]:
    """Return the sheets of a policy that loads; those that hold nothing and need not stand there are left out."""
    laid = [(sheet, list(_lines(sheet, root))) for sheet in layout.SHEETS]
    laid = [(sheet, lines) for sheet, lines in laid if lines or sheet.always or _node(root, sheet.path)]
    every = [line for _, lines in laid for line in lines]
    # A line of the text that two rows share belongs to the first of them.
    rows = {number: place for place, line in reversed(list(enumerate(every))) for number in line.lines}
    notes = iter(range(len(every)))
    noted = notes_for(comments, rows)
    return tuple(_grid(sheet, lines, [noted.get(next(notes), "") for _ in lines], root) for sheet, lines in laid)


def _grid(sheet: Sheet, lines: list[_Line], notes: list[str], root: Mapping) -> Grid:
    headings = (*_headings(sheet, lines, root), NOTE)
    rows = tuple(
        (*(line.cells.get(each, "") for each in headings[:-1]), note) for line, note in zip(lines, notes, strict=True)
    )
    return Grid(title=sheet.title, headings=headings, rows=rows)


def _headings(sheet: Sheet, lines: list[_Line], root: Mapping) -> Iterator[str]:
    """Yield the headings: those that are always there, each followed by the ones that its key is spread over."""
    used = _in_order([list(line.cells) for line in lines])
    if sheet.path == ("examples",) or sheet is layout.CLAIMS:
        inputs = _node(root, ("inputs",))
        asked = [f"given: {key.text}" for key, _ in inputs.entries] if isinstance(inputs, Mapping) else []
        used = [*asked, *(each for each in used if each not in asked)]
    more = [each for each in used if each not in sheet.headings]
    families = [heading.partition(": ")[0] for heading in sheet.headings]
    for place, heading in enumerate(sheet.headings):
        if not heading.endswith("..."):
            yield heading
        if families[place] not in families[place + 1 :]:
            yield from (each for each in more if each.partition(": ")[0] == families[place])
    yield from (each for each in more if each.partition(": ")[0] not in families)


def _lines(sheet: Sheet, root: Mapping) -> Iterator[_Line]:
    if sheet is layout.POLICY:
        yield from _fields(root)
    elif sheet is layout.INPUTS:
        yield from _inputs(root)
    elif sheet is layout.WORKS_OUT:
        yield from _worked_out(root)
    elif sheet is layout.TABLES:
        yield from _tables(root)
    elif sheet is layout.CLAIMS:
        yield from _claims(root)
    elif sheet in {layout.WORDING, layout.NAMES}:
        yield from _by_key(sheet, root)
    else:
        node = _node(root, sheet.path)
        items = [each for each in node.items if isinstance(each, Mapping)] if isinstance(node, YamlSequence) else []
        orders = _orders(items)
        for item in items:
            yield _Line(cells=dict(_spread(sheet, item, orders)), lines=_lines_of(item))


def _fields(root: Mapping) -> Iterator[_Line]:
    for field in layout.FIELDS:
        node = _node(root, tuple(field.split(": ")))
        if field == "pay form" and isinstance(node, YamlSequence):
            node = None
        value = cell_text(node) if node else ""
        yield _Line(cells={"field": field, "value": value}, lines=_lines_of(node))


def _inputs(root: Mapping) -> Iterator[_Line]:
    usual = dict(_entries(root, ("usual inputs",)))
    for name, node in _entries(root, ("inputs",)):
        value = usual.get(name)
        cells = {"name": name, "type": cell_text(node), "usual value": cell_text(value) if value else ""}
        yield _Line(cells=cells, lines=_lines_of(node) | _lines_of(value))


def _worked_out(root: Mapping) -> Iterator[_Line]:
    for name, node in _entries(root, ("works out",)):
        if isinstance(node, Mapping):
            for part, value in node.entries:
                nested = part.text == layout.FIRST_THAT_FITS
                cells = {"name": name, "part": part.text, "formula": "" if nested else cell_text(value)}
                yield _Line(cells=cells, lines=frozenset({part.place.line}) | (_lines_of(None if nested else value)))
        else:
            yield _Line(cells={"name": name, "formula": cell_text(node)}, lines=_lines_of(node))


def _tables(root: Mapping) -> Iterator[_Line]:
    tables = [
        (name, row)
        for name, node in _entries(root, ("works out",))
        if isinstance(node, Mapping)
        for part, rows in node.entries
        if part.text == layout.FIRST_THAT_FITS and isinstance(rows, YamlSequence)
        for row in rows.items
        if isinstance(row, Mapping)
    ]
    orders = _orders([row for _, row in tables])
    for name, row in tables:
        yield _Line(cells={"name": name, **dict(_spread(layout.TABLES, row, orders))}, lines=_lines_of(row))


def _claims(root: Mapping) -> Iterator[_Line]:
    node = _node(root, ("together",))
    for example in node.items if isinstance(node, YamlSequence) else ():
        name, claims = _node(example, ("name",)), _node(example, ("claims",))
        for claim in claims.items if isinstance(claims, YamlSequence) else ():
            if isinstance(claim, Mapping) and name:
                cells = {"name": cell_text(name), **dict(_spread(layout.CLAIMS, claim, []))}
                yield _Line(cells=cells, lines=_lines_of(claim))


def _by_key(sheet: Sheet, root: Mapping) -> Iterator[_Line]:
    """Yield the rows of a sheet whose first column is the key and whose others are what stands under it."""
    first = sheet.headings[0]
    for name, node in _entries(root, sheet.path):
        cells = {key.text: cell_text(value) for key, value in node.entries} if isinstance(node, Mapping) else {}
        key = cell_text(Scalar(text=name, place=node.place, single_line=False))
        yield _Line(cells={first: key, **cells}, lines=_lines_of(node))


def _spread(sheet: Sheet, item: Mapping, orders: list[list[str]]) -> Iterator[tuple[str, str]]:
    """Yield the cells of one line by heading; keys that would stand in another order than theirs stay in one cell."""
    columns = _in_order(orders)
    for key, node in item.entries:
        if key.text == "claims" and sheet is layout.TOGETHER:
            continue
        if sheet.numbered and key.text == sheet.numbered[0] and isinstance(node, YamlSequence):
            for number, each in enumerate(node.items, start=1):
                yield f"{sheet.numbered[1]} {number}", cell_text(each)
        elif sheet.numbered and key.text == sheet.numbered[0]:
            yield f"{sheet.numbered[1]} 1", cell_text(node)
        elif key.text in sheet.spread and isinstance(node, Mapping):
            names = [name.text for name, _ in node.entries]
            if key.text == "when" and names != [each for each in columns if each in names]:
                yield key.text, cell_text(node)
            else:
                yield from ((f"{key.text}: {name.text}", cell_text(value)) for name, value in node.entries)
        else:
            yield key.text, cell_text(node)


def _orders(items: Iterable[Mapping]) -> list[list[str]]:
    """Return the names in the conditions of lines, each in the order written: conditions are read from the left."""
    found = (_node(item, ("when",)) for item in items)
    return [[name.text for name, _ in node.entries] for node in found if isinstance(node, Mapping)]


def _in_order(orders: Sequence[Sequence[str]]) -> list[str]:
    """Return all names so that each of the orders is kept as far as they agree; the earlier order counts."""
    merged: list[str] = []
    for order in orders:
        place = 0
        for name in order:
            if name in merged:
                place = max(place, merged.index(name) + 1)
            else:
                merged.insert(place, name)
                place += 1
    return merged


def _entries(root: Mapping, path: tuple[str, ...]) -> tuple[tuple[str, Node], ...]:
    node = _node(root, path)
    return tuple((key.text, value) for key, value in node.entries) if isinstance(node, Mapping) else ()


def _node(node: Node, path: tuple[str, ...]) -> Node | None:
    """Return what stands under keys; None when nothing does."""
    found: Node | None = node
    for name in path:
        entries = found.entries if isinstance(found, Mapping) else ()
        found = next((value for key, value in entries if key.text == name), None)
    return found if path else None


def _lines_of(node: Node | None) -> frozenset[int]:
    match node:
        case Scalar(place=place):
            return frozenset({place.line})
        case YamlSequence(items=items):
            return frozenset().union(*(_lines_of(each) for each in items))
        case Mapping(entries=entries):
            return frozenset(key.place.line for key, _ in entries).union(*(_lines_of(each) for _, each in entries))
        case None:
            return frozenset()
