"""What `doctor` tries on a Salesforce org, and which fields a Case has there.

GET /services/oauth2/userinfo, /limits, /sobjects/Case/describe, one Case by query.
Surprise: a field that the user's profile hides (field-level security) is not in the describe at all, as if it were not
there; one he may read and not write says `updateable: false`.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from urllib.parse import quote

import msgspec
from cryptography import x509

from connectors.contract import AccessRefused, Check, FieldFound, TryLater, UnexpectedReply
from connectors.salesforce import whole
from connectors.salesforce.calls import Calls, Subrequest
from connectors.salesforce.describing import ObjectHidden, WireField, fields_of
from connectors.salesforce.polling import rows_of
from connectors.salesforce.reading import NUMBERS, CaseReader, field_text, read_rows
from connectors.salesforce.refusals import NoSuchRecord
from connectors.salesforce.settings import JWTBearer, SalesforceSettings
from connectors.salesforce.soql import Place, comments_after, newest_case, posts_after
from connectors.wire_json import Unreadable, members

#: Types of fields that hold any text we write.
TEXT_TYPES = frozenset({"string", "textarea", "url", "email", "phone"})
CERTIFICATE_DAYS = 30
LONGEST_SAMPLE = 60
#: Standard fields of these types hold no customer's words or data.
_SHOWN = frozenset({"picklist", "boolean", "datetime", "id", "reference"})
MARK_LENGTH = 80


class WireUserinfo(msgspec.Struct):
    """The part of userinfo we understand."""

    user_id: str
    organization_id: str
    preferred_username: str = ""


class _WireLimit(msgspec.Struct):
    Max: int
    Remaining: int


class _WireLimits(msgspec.Struct):
    DailyApiRequests: _WireLimit
    DailyBulkV2QueryJobs: _WireLimit | None = None


class _WireId(msgspec.Struct):
    Id: str


def checks(calls: Calls, settings: SalesforceSettings, reader: CaseReader, *, today: date) -> tuple[Check, ...]:
    """Return every check, in the order in which a person should mend them; never raises one of the three errors."""
    return (
        _credentials(settings, today),
        _tried("identity", f"who we are at {settings.host}", lambda: _identity(calls, settings)),
        _tried("limits", "the API and what is left of its calls", lambda: _limits(calls, settings)),
        _tried("fields", "fields of Case, Contact and Account", lambda: _fields(calls, settings)),
        _tried("export", "one Case, its comments and posts", lambda: _record(calls, settings, reader, today=today)),
        _webhook(settings),
    )


def fields_found(calls: Calls, settings: SalesforceSettings) -> tuple[FieldFound, ...]:
    """Return every field of Case that our user sees, with its value on the newest Case; raises the three errors."""
    fields = fields_of(calls, settings)
    samples = _samples(calls, settings)
    names = {theirs: ours for ours, theirs in settings.fields}
    return tuple(
        FieldFound(
            id=field.name,
            title=field.label,
            type=field.type,
            active=not field.deprecatedAndHidden,
            name=names.get(field.name),
            sample=samples.get(field.name) if field.custom or field.type in _SHOWN else None,
            problem=_problem(field, names.get(field.name)),
        )
        for field in fields
    )


def _problem(field: WireField, name: str | None) -> str | None:
    if name is None:
        return None
    if name.startswith("mw_") and field.type not in TEXT_TYPES:
        return f"is of type {field.type}, {name} needs text"
    if name.startswith("mw_") and not field.updateable:
        return "may be read only by our user: give Edit Access to it"
    return None


def _samples(calls: Calls, settings: SalesforceSettings) -> dict[str, str]:
    asked = "newest case"
    try:
        key = _newest(calls)
        if key is None:
            return {}
        body = calls.get(f"{settings.data_path}sobjects/Case/{quote(key, safe='')}", asked=asked).body
    except NoSuchRecord:
        return {}
    samples: dict[str, str] = {}
    for name, raw in members(body).items():
        try:
            text = field_text(raw, name)
        except Unreadable:
            continue  # An address or a place: no text.
        if text:
            samples[name] = text[:LONGEST_SAMPLE]
    return samples


def _tried(name: str, what: str, look: Callable[[], tuple[str, str | None]]) -> Check:
    try:
        found, fix = look()
    except TryLater as error:
        found, fix = str(error), f"try again in {error.wait_seconds:.0f} s; is the host right?"
    except AccessRefused as error:
        found, fix = str(error), "change the credentials, the app's policy or the user's permission set"
    except ObjectHidden as error:
        found, fix = str(error), "give our user's permission set the object permissions Read on it, and Edit on Case"
    except (UnexpectedReply, NoSuchRecord) as error:
        found, fix = str(error), "check the host and the API version; else this needs a look at the connector"
    return Check(name=name, tried=what, found=found, fix=fix)


def _credentials(settings: SalesforceSettings, today: date) -> Check:
    auth = settings.auth
    if not isinstance(auth, JWTBearer):
        return Check(name="credentials", tried="kind of credentials", found="OAuth client credentials", fix=None)
    if not auth.certificate:
        found = f"JWT bearer as {auth.username}; the certificate's end is not known"
        return Check(name="credentials", tried="kind of credentials", found=found, fix=None)
    try:
        ends_at = x509.load_pem_x509_certificate(auth.certificate.encode()).not_valid_after_utc
    except ValueError:
        fix = "set the PEM text of the certificate that the app holds"
        return Check(name="credentials", tried="the certificate", found="it is none that can be read", fix=fix)
    days = (ends_at.date() - today).days
    return Check(
        name="credentials",
        tried="the certificate",
        found=f"JWT bearer as {auth.username}; the certificate ends on {ends_at.date().isoformat()} ({days} days)",
        fix="make a new certificate and upload it to the External Client App" if days < CERTIFICATE_DAYS else None,
        urgent=days <= 0,
    )


def _identity(calls: Calls, settings: SalesforceSettings) -> tuple[str, str | None]:
    body = calls.get("/services/oauth2/userinfo", asked="who we are").body
    try:
        me = msgspec.json.decode(body, type=WireUserinfo)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise UnexpectedReply("who we are: the answer names no user") from None
    found = f"{me.preferred_username or me.user_id} in org {me.organization_id}"
    if settings.organization_id and me.organization_id[:15] != settings.organization_id[:15]:
        return found, f"organization_id says {settings.organization_id}: set the right one, or the right host"
    if settings.path_secrets and not settings.organization_id:
        return found, f"set organization_id to {me.organization_id}: without it no Outbound Message is believed"
    return found, None


def _limits(calls: Calls, settings: SalesforceSettings) -> tuple[str, str | None]:
    try:
        limits = msgspec.json.decode(calls.get(f"{settings.data_path}limits", asked="limits").body, type=_WireLimits)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise UnexpectedReply("limits: the answer holds none") from None
    daily = limits.DailyApiRequests
    found = f"{daily.Remaining} of {daily.Max} API calls in 24 hours are left"
    if daily.Remaining < daily.Max * settings.share_left:
        share = f"{settings.share_left:.0%}"
        return found, f"polling waits while less than {share} is left: find what uses them up, or buy more"
    return found, None


def _fields(calls: Calls, settings: SalesforceSettings) -> tuple[str, str | None]:
    known = {field.name: field for field in fields_of(calls, settings)}
    ours = dict(settings.fields) | {settings.mark_field: settings.mark_field}
    wanted = [*ours.values(), *(name for name, _ in settings.link_fields)]
    missing = sorted(f"Case.{name}" for name in set(wanted) - known.keys())
    for entity in ("Contact", "Account"):
        if settings.customer_field not in {field.name for field in fields_of(calls, settings, entity)}:
            missing.append(f"{entity}.{settings.customer_field}")
    if missing:
        fix = "make these fields, spell them as Salesforce does, and give our user's permission set Read Access to them"
        return f"missing or hidden from us: {', '.join(missing)}", fix
    unfit = [f"{theirs} {why}" for name, theirs in settings.fields if (why := _problem(known[theirs], name))]
    mark = known[settings.mark_field]
    if mark.type not in TEXT_TYPES or not mark.updateable or mark.length < MARK_LENGTH:
        unfit.append(f"{mark.name} must be text of {MARK_LENGTH} that our user may edit")
    if unfit:
        return "; ".join(unfit), "map these names to text fields, and give our user's permission set Edit Access"
    numbers = sum(known[name].type in NUMBERS for name in wanted)
    return f"all {len(set(wanted))} are there, {numbers} of them numbers", None


def _record(calls: Calls, settings: SalesforceSettings, reader: CaseReader, *, today: date) -> tuple[str, str | None]:
    """Read what polling reads, and one Case whole."""
    place = Place(stamp=datetime(today.year, today.month, today.day, tzinfo=UTC), id="")
    queries = {"comments": comments_after(place, most=1)}
    if settings.read_feed:
        queries["posts"] = posts_after(place, most=1)
    parts = tuple(Subrequest(name=name, method="GET", path=calls.query_path(soql)) for name, soql in queries.items())
    answers, _ = calls.look(parts, asked="new comments")
    try:
        for name, answer in answers.items():
            rows_of(answer, f"new {name}")
    except AccessRefused as error:
        return str(error), 'give our user "View All Data", or set read_feed: false when Chatter is not used'
    key = _newest(calls)
    if key is None:
        return "queries answer; there is no Case yet to look at", None
    read = whole.read(calls, settings, reader, reader.ref(key))
    if read is None:
        return "queries answer; the newest Case is deleted", None
    ticket, _ = read
    linked = "has" if ticket.requester and ticket.requester.customer_id else "has not"
    found = f"Case {ticket.name} with {len(ticket.comments)} comments; its customer {linked} a customer number"
    return found, None


def _webhook(settings: SalesforceSettings) -> Check:
    found = "no program can see them; see Setup, Outbound Message Delivery Status"
    fix = (
        None if settings.path_secrets else "set a path secret and make an Outbound Message, else changes wait for polls"
    )
    return Check(name="webhooks", tried="Outbound Messages", found=found, fix=fix, urgent=False)


def _newest(calls: Calls) -> str | None:
    """Return the Id of the newest Case that is not deleted; None when there is none."""
    asked = "newest case"
    rows = read_rows(calls.query(newest_case(), asked=asked).body, asked).records
    try:
        return msgspec.json.decode(rows[0], type=_WireId).Id if rows else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise UnexpectedReply(f"{asked}: the answer holds none") from None
