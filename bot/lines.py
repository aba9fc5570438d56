"""The thread under a card: the case's story, one line per event, in the channel's language; pure."""

from dataclasses import dataclass
from datetime import datetime

from slackblocks import Block, Markdown, PlainText, SectionBlock

from bot.cards import SlackMessage, decision_line, message, rejection_line, slack_date
from bot.content import StillAsked, asked_for
from bot.foreign import marked, plain, plain_lines
from bot.people import name_of
from bot.words import Words, words
from cases.people import People
from cases.proposal import Decision, PersonId, Proposal, Verdict
from cases.ticket import TicketRef

_LONGEST = 300
_MOST_STEPS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedOut:
    """A proposal was made or made anew; the line shows its derivation."""

    proposal: Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidSo:
    """Somebody approved or rejected. `given` of `needed` approvals are there now."""

    decision: Decision
    given: int
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An approver asked the ticket's agent something."""

    person: PersonId
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The ticket's agent answered with an internal note; both are foreign words."""

    author: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidOut:
    """The provider confirmed the payout, or one part of it; `amount` is what was paid: "20.00 EUR", "150 POINTS"."""

    amount: str
    reference: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The outcome was written onto a ticket."""

    ticket: TicketRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A person must look before it goes on; `reason` says why, in one sentence."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """One more ticket tells of the same loss: "zendesk:harbor:50002"."""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """Nobody decided in time."""

    decide_by: datetime


Line = WorkedOut | SaidSo | Asked | Answered | PaidOut | Told | Stopped | Linked | Overdue


def thread_message(line: Line, people: People, locale: str, *, asked: StillAsked | None = None) -> SlackMessage:
    """Return the message for one event, in the channel's language.

    asked: Whose approval the case waits for now. They are called where the line makes it their turn: Slack tells
        nobody of a mention that is edited into a card.
    """
    say = words(locale)
    text, quoted = _text(line, people, say), _quoted(line, say)
    if asked is not None and calls(line):
        text = f"{text} {asked_for(asked, say)}"
    blocks: list[Block] = [SectionBlock(Markdown(text, verbatim=True), block_id="line")]
    if quoted:
        blocks.append(SectionBlock(PlainText(quoted), block_id="quoted"))
    return message(text, blocks)


def calls(line: Line) -> bool:
    """Whether this line makes it somebody's turn: one more approved, or the time is over."""
    return isinstance(line, Overdue) or (isinstance(line, SaidSo) and line.decision.verdict is Verdict.APPROVE)


def _text(line: Line, people: People, say: Words) -> str:  # noqa: C901, PLR0911  # One sentence per event.
    match line:
        case WorkedOut():
            return _worked_out(line.proposal, say)
        case SaidSo():
            return _said_so(line, people, say)
        case Asked():
            return say("{who} asks the agent:", who=marked(name_of(people, line.person), _LONGEST))
        case Answered():
            return say("{who} answers on the ticket:", who=marked(line.author, _LONGEST))
        case PaidOut():
            return say(
                "Paid {amount} on {when}, reference {reference}.",
                amount=marked(line.amount, _LONGEST),
                when=slack_date(line.at),
                reference=marked(line.reference, _LONGEST),
            )
        case Told():
            return say("The outcome is on ticket {ticket}.", ticket=marked(str(line.ticket), _LONGEST))
        case Linked():
            return say("Ticket {ticket} tells of the same loss.", ticket=marked(line.ticket, _LONGEST))
        case Overdue():
            return say("Nobody has decided by {when}; it stays open.", when=slack_date(line.decide_by))
        case Stopped():
            return say("Needs attention: {reason}", reason=marked(line.reason, _LONGEST))


def _worked_out(proposal: Proposal, say: Words) -> str:
    if proposal.amount is None:
        return say(
            "Revision {revision} proposes no payment: {reason}.",
            revision=proposal.revision,
            reason=marked(proposal.reason, _LONGEST),
        )
    return say(
        "Revision {revision} proposes {amount}: {reason}.",
        revision=proposal.revision,
        amount=proposal.amount,
        reason=marked(proposal.reason, _LONGEST),
    )


def _said_so(line: SaidSo, people: People, say: Words) -> str:
    if line.decision.verdict is Verdict.REJECT:
        return rejection_line(line.decision, people, say)
    return say(
        "Approved by {decision}: {given} of {needed}.",
        decision=decision_line(line.decision, people, say),
        given=line.given,
        needed=line.needed,
    )


def _quoted(line: Line, say: Words) -> str | None:
    match line:
        case Asked() | Answered():
            return plain_lines(line.words, 2900)
        case WorkedOut() if line.proposal.derivation:
            steps = line.proposal.derivation
            shown = [
                f"{plain(each.name, 80)}: {plain(each.filled, 120)} = {plain(each.value, 40)}"
                for each in steps[:_MOST_STEPS]
            ]
            if len(steps) > _MOST_STEPS:
                shown.append(say("And {count} more steps, see the case.", count=len(steps) - _MOST_STEPS))
            return plain_lines("\n".join(shown), 2900)
    return None
