"""The connector against the sandbox's Zendesk, over HTTP and with its faults."""

import logging
import threading
from datetime import UTC, date, datetime
from typing import Any

import pytest
import requests

from cases.ticket import TicketRef, TicketStatus
from connectors.contract import AccessRefused, Page, TicketSource, TicketUpdate, TryLater, UnexpectedReply
from connectors.transport import Exchange
from connectors.zendesk.client import ZendeskTickets, connect
from connectors.zendesk.marks import is_our_echo, mark_in_note
from connectors.zendesk.settings import ApiToken, OAuthClient
from tests.connectors.conftest import World, a_ticket

START = datetime(2026, 10, 1, tzinfo=UTC)
PUT = "PUT /api/v2/tickets"


def ref(ticket_id: int = 35436) -> TicketRef:
    return TicketRef(vendor="zendesk", account="harbor", key=str(ticket_id))


def an_update(**changed: Any) -> TicketUpdate:
    given: dict[str, Any] = {
        "ref": ref(),
        "mark": "CASE-4711/3",
        "note": "Compensation paid: 180.50 USDT.\n补偿已支付。",
        "fields": (("mw_amount", "180.50"), ("mw_state", "paid")),
        "add_tags": ("makewhole_paid",),
        "remove_tags": (),
    }
    return TicketUpdate(**{**given, **changed})


def all_pages(source: TicketSource, *, most: int = 20) -> list[Page]:
    pages = [source.changed_since(None, start=START)]
    while not pages[-1].complete:
        assert len(pages) < most
        pages.append(source.changed_since(pages[-1].cursor, start=START))
    return pages


def keys(pages: list[Page]) -> list[str]:
    return [ticket.ref.key for page in pages for ticket in page.tickets]


def test_every_ticket_is_exported_once_page_by_page(world: World) -> None:
    world.load(*(a_ticket(number, updated_at=f"2026-11-01T10:00:{number:02}+00:00") for number in range(1, 8)))

    pages = all_pages(world.connect(page_size=3))

    assert keys(pages) == ["1", "2", "3", "4", "5", "6", "7"]
    assert [page.complete for page in pages] == [False, False, True]
    ticket = pages[0].tickets[0]
    assert ticket.requester is not None
    assert (ticket.requester.customer_id, ticket.requester.locale) == ("C-100023", "en-US")
    assert ticket.fields == (
        ("claimed_amount", "12.50"),
        ("compensation_topic", "delayed_withdrawal"),
        ("order_id", "A-20931"),
    )


def test_polling_goes_on_where_it_ended_and_finds_only_what_changed(world: World) -> None:
    world.load(a_ticket(1), a_ticket(2))
    source = world.connect()
    first = all_pages(source)[-1]

    nothing = source.changed_since(first.cursor, start=START)
    world.clock.pass_seconds(5)
    world.agent_edits(2, ticket={"status": "pending"})
    world.clock.pass_seconds(5)
    changed = source.changed_since(nothing.cursor, start=START)

    assert (nothing.tickets, nothing.complete) == ((), True)
    assert [(ticket.ref.key, ticket.status) for ticket in changed.tickets] == [("2", TicketStatus.PENDING)]


def test_an_account_without_tickets_keeps_its_place(world: World) -> None:
    source = world.connect()

    empty = source.changed_since(None, start=START)
    world.load(a_ticket())
    later = source.changed_since(empty.cursor, start=datetime(2030, 1, 1, tzinfo=UTC))

    assert (empty.tickets, empty.complete) == ((), True)
    assert keys([later]) == ["35436"]


def test_an_empty_page_is_not_the_end(world: World) -> None:
    world.load(a_ticket(1), a_ticket(2))
    world.fault("empty_page", "GET /api/v2/incremental", times=2)

    pages = all_pages(world.connect())

    assert [len(page.tickets) for page in pages] == [0, 0, 2]
    assert [page.complete for page in pages] == [False, False, True]


def test_a_bad_record_is_named_and_its_neighbours_are_read(world: World) -> None:
    world.load(a_ticket(1), a_ticket(2, overlay={"updated_at": None, "subject": None}), a_ticket(3))

    (page,) = all_pages(world.connect())

    assert keys([page]) == ["1", "3"]
    assert page.unreadable == (("2", "updated_at: datetime type"),)


def test_a_deleted_ticket_is_exported_as_deleted_and_cannot_be_read(world: World) -> None:
    world.load(a_ticket())
    source = world.connect()
    world.agent_edits(35436, delete=True)
    world.clock.pass_seconds(5)

    (page,) = all_pages(source)

    assert [ticket.status for ticket in page.tickets] == [TicketStatus.DELETED]
    assert source.read(ref()) is None
    with pytest.raises(UnexpectedReply, match="deleted or was never there"):
        source.write(an_update())


