"""A policy that waits for its release: its card, the modal for sending it back, and what came of a click; pure."""

from collections.abc import Mapping
from typing import Any

from slackblocks import (
    ActionsBlock,
    Block,
    Button,
    Confirm,
    ContextBlock,
    Markdown,
    PlainText,
    SectionBlock,
)

from bot.cards import SlackMessage, message, slack_date
from bot.foreign import marked, plain
from bot.people import mention, name_of
from bot.values import PolicyModalValue, PolicyValue
from bot.words import Words, later, words
from bot.written import text_asked, text_mistakes, text_modal
from cases.people import People
from cases.proposal import PersonId
from store.policies import State, Version
from workflow.releasing import APPROVER, Outcome, Refused, Taken, WhyNot

#: The buttons' names; what a click carries back as `action_id`.
RELEASE = "release_policy"
SEND_BACK = "send_back_policy"
#: The modal that asks why, and where the answer stands in it.
SENDING_BACK, WHY_BACK = "sending_back", "why_back"
LONGEST_REASON = 500

_LONGEST = 200
_MOST_WAIVED = 8
_SHORT_HASH = 12
_REFUSALS: Mapping[WhyNot, str] = {
    WhyNot.UNKNOWN_PERSON: later("You are not in the role table, so you may not decide on policies."),
    WhyNot.NO_ROLE: later(
        "You may not release {policy}: it takes the role {role}, not lent by its author. Nothing changed."
    ),
    WhyNot.OWN_TEXT: later("You wrote {policy}, so somebody else must release it. Nothing changed."),
    WhyNot.NO_VERSION: later("There is no such policy any more. Nothing changed."),
    WhyNot.SUBMITTED_ANEW: later(
        "{policy} was submitted anew, with another text or other waivers: look at its latest card. Nothing changed."
    ),
    WhyNot.OVERLAPS: later("{policy} cannot be released: {detail}. Nothing changed."),
    WhyNot.UNANSWERED: later(
        "{policy} cannot be released: what is released has changed since it was submitted, and now {detail}. Send it"
        " back: its author mends it or says why it is right so."
    ),
}


def policy_message(version: Version, people: People, locale: str, *, url: str | None) -> SlackMessage:
    """Return the card of a submitted version; with its buttons while it waits for somebody to decide.

    url: Where its page is; None: another text was submitted in its place since, and `version` is how the old one stood.
    """
    say = words(locale)
    author = marked(name_of(people, PersonId(version.submitted_by)), _LONGEST)
    policy, waits = marked(version.id, _LONGEST), url is not None and version.state is State.SUBMITTED
    sentence = later("Policy {policy} waits for its release") if waits else later("Policy {policy}")
    title = say(sentence, policy=policy)
    asked = say("{author} submitted this text on {when}.", author=author, when=slack_date(version.submitted_at))
    ends = slack_date(version.ends_at) if version.ends_at else say("no end is named")
    span = say("Decides from {start}, until: {end}.", start=slack_date(version.starts_at), end=ends)
    page = say("Read it: what it changes, on which cases, and why")
    read = f"\n*<{url}|{page}>*" if url else ""
    blocks: list[Block] = [
        SectionBlock(Markdown(f":scroll: *{title}*\n{asked}\n{span}{read}", verbatim=True), block_id="policy")
    ]
    if version.findings:
        waived = [f"• {marked(f'{each.what}: {each.waived}', 300)}" for each in version.findings[:_MOST_WAIVED]]
        told = "\n".join((say("Waived by its author:"), *waived))
        blocks.append(SectionBlock(Markdown(told, verbatim=True), block_id="waived"))
    if not waits:
        said = _said(version, people, say) if url else say(":no_entry: Another text was submitted in its place.")
        blocks.append(SectionBlock(Markdown(said, verbatim=True), block_id="outcome"))
        return message(f"{title} {said}", blocks)
    able = _able(version, people)
    blocks.append(ContextBlock([Markdown(say("Asked: {people}", people=able or APPROVER), verbatim=True)], "asked"))
    blocks.append(ActionsBlock(list(_buttons(version, say)), block_id="release"))
    return message(title, blocks)


