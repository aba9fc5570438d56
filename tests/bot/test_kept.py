"""The bot's ports over the real database: kept once, decided once, answered alike after a repeat."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.answering import Answering
from bot.approvals import DecisionRequest, Question
from bot.calls import SlackCalls
from bot.kept import KeptCards, KeptCases, KeptDesk, KeptInbox, KeptLines
from bot.posting import Posting
from cases.case import Approved, AwaitingApproval, Declined, Proposed
from cases.loss import LossKind
from cases.people import People
from cases.proposal import CaseId, PersonId, Verdict
from connectors.accounts.client import NotFound
from connectors.contract import TryLater
from makewhole.releases import release
from store import outbox, tables
from store.audit import Change
from store.cases import CaseRepository
from store.database import Database, create_engine
from store.jobs import DurableJobs
from store.migrating import migrate
from store.outbox import Kind, State
from store.policies import PolicyRepository
from tests.bot.conftest import SandboxSlack, kinds
from tests.bot.harbor import AMELIA, NOAH, NOON, PEOPLE, ROUTING, about, awaiting, person, proposal
from tests.bot.payloads import click
from workflow.approval import AlreadyCounted, Counted, Decided, NotAllowed, Refusal, Stale, TooLate
from workflow.desk import Desk
from workflow.shadow import lead_on
from workflow.submitting import draft
from workflow.telling import tell_slack


class Kept:
    """A desk on a fresh SQLite file with one case that waits for approval."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder}/house.sqlite"
        self.engine = create_engine(url)
        migrate(self.engine, url)
        self.database = Database(self.engine, DurableJobs(self.engine, lambda _kind, _key: "work"))
        self.desk = Desk(
            database=self.database,
            cases=CaseRepository(audit_key=b"k" * 32),
            policies=PolicyRepository(audit_key=b"k" * 32),
            people=PEOPLE,
            evidence=lambda _: NotFound(message="nothing"),
            topics={"delayed_withdrawal": LossKind.TRANSACTION},
            pay_way="payout-provider",
            case_url=lambda case_id: f"http://127.0.0.1:8000/cases/{case_id}",
        )
        self.release()
        self._jobs_before = self._count_jobs()
        self.inbox = KeptInbox(database=self.database)
        self.cards = KeptCards(database=self.database)
        self.lines = KeptLines(database=self.database, clock=lambda: NOON)
        self.cases = KeptCases(desk=self.desk)
        self.kept_desk = KeptDesk(desk=self.desk)

    def release(self) -> None:
        """Release the shipped policy for delayed withdrawals."""
        path = Path(__file__).parents[2] / "config/policies/delayed-withdrawal.yaml"
        written = draft(path.read_text(encoding="utf-8"), path.name, people=None)
        head = person("yuki", "Yuki Tanaka", "U0YUKI00001", role="policy_approver")
        desk = replace(self.desk, people=People(everyone=(*PEOPLE.everyone, head)))
        release(desk, [written], author="amelia", approver="yuki", now=NOON)

    def ask(self) -> AwaitingApproval:
        """Open a case and ask for approval; return it as it stands."""
        change = Change(at=NOON, actor="policy", event="asked", detail=())
        with self.database.begin() as tx:
            opened = self.desk.cases.open(tx, about(), replace(change, event="opened"))
            assert opened is not None
            policy = self.desk.policies.policy_for(tx.connection, "delayed_withdrawal", NOON)
            assert policy is not None
            offered = replace(proposal(opened.case.about.id), policy_hash=policy.text_hash)
            proposed = Proposed(about=opened.case.about, proposal=offered)
            saved = self.desk.cases.save(tx, opened, proposed, replace(change, event="proposed"))
            asked = replace(awaiting(offered), about=opened.case.about)
            tell_slack(tx, self.desk.cases.save(tx, saved, asked, change), change)
        return asked

    def cards_to_show(self) -> int:
        of_cards = sa.select(sa.func.count()).where(tables.outbox.c.kind == Kind.CARD)
        with self.database.read() as connection:
            return connection.scalar(of_cards) or 0

    def jobs(self) -> int:
        """Return how many jobs there are but for that of the release."""
        return self._count_jobs() - self._jobs_before

    def _count_jobs(self) -> int:
        with self.database.read() as connection:
            return connection.scalar(sa.text("SELECT count(*) FROM workflow_status")) or 0

    def stage(self, case_id: CaseId) -> object:
        with self.database.read() as connection:
            return self.desk.cases.find(connection, case_id).case


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path)
    yield made
    made.engine.dispose()


