"""Whatever somebody edits in the database behind our back, `makewhole audit verify` says so."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from makewhole.verifying import verify
from store import tables
from tests.makewhole.conftest import Told, World, house_of

EDITS = 608
KEY = b"sandbox-audit-key-that-seals-nothing-real"
Edit = Callable[[sa.Connection, random.Random], str]


def test_a_day_of_work_leaves_books_that_hold(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    told = cli("audit", "verify", "--settings", world.settings(tmp_path), "--json")

    assert (told.code, told.json["audit"], told.json["problems"]) == (0, "ok", [])
    assert set(told.json["ledger_sum"].values()) == {"0"}
    assert "USDT" in told.json["ledger_sum"]


def test_the_command_names_the_case_that_was_edited(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    settings = world.settings(tmp_path)
    with house_of(settings) as house, house.database.begin() as tx:
        tx.execute(sa.update(tables.audit).where(tables.audit.c.case_number == 3).values(actor="nobody"))

    told = cli("audit", "verify", "--settings", settings, "--json")
    shown = cli("audit", "verify", "--settings", settings)

    assert (told.code, told.json["audit"]) == (1, "broken")
    assert told.json["problems"] == ["CASE-3 record 1: the record does not match its seal"]
    assert shown.code == 1
    assert shown.out.startswith("CASE-3 record 1: the record does not match its seal\n1 breaks;")


def test_another_key_fits_no_history(
    world: World, tmp_path: Path, cli: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = world.settings(tmp_path)
    monkeypatch.setenv("MAKEWHOLE_AUDIT_KEY", "another-key-of-the-same-good-length")

    told = cli("audit", "verify", "--settings", settings, "--json")

    assert told.code == 1
    with house_of(settings) as house, house.database.read() as connection:
        cases, policies = house.desk.cases.list(connection, limit=1000), house.desk.policies.versions(connection)
    assert len(told.json["problems"]) == len(cases) + len({each.name for each in policies})


def test_every_one_of_hundreds_of_random_edits_is_detected(world: World, tmp_path: Path) -> None:
    chance = random.Random(20261122)  # noqa: S311  # The same edits in every run.
    missed: list[str] = []
    done: Counter[str] = Counter()
    with house_of(world.settings(tmp_path)) as house, house.engine.connect() as connection:
        for number in range(EDITS):
            edit = EDITORS[number % len(EDITORS)]
            with rolled_back(connection):
                what = edit(connection, chance)
                problems, _ = verify(connection, KEY)
            done[edit.__name__] += 1
            if not problems:
                missed.append(f"{number}: {what}")
        with rolled_back(connection):
            assert verify(connection, KEY)[0] == []

    assert missed == []
    assert sum(done.values()) == EDITS
    assert len(done) == len(EDITORS)


@contextmanager
def rolled_back(connection: sa.Connection) -> Iterator[None]:
    """Undo everything at the end; references between tables are not checked meanwhile, as by who has the file."""
    with connection.begin() as transaction:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        yield
        transaction.rollback()


def edit_a_record(connection: sa.Connection, chance: random.Random) -> str:
    row, name = pick(connection, chance, tables.audit), chance.choice(["actor", "event", "detail", "state_digest"])
    return put(connection, tables.audit, row, {name: altered(row[name], chance)})


def edit_the_time_of_a_record(connection: sa.Connection, chance: random.Random) -> str:
    row = pick(connection, chance, tables.audit)
    return put(connection, tables.audit, row, {"at": row["at"] + timedelta(microseconds=1)})


def edit_a_seal(connection: sa.Connection, chance: random.Random) -> str:
    row = pick(connection, chance, tables.audit)
    return put(connection, tables.audit, row, {"digest": altered(row["digest"], chance)})


def take_a_record_away(connection: sa.Connection, chance: random.Random) -> str:
    row = pick(connection, chance, tables.audit)
    connection.execute(sa.delete(tables.audit).where(*same(tables.audit, row)))
    return f"deleted {row}"


def swap_two_records(connection: sa.Connection, chance: random.Random) -> str:
    row = pick(connection, chance, tables.audit, tables.audit.c.sequence > 1)
    before = dict(row) | {"sequence": row["sequence"] - 1}
    put(connection, tables.audit, row, {"sequence": 10_000})
    put(connection, tables.audit, before, {"sequence": row["sequence"]})
    return put(connection, tables.audit, dict(row) | {"sequence": 10_000}, {"sequence": before["sequence"]})


def add_a_record(connection: sa.Connection, chance: random.Random) -> str:
    row = pick(connection, chance, tables.audit)
    last = sa.select(sa.func.max(tables.audit.c.sequence)).where(tables.audit.c.case_number == row["case_number"])
    copy = dict(row) | {"sequence": (connection.scalar(last) or 0) + 1}
    connection.execute(sa.insert(tables.audit).values(**copy))
    if chance.random() < 0.5:  # Half of them count their own record.
        grown = {"version": tables.cases.c.version + 1}
        connection.execute(sa.update(tables.cases).where(tables.cases.c.number == row["case_number"]).values(**grown))
    return f"added {copy}"


def move_a_record_to_another_case(connection: sa.Connection, chance: random.Random) -> str:
    row, other = pick(connection, chance, tables.audit), pick(connection, chance, tables.cases)
    free = sa.select(sa.func.max(tables.audit.c.sequence)).where(tables.audit.c.case_number == other["number"])
    place = {"case_number": other["number"], "sequence": (connection.scalar(free) or 0) + 1}
    return put(connection, tables.audit, row, place)


def edit_an_amount(connection: sa.Connection, chance: random.Random) -> str:
    row = pick(connection, chance, tables.ledger_postings)
    return put(connection, tables.ledger_postings, row, {"minor": row["minor"] + chance.choice([-1, 1, 10**6])})


def edit_a_whole_entry_so_that_it_balances(connection: sa.Connection, chance: random.Random) -> str:
    row, factor = pick(connection, chance, tables.ledger_postings), chance.choice([2, 10, -1])
    lines = sa.select(tables.ledger_postings).where(tables.ledger_postings.c.entry_id == row["entry_id"])
    for line in connection.execute(lines).mappings().all():
        put(connection, tables.ledger_postings, line, {"minor": line["minor"] * factor})
    return f"{row['entry_id']} times {factor}"


def edit_an_account(connection: sa.Connection, chance: random.Random) -> str:
    row, name = pick(connection, chance, tables.ledger_postings), chance.choice(["account", "asset"])
    value = {"account": f"{row['account']}x", "asset": "EUR" if row["asset"] != "EUR" else "JPY"}[name]
    return put(connection, tables.ledger_postings, row, {name: value})


def take_an_entry_away(connection: sa.Connection, chance: random.Random) -> str:
    row = pick(connection, chance, tables.ledger_entries)
    of_it = tables.ledger_postings.c.entry_id == row["id"]
    connection.execute(sa.delete(tables.ledger_postings).where(of_it))
    if chance.random() < 0.8:  # Else an entry without postings stays.
        connection.execute(sa.delete(tables.ledger_entries).where(tables.ledger_entries.c.id == row["id"]))
    return f"deleted {row['id']}"


def edit_an_entry(connection: sa.Connection, chance: random.Random) -> str:
    row, name = pick(connection, chance, tables.ledger_entries), chance.choice(["reference", "memo"])
    return put(connection, tables.ledger_entries, row, {name: f"{row[name]}0"})


def book_an_entry_twice(connection: sa.Connection, chance: random.Random) -> str:
    row = pick(connection, chance, tables.ledger_entries)
    lines = sa.select(tables.ledger_postings).where(tables.ledger_postings.c.entry_id == row["id"])
    copies = [dict(line) | {"entry_id": f"{row['id']}0"} for line in connection.execute(lines).mappings()]
    connection.execute(sa.insert(tables.ledger_entries).values(**(dict(row) | {"id": f"{row['id']}0"})))
    connection.execute(sa.insert(tables.ledger_postings), copies)
    return f"doubled {row['id']}"


def edit_a_case(connection: sa.Connection, chance: random.Random) -> str:
    row, name = pick(connection, chance, tables.cases), chance.choice(["document", "loss_key", "customer_id"])
    return put(connection, tables.cases, row, {name: altered(row[name] or "none", chance)})


def edit_a_stage(connection: sa.Connection, chance: random.Random) -> str:
    row = pick(connection, chance, tables.cases)
    stage = chance.choice([each for each in ("approved", "paid", "closed", "opened") if each != row["stage"]])
    document = row["document"].replace(f'"stage":"{row["stage"]}"', f'"stage":"{stage}"')
    return put(connection, tables.cases, row, {"stage": stage, "document": chance.choice([document, row["document"]])})


def edit_a_version(connection: sa.Connection, chance: random.Random) -> str:
    row = pick(connection, chance, tables.cases)
    return put(connection, tables.cases, row, {"version": row["version"] + chance.choice([-1, 1])})


def take_a_case_away(connection: sa.Connection, chance: random.Random) -> str:
    row = pick(connection, chance, tables.cases)
    connection.execute(sa.delete(tables.cases).where(tables.cases.c.number == row["number"]))
    return f"deleted case {row['number']}"


def edit_a_payout(connection: sa.Connection, chance: random.Random) -> str:
    row, name = pick(connection, chance, tables.payouts), chance.choice(["state", "attempt", "approved"])
    value = {
        "state": "intended",
        "attempt": row["attempt"].replace('"provider_id":"', '"provider_id":"x').replace('"failed"', '"confirmed"'),
        "approved": row["approved"].replace('"minor":', '"minor":1'),
    }[name]
    assert value != row[name]
    return put(connection, tables.payouts, row, {name: value})


def take_a_payout_away(connection: sa.Connection, chance: random.Random) -> str:
    row = pick(connection, chance, tables.payouts)
    connection.execute(sa.delete(tables.payouts).where(*same(tables.payouts, row)))
    return f"deleted payout {row['case_number']}"


EDITORS: tuple[Any, ...] = (
    edit_a_record,
    edit_the_time_of_a_record,
    edit_a_seal,
    take_a_record_away,
    swap_two_records,
    add_a_record,
    move_a_record_to_another_case,
    edit_an_amount,
    edit_a_whole_entry_so_that_it_balances,
    edit_an_account,
    take_an_entry_away,
    edit_an_entry,
    book_an_entry_twice,
    edit_a_case,
    edit_a_stage,
    edit_a_version,
    take_a_case_away,
    edit_a_payout,
    take_a_payout_away,
)


def pick(connection: sa.Connection, chance: random.Random, table: sa.Table, *where: Any) -> sa.RowMapping:
    """Return any row."""
    rows = connection.execute(sa.select(table).where(*where).order_by(*table.primary_key.columns)).mappings().all()
    return chance.choice(rows)


def same(table: sa.Table, row: Any) -> list[Any]:
    """Return what finds this row."""
    return [column == row[column.name] for column in table.primary_key.columns]


def put(connection: sa.Connection, table: sa.Table, row: Any, changes: dict[str, Any]) -> str:
    """Change a row in place."""
    assert connection.execute(sa.update(table).where(*same(table, row)).values(**changes)).rowcount == 1
    return f"{table.name} {dict(row)} to {changes}"


def altered(text: str, chance: random.Random) -> str:
    """Return the text with one character changed."""
    place = chance.randrange(len(text))
    return text[:place] + ("a" if text[place] != "a" else "b") + text[place + 1 :]
