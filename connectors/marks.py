"""Our mark in what we write, as text: the last line of an internal note.

It is for people, for vendors that keep nothing unseen beside a comment, and to know our own echo. A mark counts only in
a comment that no customer can have written.
"""

import re

ORIGIN = "makewhole"
#: Stands in the mark of a comment that we brought from another ticket: "CASE-7/c/salesforce.harbor.00aAk".
COPY = "/c/"
_LINE = re.compile(r"\[makewhole ([!-Z\\^-~]{1,200})\]")


def signed(note: str, mark: str) -> str:
    """Return the note with the mark as its last line."""
    return f"{note.rstrip()}\n\n[{ORIGIN} {mark}]"


def is_valid(mark: str) -> bool:
    """Whether the mark can be found again once written: 1 to 200 printable ASCII characters, no blanks or brackets."""
    return mark_in_note(signed("", mark)) == mark


def mark_in_note(body: str) -> str | None:
    """Return the mark in the last line of a note; None when it has none."""
    lines = body.rstrip().rsplit("\n", 1)
    found = _LINE.fullmatch(lines[-1].strip())
    return found[1] if found else None
