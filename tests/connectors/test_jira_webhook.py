"""Who sent a delivery of Jira's, and what it is about."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Delivery, ForgedDelivery, MalformedDelivery, StaleDelivery
from connectors.jira.webhook import IDENTIFIER_HEADER, SIGNATURE_HEADER, signature, verify

SECRET = "sandbox-jira-webhook-secret"
NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
NAME = "5b8c9d2e-1"


def an_event(**changed: Any) -> bytes:
    event = {
        "timestamp": int(NOW.timestamp() * 1000),
        "webhookEvent": "jira:issue_updated",
        "issue": {"id": "10042", "key": "ENG-5", "fields": {"summary": "秘密 secret words"}},
    }
    return json.dumps({**event, **changed}).encode()


def signed(raw: bytes, *, secret: str = SECRET, name: str = NAME) -> dict[str, str]:
    return {SIGNATURE_HEADER.lower(): signature(raw, secret=secret), IDENTIFIER_HEADER.lower(): name}


def admin(raw: bytes, headers: dict[str, str], *secrets: str, now: datetime = NOW) -> Delivery:
    return verify(raw, headers, secrets or (SECRET,), kind="admin", now=now)


def test_our_signature_is_that_of_the_websub_specification() -> None:
    made = hmac.new(b"It's a Secret to Everybody", b"Hello World!", hashlib.sha256).hexdigest()

    assert signature(b"Hello World!", secret="It's a Secret to Everybody") == f"sha256={made}"
    assert made == "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"


def test_a_delivery_says_which_issue_changed() -> None:
    raw = an_event()

    assert admin(raw, signed(raw)) == Delivery(id=NAME, ticket_keys=("10042",), event_type="jira:issue_updated")


def test_a_comment_names_its_issue_and_a_link_both_ends() -> None:
    comment = an_event(webhookEvent="comment_created", comment={"id": "1", "body": "words"})
    link = an_event(
        webhookEvent="issuelink_created", issue=None, issueLink={"sourceIssueId": 1, "destinationIssueId": 2}
    )
    other = an_event(webhookEvent="user_created", issue=None)

    assert admin(comment, signed(comment)).ticket_keys == ("10042",)
    assert admin(link, signed(link)).ticket_keys == ("1", "2")
    assert admin(other, signed(other)).ticket_keys == ()


def test_a_delivery_without_a_name_is_known_by_its_body() -> None:
    raw, other = an_event(), an_event(timestamp=int(NOW.timestamp() * 1000) + 1)

    named = admin(raw, {SIGNATURE_HEADER: signature(raw, secret=SECRET)}).id

    assert named == admin(raw, signed(raw, name=" ")).id
    assert named != admin(other, signed(other, name="")).id


def test_both_secrets_of_a_rotation_are_believed_and_no_other() -> None:
    raw = an_event()

    for secret in ("old", "new"):
        assert admin(raw, signed(raw, secret=secret), "old", "new").id == NAME
    with pytest.raises(ForgedDelivery):
        admin(raw, signed(raw, secret="older"), "old", "new")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {SIGNATURE_HEADER: ""},
        {SIGNATURE_HEADER: "sha256="},
        {SIGNATURE_HEADER: "sha1=" + "0" * 40},
        {SIGNATURE_HEADER: "ünlesbar"},
        {"X-Hub-Signature-256": "x"},
    ],
)
def test_an_unsigned_delivery_is_forged(headers: dict[str, str]) -> None:
    with pytest.raises(ForgedDelivery):
        admin(an_event(), headers)


def test_nothing_is_believed_without_a_secret() -> None:
    raw = an_event()

    for secrets in ((), ("",)):
        with pytest.raises(ForgedDelivery):
            verify(raw, signed(raw, secret=""), secrets, kind="admin", now=NOW)


@given(st.integers(min_value=0), st.binary(min_size=1, max_size=1))
def test_one_changed_byte_is_forged(place: int, byte: bytes) -> None:
    raw = an_event()
    place %= len(raw)
    changed = raw[:place] + byte + raw[place + 1 :]
    if changed != raw:
        with pytest.raises(ForgedDelivery):
            admin(changed, signed(raw))


@pytest.mark.parametrize("hours", [-25, 25])
def test_an_old_delivery_is_stale(hours: int) -> None:
    raw = an_event()

    with pytest.raises(StaleDelivery):
        admin(raw, signed(raw), now=NOW + timedelta(hours=hours))
    assert admin(raw, signed(raw), now=NOW + timedelta(hours=23)).id == NAME


@pytest.mark.parametrize("timestamp", ["soon", 1e300, {}])
def test_a_time_that_is_none_is_stale(timestamp: object) -> None:
    raw = an_event(timestamp=timestamp)

    with pytest.raises(StaleDelivery):
        admin(raw, signed(raw))


@pytest.mark.parametrize("raw", [b"", b"[]", b"secret", b'{"issue": 1}', an_event(webhookEvent=5)])
def test_what_is_signed_and_no_event_is_malformed_and_not_quoted(raw: bytes) -> None:
    with pytest.raises(MalformedDelivery) as caught:
        admin(raw, signed(raw))

    assert "secret" not in str(caught.value)


def a_token(*, secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    given = {"iss": "client", "exp": NOW.timestamp() + 180, **claims}
    head = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": algorithm, "typ": "JWT"}, given)
    )
    made = hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest()
    return f"Bearer {head}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


def dynamic(authorization: str) -> Delivery:
    headers = {"authorization": authorization, IDENTIFIER_HEADER: NAME}
    return verify(an_event(), headers, ("older", SECRET), kind="dynamic", now=NOW)


def test_an_apps_webhook_is_believed_by_its_token() -> None:
    assert dynamic(a_token()).ticket_keys == ("10042",)


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer a.b", "Bearer a.b.c", "Basic x", a_token(secret="other"), a_token(algorithm="none")],
)
def test_an_apps_webhook_without_our_token_is_forged(authorization: str) -> None:
    with pytest.raises(ForgedDelivery):
        dynamic(authorization)


@pytest.mark.parametrize("exp", [NOW.timestamp() - 61, None, "x"])
def test_a_token_that_has_ended_is_stale(exp: object) -> None:
    with pytest.raises(StaleDelivery):
        dynamic(a_token(exp=exp))


def test_a_signature_is_not_enough_for_an_apps_webhook_nor_a_token_for_an_admins() -> None:
    raw = an_event()

    with pytest.raises(ForgedDelivery):
        verify(raw, signed(raw), (SECRET,), kind="dynamic", now=NOW)
    with pytest.raises(ForgedDelivery):
        verify(raw, {"Authorization": a_token()}, (SECRET,), kind="admin", now=NOW)
