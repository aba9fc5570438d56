"""The webhooks that tell us of changes: made once, given new secrets, renewed. Deliveries are read in `webhook`.

"admin": GET, POST /rest/webhooks/1.0/webhook and PUT .../{id}, with the API token of an account that may administer
Jira; they never end, and their secret can be set but not read.
"dynamic": GET, POST /rest/api/3/webhook and PUT .../refresh, for OAuth apps only; they end after 30 days, a search
filter of few operators is asked for, and what they are signed with is the app's client secret.

https://developer.atlassian.com/cloud/jira/platform/webhooks/
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-webhooks/
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import ByHand, UnexpectedReply, WebhookFound, WebhookInstalled
from connectors.jira.calls import ADMIN_WEBHOOKS, PLATFORM, Calls
from connectors.jira.refusals import NoSuchRecord
from connectors.jira.settings import JiraSettings, ServiceAccount
from connectors.wire_json import exact, read_object

NAME = "Makewhole"
#: Every change that may concern a case. A hint is enough: the issue is read again.
EVENTS = (
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
)
APP_SECRET = (
    "Atlassian signs these deliveries with the OAuth app's client secret.",
    "At developer.atlassian.com, My apps, the app, Settings: make a new secret.",
    "Put it first in webhook_secrets and into auth, restart, and take the old one away a day later.",
)
SECRET_BYTES = 32
RENEWED_WITHIN = timedelta(days=7)
PAGE = 100
MOST_PAGES = 10
_ID = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """The site's webhooks of the kind that the settings name. All methods raise the three errors, and ByHand."""

    calls: Calls
    settings: JiraSettings

    def found(self) -> tuple[WebhookFound, ...]:
        """Return them; no secret is told."""
        self._check_kind()
        if self.settings.webhook_kind == "admin":
            return tuple(map(_admin, self._admin_listed()))
        return tuple(map(_dynamic, self._dynamic_listed()))

    def install(self, url: str, *, secret: str) -> WebhookInstalled:
        """Make the webhook; one that points there already gets our events and filter, and a secret that is not ""."""
        self._check_kind()
        there = next((each for each in self.found() if each.url == url and each.active), None)
        if self.settings.webhook_kind == "admin":
            if there is not None:
                return self.rotate(there.id, secret=secret)
            body = self._send("POST", "webhook", self._wanted(url, secret), base=ADMIN_WEBHOOKS)
            return WebhookInstalled(id=_id_of(read_object(body)), secret=secret or None)
        if there is not None:
            return WebhookInstalled(id=there.id, secret=None)
        wanted = {"url": url, "webhooks": [{"events": list(EVENTS), "jqlFilter": self._filter}]}
        made = self._send("POST", "webhook", wanted, base=PLATFORM)
        return WebhookInstalled(id=_registered(made), secret=None)

    def prepare(self, webhook_id: str) -> str:
        """Return a new secret for the webhook; nothing is told to Jira yet."""
        if self.settings.webhook_kind == "dynamic":
            raise ByHand(APP_SECRET)
        del webhook_id
        return secrets.token_hex(SECRET_BYTES)

    def rotate(self, webhook_id: str, *, secret: str) -> WebhookInstalled:
        """Give the webhook a new secret; what is under way carries the old one."""
        self._check_kind()
        if self.settings.webhook_kind == "dynamic":
            raise ByHand(APP_SECRET)
        there = next((each for each in self.found() if each.id == webhook_id), None)
        if there is None:
            raise UnexpectedReply(f"webhook {webhook_id}: there is none with this id")
        self._send("PUT", f"webhook/{webhook_id}", self._wanted(there.url, secret), base=ADMIN_WEBHOOKS)
        return WebhookInstalled(id=webhook_id, secret=secret or None)

    def renew(self, *, now: datetime) -> int:
        """Put off the end of those that end within 7 days; return how many."""
        if self.settings.webhook_kind == "admin":
            return 0
        ending = [each.id for each in self.found() if each.expires_at and each.expires_at - now <= RENEWED_WITHIN]
        if ending:
            self._send("PUT", "webhook/refresh", {"webhookIds": [int(each) for each in ending]}, base=PLATFORM)
        return len(ending)

    @property
    def _filter(self) -> str:
        return f"project IN ({', '.join(self.settings.projects)})"

    def _wanted(self, url: str, secret: str) -> dict[str, Any]:
        signed = {"secret": secret} if secret else {}
        return signed | {
            "name": NAME,
            "url": url,
            "events": list(EVENTS),
            "filters": {"issue-related-events-section": self._filter},
            "excludeBody": False,
            "enabled": True,
        }

    def _check_kind(self) -> None:
        """Raise ByHand where this way in may not see this kind."""
        by_app = isinstance(self.settings.auth, ServiceAccount)
        if self.settings.webhook_kind == "admin" and by_app:
            raise ByHand(
                (
                    "A service account cannot reach admin webhooks.",
                    f"As an administrator of {self.settings.host}: Settings, System, WebHooks, Create a WebHook.",
                    f"Events: {', '.join(EVENTS)}. Filter: {self._filter}.",
                    "Set a secret there, and put it in webhook_secrets.",
                )
            )
        if self.settings.webhook_kind == "dynamic" and not by_app:
            raise ByHand(("Only an OAuth app may have dynamic webhooks: set webhook_kind to admin.",))

    def _send(self, method: str, path: str, body: Mapping[str, Any], *, base: str) -> bytes:
        try:
            return self.calls.send(method, path, body, asked="webhook", base=base)
        except NoSuchRecord as error:
            raise UnexpectedReply(f"{error}; there is no such webhook") from None

    def _admin_listed(self) -> list[dict[str, Any]]:
        try:
            found = exact(self.calls.get("webhook", asked="webhooks", base=ADMIN_WEBHOOKS))
        except NoSuchRecord as error:
            raise UnexpectedReply(f"{error}; is it the right site?") from None
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, list):
            raise UnexpectedReply("webhooks: the answer has none")
        return [each for each in found if isinstance(each, dict)]

    def _dynamic_listed(self) -> list[dict[str, Any]]:
        collected: list[dict[str, Any]] = []
        for number in range(MOST_PAGES):
            query: dict[str, str | int] = {"startAt": number * PAGE, "maxResults": PAGE}
            try:
                answer = read_object(self.calls.get("webhook", asked="webhooks", query=query))
            except NoSuchRecord as error:
                raise UnexpectedReply(f"{error}; is it the right site?") from None
            values = answer.get("values")
            if not isinstance(values, list):
                raise UnexpectedReply("webhooks: the answer has none")
            collected.extend(each for each in values if isinstance(each, dict))
            if answer.get("isLast") is not False:
                return collected
        raise UnexpectedReply(f"webhooks: more than {MOST_PAGES * PAGE}")


