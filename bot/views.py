"""Modals and the App Home, in the language of whoever opened them; pure."""

from typing import Any

from slackblocks import (
    Block,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    HomeTabView,
    InputBlock,
    Markdown,
    ModalView,
    Option,
    PlainText,
    PlainTextInput,
    SectionBlock,
    StaticSelectMenu,
)

from bot.cards import headline, slack_date
from bot.content import CardContent
from bot.foreign import marked, plain, plain_lines
from bot.precedents import precedent_line
from bot.reasons import OTHER, REASONS
from bot.values import ModalValue
from bot.words import Words, words
from bot.written import text_asked, text_mistakes, text_modal
from cases.case import AwaitingApproval, proposal_of
from cases.precedents import Consistency
from cases.proposal import DerivationLine, Proposal

#: The modals' names; what a submission carries back as `callback_id`.
REJECTION = "rejection"
QUESTION = "question"
#: Where a person writes: the blocks' ids, each with one input whose action id is the same.
REASON_INPUT = "reason"
COMMENT_INPUT = "comment"
QUESTION_INPUT = "question"

LONGEST_COMMENT = 500
LONGEST_QUESTION = 1000
_MOST_STEPS = 60
_MOST_FACTS = 30
_MOST_QUEUED = 40


def rejection_view(content: CardContent, value: ModalValue, locale: str) -> dict[str, Any]:
    """Return the modal that asks why a proposal is rejected."""
    say = words(locale)
    options = [Option(PlainText(say(name)), value=code) for code, name in REASONS.items()]
    return ModalView(
        title=PlainText(say("Reject")),
        submit=PlainText(say("Reject")),
        close=PlainText(say("Back")),
        callback_id=REJECTION,
        private_metadata=value.text(),
        blocks=[
            _subject(content, say),
            InputBlock(
                PlainText(say("Reason")),
                StaticSelectMenu(action_id=REASON_INPUT, options=options, placeholder=PlainText(say("Choose one"))),
                block_id=REASON_INPUT,
            ),
            InputBlock(
                PlainText(say("Remark")),
                PlainTextInput(action_id=COMMENT_INPUT, multiline=True, max_length=LONGEST_COMMENT),
                block_id=COMMENT_INPUT,
                hint=PlainText(say("Colleagues read this, the customer does not. Needed with “Other”.")),
                optional=True,
            ),
        ],
    ).to_dict()


def rejection_mistakes(reason: str | None, comment: str | None, locale: str) -> dict[str, str]:
    """Return what to mend in a filled-in rejection, by block id, as Slack shows it; empty when it is complete."""
    say = words(locale)
    if reason not in REASONS:
        return {REASON_INPUT: say("Choose one of the reasons.")}
    if reason == OTHER and not (comment or "").strip():
        return {COMMENT_INPUT: say("Say what the reason is.")}
    if comment and len(comment) > LONGEST_COMMENT:
        return {COMMENT_INPUT: say("At most {count} characters.", count=LONGEST_COMMENT)}
    return {}


def question_view(content: CardContent, value: ModalValue, locale: str) -> dict[str, Any]:
    """Return the modal in which a question to the ticket's agent is written."""
    say = words(locale)
    hint = say("It goes into this card's thread and onto the ticket as an internal note.")
    return text_modal(
        say,
        say("Ask the agent"),
        say("Send"),
        subject=_subject(content, say),
        asked=text_asked(say("Your question"), hint, name=QUESTION_INPUT, longest=LONGEST_QUESTION),
        carried=(QUESTION, value.text()),
    )


def question_mistakes(question: str | None, locale: str) -> dict[str, str]:
    """Return what to mend in a filled-in question, by block id; empty when it is complete."""
    say = words(locale)
    empty = say("Write your question.")
    return text_mistakes(question, say, name=QUESTION_INPUT, longest=LONGEST_QUESTION, empty=empty)


def why_view(content: CardContent, locale: str) -> dict[str, Any]:
    """Return the modal that shows how the amount was worked out, step by step, and from what."""
    say = words(locale)
    proposal = proposal_of(content.case)
    blocks: list[Block] = [_subject(content, say)]
    if proposal is None:
        blocks.append(_said(say("Nothing has been proposed."), "nothing"))
    else:
        blocks.extend(_derivation(proposal, say))
    return ModalView(title=PlainText(say("Why?")), close=PlainText(say("Back")), blocks=blocks).to_dict()


