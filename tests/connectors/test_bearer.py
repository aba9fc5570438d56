"""One token for all threads: when it is renewed, and that a vendor that takes none is not asked without end."""

import threading
from collections import Counter
from collections.abc import Callable

import pytest
import requests

from connectors.bearer import PAUSE_SECONDS, Bearer
from connectors.contract import AccessRefused


class Refused(Exception):
    """What the vendor says to a token it does not take."""


class Vendor:
    """Gives tokens t1, t2 … and takes those it is told to.

    takes: Whether a token is taken. gives: Whether a login is.
    """

    def __init__(self) -> None:
        self.given = self.logins = 0
        self.now = 0.0
        self.takes: Callable[[str], bool] = lambda _: True
        self.gives = True
        self.bearer = Bearer(self._log_in, clock=lambda: self.now)

    def _log_in(self) -> tuple[str, float | None]:
        self.logins += 1
        if not self.gives:
            raise AccessRefused("the client is refused")
        self.given += 1
        return f"t{self.given}", None

    def _serve(self) -> str:
        request = requests.Request("GET", "https://harbor.example/", auth=self.bearer).prepare()
        token = request.headers["Authorization"].removeprefix("Bearer ")
        if not self.takes(token):
            raise Refused
        return token

    def call(self) -> str:
        """Return the token that a call went through with."""
        return self.bearer.admitted(self._serve, refused=Refused)


def test_a_call_goes_on_with_the_third_token_when_two_were_revoked() -> None:
    vendor = Vendor()
    vendor.takes = lambda token: token == "t3"

    assert (vendor.call(), vendor.logins) == ("t3", 3)
    assert (vendor.call(), vendor.logins) == ("t3", 3)


def test_a_token_that_somebody_else_renewed_meanwhile_is_used_and_not_renewed_again() -> None:
    vendor = Vendor()
    vendor.call()
    revoked = {"t1"}
    others: list[str] = []

    def takes(token: str) -> bool:
        if token == "t1" and not others:
            others.append("asks")
            thread = threading.Thread(target=lambda: others.append(vendor.call()))
            thread.start()
            thread.join()
        return token not in revoked

    vendor.takes = takes

    assert (vendor.call(), others, vendor.logins) == ("t2", ["asks", "t2"], 2)


def test_a_vendor_that_takes_no_token_is_asked_three_times_and_then_once_in_half_a_minute() -> None:
    vendor = Vendor()
    vendor.takes = lambda _: False
    ended: Counter[str] = Counter()

    def call() -> None:
        for _ in range(5):
            try:
                vendor.call()
            except Refused:
                ended["refused"] += 1

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (ended["refused"], vendor.logins) == (40, 3)
    for round_ in range(1, 4):
        vendor.now = round_ * PAUSE_SECONDS
        call()
        assert vendor.logins == 3 + round_
    vendor.takes = lambda _: True
    assert vendor.call() == "t6"


def test_a_login_that_is_refused_is_tried_again_after_half_a_minute() -> None:
    vendor = Vendor()
    vendor.gives = False

    for _ in range(5):
        with pytest.raises(AccessRefused, match="the client is refused"):
            vendor.call()
    assert vendor.logins == 1
    vendor.now, vendor.gives = PAUSE_SECONDS, True

    assert (vendor.call(), vendor.logins) == ("t1", 2)


def test_tokens_that_were_taken_do_not_count_however_fast_they_are_revoked() -> None:
    vendor = Vendor()

    for number in range(1, 20):
        assert vendor.call() == f"t{number}"
        vendor.takes = lambda token, least=number: int(token[1:]) > least  # type: ignore[misc]
