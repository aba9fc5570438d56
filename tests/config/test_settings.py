"""What an operator writes is understood exactly, or refused with every mistake named at its place."""

import pickle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.loss import LossKind
from cases.proposal import Classification
from config.helpdesks import OAuth
from config.mistakes import BadSettings
from config.settings import PayoutProvider, load_settings
from tests.config.conftest import ROOT, SECRETS, Written


def refused(path: Path, environment: dict[str, str] | None = None) -> list[str]:
    """Return the mistakes of a file as text, without its folder."""
    with pytest.raises(BadSettings) as caught:
        load_settings(path, SECRETS if environment is None else environment)
    return [str(each).replace(f"{path.parent}/", "") for each in caught.value.mistakes]


def test_the_sandbox_settings_are_right() -> None:
    settings = load_settings(ROOT / "config" / "sandbox.yaml", SECRETS)
    assert settings.zendesk is not None

    assert settings.zendesk.fields["mw_case_url"] == 900015
    assert isinstance(settings.zendesk.auth, OAuth)
    assert settings.zendesk.auth.client_secret.reveal() == "sandbox-client-secret"
    assert settings.slack.routes[0].classifications == (Classification.FRAUD_REVIEW,)
    assert isinstance(settings.payouts, PayoutProvider)
    assert settings.payouts.base_url == "http://127.0.0.1:8900/payouts"
    assert settings.topics["okb_volatility_2024_01"] is LossKind.POSITION
    assert settings.zendesk.calls_per_minute is None
    assert Path(settings.policies).is_dir()
    assert settings.zendesk.start.isoformat() == "2026-10-01T00:00:00+00:00"


def test_three_desks_can_be_set_each_in_its_own_terms() -> None:
    settings = load_settings(ROOT / "config" / "sandbox.yaml", SECRETS)
    salesforce, jira = settings.salesforce, settings.jira
    assert salesforce is not None
    assert jira is not None

    assert list(settings.helpdesks) == ["zendesk:harbor", "salesforce:harbor", "jira:harbor"]
    assert salesforce.fields["mw_case_url"] == "MW_Case_Url__c"
    assert salesforce.link_fields == {"Zendesk_Ticket_Id__c": "zendesk:harbor", "Jira_Key__c": "jira:harbor"}
    assert (jira.projects, jira.customer_field) == (("ENG", "CARE"), "customfield_10108")
    assert jira.words["compensation_topic"]["Delayed withdrawal"] == "delayed_withdrawal"
    assert [each.mode for each in settings.helpdesks.values()] == ["live"] * 3
    assert settings.mirror.fields["claimed_amount"].owner == "zendesk"


def test_a_new_connector_is_in_shadow_until_it_is_made_live(written: Written) -> None:
    (desk,) = load_settings(written({"  mode: live\n": ""}), SECRETS).helpdesks.values()

    assert desk.mode == "shadow"


