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
from bot.posting import Posting
from cases.people import People
from cases.proposal import CaseId
from config.helpdesks import Helpdesk as HelpdeskSettings
from config.people import load_people
from config.settings import PayoutProvider, Settings
from connectors.accounts.client import AccountData
from connectors.contract import (
    AccessRefused,
    ByHand,
    CaseLinks,
    Helpdesk,
    Listing,
    MakingReady,
    TryLater,
    UnexpectedReply,
)
from connectors.transport import Exchange
from connectors.wording import Worded
from makewhole.helpdesks import accounts_of, connect_helpdesks
from makewhole.mirroring import mirroring_of
from makewhole.pricing import prices_of
from makewhole.slack import policy_cards, routing_of, slack_calls, slack_settings
from payouts.http_provider import HTTPProvider
from payouts.ledger import PAYOUT_PROVIDER
from payouts.paying import Terms
from store import deliveries, health, jobs, outbox, readings
from store.cases import PREFIX, CaseRepository
from store.database import Database, create_engine
from store.failures import Attempt, forget_failure, record_failure
from store.jobs import DurableJobs, Handler, QueueSettings
from store.outbox import Item, Kind, State
from store.policies import PolicyRepository
from sync.comparing import reconcile
from sync.intake import POLL, Intake, parse_ref, poll, read_ticket
from sync.links import named_by
from sync.mirroring import Mirroring
from sync.outbox import ref_of, write_fields, write_link, write_note
from sync.schedule import Tick
from web.case_page import case_key
from workflow import one_case, paying, releasing
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
    one_case.PAY: "money",
}
TIDY_SECONDS = 3600
#: Webhooks that end are renewed a week before.
RENEW_SECONDS = 86_400
KEEP_JOBS = timedelta(days=3)


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
        slack_backing=slack_app.Backing(inbox=inbox, cases=kept_cases, people=people, routing=routing, clock=clock),
        clock=clock,
        closing=(accounts.close, provider.close) if provider else (accounts.close,),
    )


def roles_held(people: People) -> Mapping[str, int]:
    """Return how many people hold each role, so that no policy asks for more than there are."""
    return Counter(role for person in people.everyone for role in {each.role for each in person.authorities})


def handlers(house: House) -> Mapping[str, Handler]:
    """Return the body of every kind of job."""
    desk, clock = house.desk, house.clock

    def answer(key: str) -> None:
        source, _, delivery_id = key.partition("/")
        house.answering.handle(source, delivery_id, now=clock())
        with house.database.begin() as tx:
            # Most deliveries were marked with what came of them; the rest led to nothing.
            deliveries.end(tx, source, delivery_id, now=clock())

    return {
        POLL: lambda slot: _in_its_slot(house, POLL, slot, lambda it: poll(it, clock=clock)),
        RECONCILE: lambda slot: _in_its_slot(house, RECONCILE, slot, lambda it: _reconcile(house, it)),
        RENEW: lambda slot: _in_its_slot(house, RENEW, slot, lambda it: _renew_webhooks(house, it)),
        readings.JOB: lambda key: read_ticket(_intake_of(house, key), key, clock=clock),
        one_case.PROPOSE: lambda key: one_case.make_proposal(desk, key, now=clock()),
        one_case.ESCALATE: lambda key: one_case.escalate(desk, key, now=clock()),
        releasing.RELEASED: lambda key: releasing.look_again(desk, key),
        one_case.PAY: lambda key: paying.pay(desk, house.cashier, key),
        **dict.fromkeys(Kind, partial(_send, house)),
        releasing.POLICY_CARD: lambda key: policy_cards(house.posting, desk).show(key, now=clock()),
        ANSWER_JOB: answer,
        TIDY: lambda _slot: _tidy(house),
    }


def queues(settings: Settings) -> tuple[QueueSettings, ...]:
    """Return how each queue is worked off."""
    workers = settings.workers
    return (
        QueueSettings(name="zendesk", concurrency=workers.zendesk),
        QueueSettings(name="salesforce", concurrency=workers.salesforce),
        QueueSettings(name="jira", concurrency=workers.jira),
        QueueSettings(name="slack", concurrency=workers.slack),
        QueueSettings(name="money", concurrency=workers.money),
        QueueSettings(name="work", concurrency=workers.work),
    )


def ticks(settings: Settings) -> tuple[Tick, ...]:
    """Return what is to run by the clock."""
    tidying = Tick(kind=TIDY, subject="store", every_seconds=TIDY_SECONDS)
    return (*(tick for source, given in settings.helpdesks.items() for tick in _ticks(source, given)), tidying)


def _ticks(source: str, given: HelpdeskSettings) -> tuple[Tick, ...]:
    pauses = {POLL: given.poll_seconds, RECONCILE: given.reconcile_seconds, RENEW: RENEW_SECONDS}
    return tuple(
        Tick(kind=kind, subject=source, every_seconds=max(1, round(seconds))) for kind, seconds in pauses.items()
    )


