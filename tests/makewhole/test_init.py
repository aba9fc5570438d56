"""An admin answers questions, each answer is tried at once, and what is written can be used; no secret is in it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.people import load_people
from config.settings import load_settings
from config.yaml_text import read_document
from makewhole.doctor.outside import NEEDED_SCOPES, PRIVATE_SCOPES
from makewhole.sandboxed import CREDENTIALS
from makewhole.setup.init import init
from makewhole.setup.slack_manifest import manifest
from makewhole.setup.writing import scalar
from policy.checking import check
from tests.makewhole.conftest import Told, World

FILES = (
    "fields-jira.csv",
    "fields-jira.md",
    "fields-salesforce.csv",
    "fields-salesforce.md",
    "fields-zendesk.csv",
    "fields-zendesk.md",
    "makewhole.yaml",
    "people.yaml",
    "policies/delayed-withdrawal.yaml",
    "policies/duplicate-charge.yaml",
    "slack-manifest.yaml",
)
CASE_LINK = "zendesk.fields.mw_case_url=900015"


class Scripted:
    """A person who answers what they were told to, and Enter to everything else."""

    def __init__(self, *answers: tuple[str, str], agrees: bool = True) -> None:
        self._answers = list(answers)
        self._agrees = agrees
        self.asked: list[str] = []
        self.told: list[str] = []

    def ask(self, question: str, default: str) -> str:
        self.asked.append(question)
        for place, (about, answer) in enumerate(self._answers):
            if about in question:
                del self._answers[place]
                return answer
        return default

    def agrees(self, question: str) -> bool:
        self.asked.append(question)
        return self._agrees and "again" not in question

    def tell(self, words: str) -> None:
        self.told.append(words)


def answers(world: World, folder: Path, *, without: str = "") -> Path:
    """Write the answers that fit the world."""
    url = world.sandbox.url
    text = f"""
database: sqlite:///{folder}/makewhole.sqlite
public_url: https://makewhole.harbor.example
zendesk: {{subdomain: harbor, target: "{url}/zendesk", start: 2026-10-01T00:00:00Z}}
salesforce:
  my_domain: harbor
  target: "{url}/salesforce"
  organization_id: 00DHr0000000001MAA
  auth: {{consumer_key: sandbox-consumer-key}}
jira:
  site: harbor
  target: "{url}/jira"
  auth: {{email: bot@harbor.example}}
  projects: [ENG, CARE]
  audience: {{kind: role, name: Administrators}}
