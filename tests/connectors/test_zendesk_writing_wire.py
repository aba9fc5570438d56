"""Writing to tickets over the wire in the sandbox, with its faults."""

import threading
from typing import Any

import pytest

from cases.ticket import Author
from connectors.contract import FieldsRefused, TryLater, UnexpectedReply
from connectors.marks import mark_in_note
from connectors.transport import Exchange
from tests.connectors.conftest import World, a_ticket
from tests.connectors.zendesk_world import PUT, START, all_pages, an_update, keys, ref


def test_a_note_is_internal_and_changes_nothing_but_what_is_ours(world: World) -> None:
    world.load(a_ticket())

    assert world.connect().write(an_update()) is True

    ticket = world.ticket(35436)
    note = ticket["comments"][-1]
    assert note["public"] is False
    assert note["body"] == "Compensation paid: 180.50 USDT.\n补偿已支付。\n\n[makewhole CASE-4711/3]"
    assert ticket["tags"] == ["withdrawal", "delayed_withdrawal", "makewhole_paid"]
    values = {each["id"]: each["value"] for each in ticket["custom_fields"] if each["value"] is not None}
    assert values == {
        900001: "delayed_withdrawal",
        900002: "A-20931",
        900006: "12.50",
        900011: "paid",
        900012: "180.50",
    }
    assert ticket["status"] == "open"


def test_writing_twice_is_once(world: World) -> None:
    world.load(a_ticket())
    source = world.connect()

    assert [source.write(an_update()) for _ in range(3)] == [True, False, False]
    assert len(world.notes(35436)) == 1


def test_another_process_finds_the_mark_too(world: World) -> None:
    world.load(a_ticket())

    assert world.connect().write(an_update()) is True
    assert world.connect().write(an_update()) is False
    assert world.connect().write(an_update(mark="CASE-4711/4")) is True
    assert world.connect().marks(ref()) == {"CASE-4711/3", "CASE-4711/4"}


def test_an_empty_value_clears_a_field_and_tags_come_and_go(world: World) -> None:
    world.load(a_ticket(tags=["withdrawal", "vip"]))

    world.connect().write(
        an_update(note=None, fields=(("order_id", ""),), add_tags=("a",), remove_tags=("withdrawal",))
    )

    ticket = world.ticket(35436)
    assert ticket["tags"] == ["vip", "delayed_withdrawal", "a"]
    assert {each["id"]: each["value"] for each in ticket["custom_fields"]}[900002] is None
    assert world.notes(35436) == []


def test_a_long_chinese_note_is_written_whole(world: World) -> None:
    world.load(a_ticket())
    note = "补偿说明：" + "提现延迟超过六小时。" * 800

    world.connect().write(an_update(note=note))

    assert world.notes(35436) == [f"{note}\n\n[makewhole CASE-4711/3]"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"fields": (("mw_colour", "red"),)}, "mw_colour: no field id is configured"),
        ({"note": "x" * 65_536}, "the note is longer than 65535 characters"),
        ({"mark": "two words"}, "cannot be a mark"),
        ({"mark": ""}, "cannot be a mark"),
        ({"note": None, "fields": (), "add_tags": ()}, "there is nothing to write"),
        ({"fields": (("compensation_topic", "hunter2"),)}, "422 RecordInvalid"),
    ],
)
def test_what_cannot_be_written_is_said_and_nothing_is_written(
    world: World, changed: dict[str, Any], said: str
) -> None:
    world.load(a_ticket())
    before = world.ticket(35436)

    with pytest.raises(UnexpectedReply, match=said) as caught:
        world.connect().write(an_update(**changed))

    assert "hunter2" not in str(caught.value)
    assert world.ticket(35436) == before


def test_a_closed_ticket_says_so(world: World) -> None:
    world.load(a_ticket(status="closed"))

    with pytest.raises(UnexpectedReply, match="zendesk:harbor:35436: the ticket is closed"):
        world.connect().write(an_update())

    assert world.notes(35436) == []


@pytest.mark.parametrize("fault", ["dropped_after_write", "cut_after_write", "slow_after_write"])
def test_a_write_whose_answer_was_lost_is_found_not_repeated(world: World, fault: str) -> None:
    world.load(a_ticket())
    source = world.connect(read_seconds=0.3)
    world.fault(fault, PUT, times=1, seconds=0.6)

    with pytest.raises(TryLater) as caught:
        source.write(an_update())

    assert caught.value.done is None
    assert source.write(an_update()) is False
    assert len(world.notes(35436)) == 1


