"""Webhooks are made, looked at and given new secrets; no secret is shown twice, and no delivery is refused."""

import io
import re
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from makewhole.admin import webhooks
from makewhole.sandboxed import free_port
from tests.makewhole.conftest import Told, World, wait_until
from tests.makewhole.serving import served

SECRET = "[secret://env/MAKEWHOLE_ZENDESK_WEBHOOK_SECRET]"
NO_SECRET = {f"webhook_secrets: {SECRET}": "webhook_secrets: []"}
TICKET = 99_001


@pytest.fixture
def elsewhere(world: World) -> World:
    """Return the world, with an address of ours that no webhook points at yet."""
    return replace(world, own_url=f"http://127.0.0.1:{free_port()}")


def hooks(world: World) -> list[dict[str, Any]]:
    """Return the webhooks that point at us, as Zendesk holds them."""
    found = world.sandbox.get("/zendesk/_sandbox/state?ids=1")["webhooks"]
    assert isinstance(found, list)
    return [each for each in found if str(each["endpoint"]).startswith(f"{world.own_url}/")]


def of(told: Told, name: str) -> tuple[str, str]:
    """Return state and what came back of one check."""
    found = next(each for each in told.json["checks"] if each["name"] == name)
    return found["state"], found["found"]


def install(world: World, folder: Path, cli: Callable[..., Told]) -> tuple[Path, str]:
    """Install a webhook; return settings that hold its secret, and the secret."""
    paper = folder / "first-secret"
    told = cli(
        "webhooks",
        "install",
        "zendesk",
        "--settings",
        world.settings(folder, changes=NO_SECRET),
        "--secret-file",
        paper,
        "--json",
    )
    assert told.code == 0, told.err
    settings = world.settings(folder, changes={SECRET: f"[secret://file/{paper}]"})
    return settings, paper.read_text().strip()


