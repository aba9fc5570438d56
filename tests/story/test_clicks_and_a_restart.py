"""What was acknowledged before the worker stopped is decided and answered after it has started again."""

import contextlib

from structlog.testing import capture_logs

from makewhole.running import working
from tests.crash.town import town
from tests.story.clicking import answers, click_fifty_times, decided_once, two_asked
from tests.story.working_day import Day, served


def test_fifty_clicks_before_a_restart_are_two_decisions_after_it(database: str) -> None:
    with town(database) as here, contextlib.closing(here.house()) as house:
        day = Day(town=here, house=house)
        with working(house, with_ticks=False) as worker, served(house, worker):
            asked = two_asked(day)

        with capture_logs() as log:
            with served(house, worker):  # The doors stand open, and nobody works.
                click_fifty_times(day, asked)
                answered = answers(day, asked).total()
            with working(house, with_ticks=False) as worker, served(house, worker):
                decided_once(day, asked)

        assert answered == 0
        assert [each for each in log if each["log_level"] in ("error", "critical")] == []
