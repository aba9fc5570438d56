"""All books side by side: the sandbox's tickets, Slack and payments, our cases and our ledger."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cases.case import Approved, AwaitingApproval, Case, Closed, NeedsAttention, Paid, Stage, proposal_of
from cases.money import Money
from cases.ticket import Ticket, TicketRef
from makewhole.assembly import House
from makewhole.demo.elsewhere import not_passed_on, read_elsewhere
from makewhole.demo.elsewhere import problems as problems_elsewhere
from makewhole.sandboxed import Sandbox
from makewhole.verifying import in_words, verify_books
from sandbox.seed.desks import ExpectedElsewhere
from sandbox.seed.expected import Expected
from store import tickets
from store.cases import StoredCase

_MARK = re.compile(r"\[makewhole (CASE-\d+/\d+)\]\s*$")
_HEADLINE = re.compile(r"Compensation [A-Z ]+ · .* · CASE-\d+")


@dataclass(slots=True)
class Compared:
    """What was found; `problems` is empty when nothing is missing or doubled."""

    counts: dict[str, int] = field(default_factory=dict)
    ledger_sum: dict[str, str] = field(default_factory=dict)
    audit_holds: bool = False
    doubled: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)

    @property
    def fine(self) -> bool:
        """Whether nothing is missing, doubled or other than expected."""
        return self.audit_holds and not (self.doubled or self.lost or self.differs)


def compare(
    house: House, sandbox: Sandbox, expected: tuple[Expected, ...], elsewhere: tuple[ExpectedElsewhere, ...]
) -> Compared:
    """Return what all books say of the day."""
    vendor: dict[int, Any] = {each["id"]: each for each in _listed(sandbox, "/zendesk/_sandbox/state", "tickets")}
    refs = tuple(TicketRef(vendor="zendesk", account="harbor", key=str(key)) for key in vendor)
    with house.database.read() as connection:
        stored = {str(each.case.about.id): each for each in house.desk.cases.each(connection)}
        mirrored = {ref.key: each.ticket for ref, each in tickets.known(connection, refs).items()}
    found = Compared()
    _compare_mirror(found, mirrored, vendor)
    _compare_payments(found, stored, _listed(sandbox, "/payouts/_sandbox/state", "payments"))
    _compare_slack(found, stored, _listed(sandbox, "/slack/_sandbox/state", "messages"))
    _compare_tickets(found, stored, vendor)
    _compare_outcomes(found, stored, expected)
    others = read_elsewhere(sandbox)
    found.differs += problems_elsewhere(house, others, elsewhere) + not_passed_on(house, sandbox)
    problems, sums = verify_books(house)
    found.audit_holds = not problems
    found.differs += problems
    found.ledger_sum = in_words(sums)
    stages = Counter(_outcome(each.case) for each in stored.values())
    found.counts |= {
        "tickets": len(mirrored) + len(others),
        "cases": len(stored),
        "proposed": sum(each.case.about.revisions > 0 for each in stored.values()),
        "approved": stages[Stage.PAID] + stages[Stage.APPROVED] + _failed_payouts(stored),
        "declined": stages[Stage.DECLINED],
        "needs_attention": stages[Stage.NEEDS_ATTENTION],
        "paid": stages[Stage.PAID],
    }
    return found


def _listed(sandbox: Sandbox, path: str, name: str) -> list[dict[str, Any]]:
    listed = sandbox.get(path)[name]
    return listed if isinstance(listed, list) else []


def _compare_mirror(found: Compared, mirrored: Mapping[str, Ticket], vendor: Mapping[int, dict[str, Any]]) -> None:
    for key, theirs in vendor.items():
        ours = mirrored.get(str(key))
        if ours is None:
            found.lost.append(f"ticket {key}: not mirrored")
        elif theirs["status"] == ours.status_text == "deleted":
            continue  # The mirror keeps no words of it.
        elif (ours.status_text, ours.subject, set(ours.tags)) != (
            theirs["status"],
            theirs["subject"],
            set(theirs["tags"]),
        ):
            found.differs.append(f"ticket {key}: the mirror says {ours.status_text}, the vendor {theirs['status']}")


def _compare_payments(found: Compared, stored: Mapping[str, StoredCase], payments: list[dict[str, Any]]) -> None:
    moved = [each for each in payments if each["status"] != "failed"]
    found.counts["provider_payments"] = len(moved)
    by_reference: dict[str, list[dict[str, Any]]] = {}
    for payment in moved:
        by_reference.setdefault(payment["reference"], []).append(payment)
    for case_id, each in stored.items():
        made = by_reference.pop(f"mw-{case_id}", [])
        owed = _paid(each.case)
        if len(made) > 1:
            found.doubled.append(f"{case_id}: paid {len(made)} times")
        if owed is not None and not made:
            found.lost.append(f"{case_id}: {owed} approved, and the provider paid nothing")
        if made and owed is None:
            found.differs.append(f"{case_id}: the provider paid {made[0]['amount']}, the case says nothing was")
        if made and owed is not None and Money.exactly(made[0]["amount"], made[0]["asset"]) != owed:
            found.differs.append(f"{case_id}: the provider paid {made[0]['amount']}, the case says {owed}")
    found.differs += [f"{reference}: paid for no case" for reference in by_reference]


def _compare_slack(found: Compared, stored: Mapping[str, StoredCase], messages: list[dict[str, Any]]) -> None:
    marks = Counter(_mark_of(each) for each in messages if not each["is_deleted"])
    found.doubled += [f"Slack: {mark} posted {times} times" for mark, times in marks.items() if mark and times > 1]
    cards = {_mark_of(each): each for each in messages}
    for case_id, each in stored.items():
        card = cards.get(f"card/{case_id}")
        if card is None:
            found.lost.append(f"{case_id}: no card in Slack")
            continue
        buttons = any(block["type"] == "actions" for block in card["blocks"])
        if buttons != isinstance(each.case, AwaitingApproval):
            found.differs.append(f"{case_id}: {each.case.stage}, but its card {'has' if buttons else 'lacks'} buttons")


def _compare_tickets(found: Compared, stored: Mapping[str, StoredCase], vendor: Mapping[int, dict[str, Any]]) -> None:
    told = 0
    for case_id, each in stored.items():
        for ref in each.case.about.tickets:
            if ref.vendor != "zendesk":
                continue  # See elsewhere.py.
            ticket = vendor[int(ref.key)]
            if ticket["status"] in {"closed", "deleted"}:
                continue
            state = {row["id"]: row["value"] for row in ticket["custom_fields"]}.get(900011)
            if state == _outcome(each.case):
                told += 1
            else:
                found.lost.append(f"ticket {ref.key}: says {state}, {case_id} is {_outcome(each.case)}")
    for key, ticket in vendor.items():
        notes = [each for each in ticket["comments"] if _HEADLINE.search(each["body"])]
        marks = Counter(match[1] for each in notes if (match := _MARK.search(each["body"])))
        found.doubled += [f"ticket {key}: note {mark} {times} times" for mark, times in marks.items() if times > 1]
        found.differs += [f"ticket {key}: a note is public" for each in notes if each["public"]]
    found.counts["written_back"] = told


def _compare_outcomes(found: Compared, stored: Mapping[str, StoredCase], expected: tuple[Expected, ...]) -> None:
    case_of = {ref.key: each for each in stored.values() for ref in each.case.about.tickets if ref.vendor == "zendesk"}
    for each in expected:
        ours = case_of.get(str(each.ticket_id))
        said = _said(ours, case_of, each)
        if said:
            found.differs.append(f"ticket {each.ticket_id}: expected {each.outcome}, {said}")


def _said(ours: StoredCase | None, case_of: Mapping[str, StoredCase], expected: Expected) -> str | None:
    """Return how our case differs from what the seed's authors worked out by hand; None when it does not."""
    match expected.outcome:
        case "no_case" | "merged" | "deleted":
            return None if ours is None else f"but {ours.case.about.id} was opened"
        case "same_case":
            same = case_of.get(str(expected.same_as))
            return None if ours is not None and ours == same else f"but it is not in the case of {expected.same_as}"
        case "needs_attention":
            return None if ours and isinstance(ours.case, NeedsAttention) else "but the case does not need it"
        case "proposal" if ours is None:
            return "but there is no case"
        case _:
            return _proposed_otherwise(ours.case if ours else None, expected)


