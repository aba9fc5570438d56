"""The bot's ports over our database: deliveries, cards, thread lines, and cases as they are shown."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog
from pydantic import TypeAdapter

from bot.approvals import DecisionRequest, LinkSaid, PolicySaid, Question
from bot.content import (
    CardContent,
    Caution,
    Contradiction,
    Customer,
    DecidedOtherwise,
    FraudScore,
    OtherTickets,
    SanctionsHit,
    Shown,
)
from bot.lines import Asked, Line, Linked, Overdue, PaidOut, SaidSo, Stopped, WorkedOut
from bot.ports import Place
from cases.case import (
    Approved,
    AwaitingApproval,
    Case,
    Declined,
    NeedsAttention,
    Opened,
    Paid,
    Proposed,
    Stage,
    proposal_of,
)
from cases.money import Money, NotExact
from cases.parts_told import standing_in
from cases.people import Person
from cases.proposal import CaseId, PersonId
from cases.ticket import CustomerId, Ticket
from store import cards, deliveries, evidence, links, outbox, tickets
from store.cases import NoSuchCase
from store.database import Database, Transaction
from store.links import Answer
from workflow import link_answers, one_case, releasing
from workflow.approval import NotAllowed, Outcome, Refusal, Stale, Word, open_stage
from workflow.desk import Desk
from workflow.link_answers import LinkOutcome, NotYours, Refused
from workflow.releasing import Outcome as PolicyOutcome
from workflow.telling import HAPPENING, Happening

ANSWER_JOB = "answer"
#: From this fraud score on an approver is warned.
HIGH_FRAUD_SCORE = 80
QUEUE_LENGTH = 50
GOODWILL_ASSET = "USDT"
OUTCOME: TypeAdapter[Outcome | None] = TypeAdapter(Outcome | None)
LINK_OUTCOME: TypeAdapter[LinkOutcome] = TypeAdapter(LinkOutcome)
POLICY_OUTCOME: TypeAdapter[PolicyOutcome] = TypeAdapter(PolicyOutcome)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptInbox:
    """What Slack sent, in the deliveries table."""

    database: Database

    def keep(self, source: str, delivery_id: str, body: str, *, now: datetime) -> bool:
        """Commit the delivery with the job that handles it; False when it was kept before."""
        with self.database.begin() as tx:
            kept = deliveries.keep(tx, source=source, delivery_id=delivery_id, body=body, now=now)
            if kept:
                tx.enqueue(ANSWER_JOB, f"{source}/{delivery_id}")
        return kept

    def read(self, source: str, delivery_id: str) -> str | None:
        """Return the body that was kept; None when there is none."""
        with self.database.read() as connection:
            found = deliveries.find(connection, source, delivery_id)
        return found.body if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCards:
    """Where the cards stand, in the cards table."""

    database: Database

    def place(self, case_id: CaseId) -> Place | None:
        """Return where the card stands; None when it was never meant to be posted."""
        with self.database.read() as connection:
            found = cards.find(connection, case_id)
        if found is None:
            return None
        return Place(channel=found.channel, ts=found.ts, shown_version=found.shown_version, meant_at=found.meant_at)

    def mean_to_post(self, case_id: CaseId, channel: str, *, now: datetime) -> None:
        """Record, before the first post, that there will be a card."""
        with self.database.begin() as tx:
            cards.mean_to_post(tx, case_id, channel, now=now)

    def shown(self, case_id: CaseId, *, ts: str | None, version: int) -> None:
        """Record what the card shows now."""
        with self.database.begin() as tx:
            cards.shown(tx, case_id, ts=ts, version=version)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLines:
    """Thread lines, in the outbox."""

    database: Database
    clock: Callable[[], datetime]

    def line(self, key: str) -> tuple[CaseId, Line] | None:
        """Return the line of this outbox item and its case; None for an event the thread does not tell."""
        with self.database.read() as connection:
            item = outbox.find(connection, key)
        if item is None:
            return None
        happening = HAPPENING.validate_json(item.document)
        line = line_for(happening)
        return None if line is None else (happening.case.about.id, line)

    def first_attempt(self, key: str) -> bool:
        """Record that this line is being posted; False when an earlier attempt was recorded."""
        with self.database.begin() as tx:
            item = outbox.find(tx.connection, key)
            return item is not None and outbox.first_attempt(tx, item, now=self.clock())


def line_for(happening: Happening) -> Line | None:  # noqa: C901, PLR0911  # One line per event.
    """Return how an event of a case is told in its thread; None when it is not."""
    case, detail = happening.case, dict(happening.detail)
    match happening.event, case:
        case "linked", _:
            return Linked(ticket=detail["ticket"])
        case "escalated", AwaitingApproval():
            return Overdue(decide_by=case.decide_by)
        case "agent asked", AwaitingApproval():
            return Asked(person=PersonId(detail["person"]), words=detail["words"])
        case "asked", AwaitingApproval():
            return WorkedOut(proposal=case.proposal)
        case "counted", AwaitingApproval():
            return _said_so(case)
        case "approved", Approved() if case.approvals:
            decision = case.approvals[-1]
            quorum = case.proposal.approvals[decision.stage].quorum
            return SaidSo(decision=decision, given=quorum, needed=quorum)
        case "declined", Declined(decision=decision) if decision is not None:
            return SaidSo(decision=decision, given=0, needed=0)
        case "approved", Approved(proposal=proposal):
            return WorkedOut(proposal=proposal)
        case "declined", Declined(proposal=proposal):
            return WorkedOut(proposal=proposal)
        case "paid" | "part paid", _:
            return _paid_out(happening)
        case _, NeedsAttention():
            return Stopped(reason=case.reason)
        case _:
            return None


def _paid_out(happening: Happening) -> Line | None:
    """Return the line for a payout that was confirmed, or for one part of it."""
    case, detail, standing = happening.case, dict(happening.detail), standing_in(happening.case)
    number = int(detail.get("part", "0 of 0").partition(" ")[0])
    if 1 <= number <= len(standing):
        stands = standing[number - 1]
        at = stands.settled_at
        return None if at is None else PaidOut(amount=detail["amount"], reference=stands.reference, at=at)
    if isinstance(case, Paid):
        return PaidOut(amount=str(case.amount), reference=case.reference, at=case.paid_at)
    return None


def _said_so(case: AwaitingApproval) -> SaidSo:
    decision = case.approvals[-1]
    given = len({each.person for each in case.approvals if each.stage == decision.stage})
    return SaidSo(decision=decision, given=given, needed=case.proposal.approvals[decision.stage].quorum)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCases:
    """Cases as cards show them."""

    desk: Desk

    def content(self, case_id: CaseId) -> CardContent | None:
        """Return what a card shows of the case; None when there is none or it has nothing to show yet."""
        with self.desk.database.read() as connection:
            return self._content(connection, case_id)

    def customer_locale(self, customer_id: CustomerId | None, case_id: CaseId) -> str | None:
        """Return the customer's language: the account's, else the ticket's; None when unknown."""
        del customer_id
        with self.desk.database.read() as connection:
            about = self.desk.cases.find(connection, case_id).case.about
            facts = _facts(connection, case_id)
            mirrored = tickets.find(connection, about.tickets[0])
        requester = mirrored.ticket.requester if mirrored else None
        return facts.get("language") or (requester.locale if requester else None)

    def queue(self, person: PersonId, *, now: datetime) -> tuple[CardContent, ...]:
        """Return what waits for this person's decision and what they may decide, most urgent first."""
        known = self.desk.people.by_id(person)
        if known is None:
            return ()
        with self.desk.database.read() as connection:
            waiting = self.desk.cases.list(connection, stage=Stage.AWAITING_APPROVAL, limit=1000)
            live = (each.case for each in waiting if not self.desk.is_shadow(each.case.about))
            mine = [case for case in live if _may_decide(case, known, now)]
            mine.sort(key=lambda case: (case.decide_by if isinstance(case, AwaitingApproval) else now, case.about.id))
            shown = (self._content(connection, case.about.id) for case in mine[:QUEUE_LENGTH])
            return tuple(content for content in shown if content is not None)

    def _content(self, connection: sa.Connection, case_id: CaseId) -> CardContent | None:
        try:
            stored = self.desk.cases.find(connection, case_id)
        except NoSuchCase:
            return None
        case = stored.case
        if isinstance(case, Opened | Proposed):
            return None
        facts = _facts(connection, case_id)
        known = tickets.known(connection, case.about.tickets)
        first = known.get(case.about.tickets[0])
        return CardContent(
            case=case,
            version=stored.version,
            customer=_customer(case, facts),
            warnings=_warnings(case, facts, first.ticket if first else None),
            handlers=one_case.handlers_of(self.desk, connection, case),
            people=self.desk.people,
            url=self.desk.case_url(case_id),
            held_back=isinstance(case, AwaitingApproval) and self.desk.is_shadow(case.about),
        )