def test_without_a_helpdesk_there_is_nothing_to_do(tmp_path: Path) -> None:
    text = (ROOT / "config" / "sandbox.yaml").read_text(encoding="utf-8")
    before, after = text.partition("zendesk:\n")[0], text.partition("\nslack:")[2].partition("\nsalesforce:")[0]
    (tmp_path / "policies").mkdir()
    (tmp_path / "people.yaml").write_text("people: {}\n")
    path = tmp_path / "settings.yaml"
    path.write_text(f"{before}slack:{after}", encoding="utf-8")

    assert any("add at least one of zendesk, salesforce and jira" in each for each in refused(path, SECRETS))


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("order_id: Order_Id__c", "order_id: Order Id", "salesforce.fields.order_id"),
        ("Jira_Key__c: jira:harbor", "Jira_Key__c: jira", "salesforce.link_fields.Jira_Key__c"),
        ("organization_id: 00DHr0000000001MAA", "organization_id: harbor", "salesforce.organization_id"),
        ("projects: [ENG, CARE]", "projects: []", "jira.projects"),
        ("order_id: customfield_10102", "order_id: order", "jira.fields.order_id"),
        ("{owner: zendesk}", "{owner: nobody}", "mirror.fields.claimed_amount.owner"),
    ],
)
def test_what_a_desk_cannot_be_set_to_is_refused_at_its_place(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    text = (ROOT / "config" / "sandbox.yaml").read_text(encoding="utf-8")
    assert text.count(right) == 1
    (tmp_path / "policies").mkdir()
    (tmp_path / "people.yaml").write_text("people: {}\n")
    path = tmp_path / "settings.yaml"
    path.write_text(text.replace(right, wrong), encoding="utf-8")

    assert said in "\n".join(refused(path, SECRETS))


def test_the_template_for_a_real_installation_is_right() -> None:
    environment = dict.fromkeys(
        (
            "MAKEWHOLE_AUDIT_KEY",
            "MAKEWHOLE_LINK_KEY",
            "MAKEWHOLE_DATABASE_URL",
            "MAKEWHOLE_ZENDESK_CLIENT_SECRET",
            "MAKEWHOLE_ZENDESK_WEBHOOK_SECRET",
            "MAKEWHOLE_SLACK_BOT_TOKEN",
            "MAKEWHOLE_SLACK_SIGNING_SECRET",
            "MAKEWHOLE_PAYOUTS_TOKEN",
            "MAKEWHOLE_ACCOUNTS_TOKEN",
        ),
        "x" * 40,
    )
    environment["MAKEWHOLE_DATABASE_URL"] = "postgresql://makewhole:hunter2@db.example/makewhole"

    settings = load_settings(ROOT / "config" / "makewhole.yaml", environment)

    assert settings.zendesk is not None
    assert settings.database == "postgresql://makewhole:hunter2@db.example/makewhole"
    assert settings.zendesk.target is None
    assert settings.slack.base_url is None


def test_every_mistake_is_named_at_once_at_its_place(written: Written) -> None:
    path = written(
        {
            "  subdomain: harbor": "  subdomian: harbor",
            "poll_seconds: 2": "poll_seconds: soon",
            "    order_id: 900002": "    oder_id: 900002",
            "2026-10-01T00:00:00Z": "yesterday",
            "[fraud_review]": "[fraud]",
            "log: {format": "log: {fromat",
            "http://127.0.0.1:8900/accounts": "http://accounts.example",
            "    kind: oauth": "    kind: outh",
        }
    )

    assert refused(path) == [
        "settings.yaml:11:1: zendesk.subdomain: add it, it is needed",
        'settings.yaml:12:3: zendesk.subdomian: unknown key: did you mean "subdomain"?',
        "settings.yaml:14:3: zendesk.auth: kind must be one of oauth, api_token",
        "settings.yaml:20:3: zendesk.start: write a time like 2026-11-01T00:00:00Z",
        "settings.yaml:21:3: zendesk.poll_seconds: write a number",
        'settings.yaml:28:5: zendesk.fields.oder_id: unknown key: did you mean "order_id"?',
        (
            "settings.yaml:49:60: slack.routes[0].classifications[0]: write one of valid_claim, goodwill, "
            "fraud_review, ineligible, individual_review"
        ),
        "settings.yaml:63:3: accounts.base_url: use https: a token would travel in the clear",
        'settings.yaml:76:7: log.fromat: unknown key: did you mean "format"?',
    ]


def test_a_misspelt_key_inside_a_choice_is_recognised(written: Written) -> None:
    path = written({"    client_id: makewhole": "    clientid: makewhole", "  key_life_hours": "  keylife_hours"})

    assert refused(path) == [
        "settings.yaml:14:3: zendesk.auth.client_id: add it, it is needed",
        'settings.yaml:16:5: zendesk.auth.clientid: unknown key: did you mean "client_id"?',
        'settings.yaml:57:3: payouts.keylife_hours: unknown key: did you mean "key_life_hours"?',
    ]


def test_all_missing_secrets_are_listed_at_once(written: Written) -> None:
    mistakes = refused(written({}), {})

    assert len(mistakes) == 9
    assert mistakes[0] == "settings.yaml:8:1: audit_key: set the environment variable MAKEWHOLE_AUDIT_KEY"
    assert all("set the environment variable MAKEWHOLE_" in each for each in mistakes)


@pytest.mark.parametrize(
    "changes",
    [
        {"secret://env/MAKEWHOLE_PAYOUTS_TOKEN": "hunter2"},
        {"secret://env/MAKEWHOLE_PAYOUTS_TOKEN": "*hunter2"},
        {"secret://env/MAKEWHOLE_PAYOUTS_TOKEN": "!hunter2 x"},
        {"secret://env/MAKEWHOLE_PAYOUTS_TOKEN": "&hunter2 x"},
        {"secret://env/MAKEWHOLE_PAYOUTS_TOKEN": "%hunter2"},
        {"secret://env/MAKEWHOLE_PAYOUTS_TOKEN": "[hunter2]"},
        {"secret://env/MAKEWHOLE_PAYOUTS_TOKEN": "{hunter2: hunter2}"},
        {"secret://env/MAKEWHOLE_PAYOUTS_TOKEN": '"hunter2'},
        {"secret://env/MAKEWHOLE_PAYOUTS_TOKEN": "'hunter2': x"},
        {"secret://env/MAKEWHOLE_PAYOUTS_TOKEN": "secret://hunter2"},
        {"  way: payout-provider": "  way: hunter2"},
        {"http://127.0.0.1:8900/accounts": "https://bot:hunter2@accounts.example"},
        {"sqlite:///var/sandbox.sqlite": "postgresql://makewhole:hunter2@db/makewhole"},
        {"sqlite:///var/sandbox.sqlite": "postgresql://makewhole@db/makewhole?password=hunter2"},
        {"format: console": "format: hunter2"},
        {"poll_seconds: 2": "poll_seconds: hunter2"},
    ],
)
def test_what_may_be_a_secret_is_never_repeated(written: Written, changes: dict[str, str]) -> None:
    mistakes = refused(written(changes))

    assert mistakes
    assert "hunter2" not in "\n".join(mistakes)


def test_a_literal_secret_is_refused_with_what_to_write_instead(written: Written) -> None:
    path = written({"secret://env/MAKEWHOLE_PAYOUTS_TOKEN": "hunter2"})

    assert refused(path) == [
        (
            "settings.yaml:56:3: payouts.token: a secret may not stand here: keep it elsewhere and write "
            "secret://env/NAME or secret://file/path"
        )
    ]


def test_a_secret_is_never_shown_or_written(written: Written) -> None:
    settings = load_settings(written({}), SECRETS)

    assert "sandbox-" not in repr(settings)
    assert str(settings.audit_key) == "Secret(secret://env/MAKEWHOLE_AUDIT_KEY)"
    with pytest.raises(TypeError):
        pickle.dumps(settings.audit_key)


def test_a_secret_is_read_from_a_file_beside_the_settings(written: Written) -> None:
    path = written({"secret://env/MAKEWHOLE_PAYOUTS_TOKEN": "secret://file/payouts.token"})
    (path.parent / "payouts.token").write_text("from-a-file\n")

    settings = load_settings(path, SECRETS)

    assert isinstance(settings.payouts, PayoutProvider)
    assert settings.payouts.token.reveal() == "from-a-file"


def test_a_secret_file_that_is_missing_or_empty_is_named(written: Written) -> None:
    path = written(
        {
            "secret://env/MAKEWHOLE_PAYOUTS_TOKEN": "secret://file/payouts.token",
            "secret://env/MAKEWHOLE_ACCOUNTS_TOKEN": "secret://file/empty",
        }
    )
    (path.parent / "empty").write_text("\n")

    assert refused(path) == [
        "settings.yaml:56:3: payouts.token: the file payouts.token cannot be read: No such file or directory",
        "settings.yaml:64:3: accounts.token: the file empty must hold one secret of at most 65536 bytes",
    ]


def test_a_short_key_is_refused(written: Written) -> None:
    assert refused(written({}), SECRETS | {"MAKEWHOLE_AUDIT_KEY": "short"}) == [
        (
            "settings.yaml:8:1: audit_key: the key in secret://env/MAKEWHOLE_AUDIT_KEY is too short: make one of "
            "at least 32 random characters"
        )
    ]


def test_the_environment_may_name_another_database(written: Written) -> None:
    url = "postgresql://makewhole:hunter2@db.example/makewhole"

    settings = load_settings(written({}), SECRETS | {"MAKEWHOLE_DATABASE_URL": url})

    assert settings.database == url
    assert "hunter2" not in repr(settings)


def test_a_key_written_twice_is_refused_at_its_second_place(written: Written) -> None:
    path = written({"    order_id: 900002": "    order_id: 900002\n    order_id: 900012"})

    assert refused(path) == ["settings.yaml:29:5: zendesk.fields.order_id: is written twice: keep one"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "1:1: write keys with their values"),
        ("- a\n- b\n", "1:1: write keys with their values"),
        ("a: &x 1\nb: *x\n", "1:4: remove the anchor: aliases are not read"),
        ("a: !!python/object:os.system 1\n", "1:4: remove the tag: tags are not read"),
        ("a: 1\n---\nb: 1\n", '2:1: remove "---": one file holds one document'),
        ("? [a]\n: 1\n", "1:3: write plain text as the key"),
        ("a: [1\n", "2:1: not readable as YAML: expected ',' or ']', but got '<stream end>'"),
        ("a: 1\nb: \x07\n", "2:1: remove the control character from this line"),
    ],
)
def test_only_plain_yaml_is_read(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text)

    assert refused(path)[0] == f"settings.yaml:{what}"


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert refused(tmp_path / "no.yaml") == ["no.yaml:1:1: the file cannot be read: No such file or directory"]


