"""Each fault that admins run into is named by one check, with its fix; what is well beside it stays well."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from makewhole import checking
from makewhole.assembly import utc_now
from makewhole.sandboxed import CONFIG, free_port
from tests.makewhole.conftest import Told, World

#: What is so in any house at rest: nobody works, nobody answers at the public address, Jira tells no token's end.
AT_REST = frozenset(
    {"queue.workers", "zendesk.ping", "salesforce.ping", "jira.ping", "jira.credentials", "jira.webhook"}
)
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


def people_without(slack_id: str) -> Callable[[World, Path], None]:
    def arrange(_world: World, folder: Path) -> None:
        text = (CONFIG / "people.yaml").read_text(encoding="utf-8")
        (folder / "people.yaml").write_text(text.replace(f"    slack: {slack_id}\n", ""), encoding="utf-8")

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


OUR_PEOPLE = {f"people: {CONFIG / 'people.yaml'}": "people: people.yaml"}
OUR_POLICIES = {f"policies: {CONFIG / 'policies'}": "policies: policies"}
FAULTS = (
    Fault(
        name="a wrong secret of the OAuth client",
        check="zendesk.identity",
        found="refuses the OAuth client 'makewhole'",
        fix="change the credentials",
        environment={"MAKEWHOLE_ZENDESK_CLIENT_SECRET": "wrong-and-not-to-be-shown"},
    ),
    Fault(
        name="a missing OAuth scope",
        check="zendesk.identity",
        found="invalid_scope",
        fix="the scopes",
        settings={"    client_id: makewhole\n": "    client_id: makewhole\n    scope: write\n"},
    ),
    Fault(
        name="a field that is not there",
        check="zendesk.fields",
        found="missing or inactive: order_id (909999)",
        fix="make these fields",
        settings={"order_id: 900002": "order_id: 909999"},
    ),
    Fault(
        name="a field of the wrong type",
        check="zendesk.fields",
        found="is of type decimal, mw_state needs text",
        fix="map these names to fields of type text",
        settings={"mw_state: 900011": "mw_state: 900006", "    claimed_amount: 900006\n": ""},
    ),
    Fault(
        name="an API token that ends soon",
        check="zendesk.credentials",
        state="warn",
        found="Zendesk takes none after 2027-04-30",
        fix="make a confidential OAuth client",
        settings={
            "    kind: oauth\n    client_id: makewhole\n    client_secret:"
            " secret://env/MAKEWHOLE_ZENDESK_CLIENT_SECRET\n": (
                "    kind: api_token\n    email: bot@harbor.example\n"
                "    token: secret://env/MAKEWHOLE_ZENDESK_CLIENT_SECRET\n"
            )
        },
        environment={"MAKEWHOLE_ZENDESK_CLIENT_SECRET": "sandbox-api-token"},
    ),
    Fault(
        name="a token that the vendor ends at once",
        check="zendesk.identity",
        found="a token made just now is refused",
        fix="change the credentials",
        acts=((f"{ZENDESK}/faults", {"fault": "expired_token", "match": "GET /api/v2/"}),),
    ),
    Fault(
        name="nobody at the vendor's address",
        check="zendesk.identity",
        found="no connection",
        fix="is the host right?",
        settings={"SANDBOX/zendesk": "http://127.0.0.1:9/zendesk"},
    ),
    Fault(
        name="a rate limit that is nearly used up",
        check="zendesk.limit",
        state="warn",
        found="of 100 requests a minute left",
        fix="set zendesk.calls_per_minute lower",
        arrange=nearly_used_up,
        undo=((f"{ZENDESK}/settings", {"requests_per_minute": 0}),),
    ),
    Fault(
        name="a webhook that points elsewhere",
        check="zendesk.webhook",
        state="warn",
        found="points at http://127.0.0.1:9/webhooks/zendesk/harbor",
        fix="correct public_url",
        arrange=webhook_on_another_host,
        moved=True,
    ),
    Fault(
        name="a webhook with another secret",
        check="zendesk.webhook",
        found="signs with a secret that is not in the settings",
        fix="set zendesk.webhook_secrets",
        arrange=webhook(secret="somebody-elses"),
        moved=True,
    ),
    Fault(
        name="a webhook that is switched off",
        check="zendesk.webhook",
        state="warn",
        found="is not active",
        fix="activate it there",
        arrange=lambda world, folder: (webhook()(world, folder), switch_off(world))[0],
        moved=True,
    ),
    Fault(
        name="two webhooks for one address",
        check="zendesk.webhook",
        state="warn",
        found="delivered more than once",
        fix="delete all but one",
        arrange=lambda world, folder: (webhook()(world, folder), webhook()(world, folder))[0],
        moved=True,
    ),
    Fault(
        name="no webhook secret",
        check="zendesk.ping",
        state="warn",
        found="no secret is set",
        fix="makewhole webhooks install zendesk",
        settings={"[secret://env/MAKEWHOLE_ZENDESK_WEBHOOK_SECRET]": "[]"},
    ),
    Fault(
        name="a Salesforce app's wrong secret",
        check="salesforce.identity",
        found="invalid_client",
        fix="change the credentials",
        environment={"MAKEWHOLE_SALESFORCE_CONSUMER_SECRET": "wrong-and-not-to-be-shown"},
    ),
    Fault(
        name="a field that field-level security hides",
        check="salesforce.fields",
        found="missing or hidden from us: Case.Order_Id__c",
        fix="give our user's permission set Read Access",
        acts=((f"{SALESFORCE}/profile", {"hidden": ["Case.Order_Id__c"]}),),
        undo=((f"{SALESFORCE}/profile", {}),),
    ),
    Fault(
        name="a field of ours that the user may not edit",
        check="salesforce.fields",
        found="MW_State__c may be read only by our user",
        fix="Edit Access",
        acts=((f"{SALESFORCE}/profile", {"read_only": ["Case.MW_State__c"]}),),
        undo=((f"{SALESFORCE}/profile", {}),),
    ),
    Fault(
        name="no permission on the object",
        check="salesforce.fields",
        found="our user cannot see Case",
        fix="the object permissions Read on it, and Edit on Case",
        acts=((f"{SALESFORCE}/profile", {"hidden": ["Case"]}),),
        undo=((f"{SALESFORCE}/profile", {}),),
    ),
    Fault(
        name="settings of another org",
        check="salesforce.identity",
        found="in org 00DHr0000000001MAA",
        fix="organization_id says 00DHr0000000002AAA",
        settings={"00DHr0000000001MAA": "00DHr0000000002AAA"},
    ),
    Fault(
        name="API calls of the org that others have used up",
        check="salesforce.limits",
        found="API calls in 24 hours are left",
        fix="polling waits",
        acts=(
            (f"{SALESFORCE}/settings", {"daily_api_requests": 100_000}),
            (f"{SALESFORCE}/requests", {"used": 95_000}),
        ),
        undo=((f"{SALESFORCE}/requests", {"used": 0}), (f"{SALESFORCE}/settings", {"pace": "fast"})),
    ),
    Fault(
        name="a wrong Jira token",
        check="jira.identity",
        found="the API token is refused",
        fix="change the credentials",
        environment={"MAKEWHOLE_JIRA_TOKEN": "wrong-and-not-to-be-shown"},
    ),
    Fault(
        name="a Jira token that has ended",
        check="jira.credentials",
        found="until 2026-01-31",
        fix="make a new token",
        settings={"    email: bot@harbor.example\n": "    email: bot@harbor.example\n    ends_on: 2026-01-31\n"},
    ),
    Fault(
        name="a Jira token without the permission for webhooks",
        check="jira.webhooks",
        state="warn",
        found="the account is no administrator",
        fix="an administrator's token",
        settings={"bot@harbor.example": "lena.vogel@harbor.example"},
        environment={"MAKEWHOLE_JIRA_TOKEN": "sandbox-lena"},
        arrange=no_jira_admin,
    ),
    Fault(
        name="a role for internal comments that is not there",
        check="jira.audience",
        found="there is no role 'Service Desk Teem'",
        fix="make the role, or set another",
        settings={"name: Service Desk Team": "name: Service Desk Teem"},
    ),
    Fault(
        name="a field that is not on the edit screen",
        check="jira.fields",
        found="not on the edit screen: mw_state (customfield_10111) in ENG",
        fix="add these fields to the projects' edit screens",
        arrange=off_the_screen,
        undo=((f"{JIRA}/screens", {"project": "ENG", "add": ["customfield_10111"]}),),
    ),
    Fault(
        name="a bot that is not in its channel",
        check="slack.channel.C0FAULT0001",
        found="the bot is not in #faulty",
        fix="/invite it there",
        settings={"channel: C0COMPENSA1": "channel: C0FAULT0001"},
        arrange=channel_without_the_bot,
    ),
    Fault(
        name="a revoked Slack token",
        check="slack.identity",
        found="invalid_auth",
        fix="install the app again",
        environment={"MAKEWHOLE_SLACK_BOT_TOKEN": "xoxb-wrong-and-not-to-be-shown"},
    ),
    Fault(
        name="a wrong token of the payout provider",
        check="provider",
        found="the provider does not accept our token",
        fix="check payouts.token",
        environment={"MAKEWHOLE_PAYOUTS_TOKEN": "wrong-and-not-to-be-shown"},
    ),
    Fault(
        name="a clock that is off",
        check="clock",
        found="signatures are refused from 300 s on",
        fix="timedatectl set-ntp true",
        skew_seconds=400,
    ),
    Fault(
        name="a database of another revision",
        check="database.revision",
        found="9999, wanted is",
        fix="makewhole migrate",
        arrange=other_revision,
        besides=frozenset({"queue", "tickets", "payouts"}),
    ),
    Fault(
        name="a queue that nobody works off",
        check="queue.backlog",
        state="warn",
        found="the oldest that is due waits 36",
        fix="start a worker",
        arrange=stale_queue,
    ),
    Fault(
        name="people that cannot be read",
        check="people",
        found="people.yaml:2:",
        fix="correct these lines",
        settings=OUR_PEOPLE,
        arrange=broken_people,
        besides=frozenset({"policies.valid", "slack.people"}),
    ),
    Fault(
        name="a policy that does not load",
        check="policies.valid",
        found="duplicate-charge.yaml:",
        fix="correct these lines",
        settings=OUR_POLICIES,
        arrange=broken_policy,
    ),
    Fault(
        name="a role nobody can be reached in",
        check="people",
        state="warn",
        found="nobody with fraud_analyst is in Slack",
        fix="give somebody who holds fraud_analyst a Slack id",
        settings=OUR_PEOPLE,
        arrange=people_without("U0PRIYA0001"),
    ),
)


def switch_off(world: World) -> None:
    """Make the webhooks that point at us inactive."""
    for each in world.sandbox.get(f"{ZENDESK}/state?ids=1")["webhooks"]:  # type: ignore[attr-defined]
        if each["endpoint"].startswith(f"{world.own_url}/"):
            path = f"{world.sandbox.url}/zendesk/api/v2/webhooks/{each['id']}"
            world.sandbox.client.patch(
                path, json={"webhook": {"status": "inactive"}}, auth=ZENDESK_LOGIN
            ).raise_for_status()


@pytest.fixture
def house(world: World) -> Iterator[World]:
    """Return the world, and end the faults that a test arms."""
    yield world
    world.calm()


def found_of(told: Told) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads(told.out)["checks"]}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_named_with_its_fix_and_nothing_else_is(
    house: World, tmp_path: Path, cli: Callable[..., Told], monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    if fault.moved:
        house = replace(house, own_url=f"http://127.0.0.1:{free_port()}")
    settings = house.settings(tmp_path)
    if fault.arrange is not None:
        fault.arrange(house, tmp_path)
    text = settings.read_text(encoding="utf-8")
    for usual, ours in fault.settings.items():
        there = usual.replace("SANDBOX", house.sandbox.url)
        assert there in text
        text = text.replace(there, ours)
    settings.write_text(text, encoding="utf-8")
    for name, value in fault.environment.items():
        monkeypatch.setenv(name, value)
    if fault.skew_seconds:
        off = timedelta(seconds=fault.skew_seconds)
        monkeypatch.setattr(checking.doctor, "__kwdefaults__", {"clock": lambda: utc_now() + off})
    for path, body in fault.acts:
        house.sandbox.post(path, body)

    told = cli("doctor", "--settings", settings, "--json")
    for path, body in fault.undo:
        house.sandbox.post(path, body)

    found = found_of(told)
    assert fault.check in found, found.keys()
    assert (found[fault.check]["state"], fault.found in found[fault.check]["found"]) == (fault.state, True), found[
        fault.check
    ]
    assert fault.fix in found[fault.check]["fix"]
    assert told.code == (1 if any(each["state"] == "fail" for each in found.values()) else 0)
    assert "not-to-be-shown" not in told.out
    others = {name.partition(".")[0] for name, each in found.items() if each["state"] != "ok" and name not in AT_REST}
    assert others <= {fault.check.partition(".")[0], *(each.partition(".")[0] for each in fault.besides)}
    assert fault.besides <= {name for name, each in found.items() if each["state"] != "ok"}
