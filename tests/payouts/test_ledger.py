"""The books sum to zero whatever is written, and writing twice is writing once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.money import ASSETS, Money
from cases.proposal import Classification
from payouts import ledger
from payouts.ledger import Account, Entry, EntryChanged, Posting, Unbalanced, record, sum_per_asset, trial_balance
from tests.payouts.orders import an_order, money

CUSTOMER = "liability:customer:C-100023"
GOODWILL = "expense:compensation:goodwill"
CLEARING = "asset:payout-provider:clearing"
BALANCE = "asset:payout-provider:balance"


def _line(account: str, amount: str) -> Posting:
    return Posting(account=Account(account), money=money(amount))


def test_each_event_of_a_payout_moves_the_amount_between_two_accounts() -> None:
    order = an_order()

    moved = {
        event.id.partition(":")[0]: tuple((each.account, str(each.money)) for each in event.postings)
        for event in (
            ledger.promised(order, Classification.GOODWILL),
            ledger.submitted(order),
            ledger.confirmed(order),
            ledger.failed(order),
            ledger.returned(order),
            ledger.withdrawn(order, Classification.GOODWILL),
        )
    }

    assert moved == {
        "promised": ((GOODWILL, "180.50 USDT"), (CUSTOMER, "-180.50 USDT")),
        "submitted": ((CUSTOMER, "180.50 USDT"), (CLEARING, "-180.50 USDT")),
        "confirmed": ((CLEARING, "180.50 USDT"), (BALANCE, "-180.50 USDT")),
        "failed": ((CLEARING, "180.50 USDT"), (CUSTOMER, "-180.50 USDT")),
        "returned": ((BALANCE, "180.50 USDT"), (CUSTOMER, "-180.50 USDT")),
        "withdrawn": ((CUSTOMER, "180.50 USDT"), (GOODWILL, "-180.50 USDT")),
    }


def test_a_paid_case_leaves_the_cost_and_less_money_and_nothing_under_way() -> None:
    order = an_order()
    entries = (ledger.promised(order, Classification.GOODWILL), ledger.submitted(order), ledger.confirmed(order))

    balances = trial_balance(entries)

    assert balances == {
        (BALANCE, "USDT"): money("-180.50 USDT"),
        (CLEARING, "USDT"): money("0 USDT"),
        (GOODWILL, "USDT"): money("180.50 USDT"),
        (CUSTOMER, "USDT"): money("0 USDT"),
    }
    assert list(balances) == sorted(balances)
    assert sum_per_asset(entries) == {"USDT": money("0 USDT")}


def test_two_assets_are_summed_apart() -> None:
    entries = (ledger.submitted(an_order()), ledger.submitted(an_order("CASE-8", amount="88593 JPY")))

    assert trial_balance(entries)[Account(CLEARING), "JPY"] == money("-88593 JPY")
    assert sum_per_asset(entries) == {"JPY": money("0 JPY"), "USDT": money("0 USDT")}


@pytest.mark.parametrize(
    ("postings", "reason"),
    [
        ((_line(CLEARING, "1 USDT"), _line(BALANCE, "-0.999999 USDT")), "USDT sums to 0.000001 USDT, not to zero"),
        ((_line(CLEARING, "1 USDT"), _line(BALANCE, "-1 USDC")), "USDT sums to 1.00 USDT, not to zero"),
        ((_line(CLEARING, "1 USDT"),), "USDT sums to 1.00 USDT, not to zero"),
        ((), "an entry without postings"),
    ],
)
def test_an_entry_that_does_not_sum_to_zero_cannot_be_made(postings: tuple[Posting, ...], reason: str) -> None:
    with pytest.raises(Unbalanced, match=reason):
        Entry(id="odd", reference="mw-CASE-7", postings=postings, memo="")


def test_an_entry_cannot_be_spoilt_after_it_was_made() -> None:
    entry = ledger.submitted(an_order())

    with pytest.raises(Unbalanced):
        replace(entry, postings=entry.postings[:1])


@pytest.mark.parametrize("account", ["", "asset", "cash:till", "asset:", "asset:a b", "asset:a:b:c:d"])
def test_an_account_outside_the_chart_takes_no_posting(account: str) -> None:
    with pytest.raises(Unbalanced, match="is no account name"):
        _line(account, "1 USDT")


def test_a_posting_of_nothing_is_refused() -> None:
    with pytest.raises(Unbalanced, match="a posting of nothing"):
        _line(CLEARING, "0 USDT")


def test_writing_an_entry_twice_changes_nothing() -> None:
    once = record((), ledger.submitted(an_order()))

    twice = record(once, ledger.submitted(an_order()))

    assert twice == once
    assert len(twice) == 1


def test_the_same_id_with_another_amount_is_refused() -> None:
    entry = ledger.submitted(an_order())
    other = replace(ledger.submitted(an_order(amount="9 USDT")), id=entry.id)

    with pytest.raises(EntryChanged, match=f"{entry.id} is written already"):
        record((entry,), other)


def test_each_key_generation_has_its_own_entries_but_the_promise_is_made_once() -> None:
    first, second = an_order(), an_order(generation=2)

    assert ledger.submitted(first).id != ledger.submitted(second).id
    assert ledger.promised(first, Classification.GOODWILL) == ledger.promised(second, Classification.GOODWILL)


def test_two_customers_never_share_an_account() -> None:
    assert ledger.customer_liability("C 1") == "liability:customer:C_00201"
    assert ledger.customer_liability("C_00201") == "liability:customer:C_005F00201"
    assert ledger.customer_liability("林") == "liability:customer:_6797"


@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.sampled_from(sorted(ASSETS)), st.integers(1, 10**24), st.integers(1, 3)),
        max_size=8,
    )
)
def test_the_books_always_sum_to_zero(payouts: list[tuple[int, str, int, int]]) -> None:
    entries: tuple[Entry, ...] = ()
    for number, (case, code, minor, generation) in enumerate(payouts):
        amount = str(Money(minor=minor, code=code))
        order = an_order(f"CASE-{case}-{number}", amount=amount, generation=generation)
        for event in (ledger.submitted, ledger.failed, ledger.submitted, ledger.confirmed):
            entries = record(entries, event(order))

    assert all(each.minor == 0 for each in sum_per_asset(entries).values())
    assert len(entries) == 3 * len(payouts)
