"""The payout provider over HTTP.

`POST /v1/payouts` with `Idempotency-Key` · `GET /v1/payouts?reference=…`. A key is remembered for a while (24 h
unless agreed otherwise) and forgotten then; the same key with another body is refused with 409. What is no cash names
its form (credit, voucher, in kind, benefit), which the provider must repeat; a voucher says how long it holds. There
are no retries here and no redirects are followed: what to do next is `paying.next_step`'s to say.
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from cases.money import NotExact, UnknownAsset
from cases.parts import Form, as_ordered
from payouts.answers import (
    Absent,
    Alarm,
    Confirmed,
    Doubled,
    Failed,
    LookUpAnswer,
    NotProcessed,
    Pending,
    Refused,
    SendAnswer,
    Unanswered,
    Unknown,
)
from payouts.order import PayoutOrder

LARGEST_REPLY_BYTES = 256 * 1024
MOST_PAYOUTS_PER_REFERENCE = 100

#: The request was never written: no connection was made, or none was free.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
#: The request was read, but not acted on.
_NOT_PROCESSED = frozenset({429, 503})
#: The request was not acted on, and will not be until a person changes something.
_REFUSED = {
    400: "the provider holds the payout invalid",
    401: "the provider does not accept our token",
    402: "our balance at the provider does not cover the payout",
    403: "the provider does not let us pay",
}


class _Reply(BaseModel):
    """One payout as the provider tells it. Fields we do not know are passed by; those we know must be as agreed."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    id: str = Field(min_length=1, max_length=200)
    status: Literal["confirmed", "pending", "failed"]
    failure: str | None
    reference: str
    payee: str
    amount: str = Field(pattern=r"^[0-9]{1,40}(\.[0-9]{1,40})?$")
    asset: str
    form: str = Form.CASH.value
    created_at: AwareDatetime


