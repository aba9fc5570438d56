"""How Slack signs what it sends: HMAC-SHA256 over "v0:<timestamp>:<raw body>".

https://docs.slack.dev/authentication/verifying-requests-from-slack has the worked example that the tests repeat.
"""

import hashlib
import hmac


def signature(secret: str, *, timestamp: int, body: bytes) -> str:
    """Return the X-Slack-Signature header: "v0=" and 64 hex digits."""
    digest = hmac.new(secret.encode(), b"v0:%d:%s" % (timestamp, body), hashlib.sha256).hexdigest()
    return f"v0={digest}"


def signed_headers(secret: str, *, timestamp: int, body: bytes, content_type: str) -> dict[str, str]:
    """Return the headers Slack sends with this body."""
    return {
        "content-type": content_type,
        "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "x-slack-request-timestamp": str(timestamp),
        "x-slack-signature": signature(secret, timestamp=timestamp, body=body),
    }
