"""The incremental export: nothing lost, nothing early, and its own pace."""

import base64

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.zendesk.export import Timeline, read_cursor
from sandbox.zendesk.wire import export_cursor
from tests.sandbox.zendesk.conftest import Zendesk
from tests.sandbox.zendesk.served import a_ticket

EXPORT = "/api/v2/incremental/tickets/cursor.json"


def test_the_export_goes_on_where_its_cursor_points(zendesk: Zendesk) -> None:
    zendesk.load(*(a_ticket(n, updated_at=f"2026-11-22T11:{30 - n}:00Z") for n in range(1, 6)))

    first = zendesk.get(EXPORT, start_time=0, per_page=3, include="users")
    rest = zendesk.http.get(first["after_url"].removeprefix("https://harbor.zendesk.com")).json()

    assert [ticket["id"] for ticket in first["tickets"] + rest["tickets"]] == [5, 4, 3, 2, 1]
    assert (first["end_of_stream"], rest["end_of_stream"]) == (False, True)
    assert base64.b64decode(rest["after_cursor"]) == b"1795346940.0||1|"
    assert [user["external_id"] for user in rest["users"]] == ["C-100023"]
    nothing = zendesk.get(EXPORT, cursor=rest["after_cursor"])
    assert (nothing["tickets"], nothing["end_of_stream"]) == ([], True)
    assert nothing["after_cursor"] == rest["after_cursor"]


def test_the_last_minute_is_left_out_until_it_is_over(zendesk: Zendesk) -> None:
    zendesk.load(a_ticket(7))
    zendesk.put(7, status="open")

    early = zendesk.get(EXPORT, start_time=0)
    zendesk.clock.forward(61)
    later = zendesk.get(EXPORT, start_time=0)

    assert early["tickets"] == []
    assert [ticket["status"] for ticket in later["tickets"]] == ["open"]
    refused = zendesk.http.get(EXPORT, params={"start_time": int(zendesk.clock().timestamp())})
    assert (refused.status_code, refused.json()["error"]) == (400, "StartTimeTooRecent")


def test_without_lag_the_running_second_is_still_left_out(zendesk: Zendesk) -> None:
    zendesk.settings(pace="fast")
    zendesk.load(a_ticket(7), a_ticket(9))
    zendesk.put(9, status="open")

    running = zendesk.get(EXPORT, start_time=0)
    zendesk.put(7, status="open")
    zendesk.clock.forward(1)
    over = zendesk.get(EXPORT, cursor=running["after_cursor"])

    assert [ticket["id"] for ticket in running["tickets"]] == [7]
    assert [ticket["id"] for ticket in over["tickets"]] == [7, 9]


def test_the_eleventh_export_in_a_minute_waits(zendesk: Zendesk) -> None:
    allowed = [zendesk.http.get(EXPORT, params={"start_time": 0}).status_code for _ in range(10)]
    refused = zendesk.http.get(EXPORT, params={"start_time": 0})
    zendesk.clock.forward(60)
    again = zendesk.http.get(EXPORT, params={"start_time": 0})

    assert allowed == [200] * 10
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert again.status_code == 200


def test_a_foreign_cursor_is_refused(zendesk: Zendesk) -> None:
    answers = [zendesk.http.get(EXPORT, params={"cursor": cursor}) for cursor in ("zzz", "8J+YgA==", "MTIz")]

    assert [answer.status_code for answer in answers] == [400, 400, 400]


def test_20000_tickets_are_loaded_and_exported_whole(zendesk: Zendesk) -> None:
    zendesk.settings(pace="fast")
    users = [{"id": 30_000 + n, "name": f"Customer {n}", "external_id": f"C-{n}"} for n in range(5_000)]
    tickets = [
        {"id": n + 1, "requester_id": 30_000 + n % 5_000, "description": "late", "created_at": "2026-11-01T00:00:00Z"}
        for n in range(20_000)
    ]
    zendesk.load(*tickets, users=users)
    http = zendesk.http
    http.event_hooks = {"response": []}  # Held against the specification elsewhere.

    seen: list[int] = []
    query = "start_time=0"
    for _ in range(20):
        page = http.get(f"{EXPORT}?{query}&per_page=1000&include=users").json()
        seen += [ticket["id"] for ticket in page["tickets"]]
        query = f"cursor={page['after_cursor']}"

    assert page["end_of_stream"] is True
    assert seen == list(range(1, 20_001))


@given(at=st.integers(0, 4_000_000_000), ticket_id=st.integers(1, 10**15))
def test_a_cursor_says_where_it_was_made(at: int, ticket_id: int) -> None:
    assert read_cursor(export_cursor(at=at, ticket_id=ticket_id)) == (at, ticket_id)


@settings(max_examples=200)
@given(
    moves=st.lists(st.tuples(st.integers(1, 12), st.integers(0, 6)), max_size=40),
    size=st.integers(1, 4),
)
def test_a_reader_sees_the_last_change_of_every_ticket(moves: list[tuple[int, int]], size: int) -> None:
    timeline = Timeline()
    place, second, last = (-1, -1), 0, {}
    seen: dict[int, int] = {}
    for ticket_id, wait in moves:
        second += wait
        timeline.move(ticket_id, at=second)
        last[ticket_id] = second
        page = timeline.after(place, until=second, limit=size)
        seen.update({i: last[i] for i in page.ticket_ids})
        place = page.after or place

    ended = False
    while not ended:
        page = timeline.after(place, until=second + 1, limit=size)
        seen.update({i: last[i] for i in page.ticket_ids})
        place, ended = page.after or place, page.end_of_stream

    assert seen == last
