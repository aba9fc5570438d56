"""What becomes of each case, as a Parquet file for whoever wants to look further."""

from pathlib import Path

import polars as pl

from cases.money import ASSETS, asset
from reports.simulating import Simulation


def write_rows(simulation: Simulation, path: Path) -> None:
    """Write one row per case that both versions decide.

    Columns: case_id, customer_id, at; for a and b rule, classification, amount (text in whole units), amount_minor
    (whole units of the asset's decimals), asked_minor (before a budget), asset, people, approval_row; if a version does
    not pay plainly "a: <part>: minor", "a: <part>: state", "a: <part>: in kind" and "a: <benefit>: given"; then
    asset, decimals and change_minor, b less a.
    Units are Decimal(38, 0), which every reader of Parquet knows; an amount of more digits fails loudly.
    """
    frame = simulation.rows
    minor = [name for name, kind in frame.schema.items() if kind == pl.Int128]
    decimals = pl.col("asset").cast(pl.String).replace_strict({code: asset(code).decimals for code in ASSETS})
    said = [_text(f"amount_{name}_minor", f"asset_{name}").alias(f"amount_{name}") for name in "ab"]
    frame.with_columns(*said, decimals.cast(pl.UInt8).alias("decimals")).with_columns(
        pl.col(minor).cast(pl.Decimal(38, 0))
    ).write_parquet(path)


def _text(minor: str, code: str) -> pl.Expr:
    """Return amounts as text: 1500000 of six decimals is "1.500000"."""
    texts = pl.lit(None, dtype=pl.String)
    for each in ASSETS.values():
        digits = pl.col(minor).cast(pl.String).str.zfill(each.decimals + 1)
        whole = digits.str.head(-each.decimals) if each.decimals else digits
        shown = pl.concat_str(whole, pl.lit("."), digits.str.tail(each.decimals)) if each.decimals else digits
        texts = pl.when(pl.col(code).cast(pl.String) == each.code).then(shown).otherwise(texts)
    return texts
