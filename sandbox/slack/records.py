"""What a workspace holds: frozen records, replaced as a whole when something changes."""

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

TEAM_ID = "T0HARBOR001"
TEAM_NAME = "Harbor Exchange"
TEAM_DOMAIN = "harbor"
APP_ID = "A0MAKEWHOLE"
BOT_ID = "B0MAKEWHOLE"
BOT_USER_ID = "U0MAKEWHOLE"
BOT_NAME = "makewhole"
BOT_TOKEN = "xoxb-sandbox-bot"
APP_TOKEN = "xapp-sandbox-app"
SIGNING_SECRET = "sandbox-signing-secret"
VERIFICATION_TOKEN = "sandbox-verification-token"


class SlackError(Exception):
    """A refusal in Slack's own words.

    code: What goes into `error`: "channel_not_found".
    messages: Lines for `response_metadata.messages`: "[ERROR] missing required field: type [json-pointer:/blocks/0]".
    """

    def __init__(self, code: str, *, messages: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person or the bot.

    id: "U0AMELIA001".
    name: The handle: "amelia.chen".
    real_name: "Amelia Chen".
    locale: "en-US" or "zh-CN".
    title: What the profile says: "Compensation lead".
    is_bot: True for the app's own user only.
    """

    id: str
    name: str
    real_name: str
    locale: str = "en-US"
    title: str = ""
    is_bot: bool = False

    @property
    def email(self) -> str:
        """Return the address, "amelia.chen@harbor.example"."""
        return f"{self.name}@harbor.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A public channel or a direct message with the bot.

    id: "C0COMPENSA1"; a direct message begins with D.
    name: "compensation"; empty in a direct message.
    members: User ids, in the order they joined.
    created_at: Seconds since 1970.
    direct_with: The person of a direct message; None in a channel.
    """

    id: str
    name: str
    members: tuple[str, ...]
    created_at: int
    locale: str = "en-US"
    purpose: str = ""
    is_archived: bool = False
    direct_with: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGroup:
    """A user group: its id "S0COMPLEADS", handle "compensation-leads" and members."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What a message said from one moment on.

    at: The `ts` of the change: the message's own for the first, later ones for edits.
    """

    at: str
    text: str
    blocks: tuple[Json, ...]
    metadata: Json | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message with everything it ever said.

    ts: Slack's id of it inside its channel: "1763800000.000100".
    thread_ts: The parent's ts; None outside a thread, and on the parent itself.
    attachments: Legacy attachments, kept as given.
    edited: (user, ts) of the last edit that shows as one; None when there was none.
    revisions: Oldest first; the last one is what the message says now.
    reactions: (name, user ids), oldest first.
    is_deleted: Deleted ones stay in the control plane's books only.
    """

    channel: str
    ts: str
    user: str
    revisions: tuple[Revision, ...]
    thread_ts: str | None = None
    attachments: tuple[Json, ...] = ()
    edited: tuple[str, str] | None = None
    reactions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    broadcast: bool = False
    is_deleted: bool = False

    @property
    def now(self) -> Revision:
        """Return what it says at present."""
        return self.revisions[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ephemeral:
    """A message only one person sees; the Web API never shows it again.

    user: The only reader.
    is_deleted: Deleted or dismissed through a response_url.
    """

    channel: str
    ts: str
    user: str
    text: str
    blocks: tuple[Json, ...]
    thread_ts: str | None = None
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A modal on a person's stack, or a person's App Home.

    id: "V0000000001".
    user: Who sees it.
    body: What the app gave, completed with block and action ids.
    hash: Changes with every update: "1763800000.a1b2c3d4".
    root_id, previous_id: The stack below it; previous_id is None at its bottom.
    """

    id: str
    user: str
    body: Json
    hash: str
    root_id: str
    previous_id: str | None = None

    @property
    def type(self) -> str:
        """Return "modal" or "home"."""
        return str(self.body["type"])

    @property
    def external_id(self) -> str:
        """Return the app's own id for it; "" when it gave none."""
        return str(self.body.get("external_id") or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One thing sent to the app and what became of it.

    kind: "block_actions", "view_submission", "view_closed", "slash_command", "event:message" ...
    attempt: 0 for the first, then the retry number (events only).
    via: "http", "socket" or "none" (nowhere to send it).
    status: HTTP status; 200 for a socket acknowledgement; None when no acknowledgement came.
    body: What the acknowledgement said.
    milliseconds: From sending to the acknowledgement or to giving up.
    error: "" when acknowledged, else "http_timeout", "connection_failed", "http_error", "no_request_url".
    """

    id: str
    at: float
    kind: str
    user: str
    attempt: int
    via: str
    status: int | None
    body: str
    milliseconds: float
    error: str

    @property
    def acknowledged(self) -> bool:
        """Tell whether the app answered in time with 2xx."""
        return not self.error
