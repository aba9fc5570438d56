"""Signatures as Slack's own documentation works one out."""

from slack_sdk.signature import SignatureVerifier

from sandbox.slack.signing import signature, signed_headers

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


def test_the_documented_example_comes_out() -> None:
    made = signature(SECRET, timestamp=1531420618, body=BODY)

    assert made == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def test_the_sdks_own_verifier_agrees() -> None:
    headers = signed_headers(SECRET, timestamp=1531420618, body=BODY, content_type="application/json")

    verifier = SignatureVerifier(SECRET)
    assert verifier.generate_signature(timestamp="1531420618", body=BODY) == headers["x-slack-signature"]
