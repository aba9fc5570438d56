"""Reading and writing tickets as any client does."""

from typing import Any

from tests.sandbox.zendesk.conftest import Zendesk
from tests.sandbox.zendesk.served import a_ticket


def test_a_ticket_is_shown_with_its_customer(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7, custom_fields={"900001": "delayed_withdrawal", "900004": "T-1"}))

    body = zendesk.get("/api/v2/tickets/7.json", include="users")

    ticket = body["ticket"]
    assert ticket["status"] == "new"
    assert ticket["created_at"] == "2026-11-22T11:00:00Z"
    assert {"id": 900_004, "value": "T-1"} in ticket["custom_fields"]
    assert {"id": 900_005, "value": None} in ticket["custom_fields"]
    assert ticket["tags"] == ["delayed_withdrawal"]
    assert [user["external_id"] for user in body["users"]] == ["C-100023"]


def test_a_note_with_fields_and_tags_is_one_update(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7, tags=["vip", "old"]))

    answer = zendesk.put(
        7,
        comment={"html_body": "<p>Proposed: <b>120 USDT</b></p><p>case 12</p>", "public": False},
        custom_fields=[{"id": 900_011, "value": "proposed"}, {"id": 123, "value": "nobody knows this field"}],
        additional_tags=["Mw Proposed"],
        remove_tags=["old"],
        unheard_of="ignored",
    )

    assert answer.status_code == 200
    body = answer.json()
    assert body["ticket"]["tags"] == ["vip", "mw_proposed"]
    assert {"id": 900_011, "value": "proposed"} in body["ticket"]["custom_fields"]
    assert body["ticket"]["updated_at"] == "2026-11-22T12:00:00Z"
    assert [event["type"] for event in body["audit"]["events"]] == ["Comment", "Change", "Change"]
    comments = zendesk.get("/api/v2/tickets/7/comments.json")["comments"]
    assert [(comment["public"], comment["body"]) for comment in comments] == [
        (True, "My OKB position was liquidated."),
        (False, "Proposed: 120 USDT\ncase 12"),
    ]
    assert comments[1]["author_id"] == 1_000


def test_a_safe_update_with_an_old_stamp_changes_nothing(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7))
    zendesk.agent(7, ticket={"status": "open"})

    refused = zendesk.put(7, status="solved", safe_update=True, updated_stamp="2026-11-22T11:00:00Z")

    assert refused.status_code == 409
    assert refused.json()["error"] == "UpdateConflict"
    assert zendesk.get("/api/v2/tickets/7.json")["ticket"]["status"] == "open"
    fresh = zendesk.put(7, status="solved", safe_update=True, updated_stamp="2026-11-22T12:00:00Z")
    assert fresh.json()["ticket"]["status"] == "solved"


def test_a_closed_ticket_takes_no_change(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7, status="closed"))

    refused = zendesk.put(7, comment={"body": "too late", "public": False})

    assert refused.status_code == 422
    assert refused.json()["error"] == "RecordInvalid"
    assert refused.json()["details"]["status"][0]["description"] == "Status: closed prevents ticket update"
    assert len(zendesk.get("/api/v2/tickets/7/comments.json")["comments"]) == 1


def test_bad_values_are_refused_and_nothing_happens(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7))
    bad: list[dict[str, Any]] = [
        {"status": "paid"},
        {"priority": 3},
        {"tags": {"a": 1}},
        {"assignee_id": 4_242},
        {"comment": {"body": " "}},
        {"comment": {"body": "a", "public": "no"}},
        {"custom_fields": [{"id": 900_006, "value": "a lot"}]},
        {"custom_fields": [{"id": 900_001, "value": "unknown_topic"}]},
        {"custom_fields": "900006"},
    ]

    answers = [zendesk.put(7, **ticket) for ticket in bad]

    assert [answer.status_code for answer in answers] == [422] * len(bad)
    assert {answer.json()["description"] for answer in answers} == {"Record validation errors"}
    assert zendesk.get("/api/v2/tickets/7.json")["ticket"]["updated_at"] == "2026-11-22T11:00:00Z"


def test_a_body_that_is_no_json_is_refused(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7))

    broken = zendesk.http.put("/api/v2/tickets/7.json", content=b'{"ticket":')
    rootless = zendesk.http.put("/api/v2/tickets/7.json", json={"status": "open"})

    assert (broken.status_code, rootless.status_code) == (422, 400)


def test_changing_the_topic_changes_its_tag(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7, custom_fields={"900001": "delayed_withdrawal"}))

    zendesk.put(7, fields=[{"id": 900_001, "value": "duplicate_charge"}])

    assert zendesk.get("/api/v2/tickets/7.json")["ticket"]["tags"] == ["duplicate_charge"]


