"""What a client asks to change on a ticket, read and checked as the vendor checks it. Pure.

The REST API "is permissive": attributes and custom field ids it does not know are ignored and the rest is done
(Zendesk help article 4418443326106, "REST API gives 200 response but the request didn't work").
Values of a wrong type in known attributes are refused with 422; the exact descriptions have no independent evidence.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.zendesk.records import PRIORITIES, STATUSES, TYPES, FieldValue, TicketField
from sandbox.zendesk.refusals import Refused, invalid

MOST_COMMENT_CHARACTERS = 65_535
MOST_TEXT_FIELD_CHARACTERS = 65_535

_DECIMAL = re.compile(r"[-+]?[0-9]*[.,]?[0-9]+")
_MARKUP = re.compile(r"<[^>]+>")
_LINE_END = re.compile(r"<br\s*/?>|</p>|</div>|</li>|</h[1-6]>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewComment:
    """A comment to add. author_id: None = whoever is asking."""

    body: str
    html_body: str
    public: bool
    author_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """A checked request to change a ticket.

    attributes: New values of `Ticket` attributes, only those that were sent.
    tags: All tags anew; None = not sent. add_tags, remove_tags: On top of the tags there are.
    requester: {"name", "email"} of a requester to find or create; None = not sent.
    unless_changed_after: Stamp of a safe update; None = update whatever happened.
    metadata: Kept in the update's audit.
    """

    attributes: Mapping[str, Any] = field(default_factory=dict)
    custom_fields: Mapping[int, FieldValue] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    comment: NewComment | None = None
    requester: Mapping[str, str] | None = None
    unless_changed_after: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def read_changes(sent: Mapping[str, Any], fields: Mapping[int, TicketField]) -> Changes:
    """Return the changes a `ticket` object asks for; raises `Refused` (422) at the first bad value."""
    attributes = {name: read(name, sent[name]) for name, read in _ATTRIBUTES.items() if name in sent}
    comment = _comment(sent["comment"]) if sent.get("comment") is not None else None
    return Changes(
        attributes=attributes,
        custom_fields=_custom_fields(sent, fields),
        tags=_tags("tags", sent["tags"]) if sent.get("tags") is not None else None,
        add_tags=_tags("additional_tags", sent.get("additional_tags") or []),
        remove_tags=_tags("remove_tags", sent.get("remove_tags") or []),
        comment=comment,
        metadata=_metadata(sent.get("metadata")),
        requester=_requester(sent.get("requester")),
        unless_changed_after=_safe_stamp(sent),
    )


def html_of(body: str) -> str:
    """Return plain text as the vendor shows it in `html_body`."""
    paragraphs = html.escape(body).replace("\n", "<br>")
    return f'<div class="zd-comment" dir="auto"><p dir="auto">{paragraphs}</p></div>'


def text_of(html_body: str) -> str:
    """Return the plain text of an HTML comment."""
    return html.unescape(_MARKUP.sub("", _LINE_END.sub("\n", html_body))).strip()


def _safe_stamp(sent: Mapping[str, Any]) -> datetime | None:
    """Return the stamp of a safe update. Without a stamp `safe_update` does nothing: no independent evidence."""
    if sent.get("safe_update") is not True or not sent.get("updated_stamp"):
        return None
    return _moment("updated_stamp", sent["updated_stamp"])


def _metadata(sent: object) -> Mapping[str, Any]:
    """Return custom metadata, https://developer.zendesk.com/documentation/ticketing/ "Setting metadata"."""
    if sent is None:
        return {}
    if not isinstance(sent, dict):
        raise invalid("metadata", "Metadata: is invalid")  # No independent evidence for the wording.
    return sent


def _comment(sent: object) -> NewComment:
    if isinstance(sent, str):  # Accepted by the vendor as {"body": ...}.
        sent = {"body": sent}
    if not isinstance(sent, dict):
        raise invalid("comment", "Comment: is invalid")
    html_body, body = sent.get("html_body"), sent.get("body")
    for text in (html_body, body):
        if text is not None and not isinstance(text, str):
            raise invalid("comment", "Comment: is invalid")
    text = text_of(html_body) if html_body else (body or "")
    if not text.strip():
        raise invalid("comment", "Comment: cannot be blank", error="BlankValue")
    if len(html_body or text) > MOST_COMMENT_CHARACTERS:
        raise invalid("comment", f"Body: is too long (maximum is {MOST_COMMENT_CHARACTERS} characters)")
    public, author_id = sent.get("public", True), sent.get("author_id")
    if not isinstance(public, bool) or not (author_id is None or _is_whole(author_id)):
        raise invalid("comment", "Comment: is invalid")
    return NewComment(body=text, html_body=html_body or html_of(text), public=public, author_id=author_id)


