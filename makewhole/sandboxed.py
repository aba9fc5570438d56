"""The sandbox beside us: started as a process of its own, with settings that point at it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from makewhole.assembly import House
from makewhole.releases import release_folder
from makewhole.trouble import Unusable
from store.migrating import migrate
from web.app import SLACK_PATHS

CONFIG = Path(__file__).resolve().parents[1] / "config"
#: Where config/sandbox.yaml expects the sandbox and ourselves.
USUAL_SANDBOX, USUAL_SELF = "http://127.0.0.1:8900", "http://127.0.0.1:8800"
#: Who writes the demo's policies, and who releases them.
AUTHOR, APPROVER = "amelia", "yuki"
SALESFORCE_PATH_SECRET = "sandbox-path-secret"  # noqa: S105  # It opens nothing else.
#: Printed in the sandbox's source; they open nothing else.
CREDENTIALS = {
    "MAKEWHOLE_AUDIT_KEY": "sandbox-audit-key-that-seals-nothing-real",
    "MAKEWHOLE_LINK_KEY": "sandbox-link-key-that-guards-nothing-real",
    "MAKEWHOLE_ZENDESK_CLIENT_SECRET": "sandbox-client-secret",
    "MAKEWHOLE_ZENDESK_WEBHOOK_SECRET": "sandbox-webhook-secret",
    "MAKEWHOLE_SALESFORCE_CONSUMER_SECRET": "sandbox-consumer-secret",
    "MAKEWHOLE_SALESFORCE_PATH_SECRET": SALESFORCE_PATH_SECRET,
    "MAKEWHOLE_JIRA_TOKEN": "sandbox-jira-token",
    "MAKEWHOLE_JIRA_WEBHOOK_SECRET": "sandbox-jira-webhook-secret",
    "MAKEWHOLE_SLACK_BOT_TOKEN": "xoxb-sandbox-bot",
    "MAKEWHOLE_SLACK_APP_TOKEN": "xapp-sandbox-app",
    "MAKEWHOLE_SLACK_SIGNING_SECRET": "sandbox-signing-secret",
    "MAKEWHOLE_PAYOUTS_TOKEN": "sandbox-payouts-token",
    "MAKEWHOLE_ACCOUNTS_TOKEN": "sandbox-accounts-token",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A running sandbox at `url`, and the client that steers it."""

    url: str
    client: httpx.Client

    def get(self, path: str) -> dict[str, object]:
        """Return what the sandbox answers to a GET; raises httpx.HTTPError."""
        answer = self.client.get(f"{self.url}{path}")
        answer.raise_for_status()
        return dict(answer.json())

    def post(self, path: str, body: Mapping[str, object]) -> dict[str, object]:
        """Return what the sandbox answers to a POST; raises httpx.HTTPError."""
        answer = self.client.post(f"{self.url}{path}", json=body)
        answer.raise_for_status()
        return dict(answer.json()) if answer.content else {}


@contextmanager
def sandbox(*, port: int = 0, own_url: str = USUAL_SELF, seed: bool = True) -> Iterator[Sandbox]:
    """Run a sandbox until the block ends; Slack and the helpdesks in it call us at `own_url`."""
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--pace", "fast"]
    command += ["--seed"] if seed else ["--no-seed"]
    command += ["--zendesk-webhook-url", f"{own_url}/webhooks/zendesk/harbor"]
    command += ["--jira-webhook-url", f"{own_url}/webhooks/jira/harbor"]
    command += ["--salesforce-outbound-url", f"{own_url}/webhooks/salesforce/harbor/{SALESFORCE_PATH_SECRET}"]
    process = subprocess.Popen(  # noqa: S603  # Our own program.
        command, stdout=subprocess.PIPE, text=True, cwd=CONFIG.parent
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise Unusable(f"the sandbox did not start (exit code {process.wait()}); is port {port} taken?")
        with httpx.Client(trust_env=False, timeout=30) as client:
            made = Sandbox(url=json.loads(line)["url"], client=client)
            made.post("/slack/_sandbox/settings", {name: f"{own_url}/slack/{name}" for name in SLACK_PATHS})
            yield made
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
        if process.stdout:
            process.stdout.close()


def free_port() -> int:
    """Return a port of this machine that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_settings(folder: Path, *, sandbox_url: str, own_url: str, database: str | None = None) -> Path:
    """Write settings for this sandbox into `folder` and return their path.

    database: Its URL; None makes a fresh SQLite file in the folder.
    """
    port = own_url.rpartition(":")[2]
    text = (CONFIG / "sandbox.yaml").read_text(encoding="utf-8")
    replacements = {
        USUAL_SANDBOX: sandbox_url,
        USUAL_SELF: own_url,
        "port: 8800": f"port: {port}",
        "sqlite:///var/sandbox.sqlite": database or f"sqlite:///{folder}/makewhole.sqlite",
        "policies: policies": f"policies: {CONFIG / 'policies'}",
        "people: people.yaml": f"people: {CONFIG / 'people.yaml'}",
    }
    for usual, ours in replacements.items():
        if usual not in text:
            raise RuntimeError(f"config/sandbox.yaml no longer holds {usual!r}")
        text = text.replace(usual, ours)
    path = folder / "sandbox.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def release_policies(house: House) -> None:
    """Migrate the house's database and release the shipped policies there, by two people of the demo."""
    migrate(house.engine, house.settings.database)
    release_folder(house, CONFIG / "policies", author=AUTHOR, approver=APPROVER)


def lend_credentials() -> None:
    """Put the sandbox's credentials into the environment of this process and its children, where none are set."""
    for name, value in CREDENTIALS.items():
        os.environ.setdefault(name, value)
