"""Records as JSON: the bodies Jira Cloud answers with, in API version 2 (wiki text) and 3 (documents)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.jira.adf import document_of, text_of
from sandbox.jira.records import (
    HOST,
    Change,
    Comment,
    Field,
    History,
    IssueType,
    LinkType,
    Person,
    Project,
    RemoteLink,
    Rich,
    Status,
    Step,
)
from sandbox.jira.site import Site
from sandbox.jira.world import CATEGORIES, GROUPS, PRIORITIES, RESOLUTIONS

AVATARS = {
    size: f"{HOST}/rest/api/3/universal_avatar/view/type/user/avatar/10336?size={size}"
    for size in ("48x48", "24x24", "16x16", "32x32")
}
MOST_COMMENTS_OF_MANY = 20
CUSTOM_TYPE = "com.atlassian.jira.plugin.system.customfieldtypes:"
SCHEMA_TYPES: Mapping[str, str] = {
    "textfield": "string",
    "textarea": "string",
    "url": "string",
    "select": "option",
    "float": "number",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How an answer is written.

    version: "2" or "3". zone: The time zone of who asks. person: Who asks; None = sees all.
    most_comments: How many comments an issue shows with itself; None = all.
    """

    version: str
    zone: ZoneInfo
    person: Person | None = None
    most_comments: int | None = None

    @property
    def of_many(self) -> "View":
        """The same for answers with many issues: each with 20 comments at most."""
        return replace(self, most_comments=MOST_COMMENTS_OF_MANY)

    def rich(self, body: Rich) -> Any:
        """Return a text body in this version's form."""
        return document_of(body) if self.version == "3" else text_of(body)

    def url(self, path: str) -> str:
        """Return the address of a resource in this version."""
        return f"{HOST}/rest/api/{self.version}/{path}"

    def shows(self, comment: Comment) -> bool:
        """Tell whether who asks may see a comment."""
        shown, person = comment.visibility, self.person
        if shown is None or person is None:
            return True
        return shown.value in (person.roles if shown.kind == "role" else person.groups)

    def stamp(self, moment: datetime) -> str:
        """Return a moment as Jira writes it: "2026-11-22T13:00:00.000+0100"."""
        local = moment.astimezone(self.zone)
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03d}{local:%z}"


UTC_VIEW = View(version="3", zone=ZoneInfo("UTC"))


def encode(body: object) -> bytes:
    """Return compact UTF-8 JSON."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def milliseconds(moment: datetime) -> int:
    """Return a moment in milliseconds since 1970."""
    return int(moment.astimezone(UTC).timestamp() * 1000)


def person_body(person: Person, view: View) -> dict[str, Any]:
    """Return a person as issues and comments name them."""
    return {
        "self": view.url(f"user?accountId={person.account_id}"),
        "accountId": person.account_id,
        "emailAddress": person.email,
        "avatarUrls": AVATARS,
        "displayName": person.name,
        "active": person.active,
        "timeZone": person.zone,
        "accountType": person.kind,
    }


def full_person_body(person: Person, view: View) -> dict[str, Any]:
    """Return a person as /myself and /user show them."""
    groups = [
        {"name": name, "groupId": GROUPS[name], "self": view.url(f"group?groupId={GROUPS[name]}")}
        for name in person.groups
    ]
    return {
        **person_body(person, view),
        "locale": "en_US",
        "groups": {"size": len(groups), "items": groups},
        "applicationRoles": {"size": 1, "items": [{"key": "jira-software", "name": "Jira Software"}]},
        "expand": "groups,applicationRoles",
    }


def person_or_none(site: Site, account_id: str | None, view: View) -> dict[str, Any] | None:
    """Return the person with this account id; None when there is none."""
    person = site.people.get(account_id or "")
    return person_body(person, view) if person else None


def category_body(category: str, view: View) -> dict[str, Any]:
    """Return a status category."""
    number, name, colour = CATEGORIES[category]
    return {
        "self": view.url(f"statuscategory/{number}"),
        "id": number,
        "key": category,
        "colorName": colour,
        "name": name,
    }


def status_body(status: Status, view: View) -> dict[str, Any]:
    """Return a status."""
    return {
        "self": view.url(f"status/{status.id}"),
        "description": "",
        "iconUrl": f"{HOST}/",
        "name": status.name,
        "id": status.id,
        "statusCategory": category_body(status.category, view),
    }


def type_body(kind: IssueType, view: View) -> dict[str, Any]:
    """Return an issue type."""
    return {
        "self": view.url(f"issuetype/{kind.id}"),
        "id": kind.id,
        "description": "",
        "iconUrl": view.url("universal_avatar/view/type/issuetype/avatar/10318?size=medium"),
        "name": kind.name,
        "subtask": kind.level < 0,
        "avatarId": 10_318,
        "hierarchyLevel": kind.level,
    }


def priority_body(priority_id: str, view: View) -> dict[str, Any]:
    """Return a priority as issues name it."""
    name = PRIORITIES[priority_id]
    icon = f"{HOST}/images/icons/priorities/{name.lower()}_new.svg"
    return {"self": view.url(f"priority/{priority_id}"), "iconUrl": icon, "name": name, "id": priority_id}


def resolution_body(resolution_id: str, view: View) -> dict[str, Any]:
    """Return a resolution."""
    return {
        "self": view.url(f"resolution/{resolution_id}"),
        "id": resolution_id,
        "description": "",
        "name": RESOLUTIONS[resolution_id],
    }


def project_body(project: Project, view: View) -> dict[str, Any]:
    """Return a project as issues name it."""
    return {
        "self": view.url(f"project/{project.id}"),
        "id": project.id,
        "key": project.key,
        "name": project.name,
        "projectTypeKey": project.kind,
        "simplified": False,
        "avatarUrls": AVATARS,
    }


def schema_body(known: Field) -> dict[str, Any]:
    """Return what type a field's values have."""
    if known.custom:
        kind = {"type": SCHEMA_TYPES[known.kind], "custom": f"{CUSTOM_TYPE}{known.kind}"}
        return {**kind, "customId": int(known.id.removeprefix("customfield_"))}
    body = {"type": known.kind, "system": known.id}
    return {**body, "items": known.items} if known.items else body


