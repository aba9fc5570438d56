"""Questions about links, put into Slack by jobs: in the thread of the case's card, or in its channel without one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.calls import Gone, SlackCalls
from bot.links import LinkContent, question_message
from bot.ports import Cards, Cases, Lines, Links
from bot.posting import CARD_WAIT_SECONDS
from bot.routing import Routing
from cases.people import People
from connectors.contract import TryLater

#: A question waits so long for a card to stand under: most cases have one a moment after they were opened.
PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What the jobs that ask about links need.

    Fields:
        slack: The Web API.
        links: The questions as they stand.
        cards: Where the cards stand.
        cases: Cases as they are shown.
        lines: Remembers what was attempted.
        routing: Which channel, and its language.
        people: The role table.
    """

    slack: SlackCalls
    links: Links
    cards: Cards
    cases: Cases
    lines: Lines
    routing: Routing
    people: People

    def show(self, key: str, *, now: datetime) -> None:
        """Make Slack show a question as it stands: posted once, edited when it is answered.

        key: The outbox item's: "question/3#1". Raises TryLater, AccessRefused and UnexpectedReply.
        """
        mark, _, sequence = key.partition("#")
        content = self.links.content(int(mark.rpartition("/")[2]))
        if content is None:
            return
        channel, card_ts = self._place(content, now=now)
        fresh = self.lines.first_attempt(key) and sequence == "1"
        ts = None if fresh else self._standing(mark, content, channel, card_ts, now=now)
        shown = question_message(content, self.people, self.routing.locale_of(channel))
        if ts is not None:
            try:
                self.slack.update(channel, ts, shown, mark=mark, now=now)
            except Gone:
                return  # Somebody deleted it; the command line still lists it.
        elif content.question.answer is None:
            self.slack.post(channel, shown, mark=mark, thread_ts=card_ts, now=now)

    def _place(self, content: LinkContent, *, now: datetime) -> tuple[str, str | None]:
        """Return the channel, and the card to stand under; None where the case has no card."""
        question = content.question
        place = self.cards.place(question.case_id)
        if place is not None and place.ts is not None:
            return place.channel, place.ts
        if question.answer is None and now < question.asked_at + PATIENCE:
            raise TryLater(f"{question.case_id} has no card yet", wait_seconds=CARD_WAIT_SECONDS)
        spoken = self.cases.customer_locale(content.customer_id, question.case_id)
        return self.routing.channel_for(None, content.topic, spoken).id, None

    def _standing(
        self, mark: str, content: LinkContent, channel: str, card_ts: str | None, *, now: datetime
    ) -> str | None:
        """Return the ts of the message that shows this question; None when there is none."""
        if card_ts is not None:
            ts = self.slack.find_reply(channel, card_ts, mark, now=now)
            if ts is not None:
                return ts
        return self.slack.find(channel, mark, since=content.question.asked_at, now=now)
