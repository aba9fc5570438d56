"""What is done next about a payout, minute by minute."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from payouts.answers import (
    Absent,
    Alarm,
    Confirmed,
    Doubled,
    Failed,
    NotProcessed,
    Pending,
    Refused,
    Unanswered,
    Unknown,
)
from payouts.attempt import (
    Attempt,
    NotForThis,
    PayoutState,
    again,
    answered,
    found_paid,
    found_unpaid,
    looked_up,
    released,
    sending,
)
from payouts.paying import Done, LookUp, Person, Send, Terms, Wait, entries, next_step
from tests.payouts.orders import NOON, an_order

DAY = Terms(key_life=timedelta(hours=24))  # Proof of absence 120 s after the last sending.
MINUTES = Terms(key_life=timedelta(minutes=30))
NO_KEYS = Terms(key_life=timedelta(0))
NO_LOOK_UP = Terms(key_life=timedelta(hours=24), looks_up=False)
PAID = Confirmed(provider_id="po_1", created_at=None)
PENDING = Pending(provider_id="po_1")
FAILED = Failed(provider_ids=("po_1",), reason="closed account")
LOST = Unknown(reason="ReadTimeout")


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def sent(seconds: float = 0, *, before: Attempt | None = None, generation: int = 1) -> Attempt:
    return sending(before or Attempt(), key_generation=generation, now=at(seconds))


def absent(attempt: Attempt, seconds: float, terms: Terms = DAY) -> Attempt:
    return looked_up(attempt, Absent(), asked_at=at(seconds), settle=terms.settle)


def a_send(seconds: float, generation: int = 1) -> Send:
    return Send(key_generation=generation, not_after=at(seconds + 60))


def test_a_new_payout_is_sent_under_its_first_key() -> None:
    assert next_step(Attempt(), at(0), DAY) == a_send(0)


def test_the_time_of_the_first_sending_is_stored_before_money_moves_and_kept_over_retries() -> None:
    first = sent(0)
    second = sent(500, before=first)
    other_key = sent(900, before=second, generation=2)

    assert (first.state, first.first_sent_at, first.last_sent_at) == (PayoutState.UNKNOWN, at(0), at(0))
    assert (second.first_sent_at, second.last_sent_at) == (at(0), at(500))
    assert (other_key.key_generation, other_key.first_sent_at) == (2, at(900))


@pytest.mark.parametrize("answer", [None, LOST])
def test_an_unknown_payout_is_looked_up_at_once_whoever_died(answer: Unknown | None) -> None:
    attempt = answered(sent(), answer, now=at(1)) if answer else sent()

    assert next_step(attempt, at(2), DAY) == LookUp()


@pytest.mark.parametrize("seconds", [1, 60, 119])
def test_an_absence_seen_early_is_no_proof(seconds: int) -> None:
    attempt = absent(sent(), seconds)

    due = min(seconds + 30, 120)
    assert next_step(attempt, at(seconds), DAY) == Wait(until=at(due))
    assert next_step(attempt, at(due), DAY) == LookUp()


def test_a_proved_absence_allows_the_same_key_while_it_lives() -> None:
    assert next_step(absent(sent(), 120), at(121), DAY) == a_send(121)


@pytest.mark.parametrize(
    ("terms", "seconds", "generation"),
    [
        (MINUTES, 24 * 60 - 1, 1),
        (MINUTES, 24 * 60, 2),
        (DAY, 0.8 * 86_400 - 1, 1),
        (DAY, 0.8 * 86_400, 2),
        (replace(DAY, key_life=timedelta(seconds=200)), 140, 1),
        (replace(DAY, key_life=timedelta(seconds=200)), 141, 2),
        (NO_KEYS, 120, 2),
    ],
)
def test_past_four_fifths_of_its_life_a_key_is_never_used_again(terms: Terms, seconds: float, generation: int) -> None:
    assert next_step(absent(sent(), seconds), at(seconds), terms) == a_send(seconds, generation)


def test_without_proof_even_a_dead_key_is_not_replaced() -> None:
    week = 7 * 86_400

    assert next_step(sent(), at(week), DAY) == LookUp()
    assert next_step(absent(sent(), 10), at(week), DAY) == LookUp()


def test_a_proof_grows_old() -> None:
    attempt = absent(sent(), 120)

    assert next_step(attempt, at(120 + 899), DAY) == a_send(1019)
    assert next_step(attempt, at(120 + 900), DAY) == LookUp()


def test_a_clock_that_runs_backwards_proves_nothing() -> None:
    assert isinstance(next_step(absent(sent(), 120), at(60), DAY), Wait)


def test_a_proof_from_before_the_last_sending_is_gone() -> None:
    resent = sent(121, before=absent(sent(), 120))

    assert resent.absent_at is None
    assert next_step(resent, at(122), DAY) == LookUp()


def test_a_request_turned_away_is_sent_again_with_the_same_key_after_the_wait() -> None:
    attempt = answered(sent(), NotProcessed(reason="HTTP 429", wait_seconds=7), now=at(1))

    assert attempt.state is PayoutState.INTENDED
    assert next_step(attempt, at(7.9), DAY) == Wait(until=at(8))
    assert next_step(attempt, at(8), DAY) == a_send(8)


def test_a_request_turned_away_is_not_believed_once_the_key_is_old() -> None:
    attempt = answered(sent(), NotProcessed(reason="HTTP 503", wait_seconds=7), now=at(1))

    assert next_step(attempt, at(86_400), DAY) == LookUp()
    assert next_step(attempt, at(60), NO_KEYS) == LookUp()


@pytest.mark.parametrize(("asked", "waited"), [(0.0, 1), (7.0, 7), (86_400.0, 900), (None, 2)])
def test_the_wait_is_the_providers_own_within_reason(asked: float | None, waited: int) -> None:
    attempt = answered(sent(), NotProcessed(reason="HTTP 429", wait_seconds=asked), now=at(0))

    assert attempt.not_before == at(waited)


def test_a_provider_that_cannot_be_asked_leaves_it_to_a_person() -> None:
    reason = "it is not known whether it was paid, and this way of paying cannot be asked"

    assert next_step(sent(), at(1), NO_LOOK_UP) == Person(reason=reason)
    assert next_step(absent(sent(), 500), at(501), replace(NO_KEYS, looks_up=False)) == Person(reason=reason)


def test_what_is_paid_is_done() -> None:
    assert next_step(answered(sent(), PAID, now=at(1)), at(2), DAY) == Done(provider_id="po_1")


def test_what_failed_waits_for_a_person_and_goes_on_under_a_new_key() -> None:
    failed = answered(sent(), FAILED, now=at(1))

    assert next_step(failed, at(2), DAY) == Person(reason="the payout failed: closed account")
    assert again(failed) == Attempt(key_generation=2, last_sent_at=at(0), failed_ids=("po_1",))
    assert next_step(again(failed), at(3), DAY) == a_send(3, 2)


def test_a_failure_found_early_may_be_an_older_one_and_is_not_believed() -> None:
    early = looked_up(sent(), FAILED, asked_at=at(119), settle=DAY.settle)
    late = looked_up(sent(), FAILED, asked_at=at(120), settle=DAY.settle)
    known = looked_up(answered(sent(), PENDING, now=at(1)), FAILED, asked_at=at(2), settle=DAY.settle)

    assert early.state is PayoutState.UNKNOWN
    assert late.state is known.state is PayoutState.FAILED


def test_what_is_pending_is_asked_for_ever_more_rarely_and_never_sent_again() -> None:
    attempt = answered(sent(), PENDING, now=at(1))
    later = looked_up(attempt, PENDING, asked_at=at(1000), settle=DAY.settle)

    assert next_step(attempt, at(29), DAY) == Wait(until=at(30))
    assert next_step(attempt, at(30), DAY) == LookUp()
    assert next_step(later, at(1001), DAY) == Wait(until=at(1100))


def test_what_stays_pending_for_days_is_asked_once_more_and_then_shown_to_a_person() -> None:
    attempt = answered(sent(), PENDING, now=at(1))
    days = 3 * 86_400

    assert next_step(attempt, at(days), DAY) == LookUp()
    still = looked_up(attempt, PENDING, asked_at=at(days), settle=DAY.settle)
    assert next_step(still, at(days + 1), DAY) == Person(
        reason="the provider has had it as po_1 since 2026-11-20 12:00 UTC"
    )


def test_what_was_accepted_and_then_disappears_is_shown_to_a_person_and_never_sent() -> None:
    attempt = absent(answered(sent(), PENDING, now=at(1)), 120)

    assert next_step(attempt, at(121), DAY) == Person(reason="the provider accepted it as po_1 and no longer knows it")


@pytest.mark.parametrize("state", [sent(), answered(sent(), PENDING, now=at(1)), answered(sent(), PAID, now=at(1))])
@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (Alarm(reason="po_9: payee not as ordered"), "po_9: payee not as ordered"),
        (Doubled(provider_ids=("po_1", "po_2")), "paid more than once: po_1, po_2"),
        (Refused(reason="the provider does not accept our token"), "the provider does not accept our token"),
    ],
)
def test_an_alarm_holds_a_payout_in_every_state(state: Attempt, word: Alarm | Doubled | Refused, reason: str) -> None:
    held = looked_up(state, word, asked_at=at(200), settle=DAY.settle)

    assert held.state is state.state
    assert next_step(held, at(86_400), DAY) == Person(reason=reason)


@pytest.mark.parametrize(
    ("before", "word", "reason"),
    [
        (PENDING, Confirmed(provider_id="po_2", created_at=None), "the provider says po_2, said po_1 before"),
        (PAID, Confirmed(provider_id="po_2", created_at=None), "the provider says po_2, said po_1 before"),
        (FAILED, PAID, "the provider says po_1, said failed before"),
        (FAILED, Pending(provider_id="po_2"), "po_2 appeared after the payout had failed"),
        (PENDING, Failed(provider_ids=("po_2",), reason="x"), "po_2 failed, but po_1 was accepted"),
    ],
)
def test_a_provider_that_contradicts_itself_is_shown_to_a_person(
    before: Confirmed | Pending | Failed, word: Confirmed | Pending | Failed, reason: str
) -> None:
    attempt = looked_up(answered(sent(), before, now=at(1)), word, asked_at=at(500), settle=DAY.settle)

    assert next_step(attempt, at(501), DAY) == Person(reason=reason)


def test_a_refusal_holds_it_until_a_person_has_released_it_and_then_the_same_key_is_sent() -> None:
    held = answered(sent(), Refused(reason="our balance is too small"), now=at(1))

    assert next_step(held, at(500), DAY) == Person(reason="our balance is too small")
    assert next_step(released(held), at(500), DAY) == a_send(500)


def test_patience_ends_with_a_person_and_never_while_a_sending_is_in_the_air() -> None:
    terms = replace(DAY, patience=2)
    tired = answered(sent(200, before=sent()), LOST, now=at(201))

    assert next_step(tired, at(202), terms) == LookUp()
    assert next_step(absent(tired, 320), at(320), terms) == Person(
        reason="no clear word after 2 tries, last: ReadTimeout"
    )
    assert next_step(released(absent(tired, 320)), at(321), terms) == LookUp()


def test_a_look_up_that_is_not_answered_is_asked_again_later_and_later() -> None:
    attempt = answered(sent(), LOST, now=at(1))
    waits = []
    for _ in range(3):
        attempt = looked_up(attempt, Unanswered(reason="timeout", wait_seconds=None), asked_at=at(2), settle=DAY.settle)
        waits.append(next_step(attempt, at(2), DAY))

    assert waits == [Wait(until=at(4)), Wait(until=at(6)), Wait(until=at(10))]
    assert next_step(attempt, at(10), DAY) == LookUp()


def test_a_stale_answer_of_another_worker_changes_nothing() -> None:
    pending = answered(sent(), PENDING, now=at(1))

    assert answered(pending, NotProcessed(reason="HTTP 503", wait_seconds=1), now=at(2)) == pending
    assert answered(pending, Refused(reason="x"), now=at(2)) == pending
    assert answered(answered(sent(), PAID, now=at(1)), PENDING, now=at(2)).state is PayoutState.CONFIRMED


def test_a_person_may_say_what_the_provider_could_not() -> None:
    paid, unpaid = found_paid(sent(), "BANK-7"), found_unpaid(sent())

    assert next_step(paid, at(1), DAY) == Done(provider_id="BANK-7")
    assert next_step(unpaid, at(1), DAY) == a_send(1, 2)


def test_a_persons_word_that_does_not_fit_is_refused() -> None:
    paid, failed = answered(sent(), PAID, now=at(1)), answered(sent(), FAILED, now=at(1))

    for word in (again, found_unpaid, lambda each: found_paid(each, "po_2")):
        with pytest.raises(NotForThis):
            word(paid)
    with pytest.raises(NotForThis):
        released(failed)
    with pytest.raises(NotForThis):
        again(sent())


def test_asking_without_a_time_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="now must be aware"):
        next_step(Attempt(), NOON.replace(tzinfo=None), DAY)


@pytest.mark.parametrize(
    "change",
    [
        {"key_life": timedelta(seconds=-1)},
        {"send_within": timedelta(0)},
        {"visible_within": timedelta(seconds=-1)},
        {"proof_life": timedelta(0)},
        {"patience": 0},
    ],
)
def test_terms_that_make_no_sense_are_refused(change: dict[str, timedelta | int]) -> None:
    with pytest.raises(ValueError, match=r"must be more than nothing|may not be negative"):
        replace(DAY, **change)  # type: ignore[arg-type]  # A table of single changes.


def booked(*attempts: Attempt) -> list[str]:
    """Return the events that the ledger gets on the way through these attempts: "submitted:1"."""
    steps = pairwise(attempts)
    written = [entry.id for before, after in steps for entry in entries(before, after, an_order())]
    return [f"{name.partition(':')[0]}:{name.rpartition(':')[2]}" for name in written]


def test_the_ledger_follows_each_step() -> None:
    new, first = Attempt(), sent()
    lost, retried = answered(first, LOST, now=at(1)), sent(121, before=absent(first, 120))
    next_key = sent(90_000, before=absent(first, 89_999), generation=2)
    paid = answered(first, PAID, now=at(1))
    failed = answered(first, FAILED, now=at(1))
    came_back = looked_up(paid, FAILED, asked_at=at(500), settle=DAY.settle)

    assert booked(new, first, lost, retried) == ["submitted:1"]
    assert booked(new, first, answered(first, PENDING, now=at(1)), paid, paid) == ["submitted:1", "confirmed:1"]
    assert booked(first, next_key) == ["failed:1", "submitted:2"]
    assert booked(first, failed, again(failed), sent(9, before=again(failed), generation=2)) == [
        "failed:1",
        "submitted:2",
    ]
    assert booked(paid, came_back) == ["returned:1"]
    assert booked(first, found_unpaid(first)) == ["failed:1"]
    assert booked(first, found_paid(first, "BANK-7")) == ["confirmed:1"]
    assert booked(failed, found_paid(failed, "BANK-7")) == ["submitted:2", "confirmed:2"]
