"""Two tickets that may tell of one loss: a person says so with one click, and both are told how it ends."""

from typing import Any

from bot.cards import APPROVE
from bot.links import DIFFERENT_LOSS, SAME_LOSS
from cases.case import Case, Stage
from store import links
from tests.story.working_day import AMELIA, LATE, NOAH, WEI, Customer, Day, until


def two_claims(day: Day) -> tuple[Customer, int, int]:
    """Let a customer complain twice, the second time without saying of what."""
    ada = day.customer()
    ada.knows(LATE)
    first = ada.complains()
    day.await_stage(first, Stage.AWAITING_APPROVAL)
    second = ada.complains(number=2, transaction_id="")
    day.await_stage(second, Stage.NEEDS_ATTENTION)
    return ada, first, second


def question_about(day: Day, ticket: int) -> dict[str, Any]:
    """Wait for the question about this ticket in Slack, and return its message."""

    def shown() -> dict[str, Any] | None:
        with day.house.database.read() as connection:
            asked = links.about(connection, (f"zendesk:harbor:{ticket}",))
        found = day._messages(f"question/{asked[0].id}") if asked else []
        return found[0] if found else None

    return until(shown) or {}


def click(day: Day, user: str, message: dict[str, Any], action: str) -> None:
    done = day.town.act("click", user=user, channel=message["channel"], ts=message["ts"], action_id=action)
    assert done is not None
    assert done["acknowledged"], done


def test_one_click_makes_one_case_of_two_and_both_tickets_are_told(day: Day) -> None:
    _, first, second = two_claims(day)
    case: Case = day.await_stage(first, Stage.AWAITING_APPROVAL)
    asked = question_about(day, second)
    assert asked["text"] == f"Do Zendesk {second} and {case.about.id} tell of one loss?"

    click(day, AMELIA, asked, SAME_LOSS)
    until(lambda: (found := day.case_of(second)) is not None and found.case.about.id == case.about.id)
    click(day, NOAH, asked, DIFFERENT_LOSS)
    until(lambda: "actions" not in [each["type"] for each in question_about(day, second)["blocks"]])
    until(lambda: any("answered already" in text for text in day.whispers(NOAH)))
    day.click(WEI, case, APPROVE)
    closed = day.await_stage(second, Stage.CLOSED)

    assert [str(each.key) for each in closed.about.tickets] == [str(first), str(second)]
    assert "Amelia Chen said on" in question_about(day, second)["text"]
    assert len(day.payments(closed)) == 1
    assert [day.fields(each)["mw_state"] for each in (first, second)] == ["paid", "paid"]
    assert any(text.startswith("Thank you. Amelia Chen said on") for text in day.whispers(AMELIA))
    assert day.audit_holds()


def test_two_losses_stay_two_cases(day: Day) -> None:
    _, first, second = two_claims(day)

    click(day, AMELIA, question_about(day, second), DIFFERENT_LOSS)
    until(lambda: "are apart" in question_about(day, second)["text"])

    stages = [found.case.stage for each in (first, second) if (found := day.case_of(each)) is not None]
    assert stages == [Stage.AWAITING_APPROVAL, Stage.NEEDS_ATTENTION]
