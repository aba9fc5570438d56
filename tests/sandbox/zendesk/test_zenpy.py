"""The unmodified zenpy 2.0.57 against the sandbox."""

from collections.abc import Iterator

import pytest
import requests
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, CustomField, Ticket, Webhook
from zenpy.lib.exception import APIException, RecordNotFoundException, TooManyValuesException

from tests.sandbox.zendesk.conftest import Zendesk
from tests.sandbox.zendesk.corrected_specification import Specification
from tests.sandbox.zendesk.redirecting import zenpy_on
from tests.sandbox.zendesk.served import a_ticket


@pytest.fixture
def zenpy(zendesk: Zendesk, specification: Specification) -> Iterator[Zenpy]:
    with requests.Session() as session:
        yield zenpy_on(zendesk.url, specification, session)


def test_zenpy_reads_every_ticket_of_the_export(zendesk: Zendesk, zenpy: Zenpy) -> None:
    zendesk.load(*(a_ticket(n) for n in range(1, 26)))
    zendesk.http.delete("/api/v2/tickets/3.json")
    zendesk.clock.forward(120)

    pages = zenpy.tickets.incremental(start_time=1_600_000_000, paginate_by_time=False, per_page=10, include=["users"])
    tickets = list(pages)

    assert len(tickets) == 25
    assert {ticket.id: ticket.status for ticket in tickets}[3] == "deleted"
    assert tickets[0].requester.external_id == "C-100023"
    assert pages.after_cursor is not None


def test_zenpy_stops_at_an_empty_page_that_is_not_the_last(zendesk: Zendesk, zenpy: Zenpy) -> None:
    zendesk.load(*(a_ticket(n) for n in range(1, 26)))

    tickets = zenpy.tickets.incremental(start_time=1_600_000_000, paginate_by_time=False, per_page=10)
    zendesk.fault(fault="empty_page", match="GET /api/v2/incremental", times=1)

    assert len(list(tickets)) == 10
    assert len(list(zenpy.tickets.incremental(start_time=1_600_000_000, paginate_by_time=False))) == 25


def test_zenpy_writes_a_private_note_with_a_safe_update(zendesk: Zendesk, zenpy: Zenpy) -> None:
    zendesk.load(a_ticket(7, tags=["vip"]))
    ticket = Ticket(
        id=7,
        comment=Comment(html_body="<p>Paid 120 USDT</p>", public=False),
        custom_fields=[CustomField(id=900_011, value="paid")],
        additional_tags=["mw_paid"],
        status="open",
        safe_update=True,
        updated_stamp="2026-11-22T11:00:00Z",
    )

    audit = zenpy.tickets.update(ticket)

    assert (audit.ticket.status, audit.ticket.tags) == ("open", ["vip", "mw_paid"])
    assert [comment.public for comment in zenpy.tickets.comments(ticket=7)] == [True, False]
    again = Ticket(id=7, status="solved", safe_update=True, updated_stamp="2026-11-22T11:00:00Z")
    with pytest.raises(APIException) as refused:
        zenpy.tickets.update(again)
    assert refused.value.response.status_code == 409


def test_zenpy_creates_shows_searches_merges_and_deletes(zendesk: Zendesk, zenpy: Zenpy) -> None:
    made = zenpy.tickets.create(Ticket(subject="Charged twice", comment=Comment(body="Twice!"))).ticket
    zendesk.load(a_ticket(70), a_ticket(71))
    zendesk.settings(search_lag_seconds=0)

    assert zenpy.tickets(id=made.id).subject == "Charged twice"
    assert [ticket.id for ticket in zenpy.tickets(ids=[70, 71])] == [70, 71]
    assert [ticket.id for ticket in zenpy.search("charged", type="ticket", status="new")] == [made.id]
    assert zenpy.tickets.merge(target=70, source=[71]).status == "queued"
    assert zenpy.tickets(id=71).status == "closed"
    zenpy.tickets.delete(made)
    with pytest.raises(RecordNotFoundException):
        zenpy.tickets(id=made.id)


def test_zenpy_knows_people_fields_and_ratings(zendesk: Zendesk, zenpy: Zenpy) -> None:
    zendesk.load(a_ticket(7, satisfaction_rating={"score": "bad", "comment": "slow"}), a_ticket(8))

    assert zenpy.users.me().email == "bot@harbor.example"
    assert zenpy.users(id=20_001).external_id == "C-100023"
    assert [user.id for user in zenpy.users(ids=[1_000, 20_001])] == [1_000, 20_001]
    titles = {field.id: field.title for field in zenpy.ticket_fields()}
    assert titles[900_001] == "Compensation topic"
    assert [(rating.ticket_id, rating.score) for rating in zenpy.satisfaction_ratings()] == [(7, "bad")]
    assert zenpy.tickets(id=7).satisfaction_rating.score == "bad"
    assert len(list(zenpy.tickets.audits(ticket=7))) == 1


def test_zenpy_registers_a_webhook_and_reads_its_secret(zendesk: Zendesk, zenpy: Zenpy) -> None:
    made = zenpy.webhooks.create(
        Webhook(
            name="Makewhole",
            endpoint="http://127.0.0.1:9/hook",
            http_method="POST",
            request_format="json",
            status="active",
            subscriptions=["zen:event-type:ticket.created"],
        )
    )

    assert [hook.name for hook in zenpy.webhooks.list()] == ["Makewhole"]
    secret = zenpy.webhooks.show_secret(made).secret
    assert secret == zendesk.state()["webhooks"][0]["secret"]
    assert zenpy.webhooks.reset_secret(made).secret != secret
    zenpy.webhooks.delete(made)
    assert zendesk.state()["webhooks"] == []


def test_zenpy_names_what_was_refused(zendesk: Zendesk, zenpy: Zenpy) -> None:
    zendesk.load(a_ticket(7, status="closed"))

    with pytest.raises(TooManyValuesException):
        list(zenpy.tickets(ids=list(range(1, 102))))
    with pytest.raises(APIException, match="closed prevents ticket update"):
        zenpy.tickets.update(Ticket(id=7, status="open"))
