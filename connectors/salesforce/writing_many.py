"""Writing to many Cases at once, for incidents: 200 a call, each Case with its comment or not at all, each once.

A call is one composite request of two collections, the Cases and their comments, all or nothing. When some Cases are
refused, everything is rolled back; those are reported, and the others are sent again without them. What stands between
the look for our mark and the write is not seen here (collections take no condition): let one job at a time write them.

POST /services/data/vXX.X/composite with PATCH and POST …/composite/sobjects, 200 records each.
https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-allornone.html
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.contract import AccessRefused, TicketUpdate, TryLater, UnexpectedReply
from connectors.salesforce.calls import Calls, SubAnswer, Subrequest
from connectors.salesforce.comments import marks_by_parent
from connectors.salesforce.polling import rows_of
from connectors.salesforce.refusals import NoSuchRecord, VendorError, WireError, errors_in, part_meaning, vendor_error
from connectors.salesforce.refused_fields import case_refusal, only_rolled_back
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.soql import case_stamps, internal_comments_on
from connectors.salesforce.whole import all_rows
from connectors.salesforce.writing import Looked, case_values, comment_values, looked_at, refuse_impossible

CASES_A_CALL = 200
MOST_ROUNDS = 5
MOST_COMMENTS = 100_000
_FAILED = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one update.

    Fields:
        update: Which.
        written: True when written now, False when its mark was there already or it failed.
        error: Why it failed: one of the three errors; None when all is well.
    """

    update: TicketUpdate
    written: bool
    error: Exception | None = None


class _WireResult(msgspec.Struct):
    success: bool = False
    errors: list[WireError] = []


class _WireId(msgspec.Struct):
    Id: str


_RESULTS = msgspec.json.Decoder(list[_WireResult])
_ID = msgspec.json.Decoder(_WireId)


def write_many(calls: Calls, settings: SalesforceSettings, updates: tuple[TicketUpdate, ...]) -> tuple[Outcome, ...]:
    """Return what became of each update, in their order; raises nothing of an update's own."""
    outcomes: dict[int, Outcome] = {}
    for chunk in _chunks(updates):
        try:
            outcomes |= _write(calls, settings, {number: updates[number] for number in chunk})
        except (TryLater, AccessRefused, UnexpectedReply) as error:
            left = [number for number in chunk if number not in outcomes]
            outcomes |= {number: Outcome(update=updates[number], written=False, error=error) for number in left}
    return tuple(outcomes[number] for number in range(len(updates)))


def _chunks(updates: tuple[TicketUpdate, ...]) -> Iterator[list[int]]:
    """Yield the numbers of updates, 200 at most and none of one Case twice, in their order."""
    left = list(range(len(updates)))
    while left:
        chunk: dict[str, int] = {}
        for number in left:
            if len(chunk) < CASES_A_CALL:
                chunk.setdefault(updates[number].ref.key, number)
        taken = set(chunk.values())
        left = [number for number in left if number not in taken]
        yield sorted(taken)


def _write(calls: Calls, settings: SalesforceSettings, updates: dict[int, TicketUpdate]) -> dict[int, Outcome]:
    """Return what became of each update of one chunk; raises the three errors when nothing of it was written."""
    looked = _look(calls, settings, updates.values())
    decided = {number: _decided(settings, update, looked.get(update.ref.key)) for number, update in updates.items()}
    outcomes = {number: outcome for number, outcome in decided.items() if outcome is not None}
    for _ in range(MOST_ROUNDS):
        left = {number: update for number, update in updates.items() if number not in outcomes}
        if not left:
            return outcomes
        outcomes |= _send(calls, settings, left)
    later = TryLater("other Cases of the same call were refused, again and again", wait_seconds=2.0)
    left = {number: update for number, update in updates.items() if number not in outcomes}
    return outcomes | {number: Outcome(update=each, written=False, error=later) for number, each in left.items()}


def _decided(settings: SalesforceSettings, update: TicketUpdate, found: Looked | None) -> Outcome | None:
    """Return what became of an update that needs no call; None when it is to be written."""
    try:
        refuse_impossible(settings, update)
    except UnexpectedReply as error:
        return Outcome(update=update, written=False, error=error)
    if found is None or found.gone:
        why = found.gone if found else "the Case is gone for good or hidden from us"
        gone = UnexpectedReply(f"{update.ref}: {why} and takes no more writes")
        return Outcome(update=update, written=False, error=gone)
    return Outcome(update=update, written=False) if update.mark in found.marks else None