def case_url(settings: Settings, case_id: CaseId) -> str:
    """Return the address of a case's own page: whoever was sent it may look, nobody can guess it."""
    return f"{settings.public_url}/cases/{case_id}?key={case_key(settings.link_key.reveal().encode(), case_id)}"


def _send(house: House, key: str) -> None:
    """Send one item of the outbox: a note to a ticket, a card or a line to Slack."""
    with house.database.read() as connection:
        item = outbox.find(connection, key)
    if item is None or item.state is not State.WAITING:
        return
    case_id = CaseId(f"{PREFIX}{item.case_number}")
    match item.kind:
        case Kind.NOTE | Kind.FIELDS | Kind.LINK:
            _send_to_ticket(house, item)
            return
        case Kind.CARD | Kind.THREAD | Kind.QUESTION if _is_shadow(house, item.kind, case_id):
            log.info("not posted, in shadow", case=case_id)
        case Kind.CARD:
            house.posting.show_card(case_id, now=house.clock())
        case Kind.THREAD:
            house.posting.post_line(key, now=house.clock())
        case Kind.QUESTION:
            house.asking.show(key, now=house.clock())
    with house.database.begin() as tx:
        outbox.finish(tx, item, State.SENT, now=house.clock())


def _send_to_ticket(house: House, item: Item) -> None:
    name = ref_of(item).source
    source, helpdesk = house.intakes[name].source, house.helpdesks[name]
    if item.kind is Kind.NOTE:
        write_note(house.desk, source, item, mirroring=house.mirroring, clock=house.clock)
    elif item.kind is Kind.FIELDS:
        write_fields(house.desk, source, item, mirroring=house.mirroring, clock=house.clock)
    elif isinstance(helpdesk, CaseLinks):
        write_link(house.desk, helpdesk, item, mirroring=house.mirroring, clock=house.clock)


def _is_shadow(house: House, kind: Kind, case_id: CaseId) -> bool:
    """Whether nothing is posted of a case; a card that stands says that its case is held back."""
    with house.database.read() as connection:
        in_shadow = house.desk.is_shadow(house.desk.cases.find(connection, case_id).case.about)
    return in_shadow and (kind is not Kind.CARD or house.posting.cards.place(case_id) is None)


def _tidy(house: House) -> None:
    now = house.clock()
    with house.database.begin() as tx:
        jobs.forget_done(tx, before=now - KEEP_JOBS)
        deliveries.forget_handled(tx, before=now - timedelta(days=house.settings.keep_deliveries_days))


def _reconcile(house: House, intake: Intake) -> None:
    with house.database.read() as connection:
        if health.of_source(connection, intake.name).caught_up_at is None:
            return  # What is read for the first time differs in everything.
    hours = house.settings.helpdesks[intake.name].reconcile_hours
    reconcile(intake, window=timedelta(hours=hours), clock=house.clock)


def _renew_webhooks(house: House, intake: Intake) -> None:
    if renewed := house.helpdesks[intake.name].renew_webhooks(now=house.clock()):
        log.info("webhooks were renewed", source=intake.name, webhooks=renewed)


def _intake_of(house: House, key: str) -> Intake:
    """Return the intake of the account that a job's key begins with: "zendesk:harbor:17@3"."""
    return house.intakes[parse_ref(key).source]


def _in_its_slot(house: House, kind: str, slot: str, work: Callable[[Intake], object]) -> None:
    """Do what a tick asked for. What cannot be done now is done by the next tick, not by a job that waits for ever."""
    source = slot.partition("@")[0]
    if source not in house.intakes:
        log.warning("this account is no longer in the settings", kind=kind, source=source)
        return
    if _was_done_later(house, kind, slot):
        return
    attempt = Attempt(kind=kind, key=source, number=1)
    try:
        work(house.intakes[source])
    except MakingReady:
        with house.database.begin() as tx:
            health.waited(tx, source, now=house.clock())
    except (TryLater, AccessRefused, UnexpectedReply, ByHand) as problem:
        log.warning("not done in its slot", kind=kind, slot=slot, problem=str(problem))
        with house.database.begin() as tx:
            record_failure(tx, attempt, problem, now=house.clock())
            if kind == POLL:
                health.failed(tx, source, str(problem), now=house.clock())
    else:
        with house.database.begin() as tx:
            forget_failure(tx, attempt)
            if kind == POLL:
                health.succeeded(tx, source, house.helpdesks[source].budget(), now=house.clock())


def _was_done_later(house: House, kind: str, slot: str) -> bool:
    """Whether a slot is over and its work was done since: who has fallen behind need not do it once for each slot."""
    source = slot.partition("@")[0]
    ends = [each.end(slot) for each in ticks(house.settings) if (each.kind, each.subject) == (kind, source)]
    with house.database.read() as connection:
        found = health.of_source(connection, source)
    done_at = {POLL: found.succeeded_at, RECONCILE: found.reconciled_at}.get(kind)
    return done_at is not None and any(end is not None and end <= done_at for end in ends)


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
