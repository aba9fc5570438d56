"""What a refusal of Jira's, or any failure of its client library, means to our caller: one of our errors.

429, 5xx and broken connections never come this far: the transport has turned them into `TryLater` already.
Surprise: a wrong or ended API token is no refusal. The site goes on as for a stranger (searches find nothing, issues
are "not found") and says so in a header only; taken at its word, every ticket would be deleted.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from jira.exceptions import JIRAError

from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.refused import Refused, refuse, unreadable
from connectors.transport import DEFAULT_WAIT_SECONDS

_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")
_REASON_HEADER = "X-Seraph-LoginReason"
_DENIED = ("AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED", "AUTHORISATION_FAILED")
#: Timeout at the vendor's side, another write at the same moment, locked, too early.
_PASSING = frozenset({408, 409, 423, 425})


class CredentialsExpired(Exception):
    """A 401, or an answer as for a stranger: the call is made again with a new token, then it is `AccessRefused`."""


class NoSuchRecord(Exception):
    """A 404: the site has no such record, or does not show it to us."""


class BadRequest(UnexpectedReply):
    """A 400. `errors` holds (field or parameter, the vendor's words), ten at most. Nothing was written."""

    def __init__(self, message: str, *, errors: tuple[tuple[str, str], ...]) -> None:
        super().__init__(message)
        self.errors = errors


def refuse_strangers(response: requests.Response, *_: object, **__: object) -> None:
    """Raise `Refused` for a 4xx, `CredentialsExpired` for an answer as for a stranger; a hook of the session."""
    reason = response.headers.get(_REASON_HEADER, "")
    if any(word in reason for word in _DENIED):
        raise CredentialsExpired(f"{response.status_code}, not logged in")
    refuse(response)


@contextmanager
def understood(asked: str, *, write: bool = False) -> Iterator[None]:
    """Let nothing out of the block but our errors, CredentialsExpired and NoSuchRecord.

    asked: What was asked, without customers' words: "issue 10042".
    write: An accepted write whose answer cannot be read is `TryLater` with `done` None: a later look finds it.
    """
    try:
        yield
    except Refused as error:
        raise meaning(error.response, asked) from None
    except CredentialsExpired as error:
        raise CredentialsExpired(f"{asked}: {error}") from None
    except requests.JSONDecodeError as error:
        raise unreadable(asked, error, write=write) from None
    except requests.RequestException as error:
        raise UnexpectedReply(f"{asked}: {type(error).__name__} before anything was sent") from None
    except (JIRAError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unreadable(asked, error, write=write) from None


def meaning(response: requests.Response, asked: str) -> Exception:
    """Return the error that a refusal (4xx) stands for; its message holds field names, no free text."""
    status = response.status_code
    errors = _errors(response)
    named = sorted(name for name, _ in errors if _FIELD.fullmatch(name))
    said = f"{asked}: {status}" + (f" ({', '.join(named)})" if named else "")
    if status == requests.codes.unauthorized:
        return CredentialsExpired(said)
    if status in {requests.codes.not_found, requests.codes.gone}:
        return NoSuchRecord(said)
    if status == requests.codes.forbidden:
        return AccessRefused(f"{said}; check the account's permissions in the project, and the token's scopes")
    if status in _PASSING:
        return TryLater(said, wait_seconds=DEFAULT_WAIT_SECONDS, done=False)
    if status == requests.codes.bad_request:
        return BadRequest(said, errors=errors)
    return UnexpectedReply(said)


def _errors(response: requests.Response) -> tuple[tuple[str, str], ...]:
    """Return what `errors` and `errorMessages` say: ("customfield_10112", "Operation value must be a string")."""
    try:
        body = response.json()
    except ValueError:
        return ()
    if not isinstance(body, dict):
        return ()
    by_field, general = body.get("errors"), body.get("errorMessages")
    named = [(str(name), str(words)) for name, words in by_field.items()] if isinstance(by_field, dict) else []
    unnamed = [("", str(words)) for words in general] if isinstance(general, list) else []
    return tuple([*named, *unnamed][:10])
