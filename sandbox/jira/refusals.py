"""Jira's refusals: status, headers and body as the vendor words them.

Seen in recordings and public threads: "Issue does not exist ...", "Field 'x' cannot be set ...", "Operation value must
be an Atlassian Document ...", "Comment body is not valid!", "Unbounded JQL queries ...", the 410 of the old search,
"Invalid request payload ...", the problem bodies for unknown paths and media types, the plain-text 401 of /myself, the
text limits, "It seems that you have tried to perform a workflow operation ...", and the JQL errors of a query that
cannot be read. Other wording has no independent evidence; clients should look at the status and the keys of `errors`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from sandbox.jira.records import HOST

JSON_TYPE = "application/json;charset=UTF-8"
PROBLEM_TYPE = "application/problem+json;charset=UTF-8"
NOT_ADF = "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
NOT_TEXT = "Operation value must be a string"
NOT_A_NUMBER = "Operation value must be a number"
CONTENT_LIMIT = "CONTENT_LIMIT_EXCEEDED"
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."


@dataclass(eq=False, kw_only=True)  # Not frozen: contextlib writes the traceback into exceptions.
class Refused(Exception):
    """The request is answered with this instead.

    body: JSON, or text as it is. media_type: Of the body.
    """

    status: int
    body: Mapping[str, Any] | str
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON_TYPE


def refused(status: int, *messages: str, **errors: str) -> Refused:
    """Return a refusal in the usual body: `errorMessages` and `errors` by field."""
    return Refused(status=status, body={"errorMessages": list(messages), "errors": errors})


def bad_fields(errors: Mapping[str, str]) -> Refused:
    """Return the 400 that names fields."""
    return Refused(status=400, body={"errorMessages": [], "errors": dict(errors)})


def bad_payload() -> Refused:
    """Return the 400 for a body that is not what the operation takes; it has no `errors`."""
    message = "Invalid request payload. Refer to the REST API documentation and try again."
    return Refused(status=400, body={"errorMessages": [message]})


def no_issue() -> Refused:
    """Return the 404 for an issue that is not there or not to be seen."""
    return refused(404, "Issue does not exist or you do not have permission to see it.")


def no_project(reference: str) -> Refused:
    """Return the 404 for a project."""
    return refused(404, f"No project could be found with key '{reference}'.")


def no_comment(reference: str) -> Refused:
    """Return the 404 for a comment."""
    return refused(404, f"Can not find a comment for the id: {reference}.")


def off_screen(field_id: str) -> str:
    """Return the sentence for a field that is not on the screen."""
    return f"Field '{field_id}' cannot be set. It is not on the appropriate screen, or unknown."


def too_long(limit: int) -> str:
    """Return the sentence for a text that is too long."""
    return f"The entered text is too long. It exceeds the allowed limit of {limit:,} characters."


def not_authenticated() -> Refused:
    """Return the 401 of what nobody may ask anonymously, as JSON."""
    return Refused(
        status=401,
        body={
            "errorMessages": ["You are not authenticated. Authentication required to perform this operation."],
            "errors": {},
        },
        headers=challenge(),
    )


def nobody() -> Refused:
    """Return the 401 of /myself: plain text."""
    return Refused(
        status=401,
        body="Client must be authenticated to access this resource.",
        headers=challenge(),
        media_type="text/html;charset=UTF-8",
    )


def challenge() -> dict[str, str]:
    """Return the header that asks for credentials."""
    return {"WWW-Authenticate": f'OAuth realm="{quote(HOST, safe="")}"'}


def unreadable_bearer() -> Refused:
    """Return the 403 for a bearer token sent to the site itself: OAuth tokens go to api.atlassian.com."""
    return Refused(status=403, body={"error": "Failed to parse Connect Session Auth Token"})


def gateway_unauthorized() -> Refused:
    """Return the 401 of api.atlassian.com for a token that is wrong or expired."""
    return Refused(status=401, body={"code": 401, "message": "Unauthorized"}, headers=challenge())


def forbidden(message: str) -> Refused:
    """Return a 403."""
    return refused(403, message)


def problem(status: int, detail: str, path: str) -> Refused:
    """Return an RFC 9457 problem: unknown paths, methods and media types are answered so."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": path,
    }
    return Refused(status=status, body=body, media_type=PROBLEM_TYPE)


def search_is_gone() -> Refused:
    """Return the 410 of the search that was removed in 2025."""
    return refused(
        410,
        "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration "
        "guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046",
    )


def rate_limited(reason: str, *, limit: int, retry_after: int, reset: str, near_limit: bool = False) -> Refused:
    """Return a 429. reason: "jira-burst-based", "jira-per-issue-on-write", "jira-quota-global-based"."""
    headers = {
        "Retry-After": str(retry_after),
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": reset,
        "RateLimit-Reason": reason,
    }
    if near_limit:
        headers["X-RateLimit-NearLimit"] = "true"
    message = "The request has been rate-limited. Please try again later."
    return Refused(status=429, body={"errorMessages": [message], "errors": {}, "status": 429}, headers=headers)
