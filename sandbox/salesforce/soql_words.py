"""SOQL cut into words with their places, and errors that show the place as the vendor does. Pure."""

import re
from dataclasses import dataclass

from sandbox.salesforce.refusals import Refused, refused

AROUND = 32
"""Characters of the query shown on each side of a wrong word, up to the next whole word."""

_WORD = re.compile(
    r"""
    \s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d(?![T\d]))
    | (?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<name>[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*(?::\d+)?)
    | (?P<sign><=|>=|!=|<>|[=<>(),:])
    )""",
    re.VERBOSE,
)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word of a query.

    kind: "string", "datetime", "date", "number", "name", "sign" or "end".
    text: As it stands, strings with their quotes. at: Where it starts, from 0.
    """

    kind: str
    text: str
    at: int

    def says(self, *words: str) -> bool:
        """Tell whether this is one of these keywords, whatever its case."""
        return self.kind == "name" and self.text.upper() in words


def cut(query: str) -> tuple[Word, ...]:
    """Return the words of a query and an "end"; raises `Refused` (MALFORMED_QUERY)."""
    words = []
    at = 0
    end = len(query.rstrip())
    while at < end:
        match = _WORD.match(query, at)
        if match is None or match.lastgroup is None:
            raise _bad_character(query, at)
        text = match.group(match.lastgroup)
        words.append(Word(kind=match.lastgroup, text=text, at=match.start(match.lastgroup)))
        at = match.end()
    words.append(Word(kind="end", text="<EOF>", at=end))
    return tuple(words)


def unquoted(text: str) -> str:
    """Return what a quoted string means; an escaped % or _ keeps its backslash, for LIKE."""
    return re.sub(r"\\(.)", lambda match: _ESCAPED.get(match.group(1), match.group(0)), text[1:-1], flags=re.DOTALL)


def wrong(query: str, at: int, message: str, code: str) -> Refused:
    """Return the 400 for a query that is wrong at a place, with the excerpt and the caret."""
    start, end = _excerpt(query, at)
    shown = query[start:end].replace("\n", " ").rstrip(",")
    row = query.count("\n", 0, at) + 1
    column = at - (query.rfind("\n", 0, at) + 1) + 1
    return refused(code, f"\n{shown}\n{' ' * (at - start)}^\nERROR at Row:{row}:Column:{column}\n{message}")


def unexpected(query: str, word: Word) -> Refused:
    """Return the 400 for a word that cannot stand where it does."""
    return wrong(query, word.at, f"unexpected token: '{word.text}'", "MALFORMED_QUERY")


def _excerpt(query: str, at: int) -> tuple[int, int]:
    """Return start and end of the words around a place; the width is read off messages in public issue threads."""
    start = max(at - AROUND, 0)
    while start > 0 and not query[start - 1].isspace():
        start -= 1
    end = min(at + AROUND, len(query))
    while end < len(query) and not (query[end].isspace() or query[end] == ","):
        end += 1
    return start, end


def _bad_character(query: str, at: int) -> Refused:
    place = at + len(query[at:]) - len(query[at:].lstrip())
    if query[place] == "'":
        return wrong(query, place, "expecting a single quote, found '<EOF>'", "MALFORMED_QUERY")
    line = f"line {query.count(chr(10), 0, place) + 1}:{place} no viable alternative at character '{query[place]}'"
    return refused("MALFORMED_QUERY", line)
