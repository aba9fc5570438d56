"""Whether a request comes from Slack: the signature over the raw bytes.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import hashlib
import hmac
from datetime import datetime

TOLERANCE_SECONDS = 300
_VERSION = "v0"
_LONGEST_TIMESTAMP = 12


def is_from_slack(
    body: bytes, *, timestamp: str | None, signature: str | None, secrets: tuple[str, ...], now: datetime
) -> bool:
    """Return whether one of the secrets signed these bytes within five minutes of now.

    A header that is missing or malformed is a no, never an error. Two secrets are for the days of a rotation.
    """
    if timestamp is None or signature is None or not _is_number(timestamp):
        return False
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    given = signature.encode("utf-8", "replace")
    matches = [hmac.compare_digest(signed(body, timestamp, secret).encode(), given) for secret in secrets]
    return any(matches)


def signed(body: bytes, timestamp: str, secret: str) -> str:
    """Return the signature header for these bytes."""
    content = f"{_VERSION}:{timestamp}:".encode() + body
    return f"{_VERSION}={hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_TIMESTAMP
