"""Policies to test with."""

from pathlib import Path

import pytest

from policy.book import PolicyBook, load_book

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
