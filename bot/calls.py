"""Slack's Web API, as the jobs call it: one method each, three errors and no other, nothing sent twice by a library.

POST https://slack.com/api/<method>; chat.postMessage about one per second and channel, chat.update and
conversations.* about 50 a minute, chat.postEphemeral 100 a minute. https://docs.slack.dev/apis/web-api/rate-limits
Surprises: the client retries lost connections by itself unless told not to, and posts twice then; it reads
HTTP_PROXY from the environment and ignores NO_PROXY; errors are 200 with `ok: false`.
"""

import http.client
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.cards import SlackMessage
from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.transport import told_at

#: How our messages are found again in the history.
METADATA_TYPE = "makewhole_message"
SLACK_API = "https://slack.com/api/"
TIMEOUT_SECONDS = 10
#: After trouble that names no waiting time.
WAIT_SECONDS = 2.0
#: After an answer that did not come in time: Slack may still be at it, and what it posts then must be found.
SLOW_WAIT_SECONDS = 30.0
MAX_WAIT_SECONDS = 300.0
PAGE_SIZE = 200
MAX_PAGES = 50

_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_LATER = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
_REFUSED = frozenset(
    {
        "access_denied",
        "account_inactive",
        "channel_not_found",
        "invalid_auth",
        "is_archived",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "not_in_channel",
        "org_login_required",
        "restricted_action",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
    }
)
#: What the client puts for an answer that it cannot read.
_NO_JSON = "Received a response in a non-JSON format"
_GONE = frozenset({"message_not_found", "thread_not_found"})
_UNREACHABLE = frozenset({"user_not_in_channel", "channel_not_found", "not_in_channel", "is_archived"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom Slack takes us for. scopes: What the token may do. told_at: Slack's clock; None unsaid."""

    name: str
    team_id: str
    user_id: str
    scopes: frozenset[str]
    told_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a channel is to us."""

    name: str
    is_member: bool
    is_archived: bool
    is_private: bool


class Gone(Exception):
    """The message is no longer there: somebody deleted it."""


class Unreachable(Exception):
    """The person cannot be whispered to in this channel."""


class _Refusal(Exception):
    """Slack answered, and said no; `error` is its own word for it."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class SlackCalls:
    """Slack, for one bot token. Safe to share between threads.

    token: "xoxb-…".
    bot_user_id: Who we are there; only our own messages are ever taken for ours.
    base_url: Where the Web API is.
    timeout_seconds: After this an answer counts as lost.
    """

    def __init__(
        self, *, token: str, bot_user_id: str, base_url: str = SLACK_API, timeout_seconds: int = TIMEOUT_SECONDS
    ) -> None:
        self._client = WebClient(
            token=token, base_url=base_url, timeout=timeout_seconds, retry_handlers=[], logger=silent_logger()
        )
        self._client.proxy = None
        self._bot_user_id = bot_user_id
        self._quiet_until: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def post(
        self, channel: str, message: SlackMessage, *, mark: str, thread_ts: str | None = None, now: datetime
    ) -> str:
        """Post once and return the message's ts. `mark` is our name for it, by which `find` finds it again."""
        answer = self._call(
            lambda: self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=message.as_list(),
                metadata=_metadata(mark),
                thread_ts=thread_ts,
                parse="none",
                unfurl_links=False,
                unfurl_media=False,
            ),
            channel,
            now,
        )
        return str(answer["ts"])

    def update(self, channel: str, ts: str, message: SlackMessage, *, mark: str, now: datetime) -> None:
        """Make a message show this instead; a repeat changes nothing. Raises Gone when it was deleted."""
        self._call(
            lambda: self._client.chat_update(
                channel=channel,
                ts=ts,
                text=message.text,
                blocks=message.as_list(),
                metadata=_metadata(mark),
                parse="none",
            ),
            channel,
            now,
        )

    def find(self, channel: str, mark: str, *, since: datetime, now: datetime) -> str | None:
        """Return the ts of our message with this mark, posted since then; None when there is none."""
        oldest = str((since - timedelta(minutes=1)).timestamp())  # Slack's clock is not ours.
        return self._search(
            lambda cursor: self._client.conversations_history(
                channel=channel, oldest=oldest, limit=PAGE_SIZE, cursor=cursor, include_all_metadata=True
            ),
            channel,
            mark,
            now,
        )

    def find_reply(self, channel: str, thread_ts: str, mark: str, *, now: datetime) -> str | None:
        """Return the ts of our reply with this mark; None when there is none."""
        return self._search(
            lambda cursor: self._client.conversations_replies(
                channel=channel, ts=thread_ts, limit=PAGE_SIZE, cursor=cursor, include_all_metadata=True
            ),
            channel,
            mark,
            now,
        )

    def whisper(self, channel: str, slack_id: str, message: SlackMessage, *, now: datetime) -> None:
        """Show this to one person in a channel; it is not stored, so a repeat shows it twice. Raises Unreachable."""
        try:
            self._asked(
                lambda: self._client.chat_postEphemeral(
                    channel=channel,
                    user=slack_id,
                    text=message.text,
                    blocks=message.as_list(),
                    parse="none",
                ),
                f"{channel} whispers",
                now,
            )
        except _Refusal as refusal:
            if refusal.error in _UNREACHABLE:
                raise Unreachable(refusal.error) from None
            raise _named(refusal) from None

    def publish_home(self, slack_id: str, view: dict[str, Any], *, now: datetime) -> None:
        """Set a person's App Home; a repeat changes nothing."""
        self._call(lambda: self._client.views_publish(user_id=slack_id, view=view), slack_id, now)

    def locale(self, slack_id: str, *, now: datetime) -> str | None:
        """Return the language a person set in Slack: "zh-CN"; None when Slack does not say."""
        answer = self._call(lambda: self._client.users_info(user=slack_id, include_locale=True), "users.info", now)
        found = answer["user"].get("locale")
        return str(found) if found else None

    def identity(self, *, now: datetime) -> "Identity":
        """Return whom Slack takes us for."""
        answer = self._call(self._client.auth_test, "auth.test", now)
        headers = {str(name).lower(): str(value) for name, value in answer.headers.items()}
        scopes = headers.get("x-oauth-scopes", "")
        return Identity(
            name=str(answer.get("user", "")),
            team_id=str(answer.get("team_id", "")),
            user_id=str(answer.get("user_id", "")),
            scopes=frozenset(each.strip() for each in scopes.split(",") if each.strip()),
            told_at=told_at({"Date": headers.get("date", "")}),
        )

    def room(self, channel: str, *, now: datetime) -> "Room":
        """Return what a channel is to us; a private one that we are not in is refused as not found."""
        answer = self._call(lambda: self._client.conversations_info(channel=channel), "conversations.info", now)
        found = answer["channel"]
        return Room(
            name=str(found.get("name", channel)),
            is_member=found.get("is_member") is True,
            is_archived=found.get("is_archived") is True,
            is_private=found.get("is_private") is True,
        )

    def is_there(self, slack_id: str, *, now: datetime) -> bool:
        """Return whether a person with this id is in the workspace and has not been deactivated."""
        try:
            answer = self._asked(lambda: self._client.users_info(user=slack_id), "users.info", now)
        except _Refusal as refusal:
            if refusal.error in {"user_not_found", "user_not_visible"}:
                return False
            raise _named(refusal) from None
        return answer["user"].get("deleted") is not True

    def may_open_socket(self, app_token: str, *, now: datetime) -> None:
        """Ask for a Socket Mode address, and leave it alone; raises when the app token does not get one."""
        self._call(lambda: self._client.apps_connections_open(app_token=app_token), "apps.connections.open", now)

    def _search(
        self, page: Callable[[str | None], SlackResponse], channel: str, mark: str, now: datetime
    ) -> str | None:
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            at = cursor
            answer = self._call(lambda at=at: page(at), f"{channel} history", now)  # type: ignore[misc]  # Bound now.
            for each in answer.get("messages") or ():
                if each.get("user") == self._bot_user_id and _mark(each) == mark:
                    return str(each["ts"])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return None
        raise UnexpectedReply(f"{channel} has more than {MAX_PAGES * PAGE_SIZE} messages to look through for {mark}")

    def _call(self, ask: Callable[[], SlackResponse], lane: str, now: datetime) -> SlackResponse:
        try:
            return self._asked(ask, lane, now)
        except _Refusal as refusal:
            raise _named(refusal) from None

    def _asked(self, ask: Callable[[], SlackResponse], lane: str, now: datetime) -> SlackResponse:
        """Ask once; raises TryLater, or _Refusal with Slack's word.

        lane: What a 429 makes us wait for, and nothing else: a channel.
        """
        with self._lock:
            until = self._quiet_until.get(lane)
        if until is not None and now < until:
            raise TryLater(f"{lane} is to be left alone", wait_seconds=(until - now).total_seconds())
        try:
            return ask()
        except SlackApiError as error:
            raise self._judged(error, lane, now) from None
        except (OSError, http.client.HTTPException, SlackClientError) as error:
            why = getattr(error, "reason", error)
            done = False if isinstance(why, ConnectionRefusedError) else None
            wait = SLOW_WAIT_SECONDS if isinstance(why, TimeoutError) else WAIT_SECONDS
            raise TryLater(f"Slack did not answer: {error}", wait_seconds=wait, done=done) from None

    def _judged(self, error: SlackApiError, lane: str, now: datetime) -> Exception:
        response = error.response
        status = int(response.status_code)
        if status == _TOO_MANY_REQUESTS:
            wait = _seconds(response.headers)
            with self._lock:
                self._quiet_until[lane] = now + timedelta(seconds=wait)
            return TryLater(f"Slack wants {wait} s of quiet for {lane}", wait_seconds=wait, done=False)
        if status >= _SERVER_ERROR:
            return TryLater(f"Slack answered {status}", wait_seconds=WAIT_SECONDS, done=None)
        said = str(response.get("error", ""))
        if said.startswith(_NO_JSON):
            return TryLater("Slack's answer broke off", wait_seconds=WAIT_SECONDS, done=None)
        return _Refusal(said)


def silent_logger() -> logging.Logger:
    """Return a logger that keeps quiet: Slack's libraries log whole payloads, customers' words and all."""
    logger = logging.getLogger("makewhole.slack.silent")
    logger.setLevel(logging.CRITICAL + 1)
    return logger


def _named(refusal: _Refusal) -> Exception:
    if refusal.error in _LATER:
        return TryLater(f"Slack: {refusal.error}", wait_seconds=WAIT_SECONDS, done=None)
    if refusal.error in _REFUSED:
        return AccessRefused(f"Slack refuses us: {refusal.error}")
    if refusal.error in _GONE:
        return Gone(refusal.error)
    return UnexpectedReply(f"Slack: {refusal.error or 'an answer without a reason'}")


def _seconds(headers: Any) -> float:
    try:
        said = float(next(value for name, value in headers.items() if name.lower() == "retry-after"))
    except (StopIteration, ValueError):
        return WAIT_SECONDS
    return min(max(said, 0.0), MAX_WAIT_SECONDS)


def _metadata(mark: str) -> dict[str, Any]:
    return {"event_type": METADATA_TYPE, "event_payload": {"mark": mark}}


def _mark(message: dict[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != METADATA_TYPE:
        return None
    found = (metadata.get("event_payload") or {}).get("mark")
    return found if isinstance(found, str) else None
