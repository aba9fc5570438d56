"""Tokens: client credentials, JWT bearer, their life, and what a request without one is told."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from sandbox.salesforce.app import create_app
from tests.sandbox.salesforce.conftest import TOKEN_REQUEST, Org, V
from tests.sandbox.salesforce.redirecting import salesforce_on
from tests.sandbox.zendesk.served import NOON, served

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def a_key() -> tuple[rsa.RSAPrivateKey, str, str]:
    """Return a private key, its PEM and the PEM of a certificate for it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "makewhole")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key, private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


KEY, PRIVATE, CERTIFICATE = a_key()


def ask(org: Org, **sent: Any) -> httpx.Response:
    return httpx.post(f"{org.url}/services/oauth2/token", data=sent, trust_env=False)


def assertion(key: rsa.RSAPrivateKey = KEY, **given: Any) -> str:
    claims = {
        "iss": "sandbox-consumer-key",
        "sub": "makewhole@harbor.example",
        "aud": "https://login.salesforce.com",
        "exp": int((NOON + timedelta(minutes=3)).timestamp()),
        **given,
    }
    return jwt.encode(claims, key, algorithm="RS256")


def register(org: Org) -> None:
    body = {"client_id": "sandbox-consumer-key", "pem": CERTIFICATE}
    org.http.post("/_sandbox/certificates", json=body).raise_for_status()


def test_a_client_gets_a_token_by_its_secret_in_the_body_or_by_basic(org: Org) -> None:
    by_body = ask(org, **TOKEN_REQUEST).json()
    basic = base64.b64encode(b"sandbox-consumer-key:sandbox-consumer-secret").decode()
    by_basic = httpx.post(
        f"{org.url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {basic}"},
        trust_env=False,
    ).json()

    assert set(by_body) == {"access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"}
    assert (by_body["token_type"], by_body["instance_url"]) == ("Bearer", "https://harbor.my.salesforce.com")
    assert by_body["access_token"].startswith("00DHr0000000001!")
    assert by_body["access_token"] != by_basic["access_token"]


@pytest.mark.parametrize(
    ("wrong", "error", "description"),
    [
        ({"client_id": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"client_secret": "guess"}, "invalid_client", "invalid client credentials"),
        ({"grant_type": "password"}, "unsupported_grant_type", "grant type not supported"),
    ],
)
def test_a_wrong_client_is_refused_in_the_vendors_words(
    still: Org, wrong: dict[str, str], error: str, description: str
) -> None:
    given = still.state()["tokens_given"]

    answer = ask(still, **{**TOKEN_REQUEST, **wrong})

    assert (answer.status_code, answer.json()) == (400, {"error": error, "error_description": description})
    assert still.state()["tokens_given"] == given


def test_an_assertion_signed_with_the_registered_certificate_gives_a_token(org: Org) -> None:
    register(org)

    answer = ask(org, grant_type=BEARER, assertion=assertion())

    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "scope", "instance_url", "id", "token_type"}
    info = httpx.get(
        f"{org.url}/services/oauth2/userinfo",
        headers={"Authorization": f"Bearer {answer.json()['access_token']}"},
        trust_env=False,
    ).json()
    assert info["preferred_username"] == "makewhole@harbor.example"


@pytest.mark.parametrize(
    ("wrong", "error", "description"),
    [
        ({"aud": "https://elsewhere.example"}, "invalid_grant", "audience is invalid"),
        ({"exp": int(NOON.timestamp())}, "invalid_grant", "expired authorization code"),
        ({"sub": "ana.silva@harbor.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"sub": "nobody@harbor.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"iss": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}, "invalid_grant", "invalid assertion"),
    ],
)
def test_a_wrong_assertion_is_refused_in_the_vendors_words(
    still: Org, wrong: dict[str, Any], error: str, description: str
) -> None:
    register(still)

    answer = ask(still, grant_type=BEARER, assertion=assertion(**wrong))

    assert (answer.status_code, answer.json()) == (400, {"error": error, "error_description": description})


def test_an_unregistered_certificate_opens_nothing(org: Org) -> None:
    assert ask(org, grant_type=BEARER, assertion=assertion()).json()["error_description"] == "invalid assertion"
    assert ask(org, grant_type=BEARER, assertion="nonsense").json()["error_description"] == "invalid assertion"
    refused = org.http.post("/_sandbox/certificates", json={"client_id": "sandbox-consumer-key", "pem": "no pem"})
    assert (refused.status_code, refused.json()["message"][:4]) == (400, "pem:")


