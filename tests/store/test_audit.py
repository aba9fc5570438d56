"""The history of a case: told in order, and every way of tampering with it shows."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import audit, tables
from store.audit import Broken
from store.cases import CaseRepository
from store.database import Database, Transaction
from tests.store.conftest import AUDIT_KEY
from tests.store.stories import NOON, about, change, opened, paid

RECORDS, CASES = tables.audit, tables.cases
OUTSIDE = "the case was changed outside its history"
SEAL = "the record does not match its seal"
GAP = "a record is missing or out of order"


@pytest.fixture
def three_cases(database: Database, cases: CaseRepository) -> Database:
    """Keep three cases with five, five and one records."""
    with database.begin() as tx:
        paid(cases, tx, about("W-1"))
        paid(cases, tx, about("W-2"))
        opened(cases, tx, about("W-3"))
    return database


def breaks(tx: Transaction) -> list[Broken]:
    return list(audit.verify(tx.connection, AUDIT_KEY))


def set_record(tx: Transaction, case: int, sequence: int, **values: Any) -> None:
    where = (RECORDS.c.case_number == case, RECORDS.c.sequence == sequence)
    assert tx.execute(sa.update(RECORDS).where(*where).values(**values)).rowcount == 1


def delete_record(tx: Transaction, case: int, sequence: int) -> None:
    tx.execute(sa.delete(RECORDS).where(RECORDS.c.case_number == case, RECORDS.c.sequence == sequence))


def set_case(tx: Transaction, case: int, **values: Any) -> None:
    assert tx.execute(sa.update(CASES).where(CASES.c.number == case).values(**values)).rowcount == 1


def swap(tx: Transaction) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        where = (RECORDS.c.case_number == 2, RECORDS.c.sequence == old)
        tx.execute(sa.update(RECORDS).where(*where).values(sequence=new))


def lower_the_amount(tx: Transaction) -> None:
    document = tx.execute(sa.select(CASES.c.document).where(CASES.c.number == 2)).scalar_one()
    set_case(tx, 2, document=document.replace("15000000", "95000000"))


def seal_with_another_key(tx: Transaction) -> None:
    """Write the whole history anew as somebody would who has the database and the code, but not the key."""
    delete_all = sa.delete(RECORDS).where(RECORDS.c.case_number == 2)
    records = tx.execute(sa.select(RECORDS).where(RECORDS.c.case_number == 2).order_by(RECORDS.c.sequence)).all()
    tx.execute(delete_all)
    for row in records:
        forged = change(row.event, actor="amelia")
        audit.append(tx.connection, b"guess", 2, forged, state=row.state_digest, sequence=row.sequence)


def remove_the_case(connection: sa.Connection, number: int) -> None:
    """Delete a case as somebody would who can tell the database not to mind what refers to it."""
    on_postgres = connection.dialect.name == "postgresql"
    blind = "SET LOCAL session_replication_role = replica" if on_postgres else "PRAGMA defer_foreign_keys=ON"
    connection.exec_driver_sql(blind)
    connection.execute(sa.delete(CASES).where(CASES.c.number == number))


TAMPERING: dict[str, tuple[Callable[[Transaction], object], int, str]] = {
    "who did it": (lambda tx: set_record(tx, 2, 4, actor="noah"), 4, SEAL),
    "what was done": (lambda tx: set_record(tx, 2, 4, event="declined"), 4, SEAL),
    "when": (lambda tx: set_record(tx, 2, 4, at=NOON), 4, SEAL),
    "the amount in the detail": (lambda tx: set_record(tx, 2, 2, detail='{"amount": "9 USDT"}'), 2, SEAL),
    "the state it sealed": (lambda tx: set_record(tx, 2, 5, state_digest="0" * 64), 5, SEAL),
    "a link of the chain": (lambda tx: set_record(tx, 2, 1, digest="0" * 64), 1, SEAL),
    "a record taken out": (lambda tx: delete_record(tx, 2, 3), 3, GAP),
    "the first record taken out": (lambda tx: delete_record(tx, 2, 1), 1, GAP),
    "the last record taken out": (lambda tx: delete_record(tx, 2, 5), 4, "5 changes, 4 records"),
    "two records exchanged": (swap, 2, SEAL),
    "the amount in the case": (lower_the_amount, 5, OUTSIDE),
    "the stage": (lambda tx: set_case(tx, 2, stage="opened"), 5, OUTSIDE),
    "the key that stops paying twice": (lambda tx: set_case(tx, 2, loss_key=None), 5, OUTSIDE),
    "the number of changes": (lambda tx: set_case(tx, 2, version=6), 5, "6 changes, 5 records"),
    "the whole history anew under another key": (seal_with_another_key, 1, SEAL),
}


@pytest.mark.parametrize("way", TAMPERING)
def test_tampering_shows_where_it_happened(three_cases: Database, way: str) -> None:
    tamper, sequence, problem = TAMPERING[way]
    with three_cases.begin() as tx:
        assert breaks(tx) == []

        tamper(tx)

        assert breaks(tx) == [Broken(case_number=2, sequence=sequence, problem=problem)]


@pytest.mark.parametrize("number", [2, 3])
def test_a_case_that_vanished_is_missed_by_its_records(three_cases: Database, number: int) -> None:
    with three_cases.engine.connect() as connection, connection.begin() as whole:
        remove_the_case(connection, number)

        found = list(audit.verify(connection, AUDIT_KEY))
        whole.rollback()

    assert found == [Broken(case_number=number, sequence=0, problem="the case is gone, its records are not")]


def test_a_record_of_another_case_does_not_fit(three_cases: Database) -> None:
    with three_cases.begin() as tx:
        delete_record(tx, 2, 5)
        set_record(tx, 1, 5, case_number=2)

        assert breaks(tx) == [
            Broken(case_number=1, sequence=4, problem="5 changes, 4 records"),
            Broken(case_number=2, sequence=5, problem=SEAL),
        ]


def test_verifying_without_the_key_finds_nothing_whole(three_cases: Database) -> None:
    with three_cases.read() as connection:
        found = list(audit.verify(connection, b"another key"))

    assert found == [Broken(case_number=number, sequence=1, problem=SEAL) for number in (1, 2, 3)]


def test_the_history_tells_every_change_oldest_first(three_cases: Database) -> None:
    with three_cases.read() as connection:
        story = audit.history(connection, 2)
        nothing = audit.history(connection, 4)

    assert [(each.sequence, each.event, each.actor) for each in story] == [
        (1, "opened", "sync"),
        (2, "proposed", "policy"),
        (3, "asked", "policy"),
        (4, "approved", "amelia"),
        (5, "paid", "provider"),
    ]
    assert story[3].at == NOON.replace(minute=3)
    assert story[4].detail == (("reference", "po_1"),)
    assert nothing == ()


def test_any_edit_of_any_column_of_any_record_is_found(three_cases: Database) -> None:
    columns = ("actor", "event", "detail", "state_digest", "digest")

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        case=st.sampled_from((1, 2)),
        sequence=st.integers(min_value=1, max_value=5),
        column=st.sampled_from(columns),
        place=st.integers(min_value=0, max_value=63),
        sign=st.sampled_from("aZ09 \"'{}"),
    )
    def edit_one_sign(case: int, sequence: int, column: str, place: int, sign: str) -> None:
        with three_cases.engine.connect() as connection, connection.begin() as whole:
            where = (RECORDS.c.case_number == case, RECORDS.c.sequence == sequence)
            before = connection.execute(sa.select(RECORDS.c[column]).where(*where)).scalar_one()
            at = place % len(before)
            after = f"{before[:at]}{sign}{before[at + 1 :]}"
            connection.execute(sa.update(RECORDS).where(*where).values({column: after}))

            found = list(audit.verify(connection, AUDIT_KEY))
            whole.rollback()

        assert [(each.case_number, each.sequence) for each in found] == ([] if after == before else [(case, sequence)])

    edit_one_sign()
