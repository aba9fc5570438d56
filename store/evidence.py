"""Evidence in the database: what each source said of a case's loss, last."""

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
    column = tables.evidence.c
    rows = connection.scalars(
        sa.select(column.document).where(column.case_number == number_of(case_id)).order_by(column.source)
    )
    return tuple(EVIDENCE.validate_json(document) for document in rows)
