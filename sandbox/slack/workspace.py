"""One workspace's books: people, channels, messages with their history, private messages, and what was sent out."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from sandbox.slack.records import (
    BOT_USER_ID,
    Channel,
    Ephemeral,
    Interaction,
    Json,
    Message,
    Revision,
    SlackError,
    User,
    UserGroup,
)

MOST_INTERACTIONS = 20_000
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What is to be said: text, blocks (completed already) and metadata."""

    text: str = ""
    blocks: tuple[Json, ...] = ()
    metadata: Json | None = None
    attachments: tuple[Json, ...] = ()


class Workspace:
    """The books of one workspace.

    clock: Gives the seconds since 1970.
    notify: Called with each event that Slack would tell the app about, and the channel type it came from.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.users: dict[str, User] = {}
        self.groups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, dict[str, Message]] = {}
        self.ephemerals: list[Ephemeral] = []
        self.interactions: deque[Interaction] = deque(maxlen=MOST_INTERACTIONS)
        self.threads: dict[tuple[str, str], list[str]] = {}
        self.read_until: dict[tuple[str, str], str] = {}
        self.version = 0
        self.notify: Callable[[Json], None] = lambda _: None
        self._last_micros = 0
        self._numbers = itertools.count(1)

    def touch(self) -> None:
        """Count a change, so that an open page knows to look again."""
        self.version += 1

    def next_number(self) -> int:
        """Return the next number for an id; never the same twice."""
        return next(self._numbers)

    def next_ts(self) -> str:
        """Return a message timestamp later than every one before it: "1763800000.000100"."""
        self._last_micros = max(int(self.clock() * MICROSECONDS), self._last_micros + 1)
        seconds, micros = divmod(self._last_micros, MICROSECONDS)
        return f"{seconds}.{micros:06d}"

    def add_user(self, user: User) -> None:
        """Add a person or replace one with the same id."""
        self.users[user.id] = user
        self.touch()

    def add_channel(self, channel: Channel) -> None:
        """Add a channel or replace the record of one with the same id; its messages stay."""
        self.channels[channel.id] = channel
        self.messages.setdefault(channel.id, {})
        self.touch()

    def user(self, user_id: str) -> User:
        """Return the user; raises `user_not_found`."""
        found = self.users.get(user_id)
        if found is None:
            raise SlackError("user_not_found")
        return found

    def channel(self, wanted: str) -> Channel:
        """Return a channel by id, by "#name" or by name; raises `channel_not_found`."""
        found = self.channels.get(wanted)
        if found is None and wanted:
            name = wanted.removeprefix("#")
            found = next((one for one in self.channels.values() if one.name and one.name == name), None)
        if found is None:
            raise SlackError("channel_not_found")
        return found

    def direct_channel(self, user_id: str) -> Channel:
        """Return the direct message between the bot and a person, opened now if there was none."""
        user = self.user(user_id)
        found = next((one for one in self.channels.values() if one.direct_with == user.id), None)
        if found is not None:
            return found
        channel = Channel(
            id=f"D0{user.id[2:]}",
            name="",
            members=(user.id, BOT_USER_ID),
            created_at=int(self.clock()),
            direct_with=user.id,
        )
        self.add_channel(channel)
        return channel

    def join(self, channel: Channel, user_id: str) -> Channel:
        """Return the channel with the user as a member; twice is once."""
        if user_id in channel.members:
            return channel
        joined = replace(channel, members=(*channel.members, user_id))
        self.add_channel(joined)
        return joined

    def message(self, channel_id: str, ts: str) -> Message:
        """Return a message that is still there; raises `message_not_found`."""
        found = self.messages.get(channel_id, {}).get(ts)
        if found is None or found.is_deleted:
            raise SlackError("message_not_found")
        return found

    def post(  # A message has this many sides.
        self, channel: Channel, *, user_id: str, saying: Saying, thread_ts: str | None = None, broadcast: bool = False
    ) -> Message:
        """Add a message and return it; a reply to a reply goes to the thread's parent."""
        parent_ts = self._parent_ts(channel.id, thread_ts)
        ts = self.next_ts()
        first = Revision(at=ts, text=saying.text, blocks=saying.blocks, metadata=saying.metadata)
        message = Message(
            channel=channel.id,
            ts=ts,
            user=user_id,
            revisions=(first,),
            thread_ts=parent_ts,
            attachments=saying.attachments,
            broadcast=broadcast,
        )
        self.keep(message)
        if parent_ts:
            self.threads.setdefault((channel.id, parent_ts), []).append(ts)
        return message

    def keep(self, message: Message) -> None:
        """Store a message or its changed form."""
        self.messages[message.channel][message.ts] = message
        self.touch()

    def edit(self, message: Message, *, saying: Saying, marked_by: str | None) -> Message:
        """Return the message with a further revision.

        marked_by: Whose edit shows as "(edited)"; None = none shows.
        """
        at = self.next_ts()
        revision = Revision(at=at, text=saying.text, blocks=saying.blocks, metadata=saying.metadata)
        changed = replace(
            message,
            revisions=(*message.revisions, revision),
            attachments=saying.attachments,
            edited=(marked_by, at) if marked_by else message.edited,
        )
        self.keep(changed)
        return changed

    def whisper(self, channel: Channel, *, user_id: str, saying: Saying, thread_ts: str | None = None) -> Ephemeral:
        """Add a message that only one person sees, and return it."""
        private = Ephemeral(
            channel=channel.id,
            ts=self.next_ts(),
            user=user_id,
            text=saying.text,
            blocks=saying.blocks,
            thread_ts=thread_ts,
        )
        self.ephemerals.append(private)
        self.touch()
        return private

    def find_whisper(self, channel_id: str, ts: str, *, user_id: str) -> Ephemeral | None:
        """Return the private message when this person can see it, else None."""
        for private in reversed(self.ephemerals):
            if (private.channel, private.ts, private.user) == (channel_id, ts, user_id) and not private.is_deleted:
                return private
        return None

    def replace_whisper(self, old: Ephemeral, new: Ephemeral) -> None:
        """Put the changed private message in the place of the old one."""
        self.ephemerals[self.ephemerals.index(old)] = new
        self.touch()

    def in_channel(self, channel_id: str) -> Iterator[Message]:
        """Yield what stands in the channel itself, oldest first: no replies, nothing deleted."""
        for message in self._alive(channel_id):
            if message.thread_ts is None or message.broadcast:
                yield message

    def in_thread(self, channel_id: str, parent_ts: str) -> tuple[Message, ...]:
        """Return the replies to a message, oldest first, without the message itself."""
        known = self.messages.get(channel_id, {})
        replies = (known[ts] for ts in self.threads.get((channel_id, parent_ts), ()))
        return tuple(one for one in replies if not one.is_deleted)

    def unread(self, user_id: str, channel_id: str) -> int:
        """Return how many messages by others stand below what this person last read."""
        until = self.read_until.get((user_id, channel_id), "")
        return sum(1 for one in self._alive(channel_id) if one.ts > until and one.user != user_id)

    def mark_read(self, user_id: str, channel_id: str) -> None:
        """Note that this person has seen everything that stands in the channel now."""
        newest = max(self.messages.get(channel_id, {}), default="")
        self.read_until[user_id, channel_id] = newest

    def log(self, interaction: Interaction) -> None:
        """Keep what was sent to the app and what it answered; the oldest are forgotten past 20,000."""
        self.interactions.append(interaction)
        self.touch()

    def _alive(self, channel_id: str) -> Iterator[Message]:
        return (one for one in self.messages.get(channel_id, {}).values() if not one.is_deleted)

    def _parent_ts(self, channel_id: str, thread_ts: str | None) -> str | None:
        if not thread_ts:
            return None
        parent = self.messages[channel_id].get(thread_ts)
        if parent is None or parent.is_deleted:
            # No independent evidence for the code: the 2021 list has none for a missing parent in chat.postMessage.
            raise SlackError("thread_not_found")
        return parent.thread_ts or parent.ts
