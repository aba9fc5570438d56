"""Calls to one Salesforce org through simple-salesforce: one client a thread, credentials renewed.

The library is given a session that reaches this org only and carries our own token, so it never logs in by itself. Its
answers are taken raw (`_call_salesforce`): it would make floats of numbers and dictionaries of whole pages.

Many things are asked in one composite request, which counts as one call: POST /services/data/vXX.X/composite, up to 25
subrequests, 5 of them queries or collections.

https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-composite-post.html
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.bulk2 import Operation, SFBulk2Handler, SFBulk2Type

from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.refused import refuse
from connectors.salesforce.auth import TOKEN_PATH, bearer
from connectors.salesforce.limits import HEADER, Allowance
from connectors.salesforce.refusals import CredentialsExpired, understood
from connectors.salesforce.settings import SalesforceSettings
from connectors.transport import Exchange, Transport, told_at
from connectors.wire_json import Unreadable, decoded

logging.getLogger("simple_salesforce").setLevel(logging.WARNING)

Result = TypeVar("Result")
MOST_SUBREQUESTS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. told_at: The vendor's clock, to the second, aware; None when it did not say."""

    body: bytes
    headers: Mapping[str, str]
    told_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subrequest:
    """One part of a composite request.

    Fields:
        name: Names its answer: letters and digits.
        method: "GET", "PATCH", "POST".
        path: "/services/data/v62.0/sobjects/Case/500…".
        body: JSON; None for none.
        headers: Of this part: {"If-Unmodified-Since": …}.
    """

    name: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None


class SubAnswer(msgspec.Struct):
    """The answer to one part; a query's body is not yet decoded."""

    body: msgspec.Raw
    httpStatusCode: int  # noqa: N815  # The vendor's name.
    referenceId: str  # noqa: N815  # As above.


class _Composite(msgspec.Struct):
    compositeResponse: list[SubAnswer]  # noqa: N815  # The vendor's name.


_COMPOSITE = msgspec.json.Decoder(_Composite)


