"""What a ticket is told at each change of state: one internal note, fields that hold the truth, tags. Pure."""

from cases.case import (
    Approved,
    AwaitingApproval,
    Case,
    Declined,
    Joined,
    NeedsAttention,
    Paid,
    Stage,
    proposal_of,
)
from cases.money import Money
from cases.parts_told import parts_told
from cases.proposal import CaseId, Decision, Proposal
from cases.ticket import TicketRef
from connectors.contract import TicketUpdate

TAG = "mw_state_"
LONGEST_LINE = 1_500
TOLD = (
    Stage.AWAITING_APPROVAL,
    Stage.APPROVED,
    Stage.DECLINED,
    Stage.PAID,
    Stage.NEEDS_ATTENTION,
    Stage.JOINED,
)
_HEADLINE = {
    Stage.AWAITING_APPROVAL: "PROPOSED",
    Stage.APPROVED: "APPROVED",
    Stage.DECLINED: "DECLINED",
    Stage.PAID: "PAID",
    Stage.NEEDS_ATTENTION: "NEEDS ATTENTION",
    Stage.JOINED: "JOINED",
}


def update_for(case: Case, *, version: int, ref: TicketRef, url: str) -> TicketUpdate | None:
    """Return what to write to this ticket; None for a stage that tickets are not told of."""
    if case.stage not in TOLD:
        return None
    proposal, amount = proposal_of(case), _amount(case)
    money = str(amount) if amount else "no amount"
    said = [_one_line(line) for line in _lines(case)]
    lines = [f"Compensation {_HEADLINE[case.stage]} · {money} · {case.about.id}", *said, f"Case: {url}"]
    return TicketUpdate(
        ref=ref,
        mark=f"{case.about.id}/{version}",
        note="\n".join(lines),
        fields=(
            ("mw_state", str(case.stage)),
            ("mw_amount", amount.text() if amount else ""),
            ("mw_currency", amount.code if amount else ""),
            ("mw_reason", said[0] if isinstance(case, NeedsAttention) or proposal is None else proposal.reason),
            ("mw_case_url", url),
        ),
        add_tags=("makewhole", f"{TAG}{case.stage}"),
        remove_tags=tuple(f"{TAG}{stage}" for stage in TOLD if stage is not case.stage),
    )


def question_for(mark: str, ref: TicketRef, person: str, words: str) -> TicketUpdate:
    """Return the note that puts an approver's question to the ticket's agent."""
    lines = [f"Compensation QUESTION · {mark.partition('/')[0]}", _one_line(f"{person} asks: {words}")]
    note = "\n".join([*lines, "Answer with an internal note on this ticket."])
    return TicketUpdate(ref=ref, mark=mark, note=note, fields=(), add_tags=("makewhole",), remove_tags=())


def farewell_for(case_id: CaseId, *, version: int, ref: TicketRef) -> TicketUpdate:
    """Return what tells a ticket that it was taken out of a case: its fields and tags hold nothing of it any more."""
    return TicketUpdate(
        ref=ref,
        mark=f"{case_id}/{version}",
        note=f"Compensation SPLIT · no amount · {case_id}\nThis ticket tells of {case_id} no more.",
        fields=tuple((name, "") for name in ("mw_state", "mw_amount", "mw_currency", "mw_reason", "mw_case_url")),
        add_tags=(),
        remove_tags=("makewhole", *(f"{TAG}{stage}" for stage in TOLD)),
    )


def _one_line(words: str) -> str:
    """Return words on one line, so that nobody's words can pass for a line of ours."""
    return " ".join(words.split())[:LONGEST_LINE]


def _lines(case: Case) -> list[str]:
    match case:
        case AwaitingApproval():
            return [*_why(case.proposal), *parts_told(case), *_asked(case.proposal)]
        case Approved():
            going = parts_told(case) or ("The payout is under way.",)
            return [*_why(case.proposal), *_approvers(case.approvals), *going]
        case Paid():
            whole = f"Paid {case.paid_at:%Y-%m-%d %H:%M} UTC, provider reference {case.reference}"
            paid = parts_told(case) or (whole,)
            return [*_why(case.proposal), *_approvers(case.approvals), *paid, *_customer_text(case.proposal)]
        case Declined():
            return [*_why(case.proposal), *_refusal(case.decision), *_customer_text(case.proposal)]
        case NeedsAttention():
            missing = [f"Missing: {', '.join(case.missing)}"] if case.missing else []
            return [case.reason, *missing, *(parts_told(case) if case.unsettled else ())]
        case Joined():
            return [f"This loss is handled in {case.into}."]
        case _:
            return []


def _why(proposal: Proposal) -> list[str]:
    return [
        f"{proposal.classification.replace('_', ' ')}: {proposal.reason}",
        f"Policy {proposal.policy_id} version {proposal.policy_version}, revision {proposal.revision}",
    ]


def _asked(proposal: Proposal) -> list[str]:
    stages = [f"{stage.quorum} × {' or '.join(stage.roles)}" for stage in proposal.approvals]
    return [f"Waiting for approval by {', then '.join(stages)}"] if stages else []


def _approvers(approvals: tuple[Decision, ...]) -> list[str]:
    people = [f"{each.person} ({each.role}) {each.decided_at:%Y-%m-%d %H:%M} UTC" for each in approvals]
    return [f"Approved by {', '.join(people)}"] if people else []


def _refusal(decision: Decision | None) -> list[str]:
    if decision is None:
        return ["Declined by the policy; no person was asked."]
    said = f": {decision.comment}" if decision.comment else ""
    return [f"Declined by {decision.person} ({decision.role}), reason {decision.reason_code}{said}"]


def _customer_text(proposal: Proposal) -> list[str]:
    return [f"For the customer ({language}): {text}" for language, text in proposal.customer_text]


def _amount(case: Case) -> Money | None:
    match case:
        case Declined() | NeedsAttention():
            return None
        case Approved() | Paid():
            return case.amount
        case AwaitingApproval():
            return case.proposal.amount
        case _:
            return None
