"""What JQL values mean: moments, and words in texts."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.jira.jql_reading import Call

_FORMATS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
_PERIOD = re.compile(r"([+-]?)\s*((?:\d+\s*[wdhm]\s*)+)", re.IGNORECASE)
_PART = re.compile(r"(\d+)\s*([wdhm])", re.IGNORECASE)
_UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def moment_of(text: str, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return what a date in a query means, aware UTC; None when it is none.

    "2026-11-22 12:00" is in the zone of the user and has no seconds; "-5m" and "4w 2d" are from now; a plain number
    is milliseconds since 1970.
    """
    for pattern in _FORMATS:
        try:
            parsed = datetime.strptime(text, pattern)  # noqa: DTZ007  # The zone of the user comes next.
        except ValueError:
            continue
        return parsed.replace(tzinfo=zone).astimezone(UTC)
    if text.isascii() and text.isdigit():
        return datetime.fromtimestamp(int(text) / 1000, tz=UTC) if len(text) <= 14 else None  # noqa: PLR2004
    return _after_period(text, now)


def _after_period(text: str, now: datetime) -> datetime | None:
    whole = _PERIOD.fullmatch(text.strip())
    if whole is None:
        return None
    try:
        period = sum((int(number) * _UNITS[unit.lower()] for number, unit in _PART.findall(whole[2])), timedelta())
        return now - period if whole[1] == "-" else now + period
    except OverflowError:
        return None


def called_moment(call: Call, *, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the moment of now(), startOfDay(), endOfDay(), startOfWeek() ..., with a period inside; None = unknown."""
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {
        "now": local,
        "startofday": midnight,
        "endofday": midnight + timedelta(days=1, milliseconds=-1),
        "startofweek": midnight - timedelta(days=(midnight.weekday() + 1) % 7),
        "startofmonth": midnight.replace(day=1),
        "startofyear": midnight.replace(month=1, day=1),
    }
    start = starts.get(call.name)
    if start is None or not call.arguments:
        return start.astimezone(UTC) if start else None
    shifted = _after_period(call.arguments[0], start)
    return shifted.astimezone(UTC) if shifted else None


def words_of(text: str) -> list[str]:
    """Return the words of a text as the index has them: small letters, each Chinese or Japanese sign for itself."""
    words: list[str] = []
    for word in _WORD.findall(text.casefold()):
        words += re.findall(rf"{_CJK.pattern}|[^\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+", word)
    return words


def text_finder(sought: str) -> Callable[[Iterable[str]], bool]:
    """Return what tells whether texts contain all that is sought: words, "phrases" in quotes, and beginnings with *.

    A chunk without spaces that falls into several words, like a number with dashes, is a phrase.
    """
    phrases = re.findall(r'"([^"]*)"|(\S+)', sought)
    wanted = [_phrase(quoted or plain) for quoted, plain in phrases]
    wanted = [phrase for phrase in wanted if phrase[0]]

    def finds(texts: Iterable[str]) -> bool:
        held = list(texts)
        whole = "\n".join(held).casefold()
        # Most texts lack a word altogether: cheaper than to take them apart.
        if not wanted or not all(word in whole for words, _ in wanted for word in words):
            return False
        split = [words_of(text) for text in held]
        return all(any(_contains(words, *phrase) for words in split) for phrase in wanted)

    return finds


def _phrase(text: str) -> tuple[list[str], bool]:
    return words_of(text), text.endswith("*")


def _contains(words: list[str], phrase: list[str], is_beginning: bool) -> bool:  # noqa: FBT001  # Half of a pair.
    size = len(phrase)
    for start in range(len(words) - size + 1):
        here = words[start : start + size]
        if here == phrase or (is_beginning and here[:-1] == phrase[:-1] and here[-1].startswith(phrase[-1])):
            return True
    return False
