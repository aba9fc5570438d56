"""What was given up is listed with its reason, and tried again under the same keys as before."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from cases.case import Paid
from makewhole.assembly import House
from makewhole.background import handlers
from store import outbox, tables
from store.failures import Attempt, bury, record_failure, revive
from store.jobs import Again, backlog
from store.outbox import Kind, State
from tests.makewhole.approved import approve, unpaid_number
from tests.makewhole.conftest import Told, World, house_of
from workflow import ending

MOST_STEPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A house with a payment that was given up after its answer was lost, and a note that a ticket refused.

    Fields:
        payment: The key of the payment's job.
        note: The key of the note.
    """

    world: World
    house: House
    settings: Path
    payment: str
    note: str

    def sent(self) -> list[dict[str, object]]:
        """Return what the provider was sent for the case, look-ups apart."""
        state = self.world.sandbox.get("/payouts/_sandbox/state")
        requests = state["requests"]
        assert isinstance(requests, list)
        return [each for each in requests if each["method"] == "POST" and self.reference in str(each)]

    def payments(self) -> list[dict[str, object]]:
        payments = self.world.sandbox.get("/payouts/_sandbox/state")["payments"]
        assert isinstance(payments, list)
        return [each for each in payments if each["reference"] == self.reference]

    @property
    def reference(self) -> str:
        return f"mw-{self.payment.partition('/')[0]}"


@pytest.fixture
def office(at_peace: World, tmp_path: Path) -> Iterator[Office]:
    settings = at_peace.settings(tmp_path)
    with house_of(settings) as house:
        payment = approve(house, unpaid_number(house, at_peace), amount="180.50 USDT", payee="C-100001")
        at_peace.fault("payouts", "dropped_after_write", "POST /v1/payouts", times=1)
        with pytest.raises(Again):
            handlers(house)[ending.PAY](payment)
        note = refuse_a_note(house)
        with house.database.begin() as tx:
            given_up = Attempt(kind=ending.PAY, key=payment, number=25)
            record_failure(tx, given_up, ConnectionError("the database went away"), now=house.clock())
            bury(tx, given_up, now=house.clock())
            tried = sa.text("UPDATE workflow_status SET status = 'SUCCESS' WHERE workflow_uuid = :name")
            tx.execute(tried.bindparams(name=f"pay:{payment}@1"))
        yield Office(world=at_peace, house=house, settings=settings, payment=payment, note=note)


def refuse_a_note(house: House) -> str:
    """Take back that the last note of one ticket was written, and let the ticket refuse it."""
    with house.database.begin() as tx:
        column = tables.outbox.c
        last = sa.select(column.lane, sa.func.max(column.sequence).label("sequence")).where(column.kind == Kind.NOTE)
        row = tx.execute(last.group_by(column.lane).order_by(column.lane).limit(1)).one()
        mine = (column.lane == row.lane, column.sequence == row.sequence)
        refused = {"state": State.REFUSED, "problem": "the ticket is closed"}
        tx.execute(sa.update(tables.outbox).where(*mine).values(**refused))
    return f"{row.lane}#{row.sequence}"


def test_both_are_listed_with_their_reason(office: Office, cli: Callable[..., Told]) -> None:
    told = cli("deadletter", "list", "--settings", office.settings, "--json").json
    shown = cli("deadletter", "list", "--settings", office.settings)

    assert [(each["kind"], each["key"], each["problem"]) for each in told["jobs"]] == [
        ("pay", office.payment, "ConnectionError: the database went away")
    ]
    assert told["refused"] == [{"kind": "note", "key": office.note, "problem": "the ticket is closed"}]
    assert told["killers"] == []
    assert (shown.code, office.payment in shown.out, office.note in shown.out) == (0, True, True)


