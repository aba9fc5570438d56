"""Calls to one Jira site through the jira library: one client a thread, credentials renewed, errors understood.

The library's own retries are off (`max_retries=0`): it sends POST and PUT again on 429, 503 and a broken connection.
Its parsing is used where speed and exact numbers do not matter; pages and issues come as raw bytes.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar

import msgspec
import requests
from jira import JIRA

from connectors.bearer import Bearer
from connectors.contract import AccessRefused, BudgetLeft, TryLater
from connectors.jira.auth import credentials
from connectors.jira.refusals import CredentialsExpired, refuse_strangers, understood
from connectors.jira.settings import GATEWAY_HOST, LOGIN_HOST, JiraSettings, ServiceAccount
from connectors.transport import Budget, Exchange, TokenBucket, Transport, VendorAdapter, told_at

logging.getLogger("jira").setLevel(logging.CRITICAL)  # It logs whole answers: an error's, at DEBUG every one.

Answer = TypeVar("Answer")
#: Bases of the library's addresses.
PLATFORM = JIRA.JIRA_BASE_URL
ADMIN_WEBHOOKS = "{server}/rest/webhooks/1.0/{path}"
ISSUES_WATCHED = 4096
#: Of a budget of 100 in 30 seconds, so many may go at once; with the refill no 2 seconds see more than 20.
ISSUE_BURST = 10


class Calls:
    """What can be asked of the site; safe to share between threads.

    on_response: Told of every answer, see `transport.Exchange`.
    clock: Monotonic seconds.
    rehearse: Raise Rehearsed in place of every call that would change something.
    """

    def __init__(
        self,
        settings: JiraSettings,
        *,
        on_response: Callable[[Exchange], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        rehearse: bool = False,
    ) -> None:
        self._settings = settings
        self._rehearse = rehearse
        self._clock = clock
        self._told = on_response
        self._budget: BudgetLeft | None = None
        by_gateway = isinstance(settings.auth, ServiceAccount)
        self._transport = self._reaching(GATEWAY_HOST if by_gateway else settings.host, _budgets(settings, clock))
        self._auth = credentials(settings, login=self._reaching(LOGIN_HOST, ()).session, clock=clock)
        self._issues = IssueWrites(settings.issue_writes_per_30_seconds, clock=clock)
        self._of_thread = threading.local()

    def budget(self) -> BudgetLeft | None:
        """Return what Jira last said of a call's own limit; None when it has said nothing yet."""
        return self._budget

    def get(
        self, path: str, *, asked: str, query: Mapping[str, str | int] | None = None, base: str = PLATFORM
    ) -> bytes:
        """Return the raw body of an answer.

        path: Behind the base: "issue/10042". asked: What is asked, for the error: "issue 10042".
        Raises our three errors and NoSuchRecord.
        """

        def ask(client: JIRA) -> bytes:
            response = client._session.get(client._get_url(path, base), params=dict(query or {}))  # noqa: SLF001
            return response.content

        return self._admitted(ask, asked=asked)

    def search(self, body: Mapping[str, object], *, asked: str) -> tuple[bytes, datetime | None]:
        """Return the raw body of a page of `search/jql`, and when the vendor says it is; raises as `get`."""

        def ask(client: JIRA) -> tuple[bytes, datetime | None]:
            response = client._session.post(  # noqa: SLF001
                client._get_url("search/jql"),  # noqa: SLF001
                data=msgspec.json.encode(body),
            )
            return response.content, told_at(response.headers)

        try:
            return self._admitted(ask, asked=asked)
        except TryLater as error:  # A POST, and yet it writes nothing.
            raise TryLater(str(error), wait_seconds=error.wait_seconds, done=False) from None

    def send(self, method: str, path: str, body: object, *, asked: str, base: str = PLATFORM) -> bytes:
        """Send one write, once, and return the raw body of the answer.

        method: "PUT", "POST" or "DELETE". Raises as `get`; `TryLater.done` is None when the write may have been carried
        out.
        """

        def send(client: JIRA) -> bytes:
            url = client._get_url(path, base)  # noqa: SLF001
            response: requests.Response = client._session.request(method, url, data=msgspec.json.encode(body))  # noqa: SLF001
            return response.content

        return self._admitted(send, asked=asked, write=True)

    def send_to_issue(self, method: str, issue_id: str, path: str, body: object, *, asked: str) -> bytes:
        """Send one write to one issue, within the issue's own budget; raises as `send`.

        path: Behind the issue: "", "/comment".
        """
        self._issues.spend(issue_id)
        return self.send(method, f"issue/{issue_id}{path}", body, asked=asked)

    def ask(self, question: Callable[[JIRA], Answer], *, asked: str) -> Answer:
        """Return what a reading method of the library returns; raises as `get`."""
        return self._admitted(question, asked=asked)

    def _admitted(self, call: Callable[[JIRA], Answer], *, asked: str, write: bool = False) -> Answer:
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
            return "a token made just now is refused: check the service account"
        return "the API token is refused: it may have ended, make a new one"

    def _client(self) -> JIRA:
        client: JIRA | None = getattr(self._of_thread, "client", None)
        if client is None:
            client = JIRA(
                server=self._settings.server,
                options={"rest_api_version": "3"},
                get_server_info=False,
                max_retries=0,
                timeout=(self._settings.connect_seconds, self._settings.read_seconds),
                logging=False,
            )
            client.deploymentType = "Cloud"  # Else its calls for Cloud return None.
            session = client._session  # noqa: SLF001
            session.trust_env = False
            session.auth = self._auth
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # A session would outlive its token.
            session.hooks["response"].append(refuse_strangers)
            session.adapters.clear()  # Links in answers lead nowhere but to this host.
            session.mount(f"https://{self._transport.host}/", VendorAdapter(self._transport))
            self._of_thread.client = client
        return client

    def _reaching(self, host: str, budgets: tuple[Budget, ...]) -> Transport:
        settings = self._settings
        return Transport(
            host=host,
            target=settings.target,
            connect_seconds=settings.connect_seconds,
            read_seconds=settings.read_seconds,
            whole_seconds=settings.whole_seconds,
            most_reply_bytes=settings.most_reply_bytes,
            budgets=budgets,
            narrow_reasons=frozenset({"jira-per-issue-on-write"}),
            on_response=self._hear,
            rehearse=self._rehearse,
            is_harmless=lambda path, _body: host == LOGIN_HOST or path.endswith("/search/jql"),
            clock=self._clock,
        )

    def _hear(self, exchange: Exchange) -> None:
        if exchange.limit and exchange.remaining is not None and exchange.told_at is not None:
            self._budget = BudgetLeft(
                name="calls of one kind in its window",
                limit=exchange.limit,
                remaining=exchange.remaining,
                told_at=exchange.told_at,
            )
        if self._told is not None:
            self._told(exchange)


