"""What people say of links: an answer to a question, or a join or split that nobody asked them for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from cases.people import Person
from cases.proposal import CaseId
from cases.ticket import TicketRef
from store import links, tickets
from store.cases import StoredCase
from store.database import Transaction
from store.links import Answer, LinkQuestion
from workflow import claims, stating
from workflow.changing import changed
from workflow.desk import Desk
from workflow.joining import NotPossible, attach, join, move, split_case, split_ticket, standing
from workflow.one_case import handlers_of, is_undecided
from workflow.telling import tell_question


class NotYours(StrEnum):
    """Why somebody may not say what belongs together."""

    UNKNOWN_PERSON = "unknown_person"
    NO_ROLE = "no_role"
    NO_QUESTION = "no_question"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The answer counts; `question` is how it stands now."""

    question: LinkQuestion
    kind: Literal["taken"] = "taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBefore:
    """Somebody had answered already, or it had settled itself; `question` says who said what, and when."""

    question: LinkQuestion
    kind: Literal["taken_before"] = "taken_before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Impossible:
    """What was said cannot be done; nothing was, and the question stays open. `reason` says why, in sentences."""

    reason: str
    kind: Literal["impossible"] = "impossible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """This person has no say in it."""

    why: NotYours
    kind: Literal["refused"] = "refused"


LinkOutcome = Taken | TakenBefore | Impossible | Refused


def answer(
    desk: Desk, tx: Transaction, question_id: int, said: Answer, person: Person | None, *, now: datetime
) -> LinkOutcome:
    """Take in whether a ticket and a case are about one loss; the first answer counts, and what follows is done."""
    question = links.find(tx.connection, question_id)
    if question is None:
        return Refused(why=NotYours.NO_QUESTION)
    ref, case_id = tickets.parsed(question.ref), standing(desk, tx, question.case_id).case.about.id
    if person is None:
        return Refused(why=NotYours.UNKNOWN_PERSON)
    if not may_say(desk, tx, person, ref, case_id, now=now):
        return Refused(why=NotYours.NO_ROLE)
    if question.answer is not None:
        return TakenBefore(question=question)
    try:
        with tx.connection.begin_nested():
            first = _take(desk, tx, question, said, case_id, by=person.id, now=now)
    except NotPossible as problem:
        return Impossible(reason=str(problem))
    after = links.find(tx.connection, question_id) or question
    return Taken(question=after) if first else TakenBefore(question=after)


def may_say(
    desk: Desk, tx: Transaction, person: Person, ref: TicketRef | None, case_id: CaseId, *, now: datetime
) -> bool:
    """Whether a person may say what belongs together: who has a role may, and who handles the ticket or the case."""
    if person.authorities_at(now):
        return True
    found = tickets.find(tx.connection, ref) if ref is not None else None
    on_ticket = claims.people_on(found.ticket) if found is not None else ()
    case = desk.cases.find(tx.connection, case_id).case
    return person.id in handlers_of(desk, tx.connection, case) or any(each in person.helpdesk_ids for each in on_ticket)


def join_ticket(desk: Desk, tx: Transaction, case_id: CaseId, ref: TicketRef, *, by: str, now: datetime) -> None:
    """Bring a ticket into this case, with its whole case where it speaks for one. Raises NotPossible."""
    _hold(desk, tx, ref, case_id)
    into, own_id = _lasting(desk, tx, case_id), tickets.case_of(tx.connection, ref)
    found = tickets.find(tx.connection, ref)
    if found is None:
        raise NotPossible(f"{ref} has not been read yet.")
    if own_id == case_id:
        raise NotPossible(f"{ref} is a ticket of {case_id} already.")
    links.say(tx, str(ref), into.number, Answer.SAME, "It was joined.", by=by, now=now)
    if own_id is None:
        attach(desk, tx, case_id, found.ticket, by=by, now=now)
        return
    own = desk.cases.lock(tx, own_id)
    if stating.makes_a_claim(found.ticket) or own.case.about.tickets == (ref,):
        join_case(desk, tx, case_id, own_id, by=by, now=now)
    else:
        move(desk, tx, found.ticket, own_id, case_id, by=by, now=now)


def join_case(desk: Desk, tx: Transaction, case_id: CaseId, other_id: CaseId, *, by: str, now: datetime) -> None:
    """Give the other case up for this one. Raises NotPossible."""
    desk.cases.lock_all(tx, (case_id, other_id))
    into, gone = _lasting(desk, tx, case_id), _lasting(desk, tx, other_id)
    if into.number == gone.number:
        raise NotPossible(f"{case_id} cannot be joined with itself.")
    if not is_undecided(gone.case):
        other = f"; join {case_id} into it instead" if is_undecided(into.case) else ""
        raise NotPossible(f"{other_id} is {gone.case.stage} and cannot be given up{other}.")
    for ref in gone.case.about.tickets:
        links.say(tx, str(ref), into.number, Answer.SAME, "Its case was joined.", by=by, now=now)
    join(desk, tx, gone, into, by=by, now=now)


def split(desk: Desk, tx: Transaction, case_id: CaseId, other: TicketRef | CaseId, *, by: str, now: datetime) -> None:
    """Take a ticket, or a case that was joined, out of this case. Raises NotPossible."""
    if isinstance(other, TicketRef):
        split_ticket(desk, tx, case_id, other, by=by, now=now)
    else:
        split_case(desk, tx, case_id, other, by=by, now=now)


def _take(
    desk: Desk, tx: Transaction, question: LinkQuestion, said: Answer, case_id: CaseId, *, by: str, now: datetime
) -> bool:
    """Keep the answer and do what follows; False when somebody else was first."""
    ref = tickets.parsed(question.ref)
    _hold(desk, tx, ref, case_id)
    if not links.answer(tx, question.id, said, by=by, now=now):
        return False
    tell_question(tx, question, now=now)
    if said is Answer.SAME and tickets.case_of(tx.connection, ref) != case_id:
        _unite(desk, tx, ref, case_id, by=by, now=now)
    elif said is Answer.APART:
        links.say(tx, question.ref, standing(desk, tx, case_id).number, said, question.reason, by=by, now=now)
    detail = {"ticket": question.ref, "question": str(question.id), "answer": str(said)}
    desk.cases.note(tx, desk.cases.lock(tx, case_id), changed(now, by, "link answered", **detail))
    return True


def _unite(desk: Desk, tx: Transaction, ref: TicketRef, case_id: CaseId, *, by: str, now: datetime) -> None:
    """Do what an answer asks for: the ticket's case is given up, unless it is decided and the other is not."""
    own_id = tickets.case_of(tx.connection, ref)
    own = desk.cases.find(tx.connection, own_id) if own_id is not None else None
    found, into = tickets.find(tx.connection, ref), desk.cases.find(tx.connection, case_id)
    speaks = found is not None and stating.makes_a_claim(found.ticket)
    if own is not None and speaks and not is_undecided(own.case) and is_undecided(into.case):
        join_case(desk, tx, own.case.about.id, case_id, by=by, now=now)
    else:
        join_ticket(desk, tx, case_id, ref, by=by, now=now)


def _lasting(desk: Desk, tx: Transaction, case_id: CaseId) -> StoredCase:
    """Return a case that is joined with no other."""
    stored, stands = desk.cases.lock(tx, case_id), standing(desk, tx, case_id)
    if stored.number != stands.number:
        raise NotPossible(f"{case_id} is joined with {stands.case.about.id}: name that one.")
    return stored


def _hold(desk: Desk, tx: Transaction, ref: TicketRef, case_id: CaseId) -> None:
    """Hold the ticket, then its case and the other one: in the order in which tickets that are read hold them."""
    tickets.hold(tx, ref)
    own = tickets.case_of(tx.connection, ref)
    desk.cases.lock_all(tx, (case_id, *((own,) if own else ())))