slack: {{base_url: "{url}/slack/api", otherwise: {{channel: C0COMPENSA1}}}}
payouts: {{way: payout-provider, base_url: "{url}/payouts"}}
accounts: {{base_url: "{url}/accounts"}}
"""
    path = folder / "answers.yaml"
    path.write_text("\n".join(line for line in text.splitlines() if not without or without not in line))
    return path


def written(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every file below a folder, and its text."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_text(encoding="utf-8")


@pytest.fixture
def set_up(world: World, tmp_path: Path, cli: Callable[..., Told]) -> Callable[..., Told]:
    """Return what runs init with the answers that fit, and some more."""

    def run(*options: str) -> Told:
        given = [word for option in options for word in (("--set", option) if "=" in option else (option,))]
        return cli("init", tmp_path / "made", "--answers", answers(world, tmp_path), "--no-input", *given, "--json")

    return run


def test_what_is_written_can_be_used_as_it_is(
    set_up: Callable[..., Told], tmp_path: Path, cli: Callable[..., Told]
) -> None:
    told = set_up(CASE_LINK)

    made = tmp_path / "made"
    settings = load_settings(made / "makewhole.yaml")
    assert told.code == 0
    assert tuple(name for name, _ in written(made)) == FILES
    assert list(settings.helpdesks) == ["zendesk:harbor", "salesforce:harbor", "jira:harbor"]
    assert {each.mode for each in settings.helpdesks.values()} == {"shadow"}
    assert (settings.slack.team_id, settings.slack.bot_user_id) == ("T0HARBOR001", "U0MAKEWHOLE")
    doctor = cli("doctor", "--settings", made / "makewhole.yaml", "--only", "settings", "--json")
    assert (doctor.code, [each["state"] for each in doctor.json["checks"]]) == (0, ["ok"])
    people = load_people(made / "people.yaml")
    checked = check(made / "policies", people=people)
    assert [each.mistakes for each in checked] == [(), ()]
    assert not any(finding.waivable for each in checked for finding in each.findings)


def test_every_answer_was_tried_and_says_what_came_back(set_up: Callable[..., Told]) -> None:
    told = set_up(CASE_LINK)

    tried = {each["name"]: (each["state"], each["found"]) for each in told.json["tried"]}
    assert tried["zendesk.identity"] == ("ok", "Makewhole (admin, id 1000)")
    assert tried["salesforce.identity"][0] == tried["jira.identity"][0] == "ok"
    assert tried["slack.answers"] == ("ok", "makewhole, team T0HARBOR001, user U0MAKEWHOLE")
    assert (tried["provider"][0], tried["accounts"][0], tried["policies.valid"][0]) == ("ok", "ok", "ok")
    assert told.json["missing_secrets"] == []


def test_the_ids_of_fields_are_found_by_their_titles(set_up: Callable[..., Told], tmp_path: Path) -> None:
    set_up(CASE_LINK)

    settings = load_settings(tmp_path / "made" / "makewhole.yaml")
    assert settings.zendesk is not None
    assert settings.salesforce is not None
    assert settings.jira is not None
    assert dict(settings.zendesk.fields)["mw_state"] == 900011
    assert len(settings.zendesk.fields) == len(settings.salesforce.fields) == len(settings.jira.fields) == 12
    assert dict(settings.salesforce.fields)["order_id"] == "Order_Id__c"
    assert settings.jira.customer_field == "customfield_10108"
    listed = dict(written(tmp_path / "made"))
    assert "| `order_id` | Order ID | Text | 900002 | agent or form |" in listed["fields-zendesk.md"]
    assert "mw_case_url,MW case URL,URL,customfield_10115,,Makewhole only" in listed["fields-jira.csv"]


def test_what_is_not_certain_is_left_open_where_nobody_can_be_asked(
    set_up: Callable[..., Told], tmp_path: Path
) -> None:
    told = set_up()

    text = dict(written(tmp_path / "made"))["makewhole.yaml"]
    assert re.search(r"^    # mw_case_url: …", text, re.MULTILINE)
    assert any("fields-zendesk.md in zendesk: mw_case_url" in step for step in told.json["next"])
    settings = next(each for each in told.json["tried"] if each["name"] == "settings")
    assert (told.code, settings["state"]) == (0, "warn")


def test_a_person_is_asked_what_is_not_certain_and_what_was_not_answered(world: World, tmp_path: Path) -> None:
    person = Scripted(("Slack channel", "C0COMPENSA1"), ("Slack subdomain", ""))
    given = answers(world, tmp_path)
    given.write_text(given.read_text().replace(", otherwise: {channel: C0COMPENSA1}", ""))

    code = init(tmp_path / "made", answers=given, options=[], ask=True, force=False, as_json=False, person=person)

    settings = load_settings(tmp_path / "made" / "makewhole.yaml")
    assert code == 0
    assert "zendesk.fields.mw_case_url: is it 900015, 'Makewhole case link' (text)?" in person.asked
    assert "Zendesk OAuth client id" in person.asked
    assert "Zendesk subdomain" not in person.asked
    assert any(line.startswith("ok    zendesk.identity") for line in person.told)
    assert settings.slack.otherwise.channel == "C0COMPENSA1"
    assert settings.zendesk is not None
    assert settings.zendesk.fields["mw_case_url"] == 900015


@pytest.mark.parametrize(
    ("key", "literal"),
    [
        ("zendesk.auth.client_secret", "hunter2-the-secret-itself"),
        ("jira.auth.token", "ATATT3xFfGF0-hunter2"),
        ("slack.bot_token", "xoxb-hunter2"),
        ("jira.webhook_secrets", "secret://env/MAKEWHOLE_X, hunter2"),
        ("database", "postgresql://makewhole:hunter2@db.harbor.example/makewhole"),
    ],
)
def test_a_secret_itself_is_refused_and_stands_nowhere(
    set_up: Callable[..., Told], tmp_path: Path, key: str, literal: str
) -> None:
    told = set_up(f"{key}={literal}")

    assert (told.code, told.out) == (2, "")
    assert told.err.startswith(f"{key}: ")
    assert "environment variable MAKEWHOLE_" in told.err
    assert "hunter2" not in told.err
    assert not (tmp_path / "made").exists()


def test_a_person_who_types_a_secret_is_told_where_it_belongs_and_asked_again(world: World, tmp_path: Path) -> None:
    person = Scripted(("Zendesk client secret", "hunter2"), ("Slack bot token", "xoxb-hunter2"))

    code = init(
        tmp_path / "made",
        answers=answers(world, tmp_path),
        options=[],
        ask=True,
        force=False,
        as_json=False,
        person=person,
    )

    assert code == 0
    assert sum("MAKEWHOLE_ZENDESK_CLIENT_SECRET" in line for line in person.told) == 1
    assert [name for name, text in written(tmp_path / "made") if "hunter2" in text] == []
    assert "hunter2" not in "".join(person.told)


def test_no_secret_lands_in_any_file_and_none_is_printed(set_up: Callable[..., Told], tmp_path: Path) -> None:
    told = set_up(CASE_LINK)

    public = {"sandbox-consumer-key"}
    secrets = [value for value in CREDENTIALS.values() if value not in public]
    texts = {**dict(written(tmp_path / "made")), "printed": told.out + told.err}
    assert [(name, secret) for name, text in texts.items() for secret in secrets if secret in text] == []


def test_a_second_time_changes_nothing_and_what_people_changed_is_kept(
    set_up: Callable[..., Told], tmp_path: Path
) -> None:
    set_up(CASE_LINK)
    again = set_up(CASE_LINK)
    people = tmp_path / "made" / "people.yaml"
    people.write_text("# mine\n")

    kept = set_up(CASE_LINK)
    forced_from = people.read_text()
    forced = set_up(CASE_LINK, "--force")

    assert (again.code, {each["state"] for each in again.json["files"]}) == (0, {"unchanged"})
    assert kept.code == 1
    assert [Path(each["path"]).name for each in kept.json["files"] if each["state"] == "kept"] == ["people.yaml"]
    assert forced_from == "# mine\n"
    assert (forced.code, people.read_text() == "# mine\n") == (0, False)


def test_what_is_found_later_is_filled_in_where_nobody_has_written_by_hand(
    set_up: Callable[..., Told], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Told]
) -> None:
    path = tmp_path / "made" / "makewhole.yaml"
    with monkeypatch.context() as patch:
        patch.delenv("MAKEWHOLE_ZENDESK_CLIENT_SECRET")
        set_up()
    path.write_text(path.read_text().replace("mode: shadow", "mode: live  ", 1))
    before = path.read_text()

    told = cli("init", tmp_path / "made", "--no-input", "--json")
    filled = path.read_text()
    path.write_text(f"# By hand\n{before}")
    by_hand = cli("init", tmp_path / "made", "--no-input", "--json")

    states = {Path(each["path"]).name: each["state"] for each in told.json["files"]}
    assert (states["makewhole.yaml"], states["fields-zendesk.md"], states["people.yaml"]) == (
        "written",
        "written",
        "unchanged",
    )
    assert "order_id: 900002" in filled
    assert "mode: live" in filled
    assert path.read_text() == f"# By hand\n{before}"
    assert by_hand.code == 1


def test_the_settings_that_are_there_answer_the_questions(
    set_up: Callable[..., Told], tmp_path: Path, cli: Callable[..., Told]
) -> None:
    set_up(CASE_LINK)
    before = dict(written(tmp_path / "made"))

    told = cli("init", tmp_path / "made", "--no-input", "--json")

    assert told.code == 0
    assert dict(written(tmp_path / "made")) == before


def test_a_secret_that_is_not_set_yet_is_named_and_the_rest_is_written(
    set_up: Callable[..., Told], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAKEWHOLE_ZENDESK_CLIENT_SECRET")

    told = set_up()

    assert told.code == 0
    assert told.json["missing_secrets"] == ["secret://env/MAKEWHOLE_ZENDESK_CLIENT_SECRET"]
    assert told.json["next"][0] == "Set secret://env/MAKEWHOLE_ZENDESK_CLIENT_SECRET"
    assert len(list(written(tmp_path / "made"))) == len(FILES)


@pytest.mark.parametrize(
    ("variable", "name", "found"),
    [
        ("MAKEWHOLE_ZENDESK_CLIENT_SECRET", "zendesk.answers", "refuses the OAuth client"),
        ("MAKEWHOLE_SALESFORCE_CONSUMER_SECRET", "salesforce.answers", "invalid_client"),
        ("MAKEWHOLE_JIRA_TOKEN", "jira.answers", "401"),
        ("MAKEWHOLE_SLACK_BOT_TOKEN", "slack.answers", "invalid_auth"),
    ],
)
def test_a_wrong_secret_is_said_at_once(
    set_up: Callable[..., Told], monkeypatch: pytest.MonkeyPatch, variable: str, name: str, found: str
) -> None:
    monkeypatch.setenv(variable, "wrong-and-not-to-be-shown")

    told = set_up("slack.team_id=T0HARBOR001", "slack.bot_user_id=U0MAKEWHOLE")

    tried = {each["name"]: (each["state"], each["found"]) for each in told.json["tried"]}
    assert (told.code, tried[name][0]) == (1, "fail")
    assert found in tried[name][1]
    assert "not-to-be-shown" not in told.out


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("zendesk.subdomain=Harbor", "zendesk.subdomain: "),
        ("slack.mode=carrier-pigeon", "slack.mode: answer one of http, socket."),
        ("helpdesks=freshdesk", "helpdesks: freshdesk: name some of zendesk, salesforce, jira."),
    ],
)
def test_an_answer_that_cannot_be_ends_it_before_anything_is_written(
    set_up: Callable[..., Told], tmp_path: Path, option: str, said: str
) -> None:
    told = set_up(option)

    assert (told.code, told.err[: len(said)]) == (2, said)
    assert not (tmp_path / "made").exists()


def test_without_anybody_to_ask_a_missing_answer_is_named(
    world: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    given = answers(world, tmp_path, without="public_url")

    told = cli("init", tmp_path / "made", "--answers", given, "--no-input")

    assert (told.code, told.err) == (2, "public_url: answer it with --set public_url=… or in the answers file.\n")


def test_every_setting_is_explained_beside_it(set_up: Callable[..., Told], tmp_path: Path) -> None:
    set_up()

    lines = dict(written(tmp_path / "made"))["makewhole.yaml"].splitlines()
    settings = [line for line in lines if re.match(r" *(# )?[a-z_]+: \S", line)]
    assert len(settings) > 70
    assert [line for line in settings if not re.search(r"\S +# \S", line)] == []


@pytest.mark.parametrize("mode", ["http", "socket"])
def test_the_slack_app_may_do_what_the_bot_does_and_no_more(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_text(manifest("https://makewhole.harbor.example/", mode=mode))

    found = read_document(path).value

    text = path.read_text()
    assert set(found["oauth_config"]["scopes"]["bot"]) == NEEDED_SCOPES | PRIVATE_SCOPES  # type: ignore[index, call-overload, arg-type]
    assert found["settings"]["socket_mode_enabled"] is (mode == "socket")  # type: ignore[index, call-overload]
    addresses = re.findall(r"https://makewhole\.harbor\.example/slack/(\w+)", text)
    assert addresses == ([] if mode == "socket" else ["commands", "events", "interactivity"])


@pytest.mark.parametrize(
    "text", ["true", "no", "31", "1e3", "a: b", "x #y", "", "Ärger", "secret://env/X", "a@b.example", "2026-01-01"]
)
def test_text_is_read_back_as_the_same_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "one.yaml"
    path.write_text(f"key: {scalar(text)}\n", encoding="utf-8")

    assert read_document(path).value == {"key": text}
