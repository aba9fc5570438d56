"""Writing to many Cases of an incident at once, over the wire in the sandbox."""

from typing import Any

import pytest

from connectors.contract import FieldsRefused, TicketUpdate, TryLater, UnexpectedReply
from connectors.salesforce.writing_many import Outcome
from connectors.transport import Exchange
from tests.connectors.salesforce_world import CASE_ONE, CASE_TWO, COMPOSITE, SalesforceWorld, a_case, an_update, ref


def cases(salesforce: SalesforceWorld, count: int) -> list[str]:
    """Load so many Cases and return their Ids."""
    salesforce.load(*(a_case(number) for number in range(1, count + 1)))
    return [row["Id"] for row in salesforce.state()["Case"]]


def updates(ids: list[str], **changed: Any) -> tuple[TicketUpdate, ...]:
    return tuple(an_update(**{"ref": ref(key), "mark": "INCIDENT-7/1", **changed}) for key in ids)


def written(outcomes: tuple[Outcome, ...]) -> list[bool]:
    return [outcome.written for outcome in outcomes]


def test_two_hundred_and_fifty_cases_are_written_in_four_calls_and_once(salesforce: SalesforceWorld) -> None:
    ids = cases(salesforce, 250)
    seen: list[Exchange] = []
    source = salesforce.connect(seen.append)

    first = source.write_many(updates(ids))
    calls = len(seen)
    again = source.write_many(updates(ids))

    assert calls == 1 + 2 * 2  # The token; a look and a write for each 200.
    assert written(first) == [True] * 250
    assert written(again) == [False] * 250
    assert [outcome.update.ref.key for outcome in first] == ids
    comments = salesforce.state()["CaseComment"]
    assert sorted(row["ParentId"] for row in comments) == sorted(ids)
    assert {row["IsPublished"] for row in comments} == {False}
    assert {row["MW_State__c"] for row in salesforce.state()["Case"]} == {"paid"}


def test_a_case_that_is_refused_does_not_cost_the_others(salesforce: SalesforceWorld) -> None:
    ids = cases(salesforce, 6)
    salesforce.act("delete", id=ids[4])
    wanted = list(updates(ids))
    wanted[2] = an_update(ref=ref(ids[2]), mark="INCIDENT-7/1", fields=(("mw_state", "x" * 50),))
    wanted[3] = an_update(ref=ref(ids[3]), mark="two words")

    outcomes = salesforce.connect().write_many(tuple(wanted))

    assert written(outcomes) == [True, True, False, False, False, True]
    refused, impossible, gone = (outcomes[number].error for number in (2, 3, 4))
    assert isinstance(refused, FieldsRefused)
    assert refused.fields == (("mw_state", "STRING_TOO_LONG: MW State: data value too large: … (max length=40)"),)
    assert "cannot be a mark" in str(impossible)
    assert "the Case is deleted" in str(gone)
    assert len(salesforce.state()["CaseComment"]) == 3


def test_two_updates_of_one_case_are_both_written_in_order(salesforce: SalesforceWorld) -> None:
    cases(salesforce, 2)
    first = an_update(ref=ref(CASE_ONE), mark="INCIDENT-7/1", note="One")
    other = an_update(ref=ref(CASE_TWO), mark="INCIDENT-7/1", note=None)
    second = an_update(ref=ref(CASE_ONE), mark="INCIDENT-7/2", note="Two")

    outcomes = salesforce.connect().write_many((first, other, second))

    assert written(outcomes) == [True, True, True]
    assert [note.splitlines()[0] for note in salesforce.notes(CASE_ONE)] == ["One", "Two"]
    assert salesforce.notes(CASE_TWO) == []
    assert salesforce.case(CASE_ONE)["MW_Mark__c"] == "INCIDENT-7/2"


@pytest.mark.parametrize(("fault", "done"), [("dropped_after_write", None), ("unavailable", None)])
def test_a_lost_answer_is_said_of_each_and_the_next_try_writes_none_twice(
    salesforce: SalesforceWorld, fault: str, *, done: bool | None
) -> None:
    ids = cases(salesforce, 3)

    def strike(exchange: Exchange) -> None:
        if exchange.path.endswith("/composite") and not salesforce.state()["CaseComment"] and not struck:
            struck.append(exchange)
            salesforce.fault(fault, COMPOSITE, times=1)

    struck: list[Exchange] = []
    source = salesforce.connect(strike)

    lost = source.write_many(updates(ids))
    after = source.write_many(updates(ids))

    assert {(outcome.written, type(outcome.error)) for outcome in lost} == {(False, TryLater)}
    assert {outcome.error.done for outcome in lost if isinstance(outcome.error, TryLater)} == {done}
    assert written(after) == [fault == "unavailable"] * 3
    assert len(salesforce.state()["CaseComment"]) == 3


def test_a_row_that_is_locked_is_left_for_later_and_the_others_are_written(salesforce: SalesforceWorld) -> None:
    ids = cases(salesforce, 4)
    salesforce.fault("row_locked", times=1)

    outcomes = salesforce.connect().write_many(updates(ids))

    assert written(outcomes) == [False, True, True, True]
    assert isinstance(outcomes[0].error, TryLater)


def test_nothing_is_called_for_nothing(salesforce: SalesforceWorld) -> None:
    seen: list[Exchange] = []

    assert salesforce.connect(seen.append).write_many(()) == ()
    assert seen == []


def test_a_case_that_is_not_there_is_an_outcome_too(salesforce: SalesforceWorld) -> None:
    (outcome,) = salesforce.connect().write_many(updates([CASE_ONE]))

    assert isinstance(outcome.error, UnexpectedReply)
    assert outcome.written is False