def test_the_same_idempotency_key_creates_one_ticket(zendesk: Zendesk) -> None:
    body = {"ticket": {"subject": "Late", "comment": {"body": "Where is it?"}, "requester": {"email": "bo@x.example"}}}
    key = {"Idempotency-Key": "case-12"}

    first = zendesk.http.post("/api/v2/tickets.json", json=body, headers=key)
    again = zendesk.http.post("/api/v2/tickets.json", json=body, headers=key)
    other = zendesk.http.post("/api/v2/tickets.json", json={"ticket": {"subject": "Other"}}, headers=key)

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 400)
    assert first.headers["x-idempotency-lookup"] == "miss"
    assert again.headers["x-idempotency-lookup"] == "hit"
    assert again.json() == first.json()
    assert other.json()["error"] == "IdempotentRequestError"
    assert len(zendesk.state()["tickets"]) == 1
    assert first.headers["location"].endswith(f"/api/v2/tickets/{first.json()['ticket']['id']}.json")


def test_a_ticket_without_comment_is_created_too(zendesk: Zendesk) -> None:
    answer = zendesk.http.post("/api/v2/tickets", json={"ticket": {"subject": "Only a subject"}})

    assert answer.status_code == 201
    assert answer.json()["ticket"]["description"] == ""


def test_merged_tickets_are_closed_and_tagged(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7), a_ticket(8), a_ticket(9))

    job = zendesk.http.post("/api/v2/tickets/7/merge.json", json={"ids": [8, 9], "source_comment": "into 7"}).json()

    assert job["job_status"]["status"] == "queued"
    done = zendesk.get(f"/api/v2/job_statuses/{job['job_status']['id']}.json")["job_status"]
    assert (done["status"], done["total"]) == ("completed", 2)
    tickets = zendesk.get("/api/v2/tickets/show_many.json", ids="7,8,9")["tickets"]
    assert [ticket["status"] for ticket in tickets] == ["new", "closed", "closed"]
    assert tickets[1]["tags"] == ["closed_by_merge"]
    comments = zendesk.get("/api/v2/tickets/8/comments.json")["comments"]
    assert (comments[-1]["body"], comments[-1]["public"]) == ("into 7", False)


def test_a_deleted_ticket_is_gone_for_readers(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7))

    assert zendesk.http.delete("/api/v2/tickets/7.json").status_code == 204

    gone = zendesk.http.get("/api/v2/tickets/7.json")
    assert gone.status_code == 404
    assert gone.json() == {"error": "RecordNotFound", "description": "Not found"}
    assert zendesk.put(7, status="open").status_code == 404


def test_at_most_100_tickets_are_asked_for_at_once(zendesk: Zendesk) -> None:
    answer = zendesk.http.get("/api/v2/tickets/show_many.json", params={"ids": ",".join(map(str, range(1, 102)))})

    assert answer.status_code == 400
    assert answer.json()["error"] == "TooManyValues"


def test_comments_come_page_by_page(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7, comments=[{"body": f"word {n}", "author": "agent"} for n in range(4)]))

    first = zendesk.get("/api/v2/tickets/7/comments.json", **{"page[size]": 3, "include": "users"})
    rest = zendesk.http.get(first["links"]["next"].removeprefix("https://harbor.zendesk.com")).json()

    bodies = [comment["body"] for comment in first["comments"] + rest["comments"]]
    assert bodies == ["My OKB position was liquidated.", "word 0", "word 1", "word 2", "word 3"]
    assert (first["meta"]["has_more"], rest["meta"]["has_more"]) == (True, False)
    assert [user["name"] for user in first["users"]] == ["Ana Silva", "Luca Rossi"]
    newest = zendesk.get("/api/v2/tickets/7/comments.json", sort_order="desc", per_page=1)
    assert (newest["comments"][0]["body"], newest["count"]) == ("word 3", 5)


def test_audits_tell_what_each_update_did(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7))
    zendesk.put(7, status="open", custom_fields=[{"id": 900_012, "value": "120.00"}])

    audits = zendesk.get("/api/v2/tickets/7/audits.json")["audits"]

    changed = {event["field_name"]: event["value"] for event in audits[-1]["events"]}
    assert changed == {"status": "open", "900012": "120.00"}
    assert audits[-1]["author_id"] == 1_000


def test_an_odd_ticket_is_answered_as_it_was_loaded(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7, overlay={"generated_timestamp": None, "via": None, "from_the_future": {"a": [1]}}))

    ticket = zendesk.get("/api/v2/tickets/7.json")["ticket"]

    assert (ticket["via"], ticket["from_the_future"]) == (None, {"a": [1]})


def test_a_customers_reply_reopens_a_waiting_ticket(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7, status="pending"))
    customer = zendesk.get("/api/v2/tickets/7.json")["ticket"]["requester_id"]

    zendesk.agent(7, agent_id=customer, ticket={"comment": {"body": "Any news?"}})

    assert zendesk.get("/api/v2/tickets/7.json")["ticket"]["status"] == "open"
    assert zendesk.get("/api/v2/tickets/7/comments.json")["comments"][-1]["author_id"] == customer
