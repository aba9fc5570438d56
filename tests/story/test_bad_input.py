"""Whatever comes in through the doors: it is refused or said to be unreadable; nothing is lost, nothing is paid."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from bot.cards import APPROVE
from bot.signing import signed
from bot.values import ButtonValue
from cases.case import AwaitingApproval, Stage
from cases.ticket import TicketStatus
from store import failures, tables, tickets
from tests.story.working_day import AMELIA, LATE, LUCA, Day, until

REFUSED = "This button is not one of ours or is damaged. Nothing changed, and the click was recorded."
NULLS = dict.fromkeys(
    (
        *("subject", "raw_subject", "description", "priority", "type", "recipient", "requester_id", "submitter_id"),
        *("assignee_id", "organization_id", "group_id", "external_id", "problem_id", "due_at", "via", "tags"),
        *("custom_fields", "fields", "satisfaction_rating", "collaborator_ids", "status", "updated_at", "created_at"),
    )
)


@pytest.mark.parametrize(
    "value",
    [
        "approve CASE-1",
        '{"case":"CASE-1","revision":1}',
        '{"case":"CASE-1","revision":1,"fingerprint":"5f8f808a5ae07890","amount":"9999"}',
        '{"case":"CASE-1; DROP TABLE cases","revision":1,"fingerprint":"5f8f808a5ae07890"}',
        "x" * 2000,
    ],
)
def test_a_forged_button_changes_nothing_and_is_answered(day: Day, value: str) -> None:
    ticket, case = _asked(day)
    before, said = day.history(case), len(day.whispers(AMELIA))

    day.click(AMELIA, case, APPROVE, value=value)
    until(lambda: len(day.whispers(AMELIA)) > said)

    assert day.whispers(AMELIA)[-1] == REFUSED
    assert day.history(case) == before
    assert day.await_stage(ticket, Stage.AWAITING_APPROVAL) == case
    assert day.payments(case) == []


def test_a_button_of_a_case_that_never_was_is_answered(day: Day) -> None:
    _, case = _asked(day)
    said = len(day.whispers(AMELIA))

    value = ButtonValue(case="CASE-999999", revision=1, fingerprint="0" * 16).text()
    day.click(AMELIA, case, APPROVE, value=value)
    until(lambda: len(day.whispers(AMELIA)) > said)

    assert day.whispers(AMELIA)[-1] == REFUSED
    assert day.payments(case) == []


def test_the_button_of_another_revision_is_stale(day: Day) -> None:
    ticket, case = _asked(day)
    said = len(day.whispers(AMELIA))

    day.click(AMELIA, case, APPROVE, value=ButtonValue(case=case.about.id, revision=7, fingerprint="0" * 16).text())
    until(lambda: len(day.whispers(AMELIA)) > said)

    assert f"The proposal for {case.about.id} changed since you saw it" in day.whispers(AMELIA)[-1]
    assert day.await_stage(ticket, Stage.AWAITING_APPROVAL) == case
    assert day.payments(case) == []


def test_whoever_may_not_decide_is_told_so_and_it_is_written_down(day: Day) -> None:
    ticket, case = _asked(day)

    day.click(LUCA, case, APPROVE)
    until(lambda: [text for text in day.whispers(LUCA) if case.about.id in text])

    assert day.history(case)[-1] == ("refused", "luca")
    assert day.await_stage(ticket, Stage.AWAITING_APPROVAL) == case
    assert day.payments(case) == []


@pytest.mark.parametrize(
    ("secret", "age_seconds"),
    [("another-secret", 0), ("sandbox-signing-secret", 301), ("sandbox-signing-secret", -330)],
)
def test_a_click_that_slack_did_not_sign_in_time_is_refused(day: Day, secret: str, age_seconds: int) -> None:
    ticket, case = _asked(day)
    kept = _deliveries(day)

    answer = _post_click(day, case, secret=secret, age_seconds=age_seconds)

    assert answer.status_code == 401
    assert _deliveries(day) == kept
    assert day.await_stage(ticket, Stage.AWAITING_APPROVAL) == case


def test_a_replayed_click_is_one_click(day: Day) -> None:
    ticket, case = _asked(day)
    kept = _deliveries(day)

    statuses = [_post_click(day, case, secret="sandbox-signing-secret", age_seconds=0).status_code for _ in range(3)]
    closed = day.await_stage(ticket, Stage.CLOSED)

    assert statuses == [200, 200, 200]
    assert _deliveries(day) == kept + 1
    assert len(day.payments(closed)) == 1
    assert [event for event, _ in day.history(closed)].count("approved") == 1


def test_a_webhook_that_zendesk_did_not_sign_is_refused(day: Day) -> None:
    kept = _deliveries(day)
    headers = {"X-Zendesk-Webhook-Signature": "bm8=", "X-Zendesk-Webhook-Signature-Timestamp": "2026-11-22T12:00:00Z"}

    answer = httpx.post(f"{day.town.own_url}/webhooks/zendesk/harbor", content=b"{}", headers=headers, trust_env=False)

    assert answer.status_code == 401
    assert _deliveries(day) == kept


@pytest.mark.parametrize(
    "overlay",
    [
        pytest.param(NULLS, id="nulls everywhere"),
        pytest.param({"tags": "angry", "custom_fields": 5, "status": {}, "subject": []}, id="wrong types"),
        pytest.param({"updated_at": "yesterday"}, id="no time"),
    ],
)
def test_a_ticket_of_no_shape_is_named_and_the_others_are_read(day: Day, overlay: dict[str, Any]) -> None:
    odd, ada = day.customer(), day.customer()
    odd.knows(LATE)
    ada.knows(LATE)
    unreadable = odd.complains(notify=False, overlay=overlay)
    ticket = ada.complains(notify=False)

    until(lambda: day.finds(ticket))
    day.await_stage(ticket, Stage.AWAITING_APPROVAL)
    named = until(lambda: _unreadable(day, unreadable))
    odd.complains(notify=False)
    until(lambda: day.finds(unreadable))
    mended = day.await_stage(unreadable, Stage.AWAITING_APPROVAL)

    assert named
    assert mended.about.customer_id == odd.id
    assert _unreadable(day, unreadable) is None
    assert day.payments(mended) == []


def test_a_webhook_of_a_ticket_of_no_shape_loses_nothing(day: Day) -> None:
    odd = day.customer()
    odd.knows(LATE)

    ticket = odd.complains(overlay={"tags": "angry", "custom_fields": 5})
    until(lambda: _polled_unreadable(day, ticket))
    odd.complains()
    asked = day.await_stage(ticket, Stage.AWAITING_APPROVAL)

    assert asked.about.customer_id == odd.id
    with day.house.database.read() as connection:
        assert [each for each in failures.dead_letters(connection) if each.kind in ("pay", "propose")] == []


def test_a_status_nobody_has_a_word_for_is_kept_as_it_was_said(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE)

    ticket = ada.complains(overlay={"status": "on_the_moon"})
    asked = day.await_stage(ticket, Stage.AWAITING_APPROVAL)
    with day.house.database.read() as connection:
        found = tickets.find(connection, asked.about.tickets[0])

    assert found is not None
    assert (found.ticket.status, found.ticket.status_text) == (TicketStatus.UNKNOWN, "on_the_moon")


def test_a_ticket_too_long_for_its_webhook_is_found_by_polling(day: Day) -> None:
    ada = day.customer()
    ada.knows(LATE)

    ticket = ada.complains(description="损失 " * 350_000)
    until(lambda: day.finds(ticket))
    asked = day.await_stage(ticket, Stage.AWAITING_APPROVAL)
    day.click(AMELIA, asked, APPROVE)
    closed = day.await_stage(ticket, Stage.CLOSED)

    assert day.payments(closed) == [(ada.id, "15.00", "USDT", "confirmed")]
    assert len(day.notes(ticket)) == 3


def _asked(day: Day) -> tuple[int, AwaitingApproval]:
    """Return a ticket and its case, which waits for a lead with everything said."""
    ada = day.customer()
    ada.knows(LATE)
    ticket = ada.complains()
    case = day.await_stage(ticket, Stage.AWAITING_APPROVAL)
    until(lambda: len(day.thread(case)) == 1)
    assert isinstance(case, AwaitingApproval)
    return ticket, case


def _post_click(day: Day, case: AwaitingApproval, *, secret: str, age_seconds: int) -> httpx.Response:
    """Send what Slack sends when Amelia approves, signed with this secret so long ago; the same bytes each time."""
    card = day.card(case)
    payload = {
        "type": "block_actions",
        "team": {"id": "T0HARBOR001"},
        "user": {"id": AMELIA},
        "trigger_id": f"replayed.{case.about.id}",
        "container": {"type": "message", "channel_id": card["channel"], "message_ts": card["ts"]},
        "actions": [
            {
                "type": "button",
                "action_id": APPROVE,
                "block_id": "decide",
                "action_ts": "1.0",
                "value": ButtonValue.of(case.proposal).text(),
            }
        ],
    }
    body = str(httpx.QueryParams({"payload": json.dumps(payload)})).encode()
    stamp = str(int(datetime.now(UTC).timestamp()) - age_seconds)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signed(body, stamp, secret),
    }
    return httpx.post(f"{day.town.own_url}/slack/interactivity", content=body, headers=headers, trust_env=False)


def _deliveries(day: Day) -> int:
    with day.house.database.read() as connection:
        slack = sa.select(sa.func.count()).where(tables.deliveries.c.source == "slack")
        return connection.scalar(slack) or 0


def _polled_unreadable(day: Day, ticket: int) -> bool:
    day.poll()
    return _unreadable(day, ticket) is not None


def _unreadable(day: Day, ticket: int) -> str | None:
    with day.house.database.read() as connection:
        return dict(tickets.unreadable(connection)).get(f"zendesk:harbor:{ticket}")
