"""Salesforce's refusals: status and the array of errors, as the vendor words them.

Wordings seen in public issue threads and the vendor's pages unless a function says otherwise. Clients should decide
by `errorCode`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is wrong with one record: code "STRING_TOO_LONG", message, and the fields it is about."""

    code: str
    message: str
    fields: tuple[str, ...] = ()
    status: int = 400


@dataclass(eq=False, kw_only=True)  # Not frozen: contextlib writes the traceback into exceptions.
class Refused(Exception):
    """The request is answered with this instead.

    status: HTTP status: 400.
    body: The JSON body; None = empty.
    headers: More headers.
    """

    status: int
    body: Sequence[Mapping[str, Any]] | Mapping[str, Any] | Sequence[str] | None
    headers: Mapping[str, str] = field(default_factory=dict)


def refused(code: str, message: str, *, status: int = 400) -> Refused:
    """Return a refusal whose body is one error without fields."""
    return Refused(status=status, body=[{"message": message, "errorCode": code}])


def record_refused(trouble: Trouble) -> Refused:
    """Return the refusal of a request about one record."""
    return Refused(status=trouble.status, body=[error_body(trouble)])


def error_body(trouble: Trouble) -> dict[str, Any]:
    """Return an error as REST rows answer it; an unknown column comes without fields."""
    body: dict[str, Any] = {"message": trouble.message, "errorCode": trouble.code}
    if trouble.code not in ("INVALID_FIELD", "JSON_PARSER_ERROR", "NOT_FOUND"):
        body["fields"] = list(trouble.fields)
    return body


def not_found() -> Refused:
    """Return the refusal for a path or record that does not exist."""
    return Refused(status=404, body=[{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}])


def no_external_id(name: str) -> Refused:
    """Return the refusal for a path whose id is no id and whose field is no external id."""
    message = f"Provided external ID field does not exist or is not accessible: {name}"
    return Refused(status=404, body=[{"errorCode": "NOT_FOUND", "message": message}])


def method_not_allowed(allowed: str) -> Refused:
    """Return the 405 of a path that does not know this method."""
    return Refused(
        status=405,
        body=[
            {"errorCode": "METHOD_NOT_ALLOWED", "message": f"HTTP Method not allowed. Allowed are {allowed}"},
        ],
        headers={"Allow": allowed},
    )


def invalid_session() -> Refused:
    """Return the 401 for a token that is unknown, revoked or expired."""
    return Refused(
        status=401,
        body=[{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
        headers={"WWW-Authenticate": "Token"},
    )


def invalid_auth_header() -> Refused:
    """Return the 401 for an Authorization header that is no bearer token."""
    return Refused(status=401, body=[{"message": "INVALID_HEADER_TYPE", "errorCode": "INVALID_AUTH_HEADER"}])


def too_many_requests() -> Refused:
    """Return the 403 of an org that has used up its requests."""
    return refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)


def bad_json(message: str) -> Refused:
    """Return the 400 for a body that is not the JSON wanted."""
    return refused("JSON_PARSER_ERROR", message)


def precondition_failed() -> Refused:
    """Return the 412 of a conditional request; the status is documented, an empty body is ours."""
    return Refused(status=412, body=None)


def oauth_error(error: str, description: str, *, status: int = 400) -> Refused:
    """Return a refusal of the token endpoint."""
    return Refused(status=status, body={"error": error, "error_description": description})


def no_such_column(name: str, entity: str) -> Trouble:
    """Return the trouble of a field that the object does not have."""
    return Trouble(code="INVALID_FIELD", message=f"No such column '{name}' on sobject of type {entity}")


def malformed_id(label: str, value: object, field_name: str) -> Trouble:
    """Return the trouble of a value that is no id of the right object."""
    return Trouble(code="MALFORMED_ID", message=f"{label}: id value of incorrect type: {value}", fields=(field_name,))


def unknown_reference() -> Trouble:
    """Return the trouble of an id that names no record."""
    return Trouble(code="INVALID_CROSS_REFERENCE_KEY", message="invalid cross reference id")


def deleted_entity() -> Trouble:
    """Return the trouble of a write to a deleted record."""
    return Trouble(code="ENTITY_IS_DELETED", message="entity is deleted", status=404)


def locked_row(record_id: str) -> Trouble:
    """Return the trouble of a row somebody else is writing."""
    message = f"unable to obtain exclusive access to this record or 1 records: {record_id}"
    return Trouble(code="UNABLE_TO_LOCK_ROW", message=message)
