"""Our marks beside an issue: how a write whose answer was lost is found again.

Jira offers no idempotency key. What it does offer is issue properties, set by the same call that edits the issue and
unseen by people. Each case has one of its own ("makewhole.CASE-4711"), so two cases on one issue never overwrite each
other's; the writes of one case to one ticket come one after the other. It holds the last marks, and a move that is
still to be made.

https://developer.atlassian.com/cloud/jira/platform/jira-entity-properties/
"""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Any

from connectors.marks import ORIGIN

MOST_MARKS = 50
_CASE = re.compile(r"[A-Za-z0-9_-]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What we left beside an issue for one case.

    Fields:
        marks: Of our writes, the oldest first.
        move: (mark, transition) still to be made; None for none.
    """

    marks: tuple[str, ...] = ()
    move: tuple[str, str] | None = None

    def with_mark(self, mark: str, *, transition: str | None) -> "Left":
        """Return what stands there after one more write, which leaves a move to be made when it names a transition."""
        return Left(marks=(*self.marks, mark)[-MOST_MARKS:], move=None if transition is None else (mark, transition))

    def moved(self) -> "Left":
        """Return what stands there once the move is made."""
        return replace(self, move=None)

    def as_property(self, key: str) -> dict[str, Any]:
        """Return it as Jira takes it."""
        value: dict[str, Any] = {"marks": list(self.marks)}
        if self.move is not None:
            value["move"] = list(self.move)
        return {"key": key, "value": value}


def property_key(mark: str) -> str:
    """Return the key of the property that holds a mark: its case's."""
    case = mark.rpartition("/")[0] or mark
    return f"{ORIGIN}.{case if _CASE.fullmatch(case) else hashlib.sha256(case.encode()).hexdigest()[:32]}"


def left(said: object) -> Left:
    """Return what a property says; whatever is not as we write it counts as nothing."""
    if not isinstance(said, dict):
        return Left()
    marks, move = said.get("marks"), said.get("move")
    return Left(
        marks=tuple(mark for mark in marks if isinstance(mark, str)) if isinstance(marks, list) else (),
        move=(str(move[0]), str(move[1])) if isinstance(move, list) and len(move) == 2 else None,  # noqa: PLR2004
    )
