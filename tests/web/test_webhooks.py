"""Zendesk's deliveries over the wire: kept once with their job before the answer, or refused with nothing done."""

import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from store import deliveries
from tests.web.conftest import NOW, SECRET, House, event, signed, zendesk_door
from web.app import IntakeLimits


def test_a_genuine_delivery_is_kept_with_the_job_that_reads_its_ticket(house: House) -> None:
    body = event(17)

    answer = house.post(body, signed(body))

    assert (answer.status_code, answer.json()) == (200, {"outcome": "kept"})
    with house.database.read() as connection:
        kept = deliveries.find(connection, "zendesk:harbor", "6b9bbadf-5725-4e92-bebe-000000000017")
    assert kept is not None
    assert kept.body == body.decode()
    assert kept.received_at == NOW
    assert kept.outcome == "read zendesk:harbor:17"
    assert house.jobs() == {"zendesk": 1}


def test_a_kept_delivery_is_forgotten_after_its_time(house: House) -> None:
    body = event(17)
    house.post(body, signed(body))

    with house.database.begin() as tx:
        early = deliveries.forget_handled(tx, before=NOW)
        late = deliveries.forget_handled(tx, before=NOW + timedelta(seconds=1))

    assert (early, late, house.deliveries()) == (0, 1, 0)


def test_a_repeat_is_acknowledged_and_does_nothing(house: House) -> None:
    body = event(17)
    house.post(body, signed(body))

    answer = house.post(body, signed(body, at=NOW + timedelta(seconds=20)))

    assert (answer.status_code, answer.json()) == (200, {"outcome": "repeated"})
    assert (house.deliveries(), house.jobs()) == (1, {"zendesk": 1})


def test_the_same_delivery_forty_times_at_once_is_one_row_and_one_job(house: House) -> None:
    body = event(17)
    headers = signed(body)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: house.post(body, headers), range(40)))

    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["outcome"] for answer in answers) == ["kept"] + ["repeated"] * 39
    assert (house.deliveries(), house.jobs()) == (1, {"zendesk": 1})


def test_many_at_once_are_each_kept_once(house: House) -> None:
    bodies = [event(number) for number in range(1, 101)]

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda body: house.post(body, signed(body)), bodies))

    assert {answer.json()["outcome"] for answer in answers} == {"kept"}
    assert (house.deliveries(), house.jobs()) == (100, {"zendesk": 100})


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body, headers: (body, {**headers, "X-Zendesk-Webhook-Signature": "AAAA"}),
        lambda body, headers: (body, {**headers, "X-Zendesk-Webhook-Signature": ""}),
        lambda body, headers: (body + b" ", headers),
        lambda body, headers: (body, {**headers, "X-Zendesk-Webhook-Signature-Timestamp": "2026-11-22T12:00:01Z"}),
        lambda body, _: (body, signed(body, secret="another")),
        lambda body, _: (body, {}),
    ],
)
def test_a_forged_delivery_is_refused_and_nothing_happens(
    house: House, spoil: Callable[[bytes, dict[str, str]], tuple[bytes, dict[str, str]]]
) -> None:
    body, headers = spoil(event(17), signed(event(17)))

    answer = house.post(body, headers)

    assert (answer.status_code, answer.json()) == (401, {"outcome": "forged"})
    assert (house.deliveries(), house.jobs()) == (0, {})


@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-300, 200), (300, 200), (301, 401)])
def test_a_delivery_signed_more_than_five_minutes_away_is_stale(house: House, seconds: int, status: int) -> None:
    body = event(17)

    answer = house.post(body, signed(body, at=NOW + timedelta(seconds=seconds)))

    assert answer.status_code == status
    assert house.deliveries() == (1 if status == 200 else 0)


def test_zendesks_own_signed_example_is_believed_and_only_too_old(
    open_house: Callable[..., House], shared: Path
) -> None:
    body = (shared / "vendor/zendesk/webhook-signature/group_membership_created.json").read_bytes()
    headers = {
        "X-Zendesk-Webhook-Signature": "10IqYzYTLHRftNsNE+im0DeOM6/JactIRuy0XCHJ9B8=",
        "X-Zendesk-Webhook-Signature-Timestamp": "1234",
    }
    theirs = open_house(webhooks=(zendesk_door("dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="),))
    ours = open_house()

    believed, forged = theirs.post(body, headers), ours.post(body, headers)

    assert (believed.status_code, believed.json()) == (401, {"outcome": "stale"})
    assert (forged.status_code, forged.json()) == (401, {"outcome": "forged"})


