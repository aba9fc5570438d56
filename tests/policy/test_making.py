"""Records that are made quickly are records as any other."""

import copy
import pickle
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from cases.money import Money
from policy.making import maker


def test_a_record_made_quickly_is_one_as_any_other() -> None:
    made, usual = maker(Money)(5_000_000, "USDT"), Money(minor=5_000_000, code="USDT")

    assert type(made) is Money
    assert (made, hash(made), repr(made), str(made)) == (usual, hash(usual), repr(usual), str(usual))
    assert pickle.loads(pickle.dumps(made)) == copy.copy(made) == replace(made) == usual  # noqa: S301  # Our own.


def test_a_record_made_quickly_cannot_be_changed() -> None:
    made: Any = maker(Money)(5_000_000, "USDT")

    with pytest.raises(FrozenInstanceError):
        made.minor = 1

    assert made.minor == 5_000_000
