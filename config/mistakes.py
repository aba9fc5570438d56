"""Mistakes in a file that an operator wrote: where each stands and what to do about it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A place in a file: "config/makewhole.yaml", line and column from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mistake:
    """One mistake.

    Fields:
        place: Where it stands; the closest key above for something that is missing.
        path: Which setting: "zendesk.auth.client_id"; "" for the whole file.
        what: What to do. Never repeats a value: it may be a secret in the wrong place.
    """

    place: Place
    path: str
    what: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.place), self.path, self.what) if part)


class BadSettings(ValueError):
    """Raised for a file that must be corrected before it can be used; the message lists every mistake, one a line."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(str(each) for each in self.mistakes))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return what to write instead of an unknown word: 'did you mean "fields"?', else the words there are."""
    names = sorted(set(known))
    close = difflib.get_close_matches(word[:60], names, n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else f"known here: {', '.join(names) or 'nothing'}"
