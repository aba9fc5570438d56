"""Getting in: an access token by client credentials or by a signed assertion (JWT bearer).

POST /services/oauth2/token on the org's own host; the answer names no end of the token's life, so it is used until the
vendor refuses it with INVALID_SESSION_ID. An assertion may live 3 minutes at most, so it is dated by the vendor's own
clock: GET /services/data, which anybody may ask. The library's own login is not used:
it logged in again for every refused call, without end.

https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm
https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_client_credentials_flow.htm
"""

from collections.abc import Callable
from urllib.parse import urlsplit

import jwt
import requests
from pydantic import BaseModel, SecretStr, StrictStr, ValidationError

from connectors.bearer import Bearer
from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.salesforce.settings import ClientCredentials, JWTBearer, SalesforceSettings
from connectors.transport import told_at

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105  # A path.
VERSIONS_PATH = "/services/data"
ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_SECONDS = 120
_SAID = frozenset(
    {"invalid_client", "invalid_client_id", "invalid_grant", "invalid_request", "invalid_scope", "invalid_app_access"}
    | {"inactive_user", "inactive_org", "unsupported_grant_type", "unauthorized_client"}
)


class WireToken(BaseModel):
    """The answer to a token request."""

    access_token: SecretStr
    instance_url: StrictStr


class WireRefusal(BaseModel):
    """The refusal of a token request; its description may quote the username."""

    error: StrictStr


def bearer(
    settings: SalesforceSettings, *, session: Callable[[], requests.Session], clock: Callable[[], float]
) -> Bearer:
    """Return what puts the token on each request of any thread's session.

    session: Makes a session to the org's host, without credentials.
    clock: Monotonic seconds.
    """
    return Bearer(lambda: (_token(settings, session), None), clock=clock)


def _token(settings: SalesforceSettings, session: Callable[[], requests.Session]) -> str:
    opened = session()
    try:
        grant = _grant(settings, opened)
        response = opened.post(f"https://{settings.host}{TOKEN_PATH}", data=grant)
    except TryLater as error:  # Whatever became of the login, the call it was for was not made.
        raise TryLater(str(error), wait_seconds=error.wait_seconds, done=False) from None
    finally:
        opened.close()
    if response.status_code in {400, 401, 403}:
        raise AccessRefused(
            f"{settings.host} gives no token ({response.status_code} {_said(response)}".rstrip()
            + f"); {_fix(settings)}"
        )
    try:
        found = WireToken.model_validate_json(response.content)
    except ValidationError:
        raise UnexpectedReply(f"{settings.host}: the token answer holds no token") from None
    host = urlsplit(found.instance_url).hostname
    if host != settings.host.lower():
        raise UnexpectedReply(f"the token is for {host}, not {settings.host}: set that host")
    return found.access_token.get_secret_value()


def _grant(settings: SalesforceSettings, session: requests.Session) -> dict[str, str]:
    match settings.auth:
        case ClientCredentials(consumer_key=key, consumer_secret=secret):
            return {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
        case JWTBearer() as app:
            claims = {
                "iss": app.consumer_key,
                "sub": app.username,
                "aud": app.audience,
                "exp": int(_vendors_seconds(settings, session)) + ASSERTION_SECONDS,
            }
            try:
                return {"grant_type": ASSERTION, "assertion": jwt.encode(claims, app.private_key, algorithm="RS256")}
            except (jwt.PyJWTError, ValueError, TypeError):
                raise AccessRefused("the private key is no RSA key in PEM that can be read") from None


def _vendors_seconds(settings: SalesforceSettings, session: requests.Session) -> float:
    """Return the vendor's own clock, in seconds since 1970: ours may be off by more than an assertion lives."""
    then = told_at(session.get(f"https://{settings.host}{VERSIONS_PATH}").headers)
    if then is None:
        raise UnexpectedReply(f"{settings.host}: the answer does not say what time it is")
    return then.timestamp()


def _said(response: requests.Response) -> str:
    """Return the error's word where it is one the vendor documents; the description may hold anything."""
    try:
        word = WireRefusal.model_validate_json(response.content).error
    except ValidationError:
        return ""
    return word if word in _SAID else ""


def _fix(settings: SalesforceSettings) -> str:
    if isinstance(settings.auth, ClientCredentials):
        return (
            "check consumer key and secret, and that the External Client App has the client credentials flow and "
            "a Run As user"
        )
    return (
        "check consumer key, username and audience, that the app holds the key's certificate, and that the user "
        "is pre-authorized for it"
    )
