"""Numbers and units as they are written in a policy."""

import re
from decimal import Decimal

from cases.money import ASSETS, EXACT
from policy.grammar import NotUnderstood
from policy.mistakes import did_you_mean
from policy.units import HOUR, Unit

MOST_DIGITS = 36


def number_written(text: str, at: int) -> Decimal:
    """Return a number, exact; raises NotUnderstood at this character when it has too many digits."""
    if len(text) > MOST_DIGITS:
        raise NotUnderstood(at, f"a number in a policy has at most {MOST_DIGITS} digits")
    return Decimal(text)


def share_written(text: str, at: int) -> Decimal:
    """Return what a percentage stands for: "0.5%" is 0.005; raises NotUnderstood."""
    return number_written(text.rstrip("% "), at).scaleb(-2, EXACT)


def unit_named(text: str, at: int = 0) -> Unit:
    """Return the unit that is written like this: "USDT", "JPY per XEM", "hours"; raises NotUnderstood."""
    top, _, bottom = (part.strip() for part in re.sub(r"\s+", " ", text).partition(" per "))
    if top in {"hour", "hours"} and not bottom:
        return Unit(top=HOUR)
    for each in filter(None, (top, bottom)):
        if each not in ASSETS:
            raise NotUnderstood(at, f'"{each}" is not a known asset: {did_you_mean(each, ASSETS)}')
    return Unit(top=top, bottom=bottom or None)
