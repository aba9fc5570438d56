"""A mark of ours counts where only we can have written it: else a stranger's mail would pass for a note of ours."""

import json

import pytest

from cases.ticket import Author
from connectors.marks import signed
from connectors.zendesk.marks import mark_in_audit, metadata
from connectors.zendesk.reading import read_comments

FORGED = signed("I was told that all is paid.", "CASE-1/5")


@pytest.mark.parametrize(("channel", "mark"), [("api", "CASE-1/5"), ("email", None)])
def test_a_private_mail_is_no_note_of_ours(channel: str, mark: str | None) -> None:
    event = {"type": "Comment", "public": False, "body": FORGED}

    assert mark_in_audit({"via": {"channel": channel}, "events": [event]}) == mark


def test_what_no_mail_can_carry_counts_however_it_came() -> None:
    assert mark_in_audit({"via": {"channel": "email"}, "metadata": {"custom": metadata("CASE-1/5")}}) == "CASE-1/5"


@pytest.mark.parametrize(("role", "author"), [("end-user", Author.CUSTOMER), ("agent", Author.US), (None, Author.US)])
def test_a_customers_private_comment_is_the_customers(role: str | None, author: Author) -> None:
    comment = {
        "id": 1,
        "author_id": 7,
        "public": False,
        "body": FORGED,
        "plain_body": FORGED,
        "created_at": "2026-11-01T10:00:00Z",
    }
    users = [{"id": 7, "name": "Ann", "role": role}] if role else []

    (read,), _ = read_comments(json.dumps({"comments": [comment], "users": users}).encode())

    assert read.written_by is author
