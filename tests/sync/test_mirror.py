"""Fields between three desks: the owner's value goes everywhere, and nothing else does."""

from collections.abc import Callable

import pytest

from cases.ticket import TicketRef, TicketStatus
from tests.sync.three_desks import JIRA, SALESFORCE, ZENDESK, ThreeDesks


def test_three_tickets_of_one_loss_are_one_case_and_show_how_it_stands(desks: ThreeDesks) -> None:
    desks.all_come()

    assert {desks.desk_case(ref) for ref in (ZENDESK, SALESFORCE, JIRA)} == {"CASE-1"}
    assert desks.show("mw_state") == ["awaiting_approval"] * 3
    assert desks.show("mw_amount") == ["15.00"] * 3


def test_what_the_owner_says_goes_to_every_other_ticket(desks: ThreeDesks) -> None:
    desks.all_come()

    desks.edit(SALESFORCE, claimed_amount="20")
    desks.settle()

    assert desks.show("claimed_amount") == ["20"] * 3
    assert desks.written(ZENDESK) == desks.written(JIRA) == [{"claimed_amount": "20"}]
    assert desks.written(SALESFORCE) == []


def test_what_another_changed_is_put_back_once(desks: ThreeDesks) -> None:
    desks.all_come(claimed_amount="20")

    desks.edit(JIRA, claimed_amount="99")
    desks.settle()

    assert desks.show("claimed_amount") == ["20"] * 3
    assert desks.written(JIRA) == [{"claimed_amount": "20"}]
    assert desks.conflicts() == []


def test_what_another_changed_is_left_alone_and_shown_where_the_rule_says_so(desks: ThreeDesks) -> None:
    desks.all_come(incident_id="I-1")

    desks.edit(JIRA, incident_id="I-9")
    desks.settle()

    assert desks.show("incident_id") == ["I-1", "I-1", "I-9"]
    assert desks.conflicts() == [("jira", "incident_id", "changed", "I-1", "I-9")]


def test_a_conflict_goes_by_itself_when_the_value_is_right_again(desks: ThreeDesks) -> None:
    desks.all_come(incident_id="I-1")
    desks.edit(JIRA, incident_id="I-9")
    desks.settle()

    desks.edit(JIRA, incident_id="I-1")
    desks.settle()

    assert desks.conflicts() == []
    assert desks.written(JIRA) == []


def test_an_owner_who_changes_it_too_wins_and_the_other_value_is_kept(desks: ThreeDesks) -> None:
    desks.all_come(incident_id="I-1")
    desks.edit(JIRA, incident_id="I-9")
    desks.settle()

    desks.edit(ZENDESK, incident_id="I-2")
    desks.settle()

    assert desks.show("incident_id") == ["I-2"] * 3
    assert desks.conflicts() == [("jira", "incident_id", "overruled", "I-2", "I-9")]


@pytest.mark.parametrize("order", [(ZENDESK, JIRA), (JIRA, ZENDESK)])
def test_both_sides_change_and_the_owner_wins_in_whatever_order_they_are_read(
    desks: ThreeDesks, order: tuple[TicketRef, TicketRef]
) -> None:
    desks.all_come(order_id="A-1")

    desks.edit(ZENDESK, order_id="A-9")
    desks.edit(JIRA, order_id="A-2")
    desks.read(*order)
    desks.settle()

    assert desks.show("order_id") == ["A-2"] * 3


def test_a_value_that_loses_to_the_owners_is_kept_for_people(desks: ThreeDesks) -> None:
    desks.all_come(claimed_amount="1")

    desks.edit(SALESFORCE, claimed_amount="2")
    desks.edit(JIRA, claimed_amount="9")
    desks.read(SALESFORCE)
    desks.read(JIRA)
    desks.settle()

    assert desks.show("claimed_amount") == ["2"] * 3
    assert desks.conflicts() == [("jira", "claimed_amount", "overruled", "2", "9")]


def test_the_newest_value_wins_where_nobody_owns_the_field(desks: ThreeDesks) -> None:
    desks.all_come(claimed_asset="USDT")

    desks.edit(ZENDESK, claimed_asset="BTC")
    desks.edit(JIRA, claimed_asset="ETH")
    desks.read(JIRA, ZENDESK)
    desks.settle()

    assert desks.show("claimed_asset") == ["ETH"] * 3
    assert desks.conflicts() == [("zendesk", "claimed_asset", "overruled", "ETH", "BTC")]


def test_two_values_of_one_moment_are_for_a_person_to_decide(desks: ThreeDesks) -> None:
    desks.all_come(claimed_asset="USDT")

    desks.edit(ZENDESK, claimed_asset="BTC")
    desks.time.pass_by(seconds=-1)
    desks.edit(JIRA, claimed_asset="ETH")
    desks.read(ZENDESK, JIRA)
    desks.settle()

    assert desks.show("claimed_asset") == ["BTC", "BTC", "ETH"]
    assert desks.conflicts() == [("jira", "claimed_asset", "undecided", "BTC", "ETH")]


def test_a_field_that_its_owner_clears_is_cleared_everywhere(desks: ThreeDesks) -> None:
    desks.all_come(claimed_amount="20")

    desks.edit(SALESFORCE, claimed_amount="")
    desks.settle()

    assert desks.show("claimed_amount") == ["", "", ""]
    assert desks.value("claimed_amount") == ""


def test_a_ticket_that_joins_empty_takes_what_the_case_says_and_fills_what_it_does_not(desks: ThreeDesks) -> None:
    desks.come(ZENDESK, claimed_amount="20")
    desks.settle()

    desks.come(SALESFORCE, incident_id="I-1")
    desks.settle()

    assert desks.show("claimed_amount", (ZENDESK, SALESFORCE)) == ["20", "20"]
    assert desks.show("incident_id", (ZENDESK, SALESFORCE)) == ["I-1", "I-1"]


