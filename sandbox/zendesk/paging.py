"""The two ways Zendesk pages a list: by cursor (`page[size]`) with `meta` and `links`, else by number with `count`."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.zendesk.refusals import Refused, bad_parameter
from sandbox.zendesk.wire import HOST

MOST_PER_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOf:
    """Part of a list. ids: Those on the page. rest: What the answer says about the other pages."""

    ids: tuple[int, ...]
    rest: Mapping[str, Any]


def page_of(ids: Sequence[int], *, path: str, query: Mapping[str, str]) -> PageOf:
    """Return the page of a list of ids that the query asks for; raises `Refused` (400)."""
    if any(name in query for name in ("page[size]", "page[after]", "page[before]")):
        return _cursor_page(ids, path=path, query=query)
    return _numbered_page(ids, path=path, query=query)


def whole_number(query: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    """Return a query parameter as a number from 1 to `most`, cut down to it; raises `Refused` (400)."""
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise bad_parameter(name, "Must be a positive number.")
    return min(int(text), most)


def _cursor_page(ids: Sequence[int], *, path: str, query: Mapping[str, str]) -> PageOf:
    size = whole_number(query, "page[size]", default=MOST_PER_PAGE, most=MOST_PER_PAGE)
    first = 0
    if query.get("page[after]"):
        first = _position(ids, query["page[after]"]) + 1
    elif query.get("page[before]"):
        first = max(0, _position(ids, query["page[before]"]) - size)
    chosen = tuple(ids[first : first + size])
    has_more = first + size < len(ids)
    after = _cursor(chosen[-1]) if chosen else None
    before = _cursor(chosen[0]) if chosen else None
    # Recordings: both links are set on the first and the last page too; only an empty page has none.
    links = {
        "prev": _url(path, query, {"page[before]": before}) if before else None,
        "next": _url(path, query, {"page[after]": after}) if after else None,
    }
    meta = {"has_more": has_more, "after_cursor": after, "before_cursor": before}
    return PageOf(ids=chosen, rest={"meta": meta, "links": links})


def _numbered_page(ids: Sequence[int], *, path: str, query: Mapping[str, str]) -> PageOf:
    size = whole_number(query, "per_page", default=MOST_PER_PAGE, most=MOST_PER_PAGE)
    number = whole_number(query, "page", default=1, most=1_000_000)
    first = (number - 1) * size
    chosen = tuple(ids[first : first + size])
    rest = {
        "next_page": _url(path, query, {"page": str(number + 1)}) if first + size < len(ids) else None,
        "previous_page": _url(path, query, {"page": str(number - 1)}) if number > 1 else None,
        "count": len(ids),
    }
    return PageOf(ids=chosen, rest=rest)


def _url(path: str, query: Mapping[str, str], changed: Mapping[str, str]) -> str:
    kept = {name: value for name, value in query.items() if name not in ("page[after]", "page[before]", "page")}
    return f"{HOST}{path}?{urlencode({**kept, **changed})}"


def _cursor(record_id: int) -> str:
    """Return a cursor in the shape recordings show: base64 of {"o":"id","v":…}."""
    inner = base64.b64encode(str(record_id).encode()).decode()
    return base64.b64encode(json.dumps({"o": "id", "v": inner}, separators=(",", ":")).encode()).decode()


def _position(ids: Sequence[int], cursor: str) -> int:
    try:
        record_id = int(base64.b64decode(json.loads(base64.b64decode(cursor))["v"]))
        return ids.index(record_id)
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise _bad_cursor() from None


def _bad_cursor() -> Refused:
    return bad_parameter("page[after]", "Invalid cursor.")
