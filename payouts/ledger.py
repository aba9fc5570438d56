"""The ledger: double entry, pure. An entry that does not sum to zero per asset cannot be made.

Debits are positive, credits negative. The life of one payout:

| event     | debit                     | credit                    | what it says                          |
|-----------|---------------------------|---------------------------|---------------------------------------|
| promised  | expense:compensation:…    | liability:customer:…      | approved: we owe the customer         |
| submitted | liability:customer:…      | asset:<way>:clearing      | sent: the money may be moving         |
| confirmed | asset:<way>:clearing      | asset:<way>:balance       | paid                                  |
| failed    | asset:<way>:clearing      | liability:customer:…      | not paid after all: we still owe      |
| returned  | asset:<way>:balance       | liability:customer:…      | came back after it was paid           |
| withdrawn | liability:customer:…      | expense:compensation:…    | a person decided not to pay           |

What is paid in kind is promised through asset:in-kind:conversion: the expense is in the money of the policy, and from
then on we owe the other asset. A benefit that is no money is in no ledger.

An account that ends at other than zero is a question somebody can be asked: clearing is what is under way.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NewType, TypeVar

from cases.money import Money
from cases.parts import Form
from cases.proposal import Classification
from payouts.order import PayoutOrder

Account = NewType("Account", str)
_Key = TypeVar("_Key")

#: The two ways of paying, as their accounts are named.
PAYOUT_PROVIDER = "payout-provider"
FINANCE = "finance"

#: Where the money of a policy becomes the asset that is paid in kind.
CONVERSION = Account("asset:in-kind:conversion")

_ACCOUNT = re.compile(r"(asset|liability|expense)(:[A-Za-z0-9._-]{1,200}){1,3}")


class Unbalanced(ValueError):
    """Raised for an entry that would not sum to zero, or is malformed; a bug in who made it."""


class EntryChanged(ValueError):
    """Raised when an entry is written again under its id with other content; the books would contradict themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One line of an entry.

    Fields:
        account: "liability:customer:C-100023".
        money: Debit when positive, credit when negative; never zero.
    """

    account: Account
    money: Money

    def __post_init__(self) -> None:
        if not _ACCOUNT.fullmatch(self.account):
            raise Unbalanced(f"{self.account!r} is no account name")
        if self.money.minor == 0:
            raise Unbalanced(f"{self.account}: a posting of nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Postings that belong together and sum to zero per asset; raises Unbalanced otherwise.

    Fields:
        id: The same whenever the same event is written: "submitted:pay:CASE-4711:9f1c…:1".
        reference: Which payout: "mw-CASE-4711".
        postings: Two or more.
        memo: One sentence for who reads the books.
    """

    id: str
    reference: str
    postings: tuple[Posting, ...]
    memo: str

    def __post_init__(self) -> None:
        if not self.id or not self.reference:
            raise Unbalanced("an entry needs an id and a reference")
        if not self.postings:
            raise Unbalanced(f"{self.id}: an entry without postings")
        for code, total in _sums((each.money.code, each.money) for each in self.postings).items():
            if total.minor != 0:
                raise Unbalanced(f"{self.id}: {code} sums to {total}, not to zero")


def promised(order: PayoutOrder, classification: Classification) -> Entry:
    """Return the entry for a payout that was approved; one per approved proposal, whatever the key generation."""
    debit, credit = compensation_expense(classification), customer_liability(order.payee)
    return _entry("promised", order, debit, credit, f"{order.memo} approved")


def withdrawn(order: PayoutOrder, classification: Classification) -> Entry:
    """Return the entry that takes the promise back, once a person decided that it will not be paid."""
    debit, credit = customer_liability(order.payee), compensation_expense(classification)
    return _entry("withdrawn", order, debit, credit, f"{order.memo} withdrawn")


def submitted(order: PayoutOrder, way: str = PAYOUT_PROVIDER) -> Entry:
    """Return the entry for a payout that is being sent; write it in the transaction that stores the first sending."""
    return _entry("submitted", order, customer_liability(order.payee), clearing(way), f"{order.memo} sent")


def confirmed(order: PayoutOrder, way: str = PAYOUT_PROVIDER) -> Entry:
    """Return the entry for a payout that the provider confirmed."""
    return _entry("confirmed", order, clearing(way), balance(way, order.form), f"{order.memo} paid")


