"""What people do at the vendor's side, and the bulk load."""

from typing import Any

import pytest

from sandbox.salesforce.ids import numbered
from tests.sandbox.salesforce.a_world import ANA, CASE_ONE, CONTACT_ONE, a_case, a_world
from tests.sandbox.salesforce.conftest import Org, bare

CASE_TWO = numbered("500", 2)


@pytest.fixture
def world(org: Org) -> Org:
    comments = [{"CommentBody": "My account is +351 900 000 000", "IsPublished": True}]
    org.load(**a_world(a_case(1, comments=comments), a_case(2, comments=[{"CommentBody": "same here"}])))
    org.clock.forward(60)
    return org


def case(org: Org, row_id: str = CASE_ONE) -> dict[str, Any]:
    found: dict[str, Any] = bare(org.get(f"/sobjects/Case/{row_id}"))
    return found


def test_an_agent_edits_comments_closes_and_hands_over(world: Org) -> None:
    world.act("edit", id=CASE_ONE, values={"Status": "Closed", "OwnerId": numbered("005", 3)})
    world.act("comment", case=CASE_ONE, body="called the customer", by="tom.baker@harbor.example")

    found = case(world)
    assert (found["IsClosed"], found["OwnerId"], found["LastModifiedById"]) == (True, numbered("005", 3), ANA)
    comment = world.query("SELECT CreatedBy.Name, IsPublished FROM CaseComment WHERE CommentBody LIKE 'called%'")
    assert comment == [{"CreatedBy": {"Name": "Tom Baker"}, "IsPublished": False}]


def test_a_customers_email_is_published_and_reopens_a_closed_case(world: Org) -> None:
    world.act("edit", id=CASE_ONE, values={"Status": "Closed"})

    world.act("email", case=CASE_ONE, body="still nothing")

    assert (case(world)["Status"], case(world)["IsClosed"]) == ("Working", False)
    assert world.query("SELECT IsPublished FROM CaseComment WHERE CommentBody = 'still nothing'") == [
        {"IsPublished": True}
    ]


def test_a_merge_deletes_the_loser_and_moves_its_comments(world: Org) -> None:
    world.act("merge", master=CASE_ONE, losers=[CASE_TWO])

    gone = world.query("SELECT Id, MasterRecordId FROM Case WHERE IsDeleted = true", "/queryAll")
    assert gone == [{"Id": CASE_TWO, "MasterRecordId": CASE_ONE}]
    moved = f"SELECT CommentBody FROM CaseComment WHERE ParentId = '{CASE_ONE}'"  # noqa: S608  # Test data.
    bodies = world.query(f"{moved} ORDER BY CommentBody")
    assert [row["CommentBody"] for row in bodies] == ["My account is +351 900 000 000", "same here"]
    assert case(world)["SystemModstamp"] == "2026-11-22T12:01:00.000+0000"


def test_a_deleted_case_comes_back_with_its_comments_or_goes_for_good(world: Org) -> None:
    count = "SELECT COUNT() FROM CaseComment"
    world.act("delete", id=CASE_ONE)
    assert world.get("/query", q=count)["totalSize"] == 1
    world.act("undelete", id=CASE_ONE)
    assert world.get("/query", q=count)["totalSize"] == 2
    assert case(world)["IsDeleted"] is False

    world.act("delete", id=CASE_ONE)
    world.act("purge", id=CASE_ONE)

    assert [row["Id"] for row in world.query("SELECT Id FROM Case", "/queryAll")] == [CASE_TWO]
    assert world.get("/queryAll", q=count)["totalSize"] == 1


def test_an_erased_customers_words_and_numbers_are_gone(world: Org) -> None:
    done = world.act("erase", contact=CONTACT_ONE)

    assert done == {"id": CONTACT_ONE, "cases": [CASE_ONE, CASE_TWO]}
    contact = bare(world.get(f"/sobjects/Contact/{CONTACT_ONE}"))
    assert (contact["Name"], contact["Email"], contact["Customer_Number__c"]) == ("Erased", None, None)
    assert case(world)["Subject"] == "Erased"
    assert {row["CommentBody"] for row in world.query("SELECT CommentBody FROM CaseComment")} == {"Erased"}


def test_acts_that_cannot_be_done_say_why(world: Org) -> None:
    for body in (
        {"act": "dance"},
        {"act": "edit", "id": "nonsense", "values": {}},
        {"act": "edit", "id": CASE_ONE, "values": {"Foo": 1}},
        {"act": "edit", "id": CASE_ONE, "values": {}, "by": "nobody"},
        {"act": "merge", "master": CASE_ONE},
    ):
        assert world.http.post("/_sandbox/acts", json=body).status_code == 400


def test_a_load_takes_ids_times_and_references_and_refuses_slips(org: Org) -> None:
    loaded = org.load(
        **a_world(
            {
                "Id": "500000000000ABC",
                "Subject": "kept",
                "SystemModstamp": "2026-11-22T11:30:00+01:00",
                "CreatedDate": "2026-11-01T08:00:00Z",
                "Owner": None,
                "OwnerId": ANA,
            }
        )
    )

    found = case(org, loaded["Case"][0])
    assert (found["Id"], found["OwnerId"], found["ContactId"]) == (
        "500000000000ABCAA4"[:15] + found["Id"][15:],
        ANA,
        None,
    )
    assert (found["CreatedDate"], found["SystemModstamp"]) == (
        "2026-11-01T08:00:00.000+0000",
        "2026-11-22T10:30:00.000+0000",
    )
    slip = org.http.post("/_sandbox/records", json={"Case": [{"Subjct": "x"}]})
    assert (slip.status_code, slip.json()["message"]) == (400, "Case[0]: BadLoad: Subjct: is no field of Case")
    assert org.http.post("/_sandbox/records", json={"Leads": []}).status_code == 400
    assert org.http.post("/_sandbox/settings", json={"paces": 1}).status_code == 400


def test_ten_thousand_cases_load_at_once(org: Org) -> None:
    org.load(**a_world(*(a_case(n, Description="x" * 500) for n in range(1, 10_001))))

    assert org.get("/query", q="SELECT COUNT() FROM Case")["totalSize"] == 10_000
    new = org.http.post("/services/data/v68.0/sobjects/Case", json={"Subject": "after"}).json()
    assert new["id"] == numbered("500", 10_001)
