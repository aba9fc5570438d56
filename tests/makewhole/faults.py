"""What an admin may run into, and how it is brought about beside the sandbox."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from makewhole.sandboxed import CONFIG
from tests.makewhole.conftest import World

ZENDESK_LOGIN = ("bot@harbor.example/token", "sandbox-api-token")
ZENDESK, SALESFORCE, JIRA = "/zendesk/_sandbox", "/salesforce/_sandbox", "/jira/_sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault.

    Fields:
        name: What an admin would call it.
        check: The check that finds it. state: "fail" or "warn".
        found: A part of what came back. fix: A part of what to do.
        settings: Pieces of the settings, and what stands there in their place.
        environment: Variables with another secret.
        acts: (path, body) posted to the sandbox. undo: The same, afterwards.
        arrange: Does to the folder or the world what nothing above can.
        skew_seconds: How far our clock is off.
        moved: Whether we are at a new address, that no webhook points at yet.
        besides: Other checks that must find something, too.
    """

    name: str
    check: str
    state: str = "fail"
    found: str
    fix: str
    settings: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    acts: tuple[tuple[str, dict[str, Any]], ...] = ()
    undo: tuple[tuple[str, dict[str, Any]], ...] = ()
    arrange: Callable[[World, Path], None] | None = None
    skew_seconds: int = 0
    moved: bool = False
    besides: frozenset[str] = frozenset()


def people_without(*slack_ids: str) -> Callable[[World, Path], None]:
    def arrange(_world: World, folder: Path) -> None:
        text = (CONFIG / "people.yaml").read_text(encoding="utf-8")
        for slack_id in slack_ids:
            text = text.replace(f"    slack: {slack_id}\n", "")
        (folder / "people.yaml").write_text(text, encoding="utf-8")

    return arrange


def broken_people(_world: World, folder: Path) -> None:
    (folder / "people.yaml").write_text("people:\n  noah: {nmae: Noah}\n", encoding="utf-8")


def broken_policy(_world: World, folder: Path) -> None:
    shutil.copytree(CONFIG / "policies", folder / "policies")
    path = folder / "policies" / "duplicate-charge.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("owner:", "ownr:", 1), encoding="utf-8")


def other_revision(_world: World, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "makewhole.sqlite")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")


def stale_queue(_world: World, folder: Path) -> None:
    old = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1000)
    with closing(sqlite3.connect(folder / "makewhole.sqlite")) as database, database:
        database.execute(
            "INSERT INTO workflow_status (workflow_uuid, status, name, created_at, updated_at, recovery_attempts,"
            " priority, queue_name) VALUES ('propose:CASE-1/1', 'ENQUEUED', 'propose', ?, ?, 0, 0, 'work')",
            (old, old),
        )


def channel_without_the_bot(world: World, _folder: Path) -> None:
    world.sandbox.post("/slack/_sandbox/channels", {"id": "C0FAULT0001", "name": "faulty", "members": ["U0NOAH00001"]})


def webhook(**more: Any) -> Callable[[World, Path], None]:
    """Register one more webhook at Zendesk for our address, or for another."""

    def arrange(world: World, _folder: Path) -> None:
        endpoint = f"{world.own_url}/webhooks/zendesk/harbor"
        world.sandbox.post(f"{ZENDESK}/webhooks", {"endpoint": endpoint, **more})

    return arrange


def webhook_on_another_host(world: World, _folder: Path) -> None:
    world.sandbox.post(f"{ZENDESK}/webhooks", {"endpoint": "http://127.0.0.1:9/webhooks/zendesk/harbor"})


def no_jira_admin(world: World, _folder: Path) -> None:
    world.sandbox.post(f"{JIRA}/tokens", {"email": "lena.vogel@harbor.example", "token": "sandbox-lena"})


def nearly_used_up(world: World, _folder: Path) -> None:
    world.sandbox.post(f"{ZENDESK}/settings", {"requests_per_minute": 100})
    for _ in range(85):
        world.sandbox.client.get(f"{world.sandbox.url}/zendesk/api/v2/users/me.json", auth=ZENDESK_LOGIN)


def jira_issue(world: World) -> None:
    """Make sure that there is an issue whose screen can be looked at."""
    world.sandbox.post(f"{JIRA}/issues", {"issues": [{"project": "ENG", "summary": "An issue", "key": "ENG-901"}]})


def off_the_screen(world: World, _folder: Path) -> None:
    jira_issue(world)
    world.sandbox.post(f"{JIRA}/screens", {"project": "ENG", "remove": ["customfield_10111"]})


def switched_off(world: World, folder: Path) -> None:
    """Register one more webhook at Zendesk for our address, and make all that point at us inactive."""
    webhook()(world, folder)
    for each in world.sandbox.get(f"{ZENDESK}/state?ids=1")["webhooks"]:  # type: ignore[attr-defined]
        if each["endpoint"].startswith(f"{world.own_url}/"):
            path = f"{world.sandbox.url}/zendesk/api/v2/webhooks/{each['id']}"
            world.sandbox.client.patch(
                path, json={"webhook": {"status": "inactive"}}, auth=ZENDESK_LOGIN
            ).raise_for_status()
