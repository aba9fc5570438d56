"""One way to a vendor's host for every client library that is built on `requests` (zenpy, simple-salesforce, jira).

The adapter is mounted on the real host name only, so production URLs stay what they are. It
1. sends to a local server when a target is given, and puts the real request and URL back into the answer;
2. sets timeouts, for the whole answer too, and a limit on its size;
3. sends everything once: retries come from our queue, which looks before it writes again;
4. turns 429, 5xx and a broken connection into `TryLater` with the time the vendor named, and says whether a write may
   have been carried out;
5. keeps within our own budgets, and holds them for as long as a 429 says;
6. hands every answer to a hook;
7. in a rehearsal makes no call that changes anything, and raises `Rehearsed` in its place.
"""

import email.utils
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from connectors.contract import Rehearsed, TryLater, UnexpectedReply

#: How long to wait when the vendor does not say.
DEFAULT_WAIT_SECONDS = 5.0
#: However long the vendor says: a nonsensical Retry-After must not park a job for ever.
MOST_WAIT_SECONDS = 3600.0
READS = ("GET", "HEAD", "OPTIONS")
CHUNK_BYTES = 1 << 18
#: A token that is whole but for rounding counts as whole: waiting for the rest would take no time at all, for ever.
ROUNDING = 1e-6
_REASON = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")


class TokenBucket:
    """So many calls a minute, shared by all threads of this process; says how long to wait instead of waiting."""

    def __init__(self, *, per_minute: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_minute / 60
        self._burst = float(burst)
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = float(burst)
        self._counted_at = clock()

    def take(self) -> float:
        """Take one and return 0.0, or take none and return the seconds until there is one."""
        with self._lock:
            self._refill()
            if self._tokens >= 1 - ROUNDING:
                self._tokens = max(0.0, self._tokens - 1)
                return 0.0
            return self._waiting() + (1 - self._tokens) / self._per_second

    def give_back(self) -> None:
        """Return one that was taken for a call that was not made."""
        with self._lock:
            self._refill()
            self._tokens = min(self._burst, self._tokens + 1)

    def hold(self, seconds: float) -> None:
        """Let nothing through for so long, then one at once: what a 429 asks for."""
        with self._lock:
            self._tokens = min(self._tokens, 0.0)
            self._counted_at = max(self._counted_at, self._clock() + seconds - 1 / self._per_second)

    def _waiting(self) -> float:
        return max(0.0, self._counted_at - self._clock())

    def _refill(self) -> None:
        now = self._clock()
        if now > self._counted_at:
            self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._per_second)
            self._counted_at = now


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A limit of the vendor's that we keep ourselves.

    Fields:
        name: Said in the error: "ticket exports".
        bucket: How many.
        method: Which calls count: "PUT"; "" is any.
        path_prefix: Which paths count: "/api/v2/incremental/"; "" is any.
    """

    name: str
    bucket: TokenBucket
    method: str = ""
    path_prefix: str = ""

    def counts(self, *, method: str, path: str) -> bool:
        """Whether a call with this method and path uses it up."""
        return self.method in ("", method) and path.startswith(self.path_prefix)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What the hook is told of each answer: no body, no query, no credentials.

    Fields:
        host: "harbor.zendesk.com".
        method, path: "GET", "/api/v2/tickets/35436.json".
        status: 200; None when no whole answer came.
        seconds: From sending to the last byte.
        size_bytes: Of the body as decoded.
        limit: The vendor's limit for the current window, whichever of the header spellings it used; None unsaid.
        remaining: What is left of it; None unsaid.
        told_at: The vendor's own clock, to the second; None unsaid.
    """

    host: str
    method: str
    path: str
    status: int | None
    seconds: float
    size_bytes: int
    limit: int | None
    remaining: int | None
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """How one vendor's host is reached; shared by threads, each of which asks for its own `session`.

    Fields:
        host: The real host name: "harbor.zendesk.com".
        target: A local server in its place, may carry a path: "http://127.0.0.1:8900/zendesk"; None for the real one.
        connect_seconds: For the connection to stand.
        read_seconds: For each next piece of an answer; the whole answer may take `whole_seconds`.
        most_reply_bytes: A longer answer, as decoded, is refused.
        budgets: Each call must fit into all that count it.
        narrow_reasons: What a 429's RateLimit-Reason says where it is about one record only: no budget is held then.
        patience_seconds: A budget that is free again this soon is waited for; a longer wait is `TryLater`.
        on_response: Called with every answer, and with each call that got none; must not raise.
        rehearse: Whether only calls that change nothing are made.
        is_harmless: Whether a POST (its path, its body) changes nothing: a login, a search. Asked in rehearsals only.
        clock, sleep: Monotonic time and waiting; arguments so that tests need neither.
    """

    host: str
    target: str | None = None
    connect_seconds: float = 3.0
    read_seconds: float = 20.0
    whole_seconds: float = 60.0
    most_reply_bytes: int = 64 << 20
    budgets: tuple[Budget, ...] = ()
    narrow_reasons: frozenset[str] = frozenset()
    patience_seconds: float = 0.25
    on_response: Callable[[Exchange], None] | None = None
    rehearse: bool = False
    is_harmless: Callable[[str, bytes], bool] = lambda _path, _body: False
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def session(self) -> requests.Session:
        """Return a new session that can reach this host and no other; not to be shared between threads."""
        session = requests.Session()
        session.trust_env = False  # Else ~/.netrc replaces our Authorization and HTTP_PROXY reroutes the local hop.
        session.adapters.clear()  # Links in answers lead nowhere but to this host.
        session.mount(f"https://{self.host}/", VendorAdapter(self))
        return session


