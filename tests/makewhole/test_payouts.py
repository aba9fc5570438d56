"""A payout that waits for a person is listed, and goes on as that person has found out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cases.case import Closed, NeedsAttention, Paid, Stage
from cases.proposal import CaseId
from config.settings import load_settings
from makewhole.assembly import House, build
from makewhole.background import handlers
from store import audit
from store.cases import number_of
from store.jobs import Again
from tests.makewhole.approved import approve, unpaid_number
from tests.makewhole.conftest import Told, World
from workflow import ending

MOST_STEPS = 60
NO_SUCH = "has no payout that waits for a person; `makewhole payout list` shows them, --part says which of several"


@dataclass(kw_only=True)
class Time:
    """The house's clock, which moves when a job waits."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """The desk of somebody who looks into one payout whose end nobody knows."""

    world: World
    house: House
    time: Time
    settings: Path
    payment: str
    cli: Callable[..., Told]

    @property
    def case_id(self) -> CaseId:
        return CaseId(self.payment.partition("/")[0])

    def run(self, *words: object) -> Told:
        return self.cli(*words, "--settings", self.settings, "--json")

    def pay(self) -> None:
        """Do the payout's job until it needs no more steps; waiting takes no time."""
        for _ in range(MOST_STEPS):
            try:
                handlers(self.house)[ending.PAY](self.payment)
            except Again as again:
                self.time.now += timedelta(seconds=again.wait_seconds)
                continue
            return
        pytest.fail("the payout comes to no end")

    def stage(self) -> Stage:
        with self.house.database.read() as connection:
            return self.house.desk.cases.find(connection, self.case_id).case.stage

    def paid_as(self) -> str | None:
        """Return the provider's id that the case was paid as; None when it was not."""
        with self.house.database.read() as connection:
            case = self.house.desk.cases.find(connection, self.case_id).case
        settled = case.settled if isinstance(case, Closed) else case
        return settled.reference if isinstance(settled, Paid) else None

    def is_locked(self) -> bool:
        with self.house.database.read() as connection:
            case = self.house.desk.cases.find(connection, self.case_id).case
        return isinstance(case, NeedsAttention) and case.unsettled is not None

    def actors(self) -> list[tuple[str, str]]:
        with self.house.database.read() as connection:
            return [(each.actor, each.event) for each in audit.history(connection, number_of(self.case_id))]

    def payments(self) -> list[str]:
        """Return the provider's ids of what it paid for the case."""
        payments = self.world.sandbox.get("/payouts/_sandbox/state")["payments"]
        assert isinstance(payments, list)
        return [each["id"] for each in payments if each["reference"] == f"mw-{self.case_id}"]

    def whole(self) -> bool:
        return self.run("audit", "verify").code == 0


def at_counter(world: World, folder: Path, cli: Callable[..., Told], *, lost: str) -> Iterator[Counter]:
    """Open the counter with a payout whose sending was lost in this way and that could never be looked up."""
    settings, time = world.settings(folder), Time()
    house = build(load_settings(settings), clock=time)
    payment = approve(house, unpaid_number(house, world), amount="180.50 USDT", payee="C-100001")
    world.fault("payouts", lost, "POST /v1/payouts", times=1)
    world.fault("payouts", "unavailable", "GET /v1/payouts", times=None)
    counter = Counter(world=world, house=house, time=time, settings=settings, payment=payment, cli=cli)
    counter.pay()
    world.calm()
    assert counter.is_locked()
    yield counter
    house.close()


@pytest.fixture
def paid_unknown(at_peace: World, tmp_path: Path, cli: Callable[..., Told]) -> Iterator[Counter]:
    """Return the counter with a payout that the provider made, and its answer was lost."""
    yield from at_counter(at_peace, tmp_path, cli, lost="dropped_after_write")


@pytest.fixture
def unpaid_unknown(at_peace: World, tmp_path: Path, cli: Callable[..., Told]) -> Iterator[Counter]:
    """Return the counter with a payout that never reached the provider."""
    yield from at_counter(at_peace, tmp_path, cli, lost="dropped_before")


def test_it_is_listed_with_what_must_be_looked_up(paid_unknown: Counter) -> None:
    told = paid_unknown.run("payout", "list").json["payouts"]
    shown = paid_unknown.cli("payout", "list", "--settings", paid_unknown.settings)

    (row,) = told
    why = row.pop("why")
    assert row == {
        "case": paid_unknown.case_id,
        "part": None,
        "amount": "180.50 USDT",
        "payee": "C-100001",
        "state": "unknown",
        "provider_id": None,
    }
    assert why != ""
    assert (shown.code, paid_unknown.case_id in shown.out, "C-100001" in shown.out) == (0, True, True)


