"""Cases decided one by one, as rows: what columns cannot hold, and where Polars is not installed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from importlib.util import find_spec
from itertools import repeat
from typing import Any

from cases.money import EXACT, Money
from policy.compiling import Known, test_of, worked_out
from policy.deciding import Benefits, NeedsFact, Outcome, decide, paying
from policy.expressions import Value
from policy.facts import read_facts
from policy.form import Policy
from policy.items import items_text
from policy.payments import Payment
from policy.settling import TooManyDigits, exactly, looked_up
from policy.showing import in_words

#: Stands in the column `missing` where a result has more digits than can be held exactly.
TOO_MANY_DIGITS = "(too many digits)"

#: What an input may be in a row; text as in a claim, a list of items as rows of their own. None: not known.
Given = str | int | Decimal | bool | datetime | date | list[dict[str, Any]] | None
#: The amounts that count beside a row's own.
Beside = tuple[Money, ...]
_NOTHING_BESIDE: Iterable[Beside] = repeat(())


def why_not_columns() -> str | None:
    """Return why no policy can be decided in columns here; None when nothing is in the way."""
    if find_spec("polars") is None:
        return "polars is not installed, so cases are decided one by one: install makewhole[many]"
    return None


def decide_rows(
    policy: Policy,
    rows: Iterable[Mapping[str, Given]],
    *,
    approvals: bool = False,
    counted_before: Iterable[Beside] = _NOTHING_BESIDE,
) -> Iterator[dict[str, Any]]:
    """Yield what the policy decides on each row: a dictionary with the columns of `decide_many`.

    counted_before: What counts beside each row's own amount when the matrix is looked up, as in a claim.
    """
    cases = (read_facts(policy, _told(row)).values for row in rows)
    return decide_values(policy, cases, approvals=approvals, counted_before=counted_before)


def decide_values(
    policy: Policy,
    cases: Iterable[Mapping[str, Value]],
    *,
    approvals: bool = False,
    counted_before: Iterable[Beside] = _NOTHING_BESIDE,
) -> Iterator[dict[str, Any]]:
    """Yield what the policy decides on values that are read already, as `decide_rows` does."""
    look_up = _approvals(policy) if approvals else None
    for values, beside in zip(cases, counted_before, strict=False):
        try:
            found = decide(policy, values)
            row = row_of(policy, found) | (look_up(values, found, beside) if look_up else {})
        except NeedsFact as error:
            row = {"missing": str(error)}
        except TooManyDigits:
            row = {"missing": TOO_MANY_DIGITS}
        yield row


def paid_rows(
    policy: Policy, rows: Iterable[Mapping[str, Given]], amounts: Iterable[Money | None]
) -> Iterator[dict[str, Any]]:
    """Yield how each of these amounts is paid, and what is given beside it; nothing where an input is not known."""
    pay = paying(policy)
    for row, amount in zip(rows, amounts, strict=True):
        try:
            payments, benefits = ((), ()) if amount is None else pay(read_facts(policy, _told(row)).values, amount)
            yield _extras(policy, payments, benefits)
        except (NeedsFact, TooManyDigits):
            yield {}


def _told(row: Mapping[str, Given]) -> Iterator[tuple[str, str]]:
    for name, value in row.items():
        match value:
            case None:
                continue
            case bool():
                yield name, "yes" if value else "no"
            case Decimal():
                yield name, f"{value:f}"
            case datetime():
                yield name, value.isoformat()
            case list():
                yield name, items_text([dict(_told(each)) for each in value])
            case _:
                yield name, str(value)


def row_of(policy: Policy, found: Outcome) -> dict[str, Any]:
    """Return an outcome as the columns of `decide_many`."""
    row: dict[str, Any] = {"rule": found.rule, "classification": found.classification.value}
    if found.amount is not None:
        row |= {"amount_minor": found.amount.minor, "asset": found.amount.code}
    return row | _extras(policy, found.payments, found.benefits)


def _extras(policy: Policy, payments: tuple[Payment, ...], benefits: Benefits) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for part in payments:
        row[f"{part.name}: minor"] = part.amount.minor
        row[f"{part.name}: state"] = part.state.value
        row[f"{part.name}: in kind"] = part.in_kind and part.in_kind.minor
    decimals = {each.name: each.decimals for each in policy.benefits}
    for name, given in benefits:
        row[f"{name}: given"] = int(Decimal(given.split(maxsplit=1)[0]).scaleb(decimals[name], EXACT))
    return row


def _approvals(policy: Policy) -> Callable[[Mapping[str, Value], Outcome, Beside], dict[str, Any]]:
    """Return what looks the matrix up: the number of the row, from 1, and how many people must agree."""
    derived = worked_out(policy.derived)
    rows = [(test_of(each.when), each.people) for each in policy.approvals]

    def look_up(values: Mapping[str, Value], found: Outcome, beside: Beside) -> dict[str, Any]:
        known = Known(values)
        known.derived = derived
        with exactly():
            known["amount"] = looked_up(found.amount, beside)
            known["classification"] = in_words(found.classification)
            try:
                number, people = next((number, people) for number, (fits, people) in enumerate(rows, 1) if fits(known))
            except KeyError:
                return {}
        return {"approval_row": number, "people": people}

    return look_up
