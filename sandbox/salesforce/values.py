"""Values a client sends, read into what a row holds, or refused as the vendor refuses them. Pure."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from sandbox.salesforce.ids import read_id
from sandbox.salesforce.org import Value, stamp
from sandbox.salesforce.refusals import Refused, Trouble, bad_json, malformed_id
from sandbox.salesforce.schema import ENTITIES, ID_TYPES, NUMBER_TYPES, Field

BYTES_COUNT = frozenset({"CommentBody", "Comments"})
"""Fields whose length is one of bytes, not characters."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_DAY_LENGTH = len("2026-11-22")


class Troubled(Exception):
    """A record cannot be written. troubles: At least one."""

    def __init__(self, *troubles: Trouble) -> None:
        super().__init__(troubles[0].message)
        self.troubles = troubles


def read_value(field: Field, sent: object) -> Value:
    """Return a value as the row holds it; None for null and empty text.

    Raises `Troubled` for one the field does not take and `Refused` (JSON_PARSER_ERROR) for another type.
    """
    if sent is None or sent == "":
        return None
    if field.kind == "boolean":
        return _boolean(sent)
    if field.kind in NUMBER_TYPES:
        return _number(field, sent)
    if field.kind in ("datetime", "date"):
        return _moment(field, sent)
    if isinstance(sent, (dict, list)):
        raise _not_a("string", sent)
    text = str(sent).lower() if isinstance(sent, bool) else str(sent)
    return _id(field, text) if field.kind in ID_TYPES else _text(field, text)


def _boolean(sent: object) -> bool:
    if isinstance(sent, bool):
        return sent
    if isinstance(sent, str) and sent.lower() in ("true", "false"):
        return sent.lower() == "true"
    raise _not_a("boolean", sent)


def _number(field: Field, sent: object) -> Value:
    """Return the number rounded to the field's places, as the double the vendor answers."""
    if isinstance(sent, bool) or not isinstance(sent, (int, float, str)):
        raise _not_a("double", sent)
    try:
        number = Decimal(str(sent))
    except InvalidOperation:
        raise _not_a("double", sent) from None
    if not number.is_finite():
        raise _not_a("double", sent)
    if field.kind == "int":
        return int(number)
    rounded = round_to(number, field.scale)
    if abs(rounded) >= 10 ** (field.precision - field.scale):
        message = f"{field.label}: value outside of valid range on numeric field: {sent}"
        raise Troubled(Trouble(code="NUMBER_OUTSIDE_VALID_RANGE", message=message, fields=(field.name,)))
    return float(rounded)


def round_to(number: Decimal, places: int) -> Decimal:
    """Return a number rounded half up to `places` after the point."""
    if number.adjusted() > 30:  # noqa: PLR2004  # Far beyond any field: do not build such a number.
        return number
    return number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _moment(field: Field, sent: object) -> str:
    if isinstance(sent, str):
        try:
            if field.kind == "date":
                return date.fromisoformat(sent[:_DAY_LENGTH]).isoformat()
            return read_moment(sent)
        except ValueError:
            pass
    raise _not_a(field.kind, sent)


def read_moment(text: str, *, exact: bool = False) -> str:
    """Return an ISO time, or a date as its midnight, as the wire has it; raises ValueError. No offset means UTC.

    exact: With the milliseconds given, to compare with; rows have none.
    """
    moment = datetime.fromisoformat(text)
    found = stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return found.replace(".000", f".{moment.microsecond // 1000:03}") if exact else found


def _id(field: Field, text: str) -> str:
    found = read_id(text)
    if found is None:
        raise Troubled(malformed_id(field.label, text, field.name))
    if field.targets and not any(
        found.startswith(ENTITIES[target].prefix) for target in field.targets if target in ENTITIES
    ):
        message = f"{field.label}: id value of incorrect type: {text}"
        raise Troubled(Trouble(code="FIELD_INTEGRITY_EXCEPTION", message=message, fields=(field.name,)))
    return found


def _text(field: Field, text: str) -> str:
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # JSON may hold half a character.
    size = len(text.encode()) if field.name in BYTES_COUNT else len(text)
    if size > field.length:
        message = f"{field.label}: data value too large: {text} (max length={field.length})"
        raise Troubled(Trouble(code="STRING_TOO_LONG", message=message, fields=(field.name,)))
    if field.kind == "email" and not _EMAIL.fullmatch(text):
        message = f"{field.label}: invalid email address: {text}"
        raise Troubled(Trouble(code="INVALID_EMAIL_ADDRESS", message=message, fields=(field.name,)))
    if field.has("r") and text not in field.values:
        message = f"{field.label}: bad value for restricted picklist field: {text}"
        code = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
        raise Troubled(Trouble(code=code, message=message, fields=(field.name,)))
    return text


def _not_a(kind: str, sent: object) -> Refused:
    """Return the refusal of a JSON type; the place it names is always the start, unlike the vendor's."""
    token, shown = "VALUE_NUMBER_FLOAT", str(sent)
    if isinstance(sent, dict):
        token, shown = "START_OBJECT", "{"
    elif isinstance(sent, list):
        token, shown = "START_ARRAY", "["
    elif isinstance(sent, str):
        token = "VALUE_STRING"
    elif isinstance(sent, bool):
        token = f"VALUE_{sent}".upper()
    return bad_json(
        f"Cannot deserialize instance of {kind} from {token} value {shown} "
        "or request may be missing a required field at [line:1, column:1]"
    )


def answered(row: Mapping[str, Value], field: Field) -> Value:
    """Return a value as it is answered: a boolean is never null, an infinite number never arises."""
    value = row.get(field.name)
    if field.kind == "boolean":
        return bool(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value
