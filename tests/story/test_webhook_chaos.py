"""However webhooks go astray, at the end we know what Zendesk knows, and every note was written once."""

import contextlib
import itertools

from makewhole.assembly import House
from makewhole.running import working
from store.jobs import backlog
from tests.crash.books import compare_notes
from tests.crash.chaos import Chaos, differences, is_equal
from tests.crash.town import town
from tests.story.working_day import served, until

CLAIMS, CHANGES, ROUNDS = 25, 120, 3


def test_lost_doubled_and_shuffled_webhooks_leave_nothing_out_and_nothing_twice(database: str) -> None:
    with town(database) as here, contextlib.closing(here.house()) as house:
        chaos = Chaos(town=here, seed=7)

        for number in range(ROUNDS):
            with working(house, with_ticks=False) as worker, served(house, worker):
                if number == 0:
                    chaos.begin(claims=CLAIMS)
                chaos.change(times=(CHANGES - CLAIMS) // ROUNDS)
        with working(house, with_ticks=False) as worker, served(house, worker):
            until(lambda: here.sandbox.get("/zendesk/_sandbox/state?ids=1")["deliveries_unfinished"] == 0)
            times = itertools.count()
            until(lambda: is_equal(here, house, f"{next(times)}"))
            until(lambda: not compare_notes(here, house))
            until(lambda: queues_with_work(house) <= {"work"})  # Escalations wait for their hour.

        assert chaos.made >= CHANGES - ROUNDS
        assert differences(here, house) == []
        assert queues_with_work(house) <= {"work"}


def queues_with_work(house: House) -> set[str]:
    with house.database.read() as connection:
        return set(backlog(connection))
