"""Writes to issues under the vendor's rules: create, edit, transition, delete, move, and what the change log says."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.jira.adf import text_of
from sandbox.jira.commenting import add_comment, link_issues, read_comment
from sandbox.jira.reading_fields import Edit, Screen, read_edit
from sandbox.jira.records import Change, History, Issue, Person, Project
from sandbox.jira.refusals import bad_fields, bad_payload, refused
from sandbox.jira.shown import possible_steps
from sandbox.jira.site import Happening, Site
from sandbox.jira.world import DEFAULT_PRIORITY, PRIORITIES, RESOLUTIONS

MOST_PROPERTY_CHARACTERS = 32_768
MOST_PROPERTY_KEY = 255


def create_issue(site: Site, sent: Mapping[str, Any], *, actor: Person, now: datetime, version: str) -> Issue:
    """Create an issue; raises `Refused` (400)."""
    fields = sent.get("fields")
    if not isinstance(fields, dict):
        raise bad_payload()
    project = _sent_project(site, fields)
    edit = read_edit(sent, Screen(site=site, project=project, before=None, version=version))
    missing = _missing(site, edit)
    if missing:
        raise bad_fields(missing)
    properties = _sent_properties(sent)
    prepared = [read_comment(one, actor=actor, version=version) for one in edit.comments]
    given = {"reporter_id": actor.account_id, "priority_id": DEFAULT_PRIORITY, **edit.attributes}
    issue = Issue(
        **{
            **given,
            "id": site.new_issue_id(),
            "key": site.new_key(project),
            "project_id": project.id,
            "status_id": project.status_ids[0],
            "creator_id": actor.account_id,
            "created_at": now,
            "updated_at": now,
            "status_changed_at": now,
            "custom": {name: value for name, value in edit.custom.items() if value is not None},
        }
    )
    site.keep_issue(issue)
    site.properties[issue.id] = properties
    site.tell(Happening(kind="jira:issue_created", issue=issue, actor=actor, at=now))
    for comment in prepared:
        add_comment(site, issue, comment, actor=actor, now=now)
    return issue


def _sent_project(site: Site, fields: Mapping[str, Any]) -> Project:
    given = fields.get("project")
    reference = (given.get("key") or given.get("id")) if isinstance(given, Mapping) else None
    project = site.find_project(str(reference)) if reference is not None else None
    if project is None:
        raise bad_fields({"project": "Specify a valid project ID or key"})
    return project


def _missing(site: Site, edit: Edit) -> dict[str, str]:
    missing: dict[str, str] = {}
    if "summary" not in edit.attributes:
        missing["summary"] = "You must specify a summary of the issue."
    kind = site.types.get(edit.attributes.get("type_id", ""))
    if kind is None:
        missing["issuetype"] = "Specify an issue type"
    elif kind.level < 0 and edit.attributes.get("parent_id") is None:
        missing["parent"] = "Issue type is a sub-task but parent issue key or id not specified."
    return missing


def _sent_properties(sent: Mapping[str, Any]) -> dict[str, Any]:
    given = sent.get("properties") or []
    if not isinstance(given, list) or not all(
        isinstance(one, dict) and isinstance(one.get("key"), str) for one in given
    ):
        raise bad_payload()
    return {one["key"]: one.get("value") for one in given}


def edit_issue(
    site: Site, issue: Issue, sent: Mapping[str, Any], *, actor: Person, now: datetime, version: str
) -> Issue:
    """Change an issue by `fields`, `update` and `properties`; raises `Refused` (400) and changes nothing then."""
    screen = Screen(site=site, project=site.projects[issue.project_id], before=issue, version=version)
    edit = read_edit(sent, screen)
    properties = _sent_properties(sent)
    prepared = [read_comment(one, actor=actor, version=version) for one in edit.comments]
    after = apply(site, issue, edit, actor=actor, now=now)
    for link in edit.links:
        link_issues(site, {**link, "outwardIssue": link.get("outwardIssue", {"key": issue.key})}, actor=actor, now=now)
    for comment in prepared:
        after = add_comment(site, after, comment, actor=actor, now=now)
    for key, value in properties.items():
        set_property(site, after, key, value, actor=actor, now=now)
    return after


def apply(site: Site, before: Issue, edit: Edit, *, actor: Person, now: datetime) -> Issue:
    """Keep an issue changed as read, with its history; an edit that changes nothing leaves no trace."""
    custom = {name: value for name, value in {**before.custom, **edit.custom}.items() if value is not None}
    changed = replace(before, **edit.attributes, custom=custom)
    return keep_change(site, before, changed, actor=actor, now=now)


def keep_change(site: Site, before: Issue, changed: Issue, *, actor: Person, now: datetime) -> Issue:
    """Keep a changed issue, write its history and tell of it; returns it as it is kept."""
    items = changes_between(site, before, changed)
    if not items:
        return before
    after = replace(changed, updated_at=now)
    history = History(id=site.new_record_id(), author_id=actor.account_id, created_at=now, items=items)
    site.keep_issue(after)
    site.add_history(after.id, history)
    site.tell(Happening(kind="jira:issue_updated", issue=after, actor=actor, at=now, history=history))
    return after


def transition_issue(
    site: Site, issue: Issue, sent: Mapping[str, Any], *, actor: Person, now: datetime, version: str
) -> Issue:
    """Take an issue through a transition; raises `Refused` (400) when it does not leave the status of the issue."""
    wanted = sent.get("transition")
    step_id = str(wanted.get("id", "")) if isinstance(wanted, Mapping) else ""
    if not step_id:
        raise refused(400, "Missing 'transition' identifier")
    workflow = site.projects[issue.project_id].workflow
    named = next((step for step in workflow if step.id == step_id), None)
    if named is None:
        raise refused(400, f"Transition id '{step_id}' is not valid for this issue.")
    if named not in possible_steps(site, issue):
        raise refused(
            400,
            f"It seems that you have tried to perform a workflow operation ({named.name}) that is not valid for the "
            f"current state of this issue ({issue.key}). The likely cause is that somebody has changed the issue "
            "recently, please look at the issue history for details.",
        )
    screen = Screen(site=site, project=site.projects[issue.project_id], before=issue, version=version)
    edit = read_edit(sent, screen)
    prepared = [read_comment(one, actor=actor, version=version) for one in edit.comments]
    edit.attributes |= into_status(site, issue, named.to, now=now)
    after = apply(site, issue, edit, actor=actor, now=now)
    for comment in prepared:
        after = add_comment(site, after, comment, actor=actor, now=now)
    return after


def into_status(site: Site, issue: Issue, status_id: str, *, now: datetime) -> dict[str, Any]:
    """Return the attributes of an issue that comes into a status: done ones are resolved, others are not."""
    old, new = site.statuses[issue.status_id].category, site.statuses[status_id].category
    attributes: dict[str, Any] = {"status_id": status_id}
    if old != new:
        attributes["status_changed_at"] = now
    if new != "done":
        return {**attributes, "resolution_id": None, "resolved_at": None}
    if issue.resolution_id is None:
        attributes |= {"resolution_id": next(iter(RESOLUTIONS)), "resolved_at": now}
    return attributes


def delete_issue(site: Site, issue: Issue, *, actor: Person, now: datetime, with_children: bool) -> None:
    """Delete an issue for good; raises `Refused` (400) while it has sub-tasks, unless they go too."""
    subtasks = [site.issues[one] for one in sorted(site.children.get(issue.id, ()))]
    subtasks = [one for one in subtasks if site.types[one.type_id].level < 0]
    if subtasks and not with_children:
        message = (
            f"The issue '{issue.key}' has subtasks. You must specify the 'deleteSubtasks' parameter to delete this "
        )
        raise refused(400, f"{message}issue and all its subtasks.")
    for one in (*subtasks, issue):
        # Told first: its payload needs what hangs on the issue.
        site.tell(Happening(kind="jira:issue_deleted", issue=one, actor=actor, at=now))
        site.remove_issue(one)


def move_issue(site: Site, issue: Issue, project: Project, *, actor: Person, now: datetime) -> Issue:
    """Move an issue to another project: a new key, the type and status of the same name or the first; the id stays."""
    kinds = [site.types[one] for one in project.type_ids]
    name = site.types[issue.type_id].name
    kind = next((one for one in kinds if one.name == name), next(one for one in kinds if one.level == 0))
    status_id = issue.status_id if issue.status_id in project.status_ids else project.status_ids[0]
    changed = replace(
        issue,
        key=site.new_key(project),
        project_id=project.id,
        type_id=kind.id,
        **into_status(site, issue, status_id, now=now),
    )
    return keep_change(site, issue, changed, actor=actor, now=now)


def set_property(site: Site, issue: Issue, key: str, value: Any, *, actor: Person, now: datetime) -> bool:
    """Set an issue property and tell whether it is new. `updated` of the issue stays."""
    held = site.properties.setdefault(issue.id, {})
    is_new = key not in held
    held[key] = value
    site.tell(Happening(kind="issue_property_set", issue=issue, actor=actor, at=now, key=key, value=value))
    return is_new


def changes_between(site: Site, before: Issue, after: Issue) -> tuple[Change, ...]:
    """Return what the change log says of two versions of an issue."""
    changes: list[Change] = []
    for field_id, name, attribute in _LOGGED:
        old, new = getattr(before, attribute), getattr(after, attribute)
        if old != new:
            changes.append(_change(site, field_id, name, old, new))
    for field_id in sorted({*before.custom, *after.custom}):
        old, new = before.custom.get(field_id), after.custom.get(field_id)
        if old != new:
            changes.append(_custom_change(site, field_id, old, new))
    return tuple(changes)


_LOGGED = (
    ("summary", "summary", "summary"),
    ("description", "description", "description"),
    ("labels", "labels", "labels"),
    ("priority", "priority", "priority_id"),
    ("assignee", "assignee", "assignee_id"),
    ("reporter", "reporter", "reporter_id"),
    ("issuetype", "issuetype", "type_id"),
    ("parent", "IssueParentAssociation", "parent_id"),
    ("project", "project", "project_id"),
    ("issuekey", "Key", "key"),
    ("status", "status", "status_id"),
    ("resolution", "resolution", "resolution_id"),
)
"""Field, its name in the change log, and the attribute of the record."""


def _change(site: Site, field_id: str, name: str, old: Any, new: Any) -> Change:
    if field_id in ("summary", "description", "issuekey"):
        return Change(field=name, field_id=field_id, old_text=text_of(old), new_text=text_of(new))
    if field_id == "labels":
        return Change(field=name, field_id=field_id, old_text=" ".join(old), new_text=" ".join(new))
    return Change(
        field=name,
        field_id=field_id,
        old=None if old is None else str(old),
        old_text=_name_of(site, field_id, old),
        new=None if new is None else str(new),
        new_text=_name_of(site, field_id, new),
    )


def _name_of(site: Site, field_id: str, value: Any) -> str | None:
    if value is None:
        return None
    match field_id:
        case "priority":
            return PRIORITIES[value]
        case "resolution":
            return RESOLUTIONS[value]
        case "assignee" | "reporter":
            return site.people[value].name
        case "issuetype":
            return site.types[value].name
        case "project":
            return site.projects[value].name
        case "status":
            return site.statuses[value].name
        case _:
            return site.issues[value].key if value in site.issues else str(value)


def _custom_change(site: Site, field_id: str, old: Any, new: Any) -> Change:
    known = site.fields[field_id]
    options = site.options()

    def shown(value: Any) -> str | None:
        if known.kind == "select" and value is not None:
            return str(options[value].value)
        return None if value is None else f"{value:g}" if isinstance(value, float) else text_of(value)

    ids = known.kind == "select"
    return Change(
        field=known.name,
        field_id=field_id,
        custom=True,
        old=old if ids else None,
        old_text=shown(old),
        new=new if ids else None,
        new_text=shown(new),
    )
