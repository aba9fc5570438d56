"""The fields of a Case as the org describes them to our user: what his permissions hide is not there at all.

GET /services/data/vXX.X/sobjects/Case/describe
https://developer.salesforce.com/docs/platform/api-rest/guide/resources-sobject-describe.html
"""

import msgspec

from connectors.contract import UnexpectedReply
from connectors.salesforce.calls import Calls
from connectors.salesforce.refusals import NoSuchRecord
from connectors.salesforce.settings import SalesforceSettings


class WireField(msgspec.Struct):
    """The part of a field's description we understand."""

    name: str
    type: str
    label: str = ""
    length: int = 0
    updateable: bool = False
    custom: bool = False
    deprecatedAndHidden: bool = False  # noqa: N815  # The vendor's name.


class _WireDescribe(msgspec.Struct):
    fields: list[WireField]


_DESCRIBE = msgspec.json.Decoder(_WireDescribe)


class ObjectHidden(UnexpectedReply):
    """Our user has no permission to read rows of an object, which is answered as if there were none."""


def fields_of(calls: Calls, settings: SalesforceSettings, entity: str = "Case") -> tuple[WireField, ...]:
    """Return the fields of an object that our user sees; raises the three errors."""
    asked = f"fields of {entity}"
    try:
        return _read(calls.get(describe_path(settings, entity), asked=asked).body, asked)
    except NoSuchRecord as error:
        raise ObjectHidden(f"{error}; our user cannot see {entity}") from None


def describe_path(settings: SalesforceSettings, entity: str = "Case") -> str:
    """Return where an object is described."""
    return f"{settings.data_path}sobjects/{entity}/describe"


def kinds_in(body: bytes, settings: SalesforceSettings) -> tuple[tuple[str, str], ...]:
    """Return (name, the vendor's type) of the mapped fields in a description of Case; raises UnexpectedReply."""
    ours = {name for _, name in settings.fields} | {name for name, _ in settings.link_fields}
    return tuple(sorted((field.name, field.type) for field in _read(body, "fields of Case") if field.name in ours))


def _read(body: bytes, asked: str) -> tuple[WireField, ...]:
    try:
        return tuple(_DESCRIBE.decode(body).fields)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise UnexpectedReply(f"{asked}: the answer holds none") from None
