"""Stored cases are read for a simulation page by page, with what their customers' earlier cases came to."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from cases.evidence import Evidence
from makewhole import simulated_cases
from makewhole.simulated_cases import stored_cases
from policy.loading import read_policy
from reports.case_files import BadCases, BadRow
from store import evidence
from store.cases import CaseRepository
from store.database import Database, create_engine
from store.jobs import DurableJobs
from tests.store.stories import NOON, about, asked, opened, paid

POLICY = Path(__file__).resolve().parents[2] / "config" / "policies" / "delayed-withdrawal.yaml"
CASES = CaseRepository(audit_key=b"k" * 32)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    engine = create_engine(store_url)
    yield Database(engine, DurableJobs(engine, lambda _kind, _key: "work"))
    engine.dispose()


def test_cases_of_a_span_know_what_came_before_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_cases, "PAGE", 2)
    policy = read_policy(POLICY.read_text(encoding="utf-8"), POLICY.name)
    day = timedelta(days=1)
    with database.begin() as tx:
        paid(CASES, tx, about("W-1"), amount="15 USDT")
        asked(CASES, tx, about("W-2"), amount="2.5 USDT")
        paid(CASES, tx, about("W-3", topic="duplicate_charge"), amount="40 USDT")
        paid(CASES, tx, replace(about("W-4"), opened_at=NOON + day), amount="5 USDT")
        opened(CASES, tx, replace(about("W-5"), opened_at=NOON + day))
        paid(CASES, tx, replace(about("W-6", customer="C-2"), opened_at=NOON + 2 * day), amount="5 USDT")
        paid(CASES, tx, replace(about("W-7"), opened_at=NOON + 3 * day), amount="5 USDT")
        evidence.keep(tx, "CASE-4", Evidence(facts=(), source="account-data", as_of=NOON), now=NOON)
    asked_for: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *each: asked_for.append(str(each[2])))
    told: list[str] = []

    with database.read() as connection:
        asked_for.clear()
        found = stored_cases(connection, CASES, (policy,), (NOON + day, NOON + 3 * day), on_step=told.append)
        queries = sum(each.startswith("SELECT") for each in asked_for)
        with pytest.raises(BadCases, match="no stored case of delayed_withdrawal was proposed in this time"):
            stored_cases(connection, CASES, (policy,), (NOON + 9 * day, None))

    kept = found.frame.select("case_id", "customer_id", "topic", "paid", "counted_before")
    assert kept.rows() == [
        ("CASE-4", "C-100023", "delayed_withdrawal", "5.00", "17.50 USDT"),
        ("CASE-6", "C-2", "delayed_withdrawal", "5.00", ""),
    ]
    assert found.bad == (BadRow(place="CASE-5", why="is opened, and was never proposed"),)
    assert told == [f"reading cases: {read}" for read in (2, 4, 6, 7)]
    assert queries == 1 + 2 * 2
