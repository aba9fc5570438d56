"""Jira Service Management over REST: a request, its comments (public or internal), approvals and one SLA.

Texts are wiki markup here, never documents. Evidence: the vendor's specification of 2022; words of errors are ours.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import Response

from sandbox.jira.adf import html_of, text_of
from sandbox.jira.commenting import NewComment, add_comment
from sandbox.jira.door import Call, Desk, json_answer, write_to
from sandbox.jira.records import HOST, Approval, Comment, Issue, Person
from sandbox.jira.refusals import Refused, bad_payload
from sandbox.jira.wire import AVATARS, milliseconds

BASE = f"{HOST}/rest/servicedeskapi"
MOST_ON_A_PAGE = 100
FIRST_RESPONSE = timedelta(hours=4)
INTERNAL = {"sd.public.comment": {"internal": True}}


def _error(status: int, message: str) -> Refused:
    body = {
        "errorMessage": message,
        "i18nErrorMessage": {"i18nKey": "sd.request.error", "parameters": []},
    }
    return Refused(status=status, body=body)


def _request(desk: Desk, call: Call, *, write: bool = False) -> Issue:
    issue = desk.site.find_issue(call.part("issue"))
    if issue is None or desk.site.projects[issue.project_id].kind != "service_desk":
        raise _error(404, "The request you are trying to view does not exist.")
    return write_to(desk, call) if write else issue


def _date(moment: datetime, call: Call) -> dict[str, Any]:
    local = moment.astimezone(call.view.zone)
    return {
        "iso8601": f"{local:%Y-%m-%dT%H:%M:%S%z}",
        "jira": call.view.stamp(moment),
        "friendly": f"{local:%d/%b/%y %I:%M %p}",
        "epochMillis": milliseconds(moment),
    }


def _person(person: Person) -> dict[str, Any]:
    address = f"{HOST}/rest/api/2/user?accountId={person.account_id}"
    return {
        "accountId": person.account_id,
        "emailAddress": person.email,
        "displayName": person.name,
        "active": person.active,
        "timeZone": person.zone,
        "_links": {"jiraRest": address, "avatarUrls": AVATARS, "self": address},
    }


def _page(call: Call, path: str, values: Sequence[dict[str, Any]]) -> Response:
    start, limit = max(0, call.whole("start", 0)), min(MOST_ON_A_PAGE, max(1, call.whole("limit", 50)))
    page = list(values[start : start + limit])
    is_last = start + limit >= len(values)
    links: dict[str, Any] = {"self": f"{BASE}/{path}", "base": HOST, "context": ""}
    if not is_last:
        links["next"] = f"{BASE}/{path}?start={start + limit}&limit={limit}"
    if start:
        links["prev"] = f"{BASE}/{path}?start={max(0, start - limit)}&limit={limit}"
    body = {"_expands": [], "size": len(page), "start": start, "limit": limit, "isLastPage": is_last}
    return json_answer({**body, "_links": links, "values": page})


async def request(desk: Desk, call: Call) -> Response:
    """GET /request/{key}."""
    issue = _request(desk, call)
    site = desk.site
    status = site.statuses[issue.status_id]
    values: list[dict[str, Any]] = [
        {"fieldId": "summary", "label": "Summary", "value": issue.summary},
        {"fieldId": "description", "label": "Description", "value": text_of(issue.description) or ""},
    ]
    for field_id, value in issue.custom.items():
        values.append({"fieldId": field_id, "label": site.fields[field_id].name, "value": value})
    reporter = site.people.get(issue.reporter_id or issue.creator_id) or site.people[issue.creator_id]
    body = {
        "_expands": ["participant", "status", "sla", "requestType", "serviceDesk", "attachment", "action", "comment"],
        "issueId": str(issue.id),
        "issueKey": issue.key,
        "requestTypeId": "11" if site.types[issue.type_id].name == "Incident" else "10",
        "serviceDeskId": "1",
        "createdDate": _date(issue.created_at, call),
        "reporter": _person(reporter),
        "requestFieldValues": values,
        "currentStatus": {
            "status": status.name,
            "statusCategory": status.category.upper(),
            "statusDate": _date(issue.status_changed_at, call),
        },
        "_links": {
            "jiraRest": f"{HOST}/rest/api/2/issue/{issue.id}",
            "web": f"{HOST}/servicedesk/customer/portal/1/{issue.key}",
            "self": f"{BASE}/request/{issue.id}",
            "agent": f"{HOST}/browse/{issue.key}",
        },
    }
    return json_answer(body)


def _comment(comment: Comment, desk: Desk, call: Call) -> dict[str, Any]:
    body: dict[str, Any] = {
        "_expands": ["attachment", "renderedBody"],
        "id": str(comment.id),
        "body": text_of(comment.body) or "",
        "public": not comment.internal,
        "author": _person(desk.site.people[comment.author_id]),
        "created": _date(comment.created_at, call),
        "_links": {"self": f"{BASE}/request/{comment.issue_id}/comment/{comment.id}"},
    }
    if "renderedBody" in call.listed("expand"):
        body["renderedBody"] = {"html": html_of(comment.body)}
    return body


async def comments(desk: Desk, call: Call) -> Response:
    """GET /request/{key}/comment: public and internal ones unless ?public=false or ?internal=false."""
    issue = _request(desk, call)
    shown = [
        comment
        for comment in desk.site.comments.get(issue.id, {}).values()
        if call.view.shows(comment) and call.query.get("internal" if comment.internal else "public") != "false"
    ]
    return _page(call, f"request/{issue.id}/comment", [_comment(comment, desk, call) for comment in shown])


async def comment(desk: Desk, call: Call) -> Response:
    """GET /request/{key}/comment/{id}."""
    issue = _request(desk, call)
    return json_answer(_comment(desk.site.comment(call.part("comment"), issue_id=issue.id), desk, call))


async def add(desk: Desk, call: Call) -> Response:
    """POST /request/{key}/comment: {"body", "public"}; `public` left out is true."""
    issue = _request(desk, call, write=True)
    sent = call.sent()
    body, public = sent.get("body"), sent.get("public", True)
    if not isinstance(body, str) or not isinstance(public, bool):
        raise bad_payload()
    if not body.strip():
        raise _error(400, "The comment body cannot be empty.")
    new = NewComment(body=body, visibility=None, properties={} if public else INTERNAL)
    add_comment(desk.site, issue, new, actor=call.person, now=call.now)
    added = next(reversed(desk.site.comments[issue.id].values()))
    return json_answer(_comment(added, desk, call), status=201)


def _approval(approval: Approval, desk: Desk, call: Call) -> dict[str, Any]:
    approvers = [
        {"approver": _person(desk.site.people[one]), "approverDecision": decision}
        for one, decision in approval.decisions.items()
    ]
    body = {
        "id": str(approval.id),
        "name": approval.name,
        "finalDecision": approval.outcome,
        "canAnswerApproval": approval.decisions.get(call.person.account_id) == "pending",
        "approvers": approvers,
        "createdDate": _date(approval.created_at, call),
        "_links": {"self": f"{BASE}/request/{approval.issue_id}/approval/{approval.id}"},
    }
    return body | ({"completedDate": _date(approval.completed_at, call)} if approval.completed_at else {})


def _found(desk: Desk, call: Call, issue: Issue) -> Approval:
    text = call.part("approval")
    approval = desk.site.approvals.get(issue.id, {}).get(int(text) if text.isdigit() else -1)
    if approval is None:
        raise _error(404, "The approval does not exist.")
    return approval


async def approvals(desk: Desk, call: Call) -> Response:
    """GET /request/{key}/approval."""
    issue = _request(desk, call)
    held = desk.site.approvals.get(issue.id, {}).values()
    return _page(call, f"request/{issue.id}/approval", [_approval(one, desk, call) for one in held])


async def approval(desk: Desk, call: Call) -> Response:
    """GET /request/{key}/approval/{id}."""
    return json_answer(_approval(_found(desk, call, _request(desk, call)), desk, call))


async def answer(desk: Desk, call: Call) -> Response:
    """POST /request/{key}/approval/{id}: {"decision": "approve" | "decline"}; one decline ends it, or all approve."""
    issue = _request(desk, call, write=True)
    held, decision = _found(desk, call, issue), call.sent().get("decision")
    if decision not in ("approve", "decline"):
        raise _error(400, "The decision must be 'approve' or 'decline'.")
    mine = held.decisions.get(call.person.account_id)
    if mine is None:
        raise _error(403, "You are not an approver of this request.")
    if mine != "pending" or held.completed_at is not None:
        raise _error(409, "This approval has already been answered.")
    decisions = {**held.decisions, call.person.account_id: f"{decision}d"}
    outcome = "declined" if decision == "decline" else "approved" if "pending" not in decisions.values() else "pending"
    after = replace(held, decisions=decisions, outcome=outcome, completed_at=None if outcome == "pending" else call.now)
    desk.site.approvals[issue.id][held.id] = after
    return json_answer(_approval(after, desk, call))


async def slas(desk: Desk, call: Call) -> Response:
    """GET /request/{key}/sla: "Time to first response", four hours round the clock until somebody answers publicly."""
    issue = _request(desk, call)
    values = [_sla(issue, desk, call)]
    return _page(call, f"request/{issue.id}/sla", values)


def _sla(issue: Issue, desk: Desk, call: Call) -> dict[str, Any]:
    held = desk.site.comments.get(issue.id, {}).values()
    answered = next((c.created_at for c in held if not c.internal and c.author_id != issue.reporter_id), None)
    stop = answered or call.now
    breach = issue.created_at + FIRST_RESPONSE
    cycle: dict[str, Any] = {
        "startTime": _date(issue.created_at, call),
        "breachTime": _date(breach, call),
        "breached": stop > breach,
        "goalDuration": _duration(FIRST_RESPONSE),
        "elapsedTime": _duration(stop - issue.created_at),
        "remainingTime": _duration(breach - stop),
    }
    body: dict[str, Any] = {
        "id": "10",
        "name": "Time to first response",
        "_links": {"self": f"{BASE}/request/{issue.id}/sla/10"},
        "completedCycles": [],
    }
    if answered is None:
        return {**body, "ongoingCycle": {**cycle, "paused": False, "withinCalendarHours": True}}
    return {**body, "completedCycles": [{**cycle, "stopTime": _date(answered.astimezone(UTC), call)}]}


def _duration(length: timedelta) -> dict[str, Any]:
    minutes = int(length.total_seconds() // 60)
    sign = "-" if minutes < 0 else ""
    hours, rest = divmod(abs(minutes), 60)
    return {"millis": int(length.total_seconds() * 1000), "friendly": f"{sign}{hours}h {rest}m"}
