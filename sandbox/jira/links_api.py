"""Over REST: issue properties, comment properties, remote links, links between issues and their types."""

import json
from typing import Any

from starlette.responses import Response

from sandbox.jira.commenting import add_comment, keep_remote_link, link_issues, read_comment, remove_remote_link
from sandbox.jira.door import Call, Desk, json_answer, no_content, write_to
from sandbox.jira.issue_wire import short_issue_body
from sandbox.jira.records import Comment, Issue, RemoteLink
from sandbox.jira.refusals import problem, refused
from sandbox.jira.site import Happening
from sandbox.jira.wire import link_type_body, remote_link_body
from sandbox.jira.writing import MOST_PROPERTY_CHARACTERS, MOST_PROPERTY_KEY, set_property


def _value(call: Call) -> Any:
    """Return a property's value; raises `Refused` (400) for what is no JSON or too long."""
    if len(call.content) > MOST_PROPERTY_CHARACTERS:
        raise refused(400, f"The property value cannot be longer than {MOST_PROPERTY_CHARACTERS} characters.")
    if len(call.part("key")) > MOST_PROPERTY_KEY:
        raise refused(400, f"The property key cannot be longer than {MOST_PROPERTY_KEY} characters.")
    try:
        return json.loads(call.content)
    except (ValueError, RecursionError):
        raise refused(400, "The property value must be a valid, non-empty JSON value.") from None


def _missing(key: str) -> Exception:
    return refused(404, f"The property with key '{key}' does not exist.")


def _keys(call: Call, path: str, held: dict[str, Any]) -> Response:
    return json_answer({"keys": [{"self": call.view.url(f"{path}/properties/{key}"), "key": key} for key in held]})


async def issue_properties(desk: Desk, call: Call) -> Response:
    """GET /issue/{key}/properties: their keys."""
    issue = desk.site.issue(call.part("issue"))
    return _keys(call, f"issue/{issue.key}", desk.site.properties.get(issue.id, {}))


async def issue_property(desk: Desk, call: Call) -> Response:
    """GET /issue/{key}/properties/{key}."""
    issue, key = desk.site.issue(call.part("issue")), call.part("key")
    held = desk.site.properties.get(issue.id, {})
    if key not in held:
        raise _missing(key)
    return json_answer({"key": key, "value": held[key]})


async def set_issue_property(desk: Desk, call: Call) -> Response:
    """PUT /issue/{key}/properties/{key}: 201 when new, 200 when replaced; `updated` of the issue stays."""
    issue = write_to(desk, call)
    is_new = set_property(desk.site, issue, call.part("key"), _value(call), actor=call.person, now=call.now)
    return Response(status_code=201 if is_new else 200)


async def delete_issue_property(desk: Desk, call: Call) -> Response:
    """DELETE /issue/{key}/properties/{key}."""
    issue, key = write_to(desk, call), call.part("key")
    held = desk.site.properties.get(issue.id, {})
    if key not in held:
        raise _missing(key)
    del held[key]
    happening = Happening(kind="issue_property_deleted", issue=issue, actor=call.person, at=call.now, key=key)
    desk.site.tell(happening)
    return no_content()


def _comment(desk: Desk, call: Call) -> Comment:
    return desk.site.comment(call.part("comment"))


async def comment_properties(desk: Desk, call: Call) -> Response:
    """GET /comment/{id}/properties: their keys."""
    comment = _comment(desk, call)
    return _keys(call, f"comment/{comment.id}", dict(comment.properties))


async def comment_property(desk: Desk, call: Call) -> Response:
    """GET /comment/{id}/properties/{key}."""
    comment, key = _comment(desk, call), call.part("key")
    if key not in comment.properties:
        raise _missing(key)
    return json_answer({"key": key, "value": comment.properties[key]})


async def set_comment_property(desk: Desk, call: Call) -> Response:
    """PUT /comment/{id}/properties/{key}: 201 when new, 200 when replaced."""
    comment, key = _comment(desk, call), call.part("key")
    is_new = key not in comment.properties
    desk.site.change_comment_properties(comment, {**comment.properties, key: _value(call)})
    return Response(status_code=201 if is_new else 200)


async def delete_comment_property(desk: Desk, call: Call) -> Response:
    """DELETE /comment/{id}/properties/{key}."""
    comment, key = _comment(desk, call), call.part("key")
    if key not in comment.properties:
        raise _missing(key)
    rest = {one: value for one, value in comment.properties.items() if one != key}
    desk.site.change_comment_properties(comment, rest)
    return no_content()


