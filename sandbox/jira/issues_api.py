"""Issues over REST: create (one, many), read, edit, delete, transitions, change logs, bulk reads."""

from typing import Any

from starlette.responses import Response

from sandbox.jira.door import Call, Desk, json_answer, no_content, texts, write_to
from sandbox.jira.issue_wire import chosen_fields
from sandbox.jira.records import Issue
from sandbox.jira.refusals import Refused, bad_payload, refused
from sandbox.jira.shown import edit_fields, possible_steps, shown_issue
from sandbox.jira.wire import history_body, step_body
from sandbox.jira.writing import create_issue, delete_issue, edit_issue, transition_issue

TRANSITION_CONFLICT = "transition_conflict"
MOST_CREATED = 50
MOST_FETCHED = 100
MOST_HISTORIES = 1_000


async def create(desk: Desk, call: Call) -> Response:
    """POST /issue: there is no idempotency key; sent twice it is there twice."""
    issue = create_issue(desk.site, call.sent(), actor=call.person, now=call.now, version=call.view.version)
    return json_answer(_created(call, issue), status=201)


async def create_many(desk: Desk, call: Call) -> Response:
    """POST /issue/bulk: 201 when any was created, with an error per element that was not; 400 when none was."""
    updates = call.sent().get("issueUpdates")
    if not isinstance(updates, list) or not 1 <= len(updates) <= MOST_CREATED:
        raise bad_payload()
    issues, errors = [], []
    for number, sent in enumerate(updates):
        try:
            if not isinstance(sent, dict):
                raise bad_payload()
            issue = create_issue(desk.site, sent, actor=call.person, now=call.now, version=call.view.version)
            issues.append(_created(call, issue))
        except Refused as one:
            errors.append({"status": one.status, "elementErrors": one.body, "failedElementNumber": number})
    return json_answer({"issues": issues, "errors": errors}, status=201 if issues else 400)


def _created(call: Call, issue: Issue) -> dict[str, Any]:
    return {"id": str(issue.id), "key": issue.key, "self": call.view.url(f"issue/{issue.id}")}


async def show(desk: Desk, call: Call) -> Response:
    """GET /issue/{key}: all fields unless some are asked for. A former key finds the issue where it is now."""
    return _shown(desk, call, desk.site.issue(call.part("issue")))


def _shown(desk: Desk, call: Call, issue: Issue) -> Response:
    names = chosen_fields(desk.site, call.listed("fields") or ["*all"])
    names = tuple(name for name in names if name not in ("id", "key"))
    body = shown_issue(
        desk.site, issue, call.view, names, expand=call.listed("expand"), properties=call.listed("properties")
    )
    return json_answer(body)


async def edit(desk: Desk, call: Call) -> Response:
    """PUT /issue/{key}: 204, or the issue with returnIssue=true."""
    issue = write_to(desk, call)
    after = edit_issue(desk.site, issue, call.sent(), actor=call.person, now=call.now, version=call.view.version)
    return _shown(desk, call, after) if call.query.get("returnIssue") == "true" else no_content()


async def assign(desk: Desk, call: Call) -> Response:
    """PUT /issue/{key}/assignee."""
    issue = write_to(desk, call)
    sent = {"fields": {"assignee": call.sent()}}
    edit_issue(desk.site, issue, sent, actor=call.person, now=call.now, version=call.view.version)
    return no_content()


async def delete(desk: Desk, call: Call) -> Response:
    """DELETE /issue/{key}: for good."""
    issue = write_to(desk, call)
    children = call.query.get("deleteSubtasks") == "true"
    delete_issue(desk.site, issue, actor=call.person, now=call.now, with_children=children)
    return no_content()