def test_a_payment_is_tried_again_under_the_same_key_and_is_made_once(office: Office, cli: Callable[..., Told]) -> None:
    told = cli("deadletter", "replay", "pay", office.payment, "--settings", office.settings, "--json")

    assert (told.code, told.json["replayed"]) == (0, True)
    with office.house.database.read() as connection:
        assert backlog(connection)["money"] >= 1
    finish(office.house, ending.PAY, office.payment)

    with office.house.database.read() as connection:
        case = office.house.desk.cases.find(connection, office.payment.partition("/")[0]).case
    assert isinstance(case, Paid)
    assert len(office.payments()) == 1
    assert {each["idempotency_key"] for each in office.sent()} == {f"pay:{office.payment.replace('/', ':')}:1"}
    assert cli("deadletter", "list", "--settings", office.settings, "--json").json["jobs"] == []


def test_a_replayed_payment_stands_on_the_queue_once_more_and_not_twice(
    office: Office, cli: Callable[..., Told]
) -> None:
    first = cli("deadletter", "replay", "pay", office.payment, "--settings", office.settings, "--json")
    second = cli("deadletter", "replay", "pay", office.payment, "--settings", office.settings, "--json")

    assert (first.code, second.code, second.json["replayed"]) == (0, 1, False)
    with office.house.database.read() as connection:
        name = f"pay:{office.payment}@%"
        query = sa.text("SELECT workflow_uuid FROM workflow_status WHERE workflow_uuid LIKE :name ORDER BY 1")
        ids = [str(each) for each in connection.scalars(query, {"name": name})]
    assert [each.rpartition("@")[2] for each in ids] == ["1", "2"]


def test_a_refused_note_is_written_once_the_ticket_takes_it(office: Office, cli: Callable[..., Told]) -> None:
    told = cli("deadletter", "replay", "note", office.note, "--settings", office.settings, "--json")

    assert (told.code, told.json["replayed"]) == (0, True)
    finish(office.house, Kind.NOTE, office.note)

    with office.house.database.read() as connection:
        item = outbox.find(connection, office.note)
        assert outbox.refused(connection) == ()
    assert item is not None
    assert item.state is State.SENT


def test_a_job_that_ended_its_worker_again_and_again_is_tried_again_by_command(
    office: Office, cli: Callable[..., Told]
) -> None:
    with office.house.database.begin() as tx:
        revive(tx, "pay", office.payment)
        ended = sa.text("UPDATE workflow_status SET status = :given_up WHERE workflow_uuid = :name")
        tx.execute(ended.bindparams(given_up="MAX_RECOVERY_ATTEMPTS_EXCEEDED", name=f"pay:{office.payment}@1"))
    listed = cli("deadletter", "list", "--settings", office.settings, "--json").json
    assert (listed["jobs"], listed["killers"]) == ([], [f"pay:{office.payment}@1"])

    told = cli("deadletter", "replay", "pay", office.payment, "--settings", office.settings, "--json")
    again = cli("deadletter", "replay", "pay", office.payment, "--settings", office.settings, "--json")

    assert (told.code, told.json["replayed"], again.code) == (0, True, 1)
    assert cli("deadletter", "list", "--settings", office.settings, "--json").json["killers"] == []
    finish(office.house, ending.PAY, office.payment)
    assert len(office.payments()) == 1


@pytest.mark.parametrize(
    ("kind", "key"), [("pay", "CASE-1/none"), ("note", "ticket/zendesk:harbor:1#x"), ("note", "x#99"), ("no", "no")]
)
def test_what_is_no_dead_letter_is_not_replayed(office: Office, cli: Callable[..., Told], kind: str, key: str) -> None:
    told = cli("deadletter", "replay", kind, key, "--settings", office.settings)

    assert (told.code, told.out) == (
        1,
        f"{kind} {key} is no dead letter; `makewhole deadletter list` shows them.\n",
    )


def test_an_empty_list_says_so(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    assert cli("deadletter", "list", "--settings", world.settings(tmp_path)).out == "No dead letters.\n"


def finish(house: House, kind: str, key: str) -> None:
    """Do a job until it needs no more steps, as a worker would."""
    for _ in range(MOST_STEPS):
        try:
            handlers(house)[kind](key)
        except Again:
            continue
        return
    pytest.fail(f"{kind} {key} did not end")