def _admin(said: Mapping[str, Any]) -> WebhookFound:
    return WebhookFound(id=_id_of(said), url=str(said.get("url", "")), active=said.get("enabled") is not False)


def _dynamic(said: Mapping[str, Any]) -> WebhookFound:
    expires_at = _moment(said.get("expirationDate"))
    return WebhookFound(id=_id_of(said), url=str(said.get("url", "")), active=True, expires_at=expires_at)


def _registered(body: bytes) -> str:
    results = read_object(body).get("webhookRegistrationResult")
    first = results[0] if isinstance(results, list) and results else None
    made = first.get("createdWebhookId") if isinstance(first, dict) else None
    if not isinstance(made, int):
        raise UnexpectedReply("webhook: Jira does not register it; check that projects are keys of this site")
    return str(made)


def _id_of(said: Mapping[str, Any]) -> str:
    """Return the webhook's number: its `id`, or the end of its address."""
    number = str(said.get("id") or str(said.get("self", "")).rstrip("/").rpartition("/")[2])
    if not _ID.fullmatch(number):
        raise UnexpectedReply("webhook: the answer holds no id")
    return number


def _moment(said: object) -> datetime | None:
    """Return when a webhook ends: milliseconds since 1970, or text as older answers have it; None when unreadable."""
    try:
        if isinstance(said, int):
            return datetime.fromtimestamp(said / 1000, tz=UTC)
        moment = datetime.fromisoformat(str(said))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None
