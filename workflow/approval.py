"""Who may say yes or no to a proposal, and what each word leads to; pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cases.case import AwaitingApproval
from cases.people import Authority, Person
from cases.proposal import Decision, PersonId, Proposal, Verdict


class Refusal(StrEnum):
    """Why a person may not decide this proposal."""

    UNKNOWN_PERSON = "unknown_person"
    NO_ROLE = "no_role"
    ABOVE_LIMIT = "above_limit"
    OWN_CASE = "own_case"
    OWN_PROPOSAL = "own_proposal"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The word counts, and more people are needed. `given` of `needed` approvals are there at `roles`' stage."""

    decision: Decision
    given: int
    needed: int
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """This word settled it: approved by enough people, or rejected."""

    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyCounted:
    """The same person said the same before; nothing changed. `decision` is what they said then."""

    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLate:
    """It was settled before. `decision` says by whom, what and when; None when no person decided it."""

    decision: Decision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """The word was given for an older proposal; `proposal` is the one that counts now, None when there is none."""

    proposal: Proposal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAllowed:
    """The person may not decide this; `roles` are those that could."""

    refusal: Refusal
    roles: tuple[str, ...]


Outcome = Counted | Decided | AlreadyCounted | TooLate | Stale | NotAllowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What one person said, before it is known whether it counts.

    Fields:
        fingerprint: Which proposal it is about, see `Proposal.fingerprint`.
        verdict: Approve or reject.
        reason_code: One of the closed list for a rejection; None for an approval.
        comment: Free text; None when nothing was said.
        said_at: Aware, UTC.
        via: "slack", "cli".
    """

    fingerprint: str
    verdict: Verdict
    reason_code: str | None
    comment: str | None
    said_at: datetime
    via: str


def open_stage(proposal: Proposal, approvals: tuple[Decision, ...]) -> int | None:
    """Return the first approval stage that still lacks people; None when every stage has enough."""
    for number, stage in enumerate(proposal.approvals):
        if _people_at(approvals, number) < stage.quorum:
            return number
    return None


def judge(case: AwaitingApproval, person: Person, word: Word, *, handlers: tuple[PersonId, ...]) -> Outcome:
    """Return what this word leads to; nothing is changed here.

    `handlers` are the people who handle the case or asked for it: they never decide it. One person counts once over
    all stages, so that a quorum is of distinct natural persons. A rejection needs a role of any stage and no limit.
    """
    proposal = case.proposal
    if word.fingerprint != proposal.fingerprint:
        return Stale(proposal=proposal)
    earlier = next((each for each in case.approvals if person.id in {each.person, each.lent_by}), None)
    if earlier is not None and word.verdict is Verdict.APPROVE:
        return AlreadyCounted(decision=earlier)
    number = open_stage(proposal, case.approvals)
    stage = proposal.approvals[number or 0]
    asked = tuple(dict.fromkeys(role for each in proposal.approvals for role in each.roles))
    roles = stage.roles if word.verdict is Verdict.APPROVE else asked
    gone = {*handlers, proposal.proposed_by, *(owner(each) for each in case.approvals)}
    found = _authority(person, proposal, word, roles, handlers, gone)
    if isinstance(found, Refusal):
        return NotAllowed(refusal=found, roles=roles)
    decision = Decision(
        case_id=case.about.id,
        fingerprint=word.fingerprint,
        verdict=word.verdict,
        person=person.id,
        role=found.role,
        stage=number or 0,
        reason_code=word.reason_code,
        comment=word.comment,
        decided_at=word.said_at,
        via=word.via,
        lent_by=found.lent_by,
    )
    if word.verdict is Verdict.REJECT:
        return Decided(decision=decision)
    approvals = (*case.approvals, decision)
    following = open_stage(proposal, approvals)
    if following is None:
        return Decided(decision=decision)
    waiting = proposal.approvals[following]
    return Counted(
        decision=decision, given=_people_at(approvals, following), needed=waiting.quorum, roles=waiting.roles
    )


def owner(decision: Decision) -> PersonId:
    """Return whose authority a decision used up: the lender's, when it was lent."""
    return decision.lent_by or decision.person


def _authority(  # noqa: PLR0917  # Who, on what, in which roles, and who is out of it.
    person: Person,
    proposal: Proposal,
    word: Word,
    roles: tuple[str, ...],
    handlers: tuple[PersonId, ...],
    gone: set[str],
) -> Authority | Refusal:
    """Return the authority that lets this person speak; one that was lent counts only where its owner's own would."""
    if person.id in handlers:
        return Refusal.OWN_CASE
    if proposal.proposed_by == person.id:
        return Refusal.OWN_PROPOSAL
    held = [each for each in person.authorities_at(word.said_at) if each.role in roles and each.lent_by not in gone]
    if not held:
        return Refusal.NO_ROLE
    if word.verdict is Verdict.REJECT:
        return held[0]
    return next((each for each in held if each.covers(proposal.amount)), Refusal.ABOVE_LIMIT)


def _people_at(approvals: tuple[Decision, ...], stage: int) -> int:
    return len({owner(each) for each in approvals if each.stage == stage})
