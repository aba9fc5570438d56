"""What a kept delivery leads to, done by a job: a decision, a question passed on, a queue; always an answer."""

import json
from dataclasses import dataclass
from datetime import datetime

from slackblocks import Markdown, SectionBlock

from bot.answers import answer_text, asked_text, refusal_text
from bot.approvals import DecisionRequest, ForgedClick, HomeOpened, LinkSaid, PolicySaid, Question, read_delivery
from bot.calls import SlackCalls, Unreachable
from bot.cards import SlackMessage, message
from bot.links import link_answer_text
from bot.people import reading_language
from bot.policies import policy_answer_text
from bot.ports import Cases, Desk, Inbox
from bot.routing import Routing
from bot.values import Forged
from bot.views import home_view
from bot.words import Words, words
from cases.people import People
from cases.proposal import CaseId
from connectors.contract import AccessRefused, UnexpectedReply
from workflow.approval import NotAllowed, Outcome, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """What the jobs that answer people need.

    Fields:
        slack: The Web API.
        inbox: What was kept.
        desk: Where people's words take effect.
        cases: Cases as they are shown.
        people: The role table.
        routing: The channels' languages.
    """

    slack: SlackCalls
    inbox: Inbox
    desk: Desk
    cases: Cases
    people: People
    routing: Routing

    def handle(self, source: str, delivery_id: str, *, now: datetime) -> None:
        """Do what a delivery asks and tell the person what came of it.

        Twice is once, except that a private answer whose own answer was lost may be shown twice. Raises TryLater,
        AccessRefused and UnexpectedReply.
        """
        body = self.inbox.read(source, delivery_id)
        if body is None:
            return
        try:
            asked = read_delivery(json.loads(body))
        except (Forged, ValueError) as problem:
            self.desk.forged("", str(problem), delivery_id=delivery_id, now=now)
            return
        match asked:
            case DecisionRequest():
                outcome = self.desk.decide(asked, delivery_id=delivery_id, now=now)
                self._answer_decision(asked, outcome, delivery_id, now)
            case Question():
                refused = self.desk.ask(asked, delivery_id=delivery_id, now=now)
                self._answer_question(asked, refused, delivery_id, now)
            case LinkSaid() | PolicySaid():
                self._answer_said(asked, delivery_id, now)
            case ForgedClick():
                self.desk.forged(asked.slack_id, asked.problem, delivery_id=delivery_id, now=now)
                say = self._words_for(asked.slack_id, asked.channel, now)
                text = refusal_text(NotAllowed(refusal=Refusal.MALFORMED, roles=()), CaseId(""), say)
                self._tell(asked.slack_id, asked.channel, text, delivery_id, now)
            case HomeOpened():
                self._show_home(asked.slack_id, now)

    def _answer_said(self, asked: LinkSaid | PolicySaid, delivery_id: str, now: datetime) -> None:
        say = self._words_for(asked.slack_id, asked.channel, now)
        if isinstance(asked, LinkSaid):
            said = self.desk.answer_link(asked, delivery_id=delivery_id, now=now)
            text = link_answer_text(said, self.people, say)
        else:
            came = self.desk.say_of_policy(asked, delivery_id=delivery_id, now=now)
            text = policy_answer_text(came, self.people, say)
        self._tell(asked.slack_id, asked.channel, text, delivery_id, now)

    def _answer_decision(self, asked: DecisionRequest, outcome: Outcome, delivery_id: str, now: datetime) -> None:
        say = self._words_for(asked.slack_id, asked.channel, now)
        self._tell(
            asked.slack_id, asked.channel, answer_text(outcome, asked.case_id, self.people, say), delivery_id, now
        )

    def _answer_question(self, asked: Question, refused: Outcome | None, delivery_id: str, now: datetime) -> None:
        say = self._words_for(asked.slack_id, asked.channel, now)
        if refused is None:
            text = asked_text(asked.case_id, say)
        else:
            text = answer_text(refused, asked.case_id, self.people, say)
        self._tell(asked.slack_id, asked.channel, text, delivery_id, now)

    def _show_home(self, slack_id: str, now: datetime) -> None:
        person = self.people.by_slack_id(slack_id)
        queue = self.cases.queue(person.id, now=now) if person else ()
        locale = self._words_for(slack_id, None, now).locale
        self.slack.publish_home(slack_id, home_view(queue, locale), now=now)

    def _words_for(self, slack_id: str, channel: str | None, now: datetime) -> Words:
        person = self.people.by_slack_id(slack_id)
        spoken = None if person else self._slack_locale(slack_id, now)
        fallback = self.routing.locale_of(channel or self.routing.otherwise.id)
        return words(reading_language(person, spoken, fallback))

    def _slack_locale(self, slack_id: str, now: datetime) -> str | None:
        try:
            return self.slack.locale(slack_id, now=now)
        except (AccessRefused, UnexpectedReply):
            return None  # The scope is missing or the person is: the channel's language will do.

    def _tell(self, slack_id: str, channel: str | None, text: str, delivery_id: str, now: datetime) -> None:
        """Show it in the channel they clicked in; in a direct message where that cannot be."""
        answer = private_message(text)
        if channel is not None:
            try:
                self.slack.whisper(channel, slack_id, answer, now=now)
            except Unreachable:
                channel = None
        if channel is None:
            self.slack.post(slack_id, answer, mark=f"answer/{delivery_id}", now=now)


def private_message(text: str) -> SlackMessage:
    """Return a message of one paragraph; `text` is mrkdwn, escaped already."""
    return message(text, [SectionBlock(Markdown(text, verbatim=True), block_id="answer")])
