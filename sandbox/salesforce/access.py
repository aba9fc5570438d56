"""Who is asking: OAuth tokens by client credentials and JWT bearer, and what a request's token is worth."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from sandbox.salesforce.org import INTEGRATION_USER_ID, ORG_ID, Org, Row
from sandbox.salesforce.refusals import Refused, invalid_auth_header, invalid_session, oauth_error
from sandbox.salesforce.settings import INSTANCE_URL

CONSUMER_KEY = "sandbox-consumer-key"
CONSUMER_SECRET = "sandbox-consumer-secret"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com", INSTANCE_URL)
SCOPE = "api refresh_token"


class BadCertificate(ValueError):
    """A PEM that is neither a certificate nor a public key for RSA."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token given out. user_id: Whom it stands for."""

    value: str
    user_id: str
    client_id: str
    issued_at: datetime
    expires_at: datetime


class Access:
    """The external client app, its certificates, and the tokens given out."""

    def __init__(self, *, org: Org, new_id: Callable[[], str]) -> None:
        self.org = org
        self.approved = {INTEGRATION_USER_ID}
        self.tokens_given = 0
        self._new_id = new_id
        self._tokens: dict[str, Token] = {}
        self._certificates: dict[str, list[RSAPublicKey]] = {}

    def register_certificate(self, client_id: str, pem: str) -> None:
        """Let assertions of this client be signed with the key of a certificate; raises `BadCertificate`."""
        content = pem.encode()
        try:
            if b"BEGIN CERTIFICATE" in content:
                key = load_pem_x509_certificate(content).public_key()
            else:
                key = load_pem_public_key(content)  # type: ignore[assignment]  # Any kind; checked next.
        except ValueError as error:
            raise BadCertificate(f"pem: {error}") from error
        if not isinstance(key, RSAPublicKey):
            raise BadCertificate("pem: must be a certificate or public key for RSA")
        self._certificates.setdefault(client_id, []).append(key)

    def grant(
        self, sent: Mapping[str, str], authorization: str, *, life_seconds: float, now: datetime
    ) -> dict[str, Any]:
        """Return the answer of the token endpoint; raises `Refused` with the OAuth error."""
        kind = sent.get("grant_type", "")
        if kind == "client_credentials":
            client_id = self._check_client(sent, authorization)
            user_id = INTEGRATION_USER_ID
        elif kind == JWT_BEARER:
            client_id, user_id = self._check_assertion(sent.get("assertion", ""), now=now)
        else:
            raise oauth_error("unsupported_grant_type", "grant type not supported")
        token = Token(
            value=f"{ORG_ID[:15]}!{self._new_id().replace('-', '')}",
            user_id=user_id,
            client_id=client_id,
            issued_at=now,
            expires_at=now + timedelta(seconds=life_seconds),
        )
        self._tokens[token.value] = token
        self.tokens_given += 1
        return self._granted(token, with_signature=kind == "client_credentials")

    def who(self, authorization: str, *, now: datetime) -> Token:
        """Return the token of a request; raises `Refused` (401)."""
        scheme, _, value = authorization.partition(" ")
        if authorization and scheme.lower() not in ("bearer", "oauth"):
            raise invalid_auth_header()
        return self.token(value.strip(), now=now)

    def token(self, value: str, *, now: datetime) -> Token:
        """Return a token that is still good; raises `Refused` (401)."""
        token = self._tokens.get(value)
        if token is None or token.expires_at <= now:
            self._tokens.pop(value, None)
            raise invalid_session()
        return token

    def revoke(self, value: str) -> bool:
        """Make a token worthless; tells whether it was good for anything."""
        return self._tokens.pop(value, None) is not None

    def revoke_all(self) -> None:
        """Make all tokens worthless."""
        self._tokens.clear()

    def userinfo(self, token: Token) -> dict[str, Any]:
        """Return what OpenID Connect says about a token's user."""
        user = self._user(token.user_id)
        return {
            "sub": f"https://login.salesforce.com/id/{ORG_ID}/{token.user_id}",
            "user_id": token.user_id,
            "organization_id": ORG_ID,
            "preferred_username": user["Username"],
            "nickname": user["Alias"],
            "name": user["Name"],
            "email": user["Email"],
            "email_verified": True,
            "given_name": user["FirstName"],
            "family_name": user["LastName"],
            "zoneinfo": user["TimeZoneSidKey"],
            "active": user["IsActive"],
            "user_type": "STANDARD",
            "language": user["LanguageLocaleKey"],
            "locale": user["LocaleSidKey"],
            "utcOffset": 0,
            "urls": {"rest": f"{INSTANCE_URL}/services/data/v{{version}}/"},
        }

    def introspect(self, sent: Mapping[str, str], authorization: str, *, now: datetime) -> dict[str, Any]:
        """Return whether a token is good, and for whom; raises `Refused` for a wrong client."""
        self._check_client(sent, authorization)
        try:
            token = self.token(sent.get("token", ""), now=now)
        except Refused:
            return {"active": False}
        issued = int(token.issued_at.timestamp())
        return {
            "active": True,
            "scope": SCOPE,
            "client_id": token.client_id,
            "username": self._user(token.user_id)["Username"],
            "sub": f"https://login.salesforce.com/id/{ORG_ID}/{token.user_id}",
            "token_type": "access_token",
            "exp": int(token.expires_at.timestamp()),
            "iat": issued,
            "nbf": issued,
        }

    def _granted(self, token: Token, *, with_signature: bool) -> dict[str, Any]:
        body: dict[str, Any] = {
            "access_token": token.value,
            "scope": SCOPE,
            "instance_url": INSTANCE_URL,
            "id": f"https://login.salesforce.com/id/{ORG_ID}/{token.user_id}",
            "token_type": "Bearer",
        }
        if with_signature:
            body["signature"] = base64.b64encode(token.value.encode()[:32]).decode()
            body["issued_at"] = str(int(token.issued_at.timestamp() * 1000))
        return body

    def _check_client(self, sent: Mapping[str, str], authorization: str) -> str:
        client_id, secret = sent.get("client_id", ""), sent.get("client_secret", "")
        if authorization.lower().startswith("basic "):
            try:
                decoded = base64.b64decode(authorization[6:].strip(), validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                raise oauth_error("invalid_client", "invalid client credentials") from None
            client_id, _, secret = decoded.partition(":")
        if client_id != CONSUMER_KEY:
            raise oauth_error("invalid_client_id", "client identifier invalid")
        if secret != CONSUMER_SECRET:
            raise oauth_error("invalid_client", "invalid client credentials")
        return client_id

    def _check_assertion(self, assertion: str, *, now: datetime) -> tuple[str, str]:
        """Return client and user of a signed assertion; raises `Refused` (invalid_grant and its reason)."""
        claims = self._claims(assertion)
        client_id = str(claims.get("iss"))
        if client_id != CONSUMER_KEY:
            raise oauth_error("invalid_client_id", "client identifier invalid")
        if not any(self._signed_with(assertion, key) for key in self._certificates.get(client_id, ())):
            raise oauth_error("invalid_grant", "invalid assertion")
        if claims.get("aud") not in AUDIENCES:
            raise oauth_error("invalid_grant", "audience is invalid")
        try:
            expires = float(claims["exp"])
        except (KeyError, TypeError, ValueError):
            raise oauth_error("invalid_grant", "invalid assertion") from None
        if expires <= now.timestamp():
            raise oauth_error("invalid_grant", "expired authorization code")
        subject = str(claims.get("sub")).lower()
        users = self.org.tables["User"].rows.values()
        user = next((user for user in users if str(user["Username"]).lower() == subject), None)
        if user is None or user["Id"] not in self.approved:
            raise oauth_error("invalid_grant", "user hasn't approved this consumer")
        return client_id, str(user["Id"])

    def _claims(self, assertion: str) -> Mapping[str, Any]:
        try:
            claims: Mapping[str, Any] = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.PyJWTError:
            raise oauth_error("invalid_grant", "invalid assertion") from None
        return claims

    def _signed_with(self, assertion: str, key: RSAPublicKey) -> bool:
        # The sandbox has its own clock, so that everything but the signature is checked by hand.
        options = {"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False}
        try:
            jwt.decode(assertion, key, algorithms=["RS256"], options=options)  # type: ignore[arg-type]  # As its docs.
        except jwt.PyJWTError:
            return False
        return True

    def _user(self, user_id: str) -> Row:
        return self.org.tables["User"].rows[user_id]
