"""An OAuth access token shared by all threads of one account: fetched once, renewed by one, never in a loop of logins.

The vendors' libraries do this badly or not at all (simple-salesforce logged in 972 times for one refused token), so
none of them does it: our session puts the token on each request.

A call whose token is refused is made again with another one, twice at most: somebody may have revoked the new one
between our login and our call. When the vendor refuses every token it gives, or the login itself, logging in more often
does not help and may lock the account: then all threads together log in once in `PAUSE_SECONDS`.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

import requests
from requests.auth import AuthBase

from connectors.contract import AccessRefused

Answer = TypeVar("Answer")
#: A token is replaced this long before the vendor says it ends.
SPARE_SECONDS = 60.0
MOST_RENEWALS = 2
#: So many tokens in a row of which the vendor took none are enough to see that the next will be no better.
MOST_UNTAKEN = 1 + MOST_RENEWALS
PAUSE_SECONDS = 30.0


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
        self._untaken = 0
        self._asked_at = 0.0
        self._refusal: str | None = None
        self._used = threading.local()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token on a request, in place of any other."""
        token = self._current()
        self._used.token = token
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    def admitted(self, call: Callable[[], Answer], *, refused: type[Exception]) -> Answer:
        """Return what the call returns, made again with another token when the vendor refuses the one it had.

        refused: What the call raises then. It is raised when every token was refused, after three logins at most.
        Raises as `fetch` and the call.
        """
        for _ in range(MOST_RENEWALS):
            try:
                return self._taken(call())
            except refused:
                self._renew()
        return self._taken(call())

    def _taken(self, answer: Answer) -> Answer:
        """Remember that the vendor takes the tokens it gives."""
        self._untaken = 0
        return answer

    def _renew(self) -> None:
        """Make sure that the next request has another token than this thread's last one, where that may help."""
        with self._lock:
            if self._token == getattr(self._used, "token", None) and not (
                self._untaken >= MOST_UNTAKEN and self._is_pausing()
            ):
                self._token = None

    def _current(self) -> str:
        with self._lock:
            over = self._ends_at is not None and self._clock() >= self._ends_at
            if self._token is None or over:
                self._token = self._log_in()
            return self._token

    def _log_in(self) -> str:
        if self._refusal is not None and self._is_pausing():
            raise AccessRefused(self._refusal)
        self._asked_at, self._refusal = self._clock(), None
        try:
            token, lasts_seconds = self._fetch()
        except AccessRefused as error:
            self._refusal = str(error)
            raise
        self._untaken += 1
        self._ends_at = None if lasts_seconds is None else self._asked_at + max(lasts_seconds - SPARE_SECONDS, 1.0)
        return token

    def _is_pausing(self) -> bool:
        return self._clock() - self._asked_at < PAUSE_SECONDS
