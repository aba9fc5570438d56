"""What is done in the background: the body of every kind of job, their queues, and what runs by the clock."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

import structlog

from bot.kept import ANSWER_JOB
from cases.proposal import CaseId
from config.helpdesks import Helpdesk as HelpdeskSettings
from config.settings import Settings
from connectors.contract import AccessRefused, ByHand, CaseLinks, MakingReady, TryLater, UnexpectedReply
from makewhole.assembly import RECONCILE, RENEW, TIDY, House
from store import deliveries, health, jobs, outbox, readings
from store.cases import PREFIX
from store.failures import Attempt, forget_failure, record_failure
from store.jobs import Handler, QueueSettings
from store.outbox import Item, Kind, State
from sync.comparing import reconcile
from sync.intake import POLL, Intake, parse_ref, poll, read_ticket
from sync.outbox import ref_of, write_fields, write_link, write_note
from sync.schedule import Tick
from workflow import ending, one_case, paying, releasing, waiting

log = structlog.get_logger(__name__)
TIDY_SECONDS = 3600
#: Webhooks that end are renewed a week before.
RENEW_SECONDS = 86_400
KEEP_JOBS = timedelta(days=3)


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
        ending.LOOK: lambda key: waiting.look(desk, key, now=clock()),
        ending.PAY: lambda key: paying.pay(desk, house.cashier, key),
        **dict.fromkeys(Kind, partial(_send, house)),
        releasing.POLICY_CARD: lambda key: house.policy_cards.show(key, now=clock()),
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
