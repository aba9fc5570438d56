"""Record ids: 15 characters that tell case apart, and the 18-character form with its checksum. Pure."""

from itertools import count

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_POD = "Hr"
SHORT = 15
LONG = 18


class Ids:
    """Ids never given before, per key prefix: the first case of an org is 500Hr0000000001AAA."""

    def __init__(self) -> None:
        self._counts: dict[str, count[int]] = {}

    def new(self, prefix: str) -> str:
        """Return the next id of an object with this key prefix."""
        number = next(self._counts.setdefault(prefix, count(1)))
        return numbered(prefix, number)


def numbered(prefix: str, number: int) -> str:
    """Return the 18-character id of the record with this number."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return lengthened(f"{prefix}{_POD}{digits:0>10}")


def lengthened(short: str) -> str:
    """Return the 18-character form: three characters tell which of the 15 are capitals."""
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << index for index, letter in enumerate(short[start : start + 5]) if "A" <= letter <= "Z")
        suffix += _BASE32[bits]
    return short + suffix


def read_id(text: str) -> str | None:
    """Return an id in its 18-character form; None when this is no id.

    The last three characters of a long one are compared without case and must fit.
    """
    if not (text.isascii() and text.isalnum()):
        return None
    if len(text) == SHORT:
        return lengthened(text)
    if len(text) == LONG and lengthened(text[:SHORT])[SHORT:] == text[SHORT:].upper():
        return text[:SHORT] + text[SHORT:].upper()
    return None
