"""Getting in: OAuth client credentials with our own refresh, or the old API token.

POST /oauth/tokens, client credentials grant. The library never refreshes; whoever meets a 401 asks here for a newer
token once, and a second 401 is `AccessRefused`: never a loop of logins.

https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
"""

import threading
from collections.abc import Callable

import requests
from pydantic import BaseModel, SecretStr, ValidationError
from requests.auth import AuthBase, HTTPBasicAuth

from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.zendesk.settings import ApiToken, OAuthClient, ZendeskSettings

TOKEN_PATH = "/oauth/tokens"  # noqa: S105  # A path.
#: A token is replaced this long before the vendor says it ends.
SPARE_SECONDS = 60.0


class WireToken(BaseModel):
    """The answer to a token request; `expires_in` is missing where the account's tokens do not end."""

    access_token: SecretStr
    expires_in: int | None = None


class Bearer(AuthBase):
    """The account's access token, shared by all threads; one of them fetches, the others wait for it.

    settings: Must hold an OAuthClient.
    session: Makes a session to the vendor's host, without credentials.
    clock: Monotonic seconds.
    """

    def __init__(
        self, settings: ZendeskSettings, *, session: Callable[[], requests.Session], clock: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._session = session
        self._clock = clock
        self._lock = threading.Lock()
        self._token: str | None = None
        self._ends_at: float | None = None
        self._used = threading.local()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Put the token on a request."""
        token = self._current()
        self._used.token = token
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    def renew(self) -> None:
        """Make sure that the next request has another token than this thread's last one; raises as a token request."""
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

    def _fetch(self) -> tuple[str, int | None]:
        client = self._settings.auth
        assert isinstance(client, OAuthClient)  # noqa: S101  # `credentials` chose this class for it.
        session = self._session()
        try:
            response = session.post(
                f"https://{self._settings.host}{TOKEN_PATH}",
                json={
                    "grant_type": "client_credentials",
                    "client_id": client.client_id,
                    "client_secret": client.client_secret,
                    "scope": client.scope,
                },
            )
        except TryLater as error:  # Whatever became of the login, the call it was for was not made.
            raise TryLater(str(error), wait_seconds=error.wait_seconds, done=False) from None
        finally:
            session.close()
        if response.status_code in {400, 401, 403}:
            raise AccessRefused(
                f"{self._settings.host} refuses the OAuth client {client.client_id!r} ({response.status_code}); "
                "check client id, secret and that it is confidential"
            )
        try:
            found = WireToken.model_validate_json(response.content)
        except ValidationError:
            raise UnexpectedReply(f"{self._settings.host}: the token answer holds no token") from None
        return found.access_token.get_secret_value(), found.expires_in


def credentials(
    settings: ZendeskSettings, *, session: Callable[[], requests.Session], clock: Callable[[], float]
) -> Bearer | HTTPBasicAuth:
    """Return what puts credentials on each request of any thread's session."""
    match settings.auth:
        case OAuthClient():
            return Bearer(settings, session=session, clock=clock)
        case ApiToken(email=email, token=token):
            return HTTPBasicAuth(f"{email}/token", token)
