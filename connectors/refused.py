"""What all connectors make of an answer before, and after, their client library looks at it."""

import requests

from connectors.contract import TryLater, UnexpectedReply
from connectors.transport import DEFAULT_WAIT_SECONDS


class Refused(Exception):
    """Any 4xx, raised before the library looks at it: libraries stumble over it, or quote bodies and credentials."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def refuse(response: requests.Response, *_: object, **__: object) -> None:
    """Raise `Refused` for a 4xx; a response hook of the session."""
    if response.status_code >= requests.codes.bad_request:
        raise Refused(response)


def unreadable(asked: str, error: Exception, *, write: bool) -> Exception:
    """Return what it means that the library could not read an accepted answer.

    asked: What was asked, without customers' words.
    write: A write that was accepted and cannot be read is `TryLater` with `done` None: a later look finds it.
    """
    what = f"{asked}: the client library could not read the answer ({type(error).__name__})"
    if write:
        return TryLater(what, wait_seconds=DEFAULT_WAIT_SECONDS, done=None)
    return UnexpectedReply(what)
