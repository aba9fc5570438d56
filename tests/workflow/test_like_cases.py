"""An approver sees how the most similar cases were decided, and is warned when one was decided otherwise."""

from cases.precedents import Consistency
from cases.proposal import Verdict
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import ticket


def tell(at_work: DeskAtWork, number: str) -> None:
    at_work.tell(ticket(number, loss=f"W-{number}", customer=f"C-{number}"))
    at_work.work()


def compared(at_work: DeskAtWork, case_id: str) -> Consistency:
    found = at_work.proposal(case_id).consistency
    assert found is not None
    return found


def test_what_was_decided_stands_beside_the_next_proposal(at_work: DeskAtWork) -> None:
    tell(at_work, "1")
    at_work.say("amelia", "CASE-1")
    at_work.work()
    at_work.facts["hours_late"] = "9"

    tell(at_work, "2")

    found = compared(at_work, "CASE-2")
    assert (found.compared, found.agreed, found.unlike) == (1, 1, None)
    assert [(each.case_id, each.differs) for each in found.nearest] == [("CASE-1", (("hours_late", "7.5", "9"),))]


def test_a_case_that_nobody_has_decided_is_no_precedent(at_work: DeskAtWork) -> None:
    tell(at_work, "1")
    tell(at_work, "2")

    assert compared(at_work, "CASE-2").compared == 0


def test_the_same_facts_declined_before_are_told(at_work: DeskAtWork) -> None:
    tell(at_work, "1")
    at_work.say("amelia", "CASE-1", Verdict.REJECT)
    at_work.work()

    tell(at_work, "2")

    unlike = compared(at_work, "CASE-2").unlike
    assert unlike is not None
    assert (unlike.case_id, unlike.agreed) == ("CASE-1", False)


def test_a_decision_elsewhere_leaves_a_proposal_and_its_approvals_as_they_are(at_work: DeskAtWork) -> None:
    tell(at_work, "1")
    tell(at_work, "2")
    before = at_work.proposal("CASE-2").fingerprint
    at_work.say("amelia", "CASE-1")
    at_work.work()

    tell(at_work, "2")

    assert at_work.proposal("CASE-2").fingerprint == before
    assert compared(at_work, "CASE-2").compared == 0
