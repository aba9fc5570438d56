"""The incremental export's order: every ticket by the second of its last change, then by id. Cursors point into it."""

import base64
import binascii
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass

from sandbox.zendesk.refusals import Refused, bad_parameter

Place = tuple[int, int]
"""(epoch second of the last change, ticket id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Ids of one page, oldest change first. after: Place of the last one; None = the page is empty."""

    ticket_ids: tuple[int, ...]
    after: Place | None
    end_of_stream: bool


class Timeline:
    """All tickets in export order; moving one costs a binary search and a shift."""

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._at: dict[int, int] = {}

    def move(self, ticket_id: int, *, at: int) -> None:
        """Put a ticket at the second of its last change, from wherever it was."""
        before = self._at.get(ticket_id)
        if before == at:
            return
        if before is not None:
            del self._places[bisect_left(self._places, (before, ticket_id))]
        self._at[ticket_id] = at
        if not self._places or self._places[-1] < (at, ticket_id):
            self._places.append((at, ticket_id))
        else:
            insort(self._places, (at, ticket_id))

    def after(self, place: Place, *, until: int, limit: int) -> Page:
        """Return the next `limit` tickets behind a place, changed before the second `until`."""
        first = bisect_right(self._places, place)
        end = max(first, bisect_left(self._places, (until, 0)))
        chosen = self._places[first : min(end, first + limit)]
        return Page(
            ticket_ids=tuple(ticket_id for _, ticket_id in chosen),
            after=chosen[-1] if chosen else None,
            end_of_stream=first + limit >= end,
        )


def read_cursor(cursor: str) -> Place:
    """Return the place a cursor points at; raises `Refused` (400) when it is none of ours."""
    try:
        decoded = base64.b64decode(cursor, validate=True).decode("ascii")
        moment, _, rest = decoded.partition("||")
        return int(float(moment)), int(rest.removesuffix("|"))
    except (binascii.Error, UnicodeDecodeError, ValueError, OverflowError):
        raise _bad_cursor() from None


def _bad_cursor() -> Refused:
    return bad_parameter("cursor", "Invalid cursor.")
