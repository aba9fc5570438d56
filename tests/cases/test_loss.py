"""A loss: one key however it was typed, and another one for anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.loss import Loss, LossKind
from cases.ticket import CustomerId

references = st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=1, max_size=30)


def lost(reference: str, *, kind: LossKind = LossKind.TRANSACTION, customer: str = "C-100023") -> Loss:
    return Loss(kind=kind, reference=reference, customer_id=CustomerId(customer))


@pytest.mark.parametrize("typed", ["W-88121", "w-88121", " W-88121 ", "W -88121", "w-\t88121\n", "W-88121\u3000"])
def test_case_and_spaces_of_a_reference_do_not_make_another_loss(typed: str) -> None:
    assert lost(typed).key == "C-100023/transaction/W-88121"


def test_another_kind_reference_or_customer_is_another_loss() -> None:
    known = lost("W-88121")

    others = (
        lost("W-88122"),
        lost("W-88121", kind=LossKind.ORDER),
        lost("W-88121", customer="C-100024"),
        lost("W88121"),
    )
    assert len({known.key, *(each.key for each in others)}) == 5


@given(references, st.integers(min_value=0, max_value=30))
def test_a_key_is_the_same_wherever_a_blank_slipped_in(reference: str, place: int) -> None:
    spaced = f"{reference[:place]} {reference[place:]}".swapcase()

    assert lost(spaced).key == lost(reference).key
