"""What follows from a field as a ticket shows it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cases.ticket import TicketRef
from store.mirror import MirroredField
from sync.ownership import FieldRule, Move, Shown, digest, judge

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ZENDESK = TicketRef(vendor="zendesk", account="harbor", key="1")


def shown(value: str, *, name: str = "mw_state", wanted: str = "paid") -> Shown:
    """Return a field of a ticket that was written to once, in vain, before anybody had read it for its case."""
    return Shown(
        known=MirroredField(ref=str(ZENDESK), field=name, case_number=1, base=None),
        ref=ZENDESK,
        name=name,
        value=value,
        stamp=NOON,
        fresh=True,
        wanted=wanted,
        given=None,
        rule=FieldRule(owner="makewhole"),
        cause=None,
        now=NOON,
    )


def test_an_empty_field_that_nobody_has_touched_is_not_said_to_be_overruled() -> None:
    verdict = judge(shown(""))

    assert (verdict.move, verdict.cause, verdict.overruled) == (Move.KEEP, None, False)
    assert verdict.known.base == digest("")


@pytest.mark.parametrize("on_change", ["restore", "flag"])
def test_a_value_that_a_ticket_brings_along_is_weighed_as_when_it_joins(on_change: str) -> None:
    brought = shown("A-7", name="order_id", wanted="A-1")
    rule = replace(brought.rule, on_change=on_change)  # type: ignore[arg-type]  # One of two.

    verdict = judge(replace(brought, rule=rule))

    assert verdict == judge(replace(brought, rule=rule, known=None))
