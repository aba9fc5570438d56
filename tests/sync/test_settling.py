"""A person settles what the mirror leaves alone, and every ticket is brought in line."""

from sync.settling import Take, settle
from tests.sync.three_desks import JIRA, SALESFORCE, ZENDESK, ThreeDesks


def take(desks: ThreeDesks, which: Take, number: int = 1) -> bool:
    with desks.database.begin() as tx:
        fields = desks.mirroring.fields
        found = settle(desks.desk, fields, tx, number, which, person="yuki", now=desks.time())
    desks.settle()
    return found is not None


def flagged(desks: ThreeDesks) -> None:
    """Let Jira show something else than Zendesk, which owns the field."""
    desks.all_come(incident_id="I-1")
    desks.edit(JIRA, incident_id="I-9")
    desks.settle()


def test_ours_is_put_back(desks: ThreeDesks) -> None:
    flagged(desks)

    assert take(desks, "ours")

    assert desks.show("incident_id") == ["I-1"] * 3
    assert desks.conflicts() == []


def test_theirs_becomes_the_cases_value_also_at_its_owner(desks: ThreeDesks) -> None:
    flagged(desks)

    assert take(desks, "theirs")

    assert desks.show("incident_id") == ["I-9"] * 3
    assert desks.conflicts() == []


def test_it_is_settled_once_and_stands_in_the_cases_history(desks: ThreeDesks) -> None:
    flagged(desks)

    assert take(desks, "theirs")
    assert not take(desks, "ours")

    assert desks.show("incident_id") == ["I-9"] * 3
    assert desks.events("CASE-1").count("conflict settled") == 1
    assert desks.actor_of("CASE-1", "conflict settled") == "yuki"


def test_a_lost_value_is_brought_back(desks: ThreeDesks) -> None:
    desks.all_come(claimed_amount="1")
    desks.edit(SALESFORCE, claimed_amount="2")
    desks.edit(JIRA, claimed_amount="9")
    desks.read(SALESFORCE, JIRA)
    desks.settle()

    assert take(desks, "theirs")

    assert desks.show("claimed_amount") == ["9"] * 3


def test_a_refused_value_is_tried_again(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.at(ZENDESK).refuses[("claimed_amount", "*")] = "is not on the form"
    desks.edit(SALESFORCE, claimed_amount="5")
    desks.settle()
    desks.at(ZENDESK).refuses.clear()

    assert take(desks, "ours")

    assert desks.show("claimed_amount") == ["5"] * 3


def test_a_field_of_ours_that_a_program_fights_over_may_be_left_to_it_until_the_case_changes(
    desks: ThreeDesks,
) -> None:
    desks.all_come()
    for _ in range(4):
        desks.edit(ZENDESK, mw_state="paid")
        desks.settle()
    written = len(desks.written(ZENDESK))

    assert take(desks, "theirs")

    assert desks.conflicts() == []
    assert len(desks.written(ZENDESK)) == written
    assert desks.show("mw_state") == ["paid", "awaiting_approval", "awaiting_approval"]
