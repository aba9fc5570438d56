"""An OAuth access token shared by all threads of one account: fetched once, renewed once, never in a loop of logins.

The vendors' libraries do this badly or not at all (simple-salesforce logged in 972 times for one refused token), so
none of them does it: our session puts the token on each request.
"""

import threading
from collections.abc import Callable

import requests
from requests.auth import AuthBase

#: A token is replaced this long before the vendor says it ends.
SPARE_SECONDS = 60.0


class Bearer(AuthBase):
    """The account's access token; one thread fetches, the others wait for it.

    fetch: Asks the vendor for a token; returns it and the seconds it lasts, None for until the vendor refuses it.
    clock: Monotonic seconds.
    """

    def __init__(self, fetch: Callable[[], tuple[str, float | None]], *, clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._token: str | None = None
        self._ends_at: float | None = None
        self._used = threading.local()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token on a request, in place of any other."""
        token = self._current()
        self._used.token = token
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    def renew(self) -> None:
        """Make sure that the next request has another token than this thread's last one; raises as `fetch`."""
        with self._lock:
            if self._token is not None and self._token == getattr(self._used, "token", None):
                self._token = None

    def _current(self) -> str:
        with self._lock:
            over = self._ends_at is not None and self._clock() >= self._ends_at
            if self._token is None or over:
                asked_at = self._clock()
                token, lasts_seconds = self._fetch()
                self._token = token
                self._ends_at = None if lasts_seconds is None else asked_at + max(lasts_seconds - SPARE_SECONDS, 1.0)
            return self._token
