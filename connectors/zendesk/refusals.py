"""What a refusal of Zendesk's, or any failure of its client library, means to our caller: one of three errors.

429, 5xx and broken connections never come this far: the transport has turned them into `TryLater` already.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from pydantic import ValidationError
from zenpy.lib.exception import ZenpyException

from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.refused import Refused, unreadable
from connectors.transport import DEFAULT_WAIT_SECONDS

_CODE = re.compile(r"[A-Za-z][A-Za-z _'-]{1,59}")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,59}")
_TOO_RECENT_WAIT_SECONDS = 60.0
_PERMISSION = frozenset({402, 403})
#: Timeout at the vendor's side, a lost race for its database, locked, too early.
_PASSING = frozenset({408, 409, 423, 425})


class CredentialsExpired(Exception):
    """A 401: the call is made again with a new token, then it is `AccessRefused`."""


class UpdateConflict(Exception):
    """A 409 of a safe update: the ticket changed since it was read. Nothing was written."""


class NoSuchRecord(Exception):
    """A 404: the vendor has no such record, or has deleted it."""


class RecordInvalid(UnexpectedReply):
    """A 422 that says what is wrong with which value. Nothing was written.

    `details` holds (field id or "", the vendor's words), ten at most: "Claimed amount: 'x' is not a valid number".
    """

    def __init__(self, message: str, *, details: tuple[tuple[str, str], ...]) -> None:
        super().__init__(message)
        self.details = details


_BY_STATUS: dict[int, type[Exception]] = {401: CredentialsExpired, 404: NoSuchRecord, 410: NoSuchRecord}


@contextmanager
def understood(asked: str, *, write: bool = False) -> Iterator[None]:
    """Let nothing out of the block but our errors, CredentialsExpired, UpdateConflict and NoSuchRecord.

    asked: What was asked, without customers' words: "ticket 35436".
    write: An accepted write whose answer cannot be read is `TryLater` with `done` None: a later look finds it.
    """
    try:
        yield
    except Refused as error:
        raise meaning(error.response, asked) from None
    except requests.RequestException as error:
        raise UnexpectedReply(f"{asked}: {type(error).__name__} before anything was sent") from None
    except (ZenpyException, ValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(asked, error, write=write) from None


def meaning(response: requests.Response, asked: str) -> Exception:
    """Return the error that a refusal (4xx) stands for; its message holds codes and attribute names, no free text."""
    status = response.status_code
    code, attributes = _codes(response)
    said = f"{asked}: {status} {code}".rstrip() + (f" ({', '.join(attributes)})" if attributes else "")
    if status in _PERMISSION:
        return AccessRefused(f"{said}; check the role, the OAuth scopes and the plan")
    if (status, code) == (400, "StartTimeTooRecent"):
        return TryLater(said, wait_seconds=_TOO_RECENT_WAIT_SECONDS, done=False)
    if (status, code) == (409, "UpdateConflict"):
        return UpdateConflict(said)
    if (status, code) == (422, "RecordInvalid"):
        return RecordInvalid(said, details=_details(response))
    if status in _PASSING:
        return TryLater(said, wait_seconds=DEFAULT_WAIT_SECONDS, done=False)
    return _BY_STATUS.get(status, UnexpectedReply)(said)


def _codes(response: requests.Response) -> tuple[str, tuple[str, ...]]:
    """Return the vendor's error code and the attributes it names: ("RecordInvalid", ("status",))."""
    try:
        body = response.json()
    except ValueError:
        return "", ()
    if not isinstance(body, dict):
        return "", ()
    error = body.get("error")
    if isinstance(error, dict):
        error = error.get("title")
    code = error if isinstance(error, str) and _CODE.fullmatch(error) else ""
    details = body.get("details")
    names = details if isinstance(details, dict) else {}
    return code, tuple(sorted(name for name in names if _ATTRIBUTE.fullmatch(str(name))))[:10]


def _details(response: requests.Response) -> tuple[tuple[str, str], ...]:
    """Return (field id, words) of what a 422 finds wrong. Ticket fields stand under "base", some with `field_key`."""
    details = response.json().get("details")
    lists = details.values() if isinstance(details, dict) else ()
    entries = [entry for each in lists if isinstance(each, list) for entry in each if isinstance(entry, dict)]
    return tuple((str(each.get("field_key") or ""), str(each.get("description") or "")) for each in entries[:10])