def test_a_merged_ticket_says_where_it_went_and_takes_no_note(world: World) -> None:
    world.load(a_ticket(), a_ticket(35440))
    source = world.connect()
    world.clock.pass_seconds(5)
    world.agent_edits(35436, merge_into=35440)

    read = source.read(ref())

    assert read is not None
    assert (read[0].status, read[0].merged_into) == (TicketStatus.CLOSED, ref(35440))
    with pytest.raises(UnexpectedReply, match="the ticket is closed"):
        source.write(an_update())
    assert world.notes(35436) == ["This request was closed and merged into request #35440."]


def test_a_ticket_is_read_with_every_comment_and_rating(world: World) -> None:
    comments = [
        {"body": f"Message {number} 你好", "public": number % 2 == 0, "author": "agent",
         "created_at": f"2026-11-01T11:{number // 60:02}:{number % 60:02}+00:00"}
        for number in range(250)
    ]  # fmt: skip
    rating = {"score": "bad", "comment": "Too slow"}
    world.load(a_ticket(comments=comments, satisfaction_rating=rating))
    seen: list[Exchange] = []

    read = world.connect(seen.append).read(ref())

    assert read is not None
    ticket, raw = read
    assert [comment.body for comment in ticket.comments[1:]] == [comment["body"] for comment in comments]
    assert [comment.public for comment in ticket.comments[:4]] == [True, True, False, True]
    assert ticket.satisfaction is not None
    assert (ticket.satisfaction.score, ticket.satisfaction.comment) == ("bad", "Too slow")
    assert raw.startswith(b'{"')
    assert b'"id":35436' in raw
    assert len([each for each in seen if "comments" in each.path]) == 3


def test_a_ticket_with_too_many_comments_is_said_not_cut(world: World) -> None:
    world.load(a_ticket(comments=[{"body": f"{number}", "author": "agent"} for number in range(150)]))

    with pytest.raises(UnexpectedReply, match="more than 100"):
        world.connect(most_comments=100).read(ref())


def test_a_megabyte_and_nulls_are_read(world: World) -> None:
    world.load(a_ticket(description="提" * 350_000, overlay={"subject": None, "tags": None, "custom_fields": None}))

    read = world.connect().read(ref())

    assert read is not None
    assert len(read[0].description) == 350_000
    assert (read[0].subject, read[0].tags, read[0].fields) == ("", (), ())


def test_no_such_ticket_is_none(world: World) -> None:
    assert world.connect().read(ref(99)) is None


def test_somebody_elses_ticket_is_refused_before_any_call(world: World) -> None:
    seen: list[Exchange] = []
    source = world.connect(seen.append)

    with pytest.raises(AccessRefused):
        source.read(TicketRef(vendor="zendesk", account="other", key="1"))
    with pytest.raises(UnexpectedReply):
        source.read(TicketRef(vendor="zendesk", account="harbor", key="1/../../users/me"))

    assert seen == []


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


def test_our_own_note_is_known_as_our_echo(world: World) -> None:
    world.load(a_ticket())
    source = world.connect()
    before = source.read(ref())
    world.clock.pass_seconds(5)
    source.write(an_update())
    ours = source.read(ref())
    world.clock.pass_seconds(5)
    world.agent_edits(35436, ticket={"comment": {"body": "Looks fine", "public": False}})
    after = source.read(ref())

    assert [is_our_echo(read[0]) for read in (before, ours, after) if read is not None] == [False, True, False]
    assert ours is not None
    assert mark_in_note(ours[0].comments[-1].body) == "CASE-4711/3"


def test_one_token_serves_all_threads(world: World) -> None:
    world.load(*(a_ticket(number) for number in range(1, 9)))
    source = world.connect()
    found: list[bool] = []

    def work(number: int) -> None:
        found.append(source.write(an_update(ref=ref(number), mark=f"CASE-{number}/1")))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert found == [True] * 8
    assert [len(world.notes(number)) for number in range(1, 9)] == [1] * 8
    assert all(world.notes(number)[0].endswith(f"[makewhole CASE-{number}/1]") for number in range(1, 9))
    assert world.tokens_given() == 1


@pytest.mark.parametrize("match", ["GET /api/v2/tickets", PUT])
def test_an_expired_token_is_renewed_once_and_nobody_notices(world: World, match: str) -> None:
    world.load(a_ticket())
    source = world.connect()
    source.whoami()
    world.fault("expired_token", match, times=1)

    assert source.write(an_update()) is True

    assert world.tokens_given() == 2
    assert len(world.notes(35436)) == 1


def test_a_token_that_is_never_good_is_no_loop_of_logins(world: World) -> None:
    world.load(a_ticket())
    source = world.connect()
    world.fault("expired_token", "GET /api/v2/tickets")

    with pytest.raises(AccessRefused, match="a token made just now is refused"):
        source.read(ref())

    assert world.tokens_given() == 2


def test_an_old_token_is_replaced_before_it_ends(world: World) -> None:
    world.load(a_ticket())
    now = [0.0]
    source = connect(world.settings(), clock=lambda: now[0])

    source.read(ref())
    now[0] = 1_700.0
    source.read(ref())
    now[0] = 1_750.0
    source.read(ref())

    assert world.tokens_given() == 2


