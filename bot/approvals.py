"""Slack's payloads become requests of people: decisions, questions, a look at the queue; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.cards import APPROVE
from bot.foreign import plain_lines
from bot.links import DIFFERENT_LOSS, SAME_LOSS
from bot.policies import LONGEST_REASON, RELEASE, SENDING_BACK, WHY_BACK, send_back_mistakes
from bot.values import ButtonValue, Forged, LinkValue, ModalValue, PolicyModalValue, PolicyValue
from bot.views import (
    COMMENT_INPUT,
    LONGEST_COMMENT,
    LONGEST_QUESTION,
    QUESTION,
    QUESTION_INPUT,
    REASON_INPUT,
    REJECTION,
    question_mistakes,
    rejection_mistakes,
)
from cases.proposal import CaseId, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRequest:
    """Somebody said yes or no.

    Fields:
        slack_id: Who, as Slack knows them: "U0AMELIA001".
        case_id: About which case, as the button said; it may not exist.
        fingerprint: About which proposal.
        verdict: Yes or no.
        reason_code: One of bot.reasons for a no; None for a yes.
        comment: Their words; None when they wrote nothing.
        channel: Where they clicked, and where the answer goes; None from the App Home.
    """

    slack_id: str
    case_id: CaseId
    fingerprint: str
    verdict: Verdict
    reason_code: str | None
    comment: str | None
    channel: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Somebody asks the ticket's agent something. Fields as in `DecisionRequest`; `words` is what they wrote."""

    slack_id: str
    case_id: CaseId
    words: str
    channel: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSaid:
    """Somebody said whether a ticket and a case tell of one loss.

    Fields:
        slack_id: Who, as Slack knows them.
        question: The number of the question, as the button said; there may be none such.
        fingerprint: What the button was bound to.
        same: Whether they tell of one loss.
        channel: Where they clicked, and where the answer goes.
    """

    slack_id: str
    question: int
    fingerprint: str
    same: bool
    channel: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySaid:
    """Somebody released a submitted policy, or sent it back.

    Fields:
        slack_id: Who, as Slack knows them.
        value: Which version, and which text of it they saw.
        release: Whether it is a yes.
        reason: Why it goes back; None for a yes.
        channel: Where they clicked, and where the answer goes.
    """

    slack_id: str
    value: PolicyValue
    release: bool
    reason: str | None
    channel: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeOpened:
    """Somebody looks at the App Home."""

    slack_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgedClick:
    """A click came back with a value that we never gave out. `problem` is for the audit, without foreign words."""

    slack_id: str
    channel: str | None
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingToDo:
    """Kept, and answered already or no concern of ours. `why` says which."""

    why: str


Delivery = DecisionRequest | Question | LinkSaid | PolicySaid | HomeOpened | ForgedClick | NothingToDo


