"""Mistakes in a policy's text: where each stands and what to do about it."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

MOST_MISTAKES = 100


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A place in a policy file.

    Fields:
        file: "okb.yaml".
        line: From 1.
        column: From 1, in characters.
    """

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    @property
    def short(self) -> str:
        """File and line only: "okb.yaml:31"."""
        return f"{self.file}:{self.line}"

    def along(self, characters: int) -> "Place":
        """Return the place this many characters further on the same line."""
        return Place(file=self.file, line=self.line, column=self.column + characters)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mistake:
    """One mistake: its place and a sentence that says what to do."""

    place: Place
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


class Weight(StrEnum):
    """What a finding asks for."""

    FAULT = "fault"  # The version does not load.
    FINDING = "finding"  # It loads, and is released once the finding is mended, or waived with a reason.
    NOTE = "note"  # Worth a look; nothing is asked.


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """Something that is proven about the logic of a version, or of several together.

    Fields:
        place: Where to look.
        what: What is so, and what to do: "a claim with hours_late = 6.5 fits no line but the last: …".
        code: Which kind it is; stays the same when the text around it moves: "limit-never-binds".
        about: The line it is about, by its name: "per case".
        weight: What it asks for.
    """

    place: Place
    what: str
    code: str
    about: str
    weight: Weight

    def __str__(self) -> str:
        return f"{self.place}: {self.weight}: {self.what}"

    @property
    def key(self) -> str:
        """What a waiver names; the same as long as the kind and the line are: "limit-never-binds: per case"."""
        return f"{self.code}: {self.about}"

    @property
    def waivable(self) -> bool:
        """Whether a release needs it waived with a reason; faults cannot be, notes need not be."""
        return self.weight is Weight.FINDING

    @property
    def mistake(self) -> Mistake:
        """The same as a mistake, for faults."""
        return Mistake(place=self.place, what=self.what)


def fault(code: str, about: str, place: Place, what: str) -> Finding:
    """Return a finding that keeps the version from loading."""
    return Finding(place=place, what=what, code=code, about=about, weight=Weight.FAULT)


class BadPolicy(ValueError):
    """Raised for a policy that must be corrected before it can be used; the message lists every mistake, one a line."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(str(each) for each in self.mistakes))


class Mistakes:
    """Gathers the mistakes of one file, so that one reading names them all (the first hundred)."""

    def __init__(self) -> None:
        self.found: list[Mistake] = []
        #: Names whose own declaration is wrong: an expression that uses one is not blamed for it.
        self.broken: set[str] = set()

    def add(self, place: Place, what: str) -> None:
        """Note one more mistake; raises BadPolicy with all of them at the hundredth."""
        self.found.append(Mistake(place=place, what=what))
        if len(self.found) >= MOST_MISTAKES:
            raise BadPolicy(self.found)

    def stop_if_any(self) -> None:
        """Raise BadPolicy with everything found so far; do nothing when nothing was found."""
        if self.found:
            raise BadPolicy(self.found)


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """Return what to write instead of an unknown word: 'did you mean "fee"?', else the words there are.

    otherwise: What is said instead of those words.
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(word[:60], names, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{close[0]}"?'
    if otherwise:
        return otherwise
    shown = ", ".join(names[:30])
    return f"known here: {shown}" if names else "nothing is known here"
