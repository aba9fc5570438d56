"""Checks of Slack, the payout provider and the account data, and of every vendor's clock against ours."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx

from bot.calls import Identity, SlackCalls
from cases.loss import Loss, LossKind
from cases.people import People
from cases.ticket import CustomerId
from config.mistakes import BadSettings
from config.people import load_people
from connectors.accounts.client import AccountData, NotFound
from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.transport import told_at
from makewhole.assembly import payout_provider
from makewhole.doctor.check import Check, Examined, fail, ok, warn
from makewhole.slack import slack_settings
from payouts.answers import Absent, Alarm, Refused, Unanswered

CALL_SECONDS = 10
CLOCKS_DIFFER, SIGNATURES_FAIL = timedelta(seconds=30), timedelta(seconds=300)
MOST_PEOPLE = 100
NEEDED_SCOPES = frozenset({"chat:write", "channels:history", "channels:read", "commands", "users:read"})
PRIVATE_SCOPES = frozenset({"groups:history", "groups:read"})
#: Neither a customer nor a payout can have this name.
NOBODY = "MAKEWHOLE-DOCTOR"
ERRORS = (TryLater, AccessRefused, UnexpectedReply)


def slack(seen: Examined) -> Iterator[Check]:
    """Ask whom Slack takes us for and what we may do, then look for our channels and our people."""
    given = seen.settings.slack
    calls = _slack(seen)
    tried = "auth.test with the bot token"
    try:
        identity = calls.identity(now=seen.clock())
    except ERRORS as error:
        yield fail("slack.identity", tried, str(error), fix=_slack_fix(error))
        return
    seen.hear("Slack", identity.told_at)
    yield _identity(identity, team_id=given.team_id, bot_user_id=given.bot_user_id)
    private = False
    for channel in sorted({given.otherwise.channel, *(route.channel for route in given.routes)}):
        made, is_private = _channel(seen, calls, channel)
        private |= is_private
        yield made
    yield _scopes(identity, NEEDED_SCOPES | (PRIVATE_SCOPES if private else frozenset()))
    yield _people(seen, calls)
    if given.mode == "socket" and given.app_token:
        yield _socket(seen, calls, given.app_token.reveal())


def payout_way(seen: Examined) -> Iterator[Check]:
    """Ask the provider for a payout that cannot exist; finance's file needs no provider."""
    provider = payout_provider(seen.settings, most_seconds=CALL_SECONDS)
    if provider is None:
        yield ok("provider", "looked how is paid", "finance pays by file")
        return
    tried = f"looked up a payout that cannot exist at {provider.base_url}"
    try:
        answer = provider.try_out(f"mw-{NOBODY}")
    finally:
        provider.close()
    match answer:
        case Absent():
            yield ok("provider", tried, "it answers, and knows none")
        case Refused(reason=reason):
            yield fail("provider", tried, reason, fix="check payouts.token, and what it may do")
        case Unanswered(reason=reason):
            yield fail("provider", tried, reason, fix="check payouts.base_url; is the provider up?")
        case Alarm(reason=reason):
            yield fail("provider", tried, reason, fix="is payouts.base_url the provider that was agreed?")
        case other:
            yield fail("provider", tried, type(other).__name__, fix="this is none of the answers agreed")


def accounts(seen: Examined) -> Iterator[Check]:
    """Ask the account data for a loss that cannot exist."""
    given = seen.settings.accounts
    tried = f"asked {given.base_url} for a loss that cannot exist"

    def hear(response: httpx.Response) -> None:
        seen.hear("account data", told_at(response.headers))

    loss = Loss(kind=LossKind.TRANSACTION, reference=NOBODY, customer_id=CustomerId(NOBODY))
    with httpx.Client(trust_env=False, event_hooks={"response": [hear]}) as client:
        try:
            found = AccountData(given.base_url, given.token.reveal(), client).evidence_for(loss)
        except AccessRefused as error:
            yield fail("accounts", tried, str(error), fix="check accounts.token")
        except (TryLater, UnexpectedReply) as error:
            yield fail("accounts", tried, str(error), fix="check accounts.base_url; is the service up?")
        else:
            if isinstance(found, NotFound):
                yield ok("accounts", tried, "it answers, and knows none")
            else:
                fix = "it must answer 404 not_found for what it does not know"
                yield fail("accounts", tried, "it says that it knows this loss", fix=fix)


def clock(seen: Examined) -> Iterator[Check]:
    """Compare our clock with the vendors', as their answers told it; ask Slack and the account data if none was."""
    tried = "compared our clock with the Date of the vendors' answers"
    if not seen.told_at:
        _ask_the_time(seen)
    if not seen.told_at:
        yield warn("clock", tried, "no vendor told the time", fix="mend the connections first")
        return
    off = {vendor: ours - theirs for vendor, theirs, ours in seen.told_at}
    found = ", ".join(f"{vendor} {difference.total_seconds():+.0f} s" for vendor, difference in sorted(off.items()))
    # Who differs from all of them is we ourselves; one vendor alone may be wrong.
    most = max(off.values(), key=abs)
    fix = "synchronise this machine's clock (timedatectl set-ntp true)"
    if abs(most) >= SIGNATURES_FAIL:
        yield fail("clock", tried, f"{found}; signatures are refused from 300 s on", fix=fix)
    elif abs(most) > CLOCKS_DIFFER:
        yield warn("clock", tried, found, fix=fix)
    else:
        yield ok("clock", tried, found)


