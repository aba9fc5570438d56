"""Who may do what: own roles, roles lent for a time, limits per asset."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cases.money import Money
from cases.people import Authority, Delegation, People, Person
from cases.proposal import PersonId

MONDAY = datetime(2026, 12, 21, tzinfo=UTC)
LEAD = Authority(role="compensation_lead", limits=(Money.exactly("5000", "USDT"), Money.exactly("150000", "JPY")))
FINANCE = Authority(role="finance", limits=())
LENT = Delegation(giver=PersonId("amelia"), authority=LEAD, starts_at=MONDAY, ends_at=MONDAY + timedelta(days=7))
YUKI = Person(
    id=PersonId("yuki"),
    name="Yuki Tanaka",
    locale="en",
    slack_id="U0YUKI00001",
    helpdesk_ids=("zendesk:harbor:1004", "jira:harbor:yuki"),
    authorities=(FINANCE,),
    delegations=(LENT,),
    notified=True,
)


@pytest.mark.parametrize(
    ("after", "roles"),
    [
        (timedelta(seconds=-1), ["finance"]),
        (timedelta(0), ["finance", "compensation_lead"]),
        (timedelta(days=7, seconds=-1), ["finance", "compensation_lead"]),
        (timedelta(days=7), ["finance"]),
    ],
)
def test_a_lent_role_is_held_from_its_start_until_before_its_end(after: timedelta, roles: list[str]) -> None:
    assert [each.role for each in YUKI.authorities_at(MONDAY + after)] == roles


@pytest.mark.parametrize(
    ("amount", "code", "covered"),
    [
        ("4999.999999", "USDT", True),
        ("5000", "USDT", True),
        ("5000.000001", "USDT", False),
        ("150000", "JPY", True),
        ("0.01", "EUR", False),
    ],
)
def test_a_role_covers_each_asset_up_to_its_own_limit(amount: str, code: str, *, covered: bool) -> None:
    assert LEAD.covers(Money.exactly(amount, code)) is covered


def test_a_role_without_limits_agrees_to_no_amount_but_to_what_has_none() -> None:
    assert not FINANCE.covers(Money(minor=0, code="USDT"))
    assert FINANCE.covers(None)


def test_a_person_is_found_by_each_of_their_names_and_by_no_other() -> None:
    people = People(everyone=(replace(YUKI, id=PersonId("luca"), slack_id=None, helpdesk_ids=()), YUKI))

    assert people.by_id("yuki") is YUKI
    assert people.by_slack_id("U0YUKI00001") is YUKI
    assert people.by_helpdesk_id("jira:harbor:yuki") is YUKI
    assert people.by_id("U0YUKI00001") is None
    assert people.by_slack_id("yuki") is None
    assert people.by_helpdesk_id("zendesk:harbor:1005") is None
