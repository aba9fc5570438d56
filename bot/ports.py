"""What the bot needs from the rest of the house; the assembly brings it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.approvals import DecisionRequest, LinkSaid, PolicySaid, Question
from bot.content import CardContent
from bot.lines import Line
from bot.links import LinkContent
from bot.values import PolicyValue
from cases.proposal import CaseId, PersonId
from cases.ticket import CustomerId
from workflow.approval import Outcome
from workflow.link_answers import LinkOutcome
from workflow.releasing import Outcome as PolicyOutcome
from workflow.releasing import Refused as PolicyRefused


class Inbox(Protocol):
    """What Slack sent us, kept before it is acknowledged."""

    def keep(self, source: str, delivery_id: str, body: str, *, now: datetime) -> bool:
        """Commit the delivery and the job that handles it in one transaction; False when it was kept before.

        Raising means that it is not acknowledged: Slack sends an event again, and shows a person an error.
        """
        ...

    def read(self, source: str, delivery_id: str) -> str | None:
        """Return the body that was kept; None when there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a case's card stands.

    Fields:
        channel: "C0COMPENSA1".
        ts: Slack's name of the message; None when it was meant to be posted and the answer never came.
        shown_version: The version of the case that it shows; 0 when that is not known, and while it is held back.
        meant_at: When it was first meant to be posted; aware, UTC.
    """

    channel: str
    ts: str | None
    shown_version: int
    meant_at: datetime


class Cases(Protocol):
    """Cases as the bot shows them."""

    def content(self, case_id: CaseId) -> CardContent | None:
        """Return what a card shows of the case; None when there is no such case or it has nothing to show yet."""
        ...

    def customer_locale(self, customer_id: CustomerId | None, case_id: CaseId) -> str | None:
        """Return the customer's language; None when unknown."""
        ...

    def queue(self, person: PersonId, *, now: datetime) -> tuple[CardContent, ...]:
        """Return what waits for this person's decision and what they may decide, most urgent first."""
        ...


class Cards(Protocol):
    """Where each case's card stands. Every method commits before it returns."""

    def place(self, case_id: CaseId) -> Place | None:
        """Return where the card stands; None when it was never meant to be posted."""
        ...

    def mean_to_post(self, case_id: CaseId, channel: str, *, now: datetime) -> None:
        """Record, before the first post, that there will be a card; a repeat changes nothing."""
        ...

    def shown(self, case_id: CaseId, *, ts: str | None, version: int) -> None:
        """Record what the card shows now. `ts` None and version 0: it is gone from Slack, and must be posted anew."""
        ...


class Lines(Protocol):
    """Thread lines that are to be posted."""

    def line(self, key: str) -> tuple[CaseId, Line] | None:
        """Return the line with this key and its case; None when there is none (any more)."""
        ...

    def first_attempt(self, key: str) -> bool:
        """Record, committed, that this line is being posted; False when an earlier attempt was recorded."""
        ...


class Links(Protocol):
    """Questions about links."""

    def content(self, question_id: int) -> LinkContent | None:
        """Return what a question shows; None when there is none."""
        ...


class Policies(Protocol):
    """Submitted policies."""

    def why_not_back(self, value: PolicyValue, slack_id: str, *, now: datetime) -> PolicyRefused | None:
        """Return why this person cannot send this text back now; None when they can."""
        ...


class Desk(Protocol):
    """Where people's words take effect. Each one is safe to repeat with the same delivery id."""

    def decide(self, request: DecisionRequest, *, delivery_id: str, now: datetime) -> Outcome:
        """Judge a decision, record it and what follows in one transaction; return what came of it.

        Somebody who is not in the role table is NotAllowed(UNKNOWN_PERSON); a case that is not there
        NotAllowed(MALFORMED). A repeat returns the first outcome, or AlreadyCounted or TooLate.
        """
        ...

    def ask(self, question: Question, *, delivery_id: str, now: datetime) -> Outcome | None:
        """Pass a question on to thread and ticket; None when it is on its way, else why not."""
        ...

    def answer_link(self, said: LinkSaid, *, delivery_id: str, now: datetime) -> LinkOutcome:
        """Take in whether a ticket and a case tell of one loss, with all that follows; a repeat returns the first."""
        ...

    def say_of_policy(self, said: PolicySaid, *, delivery_id: str, now: datetime) -> PolicyOutcome:
        """Release a submitted policy or send it back, with all that follows; a repeat returns the first outcome."""
        ...

    def forged(self, slack_id: str, problem: str, *, delivery_id: str, now: datetime) -> None:
        """Record a click with a value that we never gave out."""
        ...
