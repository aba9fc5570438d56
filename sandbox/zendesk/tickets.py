"""Handlers of tickets: show, list, comments, audits, create, update, delete, merge, export, search."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from sandbox.zendesk.account import Account
from sandbox.zendesk.door import MOST_IDS, Call, Desk, Remembered, encoded_answer, json_answer
from sandbox.zendesk.export import Page, Place, read_cursor
from sandbox.zendesk.paging import page_of, whole_number
from sandbox.zendesk.records import DELETED
from sandbox.zendesk.refusals import (
    Refused,
    bad_parameter,
    key_of_another_request,
    missing_parameter,
    not_found,
    too_many_values,
)
from sandbox.zendesk.search import MOST_RESULTS, find_tickets, find_users, is_about_users
from sandbox.zendesk.wire import (
    HOST,
    audit_body,
    comment_body,
    encode,
    export_cursor,
    ticket_body,
    user_body,
)
from sandbox.zendesk.writing import Written, create_ticket, delete_ticket, merge_tickets, update_ticket

MOST_EXPORTED = 1_000
MOST_REMEMBERED = 10_000
EMPTY_PAGE = "empty_page"
SEARCH_LAG = "search_lag"


async def show(desk: Desk, call: Call) -> Response:
    """GET /api/v2/tickets/{id}: one ticket, with its people when include=users."""
    ticket = desk.account.ticket(call.id())
    body = b'{"ticket":' + desk.account.encoded_ticket(ticket.id)
    if call.includes("users"):
        body += b',"users":' + desk.account.encoded_users_of([ticket.id])
    return encoded_answer(body + b"}")


async def show_many(desk: Desk, call: Call) -> Response:
    """GET /api/v2/tickets/show_many?ids=1,2: those that exist, in the order asked."""
    ids = _ids(call)
    found = [i for i in ids if i in desk.account.tickets and desk.account.tickets[i].status != DELETED]
    rest = {"next_page": None, "previous_page": None, "count": len(found)}
    return encoded_answer(_listing(desk.account, found, call, rest=rest))


async def listing(desk: Desk, call: Call) -> Response:
    """GET /api/v2/tickets: all that are not deleted, by id."""
    ids = sorted(i for i, ticket in desk.account.tickets.items() if ticket.status != DELETED)
    page = page_of(ids, path=call.path, query=call.query)
    return encoded_answer(_listing(desk.account, page.ids, call, rest=page.rest))


async def comments(desk: Desk, call: Call) -> Response:
    """GET /api/v2/tickets/{id}/comments: oldest first, or newest first with sort_order=desc or sort=-created_at."""
    ticket = desk.account.ticket(call.id())
    held = {comment.id: comment for comment in desk.account.comments.get(ticket.id, ())}
    ids = list(held)
    if call.query.get("sort_order") == "desc" or call.query.get("sort") == "-created_at":
        ids.reverse()
    page = page_of(ids, path=call.path, query=call.query)
    body: dict[str, Any] = {"comments": [comment_body(held[i]) for i in page.ids]}
    if call.includes("users"):
        authors = dict.fromkeys(held[i].author_id for i in page.ids)
        body["users"] = [user_body(desk.account.users[i]) for i in authors if i in desk.account.users]
    return json_answer({**body, **page.rest})


async def audits(desk: Desk, call: Call) -> Response:
    """GET /api/v2/tickets/{id}/audits: every update of a ticket, oldest first."""
    ticket = desk.account.ticket(call.id())
    held = {audit.id: audit for audit in desk.account.audits.get(ticket.id, ())}
    page = page_of(list(held), path=call.path, query=call.query)
    return json_answer({"audits": [audit_body(held[i]) for i in page.ids], **page.rest})


async def create(desk: Desk, call: Call) -> Response:
    """POST /api/v2/tickets: create one; the same Idempotency-Key and body give the first answer again."""
    key = call.request.headers.get("idempotency-key")
    if key is None:
        written = create_ticket(desk.account, call.sent("ticket"), actor=call.user, now=call.now)
        return encoded_answer(_written(desk, written), status=201, headers=_location(written))
    first = desk.remembered.get(key)
    if first is not None and call.now - first.at < timedelta(seconds=desk.settings.idempotency_seconds):
        if first.sent != call.content:
            raise key_of_another_request()
        return encoded_answer(first.body, status=first.status, headers={"x-idempotency-lookup": "hit"})
    written = create_ticket(desk.account, call.sent("ticket"), actor=call.user, now=call.now)
    body = _written(desk, written)
    if len(desk.remembered) >= MOST_REMEMBERED:
        del desk.remembered[next(iter(desk.remembered))]
    desk.remembered[key] = Remembered(sent=call.content, status=201, body=body, at=call.now)
    return encoded_answer(body, status=201, headers={"x-idempotency-lookup": "miss", **_location(written)})


async def update(desk: Desk, call: Call) -> Response:
    """PUT /api/v2/tickets/{id}: change fields, tags and status and add a comment in one go."""
    ticket_id = call.id()
    desk.limits.take_update(desk.settings, user_id=call.user.id, ticket_id=ticket_id, now=call.now)
    written = update_ticket(desk.account, ticket_id, call.sent("ticket"), actor=call.user, now=call.now)
    return encoded_answer(_written(desk, written))


async def delete(desk: Desk, call: Call) -> Response:
    """DELETE /api/v2/tickets/{id}: delete softly."""
    delete_ticket(desk.account, call.id(), actor=call.user, now=call.now)
    return Response(status_code=204)


async def merge(desk: Desk, call: Call) -> Response:
    """POST /api/v2/tickets/{id}/merge: done at once here, but answered as the vendor's queued job."""
    merged = merge_tickets(desk.account, call.id(), call.sent(), actor=call.user, now=call.now)
    job_id = desk.new_id().replace("-", "")
    url = f"{HOST}/api/v2/job_statuses/{job_id}.json"
    job = {"id": job_id, "job_type": "Ticket Merge", "url": url, "total": len(merged)}
    results = [{"action": "merge", "id": i, "status": "Merged", "success": True} for i in merged]
    message = f"Completed at {call.now:%Y-%m-%d %H:%M:%S} +0000"
    done = {"progress": len(merged), "status": "completed", "message": message, "results": results}
    desk.jobs[job_id] = {**job, **done}
    queued = {**job, "progress": None, "status": "queued", "message": None, "results": None}
    return json_answer({"job_status": queued})


