"""Getting in at the sandbox's Jira, what doctor finds there, its fields and its webhooks."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import requests

from connectors.contract import AccessRefused, BudgetLeft, ByHand, Helpdesk, Rehearsed, TryLater, UnexpectedReply
from connectors.jira.client import connect
from connectors.jira.settings import ApiToken, Audience, ServiceAccount
from connectors.transport import Exchange
from sandbox.jira.access import CLIENT_ID, CLIENT_SECRET
from sandbox.jira.records import CLOUD_ID
from tests.connectors.conftest import Script, until
from tests.connectors.jira_world import (
    BOT,
    FIELDS,
    SECRET,
    START,
    Jira,
    a_request,
    an_issue,
    an_update,
    keys,
    ref,
    serving,
)

jira = pytest.fixture(serving)
TODAY = date(2026, 11, 2)
SERVICE = ServiceAccount(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, cloud_id=CLOUD_ID)


def fixes(source: Helpdesk, *, today: date = TODAY) -> dict[str, str | None]:
    """Return what is to be mended, by the check's name."""
    return {check.name: check.fix for check in source.checks(today=today)}


def test_it_is_a_helpdesk(jira: Jira) -> None:
    source: Helpdesk = jira.connect()

    assert (source.vendor, source.account) == ("jira", "harbor")
    assert source.field_names == {name for name, _ in FIELDS}


def test_a_service_account_reads_and_writes_by_the_gateway_with_one_token(jira: Jira) -> None:
    jira.load(an_issue(), a_request())
    seen: list[Exchange] = []
    source = jira.connect(seen.append, auth=SERVICE)

    with ThreadPoolExecutor(4) as threads:
        read = list(threads.map(lambda _: source.read(ref()), range(4)))

    assert all(each is not None for each in read)
    assert source.write(an_update()) is True
    assert sorted(keys(source.changed_since(None, start=START))) == ["CARE-7", "ENG-5"]
    assert jira.state()["tokens_given"] == 1
    assert {each.host for each in seen} == {"api.atlassian.com", "auth.atlassian.com"}


def test_an_expired_token_is_renewed_once_and_nobody_notices(jira: Jira) -> None:
    jira.load(an_issue())
    source = jira.connect(auth=SERVICE)
    source.read(ref())
    jira.fault("expired_token", "PUT", times=1)

    assert source.write(an_update()) is True

    assert jira.state()["tokens_given"] == 2
    assert len(jira.comments("ENG-5")) == 1


def test_a_token_that_is_never_good_is_no_loop_of_logins(jira: Jira) -> None:
    jira.fault("expired_token")

    with pytest.raises(AccessRefused, match="made just now is refused"):
        jira.connect(auth=SERVICE).read(ref())

    assert jira.state()["tokens_given"] == 3


def test_the_login_itself_may_be_tried_later(jira: Jira) -> None:
    jira.load(an_issue())
    source = jira.connect(auth=SERVICE)
    jira.fault("rate_limited", "POST /oauth/token", times=1, retry_after=9)

    with pytest.raises(TryLater) as caught:
        source.write(an_update())

    assert (caught.value.wait_seconds, caught.value.done) == (9.0, False)
    assert source.write(an_update()) is True


@pytest.mark.parametrize(
    "auth", [ApiToken(email="bot@harbor.example", token="hunter2"), replace(SERVICE, client_secret="hunter2")]
)
def test_wrong_secrets_are_refused_and_never_shown(jira: Jira, auth: Any) -> None:
    jira.load(an_issue())
    settings = jira.settings(auth=auth)

    with pytest.raises(AccessRefused) as caught:
        connect(settings).changed_since(None, start=START)

    assert "hunter2" not in str(caught.value) + repr(settings)
    assert caught.value.__cause__ is None


def test_no_log_line_holds_a_customers_words_or_a_secret(jira: Jira, caplog: pytest.LogCaptureFixture) -> None:
    jira.load(an_issue(fields={"summary": "secret words"}))
    caplog.set_level(logging.DEBUG)
    source = jira.connect()

    source.read(ref())
    source.write(an_update(note="hidden words"))
    for fault in ("unavailable", "rate_limited", "cut_after_write"):
        jira.fault(fault, "GET /rest/api/3/issue", times=1)
        with pytest.raises(TryLater):
            source.read(ref())
    with pytest.raises(UnexpectedReply):
        source.write(an_update(mark="CASE-1/1", fields=(("claimed_amount", "secret words"),)))

    for word in ("secret words", "hidden words", BOT.token, "Authorization"):
        assert word not in caplog.text


def test_threads_share_a_connector(jira: Jira) -> None:
    jira.load(an_issue())
    source = jira.connect()

    with ThreadPoolExecutor(8) as threads:
        written = list(threads.map(lambda n: source.write(an_update(mark=f"CASE-{n}/1")), range(8)))

    assert written == [True] * 8
    assert len(jira.comments("ENG-5")) == 8
    assert len(jira.issue("ENG-5")["properties"]) == 8


