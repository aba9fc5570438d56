"""The rest of the house, small and in memory: it keeps what the bot hands it and remembers everything."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from bot.answering import Answering
from bot.app import Backing, SlackSettings
from bot.approvals import DecisionRequest, LinkSaid, PolicySaid, Question
from bot.calls import SlackCalls
from bot.content import CardContent
from bot.lines import Line
from bot.ports import Place
from bot.posting import Posting
from bot.values import PolicyValue
from cases.case import Approved, AwaitingApproval, Declined
from cases.proposal import CaseId, PersonId, Verdict
from cases.ticket import CustomerId
from tests.bot.harbor import PEOPLE, ROUTING, content
from tests.bot.payloads import TEAM
from workflow.approval import Counted, Decided, NotAllowed, Outcome, Refusal, TooLate, Word, judge
from workflow.link_answers import LinkOutcome, NotYours, Refused
from workflow.releasing import Outcome as PolicyOutcome
from workflow.releasing import Refused as PolicyRefused
from workflow.releasing import WhyNot

SECRET = "sandbox-signing-secret"


def real_now() -> datetime:
    return datetime.now(UTC)


def settings_for(base_url: str, **changes: object) -> SlackSettings:
    made = SlackSettings(
        bot_token="xoxb-sandbox-bot",
        signing_secrets=(SECRET,),
        app_token="xapp-sandbox-app",
        team_id=TEAM,
        bot_user_id="U0MAKEWHOLE",
        base_url=base_url,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # The keywords are the fields.


class House:
    """Implements every port of the bot."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.shown_cases: dict[str, CardContent] = {}
        self.deliveries: dict[str, str] = {}
        self.jobs: deque[str] = deque()
        self.places: dict[str, Place] = {}
        self.said: dict[str, tuple[CaseId, Line]] = {}
        self.attempted: set[str] = set()
        self.decisions: list[tuple[str, Outcome]] = []
        self.questions: list[Question] = []
        self.links_said: list[LinkSaid] = []
        self.policies_said: list[PolicySaid] = []
        self.forgeries: list[tuple[str, str]] = []
        self.broken = False

    def add(self, shown: CardContent | None = None) -> CaseId:
        shown = shown or content()
        self.shown_cases[shown.case.about.id] = shown
        return shown.case.about.id

    def change(self, case_id: str, **changes: object) -> None:
        before = self.shown_cases[case_id]
        self.shown_cases[case_id] = replace(before, version=before.version + 1, **changes)  # type: ignore[arg-type]  # As above.

    def keep(self, source: str, delivery_id: str, body: str, *, now: datetime) -> bool:
        assert source == "slack"
        assert now.tzinfo is UTC
        if self.broken:
            raise OSError("the database is down")
        with self.lock:
            if delivery_id in self.deliveries:
                return False
            self.deliveries[delivery_id] = body
            self.jobs.append(delivery_id)
            return True

    def read(self, source: str, delivery_id: str) -> str | None:
        assert source == "slack"
        return self.deliveries.get(delivery_id)

    def content(self, case_id: CaseId) -> CardContent | None:
        return self.shown_cases.get(case_id)

    def customer_locale(self, customer_id: CustomerId | None, case_id: CaseId) -> str | None:
        assert customer_id
        return "zh-CN" if case_id.endswith("8") else "en-US"

    def queue(self, person: PersonId, *, now: datetime) -> tuple[CardContent, ...]:
        assert now.tzinfo is UTC
        waiting = [each for each in self.shown_cases.values() if isinstance(each.case, AwaitingApproval)]
        return tuple(waiting) if person != "luca" else ()

    def place(self, case_id: CaseId) -> Place | None:
        return self.places.get(case_id)

    def mean_to_post(self, case_id: CaseId, channel: str, *, now: datetime) -> None:
        self.places.setdefault(case_id, Place(channel=channel, ts=None, shown_version=0, meant_at=now))

    def shown(self, case_id: CaseId, *, ts: str | None, version: int) -> None:
        self.places[case_id] = replace(self.places[case_id], ts=ts, shown_version=version)

    def line(self, key: str) -> tuple[CaseId, Line] | None:
        return self.said.get(key)

    def first_attempt(self, key: str) -> bool:
        first = key not in self.attempted
        self.attempted.add(key)
        return first

    def decide(self, request: DecisionRequest, *, delivery_id: str, now: datetime) -> Outcome:
        with self.lock:
            outcome = self._judged(request, now)
            self.decisions.append((delivery_id, outcome))
            return outcome

    def ask(self, question: Question, *, delivery_id: str, now: datetime) -> Outcome | None:
        assert delivery_id
        assert now
        self.questions.append(question)
        return None

    def answer_link(self, said: LinkSaid, *, delivery_id: str, now: datetime) -> LinkOutcome:
        assert delivery_id
        assert now
        self.links_said.append(said)
        return Refused(why=NotYours.NO_QUESTION)

    def say_of_policy(self, said: PolicySaid, *, delivery_id: str, now: datetime) -> PolicyOutcome:
        assert delivery_id
        assert now
        self.policies_said.append(said)
        return PolicyRefused(why=WhyNot.NO_VERSION, version=None)

    def why_not_back(self, value: PolicyValue, slack_id: str, *, now: datetime) -> PolicyRefused | None:
        assert value.fingerprint
        assert slack_id
        assert now
        return PolicyRefused(why=WhyNot.NO_VERSION, version=None)

    def forged(self, slack_id: str, problem: str, *, delivery_id: str, now: datetime) -> None:
        assert delivery_id
        assert now
        self.forgeries.append((slack_id, problem))

    def _judged(self, request: DecisionRequest, now: datetime) -> Outcome:
        found = self.shown_cases.get(request.case_id)
        person = PEOPLE.by_slack_id(request.slack_id)
        if found is None or person is None:
            return NotAllowed(refusal=Refusal.UNKNOWN_PERSON if found else Refusal.MALFORMED, roles=())
        case = found.case
        if not isinstance(case, AwaitingApproval):
            assert isinstance(case, Approved | Declined)
            return TooLate(decision=case.approvals[-1] if isinstance(case, Approved) else case.decision)
        word = Word(
            fingerprint=request.fingerprint,
            verdict=request.verdict,
            reason_code=request.reason_code,
            comment=request.comment,
            said_at=now,
            via="slack",
        )
        outcome = judge(case, person, word, handlers=found.handlers)
        self._follow(case, outcome)
        return outcome

    def _follow(self, case: AwaitingApproval, outcome: Outcome) -> None:
        match outcome:
            case Counted():
                self.change(case.about.id, case=replace(case, approvals=(*case.approvals, outcome.decision)))
            case Decided() if outcome.decision.verdict is Verdict.REJECT:
                declined = Declined(about=case.about, proposal=case.proposal, decision=outcome.decision)
                self.change(case.about.id, case=declined)
            case Decided():
                assert case.proposal.amount is not None
                approvals = (*case.approvals, outcome.decision)
                approved = Approved(
                    about=case.about, proposal=case.proposal, approvals=approvals, amount=case.proposal.amount
                )
                self.change(case.about.id, case=approved)


class Bot:
    """The bot's jobs over a house, towards a Slack."""

    def __init__(self, house: House, base_url: str, clock: Callable[[], datetime] = real_now) -> None:
        self.house = house
        self.clock = clock
        self.slack = SlackCalls(
            token="xoxb-sandbox-bot", bot_user_id="U0MAKEWHOLE", base_url=base_url, timeout_seconds=2
        )
        self.posting = Posting(slack=self.slack, cases=house, cards=house, lines=house, routing=ROUTING, people=PEOPLE)
        self.answering = Answering(
            slack=self.slack, inbox=house, desk=house, cases=house, people=PEOPLE, routing=ROUTING
        )

    @property
    def backing(self) -> Backing:
        return Backing(
            inbox=self.house, cases=self.house, policies=self.house, people=PEOPLE, routing=ROUTING, clock=self.clock
        )

    def show(self, case_id: CaseId) -> None:
        self.posting.show_card(case_id, now=self.clock())

    def work(self) -> None:
        """Do every job that waits, then bring every card up to date."""
        while self.house.jobs:
            self.answering.handle("slack", self.house.jobs.popleft(), now=self.clock())
        for case_id in tuple(self.house.places):
            self.show(CaseId(case_id))
