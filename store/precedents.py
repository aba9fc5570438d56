"""What was decided on each line of the policies: kept with the decision, read beside later proposals."""

import sqlalchemy as sa
from pydantic import TypeAdapter

from cases.money import Money
from cases.precedents import EarlierDecision, PolicyLine
from cases.proposal import CaseId
from store import tables
from store.cases import PREFIX, number_of
from store.database import Transaction, insert_into

#: How many decisions of a line are looked at, the newest: older ones belong to other times.
MOST_COMPARED = 200
#: So many of them are of the same band of the matrix, if there are as many: a large amount among a thousand small ones
#: is set beside other large ones.
MOST_OF_BAND = 100
_INPUTS: TypeAdapter[tuple[tuple[str, str], ...]] = TypeAdapter(tuple[tuple[str, str], ...])


def keep(tx: Transaction, line: PolicyLine, decided: EarlierDecision) -> None:
    """Keep how a case was decided; a case that is decided anew replaces its earlier decision."""
    amount = decided.amount
    row = {
        "line": line,
        "band": decided.band,
        "agreed": decided.agreed,
        "minor": amount.minor if amount else None,
        "asset": amount.code if amount else None,
        "policy_version": decided.policy_version,
        "inputs": _INPUTS.dump_json(decided.inputs).decode(),
        "decided_at": decided.decided_at,
    }
    statement = insert_into(tx, tables.precedents).values(case_number=number_of(decided.case_id), **row)
    tx.execute(statement.on_conflict_do_update(index_elements=["case_number"], set_=row))


def of_line(connection: sa.Connection, line: PolicyLine, *, band: str, besides: CaseId) -> tuple[EarlierDecision, ...]:
    """Return how other cases were decided on this line, newest first, at most MOST_COMPARED.

    band: At least MOST_OF_BAND of them are of this band of the matrix, or all that there are.
    """
    column = tables.precedents.c
    newest = (
        sa.select(tables.precedents)
        .where(column.line == line, column.case_number != number_of(besides))
        .order_by(column.decided_at.desc(), column.case_number.desc())
    )
    of_band = connection.execute(newest.where(column.band == band).limit(MOST_OF_BAND)).all()
    known = {row.case_number for row in of_band}
    others = [each for each in connection.execute(newest.limit(MOST_COMPARED)) if each.case_number not in known]
    rows = [*of_band, *others[: MOST_COMPARED - len(of_band)]]
    rows.sort(key=lambda row: (row.decided_at, row.case_number), reverse=True)
    return tuple(
        EarlierDecision(
            case_id=f"{PREFIX}{row.case_number}",
            decided_at=row.decided_at,
            agreed=row.agreed,
            amount=Money(minor=row.minor, code=row.asset) if row.asset else None,
            policy_version=row.policy_version,
            band=row.band,
            inputs=_INPUTS.validate_json(row.inputs),
        )
        for row in rows
    )
