"""A case as a Slack message: one card per case, edited for its whole life; pure.

The limits (50 blocks, 150 characters in a header, 75 on a button …) are slackblocks'. Foreign words stand in
plain_text or are escaped, and every mrkdwn object is `verbatim`, so that Slack makes no links of them.
https://docs.slack.dev/reference/block-kit/blocks
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from babel.dates import format_datetime
from slackblocks import (
    ActionsBlock,
    Block,
    Button,
    Confirm,
    ContextBlock,
    HeaderBlock,
    Markdown,
    PlainText,
    SectionBlock,
    WebhookMessage,
)

from bot.cautions import caution_lines
from bot.content import (
    LONGEST_REFERENCE,
    CardContent,
    Shown,
    asked_for,
    loss_name,
    role_name,
    still_asked,
    tier_name,
)
from bot.foreign import marked, plain
from bot.parts import part_lines
from bot.people import name_of
from bot.precedents import consistency_line
from bot.reasons import reason_name
from bot.values import ButtonValue
from bot.words import Words, words
from cases.case import (
    Approved,
    AwaitingApproval,
    Closed,
    Declined,
    Joined,
    NeedsAttention,
    Paid,
    is_outstanding,
    proposal_of,
)
from cases.people import People
from cases.proposal import Classification, Decision, Proposal

#: The buttons' names; what a click carries back as `action_id`.
APPROVE = "approve"
REJECT = "reject"
ASK = "ask_agent"
WHY = "why"

_LONGEST_HEADER = 150
_LONGEST_LINE = 400
_LONGEST_NAME = 80
_LONGEST_MISSING = 150
_MOST_MISSING = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackMessage:
    """A message as the Web API takes it.

    Fields:
        text: A full sentence for notifications and screen readers.
        blocks: Block Kit, as JSON text, so that two equal messages are equal.
    """

    text: str
    blocks: str

    @classmethod
    def of(cls, text: str, blocks: list[dict[str, Any]]) -> Self:
        """Return the message with these blocks, which are within the limits already."""
        return cls(text=text, blocks=json.dumps(blocks, ensure_ascii=False))

    @property
    def digest(self) -> str:
        """A name for what is shown: the same as long as nothing on the card changes."""
        return hashlib.sha256(f"{self.text}\n{self.blocks}".encode()).hexdigest()[:16]

    def as_list(self) -> list[dict[str, Any]]:
        """Return the blocks as the client takes them."""
        parsed: list[dict[str, Any]] = json.loads(self.blocks)
        return parsed


def card(content: CardContent, locale: str, *, now: datetime) -> SlackMessage:
    """Return the card of a case in the channel's language. `now` only decides who holds a lent role."""
    say = words(locale)
    blocks: list[Block] = [HeaderBlock(_plain(headline(content, say), _LONGEST_HEADER), block_id="headline")]
    proposal = proposal_of(content.case)
    if proposal is not None:
        blocks.append(SectionBlock(_markdown(_why_line(proposal, say)), block_id="why"))
    blocks.append(SectionBlock(fields=list(_fields(content, proposal, say)), block_id="facts"))
    if parts := part_lines(content.case, say):
        blocks.append(SectionBlock(_markdown("\n".join(parts)), block_id="parts"))
    if proposal is not None and proposal.consistency is not None and proposal.consistency.compared:
        blocks.append(ContextBlock([_markdown(consistency_line(proposal.consistency, say))], block_id="precedents"))
    if cautions := caution_lines(content.warnings, say):
        blocks.append(SectionBlock(_markdown("\n".join(cautions)), block_id="warnings"))
    blocks.extend(_state_blocks(content, say, now))
    return message(sentence(content, say), blocks)


def message(text: str, blocks: list[Block]) -> SlackMessage:
    """Return a message with its limits checked; raises slackblocks' errors when one is broken."""
    return SlackMessage.of(text, WebhookMessage(text=text, blocks=blocks).to_dict()["blocks"])


def headline(content: CardContent, say: Words) -> str:
    """Return action, amount and object: "Goodwill 180.50 USDT · Order A-20931"; holds foreign words."""
    loss = content.case.about.loss
    what = loss_name(loss, plain(loss.reference, LONGEST_REFERENCE) if loss else "", say)
    proposal = proposal_of(content.case)
    return f"{_action(proposal, say)} · {what}"