def _send(calls: Calls, settings: SalesforceSettings, updates: dict[int, TicketUpdate]) -> dict[int, Outcome]:
    """Send these at once: return all as written, or those that were refused; nothing was written then."""
    noted = {number: update for number, update in updates.items() if update.note is not None}
    cases = [{"attributes": {"type": "Case"}, "id": u.ref.key, **case_values(settings, u)} for u in updates.values()]
    comments = [{"attributes": {"type": "CaseComment"}, **comment_values(update)} for update in noted.values()]
    parts = [_collection(settings, "cases", "PATCH", cases)]
    if comments:
        parts.append(_collection(settings, "comments", "POST", comments))
    try:
        answers = calls.write(tuple(parts), asked=f"{len(updates)} cases at once")
    except (TryLater, AccessRefused, UnexpectedReply) as error:
        return {number: Outcome(update=update, written=False, error=error) for number, update in updates.items()}
    refused: dict[int, Outcome] = {}
    for number, errors in _refusals(answers["cases"], list(updates)):
        why = _known(case_refusal(updates[number], settings, errors, status=_FAILED))
        refused[number] = Outcome(update=updates[number], written=False, error=why)
    for number, errors in _refusals(answers["comments"], list(noted)) if comments else ():
        why = _known(part_meaning(_FAILED, errors, f"comment on {updates[number].ref}"))
        refused.setdefault(number, Outcome(update=updates[number], written=False, error=why))
    if refused:
        return refused
    if any(answer.httpStatusCode >= _FAILED for answer in answers.values()):
        raise UnexpectedReply("many cases at once: rolled back, and the answer does not say why")
    return {number: Outcome(update=update, written=True) for number, update in updates.items()}


def _collection(settings: SalesforceSettings, name: str, method: str, records: list[dict[str, Any]]) -> Subrequest:
    body = {"allOrNone": True, "records": records}
    return Subrequest(name=name, method=method, path=f"{settings.data_path}composite/sobjects", body=body)


def _refusals(answer: SubAnswer, numbers: list[int]) -> Iterator[tuple[int, tuple[VendorError, ...]]]:
    """Yield the number and errors of each record that was refused for a reason of its own."""
    body = bytes(answer.body)
    try:
        results = _RESULTS.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        results = []
    if answer.httpStatusCode >= _FAILED or len(results) != len(numbers):
        errors = errors_in(body)
        if answer.httpStatusCode >= _FAILED and only_rolled_back(errors):
            return
        raise _known(part_meaning(answer.httpStatusCode, errors, "many cases at once"))
    for number, result in zip(numbers, results, strict=True):
        errors = tuple(vendor_error(each) for each in result.errors)
        if not result.success and not only_rolled_back(errors):
            yield number, errors


def _known(error: Exception) -> Exception:
    """Return the error as one of the three."""
    if isinstance(error, TryLater | AccessRefused | UnexpectedReply):
        return error
    if isinstance(error, NoSuchRecord):
        return UnexpectedReply(f"{error}; the Case is deleted and takes no more writes")
    return UnexpectedReply(str(error))


def _look(calls: Calls, settings: SalesforceSettings, updates: Iterable[TicketUpdate]) -> dict[str, Looked]:
    """Return how each Case stands, by its key; those that are not there are left out."""
    keys = [update.ref.key for update in updates]
    parts = (
        Subrequest(name="cases", method="GET", path=calls.query_path(case_stamps(settings, keys))),
        Subrequest(name="comments", method="GET", path=calls.query_path(internal_comments_on(keys))),
    )
    asked = "many cases"
    answers, _ = calls.look(parts, asked=asked)
    cases = rows_of(answers["cases"], asked)
    if not cases.whole:
        raise TryLater(f"{asked}: the answer is held back", wait_seconds=1.0)
    comments = all_rows(
        calls,
        rows_of(answers["comments"], asked),
        lambda after: internal_comments_on(keys, after=after),
        asked=f"comments of {asked}",
        most=MOST_COMMENTS,
    )
    marks = marks_by_parent(comments)
    found: dict[str, Looked] = {}
    for record in cases.records:
        key = _ID.decode(record).Id
        found[key] = looked_at(settings, record, marks.get(key, frozenset()), asked=key)
    return found