def test_both_secrets_of_a_rotation_are_good(open_house: Callable[..., House]) -> None:
    house = open_house(webhooks=(zendesk_door("new", SECRET),))
    first, second = event(1), event(2)

    answers = [house.post(first, signed(first)), house.post(second, signed(second, secret="new"))]

    assert [answer.json()["outcome"] for answer in answers] == ["kept", "kept"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 20_000,
        event(id=7),
        event(id=""),
        event(id="x" * 101),
        event(id="a\0b"),
        event(id="\ud800".encode("utf-8", "surrogatepass").decode("latin-1")),
        event(subject=None),
        event(type=[]),
        json.dumps({"ticket_id": "1; DROP TABLE"}).encode(),
        json.dumps({"ticket_id": True}).encode(),
        json.dumps({"id": "\ud800", "type": "t", "subject": "zen:ticket:1"}).encode(),
    ],
)
def test_a_signed_delivery_that_makes_no_sense_is_refused(house: House, body: bytes) -> None:
    answer = house.post(body, signed(body))

    assert (answer.status_code, answer.json()) == (400, {"outcome": "malformed"})
    assert (house.deliveries(), house.jobs()) == (0, {})


def test_a_delivery_about_no_ticket_is_acknowledged_and_dropped(house: House) -> None:
    body = event(subject="zen:user:6596848315901")

    answer = house.post(body, signed(body))

    assert (answer.status_code, answer.json()) == (200, {"outcome": "no_ticket"})
    assert (house.deliveries(), house.jobs()) == (0, {})


def test_a_triggers_own_body_is_taken_too(house: House) -> None:
    body = b'{"ticket_id": "35436", "note": "\\u0000 and \xff"}'.replace(b"\xff", b"x")

    answer = house.post(body, signed(body))

    assert (answer.status_code, answer.json()) == (200, {"outcome": "kept"})
    assert house.jobs() == {"zendesk": 1}


def test_a_body_announced_too_long_is_refused_before_it_is_sent(house: House) -> None:
    answer = house.raw(b"POST /webhooks/zendesk/harbor HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert house.deliveries() == 0


def test_a_body_of_any_announced_length_is_refused_without_a_crash(house: House) -> None:
    answer = house.raw(
        b"POST /webhooks/zendesk/harbor HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 19 + b"\r\n\r\n"
    )

    assert answer.startswith(b"HTTP/1.1 4")


def test_an_endless_body_is_cut_off_at_its_limit(house: House) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 65_536

    answer = house.http.post("/webhooks/zendesk/harbor", content=pieces())

    assert (answer.status_code, answer.json()) == (413, {"outcome": "too_large"})


def test_a_body_cut_short_leaves_nothing_behind(house: House) -> None:
    head = b"POST /webhooks/zendesk/harbor HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n"

    house.raw(head + b'{"id": "half', hang_up=True)

    assert house.deliveries() == 0
    assert house.http.get("/healthz").status_code == 200


def test_a_body_that_crawls_is_given_up(open_house: Callable[..., House]) -> None:
    house = open_house(limits=IntakeLimits(body_seconds=0.2))

    answer = house.raw(b"POST /webhooks/zendesk/harbor HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert house.deliveries() == 0


def test_while_the_table_is_gone_zendesk_is_told_to_come_again(house: House) -> None:
    body = event(17)
    with house.database.begin() as tx:
        tx.execute(sa.text("ALTER TABLE deliveries RENAME TO hidden"))

    refused = house.post(body, signed(body))
    with house.database.begin() as tx:
        tx.execute(sa.text("ALTER TABLE hidden RENAME TO deliveries"))
    again = house.post(body, signed(body))

    assert (refused.status_code, refused.json()) == (503, {"outcome": "not_kept"})
    assert refused.headers["retry-after"] == "10"
    assert (again.status_code, again.json()) == (200, {"outcome": "kept"})
    assert (house.deliveries(), house.jobs()) == (1, {"zendesk": 1})


def test_while_somebody_holds_the_database_zendesk_is_told_to_come_again(open_house: Callable[..., House]) -> None:
    house = open_house(limits=IntakeLimits(write_seconds=0.3))
    body = event(17)

    with house.database.begin() as tx:
        if tx.on_postgres:
            tx.execute(sa.text("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE"))
        refused = house.post(body, signed(body))
        alive = house.http.get("/healthz")
    again = house.post(body, signed(body))

    assert (refused.status_code, alive.status_code, again.status_code) == (503, 200, 200)
    assert (house.deliveries(), house.jobs()) == (1, {"zendesk": 1})


def test_only_post_is_understood(house: House) -> None:
    answer = house.http.get("/webhooks/zendesk/harbor")

    assert (answer.status_code, answer.json()) == (405, {"error": "method_not_allowed"})


def test_outcomes_are_counted(house: House) -> None:
    body = event(17)
    house.post(body, signed(body))
    house.post(body, signed(body))
    house.post(body, {})

    figures = house.http.get("/metrics").text

    assert 'makewhole_webhooks_total{outcome="kept"} 1.0' in figures
    assert 'makewhole_webhooks_total{outcome="repeated"} 1.0' in figures
    assert 'makewhole_webhooks_total{outcome="forged"} 1.0' in figures
    assert 'makewhole_request_seconds_count{route="/webhooks/{vendor}"} 3.0' in figures


def test_a_client_that_goes_without_reading_its_answer_harms_nobody(house: House) -> None:
    body = event(17)

    with socket.create_connection(("127.0.0.1", house.port), timeout=5) as gone:
        gone.sendall(b"GET /readyz HTTP/1.1\r\nHost: makewhole\r\n\r\n")

    assert house.post(body, signed(body)).status_code == 200
