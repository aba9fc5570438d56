"""Fields go out late and once, and one that is refused stops no other."""

from dataclasses import replace

import pytest

from cases.case import Stage
from cases.proposal import Verdict
from cases.ticket import TicketStatus
from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from store import outbox, tickets
from store.outbox import Kind
from sync.intake import poll
from sync.mirror import put_fields
from tests.store.queued import keys
from tests.sync.three_desks import JIRA, SALESFORCE, ZENDESK, ThreeDesks


def test_three_changes_before_the_first_write_are_one_write(desks: ThreeDesks) -> None:
    desks.all_come()

    for amount in ("1", "2", "3"):
        desks.edit(SALESFORCE, claimed_amount=amount)
        desks.read(SALESFORCE)

    with desks.database.read() as connection:
        assert keys(connection, Kind.FIELDS) == [f"ticket/{JIRA}#2", f"ticket/{ZENDESK}#2"]
    desks.settle()
    assert desks.written(ZENDESK) == desks.written(JIRA) == [{"claimed_amount": "3"}]


def test_nothing_is_written_when_nothing_is_lacking(desks: ThreeDesks) -> None:
    desks.all_come()

    with desks.database.begin() as tx:
        put_fields(tx, ZENDESK, 1, now=desks.time())
    desks.work()

    assert desks.written(ZENDESK) == []


