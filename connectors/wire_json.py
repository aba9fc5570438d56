"""JSON as vendors really send it: exact numbers, records kept byte for byte, text that a database can keep.

Bodies carry half an emoji (a lone surrogate, cut in two by somebody), NUL characters and fractions that a float would
round. A record is split off undecoded, so that what is kept is what was sent.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from connectors.contract import UnexpectedReply

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
_EXACT = json.JSONDecoder(parse_float=Decimal)
_SPLIT_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_SPLIT_LIST = msgspec.json.Decoder(list[msgspec.Raw])
Record = TypeVar("Record")


class Unreadable(Exception):
    """Raised for a record that is none; says which attribute, never its value: that may be a customer's words."""


def storable(text: str | None) -> str:
    """Return the text, "" for None, with a replacement character for what no database keeps: NUL, half a character."""
    if text is None:
        return ""
    if "\0" not in text:
        if text.isascii():
            return text
        try:
            text.encode()
        except UnicodeEncodeError:
            return _UNSTORABLE.sub("\ufffd", text)
        return text  # Encoding finds half a character far sooner than a search does.
    return _UNSTORABLE.sub("\ufffd", text)


def exact(text: bytes) -> Any:
    """Return decoded JSON, fractions as Decimal; raises ValueError and RecursionError."""
    return _EXACT.decode(text.decode(json.detect_encoding(text), "surrogatepass"))


def read_object(body: bytes) -> dict[str, Any]:
    """Return a JSON object, fractions as Decimal; raises UnexpectedReply."""
    try:
        answer = exact(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise UnexpectedReply("the answer is no JSON object")
    return answer


def members(body: bytes) -> dict[str, msgspec.Raw]:
    """Return the members of a JSON object, not yet decoded; raises UnexpectedReply."""
    for mended in (False, True):
        try:
            return _SPLIT_OBJECT.decode(whole_characters(body) if mended else body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
    raise UnexpectedReply("the answer is no JSON object")


def records(found: Mapping[str, msgspec.Raw], name: str) -> list[msgspec.Raw] | None:
    """Return the elements of a list among the members, not yet decoded; None when there is no such list."""
    try:
        return _SPLIT_LIST.decode(found[name])
    except (KeyError, msgspec.MsgspecError, RecursionError):
        return None


def value(found: Mapping[str, msgspec.Raw], name: str) -> object:
    """Return a member, decoded; None when it is missing or cannot be."""
    try:
        return exact(bytes(found.get(name, b"null")))
    except (ValueError, RecursionError):
        return None


def whole_characters(body: bytes) -> bytes:
    r"""Return the JSON with each lone half of a character (`\ud83d`: an emoji cut in two) replaced."""
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)


def decoded(decoder: "msgspec.json.Decoder[Record]", record: bytes) -> Record:
    """Return the record, read again without half characters where those are the trouble; raises Unreadable."""
    for mended in (False, True):
        try:
            return decoder.decode(whole_characters(record) if mended else record)
        except msgspec.ValidationError as error:
            raise Unreadable(first_wrong(error)) from None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
    raise Unreadable("record: no JSON that can be read")


def first_wrong(error: msgspec.ValidationError) -> str:
    """Return what is wrong where, by kinds and never by values: "updated_at: expected `str`, got `null`"."""
    words, _, place = str(error).partition(" - at `$")
    return f"{place.strip('.`') or 'record'}: {words[:1].lower()}{words[1:]}"
