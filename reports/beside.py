"""What else of the same customer counts when approvals are looked up, so that splitting a claim changes nothing.

As in the product: what the customer's earlier cases of the topic come to, all of them, whatever they are held to be.
"""

import polars as pl

from cases.money import ASSETS, Money, UnknownAsset
from policy.form import Policy
from policy.many.matrix import ASSET, Earlier, earlier_of
from reports.case_files import COUNTED
from reports.in_order import InOrder, replaced, summed
from reports.rolling import CannotRoll

_MOST = 2**127


def earlier_amounts(policy: Policy, order: InOrder, decided: pl.DataFrame) -> Earlier:
    """Return what counts beside each case, given what all of them come to.

    A column `counted_before` says what counts outside of these cases: "12.5", "12.5 USDT", "12.5 USDT, 3 EUR". Raises
    CannotRoll for another content, and for amounts that 128 bits might not hold.
    """
    largest = decided["amount_minor"].max()
    if isinstance(largest, int) and largest * decided.height >= _MOST:
        raise CannotRoll(f"{decided.height} amounts up to {largest} units are too many to add up")
    inside = _inside(order, decided)
    if COUNTED not in order.frame.columns:
        return inside
    outside = _outside(policy, order.frame[COUNTED])
    both = pl.DataFrame(
        {"one": inside.minor, "other": outside.minor, "asset": inside.asset, "other asset": outside.asset}
    ).select(
        minor=pl.col("one") + pl.col("other"),
        asset=pl.when(pl.col("one") == 0)
        .then("other asset")
        .when((pl.col("other") == 0) | (pl.col("asset") == pl.col("other asset")))
        .then("asset"),
    )
    return Earlier(minor=both["minor"], asset=both["asset"])


def _inside(order: InOrder, decided: pl.DataFrame) -> Earlier:
    """Return what the earlier cases of the same customer and topic come to."""
    places, firsts = order.by_topic
    amounts = decided["amount_minor"].gather(places).fill_null(0)
    minor = pl.Series([0], dtype=pl.Int128).new_from_index(0, decided.height)
    minor = replaced(minor, places, summed(amounts, firsts))
    known = decided["asset"].cast(ASSET).unique().drop_nulls()
    assets = pl.Series([*known, None], dtype=ASSET).head(1).new_from_index(0, decided.height)
    if len(known) > 1:
        there = decided["asset"].cast(ASSET).gather(places)
        assets = replaced(assets, places, _assets(firsts, there, amounts))
    return Earlier(minor=minor, asset=assets)


def _assets(groups: pl.Series, assets: pl.Series, amounts: pl.Series) -> pl.Series:
    """Return what the earlier amounts of each are counted in; null where there are none, or several assets."""
    codes = pl.when(pl.col("amount") > 0).then(pl.col("code"))
    earlier = pl.DataFrame({"group": groups, "code": assets.to_physical(), "amount": amounts}).select(
        codes.cum_min().forward_fill().shift().over("group").alias("least"),
        codes.cum_max().forward_fill().shift().over("group").alias("most"),
    )
    one = earlier.select(pl.when(pl.col("least") == pl.col("most")).then("least").alias("code"))["code"]
    return pl.Series(list(ASSETS), dtype=ASSET).gather(one)


def _outside(policy: Policy, said: pl.Series) -> Earlier:
    texts = said.cast(pl.String).fill_null("")
    different = texts.unique()
    found = earlier_of([_amounts(policy, each) for each in different])
    moved = pl.DataFrame({"text": texts}).join(
        pl.DataFrame({"text": different, "minor": found.minor, "asset": found.asset}),
        on="text",
        how="left",
        maintain_order="left",
    )
    return Earlier(minor=moved["minor"], asset=moved["asset"])


def _amounts(policy: Policy, text: str) -> tuple[Money, ...]:
    found = []
    for each in text.split(",") if text not in {"", "0"} else ():
        amount, _, code = each.strip().partition(" ")
        try:
            found.append(Money.exactly(amount, code or str(policy.money.asset)))
        except (UnknownAsset, ValueError):
            raise CannotRoll(f'{COUNTED}: "{text[:80]}" is no amount: write 12.5 USDT, or 12.5 USDT, 3 EUR') from None
    return tuple(found)