def notice_view(title: str, text: str, locale: str) -> dict[str, Any]:
    """Return a modal that only says something; `text` is mrkdwn, escaped already."""
    say = words(locale)
    blocks: list[Block] = [SectionBlock(Markdown(text, verbatim=True), block_id="notice")]
    return ModalView(title=PlainText(plain(title, 24)), close=PlainText(say("Close")), blocks=blocks).to_dict()


def home_view(queue: tuple[CardContent, ...], locale: str) -> dict[str, Any]:
    """Return the App Home: what waits for this person, most urgent first."""
    say = words(locale)
    blocks: list[Block] = [HeaderBlock(PlainText(say("Waiting for you")), block_id="headline")]
    if not queue:
        blocks.append(_said(say("Nothing is waiting for your decision."), "empty"))
    for place, content in enumerate(queue[:_MOST_QUEUED]):
        blocks.append(SectionBlock(Markdown(queue_line(content, say), verbatim=True), block_id=f"case-{place}"))
        blocks.append(DividerBlock(block_id=f"line-{place}"))
    if len(queue) > _MOST_QUEUED:
        blocks.append(_said(say("And {count} more.", count=len(queue) - _MOST_QUEUED), "more"))
    return HomeTabView(blocks=blocks).to_dict()


def queue_line(content: CardContent, say: Words) -> str:
    """Return one waiting case in a line of mrkdwn: what, until when, and its link."""
    parts = [f"*{marked(headline(content, say), 200)}*"]
    if isinstance(content.case, AwaitingApproval):
        parts.append(say("Decide by {when}", when=slack_date(content.case.decide_by)))
    parts.append(f"<{content.url}|{content.case.about.id}>")
    return " · ".join(parts)


def _derivation(proposal: Proposal, say: Words) -> tuple[Block, ...]:
    steps = proposal.derivation[:_MOST_STEPS]
    blocks: list[Block] = [_step(step, place) for place, step in enumerate(steps)]
    if len(proposal.derivation) > _MOST_STEPS:
        blocks.append(
            _said(say("And {count} more steps, see the case.", count=len(proposal.derivation) - _MOST_STEPS), "more")
        )
    if not steps:
        blocks.append(_said(say("A person set this amount; there is nothing to derive."), "nothing"))
    blocks.append(DividerBlock(block_id="line"))
    facts = "\n".join(f"{plain(name, 60)}: {plain(value, 60)}" for name, value in proposal.inputs[:_MOST_FACTS])
    if facts:
        blocks.append(_said(say("Worked out from:") + "\n" + facts, "facts"))
    if proposal.consistency is not None:
        blocks.append(
            SectionBlock(Markdown(_precedents(proposal.consistency, say), verbatim=True), block_id="precedents")
        )
    policy = say("Policy {policy}, version {version}", policy=proposal.policy_id, version=proposal.policy_version)
    blocks.append(ContextBlock([PlainText(plain(policy, 200))], block_id="policy"))
    return tuple(blocks)


def _precedents(compared: Consistency, say: Words) -> str:
    if not compared.compared:
        return say("No case was decided on this line before.")
    counted = say(
        "Earlier decisions on this line: {count}, agreed to: {agreed}", count=compared.compared, agreed=compared.agreed
    )
    return "\n".join((counted, *(precedent_line(each, say, most=_MOST_FACTS) for each in compared.nearest)))


def _step(step: DerivationLine, place: int) -> Block:
    text = (
        f"{plain(step.name, 100)} = {plain(step.value, 200)}\n{plain(step.expression, 900)}\n{plain(step.filled, 900)}"
    )
    return _said(f"{text}\n{plain(step.place, 100)}", f"step-{place}")


def _subject(content: CardContent, say: Words) -> Block:
    return _said(f"{plain(headline(content, say), 200)}\n{content.case.about.id}", "subject")


def _said(text: str, block_id: str) -> Block:
    return SectionBlock(PlainText(plain_lines(text, 3000)), block_id=block_id)
