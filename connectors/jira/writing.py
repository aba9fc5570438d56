"""Writing to one issue: an internal note, fields, labels and a move, each once.

PUT /rest/api/3/issue/{id} edits fields and labels, adds the comment and sets our mark, in one call. Before it the issue
is read, and whoever finds the mark does not write again. What remains: Jira has no optimistic locking, so a write that
was lost on the way and is carried out after the next try has looked is there twice; and a field that somebody changes
between our look and our write is overwritten.

Two things are never left to that call:
- A note in a service project. Nobody has shown that an edit keeps a comment internal; creating the comment does
  (POST /comment, property `sd.public.comment`). So it is made by a call of its own, after the edit, found again by its
  own mark, and taken back if Jira should answer that customers can read it. An issue that changes projects between
  the two calls gets the note as its new project wants it.
- A note with a move. A transition without a screen, as most are, answers 204 and drops the comment without a word
  (ankitpokhrel/jira-cli 1024, sooperset/mcp-atlassian 1623). So the move follows the note. That it is still to be made
  stands beside the mark, and the move itself takes that away.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-put
https://developer.atlassian.com/cloud/jira/platform/rate-limiting/ (one issue: 20 writes in 2 s, 100 in 30 s)
"""

import contextlib
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from cases.ticket import Ticket, TicketRef
from connectors.contract import FieldsMoved, FieldsRefused, Steps, TicketUpdate, TryLater, UnexpectedReply
from connectors.jira.adf_writing import note
from connectors.jira.calls import Calls
from connectors.jira.comments import Made, find_marked, read_made
from connectors.jira.kinds import Kinds, NoValue, value_for
from connectors.jira.marks import Left, left, property_key
from connectors.jira.permissions import check_browsing
from connectors.jira.reading import Account, decoded, in_service_project, read_issue
from connectors.jira.refusals import BadRequest, NoSuchRecord
from connectors.jira.settings import JiraSettings
from connectors.marks import ORIGIN, is_valid
from connectors.wire_json import Unreadable

COMMENTS_A_PAGE = 100
LONGEST_LABEL = 255
#: An issue that was moved while we wrote is at rest by then.
MOVED_SECONDS = 1.0


class WireTransition(msgspec.Struct):
    """A transition that is possible now."""

    id: str


class WireComments(msgspec.Struct):
    """The comments that come along with an issue, not yet decoded."""

    comment: msgspec.Raw = msgspec.Raw(b'{"comments":[]}')


class WireFresh(msgspec.Struct):
    """What is read besides the ticket before a write."""

    fields: WireComments
    properties: dict[str, Any] = {}
    transitions: list[WireTransition] = []


