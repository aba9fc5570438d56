"""Checks of the way back: is our webhook there, does it sign with our secret, does what is sent to us arrive."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import sqlalchemy as sa

from config.helpdesks import Helpdesk as HelpdeskSettings
from connectors.contract import AccessRefused, ByHand, Helpdesk, TryLater, UnexpectedReply, WebhookFound
from makewhole.doctor.check import Check, Examined, fail, ok, warn
from makewhole.helpdesks import webhook_url
from store import deliveries

PING_SECONDS = 10
EXPIRES_SOON = timedelta(days=7)
#: What our door says of a delivery that is signed and about no ticket; Salesforce must see its own word.
ARRIVED = (b'"no_ticket"', b"<Ack>true</Ack>")


def registered(seen: Examined, desk: Helpdesk, given: HelpdeskSettings) -> Iterator[Check]:
    """Look for our webhook at the vendor: there, active, with our secret, not about to end."""
    url = webhook_url(seen.settings, given)
    name, tried = f"{desk.vendor}.webhook", f"looked for an active webhook that points at {url}"
    try:
        found = desk.webhooks()
    except ByHand as problem:
        yield ok(name, tried, f"no program may look; a person can: {problem}")
        return
    except AccessRefused as error:
        yield warn(name, tried, str(error), fix=f"only admins may look: check the webhooks of {desk.account} by hand")
        return
    except (TryLater, UnexpectedReply) as error:
        yield fail(name, tried, str(error), fix="try again; is the account right?")
        return
    ours = [each for each in found if each.url == url and each.active]
    if not ours:
        yield _missing(name, tried, found, url)
        return
    yield _signed_by_us(name, tried, ours, known={each.reveal() for each in given.webhook_secrets})
    yield from _expiry(seen, name, ours)


def arrives(seen: Examined, desk: Helpdesk, given: HelpdeskSettings) -> Check:
    """Send our own door a delivery about no ticket by way of the public address, signed with each of our secrets."""
    url = webhook_url(seen.settings, given)
    name, tried = f"{desk.vendor}.ping", f"sent {url} a signed delivery about no ticket"
    if not given.webhook_secrets:
        fix = f"`makewhole webhooks install {desk.vendor}`, then set {desk.vendor}.webhook_secrets"
        return warn(name, tried, "no secret is set, so no delivery is believed", fix=fix)
    for number, secret in enumerate(given.webhook_secrets, start=1):
        problem, fix = _ping(seen, desk, url, secret.reveal())
        if problem:
            which = f"{desk.vendor}.webhook_secrets[{number - 1}]"
            return warn(name, tried, f"{problem} (signed with {which})", fix=fix)
    return ok(name, tried, "it arrived, and was believed")


def last_arrival(seen: Examined, connection: sa.Connection, desk: Helpdesk) -> Check:
    """Say when a delivery last came; those kept longest are of `keep_deliveries_days` ago."""
    name, tried = f"{desk.vendor}.last_delivery", "looked when the last delivery was kept"
    at = deliveries.last_received(connection, f"{desk.vendor}:{desk.account}")
    if at is None:
        fix = "change a ticket there and look again; if none comes, is the address reachable from outside?"
        return warn(name, tried, f"none in {seen.settings.keep_deliveries_days} days", fix=fix)
    return ok(name, tried, f"{at:%Y-%m-%d %H:%M:%S} UTC, {_age(seen.clock() - at)} ago")


def delivered_by_vendor(seen: Examined, desk: Helpdesk, given: HelpdeskSettings) -> Iterator[Check]:
    """Let the vendor itself deliver something about no ticket, where it can; raises Rehearsed in a rehearsal."""
    url = webhook_url(seen.settings, given)
    name, tried = f"{desk.vendor}.test", f"asked {desk.vendor} to test its webhook"
    try:
        ours = [each for each in desk.webhooks() if each.url == url and each.active]
        for webhook in ours:
            status = desk.send_ping(webhook.id, now=seen.clock())
            if status is None:
                return
            if status == httpx.codes.OK:
                yield ok(name, tried, f"{webhook.id}: we answered 200")
            else:
                fix = "nobody answered at that address" if not status else "see ping; is the secret ours?"
                yield fail(name, tried, f"{webhook.id}: answered {status or 'by nobody'}", fix=fix)
    except ByHand:
        return
    except (AccessRefused, TryLater, UnexpectedReply) as error:
        yield fail(name, tried, str(error), fix="see webhook")


def _missing(name: str, tried: str, found: tuple[WebhookFound, ...], url: str) -> Check:
    vendor = name.partition(".")[0]
    asleep = [each.id for each in found if each.url == url]
    if asleep:
        fix = f"activate it there, or `makewhole webhooks install {vendor}`"
        return warn(name, tried, f"{', '.join(asleep)} is not active: changes are found by polling only", fix=fix)
    path = urlsplit(url).path
    elsewhere = [f"{each.id} points at {_without_path_secret(each.url, path)}" for each in found if path in each.url]
    fix = f"`makewhole webhooks install {vendor}`"
    if elsewhere:
        said = f"{', '.join(elsewhere)}: changes are found by polling only"
        return warn(name, tried, said, fix=f"correct public_url, or {fix} and delete the other there")
    return warn(name, tried, "none: changes are found by polling only", fix=fix)


def _without_path_secret(url: str, path: str) -> str:
    return url.partition(path)[0] + path


def _signed_by_us(name: str, tried: str, ours: list[WebhookFound], *, known: set[str]) -> Check:
    named = ", ".join(each.id for each in ours)
    vendor = name.partition(".")[0]
    strangers = [each.id for each in ours if each.secret is not None and each.secret not in known]
    if strangers:
        fix = f"set {vendor}.webhook_secrets to its signing secret: its deliveries are refused until then"
        return fail(name, tried, f"{', '.join(strangers)} signs with a secret that is not in the settings", fix=fix)
    if len(ours) > 1:
        return warn(name, tried, f"{named}: each change is delivered more than once", fix="delete all but one there")
    told = any(each.secret is not None for each in ours)
    return ok(name, tried, f"{named}, and its signing secret is ours" if told else f"{named}; its secret is not told")


def _expiry(seen: Examined, name: str, ours: list[WebhookFound]) -> Iterator[Check]:
    ends = min((each.expires_at for each in ours if each.expires_at), default=None)
    if ends is None:
        return
    tried = "looked when the vendor ends it"
    left = ends - seen.clock()
    fix = "`makewhole run` puts it off by itself: is it running, and may it?"
    if left <= timedelta(0):
        yield fail(f"{name}_expiry", tried, f"ended on {ends:%Y-%m-%d %H:%M} UTC", fix=fix)
    elif left < EXPIRES_SOON:
        yield warn(f"{name}_expiry", tried, f"ends on {ends:%Y-%m-%d %H:%M} UTC", fix=fix)
    else:
        yield ok(f"{name}_expiry", tried, f"ends on {ends:%Y-%m-%d %H:%M} UTC, and is put off before")


def _ping(seen: Examined, desk: Helpdesk, url: str, secret: str) -> tuple[str, str]:
    """Return what went wrong and its fix; two empty texts for nothing."""
    body, headers, path_secret = desk.ping(secret=secret, now=seen.clock())
    address = f"{url}/{path_secret}" if path_secret else url
    try:
        answer = _posted(address, body, headers)
    except httpx.TimeoutException:
        return f"no answer in {PING_SECONDS} s", "is something between here and `makewhole run` holding it up?"
    except httpx.HTTPError as error:
        return f"nobody answers ({type(error).__name__})", "start `makewhole run`; is public_url right, and its TLS?"
    if answer.status_code == httpx.codes.OK and any(word in answer.content for word in ARRIVED):
        return "", ""
    return _refusal(answer.status_code)


def _posted(address: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=PING_SECONDS) as client:
        return client.post(address, content=body, headers=dict(headers))


def _refusal(status: int) -> tuple[str, str]:
    match status:
        case 200:
            return (
                "answered 200 by something that is not Makewhole",
                "correct public_url, or what stands in front of it",
            )
        case 401:
            return (
                "refused with 401",
                "restart what serves public_url: it runs with older settings, or its clock is off",
            )
        case 404:
            return "refused with 404", "public_url leads elsewhere, or `makewhole run` has older settings"
        case _:
            return f"refused with {status}", "look at what stands in front of `makewhole run`"


def _age(age: timedelta) -> str:
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"