async def job_status(desk: Desk, call: Call) -> Response:
    """GET /api/v2/job_statuses/{id}: how a merge went."""
    job = desk.jobs.get(call.request.path_params["id"])
    if job is None:
        raise not_found()
    return json_answer({"job_status": job})


async def export(desk: Desk, call: Call) -> Response:
    """GET /api/v2/incremental/tickets/cursor: all tickets by last change, deleted ones too, from a time or cursor.

    What changed within the export lag is left out, and so is the running second: a cursor cannot point into it.
    """
    desk.limits.take_export(desk.settings, now=call.now)
    per_page = whole_number(call.query, "per_page", default=MOST_EXPORTED, most=MOST_EXPORTED)
    place = _start(desk, call)
    until = int(call.now.timestamp() - desk.settings.export_lag_seconds)
    if desk.faults.strike(EMPTY_PAGE, method="GET", path=call.path):
        page = Page(ticket_ids=(), after=None, end_of_stream=False)
    else:
        page = desk.account.timeline.after(place, until=until, limit=per_page)
    return encoded_answer(_exported(desk, call, page, place=place))


async def search(desk: Desk, call: Call) -> Response:
    """GET /api/v2/search?query=…: tickets (or type:user) as the index knows them, 100 a page, 1,000 at most."""
    query = call.query.get("query")
    if not query:
        raise missing_parameter("query")
    if is_about_users(query):
        users = {user.id: user for user in find_users(desk.account.users.values(), query)}
        page = page_of(list(users), path=call.path, query=call.query)
        people = [{**user_body(users[i]), "result_type": "user"} for i in page.ids]
        return json_answer({"results": people, "facets": None, **page.rest})
    lag = desk.settings.search_lag_seconds
    fault = desk.faults.strike(SEARCH_LAG, method="GET", path=call.path)
    index = desk.account.searchable(now=call.now, lag_seconds=max(lag, fault.seconds) if fault else lag)
    found = {ticket.id: ticket for ticket in find_tickets(desk.account, index, query, now=call.now)}
    ids = list(found)
    if call.query.get("sort_order") == "asc":
        ids.reverse()
    page = page_of(ids[:MOST_RESULTS], path=call.path, query=call.query)
    fields = desk.account.fields.values()
    results = [{**ticket_body(found[i], fields), "result_type": "ticket"} for i in page.ids]
    return json_answer({"results": results, "facets": None, **page.rest, "count": len(ids)})


