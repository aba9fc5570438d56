"""Issues with all that a read may ask for beside their fields: expand and properties."""

from collections.abc import Iterable
from typing import Any

from sandbox.jira.adf import html_of
from sandbox.jira.issue_wire import issue_body
from sandbox.jira.records import Issue
from sandbox.jira.site import Site
from sandbox.jira.wire import View, history_body, schema_body, status_body, step_body

MOST_HISTORIES = 40


def shown_issue(
    site: Site,
    issue: Issue,
    view: View,
    names: tuple[str, ...],
    *,
    expand: Iterable[str] = (),
    properties: Iterable[str] = (),
) -> dict[str, Any]:
    """Return an issue with the named fields, what is expanded and its properties ("*all" for each)."""
    body = issue_body(site, issue, view, names)
    if not names:
        del body["fields"]
    held = site.properties.get(issue.id, {})
    wanted = list(properties)
    if wanted:
        body["properties"] = {key: value for key, value in held.items() if "*all" in wanted or key in wanted}
    asked = set(expand)
    if "changelog" in asked:
        body["changelog"] = newest_histories(site, issue, view)
    if "renderedFields" in asked:
        body["renderedFields"] = rendered_fields(issue, names)
    if "transitions" in asked:
        body["transitions"] = [step_body(step, site, view) for step in possible_steps(site, issue)]
    if "editmeta" in asked:
        body["editmeta"] = {"fields": edit_fields(site, issue, view)}
    return body | top_level_extras(site, asked, names)


def top_level_extras(site: Site, expand: Iterable[str], names: tuple[str, ...]) -> dict[str, Any]:
    """Return `names` and `schema` of the fields shown, where they are expanded."""
    asked = set(expand)
    known = [site.fields[name] for name in names if name in site.fields]
    extras: dict[str, Any] = {}
    if "names" in asked:
        extras["names"] = {one.id: one.name for one in known}
    if "schema" in asked:
        extras["schema"] = {one.id: schema_body(one) for one in known}
    return extras


def newest_histories(site: Site, issue: Issue, view: View) -> dict[str, Any]:
    """Return the expanded change log: newest first, no more than 40."""
    held = site.histories.get(issue.id, [])
    shown = [history_body(history, site, view) for history in reversed(held[-MOST_HISTORIES:])]
    return {"startAt": 0, "maxResults": len(shown), "total": len(held), "histories": shown}


def rendered_fields(issue: Issue, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the HTML of the rich text fields shown, null for the others."""
    rendered: dict[str, Any] = dict.fromkeys(names)
    if "description" in rendered:
        rendered["description"] = html_of(issue.description)
    return rendered


def possible_steps(site: Site, issue: Issue) -> list[Any]:
    """Return the transitions that leave the status of an issue."""
    workflow = site.projects[issue.project_id].workflow
    return [step for step in workflow if not step.sources or issue.status_id in step.sources]


def edit_fields(site: Site, issue: Issue, view: View) -> dict[str, Any]:
    """Return the fields on the edit screen with what may be done to them."""
    return screen_fields(site, issue.project_id, view, hidden=("project", "issuelinks"))


def screen_fields(site: Site, project_id: str, view: View, *, hidden: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the fields on the screens of a project."""
    screen = site.screens[project_id]
    shown = [known for known in site.fields.values() if known.id in screen and known.id not in hidden]
    bodies: dict[str, Any] = {}
    for known in shown:
        body: dict[str, Any] = {
            "required": known.id in ("summary", "issuetype", "project"),
            "schema": schema_body(known),
            "name": known.name,
            "key": known.id,
            "operations": _operations(known.id),
        }
        if known.options:
            body["allowedValues"] = [
                {"self": view.url(f"customFieldOption/{one.id}"), "value": one.value, "id": one.id}
                for one in known.options
            ]
        bodies[known.id] = body
    return bodies


def _operations(field_id: str) -> list[str]:
    if field_id == "labels":
        return ["add", "set", "remove"]
    return ["add", "edit", "remove"] if field_id == "comment" else ["set"]


def statuses_by_type(site: Site, project_id: str, view: View) -> list[dict[str, Any]]:
    """Return the statuses of a project per issue type."""
    project = site.projects[project_id]
    statuses = [status_body(site.statuses[one], view) for one in project.status_ids]
    return [
        {
            "self": view.url(f"issuetype/{kind.id}"),
            "id": kind.id,
            "name": kind.name,
            "subtask": kind.level < 0,
            "statuses": statuses,
        }
        for kind in (site.types[one] for one in project.type_ids)
    ]