def test_a_webhook_is_installed_once_and_its_secret_is_only_in_the_file(
    elsewhere: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    settings = elsewhere.settings(tmp_path, changes=NO_SECRET)
    paper = tmp_path / "secret"

    told = cli("webhooks", "install", "zendesk", "--settings", settings, "--secret-file", paper)
    again = cli("webhooks", "install", "zendesk", "--settings", settings, "--secret-file", tmp_path / "again", "--json")

    (made,) = hooks(elsewhere)
    assert (told.code, again.code) == (0, 0)
    assert paper.read_text() == f"{made['secret']}\n" == (tmp_path / "again").read_text()
    assert stat.S_IMODE(paper.stat().st_mode) == 0o600
    assert made["secret"] not in told.out + told.err + again.out + again.err
    assert f"set zendesk.webhook_secrets: [secret://file/{paper}]" in told.out
    assert again.json["webhooks"][0]["result"] == "there"


def test_with_the_secret_in_the_settings_nothing_is_left_to_do(
    elsewhere: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    settings, _ = install(elsewhere, tmp_path, cli)

    told = cli("webhooks", "install", "zendesk", "--settings", settings, "--json")

    assert (told.code, told.json["webhooks"][0]["result"], told.json["webhooks"][0]["steps"]) == (0, "there", [])
    assert len(hooks(elsewhere)) == 1


def test_without_a_terminal_or_a_new_file_nothing_is_made(
    elsewhere: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    settings = elsewhere.settings(tmp_path, changes=NO_SECRET)
    taken = tmp_path / "taken"
    taken.write_text("mine")

    told = cli("webhooks", "install", "zendesk", "--settings", settings)
    over = cli("webhooks", "install", "zendesk", "--settings", settings, "--secret-file", taken)

    assert (told.code, over.code) == (2, 2)
    assert "--secret-file" in told.err
    assert taken.read_text() == "mine"
    assert hooks(elsewhere) == []


def test_a_terminal_is_shown_the_secret_once(elsewhere: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    settings, shown = elsewhere.settings(tmp_path, changes=NO_SECRET), Terminal()
    monkeypatch.setattr(sys, "stdout", shown)

    code = webhooks.install(settings, "zendesk", secret_file=None, dry_run=False, as_json=False)

    assert code == 0
    assert shown.getvalue().count(hooks(elsewhere)[0]["secret"]) == 1


@pytest.mark.parametrize("command", [("install", "zendesk"), ("rotate", "zendesk")])
def test_a_rehearsal_shows_the_call_and_makes_none(
    elsewhere: World, tmp_path: Path, cli: Callable[..., Told], command: tuple[str, ...]
) -> None:
    settings = elsewhere.settings(tmp_path, changes=NO_SECRET)
    if command[0] == "rotate":
        settings, _ = install(elsewhere, tmp_path, cli)
    before = hooks(elsewhere)

    told = cli("webhooks", *command, "--settings", settings, "--dry-run", "--json")

    (outcome,) = told.json["webhooks"]
    assert (told.code, outcome["result"]) == (0, "rehearsed")
    assert (outcome["calls"][0]["method"], outcome["calls"][0]["url"]) == (
        "POST",
        "https://harbor.zendesk.com/api/v2/webhooks",
    )
    assert outcome["calls"][0]["body"]["webhook"]["endpoint"] == f"{elsewhere.own_url}/webhooks/zendesk/harbor"
    assert hooks(elsewhere) == before


def test_verify_finds_all_well_where_all_is_well(elsewhere: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    settings, _ = install(elsewhere, tmp_path, cli)
    load_ticket(elsewhere)

    with served(settings):
        edit(elsewhere, "pending")
        wait_until(lambda: are_over(elsewhere, ids(elsewhere)))
        told = cli("webhooks", "verify", "zendesk", "--settings", settings, "--json")

    assert told.code == 0
    assert {name: of(told, f"zendesk.{name}")[0] for name in ("webhook", "ping", "test", "last_delivery")} == {
        "webhook": "ok",
        "ping": "ok",
        "test": "ok",
        "last_delivery": "ok",
    }
    assert re.search(r"UTC, \d+ seconds ago", of(told, "zendesk.last_delivery")[1])


def test_verify_says_what_is_wrong_with_the_way_back(
    elsewhere: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    settings, _ = install(elsewhere, tmp_path, cli)
    other = elsewhere.settings(tmp_path / "other")

    nobody = cli("webhooks", "verify", "zendesk", "--settings", settings, "--json")
    with served(other):
        refused = cli("webhooks", "verify", "zendesk", "--settings", settings, "--json")
        stranger = cli("webhooks", "verify", "zendesk", "--settings", other, "--json")

    assert (nobody.code, refused.code, stranger.code) == (1, 1, 1)
    assert "nobody answers" in of(nobody, "zendesk.ping")[1]
    assert "answered by nobody" in of(nobody, "zendesk.test")[1]
    assert "refused with 401" in of(refused, "zendesk.ping")[1]
    assert "answered 401" in of(refused, "zendesk.test")[1]
    assert of(stranger, "zendesk.webhook")[0] == "fail"


def test_a_rehearsed_verify_sends_no_test(elsewhere: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    settings, _ = install(elsewhere, tmp_path, cli)

    told = cli("webhooks", "verify", "zendesk", "--settings", settings, "--dry-run", "--json")

    assert [each["method"] for each in told.json["calls"]] == ["POST"]
    assert "/api/v2/webhooks/test?webhook_id=" in told.json["calls"][0]["url"]


@pytest.fixture
def _patient(world: World) -> Iterator[None]:
    """Let Zendesk try deliveries again for as long as a restart of ours takes."""
    world.sandbox.post("/zendesk/_sandbox/settings", {"webhook_retry_seconds": 2})
    yield
    world.sandbox.post("/zendesk/_sandbox/settings", {"webhook_retry_seconds": 0.2})


@pytest.mark.usefixtures("_patient")
def test_a_secret_is_changed_while_deliveries_are_under_way_and_none_is_refused(
    elsewhere: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    settings, old_secret = install(elsewhere, tmp_path, cli)
    load_ticket(elsewhere)
    paper = tmp_path / "second-secret"
    ours = ids(elsewhere)
    old, new = f"secret://file/{tmp_path / 'first-secret'}", f"secret://file/{paper}"

    with served(settings):
        edit(elsewhere, "open")
        prepared = cli("webhooks", "rotate", "zendesk", "--settings", settings, "--secret-file", paper, "--json")
        both = elsewhere.settings(tmp_path / "both", changes={SECRET: f"[{new}, {old}]"})
        too_soon = cli("webhooks", "rotate", "zendesk", "--switch", "--settings", both, "--json")
        edit(elsewhere, "pending")
    with served(both):
        edit(elsewhere, "open")
        switched = cli("webhooks", "rotate", "zendesk", "--switch", "--settings", both, "--json")
        ours |= ids(elsewhere)
        again = cli("webhooks", "rotate", "zendesk", "--switch", "--settings", both, "--json")
        edit(elsewhere, "hold")
        wait_until(lambda: are_over(elsewhere, ours))
    after = elsewhere.settings(tmp_path / "after", changes={SECRET: f"[{new}]"})
    with served(after):
        edit(elsewhere, "open")
        wait_until(lambda: are_over(elsewhere, ours))
        verified = cli("webhooks", "verify", "zendesk", "--settings", after, "--json")

    assert [each.json["webhooks"][0]["result"] for each in (prepared, too_soon, switched, again)] == [
        "prepared",
        "failed",
        "switched",
        "there",
    ]
    assert "nothing was changed: refused with 401" in too_soon.json["webhooks"][0]["said"]
    assert [each["secret"] for each in hooks(elsewhere)] == [paper.read_text().strip()]
    assert paper.read_text().strip() != old_secret
    assert old_secret not in prepared.out + switched.out
    sent = deliveries(elsewhere, ours)
    assert len(sent) >= 5
    assert {each["outcome"] for each in sent} == {"delivered"}
    assert 401 not in {status for each in sent for status in each["tries"]}
    assert of(verified, "zendesk.webhook")[0] == of(verified, "zendesk.ping")[0] == "ok"


def load_ticket(world: World) -> None:
    """Put a ticket of no customer's there, unless it is there."""
    state = world.sandbox.get(f"/zendesk/_sandbox/state?ids={TICKET}")
    if not state["tickets"]:
        ticket = {"id": TICKET, "subject": "A ticket", "description": "Of no case", "requester_id": 1001}
        world.sandbox.post("/zendesk/_sandbox/tickets", {"tickets": [ticket]})


def edit(world: World, status: str) -> None:
    """Let an agent change the ticket, which every webhook hears of."""
    body = {"ticket_id": TICKET, "ticket": {"status": status}}
    world.sandbox.post("/zendesk/_sandbox/agents/edit", body)


def deliveries(world: World, webhooks_of_ours: set[str]) -> list[dict[str, Any]]:
    """Return what Zendesk sent by these webhooks, but its tests, oldest first."""
    found = world.sandbox.get("/zendesk/_sandbox/state?ids=1")["deliveries"]
    assert isinstance(found, list)
    return [each for each in found if each["webhook_id"] in webhooks_of_ours]


def ids(world: World) -> set[str]:
    """Return the ids of the webhooks that point at us."""
    return {each["id"] for each in hooks(world)}


def are_over(world: World, webhooks_of_ours: set[str]) -> bool:
    """Whether something was sent, and nothing is tried any more."""
    outcomes = [each["outcome"] for each in deliveries(world, webhooks_of_ours)]
    return bool(outcomes) and "waiting" not in outcomes


JIRA_SECRET = "[secret://env/MAKEWHOLE_JIRA_WEBHOOK_SECRET]"


def jira_hooks(world: World) -> list[dict[str, Any]]:
    """Return the webhooks that point at us, as Jira holds them."""
    found = world.sandbox.get("/jira/_sandbox/state?issues=ENG-0&deliveries=no")["webhooks"]
    assert isinstance(found, list)
    return [each for each in found if str(each["url"]).startswith(f"{world.own_url}/")]


def test_jira_is_given_our_secrets_one_after_the_other(
    elsewhere: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    settings, paper = elsewhere.settings(tmp_path), tmp_path / "second-secret"
    changes = {JIRA_SECRET: f"[secret://file/{paper}, {JIRA_SECRET.strip('[]')}]"}

    installed = cli("webhooks", "install", "jira", "--settings", settings, "--json")
    (first,) = jira_hooks(elsewhere)
    prepared = cli("webhooks", "rotate", "jira", "--settings", settings, "--secret-file", paper, "--json")
    (between,) = jira_hooks(elsewhere)
    both = elsewhere.settings(tmp_path / "both", changes=changes)
    with served(both):
        switched = cli("webhooks", "rotate", "jira", "--switch", "--settings", both, "--json")
        verified = cli("webhooks", "verify", "jira", "--settings", both, "--json")
    (last,) = jira_hooks(elsewhere)

    results = [each.json["webhooks"][0]["result"] for each in (installed, prepared, switched)]
    assert results == ["installed", "prepared", "switched"]
    assert first["secret"] == between["secret"] == "sandbox-jira-webhook-secret"
    assert last["secret"] == paper.read_text().strip()
    assert last["secret"] not in prepared.out + switched.out
    assert of(verified, "jira.webhook")[0] == of(verified, "jira.ping")[0] == "ok"


def test_what_only_a_person_can_do_at_salesforce_is_told_without_the_secret(
    elsewhere: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    settings = elsewhere.settings(tmp_path)

    told = cli("webhooks", "install", "salesforce", "--settings", settings, "--json")
    with served(settings):
        verified = cli("webhooks", "verify", "salesforce", "--settings", settings, "--json")

    (outcome,) = told.json["webhooks"]
    assert (told.code, outcome["result"]) == (0, "by_hand")
    assert f"Endpoint URL: {elsewhere.own_url}/webhooks/salesforce/harbor/(secret)" in outcome["steps"]
    assert "sandbox-path-secret" not in told.out + verified.out
    assert "no program may look" in of(verified, "salesforce.webhook")[1]
    assert of(verified, "salesforce.ping") == ("ok", "it arrived, and was believed")


def test_a_webhook_that_the_vendor_will_end_is_seen_in_time(
    elsewhere: World, tmp_path: Path, cli: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEWHOLE_JIRA_TOKEN", "sandbox-jira-client-secret")
    changes = {
        "    kind: api_token\n    email: bot@harbor.example\n    token: ": (
            "    kind: service_account\n    client_id: sandbox-jira-client\n"
            "    cloud_id: 3f6c1d2e-7a54-4d0c-9a1e-5b2f8c6d4e10\n    client_secret: "
        ),
        f"webhook_secrets: {JIRA_SECRET}": "webhook_kind: dynamic\n  webhook_secrets: [secret://env/MAKEWHOLE_JIRA_TOKEN]",
    }
    settings = elsewhere.settings(tmp_path, changes=changes)
    elsewhere.sandbox.post("/jira/_sandbox/settings", {"webhook_life_seconds": 3 * 86_400})

    installed = cli("webhooks", "install", "jira", "--settings", settings, "--json")
    doctor = cli("doctor", "--only", "jira", "--settings", settings, "--json")
    elsewhere.sandbox.post("/jira/_sandbox/settings", {"pace": "fast"})

    assert installed.json["webhooks"][0]["result"] == "installed"
    assert of(doctor, "jira.webhook")[0] == "ok"
    assert of(doctor, "jira.webhook_expiry")[0] == "warn"
    assert "ends on " in of(doctor, "jira.webhook_expiry")[1]