class IssueWrites:
    """Jira's limit on the writes of each issue, kept by ourselves for the issues written last."""

    def __init__(self, per_30_seconds: int | None, *, clock: Callable[[], float]) -> None:
        self._per_30_seconds = per_30_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def spend(self, issue_id: str) -> None:
        """Count one write; raises TryLater when the issue has had its share."""
        if not self._per_30_seconds:
            return
        with self._lock:
            bucket = self._buckets.pop(issue_id, None) or self._new(self._per_30_seconds)
            self._buckets[issue_id] = bucket
            if len(self._buckets) > ISSUES_WATCHED:
                self._buckets.popitem(last=False)
        wait_seconds = bucket.take()
        if wait_seconds > 0:
            what = f"our own limit of writes to issue {issue_id} is used up"
            raise TryLater(what, wait_seconds=wait_seconds, done=False)

    def _new(self, per_30_seconds: int) -> TokenBucket:
        burst = min(ISSUE_BURST, per_30_seconds)
        return TokenBucket(per_minute=2 * max(1, per_30_seconds - burst), burst=burst, clock=self._clock)


def _budgets(settings: JiraSettings, clock: Callable[[], float]) -> tuple[Budget, ...]:
    if not settings.calls_per_minute:
        return ()
    burst = max(1, settings.calls_per_minute // 20)
    bucket = TokenBucket(per_minute=max(1, settings.calls_per_minute - burst), burst=burst, clock=clock)
    return (Budget(name="calls", bucket=bucket),)
