"""Where an input names the asset that is paid, a fixed amount is said for each asset."""

from pathlib import Path

import pytest

from policy.explaining import explain
from policy.form import Policy
from policy.loading import read_policy
from policy.mistakes import BadPolicy
from policy.reasons import Reasoned
from tests.policy.equality import compared, generated

CHARGE = (Path(__file__).parents[2] / "config/policies/duplicate-charge.yaml").read_text(encoding="utf-8")
PAY = "    pay: owed\n"
LEAST = "max(owed, table(asset, USDT -> 2.50 USDT, EUR -> 2 EUR))"


def paying(what: str) -> str:
    return CHARGE.replace(PAY, f"    pay: {what}\n")


def paid(policy: Policy, **given: str) -> str:
    found = explain(policy, {**dict(policy.examples[0].given), **given}.items())
    assert isinstance(found, Reasoned)
    return str(found.amount)


def test_the_least_that_is_paid_differs_from_asset_to_asset() -> None:
    policy = read_policy(paying(LEAST), "charge.yaml")

    assert paid(policy, asset="EUR", charge_amount="0.30") == "2.00 EUR"
    assert paid(policy, asset="USDT", charge_amount="0.30") == "2.50 USDT"
    assert paid(policy, asset="USDT", charge_amount="3.30") == "3.30 USDT"


def test_every_path_pays_the_least_alike() -> None:
    policy = read_policy(paying(LEAST), "charge.yaml")

    found = compared(policy, list(generated(policy, 600, 1)), explain_every=3)

    assert found.differences == ()
    assert (found.in_columns > 500, found.decided > 200) == (True, True)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("max(owed, table(asset, USDT -> 2.50 EUR, EUR -> 2 EUR))", "cannot choose between the policy's money and EUR"),
        (
            "max(owed, table(asset, EUR -> 2 EUR, otherwise -> 2.50 USDT))",
            "cannot choose between .* and .*: say it for",
        ),
        ("max(owed, 2 EUR)", "cannot compare the policy's money and EUR: say it for each asset, as table"),
    ],
)
def test_an_amount_in_another_asset_than_the_one_given_is_refused(what: str, said: str) -> None:
    with pytest.raises(BadPolicy, match=said):
        read_policy(paying(what), "charge.yaml")
