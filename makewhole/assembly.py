"""The one place where the rooms are joined: settings become connections, and every kind of job gets its body."""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import sqlalchemy as sa
import structlog

from bot import app as slack_app
from bot.answering import Answering
from bot.asking import Asking
from bot.kept import ANSWER_JOB, KeptCards, KeptCases, KeptDesk, KeptInbox, KeptLines
from bot.kept_links import KeptLinks
from bot.kept_policies import KeptPolicies
from bot.policy_cards import PolicyCards
from bot.posting import Posting
from cases.people import People
from cases.proposal import CaseId
from config.people import load_people
from config.settings import PayoutProvider, Settings
from connectors.accounts.client import AccountData
from connectors.contract import (
    CaseLinks,
    Helpdesk,
    Listing,
)
from connectors.transport import Exchange
from connectors.wording import Worded
from makewhole.helpdesks import accounts_of, connect_helpdesks
from makewhole.mirroring import mirroring_of
from makewhole.pricing import prices_of
from makewhole.slack import routing_of, slack_calls, slack_settings
from payouts.http_provider import HTTPProvider
from payouts.ledger import PAYOUT_PROVIDER
from payouts.paying import Terms
from store import readings
from store.cases import CaseRepository
from store.database import Database, create_engine
from store.jobs import DurableJobs
from store.outbox import Kind
from store.policies import PolicyRepository, Version
from sync.intake import POLL, Intake
from sync.links import named_by
from sync.mirroring import Mirroring
from web.keys import case_path, policy_path
from workflow import ending, one_case, releasing
from workflow.desk import Desk
from workflow.paying import Cashier

log = structlog.get_logger(__name__)
RECONCILE, RENEW, TIDY = "reconcile", "renew", "tidy"
#: Kinds of jobs that call a helpdesk; each vendor has a queue of its own, so that none waits for another's limits.
HELPDESK_KINDS = frozenset({POLL, RECONCILE, RENEW, readings.JOB, Kind.NOTE, Kind.FIELDS, Kind.LINK})
QUEUES = {
    Kind.CARD: "slack",
    Kind.THREAD: "slack",
    Kind.QUESTION: "slack",
    releasing.POLICY_CARD: "slack",
    ANSWER_JOB: "slack",
    one_case.PROPOSE: "work",
    one_case.ESCALATE: "work",
    releasing.RELEASED: "work",
    TIDY: "work",
    ending.PAY: "money",
    ending.LOOK: "work",
}


def utc_now() -> datetime:
    """Return the time; the doors read it and pass it in."""
    return datetime.now(UTC)


