"""What a person is told, in private, of what came of their click; mrkdwn, escaped; pure."""

from collections.abc import Mapping

from bot.cards import slack_date
from bot.content import role_name, role_names
from bot.foreign import marked
from bot.people import name_of
from bot.words import Words, later
from cases.people import People
from cases.proposal import CaseId, Decision, Verdict
from workflow.approval import (
    AlreadyCounted,
    Counted,
    Decided,
    NotAllowed,
    Outcome,
    Refusal,
    Stale,
    TooLate,
)

_LONGEST = 200

_REFUSALS: Mapping[Refusal, str] = {
    Refusal.UNKNOWN_PERSON: later(
        "You are not in the role table, so you may not decide {case}. An administrator can add you."
    ),
    Refusal.NO_ROLE: later("You do not hold a role that may decide {case} now. It takes: {roles}. Nothing changed."),
    Refusal.ABOVE_LIMIT: later("The amount of {case} is above your limit. It takes: {roles}. Nothing changed."),
    Refusal.OWN_CASE: later(
        "You handle {case} or asked for it, so somebody else must decide: {roles}. Nothing changed."
    ),
    Refusal.OWN_PROPOSAL: later("You proposed the amount of {case}, so somebody else must decide. Nothing changed."),
    Refusal.MALFORMED: later(
        "This button is not one of ours or is damaged. Nothing changed, and the click was recorded."
    ),
}


def answer_text(outcome: Outcome, case: CaseId, people: People, say: Words) -> str:
    """Return what came of a decision, as the person who clicked reads it."""
    match outcome:
        case Counted():
            return say(
                "Your approval of {case} counts. It still takes {count} of: {roles}.",
                case=case,
                count=outcome.needed - outcome.given,
                roles=marked(role_names(outcome.roles, say), _LONGEST),
            )
        case Decided():
            return _decided_text(outcome.decision, case, say)
        case AlreadyCounted():
            when = slack_date(outcome.decision.decided_at)
            return say("You approved {case} already, on {when}. Nothing changed.", case=case, when=when)
        case TooLate():
            return too_late_text(outcome.decision, case, people, say)
        case Stale():
            return _stale_text(outcome, case, say)
        case NotAllowed():
            return refusal_text(outcome, case, say)


def too_late_text(decision: Decision | None, case: CaseId, people: People, say: Words) -> str:
    """Return who decided what before, and when."""
    if decision is None:
        return say("{case} was settled before, without anybody's decision. Nothing changed.", case=case)
    who = marked(name_of(people, decision.person), _LONGEST)
    role, when = marked(role_name(decision.role, say), _LONGEST), slack_date(decision.decided_at)
    if decision.verdict is Verdict.APPROVE:
        return say(
            "Too late: {who} ({role}) approved {case} on {when}. Nothing changed.",
            who=who, role=role, case=case, when=when,
        )  # fmt: skip  # One line of values reads best.
    return say(
        "Too late: {who} ({role}) rejected {case} on {when}. Nothing changed.",
        who=who, role=role, case=case, when=when,
    )  # fmt: skip  # As above.


def refusal_text(refused: NotAllowed, case: CaseId, say: Words) -> str:
    """Return why a person may not decide, and who could."""
    roles = marked(role_names(refused.roles, say), _LONGEST)
    return say(_REFUSALS[refused.refusal], case=case, roles=roles)


def asked_text(case: CaseId, say: Words) -> str:
    """Return that a question is on its way."""
    return say("Your question about {case} is in the thread and goes onto the ticket as an internal note.", case=case)


def unknown_reader_text(say: Words) -> str:
    """Return why somebody who is not in the role table is shown nothing."""
    return say("You are not in the role table, so there is nothing to show you. An administrator can add you.")


def _decided_text(decision: Decision, case: CaseId, say: Words) -> str:
    if decision.verdict is Verdict.APPROVE:
        return say("You approved {case}. It has every approval it needs; the payout is under way.", case=case)
    return say("You rejected {case}. Nothing is paid.", case=case)


def _stale_text(outcome: Stale, case: CaseId, say: Words) -> str:
    if outcome.proposal is None:
        return say(
            "{case} has no proposal to decide on now. Nothing changed. It may be proposed anew by another policy:"
            " look at its card again.",
            case=case,
        )
    amount = outcome.proposal.amount
    return say(
        "The proposal for {case} changed since you saw it: it is now {amount} (revision {revision}). "
        "Nothing changed; look at the card again and decide on that.",
        case=case,
        amount=amount if amount is not None else say("without payment"),
        revision=outcome.proposal.revision,
    )