class _Loose(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Named(_Loose):
    id: str = Field(min_length=1, max_length=40)


class _Action(_Loose):
    action_id: str
    value: str | None = None


class _Container(_Loose):
    channel_id: str | None = None


class _Clicked(_Loose):
    user: _Named
    actions: tuple[_Action, ...] = Field(min_length=1)
    container: _Container = _Container()


class _Option(_Loose):
    value: str


class _Input(_Loose):
    value: str | None = None
    selected_option: _Option | None = None


class _State(_Loose):
    values: dict[str, dict[str, _Input]]


class _View(_Loose):
    callback_id: str
    private_metadata: str = ""
    state: _State


class _Submitted(_Loose):
    user: _Named
    view: _View


class _Event(_Loose):
    type: str
    user: str | None = None
    tab: str | None = None


class _Happened(_Loose):
    event: _Event


def read_delivery(body: Mapping[str, Any]) -> Delivery:
    """Return what Slack's payload asks of us; raises Forged when it is no payload of Slack's."""
    try:
        match body.get("type"):
            case "block_actions":
                return _read_click(_Clicked.model_validate(body))
            case "view_submission":
                return _read_submission(_Submitted.model_validate(body))
            case "event_callback":
                return _read_event(_Happened.model_validate(body).event)
    except ValidationError as problem:
        raise Forged(f"a {body.get('type')} with {problem.error_count()} mistakes") from None
    return NothingToDo(why="answered at once")


def submission_mistakes(body: Mapping[str, Any], locale: str) -> dict[str, str]:
    """Return what to mend in a submitted modal, by block id, as Slack shows it; empty when it is complete or forged."""
    try:
        view = _Submitted.model_validate(body).view
    except ValidationError:
        return {}
    if view.callback_id == REJECTION:
        return rejection_mistakes(_chosen(view), _written(view, COMMENT_INPUT), locale)
    if view.callback_id == QUESTION:
        return question_mistakes(_written(view, QUESTION_INPUT), locale)
    if view.callback_id == SENDING_BACK:
        return send_back_mistakes(_written(view, WHY_BACK), locale)
    return {}


def _read_click(click: _Clicked) -> Delivery:
    action, channel = click.actions[0], click.container.channel_id
    if action.action_id in {SAME_LOSS, DIFFERENT_LOSS}:
        return _read_link(click, action, channel)
    if action.action_id == RELEASE:
        return _read_release(click, action, channel)
    if action.action_id != APPROVE:
        return NothingToDo(why=f"{action.action_id} was answered with a modal")
    try:
        value = ButtonValue.read(action.value)
    except Forged as problem:
        return ForgedClick(slack_id=click.user.id, channel=channel, problem=str(problem))
    return DecisionRequest(
        slack_id=click.user.id,
        case_id=value.case_id,
        fingerprint=value.fingerprint,
        verdict=Verdict.APPROVE,
        reason_code=None,
        comment=None,
        channel=channel,
    )


def _read_link(click: _Clicked, action: _Action, channel: str | None) -> Delivery:
    try:
        value = LinkValue.read(action.value)
    except Forged as problem:
        return ForgedClick(slack_id=click.user.id, channel=channel, problem=str(problem))
    return LinkSaid(
        slack_id=click.user.id,
        question=value.question,
        fingerprint=value.fingerprint,
        same=action.action_id == SAME_LOSS,
        channel=channel,
    )


def _read_release(click: _Clicked, action: _Action, channel: str | None) -> Delivery:
    try:
        value = PolicyValue.read(action.value)
    except Forged as problem:
        return ForgedClick(slack_id=click.user.id, channel=channel, problem=str(problem))
    return PolicySaid(slack_id=click.user.id, value=value, release=True, reason=None, channel=channel)


def _read_submission(submitted: _Submitted) -> Delivery:
    view, person = submitted.view, submitted.user.id
    try:
        if view.callback_id == SENDING_BACK:
            return _read_sending_back(view, PolicyModalValue.read(view.private_metadata), person)
        value = ModalValue.read(view.private_metadata)
    except Forged as problem:
        return ForgedClick(slack_id=person, channel=None, problem=str(problem))
    if view.callback_id == REJECTION:
        return _read_rejection(view, value, person)
    if view.callback_id == QUESTION:
        return _read_question(view, value, person)
    return ForgedClick(slack_id=person, channel=value.channel, problem="a modal that is not ours")


def _read_sending_back(view: _View, value: PolicyModalValue, person: str) -> Delivery:
    reason = _written(view, WHY_BACK)
    if reason is None or send_back_mistakes(reason, "en"):
        return NothingToDo(why="the modal said what to mend")
    about = PolicyValue(name=value.name, version=value.version, fingerprint=value.fingerprint)
    why = plain_lines(reason, LONGEST_REASON)
    return PolicySaid(slack_id=person, value=about, release=False, reason=why, channel=value.channel)


def _read_rejection(view: _View, value: ModalValue, person: str) -> Delivery:
    reason, comment = _chosen(view), _written(view, COMMENT_INPUT)
    if rejection_mistakes(reason, comment, "en"):
        return NothingToDo(why="the modal said what to mend")
    return DecisionRequest(
        slack_id=person,
        case_id=value.case_id,
        fingerprint=value.fingerprint,
        verdict=Verdict.REJECT,
        reason_code=reason,
        comment=plain_lines(comment, LONGEST_COMMENT) if comment and comment.strip() else None,
        channel=value.channel,
    )


def _read_question(view: _View, value: ModalValue, person: str) -> Delivery:
    words = _written(view, QUESTION_INPUT)
    if words is None or question_mistakes(words, "en"):
        return NothingToDo(why="the modal said what to mend")
    return Question(
        slack_id=person,
        case_id=value.case_id,
        words=plain_lines(words, LONGEST_QUESTION),
        channel=value.channel,
    )


def _read_event(event: _Event) -> Delivery:
    if event.type == "app_home_opened" and event.tab in (None, "home") and event.user:
        return HomeOpened(slack_id=event.user)
    return NothingToDo(why=f"{event.type} is no concern of ours")


def _chosen(view: _View) -> str | None:
    found = view.state.values.get(REASON_INPUT, {}).get(REASON_INPUT)
    return found.selected_option.value if found and found.selected_option else None


def _written(view: _View, name: str) -> str | None:
    found = view.state.values.get(name, {}).get(name)
    return found.value if found else None
