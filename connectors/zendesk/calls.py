"""Calls to one Zendesk account through zenpy: one client a thread, credentials renewed, errors understood.

zenpy is not safe to share: a shared client lost fields and raised after the server had accepted. Its own retries and
waiting never begin, because the transport raises before zenpy sees a 429 or 5xx.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlencode

import requests
from zenpy import Zenpy
from zenpy.lib.api_objects import Ticket as ZenpyTicket

from connectors.bearer import Bearer
from connectors.contract import AccessRefused, BudgetLeft
from connectors.refused import refuse
from connectors.transport import Budget, Exchange, TokenBucket, Transport
from connectors.zendesk.auth import TOKEN_PATH, credentials
from connectors.zendesk.refusals import CredentialsExpired, understood
from connectors.zendesk.settings import ZendeskSettings

logging.getLogger("zenpy").setLevel(logging.WARNING)  # At DEBUG it prints whole tickets.

Answer = TypeVar("Answer")


class Calls:
    """What can be asked of the account; safe to share between threads.

    on_response: Told of every answer, see `transport.Exchange`.
    clock: Monotonic seconds.
    rehearse: Raise Rehearsed in place of every call that would change something.
    """

    def __init__(
        self,
        settings: ZendeskSettings,
        *,
        on_response: Callable[[Exchange], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        rehearse: bool = False,
    ) -> None:
        self._settings = settings
        self._budget: BudgetLeft | None = None
        self._told = on_response
        self._transport = Transport(
            host=settings.host,
            target=settings.target,
            connect_seconds=settings.connect_seconds,
            read_seconds=settings.read_seconds,
            whole_seconds=settings.whole_seconds,
            most_reply_bytes=settings.most_reply_bytes,
            budgets=_budgets(settings, clock),
            on_response=self._hear,
            rehearse=rehearse,
            is_harmless=lambda path, _body: path == TOKEN_PATH,
            clock=clock,
        )
        self._auth = credentials(settings, session=self._transport.session, clock=clock)
        self._of_thread = threading.local()

    def budget(self) -> BudgetLeft | None:
        """Return what the vendor last said of the requests a minute; None when it has said nothing yet."""
        return self._budget

    def get(self, path: str, *, asked: str, query: Mapping[str, str | int] | None = None) -> bytes:
        """Return the raw body of an answer.

        path: "/api/v2/tickets/35436.json", or a whole link of an earlier answer.
        asked: What is asked, for the error: "ticket 35436".

        Raises our three errors and NoSuchRecord.
        """
        url = path if path.startswith("https://") else f"https://{self._settings.host}{path}"
        if query:
            url = f"{url}?{urlencode(query)}"

        def ask(client: Zenpy) -> bytes:
            # zenpy's only way to an answer it has not made objects of, which cost twenty times the CPU.
            response: requests.Response = client.tickets._get(url, raw_response=True)  # noqa: SLF001
            return response.content

        return self._admitted(ask, asked=asked)

    def update_ticket(self, ticket: ZenpyTicket, *, asked: str) -> None:
        """Send one update, once; `ticket` must be a fresh object, because zenpy sends what was ever set on one.

        Raises our three errors (`TryLater.done` None when the update may have been carried out), NoSuchRecord and
        UpdateConflict.
        """

        def send(client: Zenpy) -> None:
            answer = client.tickets.update(ticket)
            if getattr(getattr(answer, "ticket", None), "id", None) != ticket.id:
                raise ValueError("zenpy makes something of any 200, a proxy's page too")

        self._admitted(send, asked=asked, write=True)

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None, *, asked: str) -> bytes:
        """Send one write, once, and return the raw body of its answer; raises as `update_ticket`.

        method: "POST", "PATCH" or "DELETE".
        """

        def send(client: Zenpy) -> bytes:
            url = f"https://{self._settings.host}{path}"
            http_method = getattr(client.tickets.session, method.lower())
            # As above; `create` would make objects of an answer whose id is all we need.
            response: requests.Response = client.tickets._call_api(  # noqa: SLF001
                http_method, url, json=None if body is None else dict(body)
            )
            return response.content

        return self._admitted(send, asked=asked, write=True)

    def _hear(self, exchange: Exchange) -> None:
        if exchange.limit and exchange.remaining is not None and exchange.told_at is not None:
            self._budget = BudgetLeft(
                name="requests a minute", limit=exchange.limit, remaining=exchange.remaining, told_at=exchange.told_at
            )
        if self._told is not None:
            self._told(exchange)

    def _admitted(self, call: Callable[[Zenpy], Answer], *, asked: str, write: bool = False) -> Answer:
        """Return what the call returns, with credentials renewed when they are refused, see `connectors.bearer`."""

        def attempt() -> Answer:
            with understood(asked, write=write):
                return call(self._client())

        try:
            if isinstance(self._auth, Bearer):
                return self._auth.admitted(attempt, refused=CredentialsExpired)
            return attempt()
        except CredentialsExpired as error:
            raise AccessRefused(f"{error}; {self._fix()}") from None

    def _fix(self) -> str:
        if isinstance(self._auth, Bearer):
            return "a token made just now is refused: check the OAuth client"
        return "the API token is refused: check it, or set an OAuth client"

    def _client(self) -> Zenpy:
        client: Zenpy | None = getattr(self._of_thread, "client", None)
        if client is None:
            session = self._transport.session()
            session.auth = self._auth
            session.hooks["response"].append(refuse)
            # "anonymous" says that the session brings its own credentials.
            client = Zenpy(subdomain=self._settings.subdomain, session=session, anonymous=True, disable_cache=True)
            self._of_thread.client = client
        return client


def _budgets(settings: ZendeskSettings, clock: Callable[[], float]) -> tuple[Budget, ...]:
    """Return our own limits; narrow ones first, so that a call refused by one uses up nothing of the others."""

    def bucket(per_minute: int) -> TokenBucket:
        """Make one that lets no more through in any minute than the vendor does: the burst is part of it."""
        burst = max(1, per_minute // 20)
        return TokenBucket(per_minute=per_minute - burst + 1, burst=burst, clock=clock)

    limits = (
        ("ticket exports", settings.exports_per_minute, "", "/api/v2/incremental/"),
        ("ticket updates", settings.updates_per_minute, "PUT", "/api/v2/tickets/"),
        ("calls", settings.calls_per_minute, "", ""),
    )
    return tuple(
        Budget(name=name, bucket=bucket(per_minute), method=method, path_prefix=prefix)
        for name, per_minute, method, prefix in limits
        if per_minute
    )
