"""The sandbox's own endpoints under ``/_sandbox/``: state, settings, bulk load, an agent's edits, webhooks.

POST /_sandbox/tickets      {"users": [...], "tickets": [...], "notify": false}: see `loading.load`
POST /_sandbox/agents/edit  {"ticket_id", "agent_id"?, "ticket": {as in PUT}} or {"ticket_id", "delete": true}
                            or {"ticket_id", "merge_into": 12} or {"ticket_id", "rate": {"score", "comment"}}
POST /_sandbox/settings     names of `settings.Settings`, or {"pace": "fast" | "vendor"}; GET shows them
POST /_sandbox/webhooks     {"endpoint", "subscriptions"?, "secret"?}: registered with a known secret
GET  /_sandbox/state        ?ids=1,2 narrows the tickets; ?deliveries=no leaves those out
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import CONTROL_PREFIX, fault_routes
from sandbox.zendesk.door import Desk, encoded_answer, json_answer, read_object, refusal
from sandbox.zendesk.events import TICKET_EVENTS
from sandbox.zendesk.hooks_api import register
from sandbox.zendesk.loading import BadLoad, load
from sandbox.zendesk.records import AGENT_ID, Rating, User
from sandbox.zendesk.refusals import Refused, invalid, not_found
from sandbox.zendesk.settings import BadSetting, changed
from sandbox.zendesk.webhooks import Webhook
from sandbox.zendesk.wire import comment_body, encode, rating_body, stamp, ticket_body, user_body
from sandbox.zendesk.writing import delete_ticket, merge_tickets, update_ticket

FIXED_WEBHOOK_SECRET = "sandbox-webhook-secret"

Control = Callable[[Desk, Request], Awaitable[Response]]


def control_routes(desk: Desk) -> list[Route]:
    """Return all routes of the control plane, the faults' included."""
    table: tuple[tuple[str, list[str], Control], ...] = (
        ("state", ["GET"], state),
        ("settings", ["GET", "POST"], settings),
        ("tickets", ["POST"], load_tickets),
        ("agents/edit", ["POST"], agent_edit),
        ("webhooks", ["POST"], known_webhook),
    )
    routes = [
        Route(f"{CONTROL_PREFIX}/{path}", _guarded(desk, control), methods=methods) for path, methods, control in table
    ]
    return [*fault_routes(desk.faults), *routes]


def _guarded(desk: Desk, control: Control) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await control(desk, request)
        except Refused as refused:
            return refusal(refused)
        except (BadLoad, BadSetting) as error:
            return json_answer({"error": "bad_request", "message": str(error)}, status=400)

    return endpoint


async def state(desk: Desk, request: Request) -> Response:
    """Return all records as JSON: each ticket with its comments, deleted ones too."""
    asked = request.query_params.get("ids")
    wanted = {int(i) for i in asked.split(",") if i.isdigit()} if asked else None
    ids = sorted(i for i in desk.account.tickets if wanted is None or i in wanted)
    body: dict[str, Any] = {
        "users": [user_body(user) for user in desk.account.users.values()],
        "satisfaction_ratings": [rating_body(rating) for rating in desk.account.ratings.values()],
        "webhooks": [_webhook_state(hook) for hook in desk.webhooks.registered.values()],
        "deliveries_unfinished": desk.webhooks.unfinished,
        "tokens_given": desk.access.tokens_given,
        "settings": asdict(desk.settings),
    }
    if request.query_params.get("deliveries") != "no":
        body["deliveries"] = desk.webhooks.listing()
    tickets = b",".join([_ticket_state(desk, i) for i in ids])
    return encoded_answer(b'{"tickets":[' + tickets + b"]," + encode(body)[1:])


def _ticket_state(desk: Desk, ticket_id: int) -> bytes:
    comments = [comment_body(comment) for comment in desk.account.comments.get(ticket_id, ())]
    return desk.account.encoded_ticket(ticket_id)[:-1] + b',"comments":' + encode(comments) + b"}"


