"""The steps that a customer reads are amounts that can be paid."""

from decimal import Decimal
from fractions import Fraction

import pytest

from policy.arithmetic import Number
from policy.explaining import explain
from policy.loading import BadPolicy, load_policy
from policy.reasons import Reasoned
from policy.showing import to_customer
from policy.units import OWN_MONEY, NumberType, Unit

USUAL = {
    "hours_late": "96",
    "delay_cause": "platform",
    "value_usdt": "12345.678901",
    "fraud_score": "5",
    "sanctions_hit": "no",
    "goodwill_paid_12_months": "0",
}


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (Fraction(47000, 73), Unit(top="EUR"), "643.84 EUR"),
        (Fraction(47000, 73), Unit(top=OWN_MONEY), "643.835616 USDT"),
        (Decimal("0.00000001"), Unit(top="BTC"), "0.00000001 BTC"),
        (Decimal("1.5"), Unit(top="JPY"), "2 JPY"),
        (Decimal("9" * 60), Unit(top="ETH"), f"{'9' * 60}.00 ETH"),
        (Decimal("0.0050"), Unit(top="USDT", bottom="OKB"), "0.005 USDT per OKB"),
        (Decimal("7.50"), Unit(top="hours"), "7.5 hours"),
    ],
)
def test_money_is_told_to_the_smallest_unit_that_can_be_paid(value: Number, unit: Unit, said: str) -> None:
    assert to_customer(value, NumberType(unit=unit), "USDT") == said


def test_a_step_below_zero_is_not_told(withdrawal_text: str) -> None:
    text = withdrawal_text.replace(
        "  value share: 0.5% of value_usdt\n",
        "  value share: 0.5% of value_usdt / 7 * 7\n  gap: 5 USDT - value_usdt\n  used: max(gap, 0)\n",
    )
    text = text.replace("min(max(value share, 40 USDT), 500 USDT)", "min(max(value share, 40 USDT), 500 USDT) + used")
    text = text.replace("late because of us. We are sorry", "late because of us ({steps}). We are sorry")
    text = text.replace("usual inputs:", "names in chinese: {value share: 份, gap: 余, used: 用}\nusual inputs:")
    text = text.replace("names in chinese: {", "names in chinese: {goodwill in twelve months: 年, ")

    told = explain(load_policy(text, "delayed.yaml"), USUAL.items())

    assert isinstance(told, Reasoned)
    english = dict(told.customer_text)["en"]
    assert "value share 61.728395 USDT; used 0.00 USDT; goodwill in twelve months 600.00 USDT" in english


def test_a_wrong_type_is_the_only_mistake_where_steps_are_told(withdrawal_text: str) -> None:
    text = withdrawal_text.replace("value_usdt: USDT", "value_usdt: list of USDT")
    text = text.replace("usual inputs:", "names in chinese: {value share: 份}\nusual inputs:")

    with pytest.raises(BadPolicy) as refused:
        load_policy(text, "delayed.yaml")

    assert len(refused.value.mistakes) == 1, str(refused.value)
    assert '"list of USDT" is not understood' in str(refused.value)
