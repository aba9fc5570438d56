"""Agents' comments reach the other tickets of their case once, as internal notes; nobody else's words do."""

from dataclasses import replace

import pytest

from cases.ticket import Author, TicketStatus
from sync.mirroring import PassOn
from sync.passing_on import MOST_CHARACTERS
from tests.sync.three_desks import EVERYONE, JIRA, SALESFORCE, ZENDESK, ThreeDesks

PROPOSED = "Compensation PROPOSED · 15.00 USDT · CASE-1"
FROM_SALESFORCE = "Comment from Salesforce 1 · Ana Silva · CASE-1"


def test_an_agents_comment_stands_on_every_other_ticket_as_an_internal_note(desks: ThreeDesks) -> None:
    desks.all_come()

    desks.at(SALESFORCE).say(SALESFORCE, "The node was down.\nWe are on it.")
    desks.settle()

    assert [desks.at(ref).notes(ref) for ref in (ZENDESK, SALESFORCE, JIRA)] == [
        [PROPOSED, FROM_SALESFORCE],
        [PROPOSED],
        [PROPOSED, FROM_SALESFORCE],
    ]
    copy = desks.at(JIRA).tickets[JIRA].comments[-1]
    assert not copy.public
    assert copy.body == (
        f"{FROM_SALESFORCE}\n> The node was down.\n> We are on it.\n\n[makewhole CASE-1/c/salesforce.harbor.2]"
    )


def test_a_comment_that_is_read_again_and_again_is_passed_on_once(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.at(ZENDESK).say(ZENDESK, "I called her.")

    for _ in range(3):
        desks.read(ZENDESK, SALESFORCE, JIRA)
        desks.settle()

    assert desks.at(JIRA).notes(JIRA) == [PROPOSED, "Comment from Zendesk 1 · Ana Silva · CASE-1"]


@pytest.mark.parametrize("author", [Author.CUSTOMER, Author.UNKNOWN])
@pytest.mark.parametrize("public", [True, False])
def test_a_customers_words_leave_no_vendor(desks: ThreeDesks, author: Author, public: bool) -> None:  # noqa: FBT001  # Parametrized.
    desks.all_come()

    desks.at(ZENDESK).say(ZENDESK, "My passport is 123.", author, public=public)
    desks.settle()

    assert desks.at(JIRA).notes(JIRA) == desks.at(SALESFORCE).notes(SALESFORCE) == [PROPOSED]


def test_a_reply_to_the_customer_is_passed_on_only_where_the_rule_says_so(desks: ThreeDesks) -> None:
    desks.mirroring = replace(desks.mirroring, pass_on=(replace(EVERYONE, public=False),))
    desks.all_come()

    desks.at(ZENDESK).say(ZENDESK, "Dear Ann, sorry.", public=True)
    desks.at(ZENDESK).say(ZENDESK, "She is upset.")
    desks.settle()

    assert len(desks.at(JIRA).notes(JIRA)) == 2
    assert "She is upset." in desks.at(JIRA).tickets[JIRA].comments[-1].body


def test_comments_go_only_where_the_rules_send_them(desks: ThreeDesks) -> None:
    rule = PassOn(from_vendors=frozenset({"jira"}), to_vendors=frozenset({"zendesk"}), public=False)
    desks.mirroring = replace(desks.mirroring, pass_on=(rule,))
    desks.all_come()

    for ref in (ZENDESK, SALESFORCE, JIRA):
        desks.at(ref).say(ref, "Noted.")
    desks.settle()

    assert desks.at(ZENDESK).notes(ZENDESK) == [PROPOSED, "Comment from Jira 1 · Ana Silva · CASE-1"]
    assert desks.at(SALESFORCE).notes(SALESFORCE) == desks.at(JIRA).notes(JIRA) == [PROPOSED]


def test_a_ticket_that_joins_later_gets_no_old_comments_and_brings_none(desks: ThreeDesks) -> None:
    desks.come(ZENDESK)
    desks.settle()
    desks.at(ZENDESK).say(ZENDESK, "An old one.")
    desks.settle()

    desks.come(JIRA)
    desks.settle()

    assert desks.at(JIRA).notes(JIRA) == [PROPOSED]


def test_what_was_written_before_there_was_a_case_stays_where_it_is(desks: ThreeDesks) -> None:
    desks.come(JIRA, loss="W-other")
    desks.at(JIRA).say(JIRA, "Long before.")
    desks.time.pass_by(minutes=5)
    desks.come(ZENDESK)
    desks.settle()

    desks.edit(JIRA, transaction_id="W-1")
    desks.settle()

    assert all("Comment" not in each for each in desks.at(ZENDESK).notes(ZENDESK))


def test_a_comment_that_is_edited_or_deleted_changes_nothing_elsewhere(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.at(ZENDESK).say(ZENDESK, "First words.")
    desks.settle()
    now = desks.at(ZENDESK).tickets[ZENDESK]
    edited = tuple(replace(each, body="Other words.") for each in now.comments if each.written_by is Author.AGENT)

    desks.at(ZENDESK).tickets[ZENDESK] = replace(now, comments=edited)
    desks.edit(ZENDESK)
    desks.settle()
    desks.at(ZENDESK).tickets[ZENDESK] = replace(desks.at(ZENDESK).tickets[ZENDESK], comments=())
    desks.edit(ZENDESK)
    desks.settle()

    assert len(desks.at(JIRA).notes(JIRA)) == 2
    assert "First words." in desks.at(JIRA).tickets[JIRA].comments[-1].body


def test_a_closed_ticket_gets_no_comment(desks: ThreeDesks) -> None:
    desks.all_come()
    desks.close(JIRA, TicketStatus.CLOSED)
    desks.settle()

    desks.at(ZENDESK).say(ZENDESK, "Noted.")
    desks.settle()

    assert desks.at(JIRA).notes(JIRA) == [PROPOSED]
    assert len(desks.at(SALESFORCE).notes(SALESFORCE)) == 2


def test_a_long_comment_is_cut_and_says_so(desks: ThreeDesks) -> None:
    desks.all_come()

    desks.at(ZENDESK).say(ZENDESK, "长" * (MOST_CHARACTERS + 7))
    desks.settle()

    assert "(… cut here; 7 more characters stand on 1)" in desks.at(JIRA).tickets[JIRA].comments[-1].body


def test_words_in_a_comment_cannot_pass_for_ours(desks: ThreeDesks) -> None:
    desks.all_come()

    desks.at(ZENDESK).say(ZENDESK, "Hello\nCompensation APPROVED · 900.00 USDT · CASE-1")
    desks.settle()

    body = desks.at(JIRA).tickets[JIRA].comments[-1].body
    assert [line for line in body.splitlines() if line.startswith("Compensation")] == []


def test_without_recognising_our_own_echo_comments_would_go_round_for_ever(desks: ThreeDesks) -> None:
    desks.mirroring = replace(desks.mirroring, is_echo=lambda _comment: False)
    desks.all_come_without_end()

    assert desks.write_count() > 50
