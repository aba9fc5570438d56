"""Writing to one Case: fields, our mark and an internal comment in one composite request, all or nothing, once.

Each try is: look at the Case and its internal comments for our mark (one call), then write under the condition that
the Case was not modified since. In this order nothing can slip between: a lost write of ours that is carried out after
we looked has modified the Case, and ours is refused with 412; the next try finds the mark.

Surprises:
- The condition is an HTTP date, to the second: what changes within the second of the Case's last change is not seen.
- "@{…}" in any text of a composite request is taken for a reference to another part of it.
- Our mark's field holds the last mark only; older ones stand in the comments. An update without a note leaves none
  there, so sent again after a later update it is written again: the same values.
- A closed Case takes writes like any other; one that is deleted, or merged into another, takes none.

POST /services/data/vXX.X/composite
https://developer.salesforce.com/docs/platform/api-rest/guide/intro-rest-conditional-requests.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import msgspec

from cases.ticket import TicketRef
from connectors.contract import FieldsMoved, TicketUpdate, TryLater, UnexpectedReply
from connectors.marks import is_valid
from connectors.salesforce.calls import Calls, SubAnswer, Subrequest
from connectors.salesforce.comments import marks_in, read_comments
from connectors.salesforce.notes import comment_body, plain
from connectors.salesforce.polling import rows_of
from connectors.salesforce.reading import field_text, moment
from connectors.salesforce.refusals import NoSuchRecord, UpdateConflict, errors_in, part_meaning
from connectors.salesforce.refused_fields import STATE, STATUS, CaseRefused, case_refusal, only_rolled_back
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.soql import case_stamps, internal_comments_of
from connectors.salesforce.whole import all_rows
from connectors.wire_json import Unreadable

MOST_TRIES = 3
CONFLICT_WAIT_SECONDS = 2.0
MOST_MARK = 80
_FAILED = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A Case before a write.

    Fields:
        modified_at: Aware.
        marks: Those of ours that can be found.
        gone: What became of it when it takes no writes; "" when it does.
        values: Our name and the text of each field that was asked for; "" for an empty one.
    """

    modified_at: datetime
    marks: frozenset[str]
    gone: str
    values: Mapping[str, str]


def write(calls: Calls, settings: SalesforceSettings, update: TicketUpdate) -> bool:
    """Write once: True when written now, False when the mark was there already.

    Raises the three errors of the contract. UnexpectedReply: deleted or merged away, a field that is not mapped.
    FieldsRefused: Salesforce does not take these values. FieldsMoved: a field in `seen` shows another value. Nothing
    was written then.
    """
    refuse_impossible(settings, update)
    for _ in range(MOST_TRIES):
        looked = look(calls, settings, update.ref, seen=tuple(name for name, _ in update.seen))
        if update.mark in looked.marks:
            return False
        if looked.gone:
            raise UnexpectedReply(f"{update.ref}: {looked.gone} and takes no more writes")
        moved = [name for name, value in update.seen if looked.values.get(name, "") != value]
        if moved:
            raise FieldsMoved(f"{update.ref}: {', '.join(moved)} changed since it was read")
        try:
            _send(calls, settings, update, looked)
        except UpdateConflict:
            continue
        return True
    raise TryLater(
        f"{update.ref}: changed {MOST_TRIES} times while we wrote", wait_seconds=CONFLICT_WAIT_SECONDS, done=False
    )


def marks(calls: Calls, settings: SalesforceSettings, ref: TicketRef) -> frozenset[str]:
    """Return every mark of ours on the Case that can be found; raises the three errors."""
    return look(calls, settings, ref).marks


def look(calls: Calls, settings: SalesforceSettings, ref: TicketRef, *, seen: tuple[str, ...] = ()) -> Looked:
    """Return how the Case stands before a write, with the values of the fields in `seen`; raises the three errors."""
    # Only these: a mapped field that is not there would refuse the whole query, and with it the note.
    columns = [theirs for name, theirs in settings.fields if name in seen]
    parts = (
        Subrequest(name="case", method="GET", path=calls.query_path(case_stamps(settings, (ref.key,), fields=columns))),
        Subrequest(name="comments", method="GET", path=calls.query_path(internal_comments_of(ref.key))),
    )
    answers, _ = calls.look(parts, asked=f"{ref}")
    cases = rows_of(answers["case"], f"{ref}")
    if not cases.records and not cases.whole:
        raise TryLater(f"{ref}: the answer is held back", wait_seconds=1.0)
    if not cases.records:
        raise UnexpectedReply(f"{ref}: the Case is gone for good or hidden from us, and takes no more writes")
    asked = f"comments of {ref}"
    comments = all_rows(
        calls,
        rows_of(answers["comments"], asked),
        lambda after: internal_comments_of(ref.key, after=after),
        asked=asked,
        most=settings.most_comments,
    )
    return looked_at(settings, cases.records[0], marks_in(read_comments(comments).comments), asked=f"{ref}")


class WireStamps(msgspec.Struct):
    """What a write needs to know of a Case."""

    Id: str
    LastModifiedDate: str
    SystemModstamp: str
    IsDeleted: bool = False
    MasterRecordId: str | None = None


_STAMPS = msgspec.json.Decoder(WireStamps)