async def settings(desk: Desk, request: Request) -> Response:
    """Change settings, or show them."""
    if request.method == "POST":
        desk.settings = changed(desk.settings, read_object(await request.body()))
    return json_answer(asdict(desk.settings))


async def load_tickets(desk: Desk, request: Request) -> Response:
    """Load users and tickets in bulk."""
    loaded = load(desk.account, read_object(await request.body()), now=_now(desk))
    return json_answer({"users": loaded.user_ids, "tickets": loaded.ticket_ids}, status=201)


async def agent_edit(desk: Desk, request: Request) -> Response:
    """Let somebody edit, delete, merge or rate a ticket at the vendor's side, webhooks and all.

    With the id of an end user as `agent_id` a comment is a customer's reply, which reopens a waiting or solved ticket.
    """
    body = read_object(await request.body())
    ticket_id = body.get("ticket_id")
    agent = desk.account.users.get(body.get("agent_id", AGENT_ID))
    if not isinstance(ticket_id, int) or agent is None:
        raise not_found()
    now = _now(desk)
    if body.get("delete") is True:
        delete_ticket(desk.account, ticket_id, actor=agent, now=now)
        return json_answer({"deleted": ticket_id})
    if "merge_into" in body:
        merge_tickets(desk.account, body["merge_into"], {"ids": [ticket_id]}, actor=agent, now=now)
        return json_answer({"merged": ticket_id})
    if "rate" in body:
        return _rate(desk, ticket_id, body["rate"], now=now)
    return _edit(desk, ticket_id, body.get("ticket") or {}, agent=agent, now=now)


async def known_webhook(desk: Desk, request: Request) -> Response:
    """Register a webhook for every ticket event, or those given, under a secret known beforehand."""
    body = read_object(await request.body())
    hook = register_known(
        desk, body.get("endpoint"), subscriptions=body.get("subscriptions"), secret=body.get("secret")
    )
    return json_answer({"webhook": _webhook_state(hook)}, status=201)


def register_known(desk: Desk, endpoint: object, *, subscriptions: object = None, secret: str | None = None) -> Webhook:
    """Register a webhook whose secret is "sandbox-webhook-secret" unless given."""
    sent = {"name": "Makewhole", "endpoint": endpoint, "subscriptions": subscriptions or list(TICKET_EVENTS)}
    return register(desk, sent, now=_now(desk), secret=secret or FIXED_WEBHOOK_SECRET)


def _edit(desk: Desk, ticket_id: int, sent: dict[str, Any], *, agent: User, now: datetime) -> Response:
    waits = desk.account.ticket(ticket_id).status in ("pending", "hold", "solved")
    if agent.role == "end-user" and sent.get("comment") and waits:
        sent = {"status": "open", **sent}
    written = update_ticket(desk.account, ticket_id, sent, actor=agent, now=now)
    return json_answer({"ticket": ticket_body(written.ticket, desk.account.fields.values())})


def _rate(desk: Desk, ticket_id: int, sent: object, *, now: datetime) -> Response:
    ticket = desk.account.ticket(ticket_id)
    if not isinstance(sent, dict) or sent.get("score") not in ("good", "bad"):
        raise invalid("satisfaction_rating", "Score: is invalid")
    rating = Rating(
        id=ticket.rating.id if ticket.rating else desk.account.new_record_id(),
        ticket_id=ticket_id,
        score=sent["score"],
        comment=sent.get("comment"),
        requester_id=ticket.requester_id,
        assignee_id=ticket.assignee_id,
        created_at=ticket.rating.created_at if ticket.rating else now,
        updated_at=now,
    )
    desk.account.ratings[rating.id] = rating
    desk.account.keep_ticket(replace(ticket, rating=rating, updated_at=now))
    return json_answer({"satisfaction_rating": rating_body(rating)})


def _webhook_state(hook: Webhook) -> dict[str, Any]:
    return {
        **asdict(hook),
        "created_at": stamp(hook.created_at),
        "updated_at": stamp(hook.updated_at),
    }


def _now(desk: Desk) -> datetime:
    return desk.clock().replace(microsecond=0)