def _able(version: Version, people: People) -> str:
    """Return mentions of who holds the role and did not write it."""
    asked = (
        mention(each.slack_id)
        for each in people.everyone
        if each.slack_id
        and each.notified
        and each.id != version.submitted_by
        and any(held.role == APPROVER for held in each.authorities)
    )
    return " ".join(asked)


def _buttons(version: Version, say: Words) -> tuple[Button, ...]:
    value, short = PolicyValue.of(version).text(), version.fingerprint[:_SHORT_HASH]
    policy = plain(version.id, _LONGEST)
    sure = Confirm(
        title=say("Release?"),
        text=PlainText(say("{policy}, text {text}, will decide claims.", policy=policy, text=short)),
        confirm=say("Release"),
        deny=say("Back"),
        style="primary",
    )
    return (
        Button(say("Release"), action_id=RELEASE, value=value, style="primary", confirm=sure),
        Button(say("Send back"), action_id=SEND_BACK, value=value, style="danger"),
    )


def send_back_view(value: PolicyModalValue, locale: str) -> dict[str, Any]:
    """Return the modal that asks why a policy goes back to its author."""
    say = words(locale)
    short = value.fingerprint[:_SHORT_HASH]
    subject = say("{policy}, text {text}, goes back to its author.", policy=value.id, text=short)
    hint = say("Its author reads this, and it stays in the history of the policy.")
    return text_modal(
        say,
        say("Send back"),
        say("Send back"),
        subject=SectionBlock(PlainText(subject), block_id="subject"),
        asked=text_asked(say("What is to be mended?"), hint, name=WHY_BACK, longest=LONGEST_REASON),
        carried=(SENDING_BACK, value.text()),
    )


def send_back_mistakes(reason: str | None, locale: str) -> dict[str, str]:
    """Return what to mend in that modal once it is filled in, by block id; empty when it is complete."""
    say = words(locale)
    empty = say("Say what is to be mended.")
    return text_mistakes(reason, say, name=WHY_BACK, longest=LONGEST_REASON, empty=empty)


def policy_answer_text(outcome: Outcome, people: People, say: Words) -> str:
    """Return what came of a click, as the person who clicked reads it."""
    match outcome:
        case Taken(version=version):
            return say("Thank you. {said}", said=_said(version, people, say))
        case Refused(why=WhyNot.NOT_WAITING, version=Version() as version):
            return say("Nothing changed. {said}", said=_said(version, people, say))
        case Refused(why=why, version=version, detail=detail):
            policy = marked(version.id, _LONGEST) if version else ""
            sentence = _REFUSALS.get(why, _REFUSALS[WhyNot.NO_VERSION])
            return say(sentence, policy=policy, role=APPROVER, detail=marked(detail, 600))


def told_to_author(version: Version, people: People, say: Words) -> str | None:
    """Return what its author is told once somebody else decided; None where there is nothing to tell or no way to."""
    author = people.by_id(version.submitted_by)
    if author is None or not author.slack_id or version.decided_by in {None, author.id}:
        return None
    return f"{mention(author.slack_id)} {_said(version, people, say)}"


def _said(version: Version, people: People, say: Words) -> str:
    values = {
        "policy": marked(version.id, _LONGEST),
        "who": marked(name_of(people, PersonId(version.decided_by or version.submitted_by)), _LONGEST),
        "when": slack_date(version.decided_at or version.submitted_at),
    }
    why = f"\n>{marked(version.reason, LONGEST_REASON)}" if version.reason else ""
    match version.state:
        case State.RELEASED:
            return say(":white_check_mark: {who} released {policy} on {when}.", **values)
        case State.REJECTED:
            return say(":leftwards_arrow_with_hook: {who} sent {policy} back on {when}.", **values) + why
        case State.WITHDRAWN:
            return say(":no_entry: {who} withdrew {policy} on {when}; it decides nothing any more.", **values) + why
        case State.SUBMITTED:
            return say("{policy} waits for its release.", **values)
