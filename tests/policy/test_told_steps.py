"""The steps that a customer reads are amounts that can be paid."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from policy.arithmetic import Number
from policy.explaining import explain
from policy.form import Wording
from policy.loading import BadPolicy, load_policy
from policy.mistakes import Place
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
        (Decimal("1.0"), Unit(top="hours"), "1 hour"),
        (Decimal("0.019"), Unit(bottom="years"), "1.9% per year"),
        (Decimal(1), Unit(top="USDT", bottom="hours"), "1 USDT per hour"),
        (Fraction(22, 3), Unit(top="hours"), "7.33333333 hours"),
        (Fraction(-2, 3), Unit(), "-0.66666667"),
        (Fraction(1, 10**9), Unit(), "0"),
        (Fraction(1, 3), Unit(top="USDT", bottom="OKB"), "0.33333333 USDT per OKB"),
    ],
)
def test_money_is_told_to_the_smallest_unit_that_can_be_paid(value: Number, unit: Unit, said: str) -> None:
    assert to_customer(value, NumberType(unit=unit), "USDT") == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("7.5 hours", "7.5 小时"),
        ("1 month", "1 个月"),
        ("3 items", "3 项"),
        ("1.9% per year", "1.9%/年"),
        ("2 USDT per month", "2 USDT/月"),
        ("one day pass", "one day pass"),
        ("yes", "是"),
    ],
)
def test_what_is_counted_is_told_in_chinese(value: str, said: str) -> None:
    place = Place(file="x.yaml", line=1, column=1)
    wording = Wording(english="{it}", chinese="{it}。", names=("it",), place=place)

    assert wording.told({"it": value}, {}) == (("en", value), ("zh", f"{said}。"))


def test_a_step_below_zero_is_not_told(withdrawal_text: str) -> None:
    text = withdrawal_text.replace(
        "  value share: 0.5% of value_usdt\n",
        "  value share: 0.5% of value_usdt / 7 * 7\n  gap: 5 USDT - value_usdt\n  used: max(gap, 0)\n",
    )
    text = text.replace("min(max(value share, 40 USDT), 500 USDT)", "min(max(value share, 40 USDT), 500 USDT) + used")
    text = text.replace("late because of us. We are sorry", "late because of us ({steps}). We are sorry")
    text = text.replace(
        "usual inputs:", "names: {value share: {zh: 份}, gap: {told: no}, used: {zh: 用}}\nusual inputs:"
    )
    text = text.replace("names: {", "names: {goodwill in twelve months: {zh: 年}, ")

    told = explain(load_policy(text, "delayed.yaml"), USUAL.items())

    assert isinstance(told, Reasoned)
    english = dict(told.customer_text)["en"]
    assert "value share 61.728395 USDT; used 0.00 USDT; goodwill in twelve months 600.00 USDT" in english


def test_a_wrong_type_is_the_only_mistake_where_steps_are_told(withdrawal_text: str) -> None:
    text = withdrawal_text.replace("value_usdt: USDT", "value_usdt: list of USDT")
    text = text.replace("usual inputs:", "names: {value share: {zh: 份}}\nusual inputs:")

    with pytest.raises(BadPolicy) as refused:
        load_policy(text, "delayed.yaml")

    assert len(refused.value.mistakes) == 1, str(refused.value)
    assert '"list of USDT" is not understood: write a list as "list of up to: 50"' in str(refused.value)


def test_the_fees_that_were_paid_are_told(plans: Path) -> None:
    policy = load_policy((plans / "late-interest.yaml").read_text(encoding="utf-8"), "late-interest.yaml")

    told = explain(policy, policy.examples[0].given)

    assert isinstance(told, Reasoned)
    english, chinese = (dict(told.customer_text)[language] for language in ("en", "zh"))
    assert "interest 19.90 EUR; costs 12.50 EUR; claim 32.40 EUR" in english
    assert "利息 19.90 EUR；费用 12.50 EUR；应付 32.40 EUR" in chinese


def test_a_fee_that_is_told_needs_its_name_in_chinese(plans: Path) -> None:
    text = (plans / "late-interest.yaml").read_text(encoding="utf-8").replace("  costs: {zh: 费用}\n", "")

    with pytest.raises(BadPolicy, match='name the step for the customer: add "costs: '):
        load_policy(text, "late-interest.yaml")


def test_what_is_added_only_by_choice_is_not_told(plans: Path) -> None:
    text = (plans / "late-interest.yaml").read_text(encoding="utf-8").replace("  costs: {zh: 费用}\n", "")
    text = text.replace("(interest + costs)", "(if sum > 5 EUR then interest + costs else interest)")

    told = explain(load_policy(text, "late-interest.yaml"), load_policy(text, "x.yaml").examples[0].given)

    assert isinstance(told, Reasoned)
    assert "costs" not in dict(told.customer_text)["en"]


def test_what_only_the_approvals_look_at_is_not_told(plans: Path) -> None:
    text = (plans / "late-interest.yaml").read_text(encoding="utf-8")
    text = text.replace("  claim: our share", "  weight: 2 * sum\n  claim: our share")
    row = "  - when: weight is over 30000 EUR\n    stages: [2 care_lead]\n  - when: otherwise\n"
    text = text.replace("  - when: otherwise\n    stages: [1 care_lead]", f"{row}    stages: [1 care_lead]")
    text = text.replace("  claim: {zh: 应付}", "  claim: {zh: 应付}\n  weight: {zh: 重}")

    told = explain(load_policy(text, "x.yaml"), load_policy(text, "x.yaml").examples[0].given)

    assert isinstance(told, Reasoned)
    assert "weight" in [each.name for each in told.derivation]
    assert "weight" not in dict(told.customer_text)["en"]


@pytest.mark.parametrize(
    ("name", "fits"), [("应付", True), ("VIP", True), ("claim", False), ("max(interest, 0)", False)]
)
def test_a_name_in_chinese_is_chinese(plans: Path, name: str, *, fits: bool) -> None:
    text = (plans / "late-interest.yaml").read_text(encoding="utf-8").replace("{zh: 应付}", f'{{zh: "{name}"}}')

    if fits:
        assert load_policy(text, "late-interest.yaml").names["claim"].chinese == name
        return
    with pytest.raises(BadPolicy, match='write what "claim" is called in Chinese'):
        load_policy(text, "late-interest.yaml")


def test_a_step_is_told_by_the_name_that_customers_read_or_is_kept_back(plans: Path) -> None:
    text = (plans / "late-interest.yaml").read_text(encoding="utf-8")
    text = text.replace("costs: {zh: 费用}", "costs: {en: your costs, zh: 费用}")
    text = text.replace("days late: {zh: 延误天数}", "days late: {told: no}")

    told = explain(load_policy(text, "x.yaml"), load_policy(text, "x.yaml").examples[0].given)

    assert isinstance(told, Reasoned)
    english, chinese = (dict(told.customer_text)[language] for language in ("en", "zh"))
    assert "interest 19.90 EUR; your costs 12.50 EUR; claim 32.40 EUR" in english
    assert "days late" not in english
    assert "延误天数" not in chinese
    assert "days late" in [each.name for each in told.derivation]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("costs: {en: the_costs, zh: 费用}", 'write what the customer reads for "costs": add "en:", without "_"'),
        ("costs: {told: yes}", 'write "told: no" alone, or what "costs" is called'),
        ("costs: {told: no, zh: 费用}", 'write "told: no" alone, or what "costs" is called'),
        ("costs: {en: your costs}", 'add "zh:"'),
        ("costs: 费用", 'write keys here, as "name: text"'),
        ("cost: {zh: 费用}", '"cost" is not a key here: did you mean "costs"?'),
    ],
)
def test_a_name_that_customers_could_not_read_is_refused(plans: Path, written: str, said: str) -> None:
    text = (plans / "late-interest.yaml").read_text(encoding="utf-8").replace("costs: {zh: 费用}", written)

    with pytest.raises(BadPolicy) as refused:
        load_policy(text, "late-interest.yaml")

    assert said in [each.what for each in refused.value.mistakes]
