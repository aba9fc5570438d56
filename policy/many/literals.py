"""Values that stand in the text of a policy as columns, and words as text."""

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import polars as pl

from policy.expressions import Value
from policy.many import days, scaled
from policy.many.columns import Column, Other, Words
from policy.many.scaled import Scaled
from policy.units import ChoiceType, Type


def literal(value: Value, kind: Type) -> Column:
    """Return a value that every case has."""
    match value:
        case bool():
            return Other(expr=pl.lit(value))
        case Decimal() | Fraction():
            return scaled.constant(Fraction(value))
        case datetime():
            return scaled.moment(value)
        case date():
            return scaled.constant(days.date_number(value))
        case str() if isinstance(kind, ChoiceType):
            return Words(codes=pl.lit(kind.options.index(value), dtype=pl.UInt8), options=kind.options)
        case str():
            return Other(expr=pl.lit(value))
        case _:
            raise TypeError(f"{value!r} stands in no policy")


def text_of(column: Column) -> pl.Expr:
    """Return text, or a word of a closed list, as text."""
    match column:
        case Words(codes=codes, options=options):
            return pl.lit(pl.Series(options, dtype=pl.String)).gather(codes)
        case Other(expr=expr):
            return expr
        case Scaled():
            raise TypeError("a number is no text, though its type was checked")
