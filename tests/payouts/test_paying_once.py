"""Whatever is lost, late, forgotten or killed, a customer is paid once; and a spoilt rule does not pass."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from payouts import attempt as stored
from payouts.attempt import Attempt, PayoutState
from payouts.ledger import Entry, sum_per_asset, trial_balance
from payouts.paying import Done, LookUp, Send, Step, Terms, Wait, entries, next_step
from tests.payouts.a_world import Rules, World
from tests.payouts.orders import an_order, money

FATES = (
    "is answered",
    "is refused",
    "is lost",
    "arrives late",
    "is done, the answer lost",
    "is done, but said not to be",
    "dies before the call",
    "dies after the call",
    "freezes before the call",
)
KEY_LIVES = (0, 2, 600, 86_400)
LAGS = st.sampled_from((0.0, 0.5, 1.0))
STATUSES = st.sampled_from(("confirmed", "confirmed", "pending", "failed"))
Machine = type[RuleBasedStateMachine]
HURRIED = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    max_examples=300,
    stateful_step_count=40,
)


def machine(  # noqa: C901 - one small method per rule
    rules: Rules, *, lives: tuple[int, ...] = KEY_LIVES, lag: int = 60, fates: tuple[str, ...] = FATES
) -> Machine:
    """Return the state machine that plays the world with these rules.

    lives: Seconds that keys live; lag: seconds until a payment is sure to be visible; fates: what becomes of calls.
    """

    class Paying(RuleBasedStateMachine):
        world: World
        today: list[str]
        step: Step | None

        @initialize(
            key_life=st.sampled_from(lives),
            chosen=st.lists(st.sampled_from(fates), min_size=1, max_size=3),  # Few at once go deeper than all at once.
        )
        def begin(self, key_life: int, chosen: list[str]) -> None:
            self.world = World(
                rules=rules,
                terms=Terms(key_life=timedelta(seconds=key_life), visible_within=timedelta(seconds=lag), patience=12),
            )
            self.today = chosen
            self.step = None

        @rule(which=st.integers(0, 2), lag=LAGS, status=STATUSES)
        def a_worker_takes_the_job(self, which: int, lag: float, status: str) -> None:
            self.step = self.world.work(self.today[which % len(self.today)], lag=lag, status=status)

        @precondition(lambda self: isinstance(self.step, Wait))
        @rule()
        def the_waiting_ends(self) -> None:
            assert isinstance(self.step, Wait)
            self.world.pass_time(max((self.step.until - self.world.now).total_seconds(), 0))

        @rule(seconds=st.sampled_from((1, 20, 60, 120, 130)))
        def time_passes(self, seconds: int) -> None:
            self.world.pass_time(seconds)

        @rule(share=st.sampled_from((0.3, 0.79, 0.81, 1.1)))
        def the_key_grows_old(self, share: float) -> None:
            self.world.pass_time(self.world.terms.key_life.total_seconds() * share)

        @precondition(lambda self: bool(self.world.frozen))
        @rule(lag=LAGS, status=STATUSES)
        def a_frozen_worker_wakes(self, lag: float, status: str) -> None:
            self.world.wake(lag=lag, status=status)

        @precondition(lambda self: any(each.status == "pending" for each in self.world.payments))
        @rule(status=st.sampled_from(("confirmed", "failed")))
        def the_provider_makes_up_its_mind(self, status: str) -> None:
            self.world.settle_pending(status)

        @precondition(lambda self: self.world.asks_a_person)
        @rule()
        def a_person_starts_it_again(self) -> None:
            self.world.start_again()

        @invariant()
        def nobody_is_paid_twice(self) -> None:
            if hasattr(self, "world"):
                _check_payments(self.world)

        @invariant()
        def the_books_balance(self) -> None:
            if hasattr(self, "world"):
                _check_books(self.world)

        def teardown(self) -> None:
            if hasattr(self, "world"):
                _play_to_the_end(self.world)

    return Paying


def _check_payments(world: World) -> None:
    assert len(world.live) <= 1, f"paid twice: {world.payments}"


def _check_books(world: World) -> None:
    """Hold the ledger against the row: what is under way is in clearing, what is paid has left the balance."""
    totals = {str(account): amount for (account, _), amount in trial_balance(world.entries).items()}
    owed, paid, nothing = money("180.50 USDT"), world.row.state is PayoutState.CONFIRMED, money("0 USDT")
    under_way = world.row.under_way
    assert sum_per_asset(world.entries) == {"USDT": nothing}, "books"
    assert totals["expense:compensation:goodwill"] == owed, "books: the cost"
    assert totals.get("asset:payout-provider:clearing", nothing) == (-owed if under_way else nothing), "books: clearing"
    assert totals.get("asset:payout-provider:balance", nothing) == (-owed if paid else nothing), "books: balance"
    assert totals["liability:customer:C-100023"] == (nothing if under_way or paid else -owed), "books: what we owe"


def _play_to_the_end(world: World) -> None:
    """Let the faults end and the jobs run out: it must end paid once. Runs after a finding, too, and repeats it."""
    _check_payments(world)
    _check_books(world)
    for _ in range(60):
        world.settle_pending("confirmed")
        if world.asks_a_person:
            world.start_again()
        step = world.work("is answered", lag=0.0, status="confirmed")
        _check_payments(world)
        if isinstance(step, Done):
            break
        world.pass_time(max((step.until - world.now).total_seconds(), 1) if isinstance(step, Wait) else 1)
    assert world.row.state is PayoutState.CONFIRMED, f"lost: {world.row}"
    assert [each.id for each in world.live] == [world.row.provider_id], f"lost: {world.payments}"
    _check_books(world)


def test_a_customer_is_paid_once_whatever_happens() -> None:
    run_state_machine_as_test(machine(Rules()), settings=HURRIED)


def _resend_on_unknown(attempt: Attempt, now: datetime, terms: Terms) -> Step:
    step = next_step(attempt, now, terms)
    return _a_send(attempt.key_generation, now, terms) if isinstance(step, LookUp) and _open(attempt) else step


def _new_key_on_every_retry(attempt: Attempt, now: datetime, terms: Terms) -> Step:
    step = next_step(attempt, now, terms)
    retry = isinstance(step, Send) and attempt.first_sent_at is not None
    return _a_send(attempt.key_generation + 1, now, terms) if retry else step


def _absence_trusted_at_once(attempt: Attempt, now: datetime, terms: Terms) -> Step:
    if attempt.absent_at is not None and _open(attempt):
        attempt = replace(attempt, last_sent_at=attempt.absent_at - terms.settle)
    return next_step(attempt, now, terms)


def _old_absence_trusted(attempt: Attempt, now: datetime, terms: Terms) -> Step:
    sent_once = attempt.last_sent_at is not None and attempt.first_sent_at is not None
    if sent_once and _open(attempt) and attempt.absent_at is not None:
        attempt = replace(attempt, last_sent_at=attempt.first_sent_at)
    return next_step(attempt, now, terms)


def _key_life_ignored(attempt: Attempt, now: datetime, terms: Terms) -> Step:
    return next_step(attempt, now, replace(terms, key_life=timedelta(days=3650)))


def _key_life_used_to_the_last_second(attempt: Attempt, now: datetime, terms: Terms) -> Step:
    step, first = next_step(attempt, now, terms), attempt.first_sent_at
    if attempt.state is PayoutState.INTENDED and first is not None and now < first + terms.key_life * 1.2:
        return _a_send(attempt.key_generation, now, terms)
    return step


def _submitted_is_sent_again(attempt: Attempt, now: datetime, terms: Terms) -> Step:
    if attempt.state is PayoutState.SUBMITTED:
        return _a_send(attempt.key_generation + 1, now, terms)
    return next_step(attempt, now, terms)


def _paid_is_paid_again(attempt: Attempt, now: datetime, terms: Terms) -> Step:
    step = next_step(attempt, now, terms)
    return _a_send(attempt.key_generation + 1, now, terms) if isinstance(step, Done) else step


def _never_looked_up(attempt: Attempt, now: datetime, terms: Terms) -> Step:
    step = next_step(attempt, now, terms)
    return Wait(until=now + timedelta(seconds=30)) if isinstance(step, LookUp) else step


def _life_counted_from_the_last_sending(attempt: Attempt, generation: int, now: datetime) -> Attempt:
    return replace(stored.sending(attempt, key_generation=generation, now=now), first_sent_at=now)


def _no_entry_for_a_failure(before: Attempt, after: Attempt) -> tuple[Entry, ...]:
    return tuple(each for each in entries(before, after, an_order()) if not each.id.startswith("failed"))


def _no_entry_for_the_sending(before: Attempt, after: Attempt) -> tuple[Entry, ...]:
    return tuple(each for each in entries(before, after, an_order()) if not each.id.startswith("submitted"))


def _open(attempt: Attempt) -> bool:
    return attempt.state in {PayoutState.UNKNOWN, PayoutState.INTENDED} and attempt.held is None


def _a_send(generation: int, now: datetime, terms: Terms) -> Send:
    return Send(key_generation=generation, not_after=now + terms.send_within)


PLANTED: dict[str, tuple[Rules, str]] = {
    "resend on unknown": (Rules(next_step=_resend_on_unknown), "paid twice"),
    "new key on every retry": (Rules(next_step=_new_key_on_every_retry), "paid twice"),
    "absence trusted at once": (Rules(next_step=_absence_trusted_at_once), "paid twice|lost"),
    "key life ignored": (Rules(next_step=_key_life_ignored), "paid twice"),
    "key used beyond its life": (Rules(next_step=_key_life_used_to_the_last_second), "paid twice"),
    "life counted from the last sending": (Rules(sending=_life_counted_from_the_last_sending), "paid twice"),
    "submitted is sent again": (Rules(next_step=_submitted_is_sent_again), "paid twice|lost"),
    "paid is paid again": (Rules(next_step=_paid_is_paid_again), "paid twice"),
    "sent before it is stored": (Rules(stores_before_sending=False), "paid twice"),
    "a frozen worker sends at any time": (Rules(heeds_not_after=False), "paid twice"),
    "never looked up": (Rules(next_step=_never_looked_up), "lost"),
    "no entry for a failure": (Rules(books=_no_entry_for_a_failure), "books"),
    "no entry for the sending": (Rules(books=_no_entry_for_the_sending), "books"),
}


#: Bugs that few days bring to light are looked for on such days: key life and lag in seconds, fates of the calls.
RARE: dict[str, tuple[int, int, tuple[str, ...]]] = {
    "new key on every retry": (600, 60, ("is done, but said not to be",)),
    "key used beyond its life": (600, 60, ("is done, but said not to be",)),
    "life counted from the last sending": (600, 60, ("is done, but said not to be",)),
    "a frozen worker sends at any time": (0, 60, ("freezes before the call", "is answered")),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_caught(bug: str) -> None:
    rules, finding = PLANTED[bug]
    life, lag, fates = RARE.get(bug, (None, 60, FATES))
    looking = settings(HURRIED, phases=[Phase.generate], max_examples=3000, print_blob=False, derandomize=True)

    with pytest.raises(AssertionError, match=finding):
        run_state_machine_as_test(
            machine(rules, lives=KEY_LIVES if life is None else (life,), lag=lag, fates=fates), settings=looking
        )


@pytest.mark.parametrize(("life", "lag", "fates"), sorted(set(RARE.values())))
def test_the_true_rules_pass_where_a_rare_bug_is_looked_for(life: int, lag: int, fates: tuple[str, ...]) -> None:
    run_state_machine_as_test(machine(Rules(), lives=(life,), lag=lag, fates=fates), settings=HURRIED)


def _a_day_with_a_late_second_request(rules: Rules) -> World:
    """Return the world after a refused request, a second one that crawls, and a look-up while it does."""
    world = World(rules=rules, terms=Terms(key_life=timedelta(seconds=200)))
    for fate, seconds in (("is refused", 120), ("arrives late", 0), ("is answered", 60), ("is answered", 300)):
        world.work(fate, lag=1.0, status="confirmed")
        world.pass_time(seconds)
    return world


def test_an_absence_is_measured_from_the_last_sending_and_not_from_the_first() -> None:
    spoilt = _a_day_with_a_late_second_request(Rules(next_step=_old_absence_trusted))
    true = _a_day_with_a_late_second_request(Rules())

    assert len(spoilt.live) == 2
    assert len(true.live) == 1
    _play_to_the_end(true)


def _a_day_after_a_failure(rules: Rules) -> World:
    """Return the world after a failure, a second try whose answer is lost, and a look-up before it is visible."""
    world = World(rules=rules, terms=Terms(key_life=timedelta(seconds=600)))
    world.work("is answered", lag=0.0, status="failed")
    for _ in range(2):
        if world.asks_a_person:
            world.start_again()
        world.work("is done, the answer lost", lag=1.0, status="confirmed")
        world.work("is answered", lag=1.0, status="confirmed")
    return world


def test_an_old_failure_is_not_taken_for_the_new_one() -> None:
    spoilt = _a_day_after_a_failure(Rules(keeps_old_failures_apart=False))
    true = _a_day_after_a_failure(Rules())

    assert len(spoilt.live) == 2
    assert len(true.live) == 1
    _play_to_the_end(true)
