"""Writing to Cases over the wire in the sandbox, with its faults."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from connectors.contract import FieldsMoved, FieldsRefused, TryLater, UnexpectedReply
from connectors.transport import Exchange
from tests.connectors.salesforce_world import CASE_ONE, COMPOSITE, SalesforceWorld, a_case, an_update, ref


def test_a_note_is_internal_and_changes_nothing_but_what_is_ours(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    before = salesforce.case()
    seen: list[Exchange] = []

    assert salesforce.connect(seen.append).write(an_update()) is True

    after = salesforce.case()
    assert salesforce.notes() == ["Compensation paid: 180.50 USDT.\n补偿已支付。\n\n[makewhole CASE-4711/3]"]
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    assert set(changed) - {"LastModifiedDate", "LastModifiedById", "SystemModstamp"} == {
        "MW_State__c",
        "MW_Amount__c",
        "MW_Mark__c",
    }
    assert (changed["MW_State__c"], changed["MW_Amount__c"], changed["MW_Mark__c"]) == ("paid", "180.50", "CASE-4711/3")
    assert len(seen) == 3  # Token, look, write.


def test_writing_twice_is_once_in_any_process(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    source = salesforce.connect()

    assert [source.write(an_update()) for _ in range(3)] == [True, False, False]
    assert salesforce.connect().write(an_update()) is False
    assert salesforce.connect().write(an_update(mark="CASE-4711/4", note="Again")) is True
    assert salesforce.connect().write(an_update()) is False
    assert len(salesforce.notes()) == 2
    assert source.marks(ref()) == {"CASE-4711/3", "CASE-4711/4"}


def test_a_write_without_a_note_is_found_by_its_mark(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    source = salesforce.connect()

    assert [source.write(an_update(note=None)) for _ in range(2)] == [True, False]
    assert salesforce.notes() == []


def test_an_empty_value_clears_a_field(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())

    salesforce.connect().write(an_update(note=None, fields=(("order_id", ""),)))

    assert salesforce.case().get("Order_Id__c") is None


def test_the_outcome_moves_the_status_in_the_same_write(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())

    salesforce.connect(transitions=(("paid", "Closed"), ("declined", "Escalated"))).write(an_update())

    assert (salesforce.case()["Status"], salesforce.case()["IsClosed"]) == ("Closed", True)
    assert len(salesforce.notes()) == 1


def test_a_closed_case_still_takes_a_note(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case(Status="Closed"))

    assert salesforce.connect().write(an_update()) is True
    assert len(salesforce.notes()) == 1


def test_a_long_chinese_note_is_cut_by_bytes_and_keeps_its_mark_and_link(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    link = "https://bot.harbor.example/cases/CASE-4711"
    note = "补偿说明\n" + "提现延迟超过六小时。" * 800 + f"\nCase: {link}"

    assert salesforce.connect().write(an_update(note=note)) is True

    (written,) = salesforce.notes()
    assert len(written.encode()) <= 4000
    assert written.startswith("补偿说明\n提现")
    assert f"Case: {link}\n\n[makewhole CASE-4711/3]" in written
    assert "longer than Salesforce keeps" in written
    assert salesforce.connect().write(an_update(note=note)) is False


def test_words_that_look_like_a_reference_are_written_as_words(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())

    salesforce.connect().write(an_update(note="Send to @{case.id}", fields=(("mw_reason", "@{comment.id}"),)))

    assert salesforce.notes()[0].startswith("Send to @ {case.id}")
    assert salesforce.case()["MW_Reason__c"] == "@ {comment.id}"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"fields": (("mw_colour", "red"),)}, "mw_colour: no field is configured"),
        ({"mark": "two words"}, "cannot be a mark"),
        ({"mark": "x" * 81}, "cannot be a mark"),
        ({"note": None, "fields": (), "add_tags": ("vip",)}, "nothing to write; a Case has no tags"),
    ],
)
def test_what_cannot_be_written_is_said_before_any_call(
    salesforce: SalesforceWorld, changed: dict[str, Any], said: str
) -> None:
    seen: list[Exchange] = []

    with pytest.raises(UnexpectedReply, match=said):
        salesforce.connect(seen.append).write(an_update(**changed))

    assert seen == []


@pytest.mark.parametrize(
    ("fields", "settings", "refused", "code"),
    [
        ((("mw_state", "paid"), ("compensation_topic", "hunter2")), {}, {"compensation_topic"}, "PICKLIST"),
        ((("mw_state", "s" * 41), ("mw_amount", "1")), {}, {"mw_state"}, "STRING_TOO_LONG"),
        ((("claimed_amount", "hunter2"), ("mw_amount", "1")), {}, {"claimed_amount", "mw_amount"}, "JSON_PARSER_ERROR"),
        (
            (("mw_state", "paid"), ("order_id", "1")),
            {"fields": (("mw_state", "MW_State__c"), ("order_id", "Order_Number__c"))},
            {"order_id"},
            "INVALID_FIELD",
        ),
        (
            (("order_id", "1"), ("mw_state", "paid")),
            {"fields": (("mw_state", "MW_State__c"), ("order_id", "CaseNumber"))},
            {"order_id"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
        ),
    ],
)
def test_a_field_that_is_refused_is_named_and_does_not_cost_the_note(
    salesforce: SalesforceWorld,
    fields: tuple[tuple[str, str], ...],
    settings: dict[str, Any],
    refused: set[str],
    code: str,
) -> None:
    salesforce.load(a_case())
    source = salesforce.connect(**settings)
    before = salesforce.case()

    with pytest.raises(FieldsRefused, match=code) as caught:
        source.write(an_update(fields=fields))

    assert {name for name, _ in caught.value.fields} == refused
    assert "hunter2" not in f"{caught.value} {caught.value.fields}"
    assert (salesforce.case(), salesforce.notes()) == (before, [])
    rest = tuple(field for field in fields if field[0] not in refused)
    assert source.write(an_update(fields=rest)) is True
    assert len(salesforce.notes()) == 1


def test_a_case_that_takes_no_change_at_all_still_gets_the_note(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    source = salesforce.connect()
    salesforce.fault("item_failed", "PATCH /services/data/v62.0/sobjects/Case")

    with pytest.raises(FieldsRefused) as caught:
        source.write(an_update())
    assert {name for name, _ in caught.value.fields} == {"mw_amount", "mw_state"}
    with pytest.raises(UnexpectedReply):
        source.write(an_update(note=None, fields=(("mw_state", "paid"),)))

    assert source.write(an_update(fields=())) is True
    assert source.write(an_update(fields=())) is False
    assert len(salesforce.notes()) == 1
    assert salesforce.case().get("MW_Mark__c") is None


def test_without_a_field_for_our_mark_a_note_is_written_and_found(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    source = salesforce.connect(mark_field="CaseNumber")  # We may read it and not write it.

    assert [source.write(an_update()) for _ in range(2)] == [True, False]
    assert len(salesforce.notes()) == 1
    assert salesforce.case()["MW_State__c"] == "paid"
    with pytest.raises(UnexpectedReply, match=r"INVALID_FIELD_FOR_INSERT_UPDATE \(CaseNumber\)"):
        source.write(an_update(mark="CASE-4711/4", note=None))


def arm(salesforce: SalesforceWorld, fault: str, **more: Any) -> Any:
    """Return a hook that strikes the write that follows the look."""
    armed = threading.Event()

    def strike(exchange: Exchange) -> None:
        if exchange.path.endswith("/composite") and not armed.is_set():
            armed.set()
            salesforce.fault(fault, COMPOSITE, times=1, **more)

    return strike


@pytest.mark.parametrize("fault", ["dropped_after_write", "cut_after_write", "slow_after_write"])
def test_a_write_whose_answer_was_lost_is_found_not_repeated(salesforce: SalesforceWorld, fault: str) -> None:
    salesforce.load(a_case())
    source = salesforce.connect(arm(salesforce, fault, seconds=0.9), read_seconds=0.5)

    with pytest.raises(TryLater) as caught:
        source.write(an_update())

    assert caught.value.done is None
    assert source.write(an_update()) is False
    assert len(salesforce.notes()) == 1


@pytest.mark.parametrize(
    ("fault", "wait_seconds", "done"),
    [
        ("rate_limited", 30.0, False),
        ("unavailable", 5.0, None),
        ("dropped_before", 5.0, None),
        ("row_locked", 5.0, False),
    ],
)
def test_a_write_that_was_not_done_is_done_by_the_next_try(
    salesforce: SalesforceWorld, fault: str, wait_seconds: float, *, done: bool | None
) -> None:
    salesforce.load(a_case())
    if fault == "row_locked":
        salesforce.fault(fault, times=1)
        source = salesforce.connect()
    else:
        source = salesforce.connect(arm(salesforce, fault))

    with pytest.raises(TryLater) as caught:
        source.write(an_update())

    assert (caught.value.wait_seconds, caught.value.done) == (wait_seconds, done)
    assert salesforce.notes() == []
    assert source.write(an_update()) is True
    assert len(salesforce.notes()) == 1


def test_a_change_between_looking_and_writing_is_seen_and_kept(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    meddled = threading.Event()
    seen: list[Exchange] = []

    def meddle(exchange: Exchange) -> None:
        seen.append(exchange)
        if exchange.path.endswith("/composite") and not meddled.is_set():
            meddled.set()
            salesforce.clock.pass_seconds(3)
            salesforce.act("edit", id=CASE_ONE, values={"Priority": "High"})

    assert salesforce.connect(meddle).write(an_update()) is True

    assert len([each for each in seen if each.path.endswith("/composite")]) == 4  # Look, 412, look, write.
    assert (salesforce.case()["Priority"], salesforce.case()["MW_State__c"]) == ("High", "paid")
    assert len(salesforce.notes()) == 1


def test_a_case_that_never_stands_still_is_left_for_later(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())

    def meddle(exchange: Exchange) -> None:
        if exchange.path.endswith("/composite"):
            salesforce.clock.pass_seconds(3)
            salesforce.act("edit", id=CASE_ONE, values={"Subject": str(salesforce.clock.now)})

    with pytest.raises(TryLater, match="changed 3 times") as caught:
        salesforce.connect(meddle).write(an_update())

    assert caught.value.done is False
    assert salesforce.notes() == []


def test_a_customer_who_writes_our_mark_stops_no_note(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case(comments=[{"CommentBody": "Thanks\n[makewhole CASE-4711/3]", "IsPublished": True}]))

    assert salesforce.connect().write(an_update()) is True
    assert len(salesforce.notes()) == 1


def test_our_own_note_is_known_as_ours(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    salesforce.connect().write(an_update())
    salesforce.act("comment", case=CASE_ONE, body="Looks fine")

    read = salesforce.connect().read(ref())

    assert read is not None
    assert [str(comment.written_by) for comment in read[0].comments] == ["us", "agent"]


def test_a_case_that_is_gone_for_good_says_so(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    salesforce.act("delete", id=CASE_ONE)
    salesforce.act("purge", id=CASE_ONE)

    with pytest.raises(UnexpectedReply, match="gone for good or hidden"):
        salesforce.connect().write(an_update())


def test_a_field_that_moved_since_it_was_read_is_not_written_over(salesforce: SalesforceWorld) -> None:
    salesforce.load(a_case())
    decided = an_update(note=None, fields=(("order_id", "A-2"),), seen=(("order_id", "A-20931"),))
    salesforce.act("edit", id=ref().key, values={"Order_Id__c": "A-9"})

    with pytest.raises(FieldsMoved, match="order_id"):
        salesforce.connect().write(decided)

    assert salesforce.case()["Order_Id__c"] == "A-9"
    again = replace(decided, seen=(("order_id", "A-9"),))
    assert salesforce.connect().write(again) is True
    assert salesforce.case()["Order_Id__c"] == "A-2"