class _Replies(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    payouts: tuple[_Reply, ...] = Field(max_length=MOST_PAYOUTS_PER_REFERENCE)


class _Problem(BaseModel):
    model_config = ConfigDict(extra="ignore")

    error: str = ""
    message: str = ""


class _TooLate(Exception):
    """Raised when the time is over before the request has been written."""


class _TooSlow(Exception):
    """Raised when the whole answer is not there in time."""


class _TooLarge(Exception):
    """Raised when the answer is larger than any real one."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    retry_after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPProvider:
    """A client of the provider; safe to share between threads. Close it with `close`.

    Fields:
        base_url: "https://api.provider.example"; plain http only on this machine (ValueError), as it carries a token.
        token: The bearer token.
        timeout_seconds: For a whole call, the answer's body included.
    """

    base_url: str
    token: str = field(repr=False)
    timeout_seconds: float = 20.0
    _client: httpx.Client = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        url = httpx.URL(self.base_url)
        if url.scheme != "https" and (url.scheme != "http" or url.host not in {"127.0.0.1", "localhost", "::1"}):
            raise ValueError(f"{self.base_url}: the provider is reached by https only")
        client = httpx.Client(
            base_url=url,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
            timeout=self.timeout_seconds,
            follow_redirects=False,
            trust_env=False,
        )
        object.__setattr__(self, "_client", client)

    def close(self) -> None:
        """Close the connections; a repeat does nothing."""
        self._client.close()

    def send(self, order: PayoutOrder, *, within_seconds: float) -> SendAnswer:
        """Send the order once, and return what came of it; raises nothing for whatever the network does.

        within_seconds: What is left until `paying.Send.not_after`; nothing is sent when none is left.
        """
        if within_seconds <= 0:
            return NotProcessed(reason="too late to be sent", wait_seconds=None)
        body = {
            "reference": order.reference,
            "payee": order.payee,
            "amount": order.amount.text(),
            "asset": order.amount.code,
            "memo": order.memo,
            **_form(order),
        }
        request = self._client.build_request("POST", "/v1/payouts", json=body, headers={"Idempotency-Key": order.key})
        try:
            answer = self._call(request, min(within_seconds, self.timeout_seconds))
        except (*_NEVER_SENT, _TooLate) as trouble:
            return NotProcessed(reason=f"not sent: {type(trouble).__name__.strip('_')}", wait_seconds=None)
        except (httpx.HTTPError, httpx.StreamError, _TooSlow, _TooLarge) as trouble:
            return Unknown(reason=f"sent, but the answer was lost: {type(trouble).__name__.strip('_')}")
        return _sent(answer, order)

    def look_up(self, order: PayoutOrder, *, failed_ids: tuple[str, ...] = ()) -> LookUpAnswer:
        """Return what the provider holds under the order's reference; raises nothing for whatever the network does.

        failed_ids: Payouts known to have failed and to be over (`Attempt.failed_ids`); they are passed by.
        """
        request = self._client.build_request("GET", "/v1/payouts", params={"reference": order.reference})
        try:
            answer = self._call(request, self.timeout_seconds)
        except (httpx.HTTPError, httpx.StreamError, _TooLate, _TooSlow) as trouble:
            return Unanswered(
                reason=f"the look-up was not answered: {type(trouble).__name__.strip('_')}", wait_seconds=None
            )
        except _TooLarge:
            return Alarm(reason=f"{order.reference}: the look-up's answer is larger than {LARGEST_REPLY_BYTES} bytes")
        return _found(answer, order, failed_ids)

    def try_out(self, reference: str) -> LookUpAnswer:
        """Return what the provider says when asked for a reference that no payout has: Absent when all is well."""
        request = self._client.build_request("GET", "/v1/payouts", params={"reference": reference})
        try:
            answer = self._call(request, self.timeout_seconds)
        except (httpx.HTTPError, httpx.StreamError, _TooLate, _TooSlow, _TooLarge) as trouble:
            return Unanswered(reason=f"not answered: {type(trouble).__name__.strip('_')}", wait_seconds=None)
        if answer.status != httpx.codes.OK:
            return Refused(reason=_REFUSED.get(answer.status, f"HTTP {answer.status}") + _told(answer))
        try:
            found = _Replies.model_validate_json(answer.body).payouts
        except ValidationError:
            return Alarm(reason="the look-up's answer cannot be read")
        return Alarm(reason=f"it knows a payout {reference}") if found else Absent()

    def _call(self, request: httpx.Request, seconds: float) -> _Answer:
        """Return the whole answer. After `seconds` nothing is written any more and nothing more is read.

        A connection may take several waits (name, addresses, TLS); the clock is therefore looked at again at the last
        moment before the request is written. Only headers that trickle in byte by byte could take longer to read.
        """
        ends_at = time.monotonic() + seconds

        def last_moment(event: str, _: Mapping[str, Any]) -> None:
            if event.endswith("send_request_headers.started") and time.monotonic() > ends_at:
                raise _TooLate

        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        request.extensions["trace"] = last_moment
        with self._streamed(request) as response:
            body = bytearray()
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > LARGEST_REPLY_BYTES:
                    raise _TooLarge
                if time.monotonic() > ends_at:
                    raise _TooSlow
            if response.headers.get("Content-Encoding", "identity") != "identity":
                body.clear()  # We did not ask for it packed; unread, it is an answer that is not understood.
            return _Answer(response.status_code, bytes(body), response.headers.get("Retry-After", ""))

    @contextmanager
    def _streamed(self, request: httpx.Request) -> Iterator[httpx.Response]:
        response = self._client.send(request, stream=True)
        try:
            yield response
        finally:
            response.close()


def _form(order: PayoutOrder) -> dict[str, str]:
    """Return what the provider is told of what is no cash; nothing for cash."""
    told = {} if order.form is Form.CASH else {"form": order.form.value}
    return told if order.valid_for is None else told | {"valid_for": order.valid_for}


def _sent(answer: _Answer, order: PayoutOrder) -> SendAnswer:
    """Return what an answer to a sending means; one that is none of those agreed may have paid, so it is unknown."""
    if answer.status in {200, 201}:
        try:
            reply = _Reply.model_validate_json(answer.body)
        except ValidationError:
            return Unknown(reason=f"HTTP {answer.status} with an answer that cannot be read")
        return _difference(reply, order) or _outcome(reply)
    if answer.status in _NOT_PROCESSED:
        return NotProcessed(reason=f"HTTP {answer.status}", wait_seconds=_wait_seconds(answer))
    if answer.status in _REFUSED:
        return Refused(reason=f"{_REFUSED[answer.status]}{_told(answer)}")
    if answer.status == httpx.codes.CONFLICT and _problem(answer).error == "idempotency_conflict":
        return Alarm(reason=f"{order.key} was used before for another payout")
    return Unknown(reason=f"HTTP {answer.status}")


def _found(answer: _Answer, order: PayoutOrder, failed_ids: tuple[str, ...]) -> LookUpAnswer:
    if answer.status in {401, 403}:
        return Refused(reason=f"{_REFUSED[answer.status]}{_told(answer)}")
    if answer.status != httpx.codes.OK:
        return Unanswered(reason=f"look-up: HTTP {answer.status}", wait_seconds=_wait_seconds(answer))
    try:
        replies = _Replies.model_validate_json(answer.body).payouts
    except ValidationError:
        return Alarm(reason=f"{order.reference}: the look-up's answer cannot be read")
    return _judged(tuple(each for each in replies if each.id not in failed_ids), order)


def _judged(replies: tuple[_Reply, ...], order: PayoutOrder) -> LookUpAnswer:
    """Return what the payouts under one reference amount to; those that failed before are not among them."""
    alarm = next((alarm for each in replies if (alarm := _difference(each, order))), None)
    if alarm is not None:
        return alarm
    live = tuple(each for each in replies if each.status != "failed")
    if len(live) > 1:
        return Doubled(provider_ids=tuple(sorted(each.id for each in live)))
    if live:
        return _outcome(live[0])
    if replies:
        reasons = dict.fromkeys(each.failure or "no reason given" for each in replies)
        return Failed(provider_ids=tuple(sorted(each.id for each in replies)), reason=_short("; ".join(reasons)))
    return Absent()


def _outcome(reply: _Reply) -> Confirmed | Pending | Failed:
    match reply.status:
        case "confirmed":
            return Confirmed(provider_id=reply.id, created_at=reply.created_at)
        case "pending":
            return Pending(provider_id=reply.id)
        case "failed":
            return Failed(provider_ids=(reply.id,), reason=_short(reply.failure or "no reason given"))


def _difference(reply: _Reply, order: PayoutOrder) -> Alarm | None:
    """Return the alarm when the provider's payout is not the one that was ordered; None when it is."""
    try:
        amount = as_ordered(reply.amount, reply.asset, order.amount)
    except (NotExact, UnknownAsset):
        return Alarm(reason=f"{reply.id}: the provider's amount is not one of a known asset")
    ordered = (order.reference, order.payee, order.amount, order.form.value)
    told = (reply.reference, reply.payee, amount, reply.form)
    names = ("reference", "payee", "amount", "form")
    wrong = tuple(name for name, ours, theirs in zip(names, ordered, told, strict=True) if ours != theirs)
    return Alarm(reason=f"{reply.id}: {' and '.join(wrong)} not as ordered for {order.reference}") if wrong else None


def _wait_seconds(answer: _Answer) -> float | None:
    """Return the provider's Retry-After; None when there is none in seconds."""
    return float(answer.retry_after) if re.fullmatch(r"[0-9]{1,6}", answer.retry_after) else None


def _problem(answer: _Answer) -> _Problem:
    try:
        return _Problem.model_validate_json(answer.body)
    except ValidationError:
        return _Problem()


def _told(answer: _Answer) -> str:
    problem = _problem(answer)
    words = " ".join(each for each in (problem.error, problem.message) if each)
    return f": {_short(words)}" if words else ""


def _short(words: str) -> str:
    """Return a provider's words in one printable line of at most 200 characters."""
    return "".join(each if each.isprintable() else " " for each in words)[:200]
