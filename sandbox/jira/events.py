"""What webhooks carry: one JSON body per event, issues in API version 2 and without expand.

Seen in public captures: the envelope, that the `self` of an issue lacks the word "issue", that comment events name
the issue by a few fields only, `eventType`. Bodies of property events have no independent evidence.
"""

from typing import Any
from zoneinfo import ZoneInfo

from sandbox.jira.issue_wire import chosen_fields, issue_fields
from sandbox.jira.records import HOST, Issue, Person
from sandbox.jira.site import Happening, Site
from sandbox.jira.wire import (
    View,
    change_body,
    comment_body,
    milliseconds,
    person_body,
    priority_body,
    project_body,
    status_body,
    type_body,
)

ISSUE_EVENTS = ("jira:issue_created", "jira:issue_updated", "jira:issue_deleted")
COMMENT_EVENTS = ("comment_created", "comment_updated", "comment_deleted")
PROPERTY_EVENTS = ("issue_property_set", "issue_property_deleted")
EVENTS = (*ISSUE_EVENTS, *COMMENT_EVENTS, *PROPERTY_EVENTS)
VIEW = View(version="2", zone=ZoneInfo("UTC"))


def event_body(happening: Happening, site: Site) -> dict[str, Any]:
    """Return the body of a webhook request, before what differs per webhook."""
    head: dict[str, Any] = {"timestamp": milliseconds(happening.at), "webhookEvent": happening.kind}
    if happening.kind in COMMENT_EVENTS and happening.comment is not None:
        comment = comment_body(happening.comment, site, VIEW)
        return {**head, "comment": comment, "issue": _short_issue(happening.issue, site), "eventType": "primaryAction"}
    if happening.kind in PROPERTY_EVENTS:
        held = {"key": happening.key, "value": happening.value}
        return {**head, "property": held, "issue": _short_issue(happening.issue, site), "user": _user(happening.actor)}
    body = {
        **head,
        "issue_event_type_name": _event_type(happening),
        "user": _user(happening.actor),
        "issue": _issue(happening.issue, site),
    }
    if happening.history is not None:
        items = [change_body(item) for item in happening.history.items]
        body["changelog"] = {"id": str(happening.history.id), "items": items}
    return body


def _event_type(happening: Happening) -> str:
    if happening.kind != "jira:issue_updated":
        return happening.kind.removeprefix("jira:")
    changed = {item.field_id for item in happening.history.items} if happening.history else set()
    if changed & {"status", "resolution"}:
        return "issue_moved" if "project" in changed else "issue_generic"
    if changed == {"assignee"}:
        return "issue_assigned"
    return "issue_moved" if "project" in changed else "issue_updated"


def _issue(issue: Issue, site: Site) -> dict[str, Any]:
    names = [name for name in chosen_fields(site, ("*all",)) if name != "comment"]
    return {
        "id": str(issue.id),
        "self": f"{HOST}/rest/api/2/{issue.id}",
        "key": issue.key,
        "fields": issue_fields(site, issue, VIEW, names),
    }


def _short_issue(issue: Issue, site: Site) -> dict[str, Any]:
    fields = {
        "summary": issue.summary,
        "issuetype": type_body(site.types[issue.type_id], VIEW),
        "project": project_body(site.projects[issue.project_id], VIEW),
        "assignee": _user(site.people[issue.assignee_id]) if issue.assignee_id in site.people else None,
        "priority": priority_body(issue.priority_id, VIEW),
        "status": status_body(site.statuses[issue.status_id], VIEW),
    }
    return {"id": str(issue.id), "self": f"{HOST}/rest/api/2/{issue.id}", "key": issue.key, "fields": fields}


def _user(person: Person) -> dict[str, Any]:
    """Return a person without address: webhooks leave it out."""
    body = person_body(person, VIEW)
    del body["emailAddress"]
    return body
