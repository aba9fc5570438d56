"""The doctor finds each thing that is broken, says what to do about it, and is not stopped by any of them."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from config.settings import load_settings
from makewhole import checking
from makewhole.assembly import utc_now
from makewhole.doctor.check import Examined, ok
from makewhole.sandboxed import CONFIG
from store import tables, tickets
from store.failures import Attempt, bury, record_failure
from store.migrating import wanted_revision
from tests.makewhole.conftest import Told, World, changed, house_of

GROUPS = set(checking.GROUPS)


Doctor = Callable[..., Told]


@pytest.fixture
def doctor(world: World, tmp_path: Path, cli: Callable[..., Told]) -> Doctor:
    """Return what asks the doctor about the world as it is, with some pieces of its settings replaced."""

    def ask(*arguments: str, **changes: str) -> Told:
        return cli("doctor", "--settings", world.settings(tmp_path, changes=changes), "--json", *arguments)

    return ask


def states(told: Told) -> dict[str, str]:
    return {each["name"]: each["state"] for each in told.json["checks"]}


def of(told: Told, name: str) -> tuple[str, str, str]:
    """Return state, what came back, and the fix of one check."""
    found = next(each for each in told.json["checks"] if each["name"] == name)
    return found["state"], found["found"], found["fix"] or ""


def test_all_is_well_beside_the_sandbox(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    told = cli("doctor", "--settings", world.settings(tmp_path), "--json")

    assert {name for name, state in states(told).items() if state != "ok"} == {
        "queue.workers",
        "zendesk.ping",
        "salesforce.ping",
        "jira.ping",
        "jira.credentials",
    }
    assert (told.code, told.json["failed"], told.json["warnings"]) == (0, 0, 5)
    assert {name.partition(".")[0] for name in states(told)} == GROUPS
    assert all(each["tried"] and each["found"] for each in told.json["checks"])
    assert of(told, "zendesk.identity")[1] == "Makewhole (admin, id 1000)"
    assert of(told, "slack.identity")[1] == "makewhole, team T0HARBOR001, user U0MAKEWHOLE"


def test_the_table_says_the_same_to_people(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    told = cli("doctor", "--settings", world.settings(tmp_path))

    assert told.code == 0
    assert "warn │ queue.workers" in told.out
    assert "start `makewhole run`" in told.out


def test_no_secret_is_ever_printed(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    settings = world.settings(tmp_path)

    told = cli("doctor", "--settings", settings, "--json").out + cli("doctor", "--settings", settings).out

    read = load_settings(settings)
    assert read.zendesk is not None
    secrets = [read.zendesk.webhook_secrets[0], read.slack.bot_token, read.accounts.token, read.audit_key]
    assert [each.reference for each in secrets if each.reveal() in told] == []
    assert "sandbox-client-secret" not in told


@pytest.mark.parametrize("only", ["zendesk", "slack.channel", "data", "clock"])
def test_a_part_can_be_asked_for(world: World, tmp_path: Path, cli: Callable[..., Told], only: str) -> None:
    told = cli("doctor", "--settings", world.settings(tmp_path), "--only", only, "--json")

    assert told.code == 0
    assert states(told)
    assert all(name.startswith(only) for name in states(told))


@pytest.mark.parametrize("only", ["freshdesk", "slack.nonsense"])
def test_a_check_that_does_not_exist_is_wrong_usage(
    world: World, tmp_path: Path, cli: Callable[..., Told], only: str
) -> None:
    told = cli("doctor", "--settings", world.settings(tmp_path), "--only", only)

    assert told.code == 2
    assert told.out.startswith(f"There is no check {only}: they begin with settings, people,")


@pytest.mark.parametrize(
    ("variable", "name", "found"),
    [
        ("MAKEWHOLE_ZENDESK_CLIENT_SECRET", "zendesk.identity", "refuses the OAuth client 'makewhole'"),
        ("MAKEWHOLE_SLACK_BOT_TOKEN", "slack.identity", "Slack refuses us: invalid_auth"),
        ("MAKEWHOLE_PAYOUTS_TOKEN", "provider", "the provider does not accept our token"),
        ("MAKEWHOLE_ACCOUNTS_TOKEN", "accounts", "401; check the token"),
        ("MAKEWHOLE_ZENDESK_WEBHOOK_SECRET", "zendesk.webhook", "signs with a secret that is not in the settings"),
    ],
)
def test_a_wrong_secret_is_found_and_only_its_own_checks_fail(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, variable: str, name: str, found: str
) -> None:
    monkeypatch.setenv(variable, "xoxb-wrong-and-not-to-be-shown")

    told = doctor()

    assert told.code == 1
    assert of(told, name)[0] == "fail"
    assert found in of(told, name)[1]
    assert of(told, name)[2]
    assert "not-to-be-shown" not in told.out
    failed = {each for each, state in states(told).items() if state == "fail"}
    assert {each.partition(".")[0] for each in failed} == {name.partition(".")[0]}


@pytest.mark.parametrize(
    ("usual", "ours", "name", "found"),
    [
        ("order_id: 900002", "order_id: 909999", "zendesk.fields", "missing or inactive: order_id (909999)"),
        ("team_id: T0HARBOR001", "team_id: T0OTHER0001", "slack.identity", "team T0HARBOR001"),
        ("bot_user_id: U0MAKEWHOLE", "bot_user_id: U0SOMEBODY", "slack.identity", "user U0MAKEWHOLE"),
        ("channel: C0COMPENSA1", "channel: C0NOWHERE01", "slack.channel.C0NOWHERE01", "channel_not_found"),
        ("public_url: ", "public_url: https://elsewhere.example #", "zendesk.webhook", "points at http://127.0.0.1:"),
    ],
)
def test_a_wrong_setting_is_found(doctor: Doctor, usual: str, ours: str, name: str, found: str) -> None:
    told = doctor(**{usual: ours})

    assert of(told, name)[0] in {"fail", "warn"}
    assert found in of(told, name)[1]
    assert told.code == (1 if of(told, name)[0] == "fail" else 0)


def test_a_channel_without_the_bot_or_archived_is_found(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    world.sandbox.post("/slack/_sandbox/channels", {"id": "C0WITHOUT01", "name": "without", "members": ["U0NOAH00001"]})
    world.sandbox.post("/slack/_sandbox/channels", {"id": "C0ARCHIVED1", "name": "archived", "is_archived": True})
    changes = {"channel: C0COMPENSA1": "channel: C0WITHOUT01", "channel: C0FRAUDREV1": "channel: C0ARCHIVED1"}

    told = cli("doctor", "--settings", world.settings(tmp_path, changes=changes), "--only", "slack", "--json")

    assert told.code == 1
    assert of(told, "slack.channel.C0WITHOUT01") == ("fail", "the bot is not in #without", "/invite it there")
    assert of(told, "slack.channel.C0ARCHIVED1")[1] == "#archived is archived"
    assert states(told)["slack.people"] == "ok"


def test_people_who_are_not_in_slack_are_named(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    people = tmp_path / "people.yaml"
    text = (CONFIG / "people.yaml").read_text(encoding="utf-8").replace("U0NOAH00001", "U0GONE00001")
    for slack_id in ("U0PRIYA0001", "U0TARIQ0001"):
        text = text.replace(f"    slack: {slack_id}\n", "")
    people.write_text(text, encoding="utf-8")
    settings = world.settings(tmp_path, changes={str(CONFIG / "people.yaml"): str(people)})

    told = cli("doctor", "--settings", settings, "--json")

    assert of(told, "slack.people")[:2] == ("fail", "not in this workspace, or deactivated: noah")
    assert of(told, "people")[0] == "warn"
    assert "nobody with fraud_analyst is in Slack" in of(told, "people")[1]


def test_people_and_policies_with_mistakes_do_not_stop_the_others(
    world: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    people, policies = tmp_path / "people.yaml", tmp_path / "policies"
    people.write_text("people:\n  noah: {nmae: Noah}\n", encoding="utf-8")
    policies.mkdir()
    (policies / "p.yaml").write_text("policy: p\n", encoding="utf-8")
    changes = {str(CONFIG / "people.yaml"): str(people), str(CONFIG / "policies"): str(policies)}

    told = cli("doctor", "--settings", world.settings(tmp_path, changes=changes), "--json")

    assert told.code == 1
    assert "people.yaml:2:" in of(told, "people")[1]
    assert of(told, "policies.valid")[2] == "see people"
    assert states(told)["zendesk.identity"] == "ok"
    assert states(told)["provider"] == "ok"


def test_a_policy_with_mistakes_is_named(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    policies = tmp_path / "policies"
    policies.mkdir()
    text = (CONFIG / "policies" / "delayed-withdrawal.yaml").read_text(encoding="utf-8")
    (policies / "delayed-withdrawal.yaml").write_text(text.replace("owner:", "ownr:", 1), encoding="utf-8")
    settings = world.settings(tmp_path, changes={str(CONFIG / "policies"): str(policies)})

    told = cli("doctor", "--settings", settings, "--only", "policies", "--json")

    assert told.code == 1
    assert "delayed-withdrawal.yaml:" in of(told, "policies.valid")[1]


def test_a_database_at_another_revision_is_found(
    store_url: str, world: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    settings = world.settings(tmp_path, database=store_url)
    fine = cli("doctor", "--settings", settings, "--only", "database", "--json")
    with house_of(settings) as house, house.database.begin() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    told = cli("doctor", "--settings", settings, "--json")

    assert (fine.code, states(fine)) == (0, {"database.reachable": "ok", "database.revision": "ok"})
    assert told.code == 1
    assert of(told, "database.revision")[:2] == ("fail", f"9999, wanted is {wanted_revision()}")
    assert "makewhole migrate" in of(told, "database.revision")[2]
    assert states(told)["slack.identity"] == "ok"


def test_a_database_that_cannot_be_reached_is_found_and_its_password_is_not_shown(
    world: World, tmp_path: Path, cli: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKEWHOLE_DATABASE_URL", "postgresql://makewhole:hunter2@127.0.0.1:9/makewhole")

    told = cli("doctor", "--settings", world.settings(tmp_path), "--json")

    assert told.code == 1
    assert of(told, "database.reachable")[0] == "fail"
    assert "hunter2" not in told.out
    assert states(told)["zendesk.ticket"] == "ok"


def test_what_was_given_up_waits_too_long_or_was_not_understood_is_a_warning(
    store_url: str, world: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    settings = world.settings(tmp_path, database=store_url)
    with house_of(settings) as house, house.database.begin() as tx:
        tx.enqueue("propose", "CASE-1/1")
        given_up = Attempt(kind="pay", key="CASE-1/x", number=1)
        record_failure(tx, given_up, ValueError("no"), now=house.clock())
        bury(tx, given_up, now=house.clock())
        tickets.keep_unreadable(tx, "zendesk:harbor:7", "status: not one of ours", now=house.clock())
        schema = "dbos." if tx.on_postgres else ""
        tx.execute(sa.text(f"UPDATE {schema}workflow_status SET created_at = created_at - 3600000"))  # noqa: S608

    told = cli("doctor", "--settings", settings, "--json")

    assert told.code == 0
    assert of(told, "queue.dead_letters")[:2] == (
        "warn",
        "1 jobs, 0 refused notes or cards, 0 jobs that ended their worker",
    )
    assert of(told, "queue.backlog")[0] == "warn"
    assert of(told, "queue.backlog")[1].startswith("waiting or running: work 1; the oldest that is due waits 36")
    assert of(told, "tickets.unreadable")[:2] == (
        "warn",
        "0 read, 1 not understood: zendesk:harbor:7: status: not one of ours",
    )


def test_nobody_at_the_other_end_is_said_for_each(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    settings = changed(world.settings(tmp_path), {world.sandbox.url: "http://127.0.0.1:9"})

    told = cli("doctor", "--settings", settings, "--json")

    for name in ("zendesk.identity", "slack.identity", "provider", "accounts"):
        assert of(told, name)[0] == "fail"
        assert of(told, name)[2]
    assert of(told, "clock")[:2] == ("warn", "no vendor told the time")
    assert states(told)["policies.valid"] == "ok"


@pytest.mark.parametrize(("seconds", "state"), [(0, "ok"), (-33, "warn"), (45, "warn"), (-310, "fail"), (900, "fail")])
def test_a_clock_that_is_off_is_found(world: World, tmp_path: Path, seconds: int, state: str) -> None:
    settings = load_settings(world.settings(tmp_path))
    seen = Examined(settings=settings, clock=lambda: utc_now() + timedelta(seconds=seconds))

    (found,) = [each for each in checking.examine(seen, ["clock", "accounts"]) if each.name == "clock"]

    assert found.state == state
    assert "account data" in found.found


def test_a_payout_that_nobody_will_carry_out_is_found(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    settings = world.settings(tmp_path)
    with house_of(settings) as house, house.database.begin() as tx:
        first = sa.select(sa.func.min(tables.payouts.c.case_number)).scalar_subquery()
        stranded = {"way": "finance", "state": "intended"}
        tx.execute(sa.update(tables.payouts).where(tables.payouts.c.case_number == first).values(**stranded))

    told = cli("doctor", "--settings", settings, "--only", "payouts", "--json")

    assert of(told, "payouts.way")[:2] == ("warn", "1 wait")
    assert "makewhole finance export" in of(told, "payouts.way")[2]


def test_when_finance_pays_its_open_batches_are_shown(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    settings = world.settings(tmp_path)
    text = settings.read_text(encoding="utf-8")
    changed(settings, {text[text.index("payouts:\n") : text.index("accounts:\n")]: "payouts: {way: finance}\n"})

    told = cli("doctor", "--settings", settings, "--json")

    assert told.code == 0
    assert of(told, "payouts.finance")[:2] == ("ok", "0 to be exported, 0 in 0 batches without an answer")
    assert of(told, "provider")[:2] == ("ok", "finance pays by file")


def test_a_check_that_breaks_or_never_ends_stops_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()

    def breaks(_seen: Examined) -> object:
        yield ok("tickets", "tried", "found")
        raise KeyError("a secret")

    def hangs(_seen: Examined) -> object:
        never.wait()
        yield ok("queue", "tried", "found")

    monkeypatch.setattr(checking, "GROUPS", {**checking.GROUPS, "tickets": breaks, "queue": hangs})
    monkeypatch.setattr(checking, "GROUP_SECONDS", 2.0)
    seen = Examined(settings=load_settings(world.settings(tmp_path)), clock=utc_now)

    found = {each.name: each for each in checking.examine(seen, ["tickets", "queue", "accounts"])}
    never.set()

    assert found["tickets"].found == "the check itself broke: KeyError"
    assert found["queue"].found == "no end after 2 s"
    assert found["accounts"].state == "ok"
