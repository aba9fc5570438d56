"""Who may say yes or no, and what each word leads to."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.case import AwaitingApproval
from cases.money import Money
from cases.people import Authority, Delegation, Person
from cases.proposal import ApprovalStage, Decision, PersonId, Proposal, Verdict
from tests.payouts.orders import NOON, a_proposal, about
from workflow.approval import (
    AlreadyCounted,
    Counted,
    Decided,
    NotAllowed,
    Outcome,
    Refusal,
    Stale,
    Word,
    judge,
    open_stage,
    owner,
)

LEAD = ApprovalStage(roles=("compensation_lead",), quorum=1)
TWO_LEADS = ApprovalStage(roles=("compensation_lead", "head_of_support"), quorum=2)
FINANCE = ApprovalStage(roles=("finance",), quorum=1)
ASKED_AT = NOON


def person(name: str, *roles: str, limit: str = "1000", lent: tuple[Delegation, ...] = ()) -> Person:
    limits = (Money.exactly(limit, "USDT"),)
    return Person(
        id=PersonId(name),
        name=name.title(),
        locale="en",
        slack_id=None,
        helpdesk_ids=(),
        authorities=tuple(Authority(role=role, limits=limits) for role in roles),
        delegations=lent,
        notified=True,
    )


AMELIA = person("amelia", "compensation_lead")
WEI = person("wei", "compensation_lead")
YUKI = person("yuki", "head_of_support")
NOAH = person("noah", "finance")
LUCA = person("luca")


def asked(
    *stages: ApprovalStage, amount: str = "180.50 USDT", approvals: tuple[Decision, ...] = ()
) -> AwaitingApproval:
    proposal = a_proposal(amount=amount, approvals=stages)
    return AwaitingApproval(
        about=about(), proposal=proposal, approvals=approvals, asked_at=ASKED_AT, decide_by=NOON + timedelta(hours=24)
    )


def word(
    proposal: Proposal, verdict: Verdict = Verdict.APPROVE, *, at: datetime = NOON, reason: str | None = None
) -> Word:
    return Word(
        fingerprint=proposal.fingerprint, verdict=verdict, reason_code=reason, comment=None, said_at=at, via="slack"
    )


def said(
    case: AwaitingApproval,
    who: Person,
    verdict: Verdict = Verdict.APPROVE,
    *,
    handlers: tuple[str, ...] = (),
    **more: Any,
) -> Outcome:
    return judge(case, who, word(case.proposal, verdict, **more), handlers=tuple(map(PersonId, handlers)))


def after(case: AwaitingApproval, *people: Person) -> AwaitingApproval:
    """Return the case once these people have agreed."""
    for who in people:
        outcome = said(case, who)
        assert isinstance(outcome, Counted)
        case = replace(case, approvals=(*case.approvals, outcome.decision))
    return case


def refused(outcome: Outcome) -> tuple[Refusal, tuple[str, ...]]:
    assert isinstance(outcome, NotAllowed)
    return outcome.refusal, outcome.roles


def test_the_one_person_who_is_asked_decides() -> None:
    case = asked(LEAD)

    outcome = said(case, AMELIA)

    assert outcome == Decided(
        decision=Decision(
            case_id=case.about.id,
            fingerprint=case.proposal.fingerprint,
            verdict=Verdict.APPROVE,
            person=PersonId("amelia"),
            role="compensation_lead",
            stage=0,
            reason_code=None,
            comment=None,
            decided_at=NOON,
            via="slack",
        )
    )


def test_each_stage_is_asked_in_its_turn() -> None:
    case = asked(LEAD, FINANCE)
    assert refused(said(case, NOAH)) == (Refusal.NO_ROLE, ("compensation_lead",))

    first = said(case, AMELIA)

    assert isinstance(first, Counted)
    assert (first.given, first.needed, first.roles) == (0, 1, ("finance",))
    case = after(case, AMELIA)
    assert refused(said(case, WEI)) == (Refusal.NO_ROLE, ("finance",))
    last = said(case, NOAH)
    assert isinstance(last, Decided)
    assert (last.decision.person, last.decision.role, last.decision.stage) == ("noah", "finance", 1)


def test_a_stage_of_two_takes_two_people() -> None:
    case = asked(TWO_LEADS)

    first = said(case, AMELIA)

    assert isinstance(first, Counted)
    assert (first.given, first.needed, first.roles) == (1, 2, TWO_LEADS.roles)
    case = after(case, AMELIA)
    again = said(case, AMELIA)
    assert again == AlreadyCounted(decision=case.approvals[0])
    assert isinstance(said(case, YUKI), Decided)


def test_who_agreed_at_one_stage_does_not_count_at_the_next() -> None:
    both = person("both", "compensation_lead", "finance")
    case = after(asked(LEAD, FINANCE), both)

    assert said(case, both) == AlreadyCounted(decision=case.approvals[0])


def test_a_word_on_an_older_proposal_is_stale_whoever_says_it() -> None:
    case = asked(LEAD)
    older = word(replace(case.proposal, revision=0))

    for who in (AMELIA, LUCA):
        assert judge(case, who, older, handlers=()) == Stale(proposal=case.proposal)


@pytest.mark.parametrize("verdict", Verdict)
def test_who_handles_the_case_never_decides_it(verdict: Verdict) -> None:
    assert refused(said(asked(LEAD), AMELIA, verdict, handlers=("luca", "amelia")))[0] is Refusal.OWN_CASE


@pytest.mark.parametrize("verdict", Verdict)
def test_who_proposed_it_never_decides_it(verdict: Verdict) -> None:
    case = asked(LEAD)
    own = replace(case, proposal=replace(case.proposal, proposed_by="amelia"))

    assert refused(said(own, AMELIA, verdict))[0] is Refusal.OWN_PROPOSAL


@pytest.mark.parametrize(("amount", "allowed"), [("1000 USDT", True), ("1000.000001 USDT", False), ("1 EUR", False)])
def test_an_approval_needs_a_limit_that_covers_the_whole_amount(amount: str, *, allowed: bool) -> None:
    outcome = said(asked(LEAD, amount=amount), AMELIA)

    assert isinstance(outcome, Decided) is allowed
    if not allowed:
        assert refused(outcome) == (Refusal.ABOVE_LIMIT, ("compensation_lead",))


def test_the_authority_with_the_higher_limit_counts() -> None:
    two = replace(AMELIA, authorities=(*AMELIA.authorities, *person("", "compensation_lead", limit="5000").authorities))

    assert isinstance(said(asked(LEAD, amount="4000 USDT"), two), Decided)


def test_a_rejection_needs_a_role_of_any_stage_and_no_limit() -> None:
    case = asked(LEAD, FINANCE, amount="900000 USDT")

    outcome = said(case, NOAH, Verdict.REJECT, reason="evidence_missing")

    assert isinstance(outcome, Decided)
    decision = outcome.decision
    assert (decision.verdict, decision.role, decision.reason_code) == (Verdict.REJECT, "finance", "evidence_missing")
    assert refused(said(case, LUCA, Verdict.REJECT)) == (Refusal.NO_ROLE, ("compensation_lead", "finance"))


def test_who_agreed_may_still_say_no() -> None:
    case = after(asked(TWO_LEADS), AMELIA)

    outcome = said(case, AMELIA, Verdict.REJECT, reason="amount_wrong")

    assert isinstance(outcome, Decided)
    assert outcome.decision.verdict is Verdict.REJECT


def test_a_lent_role_counts_while_it_is_lent() -> None:
    day = timedelta(days=1)
    lent = Delegation(giver=WEI.id, authority=WEI.authorities[0], starts_at=NOON, ends_at=NOON + day)
    luca = person("luca", lent=(lent,))

    during = said(asked(LEAD), luca, at=NOON)
    assert isinstance(during, Decided)
    assert (during.decision.person, owner(during.decision)) == ("luca", "wei")
    assert refused(said(asked(LEAD), luca, at=NOON + day))[0] is Refusal.NO_ROLE
    assert refused(said(asked(LEAD), luca, at=NOON - day))[0] is Refusal.NO_ROLE


def test_a_role_that_was_lent_and_its_owner_are_one_person() -> None:
    lent = Delegation(giver=WEI.id, authority=WEI.authorities[0], starts_at=NOON, ends_at=NOON + timedelta(days=1))
    luca = person("luca", lent=(lent,))

    after_wei, after_luca = after(asked(TWO_LEADS), WEI), after(asked(TWO_LEADS), luca)

    assert refused(said(after_wei, luca))[0] is Refusal.NO_ROLE
    assert said(after_luca, WEI) == AlreadyCounted(decision=after_luca.approvals[0])


def test_an_approval_for_a_stage_that_is_full_opens_the_next() -> None:
    case = after(asked(LEAD, FINANCE), AMELIA)

    assert open_stage(case.proposal, ()) == 0
    assert open_stage(case.proposal, case.approvals) == 1


ROLES = ("compensation_lead", "head_of_support", "finance")
roles = st.lists(st.sampled_from(ROLES), unique=True, min_size=1, max_size=3)
stages = st.lists(
    st.builds(
        ApprovalStage,
        roles=st.lists(st.sampled_from(ROLES), unique=True, min_size=1, max_size=3).map(tuple),
        quorum=st.integers(min_value=1, max_value=2),
    ),
    min_size=1,
    max_size=2,
)


@st.composite
def crowds(draw: st.DrawFn) -> tuple[Person, ...]:
    """Return six people with roles, limits and roles lent among them."""
    people = [
        person(f"p{number}", *draw(roles), limit=draw(st.sampled_from(("1000", "100", "1000")))) for number in range(6)
    ]
    for number in draw(st.lists(st.integers(min_value=0, max_value=5), max_size=3)):
        giver = draw(st.sampled_from(people))
        if giver.authorities and giver.id != people[number].id:
            lent = Delegation(
                giver=giver.id,
                authority=giver.authorities[0],
                starts_at=NOON,
                ends_at=NOON + timedelta(hours=draw(st.integers(min_value=0, max_value=1))),
            )
            people[number] = replace(people[number], delegations=(*people[number].delegations, lent))
    return tuple(people)


@given(stages, crowds(), st.sampled_from(("50 USDT", "500 USDT")), st.data())
def test_nothing_is_ever_approved_without_enough_allowed_people_at_each_stage(
    needed: list[ApprovalStage], people: tuple[Person, ...], amount: str, data: Any
) -> None:
    handlers = tuple(data.draw(st.lists(st.sampled_from([each.id for each in people]), max_size=1)))
    case = asked(*needed, amount=amount)
    case = replace(case, proposal=replace(case.proposal, proposed_by=data.draw(st.sampled_from(("policy", "p0")))))
    outcome: Outcome | None = None

    for who in data.draw(st.lists(st.sampled_from(people), min_size=6, max_size=20)):
        outcome = said(case, who, handlers=handlers)
        if isinstance(outcome, Counted):
            case = replace(case, approvals=(*case.approvals, outcome.decision))
        if isinstance(outcome, Decided):
            break

    approvals = (*case.approvals, outcome.decision) if isinstance(outcome, Decided) else case.approvals
    forbidden = {*handlers, case.proposal.proposed_by}
    by_id = {each.id: each for each in people}
    assert len({owner(each) for each in approvals}) == len(approvals)
    for each in approvals:
        assert not {each.person, owner(each)} & forbidden
        held = by_id[owner(each)].authorities
        assert any(one.role == each.role and one.covers(case.proposal.amount) for one in held)
        assert each.role in needed[each.stage].roles
    counts = [sum(each.stage == number for each in approvals) for number in range(len(needed))]
    enough = counts == [stage.quorum for stage in needed]
    assert isinstance(outcome, Decided) is enough