def _remote(desk: Desk, call: Call, issue: Issue) -> RemoteLink:
    text = call.part("link")
    link = desk.site.remote_links.get(issue.id, {}).get(int(text) if text.isdigit() else -1)
    if link is None:
        raise refused(404, f"The remote link with id '{text}' does not exist.")
    return link


def _remote_by_global_id(desk: Desk, issue: Issue, global_id: str) -> RemoteLink:
    for link in desk.site.remote_links.get(issue.id, {}).values():
        if link.global_id == global_id:
            return link
    raise refused(404, f"No remote issue link with globalId '{global_id}' was found.")


async def remote_links(desk: Desk, call: Call) -> Response:
    """GET /issue/{key}/remotelink: all, or the one with ?globalId=."""
    issue = desk.site.issue(call.part("issue"))
    global_id = call.query.get("globalId")
    if global_id:
        return json_answer(remote_link_body(_remote_by_global_id(desk, issue, global_id), call.view))
    held = desk.site.remote_links.get(issue.id, {}).values()
    return json_answer([remote_link_body(link, call.view) for link in held])


async def upsert_remote_link(desk: Desk, call: Call) -> Response:
    """POST /issue/{key}/remotelink: 201 when new, 200 when one with this globalId is replaced."""
    issue = write_to(desk, call)
    link, is_new = keep_remote_link(desk.site, issue, call.sent(), actor=call.person, now=call.now)
    body = {"id": link.id, "self": call.view.url(f"issue/{issue.key}/remotelink/{link.id}")}
    return json_answer(body, status=201 if is_new else 200)


async def remote_link(desk: Desk, call: Call) -> Response:
    """GET /issue/{key}/remotelink/{id}."""
    issue = desk.site.issue(call.part("issue"))
    return json_answer(remote_link_body(_remote(desk, call, issue), call.view))


async def update_remote_link(desk: Desk, call: Call) -> Response:
    """PUT /issue/{key}/remotelink/{id}."""
    issue = write_to(desk, call)
    link = _remote(desk, call, issue)
    keep_remote_link(desk.site, issue, call.sent(), actor=call.person, now=call.now, link_id=link.id)
    return no_content()


async def delete_remote_link(desk: Desk, call: Call) -> Response:
    """DELETE /issue/{key}/remotelink/{id}, or /issue/{key}/remotelink?globalId=."""
    issue = write_to(desk, call)
    if "link" in call.request.path_params:
        link = _remote(desk, call, issue)
    elif call.query.get("globalId"):
        link = _remote_by_global_id(desk, issue, call.query["globalId"])
    else:
        raise problem(400, "Required parameter 'globalId' is not present.", call.path)
    remove_remote_link(desk.site, issue, link, actor=call.person, now=call.now)
    return no_content()


async def link_types(desk: Desk, call: Call) -> Response:
    """GET /issueLinkType."""
    return json_answer({"issueLinkTypes": [link_type_body(kind, call.view) for kind in desk.site.link_types.values()]})


async def create_link(desk: Desk, call: Call) -> Response:
    """POST /issueLink: 201 without a body, also when the link was there."""
    sent = call.sent()
    new = None
    if isinstance(sent.get("comment"), dict):
        new = read_comment(sent["comment"], actor=call.person, version=call.view.version)
    link = link_issues(desk.site, sent, actor=call.person, now=call.now)
    if new is not None:
        add_comment(desk.site, desk.site.issues[link.source_id], new, actor=call.person, now=call.now)
    return Response(status_code=201)


async def show_link(desk: Desk, call: Call) -> Response:
    """GET /issueLink/{id}."""
    link = desk.site.link(call.part("link"))
    ends = {"outwardIssue": link.source_id, "inwardIssue": link.target_id}
    body: dict[str, Any] = {
        "id": str(link.id),
        "self": call.view.url(f"issueLink/{link.id}"),
        "type": link_type_body(desk.site.link_types[link.type_id], call.view),
    }
    shown = {name: short_issue_body(desk.site.issues[one], desk.site, call.view) for name, one in ends.items()}
    return json_answer(body | shown)


async def delete_link(desk: Desk, call: Call) -> Response:
    """DELETE /issueLink/{id}."""
    desk.site.remove_link(desk.site.link(call.part("link")))
    return no_content()
