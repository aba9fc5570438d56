"""Getting in, doctor, webhooks and logs, over the wire against the sandbox."""

import json
import logging
import threading
from datetime import date

import pytest

from connectors.contract import AccessRefused, ForgedDelivery, Helpdesk, Rehearsed, TryLater, UnexpectedReply
from connectors.zendesk.client import ZendeskTickets, connect
from connectors.zendesk.settings import ApiToken, OAuthClient
from connectors.zendesk.webhook import verify
from tests.connectors.conftest import Script, World, a_ticket, until
from tests.connectors.zendesk_world import PUT, all_pages, an_update, ref

ENDPOINT = "http://127.0.0.1:9/webhooks/zendesk/harbor"


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


def test_a_token_that_is_revoked_twice_in_a_row_is_renewed_twice_and_nobody_notices(world: World) -> None:
    world.load(a_ticket())
    source = world.connect()
    source.whoami()
    world.fault("expired_token", PUT, times=2)

    assert source.write(an_update()) is True

    assert world.tokens_given() == 3
    assert len(world.notes(35436)) == 1


def test_a_token_that_is_never_good_is_no_loop_of_logins(world: World) -> None:
    world.load(a_ticket())
    source = world.connect()
    world.fault("expired_token", "GET /api/v2/tickets")

    for _ in range(3):
        with pytest.raises(AccessRefused, match="a token made just now is refused"):
            source.read(ref())

    assert world.tokens_given() == 3


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
    assert ("order_id", "Order id", "text") in [(each.name, each.title, each.type) for each in source.fields_found()]


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


def test_a_webhook_is_registered_once(world: World) -> None:
    source = world.connect()

    first = source.install_webhook(ENDPOINT, secret="")
    again = source.install_webhook(ENDPOINT, secret="")
    other = source.install_webhook(ENDPOINT + "/2", secret="")

    assert first == again != other
    assert {each.id: (each.url, each.secret) for each in source.webhooks()}[first.id] == (ENDPOINT, first.secret)


def test_a_new_secret_is_known_before_anything_is_signed_with_it(world: World) -> None:
    source = world.connect()
    first = source.install_webhook(ENDPOINT, secret="")

    secret = source.prepare_secret(first.id)
    repeated = source.prepare_secret(first.id)
    before = [(each.id, each.secret) for each in source.webhooks() if each.active]
    rotated = source.rotate_webhook(first.id, secret=secret)

    assert secret == repeated != first.secret
    assert before == [(first.id, first.secret)]
    assert rotated.secret == secret
    assert [(each.id, each.url, each.active, each.secret) for each in source.webhooks()] == [
        (rotated.id, ENDPOINT, True, secret)
    ]


def test_a_secret_that_was_not_prepared_changes_nothing(world: World) -> None:
    source = world.connect()
    first = source.install_webhook(ENDPOINT, secret="")

    with pytest.raises(UnexpectedReply, match="none was prepared"):
        source.rotate_webhook(first.id, secret="of-somebody-else")
    with pytest.raises(UnexpectedReply, match="there is none"):
        source.rotate_webhook("NOPE", secret="")

    assert [(each.id, each.active) for each in source.webhooks()] == [(first.id, True)]


def test_a_ping_of_ours_and_one_of_the_vendors_are_about_no_ticket(world: World, script: Script) -> None:
    source = world.connect(webhook_secrets=("ours",))
    webhook = source.install_webhook(f"{script.url}/webhooks/zendesk/harbor", secret="")
    script.answer(200)

    status = source.send_ping(webhook.id, now=world.clock.now)

    _, _, headers, raw = script.asked[0]
    theirs = verify(raw, headers, (str(webhook.secret),), world.clock.now)
    body, signed, path_secret = source.ping(secret="ours", now=world.clock.now)
    ours = source.delivery(body, signed, path_secret=path_secret, now=world.clock.now)
    assert (status, theirs.ticket_keys, ours.ticket_keys) == (200, (), ())
    assert theirs.event_type == ours.event_type == "makewhole.ping"


def test_a_rehearsal_reads_but_writes_nothing_and_says_what_it_would_have_written(world: World) -> None:
    world.load(a_ticket())
    source = connect(world.settings(), rehearse=True)

    with pytest.raises(Rehearsed) as note:
        source.write(an_update())
    with pytest.raises(Rehearsed) as webhook:
        source.install_webhook(ENDPOINT, secret="")

    assert (note.value.method, note.value.url) == ("PUT", "https://harbor.zendesk.com/api/v2/tickets/35436.json")
    assert json.loads(note.value.body)["ticket"]["comment"]["public"] is False
    assert (webhook.value.method, webhook.value.url) == ("POST", "https://harbor.zendesk.com/api/v2/webhooks")
    assert world.notes(35436) == []
    assert world.connect().webhooks() == ()


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


def test_it_is_a_helpdesk(world: World) -> None:
    source: Helpdesk = world.connect()

    assert isinstance(source, ZendeskTickets)


def test_a_delivery_of_the_sandbox_is_believed_and_names_the_ticket(world: World, script: Script) -> None:
    world.load(a_ticket())
    script.answer(200)
    source = world.connect()
    webhook = source.install_webhook(f"{script.url}/webhooks/zendesk/harbor", secret="")

    world.agent_edits(35436, ticket={"status": "pending"})

    until(lambda: bool(script.asked))
    _, _, headers, raw = script.asked[0]
    delivery = verify(raw, headers, (str(webhook.secret),), world.clock.now)
    assert delivery.ticket_keys == ("35436",)
    assert delivery.event_type == "zen:event-type:ticket.status_changed"
    with pytest.raises(ForgedDelivery):
        verify(raw, headers, ("another secret",), world.clock.now)
