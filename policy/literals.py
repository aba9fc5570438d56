"""Numbers and units as they are written in a policy."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from cases.money import ASSETS, EXACT, Rounding
from policy.grammar import NotUnderstood
from policy.mistakes import did_you_mean
from policy.units import BARE, TIMES, Unit

MOST_DIGITS = 36
MOST_DECIMALS = 18


def number_written(text: str, at: int) -> Decimal:
    """Return a number, exact; raises NotUnderstood at this character when it has too many digits."""
    if len(text) > MOST_DIGITS:
        raise NotUnderstood(at, f"a number in a policy has at most {MOST_DIGITS} digits")
    return Decimal(text)


def share_written(text: str, at: int) -> tuple[Decimal, Unit]:
    """Return what a percentage stands for, with its unit: "0.5%" is 0.005, "5% per year" 0.05; raises NotUnderstood."""
    written, _, rest = text.partition("%")
    unit = Unit(bottom=_plural(rest.split()[-1])) if rest.strip() else BARE
    return number_written(written.rstrip(), at).scaleb(-2, EXACT), unit


def time_written(text: str, at: int) -> datetime:
    """Return a moment in UTC; raises NotUnderstood at this character for one that does not exist."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise NotUnderstood(at, f'"{text}" is no date that exists') from None


def date_written(text: str, at: int) -> date:
    """Return a date; raises NotUnderstood at this character for one that does not exist."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotUnderstood(at, f'"{text}" is no date that exists') from None


def rounding_written(places: str, way: str, at: int) -> tuple[int, Rounding]:
    """Return to how many decimals a step is rounded, and how: "2 decimals", "half even"; raises NotUnderstood."""
    decimals = int(places.split(maxsplit=1)[0][:4])
    if decimals > MOST_DECIMALS:
        raise NotUnderstood(at, f"at most {MOST_DECIMALS} decimals are kept")
    known = {each.value.replace("_", " "): each for each in Rounding}
    if way not in known:
        raise NotUnderstood(at, f'"{way}" is no rounding: {did_you_mean(way, known)}')
    return decimals, known[way]


def unit_named(text: str, at: int = 0, own: frozenset[str] = frozenset()) -> Unit:
    """Return the unit that is written like this: "USDT", "JPY per XEM", "hours", "GBP per day"; raises NotUnderstood.

    own: Units the policy declares itself.
    """
    top, per, bottom = (_plural(part.strip()) for part in re.sub(r"\s+", " ", text).partition(" per "))
    for each in filter(None, (top, bottom)):
        if each not in ASSETS and each not in own and each not in TIMES:
            known = did_you_mean(each, (*ASSETS, *own, *TIMES), otherwise='declare what is no money under "units"')
            raise NotUnderstood(at, f'"{each}" is not a known asset: {known}')
    return Unit(top=top, bottom=bottom if per else None)


def _plural(word: str) -> str:
    return f"{word}s" if f"{word}s" in TIMES else word
