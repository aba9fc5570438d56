"""Handlers of users, ticket fields, satisfaction ratings and account settings."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.zendesk.door import MOST_IDS, Call, Desk, json_answer, refusal, who_asks
from sandbox.zendesk.paging import page_of
from sandbox.zendesk.records import SCORES
from sandbox.zendesk.refusals import Refused, bad_parameter, not_found, too_many_values
from sandbox.zendesk.wire import anonymous_user_body, epoch, field_body, rating_body, user_body


async def show_user(desk: Desk, call: Call) -> Response:
    """GET /api/v2/users/{id}."""
    user = desk.account.users.get(call.id())
    if user is None:
        raise not_found()
    return json_answer({"user": user_body(user)})


async def users(desk: Desk, call: Call) -> Response:
    """GET /api/v2/users: everybody, by id; role=agent narrows it."""
    role = call.query.get("role")
    ids = sorted(user.id for user in desk.account.users.values() if role in (None, user.role))
    page = page_of(ids, path=call.path, query=call.query)
    return json_answer({"users": [user_body(desk.account.users[i]) for i in page.ids], **page.rest})


async def show_many_users(desk: Desk, call: Call) -> Response:
    """GET /api/v2/users/show_many?ids=1,2 or external_ids=C-1,C-2: at most 100."""
    ids = [text for text in call.query.get("ids", "").split(",") if text]
    external_ids = [text for text in call.query.get("external_ids", "").split(",") if text]
    if len(ids) > MOST_IDS or len(external_ids) > MOST_IDS:
        raise too_many_values()
    if not all(text.isascii() and text.isdigit() for text in ids) or not (ids or external_ids):
        raise bad_parameter("ids", "Must be a comma-separated list of ids.")
    found = [desk.account.users.get(int(text)) for text in ids]
    found += [desk.account.user_by_external_id(text) for text in external_ids]
    bodies = [user_body(user) for user in found if user is not None]
    return json_answer({"users": bodies, "next_page": None, "previous_page": None, "count": len(bodies)})


def me_routes(desk: Desk) -> list[Route]:
    """Return `GET /api/v2/users/me`, which answers 200 to strangers too: as "Anonymous user" (recorded).

    An expired bearer token still gets the 401 (public issue threads).
    """

    async def endpoint(request: Request) -> Response:
        now = desk.clock()
        headers: dict[str, str] = {}
        try:
            headers = dict(desk.limits.take_request(desk.settings, now=now))
            body = user_body(who_asks(desk, request, now=now))
        except Refused as refused:
            if refused.body.get("error") != "Couldn't authenticate you":
                return refusal(refused)
            body = anonymous_user_body()
        return json_answer({"user": body}, headers=headers)

    return [Route("/api/v2/users/me", endpoint), Route("/api/v2/users/me.json", endpoint)]


async def ticket_fields(desk: Desk, call: Call) -> Response:
    """GET /api/v2/ticket_fields: system and custom fields."""
    page = page_of(list(desk.account.fields), path=call.path, query=call.query)
    bodies = [field_body(desk.account.fields[i], desk.account.created_at) for i in page.ids]
    return json_answer({"ticket_fields": bodies, **page.rest})


async def show_ticket_field(desk: Desk, call: Call) -> Response:
    """GET /api/v2/ticket_fields/{id}."""
    known = desk.account.fields.get(call.id())
    if known is None:
        raise not_found()
    return json_answer({"ticket_field": field_body(known, desk.account.created_at)})


async def ratings(desk: Desk, call: Call) -> Response:
    """GET /api/v2/satisfaction_ratings: by score (with or without words) and time of change."""
    score = call.query.get("score")
    start, end = (_epoch(call, name) for name in ("start_time", "end_time"))
    kept = {
        rating.id: rating
        for rating in desk.account.ratings.values()
        if _fits(rating.score, rating.comment, score)
        and (start is None or epoch(rating.updated_at) >= start)
        and (end is None or epoch(rating.updated_at) <= end)
    }
    page = page_of(list(kept), path=call.path, query=call.query)
    return json_answer({"satisfaction_ratings": [rating_body(kept[i]) for i in page.ids], **page.rest})


async def show_rating(desk: Desk, call: Call) -> Response:
    """GET /api/v2/satisfaction_ratings/{id}: a list of one, as schema and example of the specification have it.

    No recording shows it; a bare object would be likelier.
    """
    rating = desk.account.ratings.get(call.id())
    if rating is None:
        raise not_found()
    return json_answer({"satisfaction_rating": [rating_body(rating)]})


async def account_settings(_: Desk, __: Call) -> Response:
    """GET /api/v2/account/settings: the part a connector asks about."""
    settings: dict[str, Any] = {
        "active_features": {"customer_satisfaction": True, "satisfaction_prediction": False, "user_tagging": True},
        "api": {"accepted_api_agreement": True, "api_password_access": "false", "api_token_access": "true"},
        "localization": {"locale_ids": [1, 10]},
        "tickets": {"comments_public_by_default": True, "tagging": True, "markdown_ticket_comments": False},
        "users": {"tagging": True, "time_zone_selection": True, "language_selection": True},
    }
    return json_answer({"settings": settings})


def _fits(score: str, comment: str | None, wanted: str | None) -> bool:
    """Tell whether a score fits "good", "good_with_comment", "received_without_comment" and their kin."""
    if wanted is None:
        return True
    kind, _, words = wanted.partition("_with")
    if kind not in (*SCORES, "received"):
        raise bad_parameter("score", f"{wanted} is not valid.")
    if words and bool(comment) is not (words == "_comment"):
        return False
    return score in ("good", "bad") if kind == "received" else score == kind


def _epoch(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise bad_parameter(name, "Must be an epoch time in seconds.")
    return int(text)
