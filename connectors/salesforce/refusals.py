"""What a refusal of Salesforce's, or any failure of its client library, means to our caller: one of three errors.

Told apart by `errorCode`, never by the library's class: REQUEST_LIMIT_EXCEEDED comes as 403 and UNABLE_TO_LOCK_ROW as
400, and both pass. 429, 5xx and broken connections never come this far: the transport has made them `TryLater`.

https://developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.html
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
import requests
from simple_salesforce.exceptions import SalesforceError, SalesforceOperationError

from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.refused import Refused, unreadable
from connectors.transport import DEFAULT_WAIT_SECONDS, retry_after_seconds

#: How long to wait when the org has no calls left: its window of 24 hours rolls, so some come free all the time. The
#: same code is said of too many calls at once.
EXHAUSTED_WAIT_SECONDS = 30.0
MOST_ERRORS = 200
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,79}")
_COLUMN = re.compile(r"No such (?:column|relation) '([A-Za-z][A-Za-z0-9_.]{0,200})'")
#: What userinfo says, in plain text and with 403, where all else says INVALID_SESSION_ID.
_BAD_TOKEN = b"Bad_OAuth_Token"
_EXPIRED = frozenset({"INVALID_SESSION_ID", "INVALID_AUTH_HEADER"})
_GONE = frozenset({"NOT_FOUND", "ENTITY_IS_DELETED"})
_PASSING = frozenset(
    {"SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW", "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG", "TOO_MANY_REQUESTS"}
    | {"CONCURRENT_REQUESTS_LIMIT_EXCEEDED", "UNKNOWN_EXCEPTION"}
)
_FORBIDDEN = frozenset(
    {"API_CURRENTLY_DISABLED", "API_DISABLED_FOR_ORG", "FUNCTIONALITY_NOT_ENABLED", "INSUFFICIENT_ACCESS"}
    | {"INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "INVALID_TYPE"}
    | {"INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "ORG_LOCKED", "UNSUPPORTED_API_VERSION", "FORBIDDEN"}
    | {"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "OAUTH_APPROVAL_ERROR_GENERIC"}
)


class WireError(msgspec.Struct):
    """One error as Salesforce sends it; collections say `statusCode` where all else says `errorCode`."""

    message: str = ""
    errorCode: str = ""  # noqa: N815  # The vendor's name.
    statusCode: str = ""  # noqa: N815  # As above.
    fields: list[str] | None = None


_ERRORS = msgspec.json.Decoder(list[WireError])


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorError:
    """One error.

    Fields:
        code: "STRING_TOO_LONG"; "" when the vendor's is none.
        message: The vendor's words; may quote what we sent.
        fields: API names it is about, as far as the vendor says.
    """

    code: str
    message: str
    fields: tuple[str, ...]


class CredentialsExpired(Exception):
    """INVALID_SESSION_ID: the call is made again with a new token, then it is `AccessRefused`."""


class UpdateConflict(Exception):
    """412: the Case changed since it was read. Nothing was written."""


class NoSuchRecord(Exception):
    """The vendor has no such record, or has deleted it."""


class QueryTooSlow(TryLater):
    """QUERY_TIMEOUT: the org is too large for this query at this time."""


@contextmanager
def understood(asked: str, *, write: bool = False) -> Iterator[None]:
    """Let nothing out of the block but our errors, CredentialsExpired, UpdateConflict and NoSuchRecord.

    asked: What was asked, without customers' words: "case 500Ak00000A1b2CIAR".
    write: An accepted write whose answer cannot be read is `TryLater` with `done` None: a later look finds it.
    """
    try:
        yield
    except Refused as error:
        raise _of_response(error.response, asked) from None
    except requests.RequestException as error:
        raise UnexpectedReply(f"{asked}: {type(error).__name__} before anything was sent") from None
    except (SalesforceError, SalesforceOperationError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(asked, error, write=write) from None


def _of_response(response: requests.Response, asked: str) -> Exception:
    error = meaning(response.status_code, errors_in(response.content), asked)
    if _BAD_TOKEN in response.content[:100]:
        return CredentialsExpired(f"{asked}: {response.status_code}")
    if isinstance(error, TryLater) and "Retry-After" in response.headers:
        error.wait_seconds = retry_after_seconds(response.headers)
    return error


def errors_in(body: bytes) -> tuple[VendorError, ...]:
    """Return the errors of a refusal; none when it is no list of errors (a proxy's page)."""
    try:
        found = _ERRORS.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ()
    return tuple(vendor_error(each) for each in found[:MOST_ERRORS])


def vendor_error(wire: WireError) -> VendorError:
    """Return the error, with the column it names among its fields: INVALID_FIELD names none else."""
    code = wire.errorCode or wire.statusCode
    named = _COLUMN.search(wire.message)
    return VendorError(
        code=code if _CODE.fullmatch(code) else "",
        message=wire.message,
        fields=tuple(dict.fromkeys([*(wire.fields or ()), *([named[1]] if named else [])])),
    )


def meaning(status: int, errors: tuple[VendorError, ...], asked: str) -> Exception:
    """Return the error that a refusal stands for; its message holds codes and field names, no free text."""
    said = f"{asked}: {status} {describe(errors)}".rstrip()
    codes = {error.code for error in errors}
    if codes & _EXPIRED or (status == requests.codes.unauthorized and not errors):
        return CredentialsExpired(said)
    if "REQUEST_LIMIT_EXCEEDED" in codes:
        return TryLater(f"{said}; no API calls are left", wait_seconds=EXHAUSTED_WAIT_SECONDS)
    if "QUERY_TIMEOUT" in codes:
        return QueryTooSlow(said, wait_seconds=DEFAULT_WAIT_SECONDS)
    if codes & _PASSING:
        return TryLater(said, wait_seconds=DEFAULT_WAIT_SECONDS)
    if status == requests.codes.precondition_failed:
        return UpdateConflict(said)
    if codes & _FORBIDDEN or (status == requests.codes.forbidden and not errors):
        return AccessRefused(f"{said}; check the user's permissions and the app's scopes")
    if codes & _GONE:
        return NoSuchRecord(said)
    return UnexpectedReply(said)


def part_meaning(status: int, errors: tuple[VendorError, ...], asked: str) -> Exception:
    """Return what a refused part of a composite stands for: as `meaning`, without CredentialsExpired."""
    error = meaning(status, errors, asked)
    return AccessRefused(str(error)) if isinstance(error, CredentialsExpired) else error


def describe(errors: tuple[VendorError, ...]) -> str:
    """Return the codes and field names: "STRING_TOO_LONG (MW_Amount__c)"."""
    parts = [
        error.code + (f" ({', '.join(error.fields[:10])})" if error.fields else "") for error in errors if error.code
    ]
    return ", ".join(dict.fromkeys(parts[:10]))
