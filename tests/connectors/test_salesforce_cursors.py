"""Where polling goes on: nothing that commits late is missed, and little is read twice."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Cursor, UnexpectedReply
from connectors.salesforce.cursors import (
    Fetching,
    Polling,
    Stamped,
    advanced,
    is_known,
    packed,
    stream_from,
    unpacked,
)
from connectors.salesforce.soql import Place

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
OVERLAP = timedelta(seconds=60)


@dataclass(frozen=True)
class Change:
    """A change of a record: stamped at one second, seen by others some seconds later."""

    record: int
    stamped: int
    seen: int


CHANGES = st.lists(
    st.builds(
        lambda record, stamped, late: Change(record, stamped, stamped + late),
        st.integers(0, 5),
        st.integers(0, 400),
        st.integers(0, 60),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(CHANGES, st.lists(st.integers(1, 40), min_size=1, max_size=40), st.integers(1, 4))
def test_the_last_state_of_every_record_is_read_however_late_it_commits(
    changes: list[Change], pauses: list[int], page_size: int
) -> None:
    stream = stream_from(NOON)
    read: dict[int, str] = {}
    clock = 0
    for pause in [*pauses, *([60] * 9), *([1] * 20)]:
        clock += pause
        state = unpacked(packed(Polling(cases=stream)))  # It survives being stored.
        assert isinstance(state, Polling)
        stream = state.cases
        rows = [row for row in _rows(changes, clock) if _is_after(row[0], stream.place)][:page_size]
        read |= {int(row[0].id): row[1] for row in rows if not is_known(stream, row[1].encode())}
        stream = advanced(
            stream,
            tuple(Stamped(place=place, record=text.encode()) for place, text in rows),
            ended=len(rows) < page_size,
            told_at=NOON + timedelta(seconds=clock),
            overlap=OVERLAP,
        )

    assert read == {int(place.id): text for place, text in _rows(changes, clock)}


def _rows(changes: list[Change], clock: int) -> list[tuple[Place, str]]:
    """Return how each record stands for others at this second, in the order of a query."""
    standing: dict[int, Change] = {}
    for change in sorted(changes, key=lambda each: each.seen):
        if change.seen <= clock:
            standing[change.record] = change
    found = [
        (Place(stamp=NOON + timedelta(seconds=each.stamped), id=str(record)), f"{record}@{each.stamped}+{each.seen}")
        for record, each in standing.items()
    ]
    return sorted(found, key=lambda row: (row[0].stamp, row[0].id))


def _is_after(place: Place, reached: Place) -> bool:
    return (place.stamp, place.id) > (reached.stamp, reached.id) if reached.id else place.stamp >= reached.stamp


def test_what_is_older_than_the_overlap_is_not_read_again() -> None:
    page = (Stamped(place=Place(stamp=NOON, id="1"), record=b"a"),)

    after = advanced(stream_from(NOON), page, ended=True, told_at=NOON + timedelta(minutes=5), overlap=OVERLAP)

    assert (after.place, after.seen) == (page[0].place, frozenset())


def test_what_is_younger_is_read_again_and_known() -> None:
    page = (Stamped(place=Place(stamp=NOON + timedelta(minutes=5), id="1"), record=b"a"),)

    after = advanced(
        stream_from(NOON), page, ended=True, told_at=NOON + timedelta(minutes=5, seconds=1), overlap=OVERLAP
    )

    assert after.place == Place(stamp=NOON + timedelta(minutes=4, seconds=1), id="")
    assert is_known(after, b"a")
    assert not is_known(after, b"b")


def test_a_cursor_survives_being_stored() -> None:
    job = Fetching(
        job_id="750Hr0000000001IAA", since=NOON, begun=NOON, locator="MTAwMDA", kinds=(("A__c", "double"),), tries=2
    )

    assert unpacked(packed(job)) == job


@pytest.mark.parametrize("text", ["", "[]", "1", "{}", '{"cases":{}}', '{"job":"x"}', '{"cases":{"at":"soon"}}'])
def test_somebody_elses_cursor_is_refused(text: str) -> None:
    with pytest.raises(UnexpectedReply, match="none of this connector's"):
        unpacked(Cursor(text))
