"""Getting in: an API token as Basic authentication, or a service account's OAuth token.

POST https://auth.atlassian.com/oauth/token, client credentials; the token lasts 60 minutes and there is nothing to
refresh it with but the credentials.

https://support.atlassian.com/user-management/docs/create-oauth-2-0-credential-for-service-accounts/
https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/
"""

from collections.abc import Callable

import requests
from pydantic import BaseModel, SecretStr, ValidationError
from requests.auth import HTTPBasicAuth

from connectors.bearer import Bearer
from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.jira.settings import LOGIN_HOST, JiraSettings, ServiceAccount

TOKEN_URL = f"https://{LOGIN_HOST}/oauth/token"


class WireToken(BaseModel):
    """The answer to a token request."""

    access_token: SecretStr
    expires_in: float | None = None


def credentials(
    settings: JiraSettings, *, login: Callable[[], requests.Session], clock: Callable[[], float]
) -> Bearer | HTTPBasicAuth:
    """Return what puts credentials on each request of any thread's session.

    login: Makes a session to Atlassian's login host, without credentials.
    clock: Monotonic seconds.
    """
    auth = settings.auth
    if isinstance(auth, ServiceAccount):
        return Bearer(lambda: _fetch(auth, login), clock=clock)
    return HTTPBasicAuth(auth.email.encode(), auth.token.encode())


def _fetch(account: ServiceAccount, login: Callable[[], requests.Session]) -> tuple[str, float | None]:
    session = login()
    try:
        response = session.post(
            TOKEN_URL,
            json={
                "grant_type": "client_credentials",
                "client_id": account.client_id,
                "client_secret": account.client_secret,
            },
        )
    except TryLater as error:  # Whatever became of the login, the call it was for was not made.
        raise TryLater(str(error), wait_seconds=error.wait_seconds, done=False) from None
    finally:
        session.close()
    if response.status_code in {400, 401, 403}:
        raise AccessRefused(
            f"{LOGIN_HOST} refuses the service account's client {account.client_id!r} ({response.status_code}); "
            "check client id and secret"
        )
    try:
        found = WireToken.model_validate_json(response.content)
    except ValidationError:
        raise UnexpectedReply(f"{LOGIN_HOST}: the token answer holds no token") from None
    return found.access_token.get_secret_value(), found.expires_in