def test_nothing_is_called_while_it_is_made_and_what_jira_says_of_limits_is_kept(jira: Jira) -> None:
    jira.set(pace="vendor")
    jira.load(an_issue())
    seen: list[Exchange] = []
    source = jira.connect(seen.append)
    assert (seen, source.budget()) == ([], None)

    source.read(ref())

    budget = source.budget()
    assert isinstance(budget, BudgetLeft)
    assert (budget.limit, budget.remaining) == (100, 99)


def test_a_rehearsal_reads_and_writes_nothing(jira: Jira) -> None:
    jira.load(an_issue())
    source = connect(jira.settings(), rehearse=True)
    before = jira.issue("ENG-5")

    assert keys(source.changed_since(None, start=START)) == ["ENG-5"]
    with pytest.raises(Rehearsed) as caught:
        source.write(an_update())

    assert (caught.value.method, jira.issue("ENG-5")) == ("PUT", before)


def test_doctor_finds_a_whole_site_well(jira: Jira) -> None:
    jira.load(an_issue(), a_request())
    auth = replace(BOT, ends_on=date(2027, 10, 1))
    source = jira.connect(auth=auth, transitions=(("paid", "31"),))

    assert fixes(source) == dict.fromkeys(
        ("credentials", "identity", "permissions", "fields", "audience", "reading", "webhooks")
    )


def test_doctor_finds_an_empty_site_well(jira: Jira) -> None:
    assert set(fixes(jira.connect(auth=SERVICE, webhook_kind="dynamic")).values()) == {None}


@pytest.mark.parametrize(
    ("ends_on", "found", "urgent"),
    [
        (None, "tells no program when", False),
        (date(2026, 11, 12), "2026-11-12 (10 days from now)", False),
        (date(2026, 11, 1), "(-1 days from now)", True),
    ],
)
def test_doctor_says_when_the_token_ends(jira: Jira, ends_on: date | None, found: str, urgent: bool) -> None:  # noqa: FBT001
    first, *_ = jira.connect(auth=replace(BOT, ends_on=ends_on)).checks(today=TODAY)

    assert first.found.endswith(found)
    assert first.fix is not None
    assert first.urgent is urgent


def test_doctor_names_what_is_wrong(jira: Jira) -> None:
    jira.load(an_issue())
    jira.control("screens", {"project": "ENG", "remove": ["customfield_10112"]})

    hidden = {check.name: check.found for check in jira.connect().checks(today=TODAY)}
    absent = {
        check.name: check.found for check in jira.connect(fields=(("mw_state", "customfield_1"),)).checks(today=TODAY)
    }
    unfit = {
        check.name: check.found
        for check in jira.connect(fields=(("mw_amount", "customfield_10106"),)).checks(today=TODAY)
    }
    nobody = jira.connect(audience=Audience(kind="group", name="nobody"))
    gone = jira.connect(projects=("GONE",))

    assert hidden["fields"] == "not on the edit screen: mw_amount (customfield_10112) in ENG"
    assert absent["fields"] == "missing: mw_state (customfield_1)"
    assert unfit["fields"] == "Claimed amount (customfield_10106) is of kind number, mw_amount needs text"
    assert fixes(nobody)["audience"] is not None
    assert fixes(jira.connect(audience=Audience(kind="group", name="harbor-compensation")))["audience"] is None
    assert fixes(gone)["reading"] is not None


def test_doctor_knows_a_token_that_is_refused_and_a_site_that_is_down(jira: Jira) -> None:
    wrong = jira.connect(auth=replace(BOT, token="wrong"))
    down = Jira(url="http://127.0.0.1:9", clock=jira.clock).connect()

    assert all(fix is not None for name, fix in fixes(wrong).items())
    assert all(fix is not None for name, fix in fixes(down).items())


def test_doctor_asks_for_an_administrator_for_webhooks_only(jira: Jira) -> None:
    jira.load(an_issue(), a_request())
    jira.control("tokens", {"email": "lena.vogel@harbor.example", "token": "lenas"})
    source = jira.connect(auth=ApiToken(email="lena.vogel@harbor.example", token="lenas", ends_on=date(2027, 1, 1)))

    *others, webhooks = source.checks(today=TODAY)

    assert [check.fix for check in others] == [None] * 6
    assert (webhooks.fix is not None, webhooks.urgent) == (True, False)
    with pytest.raises(AccessRefused):
        source.webhooks()


def test_fields_are_found_with_a_sample_and_what_is_wrong_with_them(jira: Jira) -> None:
    jira.load(an_issue(), a_request())
    jira.control("screens", {"project": "ENG", "remove": ["customfield_10114"]})
    jira.control("screens", {"project": "CARE", "remove": ["customfield_10114"]})
    fields = (*FIELDS, ("mw_reason", "customfield_10114"), ("mw_currency", "customfield_10107"))
    mapped = (*(each for each in fields if each[0] != "mw_state"), ("mw_state", "customfield_10106"))

    found = {each.id: each for each in jira.connect(fields=mapped).fields_found()}

    order, amount = found["customfield_10102"], found["customfield_10106"]
    assert (order.name, order.title, order.type, order.sample, order.problem) == (
        "order_id",
        "Order ID",
        "string",
        "A-20931",
        None,
    )
    assert (amount.sample, amount.problem) == ("12.5", "is of kind number, mw_state needs text")
    assert (found["customfield_10114"].active, order.active) == (False, True)
    assert found["customfield_10101"].sample == "Delayed withdrawal"
    assert "summary" not in found