async def transitions(desk: Desk, call: Call) -> Response:
    """GET /issue/{key}/transitions: those that leave its status now."""
    issue = desk.site.issue(call.part("issue"))
    wanted = call.query.get("transitionId")
    steps = [step for step in possible_steps(desk.site, issue) if wanted in (None, "", step.id)]
    bodies = [step_body(step, desk.site, call.view) for step in steps]
    if "transitions.fields" in call.query.get("expand", ""):
        bodies = [{**body, "fields": {}} for body in bodies]
    return json_answer({"expand": "transitions", "transitions": bodies})


async def transition(desk: Desk, call: Call) -> Response:
    """POST /issue/{key}/transitions: 409 when somebody transitions it at the same time (a fault to switch on)."""
    issue = write_to(desk, call)
    sent = call.sent()
    if desk.faults.strike(TRANSITION_CONFLICT, method="POST", path=call.path):
        raise refused(409, "The issue was updated by another request at the same time. Please try again.")
    transition_issue(desk.site, issue, sent, actor=call.person, now=call.now, version=call.view.version)
    return no_content()


async def edit_meta(desk: Desk, call: Call) -> Response:
    """GET /issue/{key}/editmeta."""
    issue = desk.site.issue(call.part("issue"))
    return json_answer({"fields": edit_fields(desk.site, issue, call.view)})


async def changelog(desk: Desk, call: Call) -> Response:
    """GET /issue/{key}/changelog: oldest first."""
    issue = desk.site.issue(call.part("issue"))
    held = desk.site.histories.get(issue.id, [])
    start, most = max(0, call.whole("startAt", 0)), min(100, max(1, call.whole("maxResults", 100)))
    page = held[start : start + most]
    path = f"issue/{issue.id}/changelog"
    body: dict[str, Any] = {
        "self": call.view.url(f"{path}?maxResults={most}&startAt={start}"),
        "maxResults": most,
        "startAt": start,
        "total": len(held),
        "isLast": start + most >= len(held),
        "values": [history_body(history, desk.site, call.view) for history in page],
    }
    if not body["isLast"]:
        body["nextPage"] = call.view.url(f"{path}?maxResults={most}&startAt={start + most}")
    return json_answer(body)


async def changelogs(desk: Desk, call: Call) -> Response:
    """POST /changelog/bulkfetch: the change logs of up to 1,000 issues, by issue id; here on one page."""
    sent = call.sent()
    references = sent.get("issueIdsOrKeys")
    if not isinstance(references, list) or not 1 <= len(references) <= MOST_HISTORIES:
        raise bad_payload()
    wanted = set(texts(sent.get("fieldIds")))
    found = {issue.id: issue for one in references if (issue := desk.site.find_issue(str(one))) is not None}
    logs = []
    for issue_id in sorted(found):
        held = desk.site.histories.get(issue_id, [])
        kept = [one for one in held if not wanted or wanted & {item.field_id for item in one.items}]
        if kept:
            shown = [history_body(one, desk.site, call.view) for one in kept]
            logs.append({"issueId": str(issue_id), "changeHistories": shown})
    return json_answer({"issueChangeLogs": logs})


async def fetch_many(desk: Desk, call: Call) -> Response:
    """POST /issue/bulkfetch: up to 100 issues by id or key as they are now; those that are not there are named."""
    sent = call.sent()
    references = sent.get("issueIdsOrKeys")
    if not isinstance(references, list) or not 1 <= len(references) <= MOST_FETCHED:
        raise bad_payload()
    names = chosen_fields(desk.site, texts(sent.get("fields")) or ["*navigable"])
    found = {str(one): desk.site.find_issue(str(one)) for one in references}
    missing = [one for one, issue in found.items() if issue is None]
    present = sorted({issue.id: issue for issue in found.values() if issue is not None}.items())
    extras = {"expand": texts(sent.get("expand")), "properties": texts(sent.get("properties"))}
    issues = [shown_issue(desk.site, issue, call.view.of_many, names, **extras) for _, issue in present]
    message = "Issue does not exist or you do not have permission to see it."
    errors = [{"id": one, "errorMessage": message} for one in missing]
    return json_answer({"issues": issues, "issueErrors": errors})
