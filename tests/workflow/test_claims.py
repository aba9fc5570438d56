"""What a ticket claims, what is missing, and which change of it is news."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cases.evidence import Evidence
from cases.loss import Loss, LossKind
from cases.ticket import Comment, CustomerId, Requester, Satisfaction, Ticket, TicketStatus
from tests.workflow.desk_at_work import TOPICS
from tests.workflow.played_vendors import NOON, ref, ticket
from workflow import claims
from workflow.claims import Claim

CLAIM = ticket(hours_late="7.5")
NOT_LINKED = Requester(id="9001", name="Ann", email=None, customer_id=None, locale="en")


def test_a_ticket_that_says_enough_claims_one_loss() -> None:
    lost = Loss(kind=LossKind.TRANSACTION, reference="W-1", customer_id=CustomerId("C-1"))

    assert claims.read_claim(CLAIM, TOPICS) == Claim(topic="delayed_withdrawal", loss=lost, missing=())


def test_the_topic_says_which_field_names_the_loss() -> None:
    position = ticket(topic="okb_volatility_2024_01", loss=None, position_id="P-7", order_id="A-1")

    claim = claims.read_claim(position, TOPICS)

    assert claim.loss == Loss(kind=LossKind.POSITION, reference="P-7", customer_id=CustomerId("C-1"))


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        (ticket(loss=None), ("transaction_id",)),
        (ticket(loss="  \n "), ("transaction_id",)),
        (ticket(topic=None), ("compensation_topic",)),
        (ticket(topic="free_money"), ("compensation_topic (nobody configured 'free_money')",)),
        (replace(CLAIM, requester=NOT_LINKED), ("customer_id (the requester's external id)",)),
        (replace(ticket(loss=None), requester=None), ("customer_id (the requester's external id)", "transaction_id")),
        (
            replace(ticket(topic=None, loss=None), requester=None),
            ("compensation_topic", "customer_id (the requester's external id)"),
        ),
    ],
)
def test_what_is_missing_is_named_exactly(said: Ticket, missing: tuple[str, ...]) -> None:
    claim = claims.read_claim(said, TOPICS)

    assert (claim.loss, claim.missing) == (None, missing)


def test_a_reference_is_one_line_of_at_most_a_hundred_signs() -> None:
    long, just = claims.read_claim(ticket(loss="W" * 101), TOPICS), claims.read_claim(ticket(loss="W" * 100), TOPICS)
    broken = claims.read_claim(ticket(loss=" W-1\n\nBcc: all "), TOPICS)

    assert (long.loss, long.missing) == (None, ("transaction_id",))
    assert just.loss is not None
    assert broken.loss is not None
    assert broken.loss.reference == "W-1 Bcc: all"


def test_a_ticket_asks_for_compensation_by_its_topic_or_by_its_tag() -> None:
    nothing = ticket(topic=None)

    assert claims.topic_of(CLAIM) == "delayed_withdrawal"
    assert claims.topic_of(replace(nothing, tags=("vip", "compensation"))) == ""
    assert claims.topic_of(replace(nothing, tags=("compensation_later",))) is None


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Again!"},
        {"status": TicketStatus.SOLVED, "status_text": "solved"},
        {"tags": ("makewhole", "mw_state_paid")},
        {"fields": (*CLAIM.fields, ("mw_state", "paid"), ("mw_amount", "15.00"))},
        {"comments": (Comment(id="1", author_id="5001", public=False, body="x", written_at=NOON),)},
        {"satisfaction": Satisfaction(score="bad", comment=None)},
        {"updated_at": NOON + timedelta(hours=1)},
    ],
    ids=lambda change: str(next(iter(change))),
)
def test_what_is_no_claim_is_no_news(change: dict[str, Any]) -> None:
    assert claims.says_the_same(CLAIM, replace(CLAIM, **change))


@pytest.mark.parametrize(
    "other",
    [
        ticket(loss="W-2", hours_late="7.5"),
        ticket(hours_late="8"),
        ticket(),
        ticket(topic="duplicate_charge", hours_late="7.5"),
        ticket(customer="C-2", hours_late="7.5"),
        ticket(handler="5001", hours_late="7.5"),
        replace(CLAIM, requester=None),
        replace(CLAIM, status=TicketStatus.DELETED),
        replace(CLAIM, merged_into=ref("9")),
    ],
    ids=["reference", "a fact", "a fact less", "topic", "customer", "handler", "nobody asks", "deleted", "merged"],
)
def test_a_claim_that_changed_is_news(other: Ticket) -> None:
    assert not claims.says_the_same(CLAIM, other)


def test_the_tag_is_news_only_without_a_topic() -> None:
    nothing = ticket(topic=None)

    assert not claims.says_the_same(nothing, replace(nothing, tags=("compensation",)))
    assert claims.says_the_same(CLAIM, replace(CLAIM, tags=("compensation",)))


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        (CLAIM, True),
        (replace(CLAIM, status=TicketStatus.SOLVED), True),
        (replace(CLAIM, status=TicketStatus.UNKNOWN), True),
        (replace(CLAIM, status=TicketStatus.CLOSED), False),
        (replace(CLAIM, status=TicketStatus.DELETED), False),
        (replace(CLAIM, merged_into=ref("9")), False),
    ],
)
def test_a_ticket_takes_notes_until_it_is_closed_or_gone(said: Ticket, *, takes: bool) -> None:
    assert claims.takes_notes(said) is takes


def test_evidence_stands_over_what_the_ticket_says_and_our_own_fields_prove_nothing() -> None:
    said = ticket(hours_late="99", claimed_amount="500", mw_amount="15.00")
    known = Evidence(facts=(("fraud_score", "12"), ("hours_late", "7.5")), source="account-data", as_of=NOON)

    assert claims.inputs_of(said, (known,)) == (
        ("claimed_amount", "500"),
        ("compensation_topic", "delayed_withdrawal"),
        ("fraud_score", "12"),
        ("hours_late", "7.5"),
        ("transaction_id", "W-1"),
    )