def request(case: AwaitingApproval, slack_id: str, verdict: Verdict = Verdict.APPROVE) -> DecisionRequest:
    return DecisionRequest(
        slack_id=slack_id,
        case_id=case.about.id,
        fingerprint=case.proposal.fingerprint,
        verdict=verdict,
        reason_code="amount_wrong" if verdict is Verdict.REJECT else None,
        comment=None,
        channel="C0COMPENSA1",
    )


def test_a_delivery_is_kept_once_and_has_one_job(kept: Kept) -> None:
    first = kept.inbox.keep("slack", "click:1", "{}", now=NOON)
    again = kept.inbox.keep("slack", "click:1", "{}", now=NOON)

    assert (first, again) == (True, False)
    assert kept.inbox.read("slack", "click:1") == "{}"
    assert kept.inbox.read("slack", "click:2") is None
    assert kept.jobs() == 1


def test_where_a_card_stands_is_remembered(kept: Kept) -> None:
    case_id = kept.ask().about.id

    assert kept.cards.place(case_id) is None
    kept.cards.mean_to_post(case_id, "C0COMPENSA1", now=NOON)
    kept.cards.mean_to_post(case_id, "C0BUCHANG01", now=NOON)
    kept.cards.shown(case_id, ts="1.1", version=3)

    place = kept.cards.place(case_id)
    assert place is not None
    assert (place.channel, place.ts, place.shown_version, place.meant_at) == ("C0COMPENSA1", "1.1", 3, NOON)


def test_the_first_word_that_settles_it_wins_and_a_repeat_is_answered_alike(kept: Kept) -> None:
    case = kept.ask()
    kept.inbox.keep("slack", "click:1", "{}", now=NOON)

    first = kept.kept_desk.decide(request(case, "U0AMELIA001"), delivery_id="click:1", now=NOON)
    repeated = kept.kept_desk.decide(request(case, "U0AMELIA001"), delivery_id="click:1", now=NOON)
    twice = kept.kept_desk.decide(request(case, "U0AMELIA001"), delivery_id="click:2", now=NOON)
    settled = kept.kept_desk.decide(request(case, "U0NOAH00001"), delivery_id="click:3", now=NOON)
    late = kept.kept_desk.decide(request(case, "U0WEIZHANG1", Verdict.REJECT), delivery_id="modal:4", now=NOON)

    assert isinstance(first, Counted)
    assert repeated == first
    assert isinstance(twice, AlreadyCounted)
    assert isinstance(settled, Decided)
    assert late == TooLate(decision=settled.decision)
    approved = kept.stage(case.about.id)
    assert isinstance(approved, Approved)
    assert [each.person for each in approved.approvals] == [AMELIA.id, NOAH.id]


def test_who_may_not_and_what_is_not_there_changes_nothing(kept: Kept) -> None:
    case = kept.ask()
    foreign = replace(request(case, "U0AMELIA001"), case_id=CaseId("CASE-x-y"))
    unknown = replace(request(case, "U0AMELIA001"), case_id=CaseId("CASE-999"))
    old = replace(request(case, "U0AMELIA001"), fingerprint="0" * 16)
    others = (request(case, "U0STRANGER1"), request(case, "U0LUCA00001"))
    outcomes = [
        kept.kept_desk.decide(each, delivery_id=f"click:{number}", now=NOON)
        for number, each in enumerate((foreign, unknown, old, *others))
    ]

    assert outcomes[:2] == [NotAllowed(refusal=Refusal.MALFORMED, roles=())] * 2
    assert outcomes[2] == Stale(proposal=case.proposal)
    assert isinstance(outcomes[3], NotAllowed)
    assert outcomes[3].refusal is Refusal.UNKNOWN_PERSON
    assert isinstance(outcomes[4], NotAllowed)
    assert kept.stage(case.about.id) == case


def test_the_queue_holds_what_a_person_may_decide(kept: Kept) -> None:
    case = kept.ask()

    assert [each.case for each in kept.cases.queue(AMELIA.id, now=NOON)] == [case]
    assert kept.cases.queue(NOAH.id, now=NOON) == ()
    kept.kept_desk.decide(request(case, "U0AMELIA001"), delivery_id="click:1", now=NOON)
    assert kept.cases.queue(AMELIA.id, now=NOON) == ()
    assert len(kept.cases.queue(NOAH.id, now=NOON)) == 1
    assert kept.cases.content(CaseId("hello")) is None


