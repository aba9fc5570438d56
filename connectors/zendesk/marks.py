"""Our mark on what we write: how a write whose answer was lost is found again, and our own echo is known.

Zendesk offers no idempotency key for updates. What it does offer is audit metadata: `ticket.metadata` of an update is
kept in that update's audit under `metadata.custom`, written in the same transaction, unseen by customers, set only by
agents' API calls and never changed afterwards. So the audit is where a mark is looked for. An internal note also ends
with a line that names the mark: for people, and for accounts that drop the metadata. A mark in a public comment counts
for nothing, because a customer can write one.

https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/#setting-metadata
"""

import re
from collections.abc import Mapping
from typing import Any

from cases.ticket import Ticket

ORIGIN = "makewhole"
_LINE = re.compile(r"\[makewhole ([!-Z\\^-~]{1,200})\]")


def metadata(mark: str) -> dict[str, dict[str, str]]:
    """Return what to send as `ticket.metadata` with an update."""
    return {ORIGIN: {"mark": mark}}


def signed(note: str, mark: str) -> str:
    """Return the note with the mark as its last line."""
    return f"{note.rstrip()}\n\n[{ORIGIN} {mark}]"


def is_valid(mark: str) -> bool:
    """Whether the mark can be found again once written: 1 to 200 printable ASCII characters, no blanks or brackets."""
    return mark_in_note(signed("", mark)) == mark


def mark_in_note(body: str) -> str | None:
    """Return the mark in the last line of an internal note; None when it has none."""
    lines = body.rstrip().rsplit("\n", 1)
    found = _LINE.fullmatch(lines[-1].strip())
    return found[1] if found else None


def mark_in_audit(audit: Mapping[str, Any]) -> str | None:
    """Return the mark of the update that this audit records; None when the update was not ours.

    audit: As the vendor sends it, whatever its shape.
    """
    custom = _at(_at(audit, "metadata"), "custom")
    mark = _at(_at(custom, ORIGIN), "mark")
    if isinstance(mark, str):
        return mark
    events = _at(audit, "events")
    for event in events if isinstance(events, list) else []:
        body = _at(event, "body")
        if _at(event, "type") == "Comment" and _at(event, "public") is False and isinstance(body, str):
            found = mark_in_note(body)
            if found is not None:
                return found
    return None


def is_our_echo(ticket: Ticket) -> bool:
    """Whether our own note is the last thing that happened to a ticket read with its comments.

    True when the newest comment is an internal one with our mark, written in the second of the ticket's last change.
    Somebody else's change in that very second is not told apart, and a write without a note is not seen: compare what
    the ticket says as well. `mark_in_audit` is exact.
    """
    if not ticket.comments:
        return False
    last = ticket.comments[-1]
    return not last.public and mark_in_note(last.body) is not None and last.written_at == ticket.updated_at


def _at(record: object, name: str) -> object:
    return record.get(name) if isinstance(record, Mapping) else None