def field_body(known: Field) -> dict[str, Any]:
    """Return a field as GET /field lists it."""
    clauses = [*known.clauses, known.name] if known.custom else [known.id, *known.clauses]
    body = {
        "id": known.id,
        "key": known.id,
        "name": known.name,
        "custom": known.custom,
        "orderable": known.editable,
        "navigable": known.id not in ("comment", "attachment"),
        "searchable": True,
        "clauseNames": clauses,
    }
    # The key of an issue is listed without a schema.
    return body if known.id == "issuekey" else {**body, "schema": schema_body(known)}


def step_body(step: Step, site: Site, view: View) -> dict[str, Any]:
    """Return a transition."""
    return {
        "id": step.id,
        "name": step.name,
        "to": status_body(site.statuses[step.to], view),
        "hasScreen": False,
        "isGlobal": not step.sources,
        "isInitial": False,
        "isAvailable": True,
        "isConditional": False,
        "isLooped": False,
    }


def comment_body(comment: Comment, site: Site, view: View, *, with_properties: bool = False) -> dict[str, Any]:
    """Return a comment. jsdPublic: True outside service projects, whatever its properties say."""
    issue = site.issues[comment.issue_id]
    is_service = site.projects[issue.project_id].kind == "service_desk"
    body: dict[str, Any] = {
        "self": view.url(f"issue/{comment.issue_id}/comment/{comment.id}"),
        "id": str(comment.id),
        "author": person_or_none(site, comment.author_id, view),
        "body": view.rich(comment.body),
        "updateAuthor": person_or_none(site, comment.update_author_id, view),
        "created": view.stamp(comment.created_at),
        "updated": view.stamp(comment.updated_at),
        "jsdPublic": not (is_service and comment.internal),
    }
    if comment.visibility is not None:
        shown = comment.visibility
        body["visibility"] = {"type": shown.kind, "value": shown.value, "identifier": shown.identifier}
    if with_properties:
        body["properties"] = [{"key": key, "value": value} for key, value in comment.properties.items()]
    return body


def history_body(history: History, site: Site, view: View) -> dict[str, Any]:
    """Return one entry of a change log."""
    return {
        "id": str(history.id),
        "author": person_or_none(site, history.author_id, view),
        "created": view.stamp(history.created_at),
        "items": [change_body(item) for item in history.items],
    }


def change_body(item: Change) -> dict[str, Any]:
    """Return one changed field."""
    return {
        "field": item.field,
        "fieldtype": "custom" if item.custom else "jira",
        "fieldId": item.field_id,
        "from": item.old,
        "fromString": item.old_text,
        "to": item.new,
        "toString": item.new_text,
    }


def remote_link_body(link: RemoteLink, view: View) -> dict[str, Any]:
    """Return a remote link."""
    body: dict[str, Any] = {"id": link.id, "self": view.url(f"issue/{link.issue_id}/remotelink/{link.id}")}
    if link.global_id is not None:
        body["globalId"] = link.global_id
    body["application"] = dict(link.application)
    if link.relationship is not None:
        body["relationship"] = link.relationship
    target = {"icon": {}, "status": {"icon": {}}, **link.target}
    return {**body, "object": target}


def link_type_body(kind: LinkType, view: View) -> dict[str, Any]:
    """Return a kind of link."""
    return {
        "id": kind.id,
        "name": kind.name,
        "inward": kind.inward,
        "outward": kind.outward,
        "self": view.url(f"issueLinkType/{kind.id}"),
    }
