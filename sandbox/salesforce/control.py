"""The sandbox's own endpoints under ``/_sandbox/``: state, settings, bulk load, certificates, people's acts.

POST /_sandbox/records       {"Account": [...], "Contact": [...], "Case": [...], "notify": false}: see `loading.load`
POST /_sandbox/settings      names of `settings.Settings`, or {"pace": "fast" | "vendor"}; GET shows them
POST /_sandbox/certificates  {"client_id", "pem"}: certificate or public key for the JWT bearer flow
POST /_sandbox/requests      {"used": 99990}: API requests of others that count against the org's allowance
POST /_sandbox/profile       {"hidden": ["Case.Order_Id__c", "Account"], "read_only": [...]}: of the integration user
POST /_sandbox/outbound      {"endpoint", "object": "Case" | "CaseComment", "fields"?}; GET lists, DELETE clears
POST /_sandbox/acts          what people do at the vendor's side: see `acts`
GET  /_sandbox/state         ?ids=500…,500… narrows the rows; ?notifications=no leaves those out
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import CONTROL_PREFIX, fault_routes
from sandbox.salesforce.access import BadCertificate
from sandbox.salesforce.acts import BadAct, act, person
from sandbox.salesforce.door import Desk, json_answer, read_json, refusal
from sandbox.salesforce.ids import read_id
from sandbox.salesforce.loading import BadLoad, load
from sandbox.salesforce.org import stamp
from sandbox.salesforce.outbound import BadSubscription
from sandbox.salesforce.profile import Profile
from sandbox.salesforce.refusals import Refused, record_refused
from sandbox.salesforce.settings import BadSetting, changed
from sandbox.salesforce.values import Troubled
from sandbox.salesforce.writing import Pen

Control = Callable[[Desk, Request], Awaitable[Response]]


class BadControl(ValueError):
    """A control request that cannot be used: its message says why."""


def control_routes(desk: Desk) -> list[Route]:
    """Return all routes of the control plane, the faults' included."""
    table: tuple[tuple[str, list[str], Control], ...] = (
        ("state", ["GET"], state),
        ("settings", ["GET", "POST"], settings),
        ("records", ["POST"], load_records),
        ("certificates", ["POST"], register_certificate),
        ("requests", ["POST"], use_requests),
        ("profile", ["POST"], profile),
        ("outbound", ["GET", "POST", "DELETE"], outbound),
        ("acts", ["POST"], do_act),
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
        except (BadAct, BadCertificate, BadControl, BadLoad, BadSetting, BadSubscription) as error:
            return json_answer({"error": "bad_request", "message": str(error)}, status=400)

    return endpoint


async def state(desk: Desk, request: Request) -> Response:
    """Return all rows by object, deleted ones too, and what else there is."""
    asked = request.query_params.get("ids")
    wanted = {read_id(text) for text in asked.split(",")} if asked else None
    body: dict[str, Any] = {
        name: [row for row_id, row in table.rows.items() if wanted is None or row_id in wanted]
        for name, table in desk.org.tables.items()
    }
    body["settings"] = asdict(desk.settings)
    body["tokens_given"] = desk.access.tokens_given
    body["requests_used"] = desk.limits.used
    body["outbound"] = [asdict(subscription) for subscription in desk.outbound.subscriptions]
    body["notifications_unfinished"] = desk.outbound.unfinished
    if request.query_params.get("notifications") != "no":
        body["notifications"] = desk.outbound.listing()
    return json_answer(body)


async def settings(desk: Desk, request: Request) -> Response:
    """Change settings, or show them."""
    if request.method == "POST":
        desk.settings = changed(desk.settings, await _sent(request))
    return json_answer(asdict(desk.settings))


async def load_records(desk: Desk, request: Request) -> Response:
    """Load rows in bulk."""
    loaded = load(desk.org, await _sent(request), at=stamp(desk.clock()))
    return json_answer(loaded, status=201)


async def register_certificate(desk: Desk, request: Request) -> Response:
    """Register a certificate for the JWT bearer flow."""
    sent = await _sent(request)
    desk.access.register_certificate(_text(sent, "client_id"), _text(sent, "pem"))
    return json_answer({"client_id": sent["client_id"]}, status=201)


async def use_requests(desk: Desk, request: Request) -> Response:
    """Let others have used up a part of the org's allowance."""
    used = (await _sent(request)).get("used")
    if not isinstance(used, int) or used < 0:
        raise BadControl("used: must be a whole number from 0")
    desk.limits.used_by_others = used
    return json_answer({"requests_used": desk.limits.used})


async def profile(desk: Desk, request: Request) -> Response:
    """Hide objects and fields from the integration user, or keep it from editing them; {} shows all again."""
    sent = await _sent(request)
    named = {name: frozenset(map(str, sent.get(name) or ())) for name in ("hidden", "read_only")}
    desk.profile = Profile(**named)
    return json_answer({name: sorted(names) for name, names in named.items()})


async def outbound(desk: Desk, request: Request) -> Response:
    """Set up an Outbound Message, list them, or take them all away."""
    if request.method == "DELETE":
        desk.outbound.clear()
    if request.method == "POST":
        sent = await _sent(request)
        made = desk.outbound.subscribe(sent.get("endpoint"), sent.get("object", "Case"), sent.get("fields"))
        return json_answer(asdict(made), status=201)
    return json_answer([asdict(subscription) for subscription in desk.outbound.subscriptions])


async def do_act(desk: Desk, request: Request) -> Response:
    """Let somebody do something at the vendor's side, Outbound Messages and all."""
    sent = await _sent(request)
    actor_id = person(desk.org, sent.get("by"))
    pen = Pen(
        org=desk.org,
        actor_id=actor_id,
        at=stamp(desk.clock()),
        touch_parents=bool(desk.settings.comments_touch_cases),
    )
    try:
        done = act(pen, sent)
    except Troubled as troubled:
        desk.org.roll_back()
        return refusal(record_refused(troubled.troubles[0]))
    except (BadAct, Refused):
        desk.org.roll_back()
        raise
    desk.org.commit()
    return json_answer(done)


async def _sent(request: Request) -> dict[str, Any]:
    body = read_json(await request.body())
    if not isinstance(body, dict):
        raise BadControl("body: must be a JSON object")
    return body


def _text(sent: dict[str, Any], name: str) -> str:
    value = sent.get(name)
    if not isinstance(value, str):
        raise BadControl(f"{name}: must be text")
    return value
