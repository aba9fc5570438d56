"""`makewhole payout`: payouts that wait for a person, and what the person found out."""

from pathlib import Path

import sqlalchemy as sa

from cases.case import NeedsAttention, Stage, stopped_parts
from cases.proposal import CaseId
from makewhole.opening import looked_into
from makewhole.printing import print_json, table, to_people
from payouts.attempt import NotForThis
from store import books
from store.books import StoredPayout
from store.cases import CaseRepository, NoSuchCase
from workflow.paying import Finding, resolve

MOST = 1_000


def list_unsettled(settings: Path, *, as_json: bool) -> int:
    """Print every payout that waits for a person: it may have moved money, or others of its case have."""
    with looked_into(settings) as house, house.database.read() as connection:
        found = _unsettled(house.desk.cases, connection)
    rows = [
        {
            "case": str(each.approved.about.id),
            "part": each.part or None,
            "amount": str(each.pays),
            "payee": str(each.approved.proposal.payee),
            "state": str(each.attempt.state),
            "provider_id": each.attempt.provider_id,
            "why": each.attempt.held or each.attempt.reason,
        }
        for each in found
    ]
    if as_json:
        print_json({"payouts": rows})
    elif rows:
        headings = ["Case", "Part", "Amount", "Payee", "State", "Provider id", "Why"]
        to_people().print(table(headings, [list(row.values()) for row in rows]))
    else:
        to_people().print("No payout waits for a person.")
    return 0


def settle_payout(  # Which payout, who found what.
    settings: Path,
    case_id: str,
    finding: Finding,
    *,
    person: str,
    provider_id: str = "",
    part: int | None = None,
    as_json: bool,
) -> int:
    """Take in what a person found out; returns 1 when the case has no such payout, 2 for an unknown person."""
    with looked_into(settings) as house:
        if house.desk.people.by_id(person) is None:
            to_people().print(f"{person} is not in the people file.", markup=False)
            return 2
        try:
            with house.database.begin() as tx:
                found = resolve(
                    house.desk,
                    tx,
                    CaseId(case_id),
                    finding,
                    person=person,
                    provider_id=provider_id,
                    part=part,
                    now=house.clock(),
                )
        except (NoSuchCase, NotForThis) as problem:
            to_people().print(str(problem), markup=False)
            return 1
    if as_json:
        print_json({"case": case_id, "part": part, "finding": str(finding), "taken": found})
    else:
        none = "has no payout that waits for a person; `makewhole payout list` shows them, --part says which of several"
        said = "is taken in" if found else none
        to_people().print(f"{case_id} {said}.", markup=False)
    return 0 if found else 1


def _unsettled(cases: CaseRepository, connection: sa.Connection) -> list[StoredPayout]:
    waiting = (each.case for each in cases.list(connection, stage=Stage.NEEDS_ATTENTION, limit=MOST))
    approved = [case.unsettled for case in waiting if isinstance(case, NeedsAttention) and case.unsettled]
    found = (
        books.find_payout(connection, each.about.id, each.proposal.fingerprint, part)
        for each in approved
        for part in stopped_parts(each)
    )
    return [each for each in found if each is not None]
