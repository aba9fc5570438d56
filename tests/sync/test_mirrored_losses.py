"""Fields that name a loss are mirrored, and what is mirrored makes no ticket tell of another loss."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cases.case import Stage
from cases.loss import LossKind
from cases.proposal import CaseId
from sync.mirroring import Mirroring
from sync.ownership import FieldRule, FieldRules
from sync.wanted import withheld
from tests.sync.three_desks import EVERYONE, JIRA, MAPPED, SALESFORCE, VENDORS, ZENDESK, ThreeDesks
from workflow import link_answers

NEWEST = {name: FieldRule(owner="newest") for name in ("transaction_id", "order_id", "compensation_topic")}


@pytest.fixture
def desks(store_url: str) -> Iterator[ThreeDesks]:
    """Return three helpdesks whose fields that name losses are mirrored, whichever changed last."""
    fields = FieldRules(rules=NEWEST, fields={f"{vendor}:harbor": MAPPED for vendor in VENDORS})
    desk = ThreeDesks(store_url, mirroring=Mirroring(fields=fields, pass_on=(EVERYONE,)))
    yield desk
    desk.end()


def join(desks: ThreeDesks, case_id: str, other: str) -> None:
    with desks.database.begin() as tx:
        link_answers.join_case(desks.desk, tx, CaseId(case_id), CaseId(other), by="amelia", now=desks.time())
    desks.settle()


def two_losses(desks: ThreeDesks) -> None:
    for ref, loss in ((ZENDESK, "W-1"), (SALESFORCE, "W-2")):
        desks.come(ref, loss=loss)
        desks.settle()


def test_two_losses_that_are_one_keep_their_names(desks: ThreeDesks) -> None:
    two_losses(desks)

    join(desks, "CASE-1", "CASE-2")

    loss = desks.case("CASE-1").about.loss
    assert loss is not None
    assert loss.reference == "W-1"
    assert desks.show("transaction_id", (ZENDESK, SALESFORCE)) == ["W-1", "W-2"]
    with desks.database.read() as connection:
        (left,) = withheld(desks.desk, desks.mirroring.fields, connection)
    assert (left.case_id, left.ref, left.field, left.ours, left.theirs) == (
        "CASE-1",
        ZENDESK,
        "transaction_id",
        "W-2",
        "W-1",
    )
    assert desks.stages() == {"CASE-1": Stage.AWAITING_APPROVAL, "CASE-2": Stage.JOINED}


def test_what_was_paid_for_is_not_claimed_again_by_the_mirror(desks: ThreeDesks) -> None:
    two_losses(desks)
    desks.say("amelia", "CASE-1")
    desks.settle()

    join(desks, "CASE-1", "CASE-2")

    assert desks.stages() == {"CASE-1": Stage.CLOSED, "CASE-2": Stage.JOINED}
    assert len(desks.provider.payments) == 1


def test_a_field_that_names_another_kind_of_loss_elsewhere_is_left_alone_there(desks: ThreeDesks) -> None:
    desks.desk = replace(desks.desk, topics={**desks.desk.topics, "missing": LossKind.ORDER})
    desks.come(ZENDESK, order_id="O-1")
    desks.settle()
    desks.come(SALESFORCE, loss="W-7", topic="missing", order_id="O-2")
    desks.settle()
    join(desks, "CASE-1", "CASE-2")

    desks.edit(ZENDESK, order_id="O-3")
    desks.settle()

    assert desks.show("order_id", (ZENDESK, SALESFORCE)) == ["O-3", "O-2"]
    assert desks.stages() == {"CASE-1": Stage.AWAITING_APPROVAL, "CASE-2": Stage.JOINED}


@pytest.mark.parametrize("claims", [True, False])
def test_a_ticket_that_follows_goes_along_when_the_loss_is_corrected(desks: ThreeDesks, *, claims: bool) -> None:
    topic = "delayed_withdrawal" if claims else None
    desks.come(ZENDESK)
    desks.settle()
    desks.come(JIRA, loss="", topic=topic)
    with desks.database.begin() as tx:
        link_answers.join_ticket(desks.desk, tx, CaseId("CASE-1"), JIRA, by="amelia", now=desks.time())
    desks.settle()

    desks.edit(ZENDESK, transaction_id="W-9")
    desks.settle()

    assert [desks.desk_case(each) for each in (ZENDESK, JIRA)] == ["CASE-1", "CASE-1"]
    loss = desks.case("CASE-1").about.loss
    assert loss is not None
    assert loss.reference == "W-9"
    awaited = [each for each in desks.stages().values() if each is not Stage.JOINED]
    assert awaited == [Stage.AWAITING_APPROVAL]
