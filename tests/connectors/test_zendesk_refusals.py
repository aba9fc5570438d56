"""Whatever goes wrong at Zendesk's side leaves as exactly one of three errors."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cases.ticket import TicketRef
from connectors.contract import AccessRefused, TicketUpdate, TryLater, UnexpectedReply
from connectors.zendesk.client import ZendeskTickets, connect
from connectors.zendesk.settings import ApiToken, ZendeskSettings
from tests.connectors.conftest import Script

REF = TicketRef(vendor="zendesk", account="harbor", key="1")
UPDATE = TicketUpdate(ref=REF, mark="CASE-1/1", note="Hello", fields=(), add_tags=(), remove_tags=())
START = datetime(2026, 10, 1, tzinfo=UTC)
STAMP = "2026-11-01T10:00:00Z"
TICKET = json.dumps({"ticket": {"id": 1, "status": "open", "created_at": STAMP, "updated_at": STAMP}}).encode()
NO_AUDITS = b'{"audits":[]}'


def source_of(script: Script) -> ZendeskTickets:
    return connect(
        ZendeskSettings(
            subdomain="harbor",
            auth=ApiToken(email="bot@harbor.example", token="hunter2"),
            fields=(("mw_state", 900011),),
            target=script.url,
            read_seconds=1.0,
            calls_per_minute=None,
            exports_per_minute=None,
            updates_per_minute=None,
        )
    )


def refusal(error: Any, **more: Any) -> bytes:
    return json.dumps({"error": error, "description": "hunter2 is the customer's word", **more}).encode()


STATUSES = [
    (400, refusal("InvalidValue"), UnexpectedReply, "400 InvalidValue"),
    (400, refusal({"title": "Invalid attribute", "message": "hunter2"}), UnexpectedReply, "400 Invalid attribute"),
    (400, refusal("StartTimeTooRecent"), TryLater, "400 StartTimeTooRecent"),
    (401, refusal("Couldn't authenticate you"), AccessRefused, "401 Couldn't authenticate you"),
    (401, b"<html>hunter2</html>", AccessRefused, "401"),
    (402, refusal("PaymentRequired"), AccessRefused, "402 PaymentRequired"),
    (403, refusal("Forbidden"), AccessRefused, "403 Forbidden"),
    (403, b"", AccessRefused, "403"),
    (405, b"", UnexpectedReply, "405"),
    (406, b"nope", UnexpectedReply, "406"),
    (408, b"", TryLater, "408"),
    (409, refusal("DatabaseConflict"), TryLater, "409 DatabaseConflict"),
    (413, b"", UnexpectedReply, "413"),
    (418, refusal(["hunter2"]), UnexpectedReply, "418"),
    (422, refusal("RecordInvalid", details={"status": [], "hunter2 !": []}), UnexpectedReply, r"Invalid \(status\)"),
    (422, refusal("invalid"), UnexpectedReply, "422 invalid"),
    (422, b"[]", UnexpectedReply, "422"),
    (423, b"", TryLater, "423"),
    (429, refusal("TooManyRequests"), TryLater, "429"),
    (500, b"<html>hunter2</html>", TryLater, "500"),
    (502, b"", TryLater, "502"),
    (503, b"", TryLater, "503"),
    (504, b"", TryLater, "504"),
    (530, b"", TryLater, "530"),
    (301, b"", UnexpectedReply, "301, a redirect"),
    (0, b"", TryLater, "connection broke"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "said"), STATUSES)
def test_a_refused_read_is_one_of_three_errors(
    script: Script, status: int, body: bytes, kind: type[Exception], said: str
) -> None:
    script.answer(status, body)
    source = source_of(script)

    for ask in (lambda: source.read(REF), lambda: source.changed_since(None, start=START), source.whoami):
        with pytest.raises((TryLater, AccessRefused, UnexpectedReply), match=said) as caught:
            ask()
        assert isinstance(caught.value, kind)
        assert "hunter2" not in f"{caught.value} {caught.value.__cause__}"
    assert len(script.asked) == 3


@pytest.mark.parametrize(("status", "body", "kind", "said"), STATUSES)
def test_a_refused_write_is_one_of_three_errors_and_is_sent_once(
    script: Script, status: int, body: bytes, kind: type[Exception], said: str
) -> None:
    script.answer(200, TICKET)
    script.answer(200, NO_AUDITS)
    script.answer(status, body)

    with pytest.raises((TryLater, AccessRefused, UnexpectedReply), match=said) as caught:
        source_of(script).write(UPDATE)

    assert isinstance(caught.value, kind)
    assert "hunter2" not in str(caught.value)
    assert [method for method, *_ in script.asked] == ["GET", "GET", "PUT"]
    if isinstance(caught.value, TryLater):
        assert caught.value.done is (None if status == 0 or status >= 500 else False)


@pytest.mark.parametrize("status", [404, 410])
def test_a_missing_ticket_is_none_to_a_reader_and_said_to_a_writer(script: Script, status: int) -> None:
    script.answer(status, refusal("RecordNotFound"))
    source = source_of(script)

    assert source.read(REF) is None
    with pytest.raises(UnexpectedReply, match="deleted or was never there"):
        source.write(UPDATE)
    with pytest.raises(UnexpectedReply):
        source.changed_since(None, start=START)
    with pytest.raises(UnexpectedReply):
        source.whoami()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"ticket":5}', b'{"ticket":{"id":1}}', b"\xff"])
def test_an_answer_that_is_none_is_an_unexpected_reply(script: Script, body: bytes) -> None:
    script.answer(200, body)
    source = source_of(script)

    asks = (
        lambda: source.read(REF),
        lambda: source.changed_since(None, start=START),
        source.whoami,
        source.fields_found,
        lambda: source.write(UPDATE),
        lambda: source.marks(REF),
        source.webhooks,
        lambda: source.rotate_webhook("A1", secret=""),
        lambda: source.install_webhook("https://makewhole.example/", secret=""),
    )
    for ask in asks:
        with pytest.raises(UnexpectedReply):
            ask()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"5", b'{"ticket":null,"audit":null}', b"{}"])
def test_an_accepted_write_with_a_senseless_answer_may_have_been_done(script: Script, body: bytes) -> None:
    script.answer(200, TICKET)
    script.answer(200, NO_AUDITS)
    script.answer(200, body)

    with pytest.raises(TryLater) as caught:
        source_of(script).write(UPDATE)

    assert caught.value.done is None


def test_marks_are_looked_for_on_every_page_of_audits(script: Script) -> None:
    script.answer(200, TICKET)
    following = {"meta": {"has_more": True}, "links": {"next": "https://harbor.zendesk.com/api/v2/more"}}
    script.answer(200, json.dumps({"audits": [], **following}).encode())
    audit = {"metadata": {"custom": {"makewhole": {"mark": "CASE-1/1"}}}, "events": []}
    script.answer(200, json.dumps({"audits": [None, 5, {}, audit]}).encode())

    assert source_of(script).write(UPDATE) is False

    assert [path for _, path, _, _ in script.asked] == [
        "/api/v2/tickets/1.json",
        "/api/v2/tickets/1/audits.json?page%5Bsize%5D=100",
        "/api/v2/more",
    ]


def test_a_link_to_another_host_is_not_followed(script: Script) -> None:
    script.answer(200, TICKET)
    following = {"meta": {"has_more": True}, "links": {"next": "https://evil.example/steal"}}
    script.answer(200, json.dumps({"audits": [], **following}).encode())

    with pytest.raises(UnexpectedReply, match="before anything was sent"):
        source_of(script).write(UPDATE)

    assert len(script.asked) == 2


def test_the_update_on_the_wire_is_one_call_with_everything_in_it(script: Script) -> None:
    script.answer(200, TICKET)
    script.answer(200, NO_AUDITS)
    script.answer(200, b'{"ticket":{"id":1},"audit":{"id":2,"events":[]}}')
    update = TicketUpdate(
        ref=REF, mark="CASE-1/1", note="你好", fields=(("mw_state", "paid"),), add_tags=("a",), remove_tags=()
    )

    assert source_of(script).write(update) is True

    method, path, headers, sent = script.asked[-1]
    assert (method, path) == ("PUT", "/api/v2/tickets/1.json")
    assert headers["Authorization"].startswith("Basic ")
    assert json.loads(sent) == {
        "ticket": {
            "id": 1,
            "comment": {"body": "你好\n\n[makewhole CASE-1/1]", "public": False},
            "custom_fields": [{"id": 900011, "value": "paid"}],
            "tags": ["a"],
            "metadata": {"makewhole": {"mark": "CASE-1/1"}},
            "safe_update": True,
            "updated_stamp": STAMP,
        }
    }
