"""Issues as JSON: which fields are asked for, and the value of each."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.jira.records import Field, Issue, Link
from sandbox.jira.site import Site
from sandbox.jira.wire import (
    View,
    category_body,
    comment_body,
    link_type_body,
    person_or_none,
    priority_body,
    project_body,
    resolution_body,
    status_body,
    type_body,
)

EXPANDABLE = "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations"


def short_issue_body(issue: Issue, site: Site, view: View) -> dict[str, Any]:
    """Return an issue as its parent and links name it."""
    fields = {
        "summary": issue.summary,
        "status": status_body(site.statuses[issue.status_id], view),
        "priority": priority_body(issue.priority_id, view),
        "issuetype": type_body(site.types[issue.type_id], view),
    }
    return {"id": str(issue.id), "key": issue.key, "self": view.url(f"issue/{issue.id}"), "fields": fields}


def issue_link_body(link: Link, of: int, site: Site, view: View) -> dict[str, Any]:
    """Return a link as the issue at one end shows it: the other end."""
    outward = link.source_id == of
    other = site.issues[link.target_id if outward else link.source_id]
    return {
        "id": str(link.id),
        "self": view.url(f"issueLink/{link.id}"),
        "type": link_type_body(site.link_types[link.type_id], view),
        "outwardIssue" if outward else "inwardIssue": short_issue_body(other, site, view),
    }


def comments_page(issue: Issue, site: Site, view: View) -> dict[str, Any]:
    """Return the `comment` field of an issue."""
    held = [comment for comment in site.comments.get(issue.id, {}).values() if view.shows(comment)]
    return {
        "comments": [comment_body(comment, site, view) for comment in held[: view.most_comments]],
        "self": view.url(f"issue/{issue.id}/comment"),
        "maxResults": len(held) if view.most_comments is None else view.most_comments,
        "total": len(held),
        "startAt": 0,
    }


def _custom_value(known: Field, issue: Issue, view: View) -> Any:
    value = issue.custom.get(known.id)
    if value is None:
        return None
    if known.kind == "textarea":
        return view.rich(value if not isinstance(value, float) else None)
    if known.kind == "select":
        option = next(one for one in known.options if one.id == value)
        return {"self": view.url(f"customFieldOption/{option.id}"), "value": option.value, "id": option.id}
    return value


def _parent(site: Site, issue: Issue, view: View) -> dict[str, Any] | None:
    parent = site.issues.get(issue.parent_id or 0)
    return short_issue_body(parent, site, view) if parent else None


def _subtasks(site: Site, issue: Issue, view: View) -> list[dict[str, Any]]:
    children = [site.issues[i] for i in sorted(site.children.get(issue.id, ()))]
    return [short_issue_body(c, site, view) for c in children if site.types[c.type_id].level < 0]


Builder = Callable[[Site, Issue, View], Any]

BUILDERS: Mapping[str, Builder] = {
    "statuscategorychangedate": lambda _, issue, view: view.stamp(issue.status_changed_at),
    "issuetype": lambda site, issue, view: type_body(site.types[issue.type_id], view),
    "parent": _parent,
    "project": lambda site, issue, view: project_body(site.projects[issue.project_id], view),
    "resolution": lambda _, issue, view: resolution_body(issue.resolution_id, view) if issue.resolution_id else None,
    "resolutiondate": lambda _, issue, view: view.stamp(issue.resolved_at) if issue.resolved_at else None,
    "priority": lambda _, issue, view: priority_body(issue.priority_id, view),
    "labels": lambda _, issue, __: list(issue.labels),
    "assignee": lambda site, issue, view: person_or_none(site, issue.assignee_id, view),
    "status": lambda site, issue, view: status_body(site.statuses[issue.status_id], view),
    "statusCategory": lambda site, issue, view: category_body(site.statuses[issue.status_id].category, view),
    "created": lambda _, issue, view: view.stamp(issue.created_at),
    "updated": lambda _, issue, view: view.stamp(issue.updated_at),
    "creator": lambda site, issue, view: person_or_none(site, issue.creator_id, view),
    "reporter": lambda site, issue, view: person_or_none(site, issue.reporter_id, view),
    "subtasks": _subtasks,
    "issuelinks": lambda site, issue, view: [
        issue_link_body(one, issue.id, site, view) for one in site.links_of(issue.id)
    ],
    "summary": lambda _, issue, __: issue.summary,
    "description": lambda _, issue, view: view.rich(issue.description),
    "comment": lambda site, issue, view: comments_page(issue, site, view),
    "attachment": lambda _, __, ___: [],
    "duedate": lambda _, __, ___: None,
}
"""What makes the value of each system field."""


def issue_fields(site: Site, issue: Issue, view: View, names: Iterable[str]) -> dict[str, Any]:
    """Return the named fields of an issue; unknown names are passed over, a missing parent is left out."""
    fields: dict[str, Any] = {}
    for name in names:
        build = BUILDERS.get(name)
        if build is not None:
            value = build(site, issue, view)
            if value is not None or name != "parent":
                fields[name] = value
        elif name in site.fields and site.fields[name].custom:
            fields[name] = _custom_value(site.fields[name], issue, view)
    return fields


def chosen_fields(site: Site, asked: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of the fields a list asks for: names, "*all", "*navigable", and "-name" to leave one out."""
    everything = tuple(known for known in site.fields if known != "issuekey")
    wanted = [name.strip() for entry in asked for name in entry.split(",") if name.strip()]
    hidden = {name[1:] for name in wanted if name.startswith("-")}
    chosen: dict[str, None] = {}
    if hidden and len(hidden) == len(wanted):
        wanted = ["*navigable"]
    for name in wanted:
        if name == "*all":
            chosen |= dict.fromkeys(everything)
        elif name == "*navigable":
            chosen |= dict.fromkeys(known for known in everything if known not in ("comment", "attachment"))
        elif not name.startswith("-"):
            chosen[name] = None
    return tuple(name for name in chosen if name not in hidden)


def issue_body(site: Site, issue: Issue, view: View, names: Iterable[str]) -> dict[str, Any]:
    """Return an issue with the named fields."""
    return {
        "expand": EXPANDABLE,
        "id": str(issue.id),
        "self": view.url(f"issue/{issue.id}"),
        "key": issue.key,
        "fields": issue_fields(site, issue, view, names),
    }
