"""The three vendors' own books, read through their control planes into one form; no code of the product reads here."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from cases.ticket import TicketRef
from makewhole.sandboxed import Sandbox
from tests.chaos.losses import FIELDS

_MARK = re.compile(r"\[makewhole (\S+)\]\s*\Z")
OURS_IN_ZENDESK, OURS_IN_JIRA = 1_000, "5c0f4be41d2eac0b8b3c1a77"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One comment.

    Fields:
        id: The vendor's.
        text: Plain.
        public: Whether the customer can read it.
        mark: Of ours in its last line; None when it has none.
    """

    id: str
    text: str
    public: bool
    mark: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One ticket as its vendor has it.

    Fields:
        ref: Which.
        subject: Its title.
        status: The vendor's word.
        fields: By our names, in one spelling; empty ones are absent.
        comments: Oldest first.
        gone: Deleted, or merged into another.
        writable: Whether it takes writes.
        stamp: Of its last change, as the vendor writes it.
        left: Keys of the properties that stand beside an issue.
    """

    ref: TicketRef
    subject: str
    status: str
    fields: Mapping[str, str]
    comments: tuple[Said, ...]
    gone: bool
    writable: bool
    stamp: str
    left: tuple[str, ...] = ()

    def field(self, name: str) -> str:
        """Return what a field shows; "" when it is empty."""
        return self.fields.get(name, "")


def read_desks(sandbox: Sandbox) -> dict[TicketRef, Seen]:
    """Return every ticket of the three vendors; an issue that was deleted is not there."""
    tickets = _rows(sandbox.get("/zendesk/_sandbox/state?deliveries=no"), "tickets")
    org = sandbox.get("/salesforce/_sandbox/state?notifications=no")
    issues = _rows(sandbox.get("/jira/_sandbox/state?deliveries=no"), "issues")
    said: dict[str, list[dict[str, Any]]] = {}
    for each in _rows(org, "CaseComment"):
        if not each["IsDeleted"]:
            said.setdefault(each["ParentId"], []).append(each)
    found = (
        *map(_in_zendesk, tickets),
        *(_in_salesforce(each, said.get(each["Id"], [])) for each in _rows(org, "Case")),
        *map(_in_jira, issues),
    )
    return {each.ref: each for each in found}


def plain(value: object) -> str:
    """Return a field's value in one spelling: "12.50" and 12.5 are the same."""
    text = "" if value is None else str(value).strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return format(number.normalize(), "f") if number.is_finite() else text


def unfinished(sandbox: Sandbox) -> int:
    """Return how many webhooks are still on their way."""
    zendesk = sandbox.get("/zendesk/_sandbox/state?ids=0&deliveries=no")["deliveries_unfinished"]
    org = sandbox.get("/salesforce/_sandbox/state?ids=500000000000000AAA&notifications=no")["notifications_unfinished"]
    jira = sandbox.get("/jira/_sandbox/state?issues=NONE-1&deliveries=no")["deliveries_unfinished"]
    return sum(int(str(each)) for each in (zendesk, org, jira))


def _rows(state: Mapping[str, object], name: str) -> list[dict[str, Any]]:
    rows = state.get(name)
    return rows if isinstance(rows, list) else []


def _in_zendesk(ticket: Mapping[str, Any]) -> Seen:
    values = {str(each["id"]): each["value"] for each in ticket["custom_fields"]}
    merged = "closed_by_merge" in ticket["tags"]
    return Seen(
        ref=TicketRef(vendor="zendesk", account="harbor", key=str(ticket["id"])),
        subject=ticket["subject"],
        status=ticket["status"],
        fields=_by_our_names(FIELDS["zendesk"], values),
        comments=tuple(_said(each["id"], each["body"], public=each["public"]) for each in ticket["comments"]),
        gone=merged or ticket["status"] == "deleted",
        writable=ticket["status"] not in {"closed", "deleted"},
        stamp=ticket["updated_at"],
    )


def _in_salesforce(row: Mapping[str, Any], comments: list[dict[str, Any]]) -> Seen:
    comments.sort(key=lambda each: (each["CreatedDate"], each["Id"]))
    return Seen(
        ref=TicketRef(vendor="salesforce", account="harbor", key=row["Id"]),
        subject=row.get("Subject") or "",
        status=row.get("Status") or "",
        fields=_by_our_names(FIELDS["salesforce"], row),
        comments=tuple(_said(each["Id"], each["CommentBody"], public=each["IsPublished"]) for each in comments),
        gone=bool(row["IsDeleted"]),
        writable=not row["IsDeleted"],
        stamp=row["SystemModstamp"],
    )


def _in_jira(issue: Mapping[str, Any]) -> Seen:
    fields = issue["fields"]
    service = issue["key"].startswith("CARE-")
    return Seen(
        ref=TicketRef(vendor="jira", account="harbor", key=str(issue["id"])),
        subject=fields["summary"],
        status=fields["status"]["name"],
        fields=_by_our_names(FIELDS["jira"], fields),
        comments=tuple(
            _said(
                each["id"],
                _text(each["body"]),
                public=service and each["jsdPublic"] and "visibility" not in each,
                beside=each["properties"],
            )
            for each in issue["comments"]
        ),
        gone=False,
        writable=True,
        stamp=fields["updated"],
        left=tuple(issue["properties"]),
    )


def _by_our_names(names: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    shown = ((ours, plain(values.get(theirs))) for ours, theirs in names.items())
    return {ours: value for ours, value in shown if value}


def _said(key: object, text: str, *, public: bool, beside: list[dict[str, Any]] | None = None) -> Said:
    marked = _MARK.search(text)
    marks = (each["value"].get("mark") for each in beside or () if each["key"] == "makewhole")
    mark = marked[1] if marked else next(marks, None)
    return Said(id=str(key), text=text, public=bool(public), mark=mark)


def _text(node: object) -> str:
    """Return the words of a document, a line for each block."""
    return "\n".join(_lines(node)) if isinstance(node, dict) else str(node or "")


def _lines(node: Mapping[str, Any]) -> Iterator[str]:
    if node.get("type") in {"paragraph", "heading", "codeBlock"}:
        yield "".join(_words(each) for each in node.get("content", ()))
        return
    quoted = "> " if node.get("type") == "blockquote" else ""
    for each in node.get("content", ()):
        yield from (f"{quoted}{line}" for line in _lines(each))


def _words(node: Mapping[str, Any]) -> str:
    return "\n" if node.get("type") == "hardBreak" else str(node.get("text", ""))
