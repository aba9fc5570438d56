"""The desk at work on a real database, with real policies, people and jobs; only the vendors are played."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from cases.case import Case, Closed, Stage
from cases.evidence import Evidence
from cases.loss import LossKind
from cases.people import People
from cases.proposal import CaseId, Proposal, Verdict
from cases.ticket import Ticket
from config.people import load_people
from makewhole.assembly import HELPDESK_KINDS, QUEUES, queue_of
from makewhole.releases import release
from makewhole.verifying import verify
from payouts.ledger import trial_balance
from payouts.paying import Terms
from policy.book import policy_files, read_policy_file
from store import audit, books, failures, outbox, readings, tickets
from store.books import StoredPayout
from store.cases import CaseRepository, number_of
from store.database import Database, create_engine
from store.failures import Attempt
from store.jobs import Again, DurableJobs, Worker
from store.outbox import Kind, State
from store.policies import PolicyRepository
from sync.intake import Intake, read_ticket
from sync.outbox import write_link, write_note
from tests.store.queued import Job, done, queued
from tests.workflow.played_vendors import NOON, PlayedHelpdesk, PlayedProvider, ref
from workflow import ending, one_case, paying, releasing, waiting
from workflow.approval import Outcome, Word
from workflow.desk import Desk
from workflow.paying import Cashier, Finding
from workflow.submitting import Draft, draft

ROOT = Path(__file__).resolve().parents[2]
AUDIT_KEY = b"k" * 32
TOPICS = {
    "delayed_withdrawal": LossKind.TRANSACTION,
    "duplicate_charge": LossKind.TRANSACTION,
    "okb_volatility_2024_01": LossKind.POSITION,
}
#: Fifteen USDT by the shipped policy, if one compensation lead agrees.
FACTS = {
    "delay_cause": "platform",
    "hours_late": "7.5",
    "value_usdt": "1000",
    "fraud_score": "12",
    "sanctions_hit": "no",
    "goodwill_paid_12_months": "0",
}
MOST_ROUNDS = 400
OF_LATER_DAYS = (one_case.ESCALATE, ending.LOOK)
#: What may become a dead letter in a test; anything else is a fault of ours.
VENDORS_FAULT = ("AccessRefused:", "UnexpectedReply:")


@cache
def shipped_policies() -> tuple[Draft, ...]:
    """Return the shipped policies, ready to be submitted."""
    files = policy_files(ROOT / "config" / "policies")
    return tuple(draft(read_policy_file(each), each.name, people=_people()) for each in files)


#: Who writes the policies here, and who releases them.
AUTHOR, APPROVER = "amelia", "yuki"


@cache
def _people() -> People:
    return load_people(ROOT / "config" / "people.yaml")


@dataclass(kw_only=True)
class Time:
    """What the desk takes for now; it moves when somebody waits."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **how_long: float) -> None:
        self.now += timedelta(**how_long)