def _start(desk: Desk, call: Call) -> Place:
    cursor = call.query.get("cursor")
    if cursor:
        return read_cursor(cursor)
    start_time = call.query.get("start_time", "")
    if not (start_time.isascii() and start_time.isdigit()):
        raise bad_parameter("start_time", "Must be an epoch time in seconds.")
    lag = desk.settings.export_lag_seconds
    if int(start_time) > call.now.timestamp() - lag and lag:
        description = f"Too recent start_time. Use a start_time older than {lag:.0f} seconds"
        raise Refused(status=400, body={"error": "StartTimeTooRecent", "description": description})
    return int(start_time), -1


def _exported(desk: Desk, call: Call, page: Page, *, place: Place) -> bytes:
    """Return the body of an export page.

    `after_cursor` is set at the end of the stream too. On an empty page it is the cursor that was sent, or null when
    a start_time found nothing: no independent evidence for either.
    """
    account = desk.account
    after: str | None = call.query.get("cursor") or None
    if page.after is not None:
        at, ticket_id = page.after
        after = export_cursor(at=at, ticket_id=ticket_id)
    elif after is None and not page.end_of_stream:
        after = export_cursor(at=place[0], ticket_id=place[1])
    before = export_cursor(at=place[0], ticket_id=place[1]) if call.query.get("cursor") else None
    ids: Iterable[int] = page.ticket_ids
    if call.query.get("exclude_deleted") == "true":
        ids = [i for i in ids if account.tickets[i].status != DELETED]
    body = b'{"tickets":[' + b",".join([account.encoded_ticket(i) for i in ids]) + b"]"
    if call.includes("users"):
        body += b',"users":' + account.encoded_users_of(page.ticket_ids)
    rest = {
        "after_url": _export_url(call, after),
        "after_cursor": after,
        "before_url": _export_url(call, before),
        "before_cursor": before,
        "end_of_stream": page.end_of_stream,
    }
    return body + b"," + encode(rest)[1:]


def _export_url(call: Call, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    kept = "".join(f"&{name}={call.query[name]}" for name in ("per_page", "include") if name in call.query)
    return f"{HOST}/api/v2/incremental/tickets/cursor.json?cursor={quote(cursor, safe='')}{kept}"


def _ids(call: Call) -> list[int]:
    texts = [text for text in call.query.get("ids", "").split(",") if text]
    if len(texts) > MOST_IDS:
        raise too_many_values()
    if not texts or not all(text.isascii() and text.isdigit() for text in texts):
        raise bad_parameter("ids", "Must be a comma-separated list of ids.")
    return list(dict.fromkeys(int(text) for text in texts))


def _listing(account: Account, ids: Iterable[int], call: Call, *, rest: Any) -> bytes:
    held = list(ids)
    body = b'{"tickets":[' + b",".join(account.encoded_ticket(i) for i in held) + b"]"
    if call.includes("users"):
        body += b',"users":' + account.encoded_users_of(held)
    return body + b"," + encode(rest)[1:]


def _written(desk: Desk, written: Written) -> bytes:
    ticket = desk.account.encoded_ticket(written.ticket.id)
    return b'{"ticket":' + ticket + b',"audit":' + encode(audit_body(written.audit)) + b"}"


def _location(written: Written) -> dict[str, str]:
    return {"Location": f"{HOST}/api/v2/tickets/{written.ticket.id}.json"}
