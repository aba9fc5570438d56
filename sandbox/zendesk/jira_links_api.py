"""Links between tickets and Jira issues, as Zendesk's own Jira integration keeps them: list, create, show, delete.

Reference: https://developer.zendesk.com/api-reference/ticketing/jira/links/ . Neither the Support specification nor a
recording has this API; that a list goes on as every other does by cursor, the statuses and the wording of refusals have
no independent evidence. One 403 of an account that lets nobody manage links is told of in a public repository.
"""

from datetime import datetime
from typing import Any

from starlette.responses import Response

from sandbox.zendesk.door import Call, Desk, json_answer
from sandbox.zendesk.paging import page_of
from sandbox.zendesk.records import JiraLink
from sandbox.zendesk.refusals import Refused, invalid, not_found
from sandbox.zendesk.wire import stamp

FIRST_LINK_ID = 1_000


async def listing(desk: Desk, call: Call) -> Response:
    """GET /api/v2/jira/links: all, by id, or those of one ticket or issue: filter[ticket_id], filter[issue_id]."""
    _admins_only(call)
    wanted = {name: call.query.get(f"filter[{name}]") for name in ("ticket_id", "issue_id")}
    links = {
        each.id: each
        for each in desk.jira_links.values()
        if wanted["ticket_id"] in {None, str(each.ticket_id)} and wanted["issue_id"] in {None, each.issue_id}
    }
    page = page_of(sorted(links), path=call.path, query={"page[size]": "100", **call.query})
    # Where other lists have the addresses of their pages under "links", this one has the links.
    return json_answer({"links": [_body(links[link_id]) for link_id in page.ids], "meta": page.rest["meta"]})


async def create(desk: Desk, call: Call) -> Response:
    """POST /api/v2/jira/links: link a ticket with an issue; issue_id, issue_key and ticket_id are mandatory."""
    _admins_only(call)
    sent = call.sent("link")
    for name in ("issue_id", "issue_key", "ticket_id"):
        if not str(sent.get(name) or ""):
            raise invalid(name, f"{name}: cannot be blank", error="BlankValue")
    ticket_id = str(sent["ticket_id"])
    if not ticket_id.isdigit() or int(ticket_id) not in desk.account.tickets:
        raise not_found()
    return json_answer({"link": _body(keep(desk, int(ticket_id), sent, now=call.now))})


def keep(desk: Desk, ticket_id: int, sent: Any, *, now: datetime) -> JiraLink:
    """Keep a link, the same again as it was."""
    issue_id = str(sent["issue_id"])
    for known in desk.jira_links.values():
        if (known.ticket_id, known.issue_id) == (ticket_id, issue_id):
            return known
    link = JiraLink(
        id=max(desk.jira_links, default=FIRST_LINK_ID) + 1,
        ticket_id=ticket_id,
        issue_id=issue_id,
        issue_key=str(sent["issue_key"]),
        created_at=now,
    )
    desk.jira_links[link.id] = link
    return link


async def show(desk: Desk, call: Call) -> Response:
    """GET /api/v2/jira/links/{id}."""
    _admins_only(call)
    return json_answer({"link": _body(_link(desk, call))})


async def delete(desk: Desk, call: Call) -> Response:
    """DELETE /api/v2/jira/links/{id}: answers 204."""
    _admins_only(call)
    del desk.jira_links[_link(desk, call).id]
    return Response(status_code=204)


def _admins_only(call: Call) -> None:
    if call.user.role != "admin":
        raise Refused(status=403, body={"error": "Forbidden", "description": "You do not have access to this page."})


def _link(desk: Desk, call: Call) -> JiraLink:
    link = desk.jira_links.get(call.id())
    if link is None:
        raise not_found()
    return link


def _body(link: JiraLink) -> dict[str, Any]:
    return {
        "id": link.id,
        "ticket_id": str(link.ticket_id),
        "issue_id": link.issue_id,
        "issue_key": link.issue_key,
        "created_at": stamp(link.created_at),
        "updated_at": stamp(link.created_at),
    }
