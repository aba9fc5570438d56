"""Policies brought into force by command, cases that wait for it, and amounts worked out anew."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from makewhole.sandboxed import CONFIG
from reports import differences
from store import tables
from tests.makewhole.conftest import Told, World, house_of

POLICY = CONFIG / "policies" / "delayed-withdrawal.yaml"


@pytest.fixture
def settings(world: World, tmp_path: Path) -> Path:
    return world.settings(tmp_path)


def another(folder: Path, **changes: str) -> Path:
    """Write the shipped policy as version 2, from next year on."""
    text = POLICY.read_text(encoding="utf-8").replace("version: 1", "version: 2")
    text = text.replace("from: 2025-01-01T00:00:00Z", "from: 2127-01-01T00:00:00Z")
    path = folder / "delayed-withdrawal-2.yaml"
    path.write_text(text.replace(changes.get("old", "\0"), changes.get("new", "")), encoding="utf-8")
    return path


def test_one_person_submits_and_another_releases(settings: Path, tmp_path: Path, cli: Callable[..., Told]) -> None:
    submitted = cli("policy", "submit", another(tmp_path), "--by", "amelia", "--settings", settings, "--json")
    (kept,) = submitted.json["versions"]
    own = cli("policy", "approve", "delayed-withdrawal", "2", "--by", "amelia", "--settings", settings)
    stale = cli("policy", "approve", "delayed-withdrawal", "2", "--hash", "abc", "--by", "yuki", "--settings", settings)
    begins = kept["fingerprint"][:12]
    yes = cli("policy", "approve", "delayed-withdrawal", "2", "--hash", begins, "--by", "yuki", "--settings", settings)
    listed = cli("policy", "list", "--settings", settings, "--json").json["versions"]
    shown = cli("policy", "show", "delayed-withdrawal@2", "--settings", settings)

    assert (submitted.code, kept["state"]) == (0, "submitted")
    assert (own.code, stale.code, yes.code) == (1, 1, 0)
    assert "amelia submitted delayed-withdrawal@2: somebody else with the role policy_approver" in own.out
    assert "was submitted anew, with another text or other waivers" in stale.out
    found = {f"{each['policy']}@{each['version']}": each for each in listed}
    assert found["delayed-withdrawal@1"]["decides_now"]
    assert found["delayed-withdrawal@1"]["to"] == found["delayed-withdrawal@2"]["from"]
    assert found["delayed-withdrawal@2"]["decided_by"] == "yuki"
    assert "Your withdrawal was {hours_late} late" in shown.out
    assert "released" in shown.out
    assert f"Its page: {kept['page']}" in shown.out
    assert re.search(rf"/policies/delayed-withdrawal/2/{begins}\w{{4}}\?key=[0-9a-f]{{32}}&lang=en$", kept["page"])


def test_a_text_with_a_failing_example_is_not_kept(settings: Path, tmp_path: Path, cli: Callable[..., Told]) -> None:
    wrong = another(tmp_path, old="expect: {amount: 500 USDT}", new="expect: {amount: 501 USDT}")

    told = cli("policy", "submit", wrong, "--by", "amelia", "--settings", settings)
    listed = cli("policy", "list", "--settings", settings, "--json").json["versions"]

    assert told.code == 1
    assert "expected 501.00 USDT, got 500.00 USDT" in told.out
    assert "delayed-withdrawal@2" not in {f"{each['policy']}@{each['version']}" for each in listed}


def test_whoever_is_unknown_releases_nothing(settings: Path, cli: Callable[..., Told]) -> None:
    told = cli("policy", "approve", "--all", "--by", "mallory", "--settings", settings)

    assert (told.code, told.err) == (2, "mallory is not in the people file.\n")


def test_a_topic_whose_policy_was_withdrawn_is_named(settings: Path, cli: Callable[..., Told]) -> None:
    gone = ("policy", "withdraw", "duplicate-charge", "1", "--because", "wrong", "--by", "noah")
    withdrawn = cli(*gone, "--settings", settings)

    told = cli("doctor", "--only", "released", "--settings", settings, "--json")

    assert withdrawn.code == 0
    states = {each["name"]: (each["state"], each["found"]) for each in told.json["checks"]}
    assert states["released.topics"] == ("warn", "none for duplicate_charge")
    assert states["released.waiting"][0] == "ok"
    assert states["released.people"][0] == "ok"


def test_every_proposal_follows_from_what_is_stored_with_it(settings: Path, cli: Callable[..., Told]) -> None:
    told = cli("case", "recompute", "--all", "--settings", settings, "--json")

    assert told.code == 0
    assert told.json["cases"] == []
    counts = told.json["counts"]
    assert counts["same"] > 0
    assert (counts["differs"], counts["cannot be recomputed"]) == (0, 0)


def test_a_proposal_that_follows_from_something_else_is_shown(settings: Path, cli: Callable[..., Told]) -> None:
    with house_of(settings) as house, house.database.begin() as tx:
        column = tables.cases.c
        rows = tx.execute(sa.select(column.number, column.document).where(column.stage == "closed")).all()
        number, document = next((row.number, json.loads(row.document)) for row in rows if '"goodwill"' in row.document)
        document["settled"]["proposal"]["amount"]["minor"] += 1
        tx.execute(sa.update(tables.cases).where(column.number == number).values(document=json.dumps(document)))

    told = cli("case", "recompute", f"CASE-{number}", "--settings", settings, "--json")
    for_people = cli("case", "recompute", f"CASE-{number}", "--settings", settings)
    all_of_them = cli("case", "recompute", "--all", "--settings", settings, "--json")

    assert (told.code, for_people.code, all_of_them.code) == (1, 1, 1)
    (case,) = told.json["cases"]
    assert (case["verdict"], [each["what"] for each in case["differences"]]) == ("differs", ["amount"])
    assert all_of_them.json["counts"]["differs"] == 1


def test_a_new_version_is_compared_with_the_one_in_force_on_stored_cases(
    settings: Path, tmp_path: Path, cli: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differences, "BASES", 1)
    monkeypatch.setattr(differences, "MIXED", 5)
    new = another(tmp_path, old="at most: 600 USDT", new="at most: 601 USDT")

    told = cli("policy", "diff", "delayed-withdrawal@1", POLICY, "--cases", "--settings", settings, "--json")
    changed = cli("policy", "diff", POLICY, new)

    assert told.code == 0
    assert told.json["texts"] == []
    kinds = {each["kind"]: (each["tried"] > 0, each["changed"]) for each in told.json["cases"]}
    assert kinds == dict.fromkeys(("worked examples", "cases at bounds", "stored cases"), (True, []))
    assert "limits: goodwill in twelve months: at most: 600 USDT -> 601 USDT" in changed.out


def test_what_would_be_submitted_is_shown_and_not_kept(
    settings: Path, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    new = another(tmp_path)

    meant = cli("policy", "submit", new, "--by", "amelia", "--dry-run", "--settings", settings)
    as_json = cli("policy", "submit", new, "--by", "amelia", "--dry-run", "--settings", settings, "--json").json
    listed = cli("policy", "list", "--settings", settings, "--json").json["versions"]

    assert meant.code == 0
    assert "Nothing was submitted: this is how it would stand." in meant.out
    assert (as_json["dry_run"], as_json["versions"][0]["state"]) == (True, "submitted")
    assert "2" not in {each["version"] for each in listed if each["policy"] == "delayed-withdrawal"}


@pytest.mark.parametrize(
    "command",
    [
        ("show", "delayed-withdrawel@1"),
        ("diff", "delayed-withdrawel@1", "delayed-withdrawal@1"),
        ("simulate", "--version", "delayed-withdrawel@1", "--against", "delayed-withdrawal@1"),
        ("approve", "delayed-withdrawel", "1", "--by", "yuki"),
        ("reject", "delayed-withdrawel", "1", "--because", "typo", "--by", "yuki"),
        ("withdraw", "delayed-withdrawel", "1", "--because", "typo", "--by", "yuki"),
    ],
    ids=lambda command: command[0],
)
def test_a_version_that_was_never_submitted_is_wrong_usage_everywhere(
    settings: Path, cli: Callable[..., Told], command: tuple[str, ...]
) -> None:
    told = cli("policy", *command, "--settings", settings, "--json")

    assert (told.code, told.out) == (2, "")
    assert 'delayed-withdrawel@1 was never submitted: did you mean "delayed-withdrawal@1"?' in told.err


def test_nothing_is_sent_back_without_a_reason(settings: Path, cli: Callable[..., Told]) -> None:
    told = cli("policy", "reject", "delayed-withdrawal", "1", "--because", " ", "--by", "yuki", "--settings", settings)

    assert (told.code, told.err) == (2, "--because: say why; whoever wrote it reads this\n")
