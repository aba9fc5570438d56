"""Who is asking: an API token over Basic on the site itself, an OAuth token over Bearer at the gateway.

A Basic pair that is wrong does not give a 401: the site goes on as for nobody, says so in X-Seraph-LoginReason, and
only /myself refuses (measured by others on public and private sites). A bearer token sent to the site itself is a 403.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.jira.records import Person
from sandbox.jira.refusals import Refused, gateway_unauthorized, unreadable_bearer
from sandbox.jira.site import Site
from sandbox.jira.world import BOT_ID

API_TOKEN = "sandbox-jira-token"
CLIENT_ID = "sandbox-jira-client"
CLIENT_SECRET = "sandbox-jira-client-secret"
FAILED = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks. person: None = nobody. failed: A login was tried and did not work. by_app: With an OAuth token."""

    person: Person | None
    failed: bool = False
    by_app: bool = False


NOBODY = Caller(person=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    expires_at: datetime
    account_id: str


class Access:
    """API tokens by account, OAuth tokens given out, and what a request's Authorization header is worth."""

    def __init__(self, *, site: Site, new_id: Callable[[], str]) -> None:
        self._site = site
        self._new_id = new_id
        self._tokens: dict[str, _Token] = {}
        self._refresh_tokens: dict[str, str] = {}
        self.api_tokens: dict[str, str] = dict.fromkeys(site.people, API_TOKEN)
        self.tokens_given = 0

    def grant(self, sent: Mapping[str, Any], *, life_seconds: float, now: datetime) -> dict[str, Any]:
        """Return the answer of auth.atlassian.com's `POST /oauth/token`; raises `Refused` with the OAuth error."""
        if sent.get("client_id") != CLIENT_ID or sent.get("client_secret") != CLIENT_SECRET:
            raise _oauth_error(401, "access_denied", "Unauthorized")
        kind = sent.get("grant_type")
        account_id = BOT_ID
        if kind == "refresh_token":
            account_id = self._refresh_tokens.pop(str(sent.get("refresh_token")), "")
            if not account_id:
                raise _oauth_error(403, "invalid_grant", "Unknown or invalid refresh token.")
        elif kind != "client_credentials":
            raise _oauth_error(400, "unsupported_grant_type", "Unsupported grant type.")
        token, refresh = self._new_id().replace("-", ""), self._new_id().replace("-", "")
        self._tokens[token] = _Token(expires_at=now + timedelta(seconds=life_seconds), account_id=account_id)
        self._refresh_tokens[refresh] = account_id
        self.tokens_given += 1
        return {
            "access_token": token,
            "refresh_token": refresh,
            "expires_in": int(life_seconds),
            "token_type": "Bearer",
            "scope": "read:jira-work write:jira-work manage:jira-webhook offline_access",
        }

    def who(self, authorization: str, *, at_gateway: bool, now: datetime) -> Caller:
        """Return who is behind an Authorization header; raises `Refused` for bearer tokens that are worth nothing."""
        scheme, _, value = authorization.partition(" ")
        if at_gateway:
            return self._bearer(value.strip(), now=now)
        if scheme == "Bearer" and value and not value[0].isspace():
            raise unreadable_bearer()
        return self._basic(value.strip()) if scheme.lower() == "basic" else NOBODY

    def revoke(self, authorization: str) -> None:
        """Make the token of this header worthless, as when it expires or is revoked mid-run."""
        value = authorization.partition(" ")[2].strip()
        self._tokens.pop(value, None)
        caller = self._basic(value)
        if caller.person is not None:
            self.api_tokens[caller.person.account_id] = self._new_id()

    def _bearer(self, value: str, *, now: datetime) -> Caller:
        token = self._tokens.get(value)
        if token is None or token.expires_at <= now:
            self._tokens.pop(value, None)
            raise gateway_unauthorized()
        return Caller(person=self._site.people[token.account_id], by_app=True)

    def _basic(self, value: str) -> Caller:
        try:
            name, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return NOBODY
        person = self._site.person_by_email(name)
        if person is None or not person.active or self.api_tokens.get(person.account_id) != password:
            return Caller(person=None, failed=bool(name and colon))
        return Caller(person=person)


def _oauth_error(status: int, error: str, description: str) -> Refused:
    return Refused(status=status, body={"error": error, "error_description": description})