def test_wrong_secrets_are_refused_and_never_shown(world: World) -> None:
    auth = OAuthClient(client_id="makewhole", client_secret="hunter2")
    settings = world.settings(auth=auth)

    with pytest.raises(AccessRefused) as caught:
        connect(settings).read(ref())

    assert "hunter2" not in str(caught.value) + repr(settings)
    assert caught.value.__cause__ is None


def test_the_login_itself_may_be_tried_later(world: World) -> None:
    world.load(a_ticket())
    source = world.connect()
    world.fault("rate_limited", "POST /oauth/tokens", times=1, retry_after=9)
    world.fault("dropped_after_write", "POST /oauth/tokens", times=1)

    for wait_seconds in (9.0, 5.0):
        with pytest.raises(TryLater) as caught:
            source.write(an_update())
        assert (caught.value.wait_seconds, caught.value.done) == (wait_seconds, False)

    assert source.write(an_update()) is True


def test_the_old_api_token_still_works_and_doctor_says_until_when(world: World) -> None:
    world.load(a_ticket())
    source = world.connect(auth=ApiToken(email="bot@harbor.example", token="sandbox-api-token"))

    assert source.write(an_update()) is True
    first, *others = source.checks(today=date(2026, 11, 2))
    assert "2027-04-30 (179 days from now)" in first.found
    assert first.fix is not None
    assert [check.fix for check in others] == [None, None, None]
    assert world.tokens_given() == 0


def test_a_wrong_api_token_is_refused_at_once(world: World) -> None:
    source = world.connect(auth=ApiToken(email="bot@harbor.example", token="wrong"))

    with pytest.raises(AccessRefused, match="the API token is refused"):
        source.read(ref())
    with pytest.raises(AccessRefused):
        source.whoami()


def test_a_scope_too_small_is_refused(world: World) -> None:
    world.load(a_ticket())
    auth = OAuthClient(client_id="makewhole", client_secret="sandbox-client-secret", scope="read")

    with pytest.raises(AccessRefused, match="403 invalid_scope"):
        world.connect(auth=auth).write(an_update())

    assert world.notes(35436) == []


def test_doctor_finds_a_whole_account_well(world: World) -> None:
    world.load(a_ticket())
    source = world.connect()

    assert [check.fix for check in source.checks(today=date(2026, 11, 2))] == [None] * 4
    assert source.whoami().role == "admin"
    assert ("order_id", "Order id", "text") in [(each.name, each.title, each.type) for each in source.field_names()]


def test_doctor_names_what_is_wrong(world: World) -> None:
    source = world.connect(fields=(("order_id", 900002), ("mw_state", 1)))
    world.fault("unavailable", "GET /api/v2/incremental", times=1)

    _, _, fields, export = source.checks(today=date(2026, 11, 2))

    assert fields.found == "missing or inactive: mw_state (1)"
    assert fields.fix is not None
    assert export.fix is not None
    assert "503" in export.found


def test_doctor_without_a_server_raises_nothing() -> None:
    source = connect(World(url="http://127.0.0.1:9", clock=None).settings())  # type: ignore[arg-type]  # No clock needed.

    assert [check.fix is None for check in source.checks(today=date(2026, 11, 2))] == [True, False, False, False]


def test_a_webhook_is_registered_once_and_its_secret_read(world: World) -> None:
    source = world.connect()
    endpoint = "http://127.0.0.1:9/webhooks/zendesk"

    first = source.register_webhook(name="Makewhole", endpoint=endpoint)
    again = source.register_webhook(name="Makewhole", endpoint=endpoint)
    other = source.register_webhook(name="Makewhole", endpoint=endpoint + "/2")

    assert first == again != other
    state = requests.get(f"{world.url}/zendesk/_sandbox/state", timeout=10).json()
    assert {each["id"]: each["secret"] for each in state["webhooks"]}[first] == source.webhook_secret(first)
    with pytest.raises(UnexpectedReply, match="there is none"):
        source.webhook_secret("NOPE")


def test_no_log_line_holds_a_customers_words_or_a_secret(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.load(a_ticket(description="hunter2 is my password"))
    source = world.connect()
    world.fault("dropped_after_write", PUT, times=1)

    with caplog.at_level(logging.DEBUG):
        all_pages(source)
        source.read(ref())
        with pytest.raises(TryLater):
            source.write(an_update(note="hunter2"))

    ours = "\n".join(
        f"{record.name} {record.getMessage()}" for record in caplog.records if record.name[:7] != "asyncio"
    )
    assert "hunter2" not in ours
    assert "sandbox-client-secret" not in ours
    assert "Bearer" not in ours


def test_it_is_a_ticket_source(world: World) -> None:
    source: TicketSource = world.connect()

    assert isinstance(source, ZendeskTickets)