class DeskAtWork:
    """The desk, its jobs and the played vendors over one database."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url, connections=24)
        self.jobs = DurableJobs(self.engine, queue_of)
        self.database = Database(self.engine, self.jobs)
        self.time = Time()
        self.facts = dict(FACTS)
        self.provider = PlayedProvider()
        self.helpdesk = PlayedHelpdesk()
        self.desk = Desk(
            database=self.database,
            cases=CaseRepository(audit_key=AUDIT_KEY),
            policies=PolicyRepository(audit_key=AUDIT_KEY),
            people=_people(),
            evidence=lambda _loss: self.evidence(),
            topics=TOPICS,
            pay_way="payout-provider",
            case_url=lambda case_id: f"https://makewhole.harbor.example/cases/{case_id}",
        )
        self.cashier: Cashier | None = Cashier(
            provider=self.provider, terms=Terms(key_life=timedelta(hours=24), patience=4), clock=self.time
        )
        self.worker = Worker(self.database, self.jobs, url, ())
        self.worker._handlers = {kind: self._waiting_in_no_time(body) for kind, body in self._bodies().items()}
        self.release()

    def withdraw(self, name: str, version: str) -> None:
        """Let a released version decide nothing any more."""
        word = releasing.Word(name=name, version=version, fingerprint=None, reason=None, said_at=self.time())
        with self.database.begin() as tx:
            outcome = releasing.withdraw(self.desk, tx, word, self.desk.people.by_id(APPROVER))
        assert isinstance(outcome, releasing.Taken)

    def release(self, *drafts: Draft) -> None:
        """Release these policies, or the shipped ones, by two people."""
        release(self.desk, drafts or shipped_policies(), author=AUTHOR, approver=APPROVER, now=self.time())
        self.work(releasing.RELEASED, releasing.POLICY_CARD)

    def evidence(self) -> Evidence:
        """Return what the account data says now."""
        return Evidence(facts=tuple(sorted(self.facts.items())), source="account-data", as_of=self.time())

    @property
    def intake(self) -> Intake:
        return Intake(desk=self.desk, source=self.helpdesk, vendor="zendesk", account="harbor", start=NOON)

    def tell(self, ticket: Ticket) -> None:
        """Let the helpdesk have a ticket as it is now, a minute later, and read it."""
        self.time.pass_by(minutes=1)
        self.put(replace(ticket, updated_at=self.time()))

    def put(self, ticket: Ticket) -> None:
        """Let the helpdesk have a ticket under the stamp it bears, and read it."""
        self.helpdesk.tickets[ticket.ref] = ticket
        read_ticket(self.intake, f"{ticket.ref}@0", clock=self.time)

    def work(self, *kinds: str) -> None:
        """Do every job that waits, of these kinds or all but those of later days, until none is left but dead letters.

        Waiting costs no time; a dead letter is tried again only by `again`.
        """
        wanted = kinds or tuple(each for each in (*HELPDESK_KINDS, *QUEUES) if each not in OF_LATER_DAYS)
        for _ in range(MOST_ROUNDS):
            dead = {(each.kind, each.key) for each in self.dead_letters()}
            jobs = [each for each in self.waiting() if each.kind in wanted and (each.kind, each.key) not in dead]
            if not jobs:
                break
            for job in jobs:
                with self.database.begin() as tx:
                    done(tx, job)
                self.worker._run(Attempt(kind=job.kind, key=job.key, number=job.number))
        else:
            raise AssertionError("the jobs come to no end")
        ours = [each for each in self.dead_letters() if not each.problem.startswith(VENDORS_FAULT)]
        assert ours == []

    def waiting(self) -> tuple[Job, ...]:
        with self.database.read() as connection:
            return queued(connection)

    def again(self, kind: str, key: str) -> None:
        """Put a job that was done on its queue once more and do it, as after a crash or by an operator."""
        with self.database.begin() as tx:
            failures.revive(tx, kind, key)
            self.jobs.try_now(tx.connection, kind, key, now=self.time())
        self.work(kind)

    def case(self, case_id: str) -> Case:
        with self.database.read() as connection:
            return self.desk.cases.find(connection, case_id).case

    def stage(self, case_id: str) -> Stage:
        return self.case(case_id).stage

    def stages(self) -> dict[str, Stage]:
        """Return the stage of every case, oldest first."""
        with self.database.read() as connection:
            return {str(each.case.about.id): each.case.stage for each in reversed(self.desk.cases.list(connection))}

    def proposal(self, case_id: str) -> Proposal:
        case = self.case(case_id)
        proposal: Proposal | None = getattr(case.settled if isinstance(case, Closed) else case, "proposal", None)
        assert proposal is not None, f"{case_id} is {case.stage}"
        return proposal

    def events(self, case_id: str) -> list[str]:
        with self.database.read() as connection:
            return [each.event for each in audit.history(connection, number_of(case_id))]

    def actor_of(self, case_id: str, event: str) -> str:
        """Return who did this last."""
        with self.database.read() as connection:
            records = audit.history(connection, number_of(case_id))
        return next(each.actor for each in reversed(records) if each.event == event)

    def payouts(self, case_id: str) -> tuple[StoredPayout, ...]:
        with self.database.read() as connection:
            return books.payouts_of(connection, [case_id])

    def dead_letters(self) -> tuple[failures.DeadLetter, ...]:
        with self.database.read() as connection:
            return failures.dead_letters(connection)

    def say(self, person: str, case_id: str, verdict: Verdict = Verdict.APPROVE) -> Outcome:
        """Let a person answer the proposal that stands."""
        return self.answer(person, case_id, self.proposal(case_id).fingerprint, verdict)

    def answer(self, person: str, case_id: str, fingerprint: str, verdict: Verdict = Verdict.APPROVE) -> Outcome:
        """Let a person answer a proposal by its fingerprint."""
        word = Word(
            fingerprint=fingerprint,
            verdict=verdict,
            reason_code=None if verdict is Verdict.APPROVE else "not_eligible",
            comment=None,
            said_at=self.time(),
            via="slack",
        )
        with self.database.begin() as tx:
            return one_case.decide(self.desk, tx, CaseId(case_id), word, self.desk.people.by_id(person))

    def look_again(self, case_id: str) -> bool:
        with self.database.begin() as tx:
            return one_case.look_again(self.desk, tx, CaseId(case_id), "yuki", now=self.time())

    def found(self, finding: Finding, case_id: str, *, provider_id: str = "", part: int | None = None) -> bool:
        """Let Noah say what he found out about a payout, as `makewhole payout` does."""
        with self.database.begin() as tx:
            return paying.resolve(
                self.desk,
                tx,
                CaseId(case_id),
                finding,
                person="noah",
                provider_id=provider_id,
                part=part,
                now=self.time(),
            )

    def case_of(self, key: str) -> str | None:
        """Return the case that the helpdesk's ticket with this key belongs to."""
        with self.database.read() as connection:
            return tickets.case_of(connection, ref(key))

    def balances(self) -> Mapping[str, str]:
        """Return every account that has not come to zero."""
        with self.database.read() as connection:
            totals = trial_balance(books.entries(connection))
        return {account: str(money) for (account, _), money in totals.items() if money.minor}

    def end(self) -> None:
        """Prove that every history and every book holds, whatever happened; then close."""
        with self.database.read() as connection:
            problems, _ = verify(connection, AUDIT_KEY)
        self.engine.dispose()
        assert problems == []

    def _bodies(self) -> Mapping[str, Callable[[str], None]]:
        """Return what each kind of job does, as makewhole.assembly joins it."""
        return {
            one_case.PROPOSE: lambda key: one_case.make_proposal(self.desk, key, now=self.time()),
            one_case.ESCALATE: lambda key: one_case.escalate(self.desk, key, now=self.time()),
            ending.LOOK: lambda key: waiting.look(self.desk, key, now=self.time()),
            ending.PAY: lambda key: paying.pay(self.desk, self.cashier, key),
            releasing.RELEASED: lambda key: releasing.look_again(self.desk, key),
            releasing.POLICY_CARD: lambda _key: None,
            readings.JOB: lambda key: read_ticket(self.intake, key, clock=self.time),
            Kind.NOTE: self._send,
            Kind.LINK: self._send,
            Kind.CARD: self._send,
            Kind.THREAD: self._send,
            Kind.QUESTION: self._send,
        }

    def _waiting_in_no_time(self, body: Callable[[str], None]) -> Callable[[str], None]:
        def run(key: str) -> None:
            try:
                body(key)
            except Again as again:
                self.time.pass_by(seconds=max(again.wait_seconds, 0.0))
                raise

        return run

    def _send(self, key: str) -> None:
        with self.database.read() as connection:
            item = outbox.find(connection, key)
        if item is None or item.state is not State.WAITING:
            return
        if item.kind is Kind.NOTE:
            write_note(self.desk, self.helpdesk, item, clock=self.time)
            return
        if item.kind is Kind.LINK:
            write_link(self.desk, self.helpdesk, item, clock=self.time)
            return
        with self.database.begin() as tx:
            outbox.finish(tx, item, State.SENT, now=self.time())
