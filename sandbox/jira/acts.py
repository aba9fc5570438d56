"""What people do in the browser, through the control plane: the same writes as over REST, with their webhooks."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.jira.commenting import NewComment, add_comment, delete_comment, edit_comment, keep_remote_link, link_issues
from sandbox.jira.door import Desk
from sandbox.jira.issue_wire import issue_body
from sandbox.jira.loading import visibility_of
from sandbox.jira.records import Approval, Issue, Person
from sandbox.jira.refusals import bad_payload, refused
from sandbox.jira.shown import possible_steps
from sandbox.jira.wire import UTC_VIEW, comment_body
from sandbox.jira.world import LENA_ID
from sandbox.jira.writing import (
    delete_issue,
    edit_issue,
    keep_change,
    move_issue,
    set_property,
    transition_issue,
)

VERSION = "2"


def act(desk: Desk, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Do what is asked to one issue and return it as it is now, or what was deleted; raises `Refused`."""
    issue = desk.site.issue(str(sent.get("issue")))
    agent = _agent(desk, sent.get("agent", LENA_ID))
    now = desk.now()
    if sent.get("delete") is True:
        delete_issue(desk.site, issue, actor=agent, now=now, with_children=True)
        return {"deleted": issue.key}
    for name, do in _ACTS.items():
        if name in sent:
            do(desk, issue, agent, sent)
            return _after(desk, desk.site.issues[issue.id])
    raise bad_payload()


def _agent(desk: Desk, wanted: object) -> Person:
    person = desk.site.people.get(str(wanted)) or desk.site.person_by_email(str(wanted))
    if person is None:
        raise refused(404, f"There is nobody called {wanted}.")
    return person


def _after(desk: Desk, issue: Issue) -> dict[str, Any]:
    comments = [comment_body(one, desk.site, UTC_VIEW) for one in desk.site.comments.get(issue.id, {}).values()]
    names = [name for name in desk.site.fields if name not in ("comment", "issuekey")]
    return {**issue_body(desk.site, issue, UTC_VIEW, names), "comments": comments}


def _edit(desk: Desk, issue: Issue, agent: Person, sent: Mapping[str, Any]) -> None:
    wanted = {"fields": sent.get("fields"), "update": sent.get("update")}
    edit_issue(desk.site, issue, wanted, actor=agent, now=desk.now(), version=VERSION)


def _comment(desk: Desk, issue: Issue, agent: Person, sent: Mapping[str, Any]) -> None:
    given = sent["comment"]
    properties = {"sd.public.comment": {"internal": True}} if given.get("internal") is True else {}
    try:
        visibility = visibility_of(given.get("visibility"))
    except KeyError:
        raise bad_payload() from None
    new = NewComment(body=given["body"], visibility=visibility, properties=properties)
    add_comment(desk.site, issue, new, actor=agent, now=desk.now())


def _edit_comment(desk: Desk, issue: Issue, agent: Person, sent: Mapping[str, Any]) -> None:
    comment = desk.site.comment(str(sent["edit_comment"].get("id")), issue_id=issue.id)
    new = NewComment(body=sent["edit_comment"]["body"], visibility=comment.visibility, properties={})
    edit_comment(desk.site, issue, comment, new, actor=agent, now=desk.now())


def _delete_comment(desk: Desk, issue: Issue, agent: Person, sent: Mapping[str, Any]) -> None:
    comment = desk.site.comment(str(sent["delete_comment"]), issue_id=issue.id)
    delete_comment(desk.site, issue, comment, actor=agent, now=desk.now())


def _transition(desk: Desk, issue: Issue, agent: Person, sent: Mapping[str, Any]) -> None:
    wanted = str(sent["transition"])
    step_id = next((step.id for step in possible_steps(desk.site, issue) if wanted in (step.id, step.name)), wanted)
    transition = {"transition": {"id": step_id}, "update": sent.get("update")}
    transition_issue(desk.site, issue, transition, actor=agent, now=desk.now(), version=VERSION)


def _move(desk: Desk, issue: Issue, agent: Person, sent: Mapping[str, Any]) -> None:
    move_issue(desk.site, issue, desk.site.project(str(sent["move_to"])), actor=agent, now=desk.now())


def _reparent(desk: Desk, issue: Issue, agent: Person, sent: Mapping[str, Any]) -> None:
    parent_id = None if sent["parent"] is None else desk.site.issue(str(sent["parent"])).id
    keep_change(desk.site, issue, replace(issue, parent_id=parent_id), actor=agent, now=desk.now())


def _link(desk: Desk, issue: Issue, agent: Person, sent: Mapping[str, Any]) -> None:
    ends = {"outwardIssue": {"key": issue.key}, "inwardIssue": {"key": sent["link"].get("to")}}
    kind = {"type": {"name": sent["link"].get("type", "Relates")}}
    link_issues(desk.site, {**ends, **kind}, actor=agent, now=desk.now())


def _remote_link(desk: Desk, issue: Issue, agent: Person, sent: Mapping[str, Any]) -> None:
    keep_remote_link(desk.site, issue, sent["remote_link"], actor=agent, now=desk.now())


def _property(desk: Desk, issue: Issue, agent: Person, sent: Mapping[str, Any]) -> None:
    given = sent["property"]
    set_property(desk.site, issue, str(given["key"]), given.get("value"), actor=agent, now=desk.now())


def _ask_approval(desk: Desk, issue: Issue, _: Person, sent: Mapping[str, Any]) -> None:
    given = sent["approval"]
    approvers = [_agent(desk, one).account_id for one in given.get("approvers") or ()]
    approval = Approval(
        id=desk.site.new_record_id(),
        issue_id=issue.id,
        name=str(given.get("name") or "Waiting for approval"),
        decisions=dict.fromkeys(approvers, "pending"),
        created_at=desk.now(),
    )
    desk.site.approvals.setdefault(issue.id, {})[approval.id] = approval


_ACTS = {
    "transition": _transition,
    "fields": _edit,
    "update": _edit,
    "comment": _comment,
    "edit_comment": _edit_comment,
    "delete_comment": _delete_comment,
    "move_to": _move,
    "parent": _reparent,
    "link": _link,
    "remote_link": _remote_link,
    "property": _property,
    "approval": _ask_approval,
}
"""What can be done, in the order it is looked for."""