def test_an_empty_list_says_so(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    assert cli("payout", "list", "--settings", world.settings(tmp_path)).out == "No payout waits for a person.\n"


def test_no_retry_of_the_case_leads_past_it(paid_unknown: Counter) -> None:
    told = paid_unknown.run("case", "retry", paid_unknown.case_id, "--person", "amelia")

    assert (told.code, told.json["started"]) == (1, False)
    assert paid_unknown.is_locked()
    assert len(paid_unknown.payments()) == 1


def test_released_it_is_found_paid_and_not_sent_again(paid_unknown: Counter) -> None:
    told = paid_unknown.run("payout", "release", paid_unknown.case_id, "--person", "noah")
    paid_unknown.pay()

    assert (told.code, told.json) == (
        0,
        {"schema": 1, "case": paid_unknown.case_id, "part": None, "finding": "release", "taken": True},
    )
    assert [paid_unknown.paid_as()] == paid_unknown.payments()
    assert ("noah", "payout resumed") in paid_unknown.actors()
    assert paid_unknown.run("payout", "list").json["payouts"] == []
    assert paid_unknown.whole()


def test_released_it_is_sent_once_when_it_never_arrived(unpaid_unknown: Counter) -> None:
    assert unpaid_unknown.payments() == []

    unpaid_unknown.run("payout", "release", unpaid_unknown.case_id, "--person", "noah")
    unpaid_unknown.pay()

    assert len(unpaid_unknown.payments()) == 1
    assert [unpaid_unknown.paid_as()] == unpaid_unknown.payments()
    assert unpaid_unknown.whole()


def test_seen_paid_it_is_paid_under_the_id_that_was_seen(paid_unknown: Counter) -> None:
    (seen,) = paid_unknown.payments()

    told = paid_unknown.run("payout", "paid", paid_unknown.case_id, seen, "--person", "noah")
    paid_unknown.pay()

    assert told.code == 0
    assert paid_unknown.paid_as() == seen
    assert ("noah", "paid") in paid_unknown.actors()
    assert paid_unknown.payments() == [seen]
    assert paid_unknown.whole()


def test_found_unpaid_its_promise_is_taken_back_and_the_case_may_be_retried(unpaid_unknown: Counter) -> None:
    told = unpaid_unknown.run("payout", "unpaid", unpaid_unknown.case_id, "--person", "noah")
    unpaid_unknown.pay()

    assert (told.code, unpaid_unknown.stage(), unpaid_unknown.is_locked()) == (0, Stage.NEEDS_ATTENTION, False)
    ledger = unpaid_unknown.run("case", "show", unpaid_unknown.case_id).json["ledger"]
    events = [each["entry"].partition(":")[0] for each in ledger]
    assert sorted(events) == sorted(["promised", "submitted", "failed", "withdrawn"] * 2)
    retried = unpaid_unknown.run("case", "retry", unpaid_unknown.case_id, "--person", "noah")
    assert (retried.code, unpaid_unknown.stage()) == (0, Stage.OPENED)
    unpaid_unknown.pay()
    assert unpaid_unknown.payments() == []
    assert unpaid_unknown.whole()


@pytest.mark.parametrize("words", [("release",), ("paid", "po_2"), ("unpaid",)], ids=lambda words: str(words[0]))
def test_what_is_settled_is_settled_once(paid_unknown: Counter, words: tuple[str, ...]) -> None:
    (seen,) = paid_unknown.payments()
    paid_unknown.run("payout", "paid", paid_unknown.case_id, seen, "--person", "noah")
    finding, *more = words
    before = paid_unknown.actors()

    told = paid_unknown.run("payout", finding, paid_unknown.case_id, *more, "--person", "noah")
    said = paid_unknown.cli(
        "payout", finding, paid_unknown.case_id, *more, "--person", "noah", "--settings", paid_unknown.settings
    )

    assert (told.code, told.json["taken"]) == (1, False)
    assert said.out == f"{paid_unknown.case_id} {NO_SUCH}.\n"
    assert (paid_unknown.paid_as(), paid_unknown.actors()) == (seen, before)


def test_a_stranger_and_a_case_that_is_none_change_nothing(paid_unknown: Counter) -> None:
    stranger = paid_unknown.run("payout", "unpaid", paid_unknown.case_id, "--person", "mallory")
    nobody = paid_unknown.cli("payout", "unpaid", paid_unknown.case_id, "--settings", paid_unknown.settings)
    missing = paid_unknown.run("payout", "release", "CASE-999999", "--person", "noah")

    assert (stranger.code, stranger.out) == (2, "mallory is not in the people file.\n")
    assert nobody.code == 2
    assert (missing.code, "CASE-999999" in missing.out) == (1, True)
    assert paid_unknown.is_locked()