def _identity(identity: Identity, *, team_id: str, bot_user_id: str) -> Check:
    name, tried = "slack.identity", "auth.test with the bot token"
    found = f"{identity.name}, team {identity.team_id}, user {identity.user_id}"
    wrong = []
    if identity.team_id != team_id:
        wrong.append(f"slack.team_id to {identity.team_id}")
    if identity.user_id != bot_user_id:
        wrong.append(f"slack.bot_user_id to {identity.user_id}")
    if wrong:
        return fail(name, tried, found, fix=f"set {' and '.join(wrong)}, or use the other workspace's token")
    return ok(name, tried, found)


def _scopes(identity: Identity, needed: frozenset[str]) -> Check:
    name, tried = "slack.scopes", "read the token's scopes from the answer"
    if not identity.scopes:
        return warn(name, tried, "the answer names none", fix="compare the app's scopes by hand")
    missing = sorted(needed - identity.scopes)
    if missing:
        fix = f"add {', '.join(missing)} under OAuth & Permissions and install the app again"
        return fail(name, tried, f"missing: {', '.join(missing)}", fix=fix)
    return ok(name, tried, f"all {len(needed)} that are needed")


def _channel(seen: Examined, calls: SlackCalls, channel: str) -> tuple[Check, bool]:
    """Return how we stand in a channel, and whether it is private."""
    name, tried = f"slack.channel.{channel}", f"conversations.info of {channel}"
    try:
        room = calls.room(channel, now=seen.clock())
    except ERRORS as error:
        fix = "correct the id in slack.routes; into a private channel somebody must invite the bot"
        return fail(name, tried, str(error), fix=_scope_fix(error) or fix), False
    if room.is_archived:
        return fail(name, tried, f"#{room.name} is archived", fix="unarchive it, or route to another"), room.is_private
    if not room.is_member:
        return fail(name, tried, f"the bot is not in #{room.name}", fix="/invite it there"), room.is_private
    return ok(name, tried, f"the bot is in #{room.name}"), room.is_private


def _people(seen: Examined, calls: SlackCalls) -> Check:
    name, tried = "slack.people", "users.info of everybody in people.yaml"
    try:
        known = load_people(Path(seen.settings.people))
    except BadSettings:
        return fail(name, tried, "the people file cannot be read", fix="see people")
    try:
        gone = _not_there(seen, calls, known)
    except ERRORS as error:
        return fail(name, tried, str(error), fix=_slack_fix(error))
    if gone:
        fix = "correct their slack id in people.yaml: they cannot decide anything until then"
        return fail(name, tried, f"not in this workspace, or deactivated: {', '.join(gone)}", fix=fix)
    return ok(name, tried, "everybody with a Slack id is there")


def _not_there(seen: Examined, calls: SlackCalls, known: People) -> list[str]:
    reachable = [person for person in known.everyone if person.slack_id][:MOST_PEOPLE]
    return [each.id for each in reachable if each.slack_id and not calls.is_there(each.slack_id, now=seen.clock())]


def _socket(seen: Examined, calls: SlackCalls, app_token: str) -> Check:
    name, tried = "slack.socket", "apps.connections.open with the app token"
    try:
        calls.may_open_socket(app_token, now=seen.clock())
    except ERRORS as error:
        return fail(name, tried, str(error), fix="make an app token with connections:write, and turn Socket Mode on")
    return ok(name, tried, "a connection may be opened")


def _scope_fix(error: Exception) -> str:
    """Return what to do about a scope that the app was not granted; "" when the error is about something else."""
    if "missing_scope" not in str(error):
        return ""
    return "add the scopes of slack-manifest.yaml under OAuth & Permissions and install the app again"


def _slack_fix(error: Exception) -> str:
    if fix := _scope_fix(error):
        return fix
    if isinstance(error, AccessRefused):
        return "check slack.bot_token: install the app again and copy its Bot User OAuth Token"
    return "is Slack reachable from here? try again in a minute"


def _ask_the_time(seen: Examined) -> None:
    for _ in accounts(seen):
        pass
    try:
        seen.hear("Slack", _slack(seen).identity(now=seen.clock()).told_at)
    except ERRORS:
        return  # The account data may have told it; if not, that no vendor did is what the check says.


def _slack(seen: Examined) -> SlackCalls:
    given = slack_settings(seen.settings)
    return SlackCalls(
        token=given.bot_token,
        bot_user_id=given.bot_user_id,
        base_url=given.base_url,
        timeout_seconds=CALL_SECONDS,
    )
