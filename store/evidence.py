"""Evidence in the database: what each source said of a case's loss, last."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from cases.evidence import Evidence
from store import tables
from store.cases import number_of
from store.database import Transaction, insert_into
from store.records import EVIDENCE, to_text


def keep(tx: Transaction, case_id: str, evidence: Evidence, *, now: datetime) -> None:
    """Keep what a source says of a case, in place of what it said before; an older word never replaces a newer."""
    earlier = next((each for each in of_case(tx.connection, case_id) if each.source == evidence.source), None)
    if earlier is not None and earlier.as_of > evidence.as_of:
        return
    document = to_text(EVIDENCE, evidence)
    statement = insert_into(tx, tables.evidence).values(
        case_number=number_of(case_id), source=evidence.source, document=document, read_at=now
    )
    keys = ["case_number", "source"]
    tx.execute(statement.on_conflict_do_update(index_elements=keys, set_={"document": document, "read_at": now}))


def of_case(connection: sa.Connection, case_id: str) -> tuple[Evidence, ...]:
    """Return what every source said of a case, by source."""
    return of_cases(connection, (case_id,))[case_id]


def of_cases(connection: sa.Connection, case_ids: Collection[str]) -> dict[str, tuple[Evidence, ...]]:
    """Return what every source said of each of these cases, by source; asked for at once, so not for too many."""
    column, ids = tables.evidence.c, {number_of(each): each for each in case_ids}
    query = sa.select(column.case_number, column.document).where(column.case_number.in_(ids)).order_by(column.source)
    found: dict[str, list[Evidence]] = {each: [] for each in case_ids}
    for number, document in connection.execute(query):
        found[ids[number]].append(EVIDENCE.validate_json(document))
    return {case_id: tuple(each) for case_id, each in found.items()}
