"""Questions about links, and who names whom: asked once, answered once, found from either side."""

from dataclasses import replace
from datetime import timedelta

from cases.links import Named, Place
from cases.ticket import Ticket
from store import links, naming, tickets
from store.cases import CaseRepository
from store.database import Database
from store.links import Answer
from store.tickets import Reading
from tests.store.at_once import at_once
from tests.store.stories import NOON, about, opened
from tests.workflow.played_vendors import ticket
from tests.workflow.three_desks import cause, zendesk

REF = "zendesk:harbor:7"
ENG_5 = Named(vendor="jira", account="harbor", key="ENG-5", where=Place.LINK)


def mirror(database: Database, *told: Ticket) -> None:
    with database.begin() as tx:
        tickets.keep(tx, tuple(Reading(ticket=each, raw=b"{}", topic=None) for each in told))


def test_a_question_is_asked_once_by_however_many(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        opened(cases, tx)

    def ask(number: int) -> bool:
        with database.begin() as tx:
            return links.ask(tx, REF, 1, f"reason {number}", now=NOON) is not None

    assert sum(at_once(8, ask)) == 1
    with database.read() as connection:
        (question,) = links.unanswered(connection)
    assert (question.ref, question.case_id, question.answer) == (REF, "CASE-1", None)


def test_the_first_answer_stays_and_ends_the_question(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        opened(cases, tx)
        question = links.ask(tx, REF, 1, "it may be", now=NOON)
        assert question is not None

        assert links.answer(tx, question.id, Answer.APART, by="amelia", now=NOON)
        assert not links.answer(tx, question.id, Answer.SAME, by="noah", now=NOON)
        assert links.ask(tx, REF, 1, "again", now=NOON) is None
        assert links.unanswered(tx.connection) == ()
        found = links.find(tx.connection, question.id)

    assert found == replace(question, answer=Answer.APART, answered_by="amelia", answered_at=NOON)
    assert found is not None
    assert found.fingerprint == question.fingerprint


def test_what_a_person_says_unasked_replaces_what_was_said_before(database: Database, cases: CaseRepository) -> None:
    later = NOON + timedelta(hours=1)
    with database.begin() as tx:
        opened(cases, tx)
        links.say(tx, REF, 1, Answer.APART, "split", by="amelia", now=NOON)
        links.say(tx, REF, 1, Answer.SAME, "joined", by="noah", now=later)

        (said,) = links.about(tx.connection, (REF, "zendesk:harbor:8"))

    assert (said.answer, said.answered_by, said.answered_at) == (Answer.SAME, "noah", later)


def test_what_is_apart_from_a_case_is_apart_from_the_one_it_joins(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        for reference in ("W-1", "W-2"):
            opened(cases, tx, about(reference))
        links.say(tx, REF, 1, Answer.APART, "split", by="amelia", now=NOON)
        links.say(tx, "zendesk:harbor:8", 1, Answer.SAME, "joined", by="amelia", now=NOON)
        links.pass_on(tx, 1, 2)
        links.pass_on(tx, 1, 2)

        said = links.about(tx.connection, (REF, "zendesk:harbor:8"))

    assert [(each.ref, each.case_number, each.answer) for each in said] == [
        (REF, 1, Answer.APART),
        ("zendesk:harbor:8", 1, Answer.SAME),
        (REF, 2, Answer.APART),
    ]


def test_a_ticket_is_found_by_what_names_it_whichever_was_read_first(database: Database) -> None:
    told, issue = zendesk(), cause()
    with database.begin() as tx:
        naming.keep(tx, {told.ref: (ENG_5, replace(ENG_5, key="ENG-6", where=Place.TEXT))})
        assert naming.naming(tx.connection, issue) == {str(told.ref): Place.LINK}
        assert naming.mirrored(tx.connection, ("jira:harbor:ENG-5",)) == {}

    mirror(database, issue, told)

    with database.begin() as tx:
        assert naming.mirrored(tx.connection, ("jira:harbor:ENG-5", "jira:harbor:10042", "jira:other:ENG-5")) == {
            "jira:harbor:ENG-5": issue.ref,
            "jira:harbor:10042": issue.ref,
        }
        naming.keep(tx, {told.ref: ()})
        assert naming.named_by(tx.connection, told.ref) == {}
        assert naming.naming(tx.connection, issue) == {}


def test_a_moved_issue_is_named_by_its_id_from_then_on(database: Database) -> None:
    one, other = zendesk("1").ref, zendesk("2").ref
    by_id = replace(ENG_5, key="10042")
    with database.begin() as tx:
        naming.keep(tx, {one: (ENG_5,), other: (ENG_5, by_id)})
        naming.is_known_by(tx, "jira:harbor:ENG-5", cause().ref)

        assert naming.named_by(tx.connection, one) == {"jira:harbor:10042": Place.LINK}
        assert naming.named_by(tx.connection, other) == {"jira:harbor:10042": Place.LINK}


def test_only_what_a_case_is_tied_to_is_touched(database: Database, cases: CaseRepository) -> None:
    cased, issue, named_by_it, stranger = zendesk("1"), cause(), cause("10043", "ENG-6"), ticket("9")
    mirror(database, cased, issue, named_by_it, stranger)
    with database.begin() as tx:
        naming.keep(tx, {cased.ref: (ENG_5,), issue.ref: (replace(ENG_5, key="ENG-6"),)})
        assert naming.touched(tx.connection, (cased, issue, named_by_it, stranger)) == frozenset()

        tickets.belongs_to(tx, cased.ref, opened(cases, tx).number)

        assert naming.touched(tx.connection, (issue, named_by_it, stranger)) == {issue.ref}
        naming.keep(tx, {stranger.ref: (Named(vendor="zendesk", account="harbor", key="1", where=Place.TEXT),)})
        assert naming.touched(tx.connection, (stranger, named_by_it)) == {stranger.ref}
        assert naming.touched(tx.connection, ()) == frozenset()


def test_a_name_is_kept_with_its_ticket_and_none_where_there_is_none(database: Database) -> None:
    mirror(database, zendesk(), cause())
    mirror(database, replace(cause(name="OPS-7"), updated_at=NOON + timedelta(days=9)))

    with database.read() as connection:
        assert naming.mirrored(connection, ("jira:harbor:OPS-7", "jira:harbor:ENG-5")) == {
            "jira:harbor:OPS-7": cause().ref
        }


def test_a_ticket_that_belongs_to_no_case_any_more_has_none(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        tickets.belongs_to(tx, zendesk().ref, opened(cases, tx).number)
        assert tickets.cases_of(tx.connection, (zendesk().ref, cause().ref)) == {REF.replace("7", "1"): "CASE-1"}
        tickets.belongs_to_none(tx, zendesk().ref)
        assert tickets.case_of(tx.connection, zendesk().ref) is None