class Calls:
    """What can be asked of the org; safe to share between threads.

    on_response: Told of every answer, see `transport.Exchange`.
    clock: Monotonic seconds.
    rehearse: Raise Rehearsed in place of every call that would change something.
    """

    def __init__(
        self,
        settings: SalesforceSettings,
        *,
        on_response: Callable[[Exchange], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        rehearse: bool = False,
    ) -> None:
        self._settings = settings
        self._transport = Transport(
            host=settings.host,
            target=settings.target,
            connect_seconds=settings.connect_seconds,
            read_seconds=settings.read_seconds,
            whole_seconds=settings.whole_seconds,
            most_reply_bytes=settings.most_reply_bytes,
            on_response=on_response,
            rehearse=rehearse,
            is_harmless=_is_harmless,
            clock=clock,
        )
        self.allowance = Allowance(share_left=settings.share_left, clock=clock)
        self._auth = bearer(settings, session=self._transport.session, clock=clock)
        self._of_thread = threading.local()

    def get(self, path: str, *, asked: str, query: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a GET. path: "/services/data/v62.0/limits". Raises our three errors and NoSuchRecord."""
        return self._call("GET", path + (f"?{urlencode(query)}" if query else ""), asked=asked)

    def query(self, soql: str, *, asked: str) -> Answer:
        """Return one answer of rows, deleted ones too; raises as `get`."""
        return self.get(self.query_path(""), asked=asked, query={"q": soql})

    def query_path(self, soql: str) -> str:
        """Return the path of a query that finds deleted rows too, as a subrequest has it."""
        path = f"{self._settings.data_path}queryAll/"
        return f"{path}?q={quote(soql, safe='')}" if soql else path

    def look(self, parts: tuple[Subrequest, ...], *, asked: str) -> tuple[dict[str, SubAnswer], datetime | None]:
        """Return the answers of a composite that only reads, by name, and the vendor's clock; raises as `get`."""
        try:
            return self._composite(parts, asked=asked, all_or_none=False, write=False)
        except TryLater as error:  # It is a POST, but nothing can have been done by it.
            raise TryLater(str(error), wait_seconds=error.wait_seconds, done=False) from None

    def write(self, parts: tuple[Subrequest, ...], *, asked: str) -> dict[str, SubAnswer]:
        """Send a composite of which all is written or nothing, once; return the answers by name.

        Raises our three errors; `TryLater.done` is None when it may have been carried out.
        """
        return self._composite(parts, asked=asked, all_or_none=True, write=True)[0]

    def create_job(self, soql: str, *, asked: str) -> dict[str, Any]:
        """Start a Bulk 2 query job and return it as sent; raises as `get`."""
        return self._admitted(
            lambda client: dict(_bulk(client)._client.create_job(Operation.query_all, soql)),  # noqa: SLF001
            asked=asked,
        )

    def job(self, job_id: str, *, asked: str) -> dict[str, Any]:
        """Return how a job stands, as sent; raises as `get`."""
        return self._admitted(
            lambda client: dict(_bulk(client)._client.get_job(job_id, is_query=True)),  # noqa: SLF001
            asked=asked,
        )

    def job_results(self, job_id: str, *, locator: str, most: int, asked: str) -> Answer:
        """Return a page of a job's results, CSV; raises as `get`. locator: "" for the first."""
        query = {"maxRecords": str(most)} | ({"locator": locator} if locator else {})
        path = f"{self._settings.data_path}jobs/query/{quote(job_id, safe='')}/results?{urlencode(query)}"
        return self._call("GET", path, asked=asked, headers={"Accept": "text/csv"})

    def _composite(
        self, parts: tuple[Subrequest, ...], *, asked: str, all_or_none: bool, write: bool
    ) -> tuple[dict[str, SubAnswer], datetime | None]:
        body = {
            "allOrNone": all_or_none,
            "collateSubrequests": False,  # Else the vendor may change their order.
            "compositeRequest": [_wire(part) for part in parts],
        }
        answer = self._call("POST", f"{self._settings.data_path}composite", asked=asked, body=body, write=write)
        found = _sub_answers(answer.body)
        if found is None or {each.referenceId for each in found} != {part.name for part in parts}:
            said = f"{asked}: the composite answer is none"
            if write:
                raise TryLater(said, wait_seconds=5.0, done=None)
            raise UnexpectedReply(said)
        return {each.referenceId: each for each in found}, answer.told_at

    def _call(
        self,
        method: str,
        path: str,
        *,
        asked: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        write: bool = False,
    ) -> Answer:
        more: dict[str, Any] = {"headers": dict(headers or {})}
        if body is not None:
            more["data"] = json.dumps(body, allow_nan=False)

        def ask(client: Salesforce) -> Answer:
            response = client._call_salesforce(method, f"https://{self._settings.host}{path}", **more)  # noqa: SLF001
            return Answer(body=response.content, headers=response.headers, told_at=told_at(response.headers))

        return self._admitted(ask, asked=asked, write=write)

    def _admitted(self, call: Callable[[Salesforce], Result], *, asked: str, write: bool = False) -> Result:
        """Return what the call returns, with the token renewed when it is refused, see `connectors.bearer`."""

        def attempt() -> Result:
            with understood(asked, write=write):
                return call(self._client())

        try:
            return self._auth.admitted(attempt, refused=CredentialsExpired)
        except CredentialsExpired as error:
            raise AccessRefused(f"{error}; a token made just now is refused: check the External Client App") from None

    def _client(self) -> Salesforce:
        client: Salesforce | None = getattr(self._of_thread, "client", None)
        if client is None:
            session = self._transport.session()
            session.auth = self._auth  # Takes the place of the header the library makes of its session_id.
            session.hooks["response"] += [self._hear, refuse]
            client = Salesforce(
                session_id="our session brings it",
                instance=self._settings.host,
                version=self._settings.api_version,
                session=session,
            )
            del client.headers["X-PrettyPrint"]  # Half as many bytes.
            self._of_thread.client = client
        return client

    def _hear(self, response: requests.Response, *_: object, **__: object) -> None:
        said, then = response.headers.get(HEADER), told_at(response.headers)
        if said and then is not None:
            self.allowance.hear(said, then)


def _is_harmless(path: str, body: bytes) -> bool:
    """Whether a POST changes nothing: a login, a composite of GETs, a query job."""
    if path == TOKEN_PATH or path.endswith("/jobs/query"):
        return True
    if not path.endswith("/composite"):
        return False
    try:
        parts = json.loads(body)["compositeRequest"]
        return all(part["method"] == "GET" for part in parts)
    except (ValueError, KeyError, TypeError):
        return False


def _bulk(client: Salesforce) -> SFBulk2Type:
    return SFBulk2Handler(client.session_id, client.bulk2_url, session=client.session).Case


def _wire(part: Subrequest) -> dict[str, Any]:
    wire: dict[str, Any] = {"method": part.method, "url": part.path, "referenceId": part.name}
    if part.body is not None:
        wire["body"] = part.body
    if part.headers is not None:
        wire["httpHeaders"] = part.headers
    return wire


def _sub_answers(body: bytes) -> list[SubAnswer] | None:
    try:
        return decoded(_COMPOSITE, body).compositeResponse
    except Unreadable:
        return None
