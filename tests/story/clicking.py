"""Ten people who click fifty times on two cards at once, and what must have come of it."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from bot.cards import APPROVE
from cases.case import Case, Closed, Paid, Stage
from store import tables
from tests.story.working_day import AMELIA, LATE, LUCA, MEI, NOAH, PRIYA, WEI, YUKI, Day, until

#: Three whom the role table does not know.
STRANGERS = ("U0BYSTAND01", "U0BYSTAND02", "U0BYSTAND03")
#: Two may decide, five may not.
PEOPLE = (AMELIA, WEI, NOAH, PRIYA, YUKI, LUCA, MEI, *STRANGERS)
CLICKS = 50


def two_asked(day: Day) -> tuple[Case, Case]:
    """Return two cases that wait for a lead, their cards before ten people."""
    for number, user in enumerate(STRANGERS, start=1):
        day.town.send("/slack/_sandbox/users", {"id": user, "real_name": f"Bystander {number}"})
    tickets = []
    for _ in range(2):
        customer = day.customer()
        customer.knows(LATE)
        tickets.append(customer.complains())
    first, second = (day.await_stage(ticket, Stage.AWAITING_APPROVAL) for ticket in tickets)
    for case in (first, second):
        until(lambda case=case: len(day.thread(case)) == 1)  # type: ignore[misc]  # Bound now.
    return first, second


def click_fifty_times(day: Day, cases: tuple[Case, Case]) -> None:
    """Let everybody click at the same moment; the product must acknowledge each click."""
    # How fast it is on a quiet machine is measured in tests/bench; here a crowded one may take its time.
    day.town.send("/slack/_sandbox/settings", {"ack_seconds": 25})
    cards = [day.card(case) for case in cases]
    ready = threading.Barrier(CLICKS)

    def click(number: int) -> dict[str, Any]:
        card, user = cards[number // len(PEOPLE) % 2], PEOPLE[number % len(PEOPLE)]
        ready.wait(10)
        return day.town.act("click", user=user, channel=card["channel"], ts=card["ts"], action_id=APPROVE) or {}

    with ThreadPoolExecutor(CLICKS) as threads:
        clicked = list(threads.map(click, range(CLICKS)))
    unheard = [each for each in clicked if not each.get("acknowledged")]
    assert not unheard, unheard


def answers(day: Day, cases: tuple[Case, Case]) -> Counter[str]:
    """Return how many private answers about these cases each person has been given."""
    ids = tuple(str(case.about.id) for case in cases)
    return Counter({user: sum(_is_about(text, ids) for text in day.whispers(user)) for user in PEOPLE})


def decided_once(day: Day, cases: tuple[Case, Case]) -> None:
    """Wait until everybody is answered and both cases are done; assert that each was decided by one click."""
    closed = [day.await_stage(int(case.about.tickets[0].key), Stage.CLOSED) for case in cases]
    until(lambda: answers(day, cases).total() == CLICKS)
    for case in closed:
        day.card_says(case, "has been paid")
        until(lambda case=case: len(day.thread(case)) == 3)  # type: ignore[misc]  # Bound now.
        assert isinstance(case, Closed)
        assert isinstance(case.settled, Paid)
        assert [each.person in ("amelia", "wei") for each in case.settled.approvals] == [True]
        assert len(day.payments(case)) == 1
        decisions = [event for event, _ in day.history(case) if event in ("approved", "declined", "counted")]
        assert decisions == ["approved"]
    assert answers(day, cases) == Counter(dict.fromkeys(PEOPLE, CLICKS // len(PEOPLE)))
    assert _unhandled(day) == 0


def _is_about(text: str, ids: tuple[str, ...]) -> bool:
    return any(case_id in text.replace(".", " ").replace(",", " ").split() for case_id in ids) or any(
        f" {case_id}" in text and f"{case_id}0" not in text for case_id in ids
    )


def _unhandled(day: Day) -> int:
    with day.house.database.read() as connection:
        column = tables.deliveries.c
        waiting = sa.select(sa.func.count()).where(column.outcome.is_(None), column.source == "slack")
        return connection.scalar(waiting) or 0