def sentence(content: CardContent, say: Words) -> str:
    """Return the whole card in one sentence, escaped, for notifications and screen readers."""
    subject = marked(headline(content, say), _LONGEST_HEADER)
    case = content.case.settled if isinstance(content.case, Closed) else content.case
    match case:
        case AwaitingApproval() if content.held_back:
            return say("This is held back, nobody can decide it now: {subject}.", subject=subject)
        case AwaitingApproval():
            until = format_datetime(case.decide_by, "yyyy-MM-dd HH:mm 'UTC'", locale="en")
            return say("Your decision is asked for by {until}: {subject}.", until=until, subject=subject)
        case Approved():
            return say("This was approved and is being paid: {subject}.", subject=subject)
        case Paid():
            return _paid_sentence(case, subject, say)
        case Declined():
            return say("This was declined and nothing is paid: {subject}.", subject=subject)
        case Joined():
            return say("This loss is decided in another case, {case}: {subject}.", case=case.into, subject=subject)
        case NeedsAttention():
            return say("Somebody must look at this before it goes on: {subject}.", subject=subject)


def _paid_sentence(case: Paid, subject: str, say: Words) -> str:
    if is_outstanding(case):
        return say("This was approved, and what was due has been paid: {subject}.", subject=subject)
    return say("This was approved and has been paid: {subject}.", subject=subject)


def slack_date(moment: datetime) -> str:
    """Return a moment that Slack shows in each reader's own time and language; UTC where it cannot."""
    fallback = format_datetime(moment, "yyyy-MM-dd HH:mm 'UTC'", locale="en")
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def decision_line(decision: Decision, people: People, say: Words) -> str:
    """Return who decided, in which role and when, as mrkdwn: "Amelia Chen (Finance), 24 Nov 12:00"."""
    who = marked(name_of(people, decision.person), _LONGEST_NAME)
    return say(
        "{who} ({role}), {when}",
        who=who,
        role=marked(role_name(decision.role, say), _LONGEST_NAME),
        when=slack_date(decision.decided_at),
    )


def rejection_line(decision: Decision, people: People, say: Words) -> str:
    """Return who rejected, when and why, as mrkdwn."""
    line = say(
        "Rejected by {decision}. Reason: {reason}",
        decision=decision_line(decision, people, say),
        reason=reason_name(decision.reason_code, say),
    )
    return f"{line}: {marked(decision.comment, _LONGEST_LINE)}" if decision.comment else line


def _action(proposal: Proposal | None, say: Words) -> str:
    if proposal is None:
        return say("Needs attention")
    amount = str(proposal.amount) if proposal.amount is not None else say("without payment")
    match proposal.classification:
        case Classification.VALID_CLAIM:
            return say("Compensation {amount}", amount=amount)
        case Classification.GOODWILL:
            return say("Goodwill {amount}", amount=amount)
        case Classification.FRAUD_REVIEW:
            return say("Fraud review {amount}", amount=amount)
        case Classification.INDIVIDUAL_REVIEW:
            return say("Individual review {amount}", amount=amount)
        case Classification.INELIGIBLE:
            return say("Not eligible")


def _why_line(proposal: Proposal, say: Words) -> str:
    return say(
        "{reason} · policy {policy}, version {version}",
        reason=marked(proposal.reason, _LONGEST_LINE),
        policy=marked(proposal.policy_id, _LONGEST_LINE),
        version=marked(proposal.policy_version, _LONGEST_LINE),
    )


def _fields(content: CardContent, proposal: Proposal | None, say: Words) -> tuple[Markdown, ...]:
    customer, loss = content.customer, content.case.about.loss
    named = marked(customer.name or customer.id or say("unknown"), _LONGEST_LINE)
    tier = f" · {marked(tier_name(customer.tier, say), _LONGEST_LINE)}" if customer.tier else ""
    paid = customer.paid_12_months
    pairs = (
        (say("Customer"), f"{named}{tier}"),
        (say("Proposed by"), _proposer(content, proposal, say)),
        (say("Loss"), loss_name(loss, marked(loss.reference, LONGEST_REFERENCE) if loss else "", say)),
        (say("Paid to this customer in 12 months"), str(paid) if paid is not None else say("unknown")),
    )
    return tuple(_markdown(f"*{name}*\n{value}") for name, value in pairs)


def _proposer(content: CardContent, proposal: Proposal | None, say: Words) -> str:
    if proposal is None:
        return say("nobody yet")
    if proposal.proposed_by == "policy":
        return say("the policy")
    found = content.people.by_id(proposal.proposed_by)
    return marked(found.name if found else proposal.proposed_by, _LONGEST_LINE)


def _state_blocks(content: CardContent, say: Words, now: datetime) -> tuple[Block, ...]:
    case = content.case
    if isinstance(case, AwaitingApproval) and content.held_back:
        return (
            SectionBlock(_markdown(_held_back(say)), block_id="outcome"),
            ContextBlock([_markdown(_case_link(content))], block_id="progress"),
        )
    if isinstance(case, AwaitingApproval):
        return (
            ContextBlock([_markdown(_progress(content, case, say, now))], block_id="progress"),
            ActionsBlock(list(_buttons(content, case.proposal, say)), block_id="decide"),
        )
    lines = _outcome_lines(case, content.people, say)
    return (
        SectionBlock(_markdown("\n".join(lines)), block_id="outcome"),
        ContextBlock([_markdown(_case_link(content))], block_id="progress"),
    )


