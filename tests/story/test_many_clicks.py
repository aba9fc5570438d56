"""Fifty clicks at once are two decisions, no error, and fifty answers."""

from structlog.testing import capture_logs

from tests.story.clicking import click_fifty_times, decided_once, two_asked
from tests.story.working_day import Day


def test_fifty_clicks_of_ten_people_on_two_cards_are_two_decisions(day: Day) -> None:
    asked = two_asked(day)

    with capture_logs() as log:
        click_fifty_times(day, asked)
        decided_once(day, asked)

    assert [each for each in log if each["log_level"] in ("error", "critical")] == []
