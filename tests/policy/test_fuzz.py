"""A short sample of the random tries; `python -m tests.policy.fuzz --seconds 600` makes many."""

from random import Random

import pytest

from policy.mistakes import BadPolicy
from policy.settling import TooManyDigits
from tests.policy.fuzz import proofs
from tests.policy.fuzz.trying import Trying

TRIES = 80
PROOFS = 15


@pytest.fixture(scope="module")
def trying() -> Trying:
    """Return everything that can be tried."""
    return Trying()


def test_whatever_is_read_only_policy_errors_come_out(trying: Trying) -> None:
    crashes = [crash for seed in range(TRIES) for crash, _ in [trying.once(seed)] if crash]

    assert crashes == []
    assert len({trying.kind_of(seed) for seed in range(TRIES)}) >= len(trying.kinds) - 1


def test_what_is_proven_never_to_happen_does_not(withdrawal_text: str) -> None:
    held = 0

    for seed in range(PROOFS):
        try:
            proofs.hold(Random(seed), withdrawal_text)  # noqa: S311  # No secret.
        except (BadPolicy, TooManyDigits):
            continue
        held += 1

    assert held > PROOFS * 3 // 4
