"""Polling for changes: one composite request asks for Cases, comments and posts that are new.

A comment need not change its Case's SystemModstamp (no page of the vendor's says that it does, and a Chatter post is
known not to), and a semi-join (`Id IN (SELECT ParentId FROM CaseComment …)`) cannot stand beside OR. So the comments
are watched themselves. A poll that finds nothing, or changed Cases only, is one call; one that finds comments on other
Cases asks for those Cases in one more.

POST /services/data/vXX.X/composite with up to 3 queries, 2,000 rows each.
https://developer.salesforce.com/docs/platform/salesforce-soql-sosl/guide/sforce-api-calls-soql-select-comparisonoperators.html
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from cases.ticket import Ticket
from connectors.contract import Page, UnexpectedReply
from connectors.salesforce.calls import Calls, SubAnswer, Subrequest
from connectors.salesforce.cursors import Polling, Stamped, Stream, advanced, is_known, packed, stream_from
from connectors.salesforce.reading import CaseReader, CasesRead, Rows, is_case_id, moment, read_rows
from connectors.salesforce.refusals import NoSuchRecord, errors_in, part_meaning
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.soql import Place, cases_after, cases_with, comments_after, posts_after
from connectors.wire_json import Unreadable

ROWS_WATCHED = 2000
CASES_A_QUERY = 500
MOST_QUERIES = 5
OK = 200


class _WireStamp(msgspec.Struct):
    Id: str
    SystemModstamp: str
    ParentId: str = ""
    stamp: datetime = msgspec.field(default=datetime.min, name="the stamp, decoded")  # noqa: DTZ901  # Set at once.


_STAMP = msgspec.json.Decoder(_WireStamp)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """A page of comments or posts: where the stream goes on, and those that were not known."""

    stream: Stream
    news: tuple[_WireStamp, ...]
    ended: bool


def poll(calls: Calls, settings: SalesforceSettings, reader: CaseReader, state: Polling) -> Page:
    """Return the next page of changes; raises the three errors."""
    calls.allowance.check()
    rows, told_at = _asked(calls, settings, state)
    overlap = timedelta(seconds=settings.overlap_seconds)
    read = reader.read(rows["cases"].records)
    ended = _is_last(rows["cases"], settings.page_size)
    places = tuple(
        Stamped(place=Place(stamp=ticket.updated_at, id=ticket.ref.key), record=raw)
        for ticket, raw in zip(read.tickets, read.raw, strict=True)
    )
    _refuse_standstill(rows["cases"], places, ended=ended)
    cases = advanced(state.cases, places, ended=ended, told_at=told_at, overlap=overlap)
    read = _without_known(state.cases, read)
    watched: dict[str, _Watched] = {}
    for name, stream in (("comments", state.comments), ("posts", state.posts)):
        if name in rows and stream is not None:
            watched[name] = _watched(stream, rows[name], told_at=told_at, overlap=overlap)
    touched = _touched(watched)
    more = _fetch(calls, settings, reader, sorted(touched.keys() - {ticket.ref.key for ticket in read.tickets}))
    begins = stream_from((told_at or state.cases.place.stamp) - overlap)
    after = Polling(
        cases=cases,
        comments=watched["comments"].stream if "comments" in watched else begins,
        posts=None if not settings.read_feed else watched["posts"].stream if "posts" in watched else begins,
    )
    merged = _stamped_by_comments(_joined(read, more), touched)
    return Page(
        tickets=merged.tickets,
        raw=merged.raw,
        unreadable=merged.unreadable,
        cursor=packed(after),
        complete=ended and all(page.ended for page in watched.values()),
    )


def _asked(calls: Calls, settings: SalesforceSettings, state: Polling) -> tuple[dict[str, Rows], datetime | None]:
    """Return the rows of each stream that is watched already, and the vendor's clock."""
    queries = {"cases": cases_after(settings, state.cases.place)}
    if state.comments is not None:
        queries["comments"] = comments_after(state.comments.place, most=ROWS_WATCHED)
    if settings.read_feed and state.posts is not None:
        queries["posts"] = posts_after(state.posts.place, most=ROWS_WATCHED)
    parts = tuple(Subrequest(name=name, method="GET", path=calls.query_path(soql)) for name, soql in queries.items())
    answers, told_at = calls.look(parts, asked="changed cases")
    return {name: rows_of(answer, f"changed {name}") for name, answer in answers.items()}, told_at


