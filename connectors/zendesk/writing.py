"""Writing to one ticket: an internal note, fields and tags in one call, once.

PUT /api/v2/tickets/{id}, 100 a minute for the account and 30 in 10 minutes for one ticket.
Each try is: read the ticket (its stamp), look through its audits for our mark, write under that stamp
(`safe_update`, `updated_stamp`). In this order nothing can slip between: a lost write of ours that is carried out after
we looked has moved the stamp, and ours is refused with 409 UpdateConflict; the next try finds the mark.

Surprises:
- Stamps have whole seconds: what others change within the second of the stamp is not seen.
- Zendesk documents `additional_tags` and `remove_tags` for update_many only, an asynchronous job; on one ticket they
  are reported to do nothing. So all tags are sent, worked out from the ticket just read, guarded by the stamp.
- Only the custom fields that are sent change; None clears one.
- A closed ticket takes nothing more (422 RecordInvalid), a deleted one is 404.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-ticket
https://developer.zendesk.com/documentation/ticketing/managing-tickets/adding-tags-to-tickets-without-overwriting-existing-tags/
"""

from collections.abc import Mapping
from typing import Any

from zenpy.lib.api_objects import Comment as ZenpyComment
from zenpy.lib.api_objects import Ticket as ZenpyTicket

from cases.ticket import Ticket, TicketRef, TicketStatus
from connectors.contract import FieldsMoved, FieldsRefused, TicketUpdate, TryLater, UnexpectedReply
from connectors.marks import is_valid, signed
from connectors.zendesk.calls import Calls
from connectors.zendesk.checks import fields_found
from connectors.zendesk.marks import mark_in_audit, metadata
from connectors.zendesk.reading import Account, read_audits, read_one, utc_text
from connectors.zendesk.refusals import NoSuchRecord, RecordInvalid, UpdateConflict

MOST_NOTE_CHARACTERS = 65_535
MOST_TRIES = 3
CONFLICT_WAIT_SECONDS = 2.0
AUDITS_A_PAGE = 100
MOST_WORDS = 200


def write(calls: Calls, account: Account, update: TicketUpdate, *, most_audits: int) -> bool:
    """Write once: True when written now, False when the mark was there already.

    Raises the three errors of the contract. UnexpectedReply: closed, deleted or merged away, a field that is not
    mapped, a note that is too long; nothing was written then. FieldsRefused: Zendesk does not take these values.
    FieldsMoved: a field in `seen` shows another value.
    """
    field_ids = {name: field_id for field_id, name in account.fields.items()}
    _refuse_impossible(update, field_ids)
    for _ in range(MOST_TRIES):
        ticket = _read_fresh(calls, account, update.ref)
        if update.mark in marks(calls, update.ref, most_audits=most_audits):
            return False
        if ticket.status in {TicketStatus.CLOSED, TicketStatus.DELETED}:
            raise UnexpectedReply(f"{update.ref}: the ticket is {ticket.status} and takes no more writes")
        moved = [name for name, value in update.seen if (ticket.field(name) or "") != value]
        if moved:
            raise FieldsMoved(f"{update.ref}: {', '.join(moved)} changed since it was read")
        try:
            calls.update_ticket(_wire_update(update, ticket, field_ids), asked=f"update of {update.ref}")
        except UpdateConflict:
            continue
        except RecordInvalid as error:
            raise _refused(calls, account, update, error) from None
        except NoSuchRecord:
            raise _gone(update.ref) from None
        return True
    raise TryLater(
        f"{update.ref}: changed {MOST_TRIES} times while we wrote", wait_seconds=CONFLICT_WAIT_SECONDS, done=False
    )


def marks(calls: Calls, ref: TicketRef, *, most_audits: int) -> frozenset[str]:
    """Return every mark of ours on the ticket; raises the three errors.

    A ticket with more audits than `most_audits` raises UnexpectedReply: a mark may hide behind them.
    """
    found: set[str] = set()
    asked = f"audits of {ref}"
    query: Mapping[str, str | int] | None = {"page[size]": AUDITS_A_PAGE}
    following: str | None = f"/api/v2/tickets/{ref.key}/audits.json"
    for _ in range(-(-most_audits // AUDITS_A_PAGE)):
        try:
            audits, following = read_audits(calls.get(str(following), asked=asked, query=query))
        except NoSuchRecord:
            raise _gone(ref) from None
        found.update(mark for audit in audits if (mark := mark_in_audit(audit)) is not None)
        query = None
        if following is None:
            return frozenset(found)
    raise UnexpectedReply(f"{asked}: more than {most_audits}")


def _refuse_impossible(update: TicketUpdate, field_ids: Mapping[str, int]) -> None:
    ref = update.ref
    unmapped = sorted(name for name, _ in update.fields if name not in field_ids)
    if unmapped:
        raise UnexpectedReply(f"{ref}: {', '.join(unmapped)}: no field id is configured; nothing was written")
    if not is_valid(update.mark):
        raise UnexpectedReply(f"{ref}: {update.mark!r} cannot be a mark; nothing was written")
    if update.note is not None and len(signed(update.note, update.mark)) > MOST_NOTE_CHARACTERS:
        raise UnexpectedReply(f"{ref}: the note is longer than {MOST_NOTE_CHARACTERS} characters; nothing was written")
    if update.note is None and not (update.fields or update.add_tags or update.remove_tags):
        raise UnexpectedReply(f"{ref}: there is nothing to write")


def _read_fresh(calls: Calls, account: Account, ref: TicketRef) -> Ticket:
    try:
        return read_one(calls.get(f"/api/v2/tickets/{ref.key}.json", asked=f"{ref}"), account)[0]
    except NoSuchRecord:
        raise _gone(ref) from None


def _wire_update(update: TicketUpdate, ticket: Ticket, field_ids: Mapping[str, int]) -> ZenpyTicket:
    """Return the update as zenpy sends it: a fresh object, holding nothing but what is to change."""
    changes: dict[str, Any] = {}
    if update.note is not None:
        changes["comment"] = ZenpyComment(body=signed(update.note, update.mark), public=False)
    if update.fields:
        changes["custom_fields"] = [{"id": field_ids[name], "value": value or None} for name, value in update.fields]
    tags = _tags(update, ticket)
    if tags != list(ticket.tags):
        changes["tags"] = tags
    return ZenpyTicket(
        id=int(ticket.ref.key),
        metadata=metadata(update.mark),
        safe_update=True,
        updated_stamp=utc_text(ticket.updated_at),
        **changes,
    )


def _tags(update: TicketUpdate, ticket: Ticket) -> list[str]:
    """Return all tags as they shall be, in the vendor's order, new ones last."""
    kept = [tag for tag in ticket.tags if tag not in update.remove_tags]
    return list(dict.fromkeys([*kept, *update.add_tags]))


def _refused(calls: Calls, account: Account, update: TicketUpdate, error: RecordInvalid) -> UnexpectedReply:
    """Return which of our fields a 422 is about: by its id where it is said, else by the title its words begin with."""
    sent = {name for name, _ in update.fields}
    if not sent:
        return error
    fields = [each for each in fields_found(calls, account) if each.name in sent]
    refused = {
        each.name: words[:MOST_WORDS]
        for key, words in error.details
        for each in fields
        if each.name and (key == each.id or words.startswith(f"{each.title}:"))
    }
    return FieldsRefused(str(error), fields=tuple(sorted(refused.items()))) if refused else error


def _gone(ref: TicketRef) -> UnexpectedReply:
    return UnexpectedReply(f"{ref}: the ticket is deleted or was never there, and takes no more writes")
