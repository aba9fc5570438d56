"""Cards of policies that wait for a release, put into Slack by jobs: posted once, then only edited."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from slackblocks import Markdown, SectionBlock

from bot.calls import Gone, SlackCalls
from bot.cards import SlackMessage, message
from bot.policies import policy_message, told_to_author
from bot.routing import Routing
from bot.words import language, words
from connectors.contract import TryLater
from store import policy_cards
from store.policies import State, Version
from store.policy_cards import PolicyPlace
from workflow.desk import Desk

#: A post whose answer is not known is looked for so long before it is made again.
PATIENCE = timedelta(seconds=60)
WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCards:
    """What the jobs that show submitted policies need.

    Fields:
        slack: The Web API.
        desk: Where the policies are.
        routing: Which channel, and its language.
        url: Gives the address of the page of a version's text, in a language.
    """

    slack: SlackCalls
    desk: Desk
    routing: Routing
    url: Callable[[Version, str], str]

    def show(self, key: str, *, now: datetime) -> None:
        """Make Slack show a version as it stands: posted while it waits, edited when it does no more.

        key: The version, the beginning of the hash of the text that is meant, and what happened:
            "depeg@2/0123456789abcdef/submitted". Raises TryLater, AccessRefused and UnexpectedReply.
        """
        id_, begins, what = key.split("/")
        name, _, number = id_.rpartition("@")
        version, place = self._found(name, number, begins)
        if version is None:
            return
        mark = f"policy/{id_}/{begins}"
        replaced = not version.text_hash.startswith(begins)
        if place is None:
            if version.state is State.SUBMITTED and not replaced:
                self._post(version, mark, now=now)
            return
        ts = place.ts or self.slack.find(place.channel, mark, since=place.meant_at, now=now)
        if ts is None and now < place.meant_at + PATIENCE:
            raise TryLater(f"the card of {id_} may be on its way", wait_seconds=WAIT_SECONDS)
        if ts is None:
            self._post(version, mark, now=now)
            return
        shown = replace(version, text_hash=place.text_hash) if replaced else version
        card = self._message(shown, self.routing.locale_of(place.channel), replaced=replaced)
        try:
            self.slack.update(place.channel, ts, card, mark=mark, now=now)
            if not replaced:
                self._tell_author(version, place.channel, ts, f"{mark}/{what}", now=now)
        except Gone:
            return  # Somebody deleted it; the command line still lists it.
        self._still_so(version)

    def _found(self, name: str, number: str, begins: str) -> tuple[Version | None, PolicyPlace | None]:
        with self.desk.database.read() as connection:
            version = self.desk.policies.find(connection, name, number)
            return version, policy_cards.find(connection, name, number, begins)

    def _post(self, version: Version, mark: str, *, now: datetime) -> None:
        channel = self.routing.otherwise
        with self.desk.database.begin() as tx:
            policy_cards.mean_to_post(tx, version, channel.id, now=now)
        card = self._message(version, channel.locale, replaced=False)
        ts = self.slack.post(channel.id, card, mark=mark, now=now)
        with self.desk.database.begin() as tx:
            policy_cards.posted(tx, version, ts)
        self._still_so(version)

    def _tell_author(self, version: Version, channel: str, ts: str, mark: str, *, now: datetime) -> None:
        """Say once in the card's thread what became of a text, and why, for an edited card calls nobody."""
        text = told_to_author(version, self.desk.people, words(self.routing.locale_of(channel)))
        if text is not None and self.slack.find_reply(channel, ts, mark, now=now) is None:
            said = message(text, [SectionBlock(Markdown(text, verbatim=True), block_id="told")])
            self.slack.post(channel, said, mark=mark, thread_ts=ts, now=now)

    def _message(self, version: Version, locale: str, *, replaced: bool) -> SlackMessage:
        url = None if replaced else self.url(version, language(locale))
        return policy_message(version, self.desk.people, locale, url=url)

    def _still_so(self, shown: Version) -> None:
        """Raise TryLater when the version changed while it was shown, so that the last word stands on the card."""
        with self.desk.database.read() as connection:
            now_is = self.desk.policies.find(connection, shown.name, shown.version)
        if now_is != shown:
            raise TryLater(f"{shown.id} changed while it was shown", wait_seconds=WAIT_SECONDS)
