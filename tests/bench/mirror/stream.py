"""Every record of one system in the order it last changed: made from its place, never kept."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

#: 2025-01-01T00:00:00Z, where every account begins.
START = 1_735_689_600
#: All records of a fresh account changed within so many seconds, evenly.
SPAN_SECONDS = 300 * 86_400


@dataclass(frozen=True, slots=True)
class Change:
    """A record as it stood after one change. version: 0 as created; stamp: UTC seconds, no two records share one."""

    number: int
    version: int
    stamp: int


@dataclass(slots=True, kw_only=True)
class Stream:
    """The records of one system. size: How many there are; changes: how many changed after that, one a second."""

    size: int
    changes: int = 0

    def __len__(self) -> int:
        return self.size + self.changes

    @property
    def step_seconds(self) -> int:
        """Seconds between two records as created."""
        return max(1, SPAN_SECONDS // self.size)

    @property
    def end(self) -> int:
        """The stamp of the last record as created."""
        return START + self.step_seconds * self.size

    def at(self, place: int) -> Change:
        """Return what stands at a place, 0 the oldest."""
        if place < self.size:
            return Change(place + 1, 0, START + self.step_seconds * (place + 1))
        change = place - self.size + 1
        return Change(1 + change * 7_919 % self.size, change, self.end + change)

    def between(self, first: int, last: int) -> Iterator[Change]:
        """Return what stands at the places from `first` up to before `last`, oldest first."""
        return map(self.at, range(max(0, first), min(last, len(self))))

    def first_after(self, stamp: float) -> int:
        """Return the first place that changed after a moment, UTC seconds; the length when none did."""
        if stamp < self.end:
            return max(0, int((stamp - START) // self.step_seconds))
        return min(len(self), self.size + int(stamp - self.end))

    def first_from(self, stamp: float) -> int:
        """Return the first place that changed at a moment or after it."""
        return self.first_after(stamp - 1)


def utc(stamp: int, *, ending: bytes = b"Z") -> bytes:
    """Return UTC seconds as b"2025-01-01T00:00:00" and what ends it."""
    day, second = divmod(stamp, 86_400)
    begun = _DAYS.get(day)
    if begun is None:
        begun = _DAYS[day] = time.strftime("%Y-%m-%dT", time.gmtime(stamp)).encode()
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    return b"%b%02d:%02d:%02d%b" % (begun, hour, minute, second, ending)


_DAYS: dict[int, bytes] = {}