class VendorAdapter(HTTPAdapter):
    """Sends each request once, and never lets one end in anything but an answer or one of our errors."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(max_retries=urllib3.Retry(0, read=False, redirect=False, respect_retry_after_header=False))
        self._transport = transport

    def send(  # noqa: PLR0917  # The signature is the library's.
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002
        timeout: object = None,  # noqa: ARG002
        verify: bool | str = True,  # noqa: FBT001, FBT002
        cert: object = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send, read the whole answer, and return it when its status is one to be understood (2xx, 4xx but 429).

        Raises TryLater: own budget used up, 429, 5xx, connection broken or too slow (`done` None for a write that may
        have been carried out). Raises UnexpectedReply: redirect, oversized answer, untrusted certificate. Raises
        Rehearsed: a write, in a rehearsal; nothing is sent then.
        """
        transport = self._transport
        method, path = str(request.method), urlsplit(str(request.url)).path
        if transport.rehearse:
            self._rehearse(request, method=method, path=path)
        self._spend(method=method, path=path)
        started = transport.clock()
        try:
            response = super().send(
                self._redirected(request),
                stream=True,
                timeout=(transport.connect_seconds, transport.read_seconds),
                verify=verify,
                cert=cert,  # type: ignore[arg-type]  # Passed through as the library gave it.
                proxies={} if transport.target else proxies,
            )
            self._read_whole(response, deadline=started + transport.whole_seconds)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            self._report(method=method, path=path, response=None, started=started)
            raise self._meaning(error, method=method, path=path) from None
        response.request = request
        response.url = str(request.url)
        self._report(method=method, path=path, response=response, started=started)
        self._refuse(response, method=method, path=path)
        return response

    def _rehearse(self, request: requests.PreparedRequest, *, method: str, path: str) -> None:
        """Let through what changes nothing, and raise Rehearsed for everything else."""
        given = request.body or b""
        body = given.encode() if isinstance(given, str) else given
        if method in READS or (method == "POST" and self._transport.is_harmless(path, body)):
            return
        raise Rehearsed(method=method, url=str(request.url), body=body)

    def _spend(self, *, method: str, path: str) -> None:
        """Use up one of each budget that counts this call, waiting a moment where a moment is enough."""
        patience_seconds = self._transport.patience_seconds
        while short := self._short_of(method=method, path=path):
            name, wait_seconds = short
            if wait_seconds > patience_seconds:
                raise TryLater(f"our own limit of {name} is used up", wait_seconds=wait_seconds, done=False)
            patience_seconds -= wait_seconds
            self._transport.sleep(wait_seconds)

    def _short_of(self, *, method: str, path: str) -> tuple[str, float] | None:
        taken: list[Budget] = []
        for budget in self._transport.budgets:
            if not budget.counts(method=method, path=path):
                continue
            wait_seconds = budget.bucket.take()
            if wait_seconds > 0:
                for each in taken:
                    each.bucket.give_back()
                return budget.name, wait_seconds
            taken.append(budget)
        return None

    def _redirected(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        target = self._transport.target
        if target is None:
            return request
        local = request.copy()
        local.url = target.rstrip("/") + str(request.url).removeprefix(f"https://{self._transport.host}")
        return local

    def _read_whole(self, response: requests.Response, *, deadline: float) -> None:
        """Read the body into the answer; a slow or endless one is cut off."""
        chunks: list[bytes] = []
        size = 0
        # `iter_content` would wait for a whole chunk, and so for ever where bytes drip; `read1` returns what is there.
        while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._transport.most_reply_bytes:
                response.close()
                most = self._transport.most_reply_bytes
                raise UnexpectedReply(f"{self._transport.host} answers with more than {most} bytes")
            if self._transport.clock() > deadline:
                response.close()
                raise requests.ReadTimeout
        response.raw.release_conn()
        # What `stream=False` does in requests itself, whose reading has no limit.
        response._content = b"".join(chunks)  # noqa: SLF001
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001  # Not in its stubs.

    def _meaning(self, error: Exception, *, method: str, path: str) -> Exception:
        """Return our error for a call that got no whole answer; the library's own text is left out: it may quote."""
        where = f"{method} {self._transport.host}{path}"
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return UnexpectedReply(f"{where}: the host's certificate is not trusted")
        if _was_never_sent(error):
            return TryLater(f"{where}: no connection", wait_seconds=DEFAULT_WAIT_SECONDS, done=False)
        done = False if method in READS else None
        return TryLater(f"{where}: {_trouble(error)}", wait_seconds=DEFAULT_WAIT_SECONDS, done=done)

    def _refuse(self, response: requests.Response, *, method: str, path: str) -> None:
        status = response.status_code
        where = f"{method} {self._transport.host}{path}"
        wait_seconds = retry_after_seconds(response.headers)
        if status == requests.codes.too_many_requests:
            reason = _reason(response.headers)
            if reason not in self._transport.narrow_reasons:
                self._hold(method=method, path=path, seconds=wait_seconds)
            said = f"{where}: 429, too many calls" + (f" ({reason})" if reason else "")
            raise TryLater(said, wait_seconds=wait_seconds, done=False)
        if status >= requests.codes.server_error:
            done = False if method in READS else None
            raise TryLater(f"{where}: {status}", wait_seconds=wait_seconds, done=done)
        if requests.codes.multiple_choices <= status < requests.codes.bad_request:
            raise UnexpectedReply(f"{where}: {status}, a redirect, which is not followed")

    def _hold(self, *, method: str, path: str, seconds: float) -> None:
        for budget in self._transport.budgets:
            if budget.counts(method=method, path=path):
                budget.bucket.hold(seconds)

    def _report(self, *, method: str, path: str, response: requests.Response | None, started: float) -> None:
        if self._transport.on_response is None:
            return
        headers: Mapping[str, str] = {} if response is None else response.headers
        self._transport.on_response(
            Exchange(
                host=self._transport.host,
                method=method,
                path=path,
                status=None if response is None else response.status_code,
                seconds=self._transport.clock() - started,
                size_bytes=0 if response is None else len(response.content),
                limit=_first_number(headers, "X-Rate-Limit", "Rate-Limit", "RateLimit-Limit", "X-RateLimit-Limit"),
                remaining=_first_number(
                    headers,
                    "X-Rate-Limit-Remaining",
                    "Rate-Limit-Remaining",
                    "RateLimit-Remaining",
                    "X-RateLimit-Remaining",
                ),
                told_at=told_at(headers),
            )
        )


def retry_after_seconds(headers: Mapping[str, str]) -> float:
    """Return what Retry-After says, in seconds or as a date; 5 when it is missing or unreadable, 3,600 at most.

    A date is counted from the answer's own Date header, so no clock of ours is asked.
    """
    said = headers.get("Retry-After", "").strip()
    try:
        seconds = float(said)
    except ValueError:
        try:
            then = email.utils.parsedate_to_datetime(said)
            seconds = (then - email.utils.parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
        except (TypeError, ValueError):
            return DEFAULT_WAIT_SECONDS
    return min(max(seconds, 1.0), MOST_WAIT_SECONDS) if seconds == seconds else DEFAULT_WAIT_SECONDS  # noqa: PLR0124


def told_at(headers: Mapping[str, str]) -> datetime | None:
    """Return what the Date header says, aware; None when it is missing or unreadable."""
    try:
        said = email.utils.parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return said.astimezone(UTC) if said.tzinfo else None


def _reason(headers: Mapping[str, str]) -> str:
    """Return what RateLimit-Reason says: "jira-per-issue-on-write"; "" when it is missing or no plain word."""
    said = headers.get("RateLimit-Reason", "")
    return said if _REASON.fullmatch(said) else ""


def _was_never_sent(error: Exception) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    inner = error.args[0] if error.args else None
    return isinstance(getattr(inner, "reason", None), urllib3.exceptions.NewConnectionError)


def _trouble(error: Exception) -> str:
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError) or "timed out" in str(error):
        return "no whole answer in time"
    return "the connection broke before a whole answer"


def _first_number(headers: Mapping[str, str], *names: str) -> int | None:
    said = next((headers[name] for name in names if name in headers), "")
    return int(said) if said.isascii() and said.isdigit() else None
