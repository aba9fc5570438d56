"""Who sent a delivery, and when."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Delivery, ForgedDelivery, MalformedDelivery, StaleDelivery
from connectors.zendesk.webhook import SIGNATURE_HEADER, TIMESTAMP_HEADER, signature, verify

SECRET = "sandbox-webhook-secret"
NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def an_event(**changed: Any) -> bytes:
    event = {
        "account_id": 22129848,
        "detail": {"id": "35436", "subject": "秘密 secret words"},
        "event": {},
        "id": "6b9bbadf-5725-4e92-bebe-7b71011bf5f1",
        "subject": "zen:ticket:35436",
        "time": "2026-11-02T08:00:00Z",
        "type": "zen:event-type:ticket.created",
        "zendesk_event_version": "2022-11-06",
    }
    return json.dumps({**event, **changed}).encode()


def signed(raw: bytes, *, secret: str = SECRET, timestamp: str = "2026-11-02T08:00:00Z") -> dict[str, str]:
    return {
        SIGNATURE_HEADER.lower(): signature(raw, timestamp=timestamp, secret=secret),
        TIMESTAMP_HEADER.lower(): timestamp,
    }


def test_our_signature_is_the_vendors(shared: Path) -> None:
    raw = (shared / "vendor/zendesk/webhook-signature/group_membership_created.json").read_bytes()

    made = signature(raw, timestamp="1234", secret="dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==")

    assert made == "10IqYzYTLHRftNsNE+im0DeOM6/JactIRuy0XCHJ9B8="


def test_a_delivery_says_which_ticket_changed() -> None:
    raw = an_event()

    assert verify(raw, signed(raw), (SECRET,), NOW) == Delivery(
        id="6b9bbadf-5725-4e92-bebe-7b71011bf5f1",
        ticket_keys=("35436",),
        event_type="zen:event-type:ticket.created",
    )


def test_a_delivery_about_a_user_names_no_ticket() -> None:
    raw = an_event(subject="zen:user:6596848315901", type="zen:event-type:user.group_membership_created")

    assert verify(raw, signed(raw), (SECRET,), NOW).ticket_keys == ()


def test_a_triggers_own_body_names_its_ticket_and_repeats_are_one() -> None:
    raw = b'{"ticket_id": "35436"}'

    first, again = (verify(raw, signed(raw), (SECRET,), NOW) for _ in range(2))

    assert first == again
    assert (first.ticket_keys, first.event_type) == (("35436",), "trigger")


@pytest.mark.parametrize("secret", ["old", "new"])
def test_both_secrets_hold_during_a_rotation(secret: str) -> None:
    raw = an_event()

    assert verify(raw, signed(raw, secret=secret), ("new", "old"), NOW).ticket_keys == ("35436",)


@pytest.mark.parametrize("secrets", [(), ("",), ("other",), (SECRET + "x",)])
def test_a_delivery_signed_with_no_secret_of_ours_is_forged(secrets: tuple[str, ...]) -> None:
    raw = an_event()

    with pytest.raises(ForgedDelivery):
        verify(raw, signed(raw), secrets, NOW)


def test_an_empty_secret_signs_nothing() -> None:
    raw = an_event()

    with pytest.raises(ForgedDelivery):
        verify(raw, signed(raw, secret=""), ("",), NOW)


@pytest.mark.parametrize("missing", [SIGNATURE_HEADER.lower(), TIMESTAMP_HEADER.lower()])
def test_a_delivery_without_its_headers_is_forged(missing: str) -> None:
    raw = an_event()
    headers = signed(raw)
    del headers[missing]

    with pytest.raises(ForgedDelivery):
        verify(raw, headers, (SECRET,), NOW)


@given(place=st.integers(min_value=0, max_value=len(an_event()) - 1), flipped=st.integers(min_value=1, max_value=255))
def test_no_byte_of_the_body_can_be_changed(place: int, flipped: int) -> None:
    raw = an_event()
    changed = bytearray(raw)
    changed[place] ^= flipped

    with pytest.raises(ForgedDelivery):
        verify(bytes(changed), signed(raw), (SECRET,), NOW)


def test_the_timestamp_cannot_be_changed() -> None:
    raw = an_event()
    headers = signed(raw) | {TIMESTAMP_HEADER.lower(): "2026-11-02T08:00:01Z"}

    with pytest.raises(ForgedDelivery):
        verify(raw, headers, (SECRET,), NOW)


@pytest.mark.parametrize(("seconds", "stale"), [(-301, True), (-300, False), (300, False), (301, True)])
def test_a_delivery_counts_for_five_minutes(seconds: int, *, stale: bool) -> None:
    raw = an_event()
    headers = signed(raw)
    now = NOW + timedelta(seconds=seconds)

    if stale:
        with pytest.raises(StaleDelivery):
            verify(raw, headers, (SECRET,), now)
    else:
        assert verify(raw, headers, (SECRET,), now).ticket_keys == ("35436",)


@pytest.mark.parametrize("timestamp", ["1234", "soon", "2026-11-02T08:00:00", "9" * 500, "２０２６-11-02T08:00:00Z"])
def test_a_malformed_timestamp_is_refused_as_stale(timestamp: str) -> None:
    raw = an_event()

    with pytest.raises(StaleDelivery):
        verify(raw, signed(raw, timestamp=timestamp), (SECRET,), NOW)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        an_event(id=None),
        an_event(id=""),
        an_event(id="x" * 201),
        an_event(type=5),
        an_event(subject=["zen:ticket:1"]),
        b'{"ticket_id": true}',
        b'{"ticket_id": "1; drop"}',
        b'{"ticket_id": null}',
        b'{"ticket_id": {}}',
    ],
)
def test_a_signed_body_that_is_no_delivery_is_malformed_and_not_quoted(raw: bytes) -> None:
    with pytest.raises(MalformedDelivery) as caught:
        verify(raw, signed(raw), (SECRET,), NOW)

    assert "secret" not in str(caught.value)


def test_a_huge_body_is_refused_before_any_work() -> None:
    with pytest.raises(MalformedDelivery, match="longer than"):
        verify(b"x" * ((1 << 20) + 1), {}, (SECRET,), NOW)


@given(raw=st.binary(max_size=300), stamp=st.text(max_size=40), given_signature=st.text(max_size=60))
def test_whatever_comes_only_our_three_refusals_leave(raw: bytes, stamp: str, given_signature: str) -> None:
    headers = {SIGNATURE_HEADER: given_signature, TIMESTAMP_HEADER: stamp}

    with pytest.raises((ForgedDelivery, StaleDelivery, MalformedDelivery)):
        verify(raw, headers, (SECRET,), NOW)
