"""Who asked for a case, handles it or ever did, never decides it; and a lent role counts as its owner's."""

from dataclasses import replace

from cases.case import AwaitingApproval
from cases.people import Delegation, People
from cases.proposal import ApprovalStage, PersonId, Verdict
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import NOON, page, take, ticket
from workflow.approval import AlreadyCounted, Counted, Decided, NotAllowed, Refusal, Word, judge

#: Amelia's and Luca's own ids at the helpdesk.
AMELIA, LUCA = "1003", "1001"
OWN_CASE = NotAllowed(refusal=Refusal.OWN_CASE, roles=("compensation_lead",))


def test_who_asked_for_the_compensation_does_not_approve_it(at_work: DeskAtWork) -> None:
    at_work.tell(ticket(requester=AMELIA))
    at_work.work()

    assert at_work.say("amelia", "CASE-1") == OWN_CASE
    assert at_work.say("amelia", "CASE-1", Verdict.REJECT) == OWN_CASE
    assert isinstance(at_work.case("CASE-1"), AwaitingApproval)
    assert isinstance(at_work.say("wei", "CASE-1"), Decided)


def test_who_unassigns_themselves_first_still_does_not_decide(at_work: DeskAtWork) -> None:
    at_work.tell(ticket(handler=AMELIA))
    at_work.work()
    assert at_work.say("amelia", "CASE-1") == OWN_CASE

    at_work.tell(ticket(handler=None))
    at_work.work()

    assert at_work.say("amelia", "CASE-1") == OWN_CASE
    assert isinstance(at_work.say("wei", "CASE-1"), Decided)


def test_who_handled_it_only_for_a_minute_in_between_does_not_decide(at_work: DeskAtWork) -> None:
    at_work.tell(ticket(handler=LUCA))
    at_work.work()
    at_work.tell(ticket(handler=AMELIA))
    at_work.tell(ticket(handler=LUCA))
    at_work.work()

    assert at_work.say("amelia", "CASE-1") == OWN_CASE


def test_to_change_the_claim_frees_nobody(at_work: DeskAtWork) -> None:
    at_work.tell(ticket(handler=AMELIA))
    at_work.work()

    at_work.tell(ticket(handler=None, loss="W-2"))
    at_work.work()

    assert at_work.say("amelia", "CASE-1") == OWN_CASE


def test_who_handles_a_second_ticket_of_the_loss_does_not_decide(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1"))
    at_work.tell(ticket("2", handler=AMELIA))
    at_work.work()
    at_work.tell(ticket("2", handler=None))

    assert at_work.say("amelia", "CASE-1") == OWN_CASE


def test_who_is_assigned_after_people_were_asked_does_not_decide(at_work: DeskAtWork) -> None:
    at_work.tell(ticket())
    at_work.work()

    at_work.tell(ticket(handler=AMELIA))

    assert at_work.say("amelia", "CASE-1") == OWN_CASE


def test_who_handled_a_ticket_before_it_asked_for_anything_does_not_decide(at_work: DeskAtWork) -> None:
    at_work.tell(ticket(topic=None, handler=AMELIA))
    at_work.tell(ticket(topic=None, handler=None))

    at_work.tell(ticket(handler=LUCA))
    at_work.work()

    assert at_work.say("amelia", "CASE-1") == OWN_CASE
    assert isinstance(at_work.say("wei", "CASE-1"), Decided)


def test_who_is_known_from_an_export_only_and_gone_since_does_not_decide(at_work: DeskAtWork) -> None:
    take(at_work.intake, page(ticket(topic=None, handler=AMELIA)), now=at_work.time())
    later = replace(ticket(topic=None), updated_at=NOON.replace(minute=1))
    take(at_work.intake, page(later), now=at_work.time())

    at_work.time.pass_by(minutes=5)
    at_work.tell(ticket())
    at_work.work()

    assert at_work.say("amelia", "CASE-1") == OWN_CASE


def test_who_handled_a_ticket_of_a_paid_case_for_a_while_does_not_decide_what_it_is_corrected_to(
    at_work: DeskAtWork,
) -> None:
    at_work.tell(ticket())
    at_work.work()
    at_work.say("wei", "CASE-1")
    at_work.work()
    at_work.tell(ticket(handler=AMELIA))
    at_work.tell(ticket(handler=None))

    at_work.tell(ticket(loss="W-5"))
    at_work.work()

    assert at_work.say("amelia", "CASE-2") == OWN_CASE
    assert isinstance(at_work.say("wei", "CASE-2"), Decided)


# --- A role that was lent ------------------------------------------------------------------------------------------


def lend(at_work: DeskAtWork, giver: str, to: str) -> None:
    """Let somebody lend their first role to another, for today."""
    people = at_work.desk.people
    owner, borrower = people.by_id(giver), people.by_id(to)
    assert owner is not None
    assert borrower is not None
    lent = Delegation(
        giver=PersonId(giver),
        authority=owner.authorities[0],
        starts_at=NOON,
        ends_at=NOON.replace(hour=23),
    )
    both = tuple(replace(each, delegations=(lent,)) if each.id == borrower.id else each for each in people.everyone)
    at_work.desk = replace(at_work.desk, people=People(everyone=both))


def with_two_leads(at_work: DeskAtWork) -> AwaitingApproval:
    """Return the case that waits, as if its policy asked for two leads."""
    case = at_work.case("CASE-1")
    assert isinstance(case, AwaitingApproval)
    two = (ApprovalStage(roles=("compensation_lead",), quorum=2),)
    return replace(case, proposal=replace(case.proposal, approvals=two))


def yes(case: AwaitingApproval) -> Word:
    return Word(
        fingerprint=case.proposal.fingerprint,
        verdict=Verdict.APPROVE,
        reason_code=None,
        comment=None,
        said_at=NOON.replace(hour=13),
        via="slack",
    )


def test_a_lead_and_who_borrowed_her_role_are_one_of_two(at_work: DeskAtWork) -> None:
    lend(at_work, "amelia", "luca")
    at_work.tell(ticket())
    at_work.work()
    case = with_two_leads(at_work)
    amelia, luca, wei = (at_work.desk.people.by_id(each) for each in ("amelia", "luca", "wei"))
    assert amelia is not None
    assert luca is not None
    assert wei is not None

    for first, second in ((amelia, luca), (luca, amelia)):
        said = judge(case, first, yes(case), handlers=())
        assert isinstance(said, Counted)
        halfway = replace(case, approvals=(said.decision,))
        repeated = judge(halfway, second, yes(case), handlers=())

        assert isinstance(repeated, NotAllowed | AlreadyCounted)
        assert isinstance(judge(halfway, wei, yes(case), handlers=()), Decided)


def test_a_role_lent_by_who_handles_the_ticket_decides_nothing(at_work: DeskAtWork) -> None:
    lend(at_work, "amelia", "luca")
    at_work.tell(ticket(handler=AMELIA))
    at_work.work()

    assert at_work.say("luca", "CASE-1") == NotAllowed(refusal=Refusal.NO_ROLE, roles=("compensation_lead",))
    assert isinstance(at_work.case("CASE-1"), AwaitingApproval)


def test_a_lent_role_decides_what_its_owner_could_and_says_whose_it_was(at_work: DeskAtWork) -> None:
    lend(at_work, "amelia", "luca")
    at_work.tell(ticket())
    at_work.work()

    said = at_work.say("luca", "CASE-1")

    assert isinstance(said, Decided)
    assert (said.decision.person, said.decision.lent_by) == ("luca", "amelia")