def _may_decide(case: Case, person: Person, now: datetime) -> bool:
    if not isinstance(case, AwaitingApproval) or any(each.person == person.id for each in case.approvals):
        return False
    number = open_stage(case.proposal, case.approvals)
    roles = case.proposal.approvals[number].roles if number is not None else ()
    return any(each.role in roles and each.covers(case.proposal.amount) for each in person.authorities_at(now))


def _facts(connection: sa.Connection, case_id: CaseId) -> dict[str, str]:
    facts: dict[str, str] = {}
    for each in evidence.of_case(connection, case_id):
        facts.update(each.facts)
    return facts


def _customer(case: Shown, facts: dict[str, str]) -> Customer:
    try:
        paid = Money.exactly(facts["goodwill_paid_12_months"], GOODWILL_ASSET)
    except (KeyError, NotExact):
        paid = None
    return Customer(id=case.about.customer_id, name=facts.get("name"), tier=facts.get("tier"), paid_12_months=paid)


def _warnings(case: Shown, facts: dict[str, str], ticket: Ticket | None) -> tuple[Caution, ...]:
    found: list[Caution] = []
    score = facts.get("fraud_score", "")
    if score.isdigit() and int(score) >= HIGH_FRAUD_SCORE:
        found.append(FraudScore(score=score))
    if facts.get("sanctions_hit") == "yes":
        found.append(SanctionsHit())
    if len(case.about.tickets) > 1:
        found.append(OtherTickets(tickets=case.about.tickets[1:]))
    for name, value in ticket.fields if ticket else ():
        if name in facts and facts[name] != value:
            said = (("ticket", value), ("account-data", facts[name]))
            found.append(Contradiction(fact=name, said=said))
    proposal = proposal_of(case)
    compared = proposal.consistency if proposal else None
    if compared is not None and compared.unlike is not None and isinstance(case, AwaitingApproval):
        found.append(DecidedOtherwise(precedent=compared.unlike))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDesk:
    """Where people's words take effect; what came of a delivery is kept with it, so that a repeat is answered alike."""

    desk: Desk

    def decide(self, request: DecisionRequest, *, delivery_id: str, now: datetime) -> Outcome:
        """Judge a decision and record it with all that follows; a repeat returns the first outcome."""
        with self.desk.database.begin() as tx:
            delivery = deliveries.find(tx.connection, "slack", delivery_id)
            if delivery is not None and delivery.outcome is not None:
                return OUTCOME.validate_json(delivery.outcome) or Stale(proposal=None)
            word = Word(
                fingerprint=request.fingerprint,
                verdict=request.verdict,
                reason_code=request.reason_code,
                comment=request.comment,
                said_at=now,
                via="slack",
            )
            person = self.desk.people.by_slack_id(request.slack_id)
            try:
                outcome = one_case.decide(self.desk, tx, request.case_id, word, person)
            except NoSuchCase:
                outcome = NotAllowed(refusal=Refusal.MALFORMED, roles=())
            if delivery is not None:
                deliveries.handled(tx, delivery, OUTCOME.dump_json(outcome).decode(), now=now)
        return outcome

    def ask(self, question: Question, *, delivery_id: str, now: datetime) -> Outcome | None:
        """Pass a question on to thread and ticket; None when it is on its way, else why not."""
        with self.desk.database.begin() as tx:
            delivery = deliveries.find(tx.connection, "slack", delivery_id)
            if delivery is not None and delivery.outcome is not None:
                return OUTCOME.validate_json(delivery.outcome)
            outcome = self._ask(tx, question, now)
            if delivery is not None:
                deliveries.handled(tx, delivery, OUTCOME.dump_json(outcome).decode(), now=now)
        return outcome

    def answer_link(self, said: LinkSaid, *, delivery_id: str, now: datetime) -> LinkOutcome:
        """Take in whether a ticket and a case tell of one loss; a repeat returns the first outcome."""
        with self.desk.database.begin() as tx:
            delivery = deliveries.find(tx.connection, "slack", delivery_id)
            if delivery is not None and delivery.outcome is not None:
                return LINK_OUTCOME.validate_json(delivery.outcome)
            question = links.find(tx.connection, said.question)
            if question is None or question.fingerprint != said.fingerprint:
                outcome: LinkOutcome = Refused(why=NotYours.NO_QUESTION)
            else:
                person = self.desk.people.by_slack_id(said.slack_id)
                word = Answer.SAME if said.same else Answer.APART
                outcome = link_answers.answer(self.desk, tx, question.id, word, person, now=now)
            if delivery is not None:
                deliveries.handled(tx, delivery, LINK_OUTCOME.dump_json(outcome).decode(), now=now)
        return outcome

    def say_of_policy(self, said: PolicySaid, *, delivery_id: str, now: datetime) -> PolicyOutcome:
        """Release a submitted policy or send it back; a repeat returns the first outcome."""
        with self.desk.database.begin() as tx:
            delivery = deliveries.find(tx.connection, "slack", delivery_id)
            if delivery is not None and delivery.outcome is not None:
                return POLICY_OUTCOME.validate_json(delivery.outcome)
            value, person = said.value, self.desk.people.by_slack_id(said.slack_id)
            word = releasing.Word(
                name=value.name, version=value.version, fingerprint=value.fingerprint, reason=said.reason, said_at=now
            )
            decide = releasing.approve if said.release else releasing.reject
            outcome = decide(self.desk, tx, word, person)
            if delivery is not None:
                deliveries.handled(tx, delivery, POLICY_OUTCOME.dump_json(outcome).decode(), now=now)
        return outcome

    def forged(self, slack_id: str, problem: str, *, delivery_id: str, now: datetime) -> None:
        """Record a click with a value that we never gave out."""
        log.warning("forged click", slack_id=slack_id, problem=problem, delivery_id=delivery_id)
        with self.desk.database.begin() as tx:
            delivery = deliveries.find(tx.connection, "slack", delivery_id)
            if delivery is not None:
                deliveries.handled(tx, delivery, OUTCOME.dump_json(None).decode(), now=now)

    def _ask(self, tx: Transaction, question: Question, now: datetime) -> Outcome | None:
        person = self.desk.people.by_slack_id(question.slack_id)
        if person is None:
            return NotAllowed(refusal=Refusal.UNKNOWN_PERSON, roles=())
        try:
            asked = one_case.ask_agent(self.desk, tx, question.case_id, person.id, question.words, now=now)
        except NoSuchCase:
            return NotAllowed(refusal=Refusal.MALFORMED, roles=())
        return None if asked else Stale(proposal=None)