def _requester(sent: object) -> Mapping[str, str] | None:
    if sent is None:
        return None
    if isinstance(sent, str):
        sent = {"email": sent}
    if not isinstance(sent, dict) or not isinstance(sent.get("email"), str):
        raise invalid("requester", "Requester: Email: is required", error="BlankValue")
    return {"email": sent["email"], "name": str(sent.get("name") or sent["email"])}


def _custom_fields(sent: Mapping[str, Any], fields: Mapping[int, TicketField]) -> dict[int, FieldValue]:
    """Return the custom field values sent under `custom_fields` or its alias `fields`, as list or mapping."""
    values: dict[int, FieldValue] = {}
    for name in ("fields", "custom_fields"):
        given = sent.get(name)
        pairs = _pairs(given) if given is not None else []
        for field_id, value in pairs:
            known = fields.get(field_id)
            if known is not None and not known.system:
                values[field_id] = _field_value(known, value)
    return values


def _pairs(given: object) -> list[tuple[int, object]]:
    if isinstance(given, dict):
        given = [{"id": key, "value": value} for key, value in given.items()]
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise invalid("custom_fields", "Custom fields: is invalid")
    pairs: list[tuple[int, object]] = []
    for entry in given:
        if not str(entry.get("id", "")).isascii() or not str(entry.get("id", "")).isdigit():
            raise invalid("custom_fields", "Custom fields: id is invalid")
        pairs.append((int(entry["id"]), entry.get("value")))
    return pairs


def _field_value(known: TicketField, value: object) -> FieldValue:
    if value is None or value == "":
        return None
    if known.type == "tagger":
        if value not in [option for option, _ in known.options]:
            raise invalid("base", f"{known.title}: {value!r} is not a valid value", error="InvalidValue")
        return str(value)
    if known.type == "decimal":
        if isinstance(value, bool) or not _DECIMAL.fullmatch(str(value)):
            raise invalid("base", f"{known.title}: {value!r} is not a valid number", error="InvalidFormat")
        return str(value)
    if isinstance(value, (list, dict)) or len(str(value)) > MOST_TEXT_FIELD_CHARACTERS:
        raise invalid("base", f"{known.title}: is invalid", error="InvalidValue")
    return str(value)


def _tags(name: str, sent: object) -> tuple[str, ...]:
    """Return tags as kept: lower case, no blanks within, each once, in the order sent."""
    if isinstance(sent, str):
        sent = sent.split()
    if not isinstance(sent, list) or not all(isinstance(tag, str) for tag in sent):
        raise invalid(name, "Tags: is invalid")
    return tuple(dict.fromkeys("_".join(tag.lower().split()) for tag in sent if tag.strip()))


def _text(name: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if _is_whole(value):
        return str(value)
    raise _bad(name)


def _choice(choices: tuple[str, ...], *, empty: bool) -> Callable[[str, object], str | None]:
    def read(name: str, value: object) -> str | None:
        if value in choices or (empty and value in (None, "")):
            return str(value) if value else None
        raise invalid(name, f"{name.capitalize()}: {value!r} is not valid")

    return read


def _id(name: str, value: object) -> int | None:
    if value is None or _is_whole(value):
        return value  # type: ignore[return-value]  # Checked one line up.
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise _bad(name)


def _moment(name: str, value: object) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise _bad(name) from None
    if moment.tzinfo is None:
        raise _bad(name)
    return moment


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _bad(name: str) -> Refused:
    return invalid(name, f"{name.removesuffix('_id').replace('_', ' ').capitalize()}: is invalid")


_ATTRIBUTES: Mapping[str, Callable[[str, object], Any]] = {
    "subject": _text,
    "external_id": _text,
    "status": _choice(STATUSES, empty=False),
    "priority": _choice(PRIORITIES, empty=True),
    "type": _choice(TYPES, empty=True),
    "requester_id": _id,
    "submitter_id": _id,
    "assignee_id": _id,
    "group_id": _id,
    "organization_id": _id,
    "problem_id": _id,
    "due_at": _moment,
}
