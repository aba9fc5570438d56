"""Who is asking: OAuth tokens (client credentials, refresh) and the legacy API token over Basic."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.zendesk.account import Account
from sandbox.zendesk.records import BOT_ID, User
from sandbox.zendesk.refusals import Refused, invalid_token, not_authenticated

CLIENT_ID = "makewhole"
CLIENT_SECRET = "sandbox-client-secret"
API_TOKEN = "sandbox-api-token"

LEAST_LIFE_SECONDS = 300
MOST_LIFE_SECONDS = 172_800


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    expires_at: datetime
    scope: str


class Access:
    """Tokens given out, and what a request's Authorization header is worth."""

    def __init__(self, *, account: Account, new_id: Callable[[], str]) -> None:
        self._account = account
        self._new_id = new_id
        self._tokens: dict[str, _Token] = {}
        self._refresh_tokens: dict[str, str] = {}
        self.tokens_given = 0

    def grant(self, sent: Mapping[str, Any], *, life_seconds: float, now: datetime) -> dict[str, Any]:
        """Return the answer of `POST /oauth/tokens`; raises `Refused` with the OAuth error.

        Answered errors are those of RFC 6749; their descriptions have no independent evidence.
        """
        self._check_client(sent)
        kind = sent.get("grant_type")
        if kind == "refresh_token":
            if self._refresh_tokens.pop(str(sent.get("refresh_token")), None) is None:
                raise _oauth_error(400, "invalid_grant", "The refresh token is invalid, expired or revoked.")
        elif kind != "client_credentials":
            raise _oauth_error(400, "unsupported_grant_type", "The grant type is not supported here.")
        life = self._life(sent.get("expires_in"), life_seconds)
        token, refresh = self._new_id().replace("-", ""), self._new_id().replace("-", "")
        scope = str(sent.get("scope") or "read write")
        self._tokens[token] = _Token(expires_at=now + timedelta(seconds=life), scope=scope)
        self._refresh_tokens[refresh] = token
        self.tokens_given += 1
        return {
            "access_token": token,
            "refresh_token": refresh,
            "token_type": "bearer",
            "scope": scope,
            "expires_in": int(life),
            "refresh_token_expires_in": 2_592_000,
        }

    def who(self, authorization: str, *, method: str, now: datetime) -> User:
        """Return the user behind an Authorization header; raises `Refused` (401, or 403 beyond the scope)."""
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return self._bearer(value.strip(), method=method, now=now)
        if scheme.lower() == "basic":
            return self._basic(value.strip())
        raise not_authenticated()

    def revoke(self, authorization: str) -> None:
        """Make the bearer token of this header worthless, as when it expires mid-run."""
        self._tokens.pop(authorization.partition(" ")[2].strip(), None)

    def _bearer(self, value: str, *, method: str, now: datetime) -> User:
        token = self._tokens.get(value)
        if token is None or token.expires_at <= now:
            self._tokens.pop(value, None)
            raise invalid_token()
        needed = "read" if method in ("GET", "HEAD") else "write"
        if needed not in token.scope:
            raise Refused(
                status=403,
                body={"error": "invalid_scope", "error_description": f"This needs the scope {needed}."},
            )
        return self._account.users[BOT_ID]

    def _basic(self, value: str) -> User:
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise not_authenticated() from None
        user = self._account.user_by_email(name.removesuffix("/token"))
        if not name.endswith("/token") or password != API_TOKEN or user is None or user.role == "end-user":
            raise not_authenticated()
        return user

    def _check_client(self, sent: Mapping[str, Any]) -> None:
        if sent.get("client_id") != CLIENT_ID or sent.get("client_secret") != CLIENT_SECRET:
            raise _oauth_error(401, "invalid_client", "Client authentication failed.")

    def _life(self, asked: object, usual: float) -> float:
        if asked is None:
            return usual
        if isinstance(asked, int) and LEAST_LIFE_SECONDS <= asked <= MOST_LIFE_SECONDS:
            return float(asked)
        raise _oauth_error(400, "invalid_request", "expires_in must be from 300 to 172800 seconds.")


def _oauth_error(status: int, error: str, description: str) -> Refused:
    return Refused(status=status, body={"error": error, "error_description": description})