def _held_back(say: Words) -> str:
    return say(
        ":pause_button: Held back: only accounts in shadow mode tell of this case now. Nobody can decide it until one "
        "of them is live or a ticket of a live account belongs to it."
    )


def _progress(content: CardContent, case: AwaitingApproval, say: Words, now: datetime) -> str:
    proposal = case.proposal
    parts = [
        say(
            "Approvals {given} of {needed}",
            given=len({each.person for each in case.approvals}),
            needed=sum(stage.quorum for stage in proposal.approvals),
        )
    ]
    asked = still_asked(content, now)
    if asked is not None:
        parts.append(asked_for(asked, say))
    parts.append(say("Decide by {when}", when=slack_date(case.decide_by)))
    parts.append(_case_link(content))
    return " · ".join(parts)


def _case_link(content: CardContent) -> str:
    return f"<{content.url}|{content.case.about.id}>"


def _buttons(content: CardContent, proposal: Proposal, say: Words) -> tuple[Button, ...]:
    value = ButtonValue.of(proposal).text()
    amount = proposal.amount
    approve = say("Approve {amount}", amount=amount) if amount is not None else say("Agree: nothing is paid")
    return (
        Button(approve, action_id=APPROVE, value=value, style="primary", confirm=_confirm(content, proposal, say)),
        Button(say("Ask agent…"), action_id=ASK, value=value),
        Button(say("Why?"), action_id=WHY, value=value),
        Button(say("Reject…"), action_id=REJECT, value=value, style="danger"),
    )


def _confirm(content: CardContent, proposal: Proposal, say: Words) -> Confirm:
    amount = proposal.amount
    payee = plain(proposal.payee, _LONGEST_NAME)
    if content.customer.name:
        payee = f"{plain(content.customer.name, _LONGEST_NAME)} ({payee})"
    return Confirm(
        title=say("Approve {amount}?", amount=amount) if amount is not None else say("Agree?"),
        text=PlainText(
            say("{amount} will be paid to {payee}.", amount=amount, payee=payee)
            if amount is not None
            else say("Nothing will be paid to {payee}.", payee=payee)
        ),
        confirm=say("Approve"),
        deny=say("Back"),
        style="primary",
    )


def _outcome_lines(case: Shown, people: People, say: Words) -> tuple[str, ...]:
    settled = case.settled if isinstance(case, Closed) else case
    match settled:
        case Approved():
            return (*_approved_by(settled, people, say), say(":hourglass_flowing_sand: The payout is under way."))
        case Paid() if settled.standing:
            paid = (
                say(":moneybag: What was due is paid; more is to come.")
                if is_outstanding(settled)
                else (say(":moneybag: Paid in all its parts."))
            )
            return (*_approved_by(settled, people, say), paid)
        case Paid():
            reference = marked(settled.reference, _LONGEST_LINE)
            paid = say(
                ":moneybag: Paid {amount} on {when} · reference {reference}",
                amount=settled.amount,
                when=slack_date(settled.paid_at),
                reference=reference,
            )
            return (*_approved_by(settled, people, say), paid)
        case Declined():
            return (_declined(settled, people, say),)
        case Joined():
            return (say(":link: This loss is decided in case {case}; nothing is paid here.", case=settled.into),)
        case NeedsAttention():
            return _attention_lines(settled, say)
        case AwaitingApproval():
            return ()


def _declined(case: Declined, people: People, say: Words) -> str:
    if case.decision is None:
        return say(":no_entry: Declined by the policy; nothing is paid.")
    return f":no_entry: {rejection_line(case.decision, people, say)}"


def _approved_by(case: Approved | Paid, people: People, say: Words) -> tuple[str, ...]:
    if not case.approvals:
        return (say(":white_check_mark: The policy asks for nobody's approval here."),)
    return tuple(
        say(":white_check_mark: Approved by {decision}", decision=decision_line(each, people, say))
        for each in case.approvals
    )


def _attention_lines(case: NeedsAttention, say: Words) -> tuple[str, ...]:
    reason = say(":raised_hand: Needs attention: {reason}", reason=marked(case.reason, _LONGEST_LINE))
    if not case.missing:
        return (reason,)
    named = "\n".join(f"• {marked(each, _LONGEST_MISSING)}" for each in case.missing[:_MOST_MISSING])
    more = len(case.missing) - _MOST_MISSING
    return (
        reason,
        say("Missing:"),
        named,
        *((say("And {count} more, see the case.", count=more),) if more > 0 else ()),
    )


def _markdown(text: str) -> Markdown:
    return Markdown(text, verbatim=True)


def _plain(text: str, most: int) -> PlainText:
    return PlainText(plain(text, most))
