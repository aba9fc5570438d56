"""Policies to test with."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cases.money import ASSETS, Money
from cases.people import Authority, People, Person
from cases.proposal import PersonId
from policy.book import PolicyBook, load_book


def staff(**roles: int) -> People:
    """Return people who hold each role alone, so many of each, up to very large amounts of everything."""
    limits = tuple(Money(minor=10**30, code=code) for code in ASSETS)
    return People(
        everyone=tuple(
            Person(
                id=PersonId(f"{role}_{number}"),
                name=f"{role} {number}",
                locale="en",
                slack_id=None,
                helpdesk_ids=(),
                authorities=(Authority(role=role, limits=limits),),
                delegations=(),
                notified=False,
            )
            for role, count in roles.items()
            for number in range(count)
        )
    )


#: Enough for the shipped policies, with one to spare.
PEOPLE = staff(compensation_lead=3, finance=2, fraud_analyst=2, head_of_support=1)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
POLICIES = Path(__file__).resolve().parents[2] / "config" / "policies"


@pytest.fixture(scope="session")
def policies() -> Path:
    """Return the directory of the policies that are shipped."""
    return POLICIES


@pytest.fixture(scope="session")
def book() -> PolicyBook:
    """Return the book of the policies that are shipped."""
    return load_book(POLICIES)


@pytest.fixture(scope="session")
def withdrawal_text() -> str:
    """Return the text of the delayed-withdrawal policy, for tests that spoil it."""
    return (POLICIES / "delayed-withdrawal.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def duplicate_text() -> str:
    """Return the text of the duplicate-charge policy, for tests that spoil it."""
    return (POLICIES / "duplicate-charge.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def plans() -> Path:
    """Return the directory of the plans that only tests have."""
    return Path(__file__).parent / "plans"
