"""Whether a ticket and a case tell of one loss: the question as a Slack message, and what came of an answer; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slackblocks import ActionsBlock, Block, Button, ContextBlock, Markdown, PlainText, SectionBlock

from bot.cards import SlackMessage, message, slack_date
from bot.foreign import marked, plain, plain_lines
from bot.people import name_of
from bot.values import LinkValue
from bot.words import Words, later, words
from cases.people import People
from cases.proposal import PersonId
from cases.ticket import CustomerId
from store.links import Answer, LinkQuestion
from workflow.ending import SYNC
from workflow.link_answers import Impossible, LinkOutcome, NotYours, Refused, Taken, TakenBefore

#: The buttons' names; what a click carries back as `action_id`.
SAME_LOSS = "same_loss"
DIFFERENT_LOSS = "different_loss"

_LONGEST = 200
_REFUSALS: Mapping[NotYours, str] = {
    NotYours.UNKNOWN_PERSON: later("You are not in the role table, so you may not say what belongs together."),
    NotYours.NO_ROLE: later("You hold no role and handle neither the ticket nor the case. Nothing changed."),
    NotYours.NO_QUESTION: later("There is no such question any more. Nothing changed."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkContent:
    """What a question about a link shows.

    Fields:
        question: The question as it stands.
        ticket: What people call its ticket: "Jira ENG-5"; foreign words.
        ticket_url: Where an agent opens it; None where that is not known.
        subject: Its title, where no customer wrote it; foreign words. None where one did, and where there is none.
        reason: Why it is asked, with tickets by what people call them; foreign words.
        url: The page of the case.
        topic: What compensation the case is about; None while unknown.
        customer_id: Who lost it; None while unknown.
    """

    question: LinkQuestion
    ticket: str
    ticket_url: str | None
    subject: str | None
    reason: str
    url: str
    topic: str | None
    customer_id: CustomerId | None


def question_message(content: LinkContent, people: People, locale: str) -> SlackMessage:
    """Return the question with its buttons; without them, and with who said what, once it is answered."""
    say, question = words(locale), content.question
    case, ticket = question.case_id, marked(content.ticket, _LONGEST)
    text = say("Do {ticket} and {case} tell of one loss?", ticket=ticket, case=case)
    opened = f"<{content.ticket_url}|{ticket}>" if content.ticket_url else ticket
    linked = say("Do {ticket} and {case} tell of one loss?", ticket=opened, case=f"<{content.url}|{case}>")
    blocks: list[Block] = [SectionBlock(Markdown(f":link: {linked}", verbatim=True), block_id="question")]
    if content.subject:
        blocks.append(ContextBlock([PlainText(plain(f"{content.ticket}: {content.subject}", _LONGEST))], "subject"))
    blocks.append(SectionBlock(PlainText(plain_lines(content.reason, 1000)), block_id="reason"))
    if question.answer is None:
        value = LinkValue.of(question).text()
        blocks.append(
            ActionsBlock(
                [
                    Button(say("Same loss"), action_id=SAME_LOSS, value=value, style="primary"),
                    Button(say("Different"), action_id=DIFFERENT_LOSS, value=value),
                ],
                block_id="link",
            )
        )
        return message(text, blocks)
    said = _said(question, ticket, people, say)
    blocks.append(SectionBlock(Markdown(said, verbatim=True), block_id="answer"))
    return message(f"{text} {said}", blocks)


def link_answer_text(outcome: LinkOutcome, people: People, say: Words) -> str:
    """Return what came of an answer, as the person who clicked reads it."""
    match outcome:
        case Taken(question=question):
            return say("Thank you. {said}", said=_said(question, say("The ticket"), people, say))
        case TakenBefore(question=question):
            said = _said(question, say("The ticket"), people, say)
            return say("This was answered already. {said} Nothing changed.", said=said)
        case Impossible(reason=reason):
            return say("That cannot be done: {reason} The question stays open.", reason=marked(reason, 600))
        case Refused(why=why):
            return say(_REFUSALS[why])


def _said(question: LinkQuestion, ticket: str, people: People, say: Words) -> str:
    values: dict[str, Any] = {
        "ticket": ticket,
        "case": question.case_id,
        "who": marked(name_of(people, PersonId(question.answered_by or "")), _LONGEST),
        "when": slack_date(question.answered_at) if question.answered_at else "",
    }
    if question.answered_by == SYNC:
        return say("{ticket} and {case} tell of one loss: their tickets said so on {when}.", **values)
    if question.answer is Answer.SAME:
        return say("{who} said on {when}: {ticket} and {case} tell of one loss.", **values)
    return say("{who} said on {when}: {ticket} and {case} are apart.", **values)