def test_simple_salesforce_logs_in_by_jwt_at_its_own_clock() -> None:
    with served(create_app()) as url, requests.Session() as session:
        body = {"client_id": "sandbox-consumer-key", "pem": CERTIFICATE}
        httpx.post(f"{url}/_sandbox/certificates", json=body, trust_env=False).raise_for_status()
        login = {"username": "makewhole@harbor.example", "consumer_key": "sandbox-consumer-key"}

        sf = salesforce_on(url, session, privatekey=PRIVATE, instance_url="harbor.my", **login)

        assert sf.query("SELECT COUNT() FROM Case")["totalSize"] == 0
        stranger = {**login, "username": "tom.baker@harbor.example"}
        with (
            pytest.warns(UserWarning, match="self-authorize"),
            pytest.raises(SalesforceAuthenticationFailed, match="hasn't approved"),
        ):
            salesforce_on(url, session, privatekey=PRIVATE, instance_url="harbor.my", **stranger)


def test_a_token_ends_with_its_life_or_its_revocation(org: Org) -> None:
    org.settings(token_life_seconds=60)
    short = ask(org, **TOKEN_REQUEST).json()["access_token"]
    revoked = ask(org, **TOKEN_REQUEST).json()["access_token"]
    org.http.post("/services/oauth2/revoke", data={"token": revoked}).raise_for_status()
    org.clock.forward(61)

    for token in (short, revoked, "nonsense"):
        answer = org.http.get(f"{V}/limits", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()) == (401, EXPIRED)
    wrong = org.http.get(f"{V}/limits", headers={"Authorization": "Basic abc"})
    assert (wrong.status_code, wrong.json()[0]["errorCode"]) == (401, "INVALID_AUTH_HEADER")
    again = org.http.post("/services/oauth2/revoke", data={"token": revoked})
    assert again.status_code == 400


def test_a_token_is_introspected(org: Org) -> None:
    token = org.http.headers["authorization"].removeprefix("Bearer ")
    client = {"client_id": "sandbox-consumer-key", "client_secret": "sandbox-consumer-secret"}

    found = org.http.post("/services/oauth2/introspect", data={"token": token, **client}).json()

    assert (found["active"], found["username"]) == (True, "makewhole@harbor.example")
    assert found["exp"] - found["iat"] == 7_200
    gone = org.http.post("/services/oauth2/introspect", data={"token": "nonsense", **client}).json()
    assert gone == {"active": False}


def test_the_expired_token_fault_ends_a_session_mid_run(org: Org) -> None:
    org.fault(fault="expired_token", times=1)

    answers = [org.http.get(f"{V}/limits").status_code for _ in range(2)]

    assert answers == [401, 401]
    org.http.headers["Authorization"] = f"Bearer {ask(org, **TOKEN_REQUEST).json()['access_token']}"
    assert org.http.get(f"{V}/limits").status_code == 200
    assert org.http.get("/services/oauth2/userinfo", headers={"Authorization": "Bearer x"}).text == "Bad_OAuth_Token"


def test_every_answer_says_how_much_of_the_allowance_is_used(org: Org) -> None:
    first = org.http.get(f"{V}/limits")
    second = org.http.get(f"{V}/sobjects/Nothing")

    assert first.headers["sforce-limit-info"] == "api-usage=1/100000"
    assert second.headers["sforce-limit-info"] == "api-usage=2/100000"
    assert first.json()["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_999}


def test_an_org_without_requests_left_refuses_until_a_day_has_passed(org: Org) -> None:
    org.settings(daily_api_requests=3)

    answers = [org.http.get(f"{V}/limits") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 403]
    assert answers[3].json() == [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    org.settings(daily_api_requests=3, token_life_seconds=1_000_000)
    org.clock.forward(25 * 3_600)
    org.http.headers["Authorization"] = f"Bearer {ask(org, **TOKEN_REQUEST).json()['access_token']}"
    assert org.http.get(f"{V}/limits").headers["sforce-limit-info"] == "api-usage=1/3"


def test_requests_of_others_count_too(org: Org) -> None:
    org.http.post("/_sandbox/requests", json={"used": 99_999}).raise_for_status()

    assert org.http.get(f"{V}/limits").headers["sforce-limit-info"] == "api-usage=100000/100000"
    assert org.http.get(f"{V}/limits").status_code == 403
