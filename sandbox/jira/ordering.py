"""The order of hits: by the fields of ORDER BY, and a place in it that a page token can name."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import total_ordering
from typing import Any

from sandbox.jira.jql_meaning import find_field
from sandbox.jira.jql_reading import Sort
from sandbox.jira.records import Issue
from sandbox.jira.site import Site
from sandbox.jira.wire import milliseconds

Place = list[Any]
"""What an issue is sorted by, as JSON can hold it; its id comes last, alone without ORDER BY."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All hits of a query in order: sort keys beside ids. sorts: The fields they are sorted by."""

    sorts: tuple[Sort, ...]
    keys: list[Any]
    ids: list[int]


NOTHING = Found(sorts=(), keys=[], ids=[])


@total_ordering
class _Down:
    """A value that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Down) and bool(self.value == other.value)

    def __lt__(self, other: "_Down") -> bool:
        return bool(other.value < self.value)

    __hash__ = None  # type: ignore[assignment]  # Never a key.


def in_order(site: Site, hits: Iterable[Issue], sorts: tuple[Sort, ...]) -> Found:
    """Return hits in the order asked for; without one the newest first."""
    place = _placing(site, sorts)
    key = _keying(sorts)
    entries = sorted((key(place(issue)), issue.id) for issue in hits)
    return Found(sorts=sorts, keys=[key for key, _ in entries], ids=[issue_id for _, issue_id in entries])


def place_of(site: Site, issue: Issue, sorts: tuple[Sort, ...]) -> Place:
    """Return the place of an issue in an order."""
    return _placing(site, sorts)(issue)


def count_up_to(found: Found, place: Place) -> int:
    """Return how many hits come up to a place, wherever its issue is now; none for a place of another order."""
    if len(place) != len(found.sorts) + 1:
        return 0
    return bisect_right(found.keys, _keying(found.sorts)(place))


def _placing(site: Site, sorts: tuple[Sort, ...]) -> Callable[[Issue], Place]:
    readers = [_reader(site, sort) for sort in sorts]
    return lambda issue: [*[read(issue) for read in readers], issue.id]


def _keying(sorts: tuple[Sort, ...]) -> Callable[[Place], tuple[Any, ...]]:
    """Return what sorts as the query says: empty last upwards and first downwards."""
    downs = [sort.descending is True for sort in sorts]
    id_down = not sorts or downs[0]

    def key(place: Place) -> tuple[Any, ...]:
        parts = [_part(value, down) for value, down in zip(place, downs, strict=False)]
        return (*parts, -place[-1] if id_down else place[-1])

    return key


def _part(value: Any, down: bool) -> tuple[bool, Any]:  # noqa: FBT001  # Half of a pair.
    if value is None:
        return not down, 0
    if isinstance(value, list):
        value = tuple(value)
    if not down:
        return False, value
    return True, -value if isinstance(value, (int, float)) else _Down(value)


def _reader(site: Site, sort: Sort) -> Callable[[Issue], Any]:
    known = find_field(site, sort.field)
    name = known.id if known else ""
    if known is not None and known.custom:
        return lambda issue: issue.custom.get(name)
    readers: Mapping[str, Callable[[Issue], Any]] = {
        "created": lambda issue: milliseconds(issue.created_at),
        "updated": lambda issue: milliseconds(issue.updated_at),
        "resolutiondate": lambda issue: milliseconds(issue.resolved_at) if issue.resolved_at else None,
        "issuekey": _key_parts,
        "priority": lambda issue: -int(issue.priority_id),
        "summary": lambda issue: issue.summary.lower(),
        "status": lambda issue: issue.status_id,
        "project": lambda issue: site.projects[issue.project_id].key,
        "assignee": lambda issue: issue.assignee_id,
        "reporter": lambda issue: issue.reporter_id,
        "issuetype": lambda issue: issue.type_id,
    }
    return readers.get(name, lambda _: None)


def _key_parts(issue: Issue) -> list[Any]:
    project, _, number = issue.key.rpartition("-")
    return [project, int(number)]