@pytest.mark.parametrize(
    ("fault", "wait_seconds", "done"),
    [("rate_limited", 7.0, False), ("unavailable", 5.0, None), ("dropped_before", 5.0, None)],
)
def test_a_write_that_was_not_done_is_done_by_the_next_try(
    world: World, fault: str, wait_seconds: float, *, done: bool | None
) -> None:
    world.load(a_ticket())
    source = world.connect()
    world.fault(fault, PUT, times=1, retry_after=7)

    with pytest.raises(TryLater) as caught:
        source.write(an_update())

    assert (caught.value.wait_seconds, caught.value.done) == (wait_seconds, done)
    assert world.notes(35436) == []
    assert source.write(an_update()) is True
    assert len(world.notes(35436)) == 1


@pytest.mark.parametrize("fault", ["rate_limited", "unavailable", "dropped_before", "cut_after_write"])
def test_a_read_that_fails_may_be_tried_later(world: World, fault: str) -> None:
    world.load(a_ticket())
    source = world.connect()
    for match in ("GET /api/v2/tickets", "GET /api/v2/incremental"):
        world.fault(fault, match, times=1)

    with pytest.raises(TryLater):
        source.changed_since(None, start=START)
    with pytest.raises(TryLater):
        source.read(ref())

    assert keys(all_pages(source)) == ["35436"]
    assert source.read(ref()) is not None


def test_a_change_between_reading_and_writing_is_kept(world: World) -> None:
    world.load(a_ticket())
    meddled = threading.Event()

    seen: list[tuple[str, int | None]] = []

    def meddle(exchange: Exchange) -> None:
        """Add a tag as an agent, right after we have looked at the ticket, once."""
        seen.append((exchange.method, exchange.status))
        if exchange.method == "GET" and "audits" in exchange.path and not meddled.is_set():
            meddled.set()
            world.clock.pass_seconds(3)
            world.agent_edits(35436, ticket={"tags": ["withdrawal", "delayed_withdrawal", "by_agent"]})

    assert world.connect(meddle).write(an_update()) is True

    assert seen.count(("PUT", 409)) == 1
    assert world.ticket(35436)["tags"] == ["withdrawal", "delayed_withdrawal", "by_agent", "makewhole_paid"]
    assert len(world.notes(35436)) == 1


def test_a_ticket_that_never_stands_still_is_left_for_later(world: World) -> None:
    world.load(a_ticket())

    def meddle(exchange: Exchange) -> None:
        if exchange.method == "GET" and "audits" in exchange.path:
            world.clock.pass_seconds(3)
            world.agent_edits(35436, ticket={"priority": "high", "subject": str(world.clock.now)})

    with pytest.raises(TryLater, match="changed 3 times") as caught:
        world.connect(meddle).write(an_update())

    assert caught.value.done is False
    assert world.notes(35436) == []


def test_a_customer_who_writes_our_mark_stops_no_note(world: World) -> None:
    world.load(a_ticket(comments=[{"body": "Thanks\n[makewhole CASE-4711/3]", "public": True}]))

    assert world.connect().write(an_update()) is True
    assert len(world.notes(35436)) == 1


def test_our_own_note_is_told_from_an_agents(world: World) -> None:
    world.load(a_ticket())
    source = world.connect()
    source.write(an_update())
    ours = source.read(ref())
    world.clock.pass_seconds(5)
    world.agent_edits(35436, ticket={"comment": {"body": "Looks fine", "public": False}})
    after = source.read(ref())

    assert ours is not None
    assert after is not None
    assert mark_in_note(ours[0].comments[-1].body) == "CASE-4711/3"
    assert [each.written_by for each in after[0].comments[-2:]] == [Author.US, Author.AGENT]


def test_a_write_without_a_note_is_found_by_its_metadata(world: World) -> None:
    world.load(a_ticket())
    source = world.connect()

    assert [source.write(an_update(note=None)) for _ in range(2)] == [True, False]
    assert source.marks(ref()) == {"CASE-4711/3"}
    assert len(world.ticket(35436)["comments"]) == 1


def test_a_value_that_zendesk_refuses_is_named_and_nothing_is_written(world: World) -> None:
    world.load(a_ticket())

    with pytest.raises(FieldsRefused) as refusal:
        world.connect().write(an_update(fields=(("claimed_amount", "a lot"), ("mw_state", "paid"))))

    assert [name for name, _ in refusal.value.fields] == ["claimed_amount"]
    assert world.notes(35436) == []
    assert world.connect().write(an_update(fields=(("mw_state", "paid"),))) is True
