"""The search index: issues as search knows them, with the order of their last change for quick polls."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from datetime import datetime

from sandbox.jira.records import Issue


class Index:
    """Issue versions by id. `version` grows with each change: an order worked out at one version holds for it."""

    def __init__(self) -> None:
        self.issues: dict[int, Issue] = {}
        self.version = 0
        self._by_change: list[tuple[datetime, int]] = []
        self._unsorted = False

    def keep(self, issue: Issue) -> None:
        """Insert or replace an issue."""
        before = self.issues.get(issue.id)
        if before is not None:
            self._forget_change(before)
        self.issues[issue.id] = issue
        entry = (issue.updated_at, issue.id)
        if self._unsorted or not self._by_change or self._by_change[-1] < entry:
            self._by_change.append(entry)
        elif len(self.issues) < 1_000:  # noqa: PLR2004  # Small enough to keep sorted.
            insort(self._by_change, entry)
        else:
            self._by_change.append(entry)
            self._unsorted = True
        self.version += 1

    def drop(self, issue_id: int) -> None:
        """Remove an issue, if it is there."""
        before = self.issues.pop(issue_id, None)
        if before is not None:
            self._forget_change(before)
            self.version += 1

    def changed_since(self, moment: datetime | None) -> Iterable[Issue]:
        """Return the issues changed at or after a moment, oldest change first; all when it is None."""
        self._sort()
        start = 0 if moment is None else bisect_left(self._by_change, (moment, -1))
        return [self.issues[issue_id] for _, issue_id in self._by_change[start:]]

    def _forget_change(self, before: Issue) -> None:
        self._sort()
        place = bisect_left(self._by_change, (before.updated_at, before.id))
        del self._by_change[place]

    def _sort(self) -> None:
        if self._unsorted:
            self._by_change.sort()
            self._unsorted = False
