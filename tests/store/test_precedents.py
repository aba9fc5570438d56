"""What was decided on a line of a policy is found again, newest first, and what was decided before is not forgotten."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from cases.case import Approved
from cases.money import Money
from cases.precedents import EarlierDecision, PolicyLine
from cases.proposal import CaseId
from policy.consistency import band_of, line_of
from store import precedents, tables
from store.cases import CaseRepository
from store.database import Database, create_engine
from store.jobs import DurableJobs
from store.migrating import alembic_config, migrate
from store.records import CASE, to_text
from tests.store.conftest import AUDIT_KEY
from tests.store.stories import NOON, about, approved, opened

LINE = PolicyLine("delayed-withdrawal / six to twenty-four hours late")
DECIDED = EarlierDecision(
    case_id="CASE-1",
    decided_at=NOON,
    agreed=True,
    amount=Money.exactly("15.000000000000000001", "ETH"),
    policy_version="1",
    band="1 compensation_lead",
    inputs=(("hours_late", "7.5"),),
)


def test_decisions_of_a_line_are_found_newest_first(database: Database, cases: CaseRepository) -> None:
    with database.begin() as tx:
        for number in (1, 2, 3):
            opened(cases, tx, about(f"W-{number}"))
        older = replace(DECIDED, case_id="CASE-2", decided_at=NOON - timedelta(days=1))
        declined = replace(DECIDED, case_id="CASE-3", agreed=False, amount=None)
        for each in (DECIDED, older):
            precedents.keep(tx, LINE, each)
        precedents.keep(tx, PolicyLine("delayed-withdrawal / another"), declined)

    with database.read() as connection:
        assert precedents.of_line(connection, LINE, band=DECIDED.band, besides=CaseId("CASE-9")) == (DECIDED, older)
        assert precedents.of_line(connection, LINE, band=DECIDED.band, besides=CaseId("CASE-1")) == (older,)


def test_a_rare_band_is_found_among_many_others(
    database: Database, cases: CaseRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precedents, "MOST_COMPARED", 4)
    monkeypatch.setattr(precedents, "MOST_OF_BAND", 2)
    with database.begin() as tx:
        for number in range(1, 8):
            opened(cases, tx, about(f"W-{number}"))
            band = "2 finance" if number <= 3 else "1 compensation_lead"
            at = NOON + timedelta(days=number)
            precedents.keep(tx, LINE, replace(DECIDED, case_id=f"CASE-{number}", band=band, decided_at=at))

    def found(band: str) -> list[str]:
        with database.read() as connection:
            earlier = precedents.of_line(connection, LINE, band=band, besides=CaseId("CASE-9"))
        return [each.case_id for each in earlier]

    assert found("2 finance") == ["CASE-7", "CASE-6", "CASE-3", "CASE-2"]
    assert found("1 compensation_lead") == found("3 others") == ["CASE-7", "CASE-6", "CASE-5", "CASE-4"]


def test_a_case_that_is_decided_anew_has_one_decision(database: Database, cases: CaseRepository) -> None:
    again = replace(DECIDED, agreed=False, amount=None)
    with database.begin() as tx:
        opened(cases, tx)
        precedents.keep(tx, LINE, DECIDED)
        precedents.keep(tx, LINE, again)

    with database.read() as connection:
        assert precedents.of_line(connection, LINE, band=DECIDED.band, besides=CaseId("CASE-9")) == (again,)


def test_what_was_decided_before_there_was_this_table_is_carried_over(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'before.db'}"
    engine, made = create_engine(url), CaseRepository(audit_key=AUDIT_KEY)
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        connection.execute(sa.insert(tables.cases).values(**_a_row_of_then(tmp_path)))

    migrate(engine, url)

    with Database(engine, DurableJobs(engine, lambda _kind, _key: "work")).read() as connection:
        case = made.find(connection, "CASE-1").case
        assert isinstance(case, Approved)
        found = precedents.of_line(connection, line_of(case.proposal), band="", besides=CaseId("CASE-9"))
    assert [(each.case_id, each.agreed, each.amount) for each in found] == [("CASE-1", True, case.amount)]
    assert found[0].band == band_of(case.proposal.approvals)
    assert found[0].inputs == case.proposal.inputs
    engine.dispose()


def _a_row_of_then(folder: Path) -> dict[str, object]:
    """Return the row of an approved case."""
    url = f"sqlite:///{folder / 'now.db'}"
    engine = create_engine(url)
    migrate(engine, url)
    with Database(engine, DurableJobs(engine, lambda _kind, _key: "work")).begin() as tx:
        stored, case = approved(CaseRepository(audit_key=AUDIT_KEY), tx)
    engine.dispose()
    return {
        "number": stored.number,
        "stage": case.stage,
        "version": stored.version,
        "document": to_text(CASE, case),
        "updated_at": NOON,
    }