def test_a_mode_without_its_secret_is_refused(written: Written) -> None:
    path = written({"  app_token: secret://env/MAKEWHOLE_SLACK_APP_TOKEN\n": "", "mode: http": "mode: socket"})

    assert refused(path) == [
        "settings.yaml:40:1: slack: add app_token: mode socket opens its connection with it",
    ]


def test_a_topic_needs_the_field_that_its_reference_stands_in(written: Written) -> None:
    path = written({"    position_id: 900003\n": "", "    mw_state: 900011\n": ""})

    assert refused(path) == [
        (
            "settings.yaml:26:3: zendesk.fields.mw_state: add this ticket field: "
            "Makewhole reads or writes it on every ticket"
        ),
        (
            "settings.yaml:26:3: zendesk.fields.position_id: add this ticket field: "
            "the topic okb_volatility_2024_01 is about one"
        ),
    ]


def test_two_fields_may_not_share_an_id(written: Written) -> None:
    assert refused(written({"900012": "900011"})) == [
        "settings.yaml:11:1: zendesk: fields: mw_amount and mw_state have the same id"
    ]


def test_a_route_for_a_topic_that_nobody_configured_is_refused(written: Written) -> None:
    path = written({"languages: [zh]": "topics: [delayed_withdrawl]"})

    assert refused(path) == [
        'settings.yaml:50:51: slack.routes[1].topics[0]: no such topic: did you mean "delayed_withdrawal"?'
    ]