_FRESH: msgspec.json.Decoder[WireFresh] = msgspec.json.Decoder(WireFresh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """An issue as it stands before a write.

    Fields:
        ticket: Without comments.
        service: Whether customers can read its comments.
        left: What we left beside it for this case.
        noted: Whether the comments that came along have the note, should the edit have been carried out by half.
        possible: The transitions that can be made now.
    """

    ticket: Ticket
    service: bool
    left: Left
    noted: bool
    possible: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """An edit to send, and how the issue stands after it."""

    body: dict[str, Any]
    after: Fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """How the site is written to."""

    calls: Calls
    account: Account
    settings: JiraSettings
    kinds: Kinds

    def write(self, update: TicketUpdate) -> str | None:
        """Write what is not there yet; return the issue's number when something was, None when nothing was to do.

        Raises the three errors, FieldsMoved and FieldsRefused. UnexpectedReply: deleted, a field that is not mapped, a
        transition that Jira refuses (the note is written then, and the message says so).
        """
        self._refuse_impossible(update)
        fresh = self._look(update)
        steps, noted, moved = Steps(), False, False
        planned = self._planned(update, fresh)
        if planned is not None:
            with steps.step():
                self._send_edit(update, fresh.ticket.ref.key, planned.body)
        with steps.step():
            noted = self._comment(update, fresh, just_edited=planned is not None)
        with steps.step():
            moved = self._move(update, planned.after if planned else fresh)
        steps.end()
        return fresh.ticket.ref.key if planned or noted or moved else None

    def _refuse_impossible(self, update: TicketUpdate) -> None:
        ref = update.ref
        unmapped = sorted(name for name, _ in update.fields if name not in self.settings.field_ids)
        if unmapped:
            raise UnexpectedReply(f"{ref}: {', '.join(unmapped)}: no field is configured; nothing was written")
        if not is_valid(update.mark):
            raise UnexpectedReply(f"{ref}: {update.mark!r} cannot be a mark; nothing was written")
        if update.note is None and not (update.fields or update.add_tags or update.remove_tags):
            raise UnexpectedReply(f"{ref}: there is nothing to write")
        for tag in (*update.add_tags, *update.remove_tags):
            if not tag or len(tag) > LONGEST_LABEL or any(map(str.isspace, tag)):
                raise UnexpectedReply(f"{ref}: {tag!r} cannot be a label; nothing was written")

    def _look(self, update: TicketUpdate) -> Fresh:
        key = property_key(update.mark)
        fields = ",".join([*self.account.wanted, "project", "comment"])
        query = {"fields": fields, "properties": key, "expand": "transitions"}
        try:
            record = self.calls.get(f"issue/{update.ref.key}", asked=f"{update.ref}", query=query)
            beside, service = decoded(_FRESH, record, "record"), in_service_project(record)
            along = bytes(beside.fields.comment)
            marked = None if along == b"null" else find_marked(along, update.mark, service=service)[0]
            return Fresh(
                ticket=read_issue(record, self.account),
                service=service,
                left=left(beside.properties.get(key)),
                noted=marked is not None,
                possible=frozenset(each.id for each in beside.transitions),
            )
        except NoSuchRecord:
            check_browsing(self.calls, self.settings)
            raise _gone(update.ref) from None
        except Unreadable as error:
            raise UnexpectedReply(f"{update.ref}: {error}; nothing was written") from None

    def _planned(self, update: TicketUpdate, fresh: Fresh) -> Edit | None:
        """Return the edit with all that it can hold; None when it was made already, or nothing is to be edited."""
        in_edit = update.note is not None and not fresh.service and not fresh.noted
        needed = in_edit or update.fields or update.add_tags or update.remove_tags
        if not needed or update.mark in fresh.left.marks:
            return None
        moved = [name for name, value in update.seen if (fresh.ticket.field(name) or "") != value]
        if moved:
            raise FieldsMoved(f"{update.ref}: {', '.join(moved)} changed since it was read")
        wanted = self._transition(update)
        transition = wanted if wanted in fresh.possible else None
        after = fresh.left.with_mark(update.mark, transition=transition)
        body: dict[str, Any] = {"properties": [after.as_property(property_key(update.mark))]}
        if update.fields:
            body["fields"] = self._values(update)
        changes = self._changes(update, _said(update, fresh, wanted) if in_edit else None)
        if changes:
            body["update"] = changes
        return Edit(body=body, after=replace(fresh, left=after))

    def _transition(self, update: TicketUpdate) -> str | None:
        """Return the transition that belongs to the outcome; a write without a note moves nothing."""
        state = dict(update.fields).get("mw_state")
        return None if update.note is None or state is None else dict(self.settings.transitions).get(state)

    def _values(self, update: TicketUpdate) -> dict[str, Any]:
        known = self.kinds.all()
        values: dict[str, Any] = {}
        refused: list[tuple[str, str]] = []
        for name, text in update.fields:
            field_id = self.settings.field_ids[name]
            try:
                values[field_id] = value_for(known.get(field_id), text)
            except NoValue as error:
                refused.append((name, str(error)))
        if refused:
            raise _refused(update.ref, refused)
        return values

    def _changes(self, update: TicketUpdate, words: str | None) -> dict[str, list[dict[str, Any]]]:
        changes: dict[str, list[dict[str, Any]]] = {}
        labels = [{"add": tag} for tag in update.add_tags] + [{"remove": tag} for tag in update.remove_tags]
        if labels:
            changes["labels"] = labels
        if words is not None:
            changes["comment"] = [{"add": _comment(words, update.mark) | self._restricted(update.ref)}]
        return changes

    def _restricted(self, ref: TicketRef) -> dict[str, Any]:
        """Return what keeps a comment from everyone who may see the issue."""
        audience = self.settings.audience
        if audience is None:
            raise UnexpectedReply(
                f"{ref}: no role or group is set that may read our notes, so everyone could; the note was not written"
            )
        return {"visibility": {"type": audience.kind, "value": audience.name}}

    def _send_edit(self, update: TicketUpdate, issue_id: str, body: object) -> None:
        try:
            self.calls.send_to_issue("PUT", issue_id, "", body, asked=f"update of {update.ref}")
        except NoSuchRecord:
            check_browsing(self.calls, self.settings)
            raise _gone(update.ref) from None
        except BadRequest as error:
            self.kinds.forget()
            names = {field_id: name for name, field_id in self.settings.fields}
            refused = [(names[field_id], words) for field_id, words in error.errors if field_id in names]
            if refused:
                raise _refused(update.ref, refused) from None
            raise UnexpectedReply(
                f"{error}; the issue may not be editable in its status; nothing was written"
            ) from None

    def _comment(self, update: TicketUpdate, fresh: Fresh, *, just_edited: bool) -> bool:
        """Make the note that no edit has made, unless it is there; return whether it was made now.

        That is every note in a service project, and one whose issue left a service project after the edit.
        """
        if update.note is None or (not fresh.service and (just_edited or fresh.noted)):
            return False
        issue_id, ref = fresh.ticket.ref.key, update.ref
        if not just_edited and self._is_noted(issue_id, update, service=fresh.service):
            return False
        body = _comment(_said(update, fresh, self._transition(update)), update.mark)
        if fresh.service:
            body["properties"].append({"key": "sd.public.comment", "value": {"internal": True}})
        else:
            body |= self._restricted(ref)
        try:
            answer = self.calls.send_to_issue("POST", issue_id, "/comment", body, asked=f"note on {ref}")
        except NoSuchRecord:
            raise _gone(ref) from None
        try:
            comment = read_made(answer)
        except Unreadable as error:
            raise UnexpectedReply(f"{ref}: the note is written, and the answer to it cannot be read: {error}") from None
        if self._was_taken_back(issue_id, comment, ref):
            self._refuse_shown(fresh, ref)
        return True

    def _refuse_shown(self, fresh: Fresh, ref: TicketRef) -> None:
        """Raise that a note came out for everyone; TryLater when its issue has left its service project meanwhile."""
        query = {"fields": "project"}
        try:
            record = self.calls.get(f"issue/{fresh.ticket.ref.key}", asked=f"{ref}", query=query)
            has_left = fresh.service and not in_service_project(record)
        except NoSuchRecord:
            raise _gone(ref) from None
        except Unreadable as error:
            raise UnexpectedReply(f"{ref}: {error}; the note was taken back") from None
        if has_left:
            raise TryLater(
                f"{ref}: it left its service project, so the note was taken back", wait_seconds=MOVED_SECONDS
            )
        who = "the customer" if fresh.service else "everyone"
        raise UnexpectedReply(f"{ref}: Jira showed the note to {who}, so it was taken back")

    def _is_noted(self, issue_id: str, update: TicketUpdate, *, service: bool) -> bool:
        place = 0
        while place < self.settings.most_comments:
            query: dict[str, str | int] = {
                "startAt": place,
                "maxResults": COMMENTS_A_PAGE,
                "orderBy": "-created",
                "expand": "properties",
            }
            try:
                body = self.calls.get(f"issue/{issue_id}/comment", asked=f"comments of {update.ref}", query=query)
            except NoSuchRecord:
                raise _gone(update.ref) from None
            found, length = find_marked(body, update.mark, service=service)
            if found is not None:
                # Made while the issue changed projects, so that everyone can read it: it is made anew.
                return not self._was_taken_back(issue_id, found, update.ref)
            if length < COMMENTS_A_PAGE:
                return False
            place += length
        raise UnexpectedReply(f"comments of {update.ref}: more than {self.settings.most_comments}")

    def _was_taken_back(self, issue_id: str, comment: Made, ref: TicketRef) -> bool:
        """Delete a note of ours that customers can read, and return whether it was one."""
        if not comment.shown:
            return False
        with contextlib.suppress(NoSuchRecord):
            self.calls.send_to_issue("DELETE", issue_id, f"/comment/{comment.id}", {}, asked=f"note on {ref}")
        return True

    def _move(self, update: TicketUpdate, fresh: Fresh) -> bool:
        """Make the move that the note's write has left to be made; return whether it was made now."""
        move, ref = fresh.left.move, update.ref
        if move is None or move[0] != update.mark or move[1] not in fresh.possible:
            return False
        beside = fresh.left.moved().as_property(property_key(update.mark))
        body = {"transition": {"id": move[1]}, "properties": [beside]}
        try:
            self.calls.send_to_issue("POST", fresh.ticket.ref.key, "/transitions", body, asked=f"move of {ref}")
        except NoSuchRecord:
            raise _gone(ref) from None
        except BadRequest as error:
            raise UnexpectedReply(f"{error}: the note is written, the issue is not moved") from None
        return True


def _comment(words: str, mark: str) -> dict[str, Any]:
    return {"body": note(words, mark), "properties": [{"key": ORIGIN, "value": {"mark": mark}}]}


def _said(update: TicketUpdate, fresh: Fresh, transition: str | None) -> str:
    """Return the note's words, with a line for people where the issue cannot be moved as it should."""
    words = update.note or ""
    if transition is None or transition in fresh.possible:
        return words
    return f"{words.rstrip()}\nNot moved: transition {transition} is not possible from {fresh.ticket.status_text!r}."


def _refused(ref: TicketRef, fields: list[tuple[str, str]]) -> FieldsRefused:
    names = ", ".join(sorted(name for name, _ in fields))
    return FieldsRefused(f"{ref}: Jira does not take {names}; nothing was written", fields=tuple(fields))


def _gone(ref: TicketRef) -> UnexpectedReply:
    return UnexpectedReply(f"{ref}: the issue is deleted or was never there, and takes no more writes")
