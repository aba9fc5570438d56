"""Evidence from the account-data service.

GET {base}/v1/losses/{kind}/{reference}?customer_id=C-100023 with a bearer token. Every value is text: numbers as
decimal text, yes/no, ISO times with offset; what is not known is absent. 404 not_found; 403 customer_mismatch when the
reference belongs to another customer, any other 403 and every 401 is a refusal of ours. References are matched exactly.
The service is the exchange's own, so there is no vendor's page.
"""

import json
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import quote

import httpx
from pydantic import AwareDatetime, BaseModel, StrictStr, ValidationError

from cases.evidence import Evidence
from cases.loss import Loss, LossKind
from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.transport import DEFAULT_WAIT_SECONDS, retry_after_seconds

SOURCE = "account-data"
MOST_REPLY_BYTES = 1 << 20
TIMEOUT = httpx.Timeout(connect=3.0, read=10.0, write=5.0, pool=5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """The service knows nothing of this reference. message: Says so, for people."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BelongsToAnother:
    """The reference is another customer's: somebody mistyped it, or tries it on. message: Says so, for people."""

    message: str


class WireLoss(BaseModel):
    """The service's answer; a fact may be a list of items, each with texts by name."""

    customer_id: StrictStr
    kind: LossKind
    reference: StrictStr
    as_of: AwareDatetime
    customer: dict[StrictStr, StrictStr]
    facts: dict[StrictStr, StrictStr | list[dict[StrictStr, StrictStr]]]


class WireRefusal(BaseModel):
    """The service's word for why not."""

    error: StrictStr


class AccountData:
    """The account-data service; safe to share between threads.

    base_url: "http://127.0.0.1:8900/accounts".
    token: Its bearer token, never shown.
    client: Without credentials or base URL of its own; closed by whoever made it.
    """

    def __init__(self, base_url: str, token: str, client: httpx.Client) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._client = client

    def evidence_for(self, loss: Loss) -> Evidence | NotFound | BelongsToAnother:
        """Return what the service knows about this loss: facts about it and about the customer, by the service's names.

        A reference that is not known as it was typed is looked up once more without blanks and in capitals.
        Raises TryLater (not reached, 429, 5xx), AccessRefused (token, 403) and UnexpectedReply (anything else, and an
        answer about another loss than the one asked for).
        """
        typed = loss.reference.strip()
        found = self._look_up(loss, typed)
        tidy = "".join(typed.split()).upper()
        return self._look_up(loss, tidy) if isinstance(found, NotFound) and tidy != typed else found

    def _look_up(self, loss: Loss, reference: str) -> Evidence | NotFound | BelongsToAnother:
        asked = f"account data of a {loss.kind} of {loss.customer_id}"
        status, headers, body = self._get(loss, reference, asked)
        match status:
            case 200:
                return _evidence(body, loss, asked)
            case 404 if _refusal(body) == "not_found":
                return NotFound(message=f"the account data knows no {loss.kind} {loss.reference!r}")
            case 403 if _refusal(body) == "customer_mismatch":
                return BelongsToAnother(message=f"{loss.kind} {loss.reference!r} is another customer's")
            case 401 | 403:
                raise AccessRefused(f"{asked}: {status}; check the token of the account-data service")
            case _ if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
                raise TryLater(f"{asked}: {status}", wait_seconds=retry_after_seconds(headers))
        raise UnexpectedReply(f"{asked}: {status}")

    def _get(self, loss: Loss, reference: str, asked: str) -> tuple[int, httpx.Headers, bytes]:
        """Return status, headers and the body, which is cut off where it grows too long."""
        url = f"{self._base_url}/v1/losses/{loss.kind}/{quote(reference, safe='')}"
        body = bytearray()
        try:
            with self._client.stream(
                "GET", url, params={"customer_id": loss.customer_id}, headers=self._headers, timeout=TIMEOUT
            ) as response:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MOST_REPLY_BYTES:
                        raise UnexpectedReply(f"{asked}: more than {MOST_REPLY_BYTES} bytes")
        except (httpx.TransportError, httpx.StreamError):
            raise TryLater(f"{asked}: no whole answer", wait_seconds=DEFAULT_WAIT_SECONDS) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnexpectedReply(f"{asked}: {type(error).__name__}") from None
        return response.status_code, response.headers, bytes(body)


def _evidence(body: bytes, loss: Loss, asked: str) -> Evidence:
    try:
        wire = WireLoss.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = str(first["loc"][0]) if first["loc"] else "answer"
        raise UnexpectedReply(f"{asked}: {place}: {first['type'].replace('_', ' ')}") from None
    told = Loss(kind=wire.kind, reference=wire.reference, customer_id=loss.customer_id)
    if wire.customer_id != loss.customer_id or told.key != loss.key:
        raise UnexpectedReply(f"{asked}: the answer is about another loss")
    twice = sorted(wire.customer.keys() & wire.facts.keys())
    if twice:
        raise UnexpectedReply(f"{asked}: {', '.join(twice)}: said both of the customer and of the loss")
    said = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in wire.facts.items()
    }
    known = sorted((name, value) for name, value in (wire.customer | said).items() if value)
    return Evidence(facts=tuple(known), source=SOURCE, as_of=wire.as_of.astimezone(UTC))


def _refusal(body: bytes) -> str:
    try:
        return WireRefusal.model_validate_json(body).error
    except ValidationError:
        return ""
