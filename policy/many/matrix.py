"""The approval matrix in columns: which row fits with all that counts beside an amount, and how many must agree."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from cases.money import ASSETS, Money
from policy.behind import names_behind
from policy.form import Policy
from policy.many import scaled
from policy.many.columns import Words
from policy.many.extras import Extras
from policy.many.found import ASK, Found, first_needed, needed, only_where
from policy.many.nodes import Reader
from policy.many.outcomes import as_money, asset_of
from policy.many.scaled import Scaled, Whole
from policy.ruling import CLASSIFICATIONS

ASSET = pl.Enum(list(ASSETS))
#: Any two assets: all that matters of several is that one of them is not the row's own.
_SEVERAL = tuple(Money(minor=1, code=code) for code in list(ASSETS)[:2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Other amounts of the same customer and topic, one row per case: what `counted_before` is to a single claim.

    Fields:
        minor: What they come to, in whole minor units; 0 or null where there are none.
        asset: What they are counted in; null where they are in several assets, then `minor` is only above 0.
    """

    minor: pl.Series
    asset: pl.Series

    def of(self, places: pl.Series | Sequence[int]) -> "Earlier":
        """Return those of some rows."""
        return Earlier(minor=self.minor.gather(places), asset=self.asset.gather(places))

    def amounts(self) -> Iterator[tuple[Money, ...]]:
        """Yield them as a single decision takes them, row by row."""
        for minor, code in zip(self.minor, self.asset, strict=True):
            if not minor:
                yield ()
            else:
                yield _SEVERAL if code is None else (Money(minor=minor, code=code),)


def earlier_of(amounts: Iterable[Sequence[Money]]) -> Earlier:
    """Return the amounts that count beside each case, given one by one."""
    minor, codes = [], []
    for each in amounts:
        there = [money for money in each if money.minor > 0]
        assets = {money.code for money in there}
        minor.append(sum(money.minor for money in there))
        codes.append(assets.pop() if len(assets) == 1 else None)
    return Earlier(minor=pl.Series(minor, dtype=pl.Int128), asset=pl.Series(codes, dtype=ASSET))


def people_needed(policy: Policy, reader: Reader, minor: Whole, classes: pl.Expr, earlier: Earlier | None) -> Extras:
    """Return which row of the matrix fits, from 1, and how many people must agree; raises OutOfBounds.

    minor: The amounts; 0 where nothing is paid. classes: The places of the classifications in their list. Where an
    input is needed that is not known both are null; where only the compiled policy can tell, the extras need it.
    """
    amount = Found(value=as_money(policy, reader, minor))
    if earlier is not None:
        amount = _with_earlier(policy, reader, minor, earlier)
    reader.tell("amount", amount)
    reader.tell("classification", Found(value=Words(codes=classes, options=tuple(CLASSIFICATIONS))))
    rows = [reader.fits(each.when) for each in policy.approvals]
    row, needs = pl.lit(len(rows), dtype=pl.UInt16), rows[-1].needs
    for number, fits in reversed(list(enumerate(rows[:-1], 1))):
        row = pl.when(fits.holds).then(pl.lit(number, dtype=pl.UInt16)).otherwise(row)
        needs = first_needed(fits.needs, only_where(~fits.holds, needs))
    row = reader.keep(row if needs is None else pl.when(needs == 0).then(row))
    people = pl.lit(pl.Series([each.people for each in policy.approvals], dtype=pl.UInt16)).gather(row - 1)
    ask = None if needs is None else only_where(needs == ASK, needs)
    return Extras(columns={"approval_row": row, "people": people}, needs=ask)


def _with_earlier(policy: Policy, reader: Reader, minor: Whole, earlier: Earlier) -> Found:
    """Return the amounts with the earlier ones added; one in another asset is left to the compiled policy."""
    units = earlier.minor.fill_null(0)
    most = units.max()
    before = scaled.whole(reader.keep(pl.lit(units)), 0, most if isinstance(most, int) else 0)
    counts = reader.keep((minor.expr > 0) & (before.expr > 0))
    same = reader.keep(pl.lit(earlier.asset).eq_missing(asset_of(policy, reader, ASSET)))
    both = scaled.added((Scaled(top=minor), Scaled(top=before))).top
    total = scaled.pick([(counts & same, both)], minor)
    kept = Whole(expr=reader.keep(total.expr), low=total.low, high=total.high)
    return Found(value=as_money(policy, reader, kept), needs=needed(counts & ~same))


def asked_by(policy: Policy) -> Policy:
    """Return the policy with only those inputs and values worked out that its matrix may ask for."""
    names = names_behind(policy, (part for row in policy.approvals for part in row.when.parts))
    return replace(
        policy,
        inputs=tuple(each for each in policy.inputs if each.name in names | {policy.money.asset_input}),
        derived=tuple(each for each in policy.derived if each.name in names),
    )
