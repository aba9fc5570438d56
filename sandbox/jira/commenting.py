"""Comments, remote links and links between issues: reading what is sent, keeping it, telling of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sandbox.jira.adf import MOST_CHARACTERS, is_document, length_of
from sandbox.jira.records import (
    Change,
    Comment,
    History,
    Issue,
    Link,
    LinkType,
    Person,
    RemoteLink,
    Rich,
    Visibility,
)
from sandbox.jira.refusals import CONTENT_LIMIT, bad_fields, bad_payload, no_issue, refused, too_long
from sandbox.jira.site import Happening, Site
from sandbox.jira.world import GROUPS, ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class NewComment:
    """A comment that was sent and checked. visibility: None = everybody."""

    body: Rich
    visibility: Visibility | None
    properties: Mapping[str, Any]


def read_comment(sent: Mapping[str, Any], *, actor: Person, version: str) -> NewComment:
    """Return a comment as it is to be kept; raises `Refused` (400)."""
    properties = sent.get("properties") or []
    if not isinstance(properties, list) or not all(isinstance(one, dict) and "key" in one for one in properties):
        raise bad_payload()
    return NewComment(
        body=_read_body(sent.get("body"), version),
        visibility=_read_visibility(sent.get("visibility"), actor),
        properties={str(one["key"]): one.get("value") for one in properties},
    )


def _read_body(body: Any, version: str) -> Rich:
    if body is None or body == "" or (isinstance(body, str) and not body.strip()):
        raise bad_fields({"comment": "Comment body can not be empty!"})
    if version == "3":
        if not is_document(body):
            raise bad_fields({"comment": "Comment body is not valid!"})
        if not body["content"]:
            raise bad_fields({"comment": "Comment body can not be empty!"})
        if length_of(body) > MOST_CHARACTERS:
            raise bad_fields({"comment": CONTENT_LIMIT})
    elif not isinstance(body, str):
        raise bad_payload()
    elif len(body) > MOST_CHARACTERS:
        raise bad_fields({"comment": too_long(MOST_CHARACTERS)})
    kept: Rich = body
    return kept


def _read_visibility(sent: object, actor: Person) -> Visibility | None:
    if sent is None:
        return None
    if not isinstance(sent, Mapping) or sent.get("type") not in ("role", "group"):
        raise bad_payload()
    known, held = (ROLES, actor.roles) if sent["type"] == "role" else (GROUPS, actor.groups)
    wanted = (sent.get("value"), sent.get("identifier"))
    name = next((one for one, identifier in known.items() if one in wanted or identifier in wanted), None)
    if name is None:
        raise bad_fields(
            {"commentLevel": f"{str(sent['type']).capitalize()}: {wanted[0] or wanted[1]} does not exist."}
        )
    if name not in held:
        raise bad_fields({"commentLevel": f"You are not a member of the {sent['type']}: {name}."})
    return Visibility(kind=str(sent["type"]), value=name, identifier=known[name])


def add_comment(site: Site, issue: Issue, new: NewComment, *, actor: Person, now: datetime) -> Issue:
    """Add a comment, tell of it and return the issue, whose `updated` moves."""
    comment = Comment(
        id=site.new_record_id(),
        issue_id=issue.id,
        author_id=actor.account_id,
        update_author_id=actor.account_id,
        body=new.body,
        created_at=now,
        updated_at=now,
        visibility=new.visibility,
        properties=dict(new.properties),
    )
    site.keep_comment(comment)
    return _touched(site, issue, "comment_created", comment, actor=actor, now=now)


def edit_comment(
    site: Site, issue: Issue, comment: Comment, new: NewComment, *, actor: Person, now: datetime
) -> Comment:
    """Change a comment. A visibility that is not sent is taken away; properties sent are added."""
    after = replace(
        comment,
        body=new.body,
        visibility=new.visibility,
        update_author_id=actor.account_id,
        updated_at=now,
        properties={**comment.properties, **new.properties},
    )
    site.keep_comment(after)
    _touched(site, issue, "comment_updated", after, actor=actor, now=now)
    return after


def delete_comment(site: Site, issue: Issue, comment: Comment, *, actor: Person, now: datetime) -> None:
    """Delete a comment for good."""
    _touched(site, issue, "comment_deleted", comment, actor=actor, now=now)
    site.remove_comment(comment)


def _touched(site: Site, issue: Issue, kind: str, comment: Comment, *, actor: Person, now: datetime) -> Issue:
    after = replace(site.issues[issue.id], updated_at=now)
    site.keep_issue(after)
    site.tell(Happening(kind=kind, issue=after, actor=actor, at=now, comment=comment))
    return after


def keep_remote_link(
    site: Site, issue: Issue, sent: Mapping[str, Any], *, actor: Person, now: datetime, link_id: int | None = None
) -> tuple[RemoteLink, bool]:
    """Insert or replace a remote link and tell whether it is new: the one with this id, else with this globalId."""
    target = sent.get("object")
    if not isinstance(target, dict):
        raise bad_fields({"object": "'object' is required."})
    missing = {name: f"'{name}' is required." for name in ("title", "url") if not isinstance(target.get(name), str)}
    if missing:
        raise bad_fields(missing)
    global_id = sent.get("globalId")
    optional = (("globalId", str), ("relationship", str), ("application", dict))
    wrong = {name: f"'{name}' is invalid." for name, kind in optional if not isinstance(sent.get(name), kind | None)}
    if wrong:
        raise bad_fields(wrong)
    held = site.remote_links.setdefault(issue.id, {})
    if link_id is None and global_id is not None:
        link_id = next((one.id for one in held.values() if one.global_id == global_id), None)
    before = held.get(link_id or 0)
    link = RemoteLink(
        id=before.id if before else site.new_record_id(),
        issue_id=issue.id,
        global_id=global_id,
        relationship=sent.get("relationship"),
        application=sent.get("application") or {},
        target=target,
    )
    held[link.id] = link
    if link != before:
        shown = f'This work item links to "{target["title"]} ({link.application.get("name", "Web Link")})"'
        log_change(site, issue, _remote_change(link, shown if before is None else None), actor=actor, now=now)
    return link, before is None


def remove_remote_link(site: Site, issue: Issue, link: RemoteLink, *, actor: Person, now: datetime) -> None:
    """Take a remote link away."""
    del site.remote_links[issue.id][link.id]
    item = Change(field="RemoteWorkItemLink", field_id="", old=str(link.id), old_text=str(link.target.get("title")))
    log_change(site, issue, item, actor=actor, now=now)


def _remote_change(link: RemoteLink, shown: str | None) -> Change:
    text = shown or str(link.target.get("title"))
    return Change(field="RemoteWorkItemLink", field_id="", new=str(link.id), new_text=text)


def log_change(site: Site, issue: Issue, item: Change, *, actor: Person, now: datetime) -> None:
    """Write one change into the history of an issue, move its `updated` and tell of it."""
    after = replace(site.issues[issue.id], updated_at=now)
    history = History(id=site.new_record_id(), author_id=actor.account_id, created_at=now, items=(item,))
    site.keep_issue(after)
    site.add_history(after.id, history)
    site.tell(Happening(kind="jira:issue_updated", issue=after, actor=actor, at=now, history=history))


def link_issues(site: Site, sent: Mapping[str, Any], *, actor: Person, now: datetime) -> Link:
    """Link two issues: the outward one, as the reference calls the source, `outward`s the inward one."""
    kind = _sent_link_type(site, sent.get("type"))
    source, target = (_sent_end(site, sent.get(name)) for name in ("outwardIssue", "inwardIssue"))
    if source.id == target.id:
        raise refused(400, "You cannot link an issue to itself.")
    for known in site.links_of(source.id):
        if (known.type_id, known.source_id, known.target_id) == (kind.id, source.id, target.id):
            return known
    link = Link(id=site.new_record_id(), type_id=kind.id, source_id=source.id, target_id=target.id)
    site.keep_link(link)
    for issue, other, phrase in ((source, target, kind.outward), (target, source, kind.inward)):
        item = Change(
            field="Link", field_id="issuelinks", new=other.key, new_text=f"This work item {phrase} {other.key}"
        )
        log_change(site, issue, item, actor=actor, now=now)
    return link


def _sent_link_type(site: Site, sent: object) -> LinkType:
    if isinstance(sent, Mapping):
        for kind in site.link_types.values():
            if str(sent.get("id")) == kind.id or str(sent.get("name", "")).lower() == kind.name.lower():
                return kind
    name = sent.get("name") if isinstance(sent, Mapping) else sent
    raise refused(404, f"No issue link type with name '{name}' found.")


def _sent_end(site: Site, sent: object) -> Issue:
    reference = str(sent.get("key") or sent.get("id") or "") if isinstance(sent, Mapping) else ""
    issue = site.find_issue(reference)
    if issue is None:
        raise no_issue()
    return issue