def failed(order: PayoutOrder, way: str = PAYOUT_PROVIDER) -> Entry:
    """Return the entry for a payout under way that failed or never arrived; the customer is owed again."""
    return _entry("failed", order, clearing(way), customer_liability(order.payee), f"{order.memo} not paid")


def returned(order: PayoutOrder, way: str = PAYOUT_PROVIDER) -> Entry:
    """Return the entry for a payout that came back after it was confirmed; the customer is owed again."""
    return _entry(
        "returned", order, balance(way, order.form), customer_liability(order.payee), f"{order.memo} came back"
    )


def record(entries: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    """Return the entries with this one; the same when it is there already. Raises EntryChanged for other content."""
    there = next((each for each in entries if each.id == entry.id), None)
    if there is None:
        return (*entries, entry)
    if there != entry:
        raise EntryChanged(f"{entry.id} is written already, with other content")
    return entries


def trial_balance(entries: Iterable[Entry]) -> dict[tuple[Account, str], Money]:
    """Return the balance of each account and asset, sorted; accounts that have come to zero are listed too."""
    postings = [posting for entry in entries for posting in entry.postings]
    return dict(sorted(_sums(((each.account, each.money.code), each.money) for each in postings).items()))


def sum_per_asset(entries: Iterable[Entry]) -> dict[str, Money]:
    """Return the sum over all accounts of each asset, sorted; anything but zero means that the books were tampered."""
    postings = [posting for entry in entries for posting in entry.postings]
    return dict(sorted(_sums((each.money.code, each.money) for each in postings).items()))


def customer_liability(customer_id: str) -> Account:
    """Return the account of what we owe this customer; foreign characters in the id are spelled as _XXXX hex."""
    spelled = "".join(each if re.fullmatch(r"[A-Za-z0-9.-]", each) else f"_{ord(each):04X}" for each in customer_id)
    return Account(f"liability:customer:{spelled}")


def compensation_expense(classification: Classification) -> Account:
    """Return the account of what this kind of compensation costs us: "expense:compensation:goodwill"."""
    return Account(f"expense:compensation:{classification.value.replace('_', '-')}")


def clearing(way: str) -> Account:
    """Return the account of what is under way with this way of paying."""
    return Account(f"asset:{way}:clearing")


def balance(way: str, form: Form = Form.CASH) -> Account:
    """Return the account of what we hold with this way of paying; credits and vouchers are given out of their own."""
    return Account(f"asset:{way}:{form.value if form in {Form.CREDIT, Form.VOUCHER} else 'balance'}")


def is_balance(account: Account) -> bool:
    """Whether this is an account that `balance` gives."""
    return account.startswith("asset:") and account.rpartition(":")[2] in {"balance", Form.CREDIT, Form.VOUCHER}


def _entry(event: str, order: PayoutOrder, debit: Account, credit: Account, memo: str) -> Entry:
    per_proposal = event in {"promised", "withdrawn"}
    name = order.key.rpartition(":")[0] if per_proposal else order.key
    lines = _promise_lines(event, order, debit, credit) if per_proposal else _lines(debit, credit, order.money)
    return Entry(id=f"{event}:{name}", reference=order.reference, postings=lines, memo=memo)


def _promise_lines(event: str, order: PayoutOrder, debit: Account, credit: Account) -> tuple[Posting, ...]:
    """Return the lines between expense and liability, which are of two assets for what is paid in kind."""
    owed, cost = order.money, order.stands_for
    if owed == cost:
        return _lines(debit, credit, owed)
    first, second = (cost, owed) if event == "promised" else (owed, cost)
    return (*_lines(debit, CONVERSION, first), *_lines(CONVERSION, credit, second))


def _lines(debit: Account, credit: Account, money: Money | None) -> tuple[Posting, ...]:
    if money is None:
        raise Unbalanced(f"{debit} and {credit}: what is no money is in no ledger")
    return (Posting(account=debit, money=money), Posting(account=credit, money=-money))


def _sums(amounts: Iterable[tuple[_Key, Money]]) -> dict[_Key, Money]:
    totals: dict[_Key, Money] = {}
    for key, money in amounts:
        totals[key] = totals[key] + money if key in totals else money
    return totals
