"""What is paid in coins: its price quoted either way, asked for only where coins are given, and told as what it is."""

import pytest

from cases.proposal import CaseId
from cases.ticket import CustomerId
from policy.analysis import findings
from policy.explaining import explain
from policy.form import Policy
from policy.loading import read_policy
from policy.mistakes import BadPolicy
from policy.proposing import Claim, Missing, propose
from policy.reasons import Reasoned
from tests.policy.equality import compared, generated
from tests.policy.test_language_page import BLOCKS

REFUND = next(each for each in BLOCKS if each.startswith("policy: outage-refund"))
PRICE = "    at: 48.36 USDC per OKB"
BY_CHOICE = (
    REFUND.replace("takes: 10% of amount", "takes: if verified then 10% of amount else 0 USDC")
    .replace(PRICE, "    at: coin_price")
    .replace("inputs:\n  loss: USDC\n", "inputs:\n  loss: USDC\n  coin_price: positive rate OKB per USDC\n")
)
TELLING = REFUND.replace("We pay back {amount}: {steps}.", "You get {payments}.").replace(
    "我们退还 {amount}：{steps}。", "您将获得{payments}。"
)
LISTED = "inputs:\n  loss: USDC\n  fees:\n    list of up to: 9\n    each: {fee: USDC}\n"


def plan(text: str) -> Policy:
    return read_policy(text, "plan.yaml")


def decided(text: str, **given: str) -> Reasoned:
    policy = plan(text)
    found = explain(policy, {**dict(policy.examples[0].given), **given}.items())
    assert isinstance(found, Reasoned)
    return found


def claimed(given: dict[str, str]) -> Claim:
    return Claim(case_id=CaseId("CASE-1"), revision=1, payee=CustomerId("C-1"), inputs=tuple(given.items()))


@pytest.mark.parametrize(
    ("price", "coins"),
    [
        ("48.36 USDC per OKB", "4.13564929693961952 OKB"),
        ("0.02 OKB per USDC", "4.00 OKB"),
        ("0.123456789012345678 OKB per USDC", "24.6913578024691356 OKB"),
    ],
)
def test_a_price_is_quoted_either_way_and_the_reasons_show_which(price: str, coins: str) -> None:
    found = decided(REFUND.replace(PRICE, f"    at: {price}"))

    assert str(found.payments[1]) == f"{coins} for 200.00 USDC in kind, due"
    (step,) = [each for each in found.derivation if each.name == "part: in coins"]
    assert step.expression == f"10% of amount, at {price}"
    assert step.filled == f"10% of 2000, at {price}"


def test_a_price_of_something_else_is_refused_with_both_ways_to_quote_it() -> None:
    said = 'a "positive rate USDC per OKB" or "positive rate OKB per USDC" is needed here, this is ETH per OKB'

    with pytest.raises(BadPolicy, match=said):
        plan(REFUND.replace(PRICE, "    at: 2 ETH per OKB"))
    with pytest.raises(BadPolicy, match="this is OKB per USDC that may be 0"):
        plan(BY_CHOICE.replace("positive rate OKB", "rate OKB"))


def test_a_price_is_asked_for_only_where_coins_are_given() -> None:
    policy = plan(BY_CHOICE)
    given = dict(policy.examples[0].given)

    without = propose(policy, claimed({**given, "verified": "no"}))
    asked = propose(policy, claimed(given))
    perhaps = propose(policy, claimed({name: each for name, each in given.items() if name != "verified"}))

    assert not isinstance(without, Missing)
    assert [str(each.pays) for each in without.parts][:3] == ["600.00 USDC", "0.00 OKB", "100.00 USDC"]
    assert isinstance(asked, Missing)
    assert asked.names == ("coin_price",)
    assert isinstance(perhaps, Missing)
    assert (perhaps.names, perhaps.perhaps) == (("verified",), ("coin_price",))


@pytest.mark.parametrize("text", [BY_CHOICE, REFUND.replace(PRICE, "    at: 0.3 OKB per USDC")])
def test_every_path_pays_the_same_coins(text: str) -> None:
    found = compared(plan(text), list(generated(plan(text), 600, 1)), explain_every=3)

    assert found.differences == ()
    assert (found.in_columns > 500, found.decided > 200) == (True, True)


def test_small_amounts_may_be_paid_in_another_way() -> None:
    text = REFUND.replace("    asset: OKB\n", "    asset: OKB\n    when: amount is over 1000 USDC and verified\n")
    small, large = decided(text, loss="1001"), decided(text, loss="1011")
    found = compared(plan(text), list(generated(plan(text), 600, 1)), explain_every=3)

    assert [str(each.payments[1].amount) for each in (small, large)] == ["0.00 USDC", "101.00 USDC"]
    assert found.differences == ()


def test_a_customer_reads_what_is_truly_given() -> None:
    once = decided(TELLING, loss="1701").customer_text
    waiting = decided(TELLING, verified="no", loss="2001").customer_text

    assert once == (
        (
            "en",
            (
                "You get 600.00 USDC, 3.515301902398676592 OKB, a voucher of 100.00 USDC, 830.00 USDC in 3 instalments"
                " and 3402 POINTS."
            ),
        ),
        (
            "zh",
            "您将获得600.00 USDC、3.515301902398676592 OKB、100.00 USDC 代金券、830.00 USDC（分 3 期）、3402 POINTS。",
        ),
    )
    assert waiting[0][1].endswith("1100.00 USDC in 3 instalments later and 4002 POINTS.")
    assert waiting[1][1].endswith("1100.00 USDC（分 3 期，稍后支付）、4002 POINTS。")


def test_a_wording_that_tells_the_amount_for_coins_is_noted() -> None:
    noted = [each.about for each in findings(plan(REFUND)) if each.code == "amount-told-for-coins"]

    assert noted == ["valid_claim"]
    assert [each for each in findings(plan(TELLING)) if each.code == "amount-told-for-coins"] == []


def test_what_is_truly_given_is_told_beside_a_list_without_items() -> None:
    less = TELLING.replace("inputs:\n  loss: USDC\n", LISTED).replace("max(loss, 0)", "max(loss - total(fees, fee), 0)")

    (_, english), _ = decided(less.replace("usual inputs:\n", "usual inputs:\n  fees: []\n")).customer_text

    assert english.startswith("You get 600.00 USDC, 4.13564929693961952 OKB, a voucher of 100.00 USDC")
