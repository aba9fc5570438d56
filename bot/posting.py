"""Cards and thread lines, put into Slack by jobs: posted once, then only edited.

A post whose answer is lost may or may not be there. So it is recorded that a message is meant to be posted before it
is, every message carries our own name for it, and a second attempt looks for that name before it posts again.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.calls import Gone, SlackCalls
from bot.cards import SlackMessage, card
from bot.content import CardContent, still_asked
from bot.lines import calls, thread_message
from bot.ports import Cards, Cases, Lines, Place
from bot.routing import Channel, Routing
from cases.case import proposal_of
from cases.people import People
from cases.proposal import CaseId
from connectors.contract import TryLater

#: A thread line waits this long for its card.
CARD_WAIT_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What the jobs that show cases need.

    Fields:
        slack: The Web API.
        cases: Cases as they stand.
        cards: Where the cards stand.
        lines: What is to be said in threads.
        routing: Which channel, and its language.
        people: The role table.
    """

    slack: SlackCalls
    cases: Cases
    cards: Cards
    lines: Lines
    routing: Routing
    people: People

    def show_card(self, case_id: CaseId, *, now: datetime) -> None:
        """Make the card show the case as it stands; nothing is called when it does already.

        One card is worked on by one job at a time (the outbox's lane). Raises TryLater, AccessRefused and
        UnexpectedReply.
        """
        content = self.cases.content(case_id)
        if content is None:
            return
        place = self.cards.place(case_id)
        if place is None:
            channel = self._channel_for(content, case_id)
            self.cards.mean_to_post(case_id, channel.id, now=now)
            self._post_card(content, channel.id, now=now)
        elif place.ts is None:
            self._find_or_post(content, place, now=now)
        elif place.shown_version < content.version or content.held_back:
            self._update_card(content, place.channel, place.ts, now=now)

    def post_line(self, key: str, *, now: datetime) -> None:
        """Say one line in its card's thread; raises TryLater while there is no card, and as `show_card` does."""
        found = self.lines.line(key)
        if found is None:
            return
        case_id, line = found
        channel, card_ts = self._standing_card(case_id, now=now)
        first = self.lines.first_attempt(key)
        if not first and self.slack.find_reply(channel, card_ts, key, now=now) is not None:
            return
        content = self.cases.content(case_id) if calls(line) else None
        asked = still_asked(content, now) if content is not None else None
        message = thread_message(line, self.people, self.routing.locale_of(channel), asked=asked)
        self.slack.post(channel, message, mark=key, thread_ts=card_ts, now=now)

    def _standing_card(self, case_id: CaseId, *, now: datetime) -> tuple[str, str]:
        """Return where the card stands, channel and ts; post it when its own job came while there was nothing to show.

        The lane waits for this line, so no later job of the card would.
        """
        place = self.cards.place(case_id)
        if place is None or place.ts is None:
            self.show_card(case_id, now=now)
            place = self.cards.place(case_id)
        if place is None or place.ts is None:
            raise TryLater(f"{case_id} has no card yet", wait_seconds=CARD_WAIT_SECONDS)
        return place.channel, place.ts

    def _channel_for(self, content: CardContent, case_id: CaseId) -> Channel:
        proposal = proposal_of(content.case)
        classification = proposal.classification if proposal else None
        spoken = self.cases.customer_locale(content.case.about.customer_id, case_id)
        return self.routing.channel_for(classification, content.case.about.topic, spoken)

    def _find_or_post(self, content: CardContent, place: Place, *, now: datetime) -> None:
        ts = self.slack.find(place.channel, card_mark(content.case.about.id), since=place.meant_at, now=now)
        if ts is None:
            self._post_card(content, place.channel, now=now)
        else:
            self._update_card(content, place.channel, ts, now=now)

    def _post_card(self, content: CardContent, channel: str, *, now: datetime) -> None:
        case_id = content.case.about.id
        ts = self.slack.post(channel, self._card(content, channel, now), mark=card_mark(case_id), now=now)
        self.cards.shown(case_id, ts=ts, version=_version_shown(content))

    def _update_card(self, content: CardContent, channel: str, ts: str, *, now: datetime) -> None:
        case_id = content.case.about.id
        try:
            self.slack.update(channel, ts, self._card(content, channel, now), mark=card_mark(case_id), now=now)
        except Gone:
            self.cards.shown(case_id, ts=None, version=0)
            raise TryLater(f"the card of {case_id} was deleted in Slack", wait_seconds=CARD_WAIT_SECONDS) from None
        self.cards.shown(case_id, ts=ts, version=_version_shown(content))

    def _card(self, content: CardContent, channel: str, now: datetime) -> SlackMessage:
        return card(content, self.routing.locale_of(channel), now=now)


def card_mark(case_id: CaseId) -> str:
    """Return our name for the card of a case; the same for its whole life."""
    return f"card/{case_id}"


def _version_shown(content: CardContent) -> int:
    # A card that is held back changes when its account goes live, which is no change of the case.
    return 0 if content.held_back else content.version