def test_no_stays_a_word_and_a_time_stays_text(written: Written) -> None:
    path = written({"calls_per_minute: null ": "calls_per_minute: no "})

    assert refused(path) == ["settings.yaml:23:3: zendesk.calls_per_minute: write a whole number"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.text(max_size=60), place=st.integers(min_value=0, max_value=2_600))
def test_whatever_stands_in_the_file_it_is_read_or_refused(tmp_path: Path, junk: str, place: int) -> None:
    text = (ROOT / "config" / "sandbox.yaml").read_text(encoding="utf-8")
    path = tmp_path / "settings.yaml"
    path.write_bytes((text[:place] + junk + text[place:]).encode("utf-8", "surrogatepass"))

    with pytest.raises(BadSettings) as caught:  # The folder of policies is not there, so it is never right.
        load_settings(path, SECRETS)

    assert caught.value.mistakes
    assert not any(secret in str(caught.value) for name, secret in SECRETS.items() if "KEY" not in name)


def test_price_inputs_are_filled_from_a_book_beside_the_settings(written: Written) -> None:
    given = "prices:\n  inputs:\n    marks: {source: 'okx-{coin}-mark-1m', between: [opened_at, closed_at]}\n"
    path = written({"policies: policies\n": f"policies: policies\n{given}"})

    prices = load_settings(path, SECRETS).prices

    assert prices is not None
    assert prices.folder == str(path.parent / "prices")
    assert (prices.inputs["marks"].price, prices.inputs["marks"].margin_minutes) == ("close", 60)
    wrong = written({"policies: policies\n": f"policies: policies\n{given.replace('between', 'betwen')}"})
    assert 'prices.inputs.marks.betwen: unknown key: did you mean "between"?' in " ".join(refused(wrong))
