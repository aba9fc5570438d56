"""Getting in: OAuth client credentials, renewed by `connectors.bearer`, or the old API token.

POST /oauth/tokens, client credentials grant. The library never refreshes: `connectors.bearer` does.

https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
"""

from collections.abc import Callable

import requests
from pydantic import BaseModel, SecretStr, ValidationError
from requests.auth import HTTPBasicAuth

from connectors.bearer import Bearer
from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.zendesk.settings import ApiToken, OAuthClient, ZendeskSettings

TOKEN_PATH = "/oauth/tokens"  # noqa: S105  # A path.


class WireToken(BaseModel):
    """The answer to a token request; `expires_in` is missing where the account's tokens do not end."""

    access_token: SecretStr
    expires_in: int | None = None


def credentials(
    settings: ZendeskSettings, *, session: Callable[[], requests.Session], clock: Callable[[], float]
) -> Bearer | HTTPBasicAuth:
    """Return what puts credentials on each request of any thread's session.

    session: Makes a session to the vendor's host, without credentials.
    clock: Monotonic seconds.
    """
    match settings.auth:
        case OAuthClient() as client:
            return Bearer(lambda: _token(settings.host, client, session), clock=clock)
        case ApiToken(email=email, token=token):
            return HTTPBasicAuth(f"{email}/token", token)


def _token(host: str, client: OAuthClient, session: Callable[[], requests.Session]) -> tuple[str, int | None]:
    opened = session()
    try:
        response = opened.post(
            f"https://{host}{TOKEN_PATH}",
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
        opened.close()
    if response.status_code in {400, 401, 403}:
        raise AccessRefused(
            f"{host} refuses the OAuth client {client.client_id!r} ({response.status_code}); "
            "check client id, secret and that it is confidential"
        )
    try:
        found = WireToken.model_validate_json(response.content)
    except ValidationError:
        raise UnexpectedReply(f"{host}: the token answer holds no token") from None
    return found.access_token.get_secret_value(), found.expires_in