def test_a_question_reaches_thread_and_ticket_once(kept: Kept) -> None:
    case = kept.ask()
    asked = Question(slack_id="U0AMELIA001", case_id=case.about.id, words="Which wallet?", channel="C0COMPENSA1")
    kept.inbox.keep("slack", "modal:1", "{}", now=NOON)

    answers = [kept.kept_desk.ask(asked, delivery_id="modal:1", now=NOON) for _ in range(2)]
    stranger = kept.kept_desk.ask(replace(asked, slack_id="U0STRANGER1"), delivery_id="modal:2", now=NOON)

    assert answers == [None, None]
    assert stranger == NotAllowed(refusal=Refusal.UNKNOWN_PERSON, roles=())
    with kept.database.read() as connection:
        notes = (
            connection.execute(sa.select(tables.outbox.c.document).where(tables.outbox.c.kind == Kind.NOTE))
            .scalars()
            .all()
        )
    assert [json.loads(each)["note"].count("Which wallet?") for each in notes] == [1]


def test_from_click_to_card_over_the_database_and_the_wire(kept: Kept, slack: SandboxSlack) -> None:
    case = kept.ask()
    calls = SlackCalls(token="xoxb-sandbox-bot", bot_user_id="U0MAKEWHOLE", base_url=slack.api, timeout_seconds=5)
    posting = Posting(slack=calls, cases=kept.cases, cards=kept.cards, lines=kept.lines, routing=ROUTING, people=PEOPLE)
    answering = Answering(
        slack=calls, inbox=kept.inbox, desk=kept.kept_desk, cases=kept.cases, people=PEOPLE, routing=ROUTING
    )

    def send_all() -> None:
        """Work the case's lane off, as the outbox's jobs do."""
        lane = f"card/{case.about.id}"
        for sequence in range(1, 20):
            with kept.database.read() as connection:
                item = outbox.find(connection, f"{lane}#{sequence}")
            if item is None or item.state is not State.WAITING:
                continue
            if item.kind is Kind.CARD:
                posting.show_card(case.about.id, now=NOON)
            else:
                posting.post_line(item.key, now=NOON)
            with kept.database.begin() as tx:
                outbox.finish(tx, item, State.SENT, now=NOON)

    send_all()
    value = slack.messages()[0]["blocks"][-1]["elements"][0]["value"]
    for number, user in enumerate(("U0AMELIA001", "U0NOAH00001", "U0WEIZHANG1")):
        name = f"click:{number}"
        kept.inbox.keep("slack", name, json.dumps(click(value=value, user=user)), now=NOON)
        answering.handle("slack", name, now=NOON)
    slack.fault("dropped_after_write", "POST /api/chat.postMessage")
    with pytest.raises(TryLater):
        send_all()
    send_all()

    card, *replies = slack.messages()
    assert "actions" not in [block["type"] for block in card["blocks"]]
    assert [each["text"].split(",")[0].split(":")[0] for each in replies] == [
        "Revision 1 proposes 180.50 USDT",
        "Approved by Amelia Chen (Compensation lead)",
        "Approved by Noah Fischer (Finance)",
    ]
    assert len(slack.whispers("U0AMELIA001")) == len(slack.whispers("U0NOAH00001")) == 1
    assert slack.whispers("U0WEIZHANG1")[0].startswith("晚了一步：Noah Fischer（财务）已于")
    assert not isinstance(kept.stage(case.about.id), Declined)


def test_a_card_has_its_buttons_only_while_a_live_account_tells_of_its_case(kept: Kept, slack: SandboxSlack) -> None:
    case = kept.ask()
    calls = SlackCalls(token="xoxb-sandbox-bot", bot_user_id="U0MAKEWHOLE", base_url=slack.api, timeout_seconds=5)
    live = kept.desk
    shadowed = replace(live, shadowed=frozenset({case.about.tickets[0].source}))
    shown = []

    for desk in (live, shadowed, shadowed, live):
        cases = KeptCases(desk=desk)
        posting = Posting(slack=calls, cases=cases, cards=kept.cards, lines=kept.lines, routing=ROUTING, people=PEOPLE)
        with kept.database.begin() as tx:
            lead_on(desk, tx, now=NOON)
        posting.show_card(case.about.id, now=NOON)
        shown.append((kinds(slack.only_message()), len(cases.queue(PersonId("amelia"), now=NOON))))

    asks, held = ["header", "section", "section", "context", "actions"], ["header", "section", "section", "section"]
    assert shown == [(asks, 1), ([*held, "context"], 0), ([*held, "context"], 0), (asks, 1)]
    assert slack.only_message()["text"].startswith("Your decision is asked for")
    # One for each time that it came to be held back or live, and the one of the case itself.
    assert kept.cards_to_show() == 3
