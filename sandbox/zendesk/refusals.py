"""Zendesk's refusals: status and body as the vendor words them.

Bodies seen in recordings: RecordNotFound, TooManyValues. In public issue threads and client code: invalid_token,
"Couldn't authenticate you", UpdateConflict, RecordInvalid with "Status: closed prevents ticket update".
The wording of the other descriptions has no independent evidence; clients should look at `error` and the status.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False, kw_only=True)  # Not frozen: contextlib writes the traceback into exceptions.
class Refused(Exception):
    """The request is answered with this instead.

    status: HTTP status: 422.
    body: The JSON body.
    headers: More headers: {"Retry-After": "12"}.
    """

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def not_found() -> Refused:
    """Return the refusal for a record that does not exist."""
    return Refused(status=404, body={"error": "RecordNotFound", "description": "Not found"})


def no_such_endpoint() -> Refused:
    """Return the refusal for a path the API does not have."""
    return Refused(status=404, body={"error": "InvalidEndpoint", "description": "Not found"})


def invalid(attribute: str, description: str, *, error: str = "InvalidValue") -> Refused:
    """Return the 422 for a value the vendor does not take, named under `details`."""
    details = {attribute: [{"description": description, "error": error}]}
    return Refused(
        status=422,
        body={"error": "RecordInvalid", "description": "Record validation errors", "details": details},
    )


def closed_ticket() -> Refused:
    """Return the 422 for a write to a closed ticket."""
    return invalid("status", "Status: closed prevents ticket update", error="ClosedTicket")


def unreadable_json() -> Refused:
    """Return the 422 for a body that is no JSON object."""
    return Refused(status=422, body={"error": "Unprocessable Entity", "message": "Server could not parse JSON"})


def missing_parameter(name: str) -> Refused:
    """Return the 400 for a body without its root object."""
    return Refused(
        status=400,
        body={
            "error": {
                "title": "Invalid attribute",
                "message": f"You passed an invalid value for the {name} attribute. Missing.",
            }
        },
    )


def bad_parameter(name: str, message: str) -> Refused:
    """Return the 400 for a query parameter that cannot be used."""
    return Refused(
        status=400,
        body={
            "error": {
                "title": "Invalid attribute",
                "message": f"You passed an invalid value for the {name} attribute. {message}",
            }
        },
    )


def too_many_values() -> Refused:
    """Return the 400 for more than 100 ids."""
    return Refused(
        status=400, body={"error": "TooManyValues", "description": "Parameter: ids accepts a maximum of 100 values."}
    )


def update_conflict() -> Refused:
    """Return the 409 of a safe update whose stamp is older than the ticket."""
    description = (
        "Safe Update prevented the update due to outdated ticket data. "
        "Please fetch the latest ticket data and try again."
    )
    return Refused(status=409, body={"error": "UpdateConflict", "description": description})


def key_of_another_request() -> Refused:
    """Return the 400 for an Idempotency-Key that came with another body before."""
    return Refused(
        status=400,
        body={
            "error": "IdempotentRequestError",
            "description": "Parameters do not match those of the first request with this idempotency key.",
        },
    )


def too_many_requests(message: str, *, retry_after_seconds: int) -> Refused:
    """Return the 429 of a limit, with the seconds until it opens again."""
    return Refused(
        status=429,
        body={"error": "TooManyRequests", "description": message},
        headers={"Retry-After": str(retry_after_seconds)},
    )


def invalid_token() -> Refused:
    """Return the 401 for a bearer token that is unknown, revoked or expired."""
    return Refused(
        status=401,
        body={
            "error": "invalid_token",
            "error_description": (
                "The access token provided is expired, revoked, malformed or invalid for other reasons."
            ),
        },
        headers={"WWW-Authenticate": 'Bearer realm="Zendesk"'},
    )


def not_authenticated() -> Refused:
    """Return the 401 for wrong or missing Basic credentials."""
    return Refused(
        status=401,
        body={"error": "Couldn't authenticate you"},
        headers={"WWW-Authenticate": 'Basic realm="Web Password"'},
    )
