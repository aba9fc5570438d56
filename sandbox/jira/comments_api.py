"""Comments over REST, and their properties."""

from typing import Any

from starlette.responses import Response

from sandbox.jira.adf import html_of
from sandbox.jira.commenting import add_comment, delete_comment, edit_comment, read_comment
from sandbox.jira.door import Call, Desk, json_answer, no_content, write_to
from sandbox.jira.records import Comment
from sandbox.jira.refusals import bad_payload, no_comment, refused
from sandbox.jira.wire import comment_body

MOST_LISTED = 1_000
MOST_ON_A_PAGE = 100
ORDERS = ("created", "+created", "-created")


def _body(desk: Desk, call: Call, comment: Comment) -> dict[str, Any]:
    expand = call.listed("expand")
    body = comment_body(comment, desk.site, call.view, with_properties="properties" in expand)
    return {**body, "renderedBody": html_of(comment.body)} if "renderedBody" in expand else body


def _seen(desk: Desk, call: Call) -> Comment:
    """Return the comment of the path if who asks may see it; raises `Refused` (404)."""
    issue = desk.site.issue(call.part("issue"))
    comment = desk.site.comment(call.part("comment"), issue_id=issue.id)
    if not call.view.shows(comment):
        raise no_comment(call.part("comment"))
    return comment


async def listing(desk: Desk, call: Call) -> Response:
    """GET /issue/{key}/comment: a page, oldest first or by orderBy; maxResults is held to 1 to 100."""
    issue = desk.site.issue(call.part("issue"))
    order = call.query.get("orderBy", "created")
    if order not in ORDERS:
        raise refused(400, f"The field '{order}' is not a valid field to order comments by.")
    held = [comment for comment in desk.site.comments.get(issue.id, {}).values() if call.view.shows(comment)]
    held.sort(key=lambda comment: (comment.created_at, comment.id), reverse=order.startswith("-"))
    start = max(0, call.whole("startAt", 0))
    most = min(MOST_ON_A_PAGE, max(1, call.whole("maxResults", MOST_ON_A_PAGE)))
    page = [_body(desk, call, comment) for comment in held[start : start + most]]
    return json_answer({"startAt": start, "maxResults": most, "total": len(held), "comments": page})


async def show(desk: Desk, call: Call) -> Response:
    """GET /issue/{key}/comment/{id}."""
    return json_answer(_body(desk, call, _seen(desk, call)))


async def add(desk: Desk, call: Call) -> Response:
    """POST /issue/{key}/comment: there is no idempotency key; sent twice it is there twice."""
    issue = write_to(desk, call)
    new = read_comment(call.sent(), actor=call.person, version=call.view.version)
    add_comment(desk.site, issue, new, actor=call.person, now=call.now)
    comment = next(reversed(desk.site.comments[issue.id].values()))
    return json_answer(_body(desk, call, comment), status=201)


async def edit(desk: Desk, call: Call) -> Response:
    """PUT /issue/{key}/comment/{id}."""
    issue = write_to(desk, call)
    new = read_comment(call.sent(), actor=call.person, version=call.view.version)
    after = edit_comment(desk.site, issue, _seen(desk, call), new, actor=call.person, now=call.now)
    return json_answer(_body(desk, call, after))


async def delete(desk: Desk, call: Call) -> Response:
    """DELETE /issue/{key}/comment/{id}."""
    issue = write_to(desk, call)
    delete_comment(desk.site, issue, _seen(desk, call), actor=call.person, now=call.now)
    return no_content()


async def by_ids(desk: Desk, call: Call) -> Response:
    """POST /comment/list: comments of any issue by id; unknown ids are passed over."""
    ids = call.sent().get("ids")
    if not isinstance(ids, list) or not all(isinstance(one, int) for one in ids) or len(ids) > MOST_LISTED:
        raise bad_payload()
    held = [comment for one in dict.fromkeys(ids) for comment in _found(desk, call, one)]
    page = [_body(desk, call, comment) for comment in held]
    rest = {"isLast": True, "maxResults": MOST_LISTED, "startAt": 0, "total": len(held)}
    return json_answer({**rest, "values": page})


def _found(desk: Desk, call: Call, comment_id: int) -> list[Comment]:
    for comments in desk.site.comments.values():
        if comment_id in comments and call.view.shows(comments[comment_id]):
            return [comments[comment_id]]
    return []
