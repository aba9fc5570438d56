"""`makewhole links` and `makewhole case join|split`: what tells of one loss, as a person says it."""

from collections.abc import Callable
from pathlib import Path

from cases.people import Person
from cases.proposal import CaseId
from cases.ticket import TicketRef
from makewhole.assembly import House
from makewhole.opening import looked_into
from makewhole.printing import print_json, table, to_people
from store import links, naming
from store.cases import PREFIX, MovedOn, NoSuchCase
from store.database import Transaction
from store.links import Answer, LinkQuestion
from sync.intake import parse_ref
from workflow import link_answers
from workflow.joining import NotPossible
from workflow.link_answers import Impossible, LinkOutcome, NotYours, Refused, Taken, TakenBefore

_REFUSALS = {
    NotYours.UNKNOWN_PERSON: "is not in the people file",
    NotYours.NO_ROLE: "holds no role and handles neither the ticket nor the case",
}
#: What a person asks for: a change in one transaction.
Act = Callable[[House, Transaction, str], None]


def list_questions(settings: Path, *, as_json: bool) -> int:
    """Print the questions about links that wait for a person, oldest first."""
    with looked_into(settings) as house, house.database.read() as connection:
        found = links.unanswered(connection)
    if as_json:
        print_json({"questions": [_shown(each) for each in found]})
    elif found:
        rows = [(each.id, each.ref, each.case_id, each.reason) for each in found]
        to_people().print(table(["Question", "Ticket", "Case", "Why it is asked"], rows))
    else:
        to_people().print("No question about a link waits for a person.")
    return 0


def answer_question(settings: Path, number: int, said: Answer, *, person: str, as_json: bool) -> int:
    """Take in an answer; returns 1 when it changes nothing, 2 for somebody who has no say in it."""
    with looked_into(settings) as house:
        try:
            with house.database.begin() as tx:
                who = house.desk.people.by_id(person)
                outcome = link_answers.answer(house.desk, tx, number, said, who, now=house.clock())
        except MovedOn as problem:
            outcome = Impossible(reason=f"{problem}; say it again.")
    code, words = _told(outcome, number, person)
    if as_json:
        question = outcome.question if isinstance(outcome, Taken | TakenBefore) else None
        print_json({"outcome": outcome.kind, "question": _shown(question) if question else None, "why": words})
    else:
        to_people().print(words, markup=False, soft_wrap=True)
    return code


def join(settings: Path, case_id: str, other: str, *, person: str, as_json: bool) -> int:
    """Bring a ticket or another case into a case; returns 1 when that cannot be, 2 for who has no say in it."""

    def act(house: House, tx: Transaction, by: str) -> None:
        into, now = CaseId(case_id), house.clock()
        match _meant(tx, other):
            case TicketRef() as ref:
                link_answers.join_ticket(house.desk, tx, into, ref, by=by, now=now)
            case given_up:
                link_answers.join_case(house.desk, tx, into, given_up, by=by, now=now)

    return _do(settings, case_id, act, person=person, said=f"{other} is part of {case_id} now.", as_json=as_json)


def split(settings: Path, case_id: str, other: str, *, person: str, as_json: bool) -> int:
    """Take a ticket or a joined case out of a case; returns 1 when that cannot be, 2 for who has no say in it."""

    def act(house: House, tx: Transaction, by: str) -> None:
        link_answers.split(house.desk, tx, CaseId(case_id), _meant(tx, other), by=by, now=house.clock())

    return _do(settings, case_id, act, person=person, said=f"{other} is apart from {case_id} now.", as_json=as_json)


def _do(settings: Path, case_id: str, act: Act, *, person: str, said: str, as_json: bool) -> int:
    done, why, code = False, said, 1
    with looked_into(settings) as house:
        known = house.desk.people.by_id(person)
        try:
            with house.database.begin() as tx:
                refused = _refused(house, tx, case_id, known)
                if refused is None:
                    act(house, tx, person)
                    done, code = True, 0
                else:
                    why, code = f"{person} {_REFUSALS[refused]}.", 2
        except (NotPossible, NoSuchCase, ValueError) as problem:
            done, why, code = False, str(problem), 1
        except MovedOn as problem:
            done, why, code = False, f"{problem}; say it again.", 1
    if as_json:
        print_json({"case": case_id, "done": done, "why": why})
    else:
        to_people().print(why, markup=False, soft_wrap=True)
    return code


def _refused(house: House, tx: Transaction, case_id: str, person: Person | None) -> NotYours | None:
    if person is None:
        return NotYours.UNKNOWN_PERSON
    may = link_answers.may_say(house.desk, tx, person, None, CaseId(case_id), now=house.clock())
    return None if may else NotYours.NO_ROLE


def _meant(tx: Transaction, other: str) -> TicketRef | CaseId:
    """Return the case or the ticket that is meant; raises NotPossible for one that nobody has read."""
    if other.startswith(PREFIX):
        return CaseId(other)
    ref = naming.mirrored(tx.connection, (str(parse_ref(other)),)).get(other)
    if ref is None:
        raise NotPossible(f"{other} has not been read yet.")
    return ref


def _told(outcome: LinkOutcome, number: int, person: str) -> tuple[int, str]:
    match outcome:
        case Taken(question=question):
            return 0, f"{question.ref} and {question.case_id}: {question.answer}."
        case TakenBefore(question=question):
            at = f"{question.answered_at:%Y-%m-%d %H:%M} UTC" if question.answered_at else ""
            return 1, f"{question.answered_by} answered {question.answer} on {at}. Nothing changed."
        case Impossible(reason=reason):
            return 1, reason
        case Refused(why=NotYours.NO_QUESTION):
            return 1, f"There is no question {number}; `makewhole links list` shows them."
        case Refused(why=why):
            return 2, f"{person} {_REFUSALS[why]}."


def _shown(question: LinkQuestion) -> dict[str, object]:
    return {
        "question": question.id,
        "ticket": question.ref,
        "case": question.case_id,
        "reason": question.reason,
        "asked_at": question.asked_at.isoformat(),
        "answer": question.answer,
        "answered_by": question.answered_by,
    }