def test_an_owner_that_joins_with_another_value_wins_and_the_first_is_kept(desks: ThreeDesks) -> None:
    desks.come(ZENDESK, claimed_amount="20")
    desks.settle()

    desks.come(SALESFORCE, claimed_amount="30")
    desks.settle()

    assert desks.show("claimed_amount", (ZENDESK, SALESFORCE)) == ["30", "30"]
    assert desks.conflicts() == [("zendesk", "claimed_amount", "overruled", "30", "20")]


@pytest.mark.parametrize(
    ("shows", "shown"),
    [(lambda _name, value: value.lower(), "usdt"), (lambda _name, value: f" {value} ", " USDT ")],
)
def test_a_value_that_a_vendor_shows_in_its_own_way_is_written_once(
    desks: ThreeDesks, shows: Callable[[str, str], str], shown: str
) -> None:
    desks.all_come()
    desks.at(JIRA).shows = shows

    desks.edit(ZENDESK, claimed_asset="USDT")
    desks.settle()
    desks.say_nothing_new()
    desks.settle()

    assert desks.show("claimed_asset") == ["USDT", "USDT", shown]
    assert desks.written(JIRA) == [{"claimed_asset": "USDT"}]
    assert desks.written(ZENDESK) == []


def test_a_number_that_a_vendor_shortens_is_written_once(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.at(ZENDESK).shows = lambda name, value: value.rstrip("0") if name == "claimed_amount" else value

    desks.edit(SALESFORCE, claimed_amount="12.50")
    desks.settle()

    assert desks.show("claimed_amount") == ["12.5", "12.50", "12.50"]
    assert desks.written(ZENDESK) == [{"claimed_amount": "12.50"}]


def test_a_state_that_an_agent_overwrites_is_put_back_within_one_reading(desks: ThreeDesks) -> None:
    desks.all_come()

    desks.edit(ZENDESK, mw_state="paid")
    desks.read(ZENDESK)
    desks.work()

    assert desks.show("mw_state") == ["awaiting_approval"] * 3
    assert desks.written(ZENDESK) == [{"mw_state": "awaiting_approval"}]


def test_a_program_that_fights_over_a_field_is_shown_and_left_alone(desks: ThreeDesks) -> None:
    desks.all_come()

    for _ in range(6):
        desks.edit(ZENDESK, mw_state="paid")
        desks.settle()

    assert desks.written(ZENDESK) == [{"mw_state": "awaiting_approval"}] * 3
    assert desks.conflicts() == [("zendesk", "mw_state", "contested", "awaiting_approval", "paid")]


def test_a_program_that_answers_every_write_of_ours_ends_in_a_conflict(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.at(JIRA).shows = lambda name, value: f"{value}!" if name == "claimed_asset" else value
    desks.at(ZENDESK).shows = lambda name, value: f"{value}?" if name == "claimed_asset" else value

    desks.edit(SALESFORCE, claimed_asset="USDT")
    desks.settle(most_rounds=30)

    assert "contested" in {cause for _, _, cause, _, _ in desks.conflicts()}
    assert len(desks.written(JIRA)) + len(desks.written(ZENDESK)) <= 10


def test_a_person_may_change_a_field_again_after_an_hour(desks: ThreeDesks) -> None:
    desks.all_come()

    for _ in range(6):
        desks.hour_passes()
        desks.edit(ZENDESK, mw_state="paid")
        desks.settle()

    assert desks.show("mw_state") == ["awaiting_approval"] * 3
    assert desks.conflicts() == []


def test_an_old_reading_never_wins(desks: ThreeDesks) -> None:
    desks.all_come(claimed_amount="1")
    old = desks.at(SALESFORCE).tickets[SALESFORCE]
    desks.edit(SALESFORCE, claimed_amount="2")
    desks.settle()
    new = desks.at(SALESFORCE).tickets[SALESFORCE]

    desks.at(SALESFORCE).tickets[SALESFORCE] = old
    desks.read(SALESFORCE)
    desks.work()
    desks.at(SALESFORCE).tickets[SALESFORCE] = new
    desks.settle()

    assert desks.show("claimed_amount") == ["2"] * 3


def test_a_closed_ticket_is_a_conflict_and_its_case_goes_on(desks: ThreeDesks) -> None:
    desks.all_come(claimed_amount="1")
    desks.close(ZENDESK)

    desks.edit(SALESFORCE, claimed_amount="2")
    desks.settle()

    assert desks.show("claimed_amount") == ["1", "2", "2"]
    assert desks.conflicts() == [("zendesk", "claimed_amount", "closed", "2", "1")]


def test_a_ticket_that_is_opened_again_gets_what_it_missed(desks: ThreeDesks) -> None:
    desks.all_come(claimed_amount="1")
    desks.close(ZENDESK)
    desks.edit(SALESFORCE, claimed_amount="2")
    desks.settle()

    desks.close(ZENDESK, TicketStatus.OPEN)
    desks.settle()

    assert desks.show("claimed_amount") == ["2"] * 3
    assert desks.conflicts() == []


def test_a_field_that_the_owners_vendor_has_no_ticket_for_is_whoevers_changed_last(desks: ThreeDesks) -> None:
    desks.come(ZENDESK, claimed_amount="1")
    desks.come(JIRA)
    desks.settle()

    desks.edit(JIRA, claimed_amount="2")
    desks.settle()

    assert desks.show("claimed_amount", (ZENDESK, JIRA)) == ["2", "2"]