def test_a_webhook_is_made_once_signed_and_given_a_new_secret(jira: Jira) -> None:
    source = jira.connect()
    url = "http://127.0.0.1:9/webhooks/jira/harbor"

    first = source.install_webhook(url, secret=SECRET)
    again = source.install_webhook(url, secret="")
    other = source.install_webhook(f"{url}2", secret=SECRET)
    rotated = source.rotate_webhook(first.id, secret=source.prepare_secret(first.id))

    assert (first.secret, again.secret, again.id) == (SECRET, None, first.id)
    assert other.id != first.id
    kept = {each["id"]: each for each in jira.state()["webhooks"]}
    assert kept[int(first.id)]["secret"] == rotated.secret != SECRET
    found = next(each for each in source.webhooks() if each.id == first.id)
    assert (found.url, found.active, found.secret) == (url, True, None)
    with pytest.raises(UnexpectedReply, match="none with this id"):
        source.rotate_webhook("99", secret="x")
    assert source.renew_webhooks(now=datetime(2026, 11, 2, tzinfo=UTC)) == 0


def test_an_apps_webhook_is_renewed_in_its_last_week(jira: Jira) -> None:
    source = jira.connect(auth=SERVICE, webhook_kind="dynamic", webhook_secrets=(CLIENT_SECRET,))
    made = source.install_webhook("http://127.0.0.1:9/x", secret="")
    assert source.install_webhook("http://127.0.0.1:9/x", secret="").id == made.id

    early = source.renew_webhooks(now=jira.clock.now + timedelta(days=22))
    jira.clock.pass_seconds(24 * 86_400)
    late = source.renew_webhooks(now=jira.clock.now)
    again = source.renew_webhooks(now=jira.clock.now)

    assert (early, late, again) == (0, 1, 0)
    (found,) = source.webhooks()
    assert found.expires_at == jira.clock.now + timedelta(days=30)


def test_what_a_program_cannot_do_is_said_step_by_step(jira: Jira) -> None:
    by_app, by_token = jira.connect(auth=SERVICE), jira.connect(webhook_kind="dynamic")

    for ask in (
        by_app.webhooks,
        by_token.webhooks,
        lambda: by_token.install_webhook("http://127.0.0.1:9/x", secret=""),
    ):
        with pytest.raises(ByHand) as caught:
            ask()
        assert caught.value.steps
    with pytest.raises(ByHand, match="client secret"):
        jira.connect(auth=SERVICE, webhook_kind="dynamic").prepare_secret("1")


@pytest.mark.parametrize("kind", ["admin", "dynamic"])
def test_a_delivery_of_the_sandbox_is_believed_and_names_the_issue(jira: Jira, script: Script, kind: str) -> None:
    jira.load(an_issue())
    script.answer(200)
    by_app: dict[str, Any] = {"auth": SERVICE, "webhook_kind": "dynamic", "webhook_secrets": (CLIENT_SECRET,)}
    source = jira.connect(**by_app) if kind == "dynamic" else jira.connect()
    source.install_webhook(f"{script.url}/hook", secret=SECRET)

    jira.act("ENG-5", comment={"body": "secret words"})
    until(lambda: len(script.asked) >= 1)

    _, _, headers, raw = script.asked[0]
    delivery = source.delivery(raw, headers, path_secret="", now=jira.clock.now)
    assert (delivery.ticket_keys, delivery.event_type) == (("10005",), "comment_created")
    assert delivery.id == headers["X-Atlassian-Webhook-Identifier"]


def test_a_ping_of_our_own_making_is_believed(jira: Jira) -> None:
    source: Helpdesk = jira.connect()
    raw, headers, path_secret = source.ping(secret=SECRET, now=jira.clock.now)

    delivery = source.delivery(raw, headers, path_secret=path_secret, now=jira.clock.now)

    assert delivery.ticket_keys == ()
    assert source.send_ping("1", now=jira.clock.now) is None


def test_the_library_sends_nothing_by_itself(jira: Jira) -> None:
    """Met traps of the client: retries, cookies, netrc, a call at the start, a list of fields that it changes."""
    source = jira.connect()
    client = source._calls._client()

    assert client._session.max_retries == 0
    assert client._is_cloud
    assert client._session.trust_env is False
    assert set(client._session.adapters) == {"https://harbor.atlassian.net/"}
    with pytest.raises(requests.exceptions.InvalidSchema):
        client._session.get("https://evil.example/")
    other = threading.Thread(target=lambda: clients.append(source._calls._client()))
    clients: list[Any] = [client]
    other.start()
    other.join()
    assert clients[0] is not clients[1]