def test_a_field_that_is_refused_is_a_conflict_and_the_others_are_written_at_once(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.at(JIRA).refuses[("claimed_amount", "*")] = "is not on the screen"

    desks.edit(SALESFORCE, claimed_amount="20", claimed_asset="USDT")
    desks.settle()

    assert desks.written(JIRA) == [{"claimed_asset": "USDT"}]
    assert desks.show("claimed_amount") == ["20", "20", ""]
    assert desks.conflicts() == [("jira", "claimed_amount", "refused", "20", "")]
    assert desks.conflicts_found()[0].problem == "is not on the screen"


def test_a_value_that_was_refused_is_not_tried_again_and_the_next_one_is(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.at(JIRA).refuses[("claimed_amount", "20")] = "is above what this field takes"
    desks.edit(SALESFORCE, claimed_amount="20")
    desks.settle()
    desks.say_nothing_new()
    desks.settle()

    desks.edit(SALESFORCE, claimed_amount="19")
    desks.settle()

    assert desks.written(JIRA) == [{"claimed_amount": "19"}]
    assert desks.conflicts() == []


def test_a_note_whose_field_is_refused_is_written_without_it(desks: ThreeDesks) -> None:
    desks.come(ZENDESK)
    desks.at(ZENDESK).refuses[("mw_reason", "*")] = "is too long"
    desks.settle()

    assert desks.at(ZENDESK).notes(ZENDESK) == ["Compensation PROPOSED · 15.00 USDT · CASE-1"]
    assert desks.show("mw_state", (ZENDESK,)) == ["awaiting_approval"]
    assert [each[1:3] for each in desks.conflicts()] == [("mw_reason", "refused")]


def test_a_note_that_is_refused_leaves_the_fields_true(desks: ThreeDesks) -> None:
    desks.come(ZENDESK)
    desks.at(ZENDESK).troubles.append(UnexpectedReply("the note is too long"))
    desks.settle()

    assert desks.at(ZENDESK).notes(ZENDESK) == []
    assert desks.show("mw_state", (ZENDESK,)) == ["awaiting_approval"]
    with desks.database.read() as connection:
        assert [why for _, why in outbox.refused(connection)] == ["the note is too long"]


@pytest.mark.parametrize("heard_of", ["fields", "note"])
def test_a_ticket_that_refuses_a_write_is_read_again(desks: ThreeDesks, heard_of: str) -> None:
    """Nobody told that it was deleted: no webhook came, and no search shows what is gone."""
    desks.all_come()
    del desks.at(JIRA).tickets[JIRA]
    desks.at(JIRA).troubles.append(UnexpectedReply("the issue is deleted"))
    if heard_of == "fields":
        desks.edit(SALESFORCE, claimed_amount="9")
    else:
        desks.at(SALESFORCE).say(SALESFORCE, "Call back in the afternoon.")
    desks.settle()

    with desks.database.read() as connection:
        assert tickets.known(connection, (JIRA,))[JIRA].ticket.status is TicketStatus.DELETED


def test_fields_never_hold_up_the_end_of_a_case(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.say("amelia", "CASE-1", Verdict.REJECT)
    with desks.database.begin() as tx:
        put_fields(tx, ZENDESK, 1, now=desks.time())

    desks.work("note")

    assert desks.stage("CASE-1") is Stage.CLOSED
    desks.settle()
    assert desks.show("mw_state") == ["declined"] * 3


def test_a_closed_case_is_put_back_too(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.say("amelia", "CASE-1", Verdict.REJECT)
    desks.settle()

    desks.edit(JIRA, mw_state="paid")
    desks.settle()

    assert desks.show("mw_state") == ["declined"] * 3


def test_a_write_whose_answer_is_lost_is_done_once(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.at(ZENDESK).lost_answers = 1

    desks.edit(SALESFORCE, claimed_amount="20")
    desks.settle()

    assert desks.written(ZENDESK) == [{"claimed_amount": "20"}]
    assert desks.conflicts() == []


def test_a_write_that_did_not_get_through_is_done_later_with_what_holds_then(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.at(ZENDESK).troubles.append(TryLater("429", wait_seconds=1.0, done=False))
    desks.at(ZENDESK).before_write = lambda: desks.edit(SALESFORCE, claimed_amount="21")

    desks.edit(SALESFORCE, claimed_amount="20")
    desks.read(SALESFORCE)
    desks.work("fields")
    desks.settle()

    assert desks.show("claimed_amount") == ["21"] * 3
    assert desks.conflicts() == []


def test_an_agents_change_in_the_moment_of_our_write_is_heard_before_anything_is_written_over_it(
    desks: ThreeDesks,
) -> None:
    desks.all_come(claimed_asset="USDT")
    desks.edit(SALESFORCE, claimed_asset="BTC")
    desks.at(JIRA).before_write = lambda: desks.edit(JIRA, claimed_asset="ETH")

    desks.settle()

    assert desks.show("claimed_asset") == ["ETH"] * 3
    assert ("salesforce", "claimed_asset", "overruled", "ETH", "BTC") in desks.conflicts()


def test_an_account_in_shadow_mode_is_not_written_to(desks: ThreeDesks) -> None:
    desks.mirroring = replace(desks.mirroring, shadowed=frozenset({"jira:harbor"}))
    desks.all_come()

    desks.edit(SALESFORCE, claimed_amount="20")
    desks.settle()

    assert desks.show("claimed_amount") == ["20", "20", ""]
    assert desks.at(JIRA).writes == []
    assert desks.conflicts() == []


def test_fields_that_wait_for_credentials_go_out_when_an_operator_replays_them(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.at(ZENDESK).troubles.append(AccessRefused("403: the token may not write"))
    desks.edit(SALESFORCE, claimed_amount="20")
    desks.settle()
    [dead] = desks.dead_letters()

    desks.again(dead.kind, dead.key)

    assert desks.show("claimed_amount") == ["20"] * 3


def test_what_is_heard_while_a_write_is_on_its_way_goes_out_after_it(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.edit(SALESFORCE, claimed_amount="2")
    desks.read(SALESFORCE)

    def news() -> None:
        desks.edit(SALESFORCE, claimed_amount="3")
        desks.read(SALESFORCE)

    desks.at(ZENDESK).before_write = news
    desks.work()

    assert desks.show("claimed_amount") == ["3"] * 3
    assert desks.written(ZENDESK) == [{"claimed_amount": "2"}, {"claimed_amount": "3"}]


def test_a_reading_that_was_begun_before_a_write_is_not_taken_for_a_change(desks: ThreeDesks) -> None:
    desks.all_come(claimed_asset="USDT", claimed_amount="1")
    desks.edit(SALESFORCE, claimed_asset="BTC", claimed_amount="2")
    desks.read(SALESFORCE)

    desks.at(ZENDESK).while_read = desks.work
    desks.read(ZENDESK)
    desks.settle()

    assert desks.show("claimed_asset") == ["BTC"] * 3
    assert desks.written(ZENDESK) == [{"claimed_amount": "2", "claimed_asset": "BTC"}]
    assert desks.conflicts() == []


def test_a_change_that_only_a_page_has_told_is_not_written_over(desks: ThreeDesks) -> None:
    desks.all_come(claimed_asset="USDT")
    desks.edit(SALESFORCE, claimed_asset="BTC")
    desks.read(SALESFORCE)
    desks.edit(ZENDESK, claimed_asset="ETH")

    poll(desks.intake_of(ZENDESK), clock=desks.time)
    desks.work("fields")

    assert desks.show("claimed_asset") == ["ETH", "BTC", "BTC"]
    desks.settle()
    assert desks.show("claimed_asset") == ["ETH"] * 3
