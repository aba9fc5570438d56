"""YAML as plain values with their places. Whatever has two meanings is refused: aliases, tags, repeated keys.

Only `true` and `false` are booleans, so that `no` stays the text it was; times and dates stay text too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from config.mistakes import BadSettings, Mistake, Place

MOST_BYTES = 1 << 20
MOST_DEPTH = 12
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}")

Step = str | int
Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file.

    Fields:
        file: As it was named: "config/makewhole.yaml".
        value: What stands in it.
        places: Where each key or item stands, by its path: ("zendesk", "auth") or ("slack", "routes", 0).
    """

    file: str
    value: dict[str, Value]
    places: Mapping[tuple[Step, ...], Place]

    def place_of(self, path: tuple[Step, ...]) -> Place:
        """Return where this stands, or the closest thing above it that does."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(file=self.file, line=1, column=1))


def read_document(path: Path) -> Document:
    """Return what a file holds; raises BadSettings when it is not there, not UTF-8 or not plain YAML."""
    file = str(path)
    start = Place(file=file, line=1, column=1)
    try:
        raw = path.read_bytes()
        text = raw.decode()
    except OSError as error:
        raise _bad(start, f"the file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _bad(start, "save the file as UTF-8") from None
    if len(raw) > MOST_BYTES:
        raise _bad(start, f"make the file smaller: it has {len(raw)} bytes, at most {MOST_BYTES} are read")
    return _Reader(file).read(text)


class _Reader:
    """Reads one file event by event, so that nothing is built from what is refused."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._places: dict[tuple[Step, ...], Place] = {}
        self._mistakes: list[Mistake] = []

    def read(self, text: str) -> Document:
        try:
            events = [event for event in yaml.parse(text, Loader=yaml.SafeLoader) if self._is_plain(event)]
        except yaml.reader.ReaderError as error:
            place = Place(file=self._file, line=text[: error.position].count("\n") + 1, column=1)
            raise _bad(place, "remove the control character from this line") from None
        except yaml.MarkedYAMLError as error:
            place = self._place(error.problem_mark or error.context_mark)
            # The library quotes single characters at most here; names of tags and anchors stay out.
            raise _bad(place, f"not readable as YAML: {_problem(error)}") from None
        self._stop_if_any()
        value = self._value(events, ()) if events else None
        self._stop_if_any()
        if not isinstance(value, dict):
            raise _bad(Place(file=self._file, line=1, column=1), "write keys with their values")
        return Document(file=self._file, value=value, places=MappingProxyType(self._places))

    def _is_plain(self, event: yaml.Event) -> bool:
        place = self._place(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            self._refuse(place, "", "write the value out: aliases are not read")
        elif getattr(event, "anchor", None):
            self._refuse(place, "", "remove the anchor: aliases are not read")
        elif getattr(event, "tag", None):
            self._refuse(place, "", "remove the tag: tags are not read")
        elif isinstance(event, yaml.DocumentStartEvent) and event.explicit and place.line > 1:
            self._refuse(place, "", 'remove "---": one file holds one document')
        return isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent | yaml.CollectionEndEvent)

    def _value(self, events: list[yaml.Event], path: tuple[Step, ...]) -> Value:
        event = events.pop(0)
        if len(path) > MOST_DEPTH:
            raise _bad(self._place(event.start_mark), f"nested more than {MOST_DEPTH} levels deep: write it flatter")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(events, path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, path)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        raise _bad(self._place(event.start_mark), "not readable as YAML")

    def _list(self, events: list[yaml.Event], path: tuple[Step, ...]) -> list[Value]:
        items: list[Value] = []
        while not isinstance(events[0], yaml.SequenceEndEvent):
            here = (*path, len(items))
            self._places[here] = self._place(events[0].start_mark)
            items.append(self._value(events, here))
        events.pop(0)
        return items

    def _mapping(self, events: list[yaml.Event], path: tuple[Step, ...]) -> dict[str, Value]:
        entries: dict[str, Value] = {}
        while not isinstance(events[0], yaml.MappingEndEvent):
            place = self._place(events[0].start_mark)
            if not isinstance(events[0], yaml.ScalarEvent):
                raise _bad(place, "write plain text as the key")
            key = str(events[0].value)
            events.pop(0)
            here = (*path, key)
            if key in entries:
                self._refuse(place, path_text(here), "is written twice: keep one")
            self._places.setdefault(here, place)
            entries[key] = self._value(events, here)
        events.pop(0)
        return entries

    def _refuse(self, place: Place, path: str, what: str) -> None:
        self._mistakes.append(Mistake(place=place, path=path, what=what))

    def _stop_if_any(self) -> None:
        if self._mistakes:
            raise BadSettings(self._mistakes)

    def _place(self, mark: Any) -> Place:
        if mark is None:
            return Place(file=self._file, line=1, column=1)
        return Place(file=self._file, line=mark.line + 1, column=mark.column + 1)


def path_text(path: tuple[Step, ...]) -> str:
    """Return a path as it is shown: "slack.routes[0].channel"."""
    shown = ""
    for step in path:
        shown += f"[{step}]" if isinstance(step, int) else f".{step}"
    return shown.removeprefix(".")


def _scalar(event: yaml.ScalarEvent) -> Value:
    text = str(event.value)
    if event.style is not None:
        return text
    words: dict[str, Value] = {"": None, "null": None, "~": None, "true": True, "false": False}
    if text in words:
        return words[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or "look at the line above"
    return "this cannot stand here" if any(word in problem for word in ("alias", "anchor", "tag")) else problem


def _bad(place: Place, what: str) -> BadSettings:
    return BadSettings([Mistake(place=place, path="", what=what)])
