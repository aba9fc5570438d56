"""What may be wrong once the chaos is over."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong."""

    LOST = "LOST"
    DOUBLED = "DOUBLED"
    LOOPS = "LOOPS"
    DIVERGED = "DIVERGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not agree.

    Fields:
        check: The comparison that found it: "comments".
        loss: Whose; None when it is of none.
    """

    kind: Kind
    check: str
    what: str
    loss: int | None = None
