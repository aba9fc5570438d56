"""A settings file that is right, and ways to make it wrong."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

SECRETS = {
    "MAKEWHOLE_AUDIT_KEY": "a" * 32,
    "MAKEWHOLE_LINK_KEY": "l" * 32,
    "MAKEWHOLE_ZENDESK_CLIENT_SECRET": "sandbox-client-secret",
    "MAKEWHOLE_ZENDESK_WEBHOOK_SECRET": "sandbox-webhook-secret",
    "MAKEWHOLE_SALESFORCE_CONSUMER_SECRET": "sandbox-consumer-secret",
    "MAKEWHOLE_SALESFORCE_PATH_SECRET": "sandbox-path-secret",
    "MAKEWHOLE_JIRA_TOKEN": "sandbox-jira-token",
    "MAKEWHOLE_JIRA_WEBHOOK_SECRET": "sandbox-jira-webhook-secret",
    "MAKEWHOLE_SLACK_BOT_TOKEN": "xoxb-sandbox-bot",
    "MAKEWHOLE_SLACK_APP_TOKEN": "xapp-sandbox-app",
    "MAKEWHOLE_SLACK_SIGNING_SECRET": "sandbox-signing-secret",
    "MAKEWHOLE_PAYOUTS_TOKEN": "sandbox-payouts-token",
    "MAKEWHOLE_ACCOUNTS_TOKEN": "sandbox-accounts-token",
}
ROOT = Path(__file__).resolve().parents[2]

Written = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Return what writes the sandbox's settings with pieces of text replaced, in a folder that has all it names."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "people.yaml").write_text("people: {}\n")

    def write(changes: Mapping[str, str]) -> Path:
        whole = (ROOT / "config" / "sandbox.yaml").read_text(encoding="utf-8")
        text = whole.partition("\nsalesforce:")[0]
        for old, new in changes.items():
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in sandbox.yaml"
            text = text.replace(old, new)
        path = tmp_path / "settings.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
