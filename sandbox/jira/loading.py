"""Bulk load through the control plane: issues with given ids, keys and times, near the vendor's own wire shape.

Nothing here is part of the vendor's API, and little is checked as the vendor would: odd issues are wanted in tests.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.jira.records import Comment, Issue, Person, Value, Visibility
from sandbox.jira.site import Happening, Site
from sandbox.jira.world import BOT_ID, DEFAULT_PRIORITY, GROUPS, LENA_ID, PRIORITIES, RESOLUTIONS, ROLES


class BadLoad(ValueError):
    """The load request cannot be used: its message says which entry and why."""


def load(site: Site, body: Mapping[str, Any], *, now: datetime) -> list[Issue]:
    """Load `people`, then `issues`, replacing those with the same id, and return the issues; raises `BadLoad`.

    An issue has `key` or `project`, and any of: `id`, `created`, `updated` (ISO, default now), `fields` {"summary",
    "description" (text or document), "issuetype", "status", "priority", "resolution", "assignee", "reporter",
    "creator", "parent", "labels", custom fields}, `comments` [{"body", "author", "internal", "visibility", "created",
    "properties"}], `properties` {key: value}. Names, ids and {"name" | "id" | "accountId" | "value" | "key"} all do.
    `notify`: true sends the webhooks of new issues; otherwise a load is silent.
    """
    for entry in _objects(body, "people"):
        person = Person(**entry)
        site.people[person.account_id] = person
    loaded = []
    for number, entry in enumerate(_objects(body, "issues")):
        try:
            issue = _load_issue(site, entry, now=now)
        except (KeyError, TypeError, ValueError, StopIteration) as error:
            raise BadLoad(f"issues[{number}]: {type(error).__name__}: {error}") from error
        loaded.append(issue)
        if body.get("notify") is True:
            creator = site.people[issue.creator_id]
            site.tell(Happening(kind="jira:issue_created", issue=issue, actor=creator, at=issue.created_at))
    return loaded


def _objects(body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = body.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadLoad(f"{name}: must be a list of objects")
    return entries


def _load_issue(site: Site, entry: Mapping[str, Any], *, now: datetime) -> Issue:
    fields = entry.get("fields") or {}
    key = entry.get("key")
    project = site.find_project(str(key).rpartition("-")[0] if key else str(entry.get("project") or "ENG"))
    if project is None:
        raise BadLoad(f"{key or entry.get('project')}: no such project")
    created_at = _moment(entry.get("created"), now)
    updated_at = _moment(entry.get("updated"), created_at)
    status_id = _chosen(fields.get("status"), {one: site.statuses[one].name for one in site.statuses})
    status_id = status_id or project.status_ids[0]
    done = site.statuses[status_id].category == "done"
    types = {one: site.types[one].name for one in project.type_ids}
    usual_type = next(one for one in project.type_ids if site.types[one].level == 0)
    parent = site.find_issue(_reference(fields.get("parent")) or "")
    issue = Issue(
        id=int(entry.get("id") or site.new_issue_id()),
        key=str(key or site.new_key(project)),
        project_id=project.id,
        type_id=_chosen(fields.get("issuetype"), types) or usual_type,
        summary=str(fields.get("summary") or ""),
        description=fields.get("description"),
        status_id=status_id,
        priority_id=_chosen(fields.get("priority"), PRIORITIES) or DEFAULT_PRIORITY,
        resolution_id=_chosen(fields.get("resolution"), RESOLUTIONS) or (next(iter(RESOLUTIONS)) if done else None),
        resolved_at=updated_at if done else None,
        assignee_id=_account(site, fields.get("assignee")),
        reporter_id=_account(site, fields.get("reporter")) or LENA_ID,
        creator_id=_account(site, fields.get("creator") or fields.get("reporter")) or LENA_ID,
        created_at=created_at,
        updated_at=updated_at,
        status_changed_at=created_at,
        parent_id=parent.id if parent else None,
        labels=tuple(fields.get("labels") or ()),
        custom=_custom(site, fields),
    )
    for held in (site.comments, site.histories, site.remote_links, site.properties):
        held.pop(issue.id, None)
    site.keep_issue(issue, searchable_at_once=True)
    site.properties[issue.id] = dict(entry.get("properties") or {})
    for comment in entry.get("comments") or ():
        _load_comment(site, issue, comment)
    return issue


def _load_comment(site: Site, issue: Issue, entry: Mapping[str, Any]) -> None:
    created_at = _moment(entry.get("created"), issue.updated_at)
    author_id = _account(site, entry.get("author")) or LENA_ID
    properties = dict(entry.get("properties") or {})
    if entry.get("internal") is True:
        properties["sd.public.comment"] = {"internal": True}
    comment = Comment(
        id=int(entry.get("id") or site.new_record_id()),
        issue_id=issue.id,
        author_id=author_id,
        update_author_id=author_id,
        body=entry.get("body") or "",
        created_at=created_at,
        updated_at=created_at,
        visibility=visibility_of(entry.get("visibility")),
        properties=properties,
    )
    site.keep_comment(comment)


def visibility_of(given: object) -> Visibility | None:
    """Return the restriction {"type", "value"} means; raises `KeyError` for an unknown role or group."""
    if not isinstance(given, Mapping):
        return None
    kind, name = str(given["type"]), str(given["value"])
    return Visibility(kind=kind, value=name, identifier=(ROLES if kind == "role" else GROUPS)[name])


def _reference(given: object) -> str | None:
    """Return the text that a value or an object with one stands for."""
    if isinstance(given, Mapping):
        given = next((given[name] for name in ("accountId", "id", "key", "name", "value") if name in given), None)
    return None if given is None else str(given)


def _chosen(given: object, names: Mapping[str, str]) -> str | None:
    """Return the id of what is given by id or name; None for nothing; raises `BadLoad` for what does not exist."""
    wanted = _reference(given)
    if wanted is None:
        return None
    for one, name in names.items():
        if wanted == one or wanted.lower() == name.lower():
            return one
    raise BadLoad(f"{wanted} is none of {', '.join(names.values())}")


def _account(site: Site, given: object) -> str | None:
    wanted = _reference(given)
    if wanted is None:
        return None
    if wanted == "bot":
        return BOT_ID
    for person in site.people.values():
        if wanted in (person.account_id, person.email, person.name):
            return person.account_id
    raise BadLoad(f"{wanted}: no such person")


def _custom(site: Site, fields: Mapping[str, Any]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name, value in fields.items():
        known = site.fields.get(name)
        if known is None or not known.custom or value is None:
            continue
        if known.kind == "select":
            values[name] = _chosen(value, {option.id: option.value for option in known.options})
        else:
            values[name] = float(value) if known.kind == "float" else value
    return values


def _moment(value: object, default: datetime) -> datetime:
    """Return an ISO time with offset, cut to milliseconds as the vendor's are."""
    if value is None:
        return default
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise BadLoad(f"{value}: needs an offset")
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