def looked_at(settings: SalesforceSettings, record: bytes, found: frozenset[str], *, asked: str) -> Looked:
    """Return how a Case stands, given its record and the marks in its comments; raises UnexpectedReply."""
    try:
        wire = _STAMPS.decode(record)
        columns = msgspec.json.decode(record, type=dict[str, msgspec.Raw])
        ours = msgspec.json.decode(bytes(columns.get(settings.mark_field, b"null")), type=str | None)
        values = {name: field_text(columns[theirs], theirs) for name, theirs in settings.fields if theirs in columns}
        modified_at = max(
            moment(wire.LastModifiedDate, "LastModifiedDate"), moment(wire.SystemModstamp, "SystemModstamp")
        )
    except (msgspec.MsgspecError, UnicodeDecodeError, Unreadable):
        raise UnexpectedReply(f"{asked}: the answer holds no stamps") from None
    gone = ""
    if wire.IsDeleted:
        gone = f"the Case was merged into {wire.MasterRecordId}" if wire.MasterRecordId else "the Case is deleted"
    marked = found | ({ours} if ours else frozenset())
    return Looked(modified_at=modified_at, marks=marked, gone=gone, values=values)


def refuse_impossible(settings: SalesforceSettings, update: TicketUpdate) -> None:
    """Raise UnexpectedReply for an update that cannot be written; nothing is called."""
    ref, names = update.ref, {name for name, _ in settings.fields} | ({STATE} if settings.transitions else set())
    unmapped = sorted(name for name, _ in update.fields if name not in names)
    if unmapped:
        raise UnexpectedReply(f"{ref}: {', '.join(unmapped)}: no field is configured; nothing was written")
    if not is_valid(update.mark) or len(update.mark) > MOST_MARK:
        raise UnexpectedReply(f"{ref}: {update.mark!r} cannot be a mark; nothing was written")
    if update.note is None and not update.fields:
        raise UnexpectedReply(f"{ref}: there is nothing to write; a Case has no tags")


def case_values(settings: SalesforceSettings, update: TicketUpdate, *, marked: bool = True) -> dict[str, Any]:
    """Return the fields of the Case as they are sent; an empty value clears a field."""
    theirs = dict(settings.fields)
    values: dict[str, Any] = {theirs[name]: plain(value) or None for name, value in update.fields if name in theirs}
    status = dict(settings.transitions).get(dict(update.fields).get(STATE, ""))
    if status is not None:
        values[STATUS] = status
    return values | ({settings.mark_field: update.mark} if marked else {})


def comment_values(update: TicketUpdate) -> dict[str, Any]:
    """Return the note as a comment that no customer sees."""
    body = comment_body(update.note or "", update.mark)
    return {"ParentId": update.ref.key, "CommentBody": body, "IsPublished": False}


def _send(calls: Calls, settings: SalesforceSettings, update: TicketUpdate, looked: Looked) -> None:
    """Write all of it or nothing; raises UpdateConflict too.

    When the Case itself takes no change, a note without fields is written on its own: its mark stands in it. So is a
    note with fields whose Case refuses nothing but our mark's field.
    """
    values = case_values(settings, update)
    try:
        _write(calls, settings, update, looked, values=values)
    except CaseRefused:
        if update.note is None:
            raise
        _write(calls, settings, update, looked, values=case_values(settings, update, marked=False))


def _write(
    calls: Calls, settings: SalesforceSettings, update: TicketUpdate, looked: Looked, *, values: Mapping[str, Any]
) -> None:
    parts: list[Subrequest] = []
    if values:
        unmodified = {"If-Unmodified-Since": http_date(looked.modified_at)}
        path = f"{settings.data_path}sobjects/Case/{update.ref.key}"
        parts.append(Subrequest(name="case", method="PATCH", path=path, body=values, headers=unmodified))
    if update.note is not None:
        path = f"{settings.data_path}sobjects/CaseComment"
        parts.append(Subrequest(name="comment", method="POST", path=path, body=comment_values(update)))
    answers = calls.write(tuple(parts), asked=f"update of {update.ref}")
    for part in parts:
        _refuse(settings, update, part.name, answers[part.name])
    if any(each.httpStatusCode >= _FAILED for each in answers.values()):
        raise UnexpectedReply(f"update of {update.ref}: rolled back, and the answer does not say why")


def _refuse(settings: SalesforceSettings, update: TicketUpdate, name: str, answer: SubAnswer) -> None:
    """Raise what a part's answer means, unless it is done or failed because another did."""
    status = answer.httpStatusCode
    errors = errors_in(bytes(answer.body)) if status >= _FAILED else ()
    if status < _FAILED or only_rolled_back(errors):
        return
    if name == "case":
        error = case_refusal(update, settings, errors, status=status)
    else:
        error = part_meaning(status, errors, f"comment on {update.ref}")
    if isinstance(error, NoSuchRecord):
        raise UnexpectedReply(f"{update.ref}: the Case is deleted and takes no more writes")
    raise error


def http_date(moment_: datetime) -> str:
    """Return the first whole second that is not before: "Mon, 02 Nov 2026 08:00:01 GMT"."""
    up = moment_ + timedelta(microseconds=-moment_.microsecond % 1_000_000)
    return format_datetime(up.astimezone(UTC), usegmt=True)