def rows_of(answer: SubAnswer, asked: str) -> Rows:
    """Return the rows of a query within a composite; raises the three errors."""
    if answer.httpStatusCode != OK:
        error = part_meaning(answer.httpStatusCode, errors_in(bytes(answer.body)), asked)
        raise UnexpectedReply(str(error)) if isinstance(error, NoSuchRecord) else error
    return read_rows(bytes(answer.body), asked)


def _is_last(rows: Rows, most: int) -> bool:
    return rows.whole and len(rows.records) < most


def _refuse_standstill(rows: Rows, places: tuple[Stamped, ...], *, ended: bool) -> None:
    if rows.records and not places and not ended:
        raise UnexpectedReply("changes: no record of a whole page can be understood")


def _without_known(stream: Stream, read: CasesRead) -> CasesRead:
    """Return what the last round did not read."""
    if not stream.seen:
        return read
    news = [pair for pair in zip(read.tickets, read.raw, strict=True) if not is_known(stream, pair[1])]
    return replace(read, tickets=tuple(ticket for ticket, _ in news), raw=tuple(raw for _, raw in news))


def _watched(stream: Stream, rows: Rows, *, told_at: datetime | None, overlap: timedelta) -> _Watched:
    stamped = [(wire, record) for record in rows.records if (wire := _stamped(record)) is not None]
    page = tuple(Stamped(place=Place(stamp=wire.stamp, id=wire.Id), record=record) for wire, record in stamped)
    ended = _is_last(rows, ROWS_WATCHED)
    _refuse_standstill(rows, page, ended=ended)
    return _Watched(
        stream=advanced(stream, page, ended=ended, told_at=told_at, overlap=overlap),
        news=tuple(wire for wire, record in stamped if not is_known(stream, record)),
        ended=ended,
    )


def _stamped(record: bytes) -> _WireStamp | None:
    """Return the record's place; None when it cannot be understood."""
    try:
        wire = _STAMP.decode(record)
        wire.stamp = moment(wire.SystemModstamp, "SystemModstamp")
    except (msgspec.MsgspecError, UnicodeDecodeError, Unreadable):
        return None
    return wire


def _touched(watched: dict[str, _Watched]) -> dict[str, datetime]:
    """Return the Cases with new comments or posts, and when the newest of them was stamped."""
    found: dict[str, datetime] = {}
    for page in watched.values():
        for wire in page.news:
            if is_case_id(wire.ParentId):
                found[wire.ParentId] = max(wire.stamp, found.get(wire.ParentId, wire.stamp))
    return found


def _fetch(calls: Calls, settings: SalesforceSettings, reader: CaseReader, keys: list[str]) -> CasesRead:
    """Return these Cases, in as few calls as can be."""
    records: list[bytes] = []
    chunks = [keys[at : at + CASES_A_QUERY] for at in range(0, len(keys), CASES_A_QUERY)]
    for at in range(0, len(chunks), MOST_QUERIES):
        parts = tuple(
            Subrequest(name=f"cases{number}", method="GET", path=calls.query_path(cases_with(settings, chunk)))
            for number, chunk in enumerate(chunks[at : at + MOST_QUERIES])
        )
        answers, _ = calls.look(parts, asked="cases with new comments")
        for part in parts:
            records.extend(rows_of(answers[part.name], "cases with new comments").records)
    return reader.read(records)


def _joined(first: CasesRead, second: CasesRead) -> CasesRead:
    return CasesRead(
        tickets=first.tickets + second.tickets,
        raw=first.raw + second.raw,
        unreadable=first.unreadable + second.unreadable,
    )


def _stamped_by_comments(read: CasesRead, touched: dict[str, datetime]) -> CasesRead:
    """Return the tickets, oldest change first; a new comment is a change of its ticket."""

    def changed(ticket: Ticket) -> Ticket:
        stamp = touched.get(ticket.ref.key)
        return replace(ticket, updated_at=stamp) if stamp is not None and stamp > ticket.updated_at else ticket

    if not touched:
        return read
    pairs = sorted(
        ((changed(ticket), raw) for ticket, raw in zip(read.tickets, read.raw, strict=True)),
        key=lambda pair: (pair[0].updated_at, pair[0].ref.key),
    )
    return replace(read, tickets=tuple(ticket for ticket, _ in pairs), raw=tuple(raw for _, raw in pairs))
