"""The specification that every answer of these tests is held against, and answers no other test asks for."""

import json

import pytest

from tests.sandbox.zendesk.conftest import Zendesk
from tests.sandbox.zendesk.corrected_specification import Specification
from tests.sandbox.zendesk.served import a_ticket


@pytest.mark.parametrize(
    "wrong", [{"id": "seven"}, {"status": "paid"}, {"tags": "vip"}, {"custom_fields": [{"id": "a"}]}, {"via": []}]
)
def test_a_wrong_answer_is_noticed(specification: Specification, wrong: dict[str, object]) -> None:
    right = {"id": 7, "requester_id": 1, "status": "deleted", "priority": None, "tags": ["vip"], "custom_fields": []}

    specification.check_answer("GET", "/api/v2/tickets/7.json", 200, json.dumps({"ticket": right}).encode())

    with pytest.raises(AssertionError):
        body = json.dumps({"ticket": {**right, **wrong}}).encode()
        specification.check_answer("GET", "/api/v2/tickets/7.json", 200, body)


def test_a_status_or_path_the_vendor_does_not_have_is_noticed(specification: Specification) -> None:
    for method, path, status in (("PUT", "/api/v2/tickets/7", 201), ("GET", "/api/v2/paid", 200)):
        with pytest.raises(AssertionError):
            specification.check_answer(method, path, status, b"{}")


def test_tickets_are_listed_by_page_and_by_cursor(zendesk: Zendesk) -> None:
    zendesk.load(*(a_ticket(n) for n in (3, 1, 2)))
    zendesk.agent(2, delete=True)

    numbered = zendesk.get("/api/v2/tickets.json", per_page=1)
    by_cursor = zendesk.get("/api/v2/tickets", **{"page[size]": 100, "include": "users"})

    assert ([ticket["id"] for ticket in numbered["tickets"]], numbered["count"]) == ([1], 2)
    assert numbered["next_page"] == "https://harbor.zendesk.com/api/v2/tickets.json?per_page=1&page=2"
    assert ([ticket["id"] for ticket in by_cursor["tickets"]], by_cursor["meta"]["has_more"]) == ([1, 3], False)
    assert [user["id"] for user in by_cursor["users"]] == [20_001]


def test_one_rating_is_shown(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7, satisfaction_rating={"score": "good", "comment": None}))
    (rating,) = zendesk.get("/api/v2/satisfaction_ratings", start_time=0)["satisfaction_ratings"]

    (shown,) = zendesk.get(f"/api/v2/satisfaction_ratings/{rating['id']}.json")["satisfaction_rating"]

    assert (shown["ticket_id"], shown["score"]) == (7, "good")
    assert zendesk.http.get("/api/v2/satisfaction_ratings/1.json").status_code == 404
