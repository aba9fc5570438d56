"""A database from before payouts had parts, with payouts in flight: they go on, and nothing is paid again."""

import json

import pytest
import sqlalchemy as sa
from alembic import command

from cases.case import Stage
from payouts.answers import Unknown
from payouts.attempt import PayoutState
from store.jobs import Again
from store.migrating import alembic_config, wanted_revision
from tests.workflow.desk_at_work import DeskAtWork
from tests.workflow.played_vendors import ticket
from workflow import ending, paying

#: The table as the first migration made it, and as it stood until 0010.
OF_0009 = """
CREATE TABLE payouts (
    case_number INTEGER NOT NULL, fingerprint VARCHAR(16) NOT NULL, way VARCHAR(30) NOT NULL,
    state VARCHAR(20) NOT NULL, version INTEGER NOT NULL, attempt TEXT NOT NULL, approved TEXT NOT NULL,
    updated_at {moment} NOT NULL,
    CONSTRAINT pk_payouts PRIMARY KEY (case_number, fingerprint),
    CONSTRAINT fk_payouts_case_number FOREIGN KEY (case_number) REFERENCES cases (number)
)
"""


def as_of_0009(at_work: DeskAtWork) -> None:
    """Make the database what an older program has left: no parts in the table, none in what it wrote."""
    with at_work.engine.begin() as connection:
        on_postgres = connection.dialect.name == "postgresql"
        rows = connection.execute(sa.text("SELECT * FROM payouts")).mappings().all()
        moment = "TIMESTAMP WITH TIME ZONE" if on_postgres else "DATETIME"
        connection.execute(sa.text("DROP TABLE payouts"))
        connection.execute(sa.text(OF_0009.format(moment=moment)))
        for row in rows:
            approved = json.loads(row["approved"])
            del approved["standing"], approved["proposal"]["parts"]
            kept = {name: value for name, value in row.items() if name != "part"} | {"approved": json.dumps(approved)}
            names = ", ".join(kept)
            values = ", ".join(f":{name}" for name in kept)
            connection.execute(sa.text(f"INSERT INTO payouts ({names}) VALUES ({values})"), kept)  # noqa: S608
        connection.execute(sa.text("CREATE INDEX ix_payouts_state ON payouts (state)"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0009'"))


def upgrade(at_work: DeskAtWork) -> None:
    """Apply the migration that brought parts; those after it are there already."""
    config = alembic_config()
    with at_work.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :head"), {"head": wanted_revision()})


@pytest.mark.parametrize("arrived", [True, False])
def test_payouts_in_flight_go_on_after_the_upgrade_and_are_paid_once(at_work: DeskAtWork, *, arrived: bool) -> None:
    for key, loss in (("1", "W-1"), ("2", "W-2")):
        at_work.tell(ticket(key, loss=loss))
    at_work.work()
    for case_id in ("CASE-1", "CASE-2"):
        at_work.say("amelia", case_id)
    in_flight = f"CASE-1/{at_work.proposal('CASE-1').fingerprint}"
    at_work.provider.answers = False
    at_work.provider.words = [] if arrived else [Unknown(reason="the answer was lost")]
    with pytest.raises(Again):
        paying.pay(at_work.desk, at_work.cashier, in_flight)
    as_of_0009(at_work)

    upgrade(at_work)

    states = [each.attempt.state for case_id in ("CASE-1", "CASE-2") for each in at_work.payouts(case_id)]
    assert states == [PayoutState.UNKNOWN, PayoutState.INTENDED]
    at_work.provider.answers, at_work.provider.words = True, []
    at_work.work()
    at_work.again(ending.PAY, in_flight)
    assert at_work.stages() == {"CASE-1": Stage.CLOSED, "CASE-2": Stage.CLOSED}
    keys = [key for key, _, _ in at_work.provider.payments]
    assert len(keys) == len(set(keys)) == 2
    assert {key.rpartition(":")[0] for key in keys} == {
        f"pay:{case_id}:{at_work.proposal(case_id).fingerprint}" for case_id in ("CASE-1", "CASE-2")
    }
