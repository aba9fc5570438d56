"""What Salesforce's refusals mean, told by their codes; and what a note becomes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.marks import mark_in_note
from connectors.salesforce.limits import Allowance
from connectors.salesforce.notes import MOST_BYTES, comment_body
from connectors.salesforce.refusals import CredentialsExpired, NoSuchRecord, UpdateConflict, errors_in, meaning
from tests.connectors.conftest import Script
from tests.connectors.salesforce_world import SalesforceWorld, ref
from tests.connectors.world_clock import Clock


def said(code: str, **more: Any) -> bytes:
    return json.dumps([{"message": "hunter2", "errorCode": code, **more}]).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, said("INVALID_SESSION_ID"), CredentialsExpired),
        (401, b"<html>", CredentialsExpired),
        (403, said("REQUEST_LIMIT_EXCEEDED"), TryLater),
        (400, said("UNABLE_TO_LOCK_ROW"), TryLater),
        (400, said("QUERY_TIMEOUT"), TryLater),
        (403, said("API_DISABLED_FOR_ORG"), AccessRefused),
        (403, said("INSUFFICIENT_ACCESS"), AccessRefused),
        (400, said("INVALID_TYPE"), AccessRefused),
        (403, b"", AccessRefused),
        (404, said("NOT_FOUND"), NoSuchRecord),
        (404, said("ENTITY_IS_DELETED"), NoSuchRecord),
        (404, b"<html>hunter2", UnexpectedReply),
        (412, b"", UpdateConflict),
        (400, said("MALFORMED_QUERY"), UnexpectedReply),
        (400, b'{"error": "hunter2"}', UnexpectedReply),
        (400, said("hunter2"), UnexpectedReply),
    ],
)
def test_a_refusal_is_told_by_its_code_and_its_words_are_left_out(status: int, body: bytes, kind: type) -> None:
    error = meaning(status, errors_in(body), "case")

    assert type(error) is kind or isinstance(error, kind)
    assert "hunter2" not in str(error)


def test_a_column_that_is_named_in_words_only_is_named() -> None:
    message = "\nSELECT Nope__c FROM Case\n ^\nERROR at Row:1:Column:8\nNo such column 'Nope__c' on entity 'Case'."

    error = meaning(400, errors_in(said("INVALID_FIELD", message=message)), "changed cases")

    assert str(error) == "changed cases: 400 INVALID_FIELD (Nope__c)"


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"compositeResponse":[]}', b"<html>hunter2</html>", b'"\\ud83d"', b""]
)
def test_an_answer_that_makes_no_sense_is_one_of_the_three_errors(script: Script, body: bytes) -> None:
    world = SalesforceWorld(url=script.url, clock=Clock())
    token = b'{"access_token": "t", "instance_url": "https://harbor.my.salesforce.com"}'
    script.answer(200, token)
    script.answer(200, body)
    source = world.connect(target=script.url)

    with pytest.raises(UnexpectedReply) as caught:
        source.read(ref())

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("header", ["", "nonsense", "api-usage=x/y", "api-usage=18", "api-usage=1/0"])
def test_a_limit_that_cannot_be_read_holds_nothing(header: str) -> None:
    allowance = Allowance(share_left=0.2, clock=lambda: 0.0)

    allowance.hear(header, Clock().now)

    assert allowance.left() is None
    allowance.check()


def test_the_orgs_limit_is_heard_beside_the_apps() -> None:
    allowance = Allowance(share_left=0.2, clock=lambda: 0.0)

    allowance.hear("api-usage=4500/5000; per-app-api-usage=17/250(appName=makewhole)", Clock().now)

    left = allowance.left()
    assert left is not None
    assert (left.limit, left.remaining) == (5000, 500)
    with pytest.raises(TryLater, match="500 of 5000 API calls"):
        allowance.check()


ANYTHING = st.text(st.characters(codec=None), max_size=3000)


@given(ANYTHING, st.integers(0, 4))
def test_a_note_always_fits_and_always_carries_its_mark(text: str, times: int) -> None:
    body = comment_body("First line\n" + text * times, "CASE-1/1")

    assert len(body.encode()) <= MOST_BYTES
    assert mark_in_note(body) == "CASE-1/1"
    assert body.startswith("First line")


def test_a_note_that_fits_is_not_touched() -> None:
    assert comment_body("Paid.", "CASE-1/1") == "Paid.\n\n[makewhole CASE-1/1]"
    exactly = "x" * (MOST_BYTES - len("\n\n[makewhole CASE-1/1]"))
    assert comment_body(exactly, "CASE-1/1").startswith(exactly)