def _proposed_otherwise(case: Case | None, expected: Expected) -> str | None:
    if expected.classification == "individual_review":
        return None if isinstance(case, NeedsAttention) else "but nobody reviews it"
    proposal = proposal_of(case) if case else None
    if proposal is None:
        return "but nothing was proposed"
    wanted = Money.exactly(expected.amount or "0", expected.asset or "USDT")
    amount = proposal.amount or Money(minor=0, code=wanted.code)
    if (proposal.classification, amount) != (expected.classification, wanted):
        return f"{expected.classification} {wanted}, but proposed {proposal.classification} {amount}"
    return None


def _outcome(case: Case) -> str:
    return str(case.settled.stage if isinstance(case, Closed) else case.stage)


def _paid(case: Case) -> Money | None:
    told = case.settled if isinstance(case, Closed) else case
    return told.amount if isinstance(told, Paid | Approved) else None


def _failed_payouts(stored: Mapping[str, StoredCase]) -> int:
    return sum(
        isinstance(each.case, NeedsAttention) and each.case.reason.startswith("The payout") for each in stored.values()
    )


def _mark_of(message: dict[str, Any]) -> str | None:
    mark = ((message.get("metadata") or {}).get("event_payload") or {}).get("mark")
    return mark if isinstance(mark, str) and mark.startswith("card/") else None