def queue_of(kind: str, key: str) -> str:
    """Return the queue of a job; a helpdesk's are about "jira:harbor…", or the lane "ticket/jira:harbor…", "link/…"."""
    vendor = key.removeprefix("ticket/").removeprefix("link/").partition(":")[0]
    return vendor if kind in HELPDESK_KINDS else QUEUES[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything that runs, joined; nothing has been started or called yet. Accounts go by source: "zendesk:harbor"."""

    settings: Settings
    engine: sa.Engine
    jobs: DurableJobs
    database: Database
    desk: Desk
    helpdesks: Mapping[str, Helpdesk]
    intakes: Mapping[str, Intake]
    mirroring: Mirroring
    cashier: Cashier | None
    posting: Posting
    policy_cards: PolicyCards
    asking: Asking
    answering: Answering
    slack: slack_app.SlackSettings
    slack_backing: slack_app.Backing
    clock: Callable[[], datetime]
    closing: tuple[Callable[[], None], ...]

    def close(self) -> None:
        """Close every connection."""
        for close in self.closing:
            close()
        self.engine.dispose()


def build(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    on_response: Callable[[Exchange], None] | None = None,
) -> House:
    """Return the house for these settings; raises what the people file is found wrong for.

    on_response: Told of every answer of a helpdesk, from whichever thread; must not raise.
    """
    engine = create_engine(settings.database)
    queue = DurableJobs(engine, queue_of)
    database = Database(engine, queue)
    people, audit_key = load_people(Path(settings.people)), settings.audit_key.reveal().encode()
    accounts = httpx.Client(trust_env=False)
    helpdesks = {f"{each.vendor}:{each.account}": each for each in connect_helpdesks(settings, on_response=on_response)}
    desk = Desk(
        database=database,
        cases=CaseRepository(audit_key=audit_key),
        policies=PolicyRepository(audit_key=audit_key),
        people=people,
        evidence=AccountData(settings.accounts.base_url, settings.accounts.token.reveal(), accounts).evidence_for,
        topics=settings.topics,
        pay_way=PAYOUT_PROVIDER if isinstance(settings.payouts, PayoutProvider) else settings.payouts.way,
        case_url=lambda case_id: case_url(settings, case_id),
        naming=partial(named_by, accounts=accounts_of(settings)),
        prices=prices_of(settings),
        link_to_cases=frozenset(source for source, each in helpdesks.items() if isinstance(each, CaseLinks)),
        shadowed=frozenset(source for source, each in settings.helpdesks.items() if each.mode == "shadow"),
    )
    mirroring = mirroring_of(settings, helpdesks)
    provider = payout_provider(settings)
    calls = slack_calls(settings)
    kept_cases, routing, inbox = KeptCases(desk=desk), routing_of(settings), KeptInbox(database=database)
    cards, lines = KeptCards(database=database), KeptLines(database=database, clock=clock)
    return House(
        settings=settings,
        engine=engine,
        jobs=queue,
        database=database,
        desk=desk,
        helpdesks=helpdesks,
        intakes={
            name: Intake(
                desk=desk,
                source=Worded(
                    source=each, words={str(field): words for field, words in settings.helpdesks[name].words.items()}
                ),
                vendor=each.vendor,
                account=each.account,
                start=settings.helpdesks[name].start,
                mirroring=mirroring,
                every_key=each.every_key if isinstance(each, Listing) else None,
            )
            for name, each in helpdesks.items()
        },
        mirroring=mirroring,
        cashier=Cashier(provider=provider, terms=_terms(settings), clock=clock) if provider else None,
        posting=Posting(slack=calls, cases=kept_cases, cards=cards, lines=lines, routing=routing, people=people),
        policy_cards=PolicyCards(
            slack=calls,
            desk=desk,
            routing=routing,
            url=lambda version, language: policy_url(settings, version, language),
        ),
        asking=Asking(
            slack=calls,
            links=KeptLinks(desk=desk),
            cards=cards,
            cases=kept_cases,
            lines=lines,
            routing=routing,
            people=people,
        ),
        answering=Answering(
            slack=calls,
            inbox=inbox,
            desk=KeptDesk(desk=desk),
            cases=kept_cases,
            people=people,
            routing=routing,
        ),
        slack=slack_settings(settings),
        slack_backing=slack_app.Backing(
            inbox=inbox,
            cases=kept_cases,
            policies=KeptPolicies(desk=desk),
            people=people,
            routing=routing,
            clock=clock,
        ),
        clock=clock,
        closing=(accounts.close, provider.close) if provider else (accounts.close,),
    )


def roles_held(people: People) -> Mapping[str, int]:
    """Return how many people hold each role, so that no policy asks for more than there are."""
    return Counter(role for person in people.everyone for role in {each.role for each in person.authorities})


def case_url(settings: Settings, case_id: CaseId) -> str:
    """Return the address of a case's own page: whoever was sent it may look, nobody can guess it."""
    return f"{settings.public_url}{case_path(settings.link_key.reveal().encode(), case_id)}"


def policy_url(settings: Settings, version: Version, language: str = "en") -> str:
    """Return the address of the page of the text that a version has now: as with a case's, who has it may read."""
    return settings.public_url + policy_path(settings.link_key.reveal().encode(), version, language=language)


def payout_provider(settings: Settings, *, most_seconds: float = math.inf) -> HTTPProvider | None:
    """Return the client of the payout provider, for calls of at most so long; None when finance pays."""
    given = settings.payouts
    if not isinstance(given, PayoutProvider):
        return None
    seconds = min(given.timeout_seconds, most_seconds)
    return HTTPProvider(base_url=given.base_url, token=given.token.reveal(), timeout_seconds=seconds)


def _terms(settings: Settings) -> Terms:
    given = settings.payouts
    if not isinstance(given, PayoutProvider):
        raise TypeError("finance's file has no terms")
    return Terms(
        key_life=timedelta(hours=given.key_life_hours),
        looks_up=given.looks_up,
        send_within=timedelta(seconds=given.send_within_seconds),
        visible_within=timedelta(seconds=given.visible_within_seconds),
        proof_life=timedelta(seconds=given.proof_life_seconds),
        look_up_every=timedelta(seconds=given.look_up_every_seconds),
        pending_within=timedelta(hours=given.pending_within_hours),
        patience=given.patience,
    )
