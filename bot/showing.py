"""What is shown at once to whoever clicks or types: modals, their queue, one case. It decides and changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slackblocks import Block, Markdown, SectionBlock

from bot.answers import answer_text, refusal_text, too_late_text, unknown_reader_text
from bot.cards import ASK, WHY, SlackMessage, card, message
from bot.content import CardContent
from bot.people import reading_language
from bot.policies import SEND_BACK, policy_answer_text, send_back_view
from bot.ports import Cases, Policies
from bot.routing import Routing
from bot.values import ButtonValue, Forged, ModalValue, PolicyModalValue, PolicyValue
from bot.views import notice_view, question_view, queue_line, rejection_view, why_view
from bot.words import Words, words
from cases.case import Approved, AwaitingApproval, Closed, Declined, Paid, proposal_of
from cases.people import People
from cases.proposal import CaseId, Decision
from workflow.approval import NotAllowed, Refusal, Stale

_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """Reads cases and speaks the reader's language.

    Fields:
        cases: Cases as they are shown.
        policies: Submitted policies.
        people: The role table.
        routing: The channels' languages.
    """

    cases: Cases
    policies: Policies
    people: People
    routing: Routing

    def locale(self, slack_id: str, channel: str | None) -> str:
        """Return the language for this reader, without asking Slack: there is no time for it."""
        fallback = self.routing.locale_of(channel or self.routing.otherwise.id)
        return reading_language(self.people.by_slack_id(slack_id), None, fallback)

    def modal(self, body: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
        """Return the modal that a click on a card opens; one that says why not, where there is nothing to do."""
        slack_id, channel = str(body["user"]["id"]), (body.get("container") or {}).get("channel_id")
        action = body["actions"][0]
        locale = self.locale(slack_id, channel)
        say = words(locale)
        if self.people.by_slack_id(slack_id) is None:
            return notice_view(say("Not for you"), unknown_reader_text(say), locale)
        try:
            if action["action_id"] == SEND_BACK:
                return self._sending_back(PolicyValue.read(action.get("value")), slack_id, channel, now=now)
            value = ButtonValue.read(action.get("value"))
            carried = ModalValue(**value.model_dump(), channel=channel)
        except (Forged, ValueError):
            return _damaged(say, locale)
        content = self.cases.content(value.case_id)
        if content is None:
            return _damaged(say, locale)
        if action["action_id"] == WHY:
            return why_view(content, locale)
        obstacle = self._obstacle(content, value, say)
        if obstacle is not None:
            return notice_view(say("Nothing to do"), obstacle, locale)
        if action["action_id"] == ASK:
            return question_view(content, carried, locale)
        return rejection_view(content, carried, locale)

    def _sending_back(self, value: PolicyValue, slack_id: str, channel: str | None, *, now: datetime) -> dict[str, Any]:
        locale = self.locale(slack_id, channel)
        say = words(locale)
        refused = self.policies.why_not_back(value, slack_id, now=now)
        if refused is not None:
            return notice_view(say("Nothing to do"), policy_answer_text(refused, self.people, say), locale)
        return send_back_view(PolicyModalValue(**value.model_dump(), channel=channel), locale)

    def command(self, body: Mapping[str, Any], *, now: datetime) -> SlackMessage:
        """Return what `/makewhole` shows: the reader's queue, or with a case's id that case; it never decides."""
        person = self.people.by_slack_id(str(body.get("user_id")))
        channel = body.get("channel_id")
        say = words(self.locale(str(body.get("user_id")), str(channel) if channel else None))
        if person is None:
            return _lines((unknown_reader_text(say),))
        asked = str(body.get("text") or "").strip()
        if asked:
            return self._one_case(asked, say, now)
        queue = self.cases.queue(person.id, now=now)
        if not queue:
            return _lines((say("Nothing is waiting for your decision."),))
        lines = [queue_line(content, say) for content in queue[:_MOST_SHOWN]]
        if len(queue) > _MOST_SHOWN:
            lines.append(say("And {count} more.", count=len(queue) - _MOST_SHOWN))
        return _lines((say("Waiting for you: {count}.", count=len(queue)), *lines))

    def _one_case(self, asked: str, say: Words, now: datetime) -> SlackMessage:
        content = self.cases.content(CaseId(asked.upper())) if asked.isascii() else None
        if content is None:
            return _lines((say("There is no such case to show. Give its id: CASE-4711."),))
        shown = card(content, say.locale, now=now)
        kept = [each for each in shown.as_list() if each["type"] != "actions"]
        return SlackMessage.of(shown.text, kept)

    def _obstacle(self, content: CardContent, value: ButtonValue, say: Words) -> str | None:
        """Return why there is nothing to reject or to ask about any more; None when there is."""
        proposal = proposal_of(content.case)
        if proposal is None or proposal.fingerprint != value.fingerprint:
            return answer_text(Stale(proposal=proposal), value.case_id, self.people, say)
        if isinstance(content.case, AwaitingApproval):
            return None
        return too_late_text(_last_word(content), value.case_id, self.people, say)


def _last_word(content: CardContent) -> Decision | None:
    case = content.case.settled if isinstance(content.case, Closed) else content.case
    match case:
        case Approved() | Paid():
            return case.approvals[-1] if case.approvals else None
        case Declined():
            return case.decision
    return None


def _damaged(say: Words, locale: str) -> dict[str, Any]:
    text = refusal_text(NotAllowed(refusal=Refusal.MALFORMED, roles=()), CaseId(""), say)
    return notice_view(say("Nothing to do"), text, locale)


def _lines(lines: tuple[str, ...]) -> SlackMessage:
    blocks: list[Block] = [
        SectionBlock(Markdown(line, verbatim=True), block_id=f"line-{place}") for place, line in enumerate(lines)
    ]
    return message(lines[0], blocks)
