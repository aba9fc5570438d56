"""The command line says what it can do, prints JSON where asked, and ends with the code that scripts rely on."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from makewhole.cli import app
from makewhole.sandboxed import CONFIG
from store.migrating import wanted_revision
from tests.makewhole.conftest import Told, World, changed

#: They run until they are told to end; what they say is their log.
WITHOUT_JSON = {("run",), ("worker",)}
HEAVY = ("alembic", "dbos", "fastapi", "httpx", "pydantic", "requests", "slack_bolt", "sqlalchemy", "zenpy")


def commands() -> dict[tuple[str, ...], list[str]]:
    """Return the options of every command."""

    def below(group: object, path: tuple[str, ...]) -> dict[tuple[str, ...], list[str]]:
        children = getattr(group, "commands", None)
        if children is None:
            return {path: [option for each in group.params for option in each.opts]}  # type: ignore[attr-defined]
        found: dict[tuple[str, ...], list[str]] = {}
        for name, child in children.items():
            found |= below(child, (*path, name))
        return found

    return below(typer.main.get_command(app), ())


def test_every_command_that_ends_by_itself_can_print_json() -> None:
    without = {path for path, options in commands().items() if "--json" not in options}

    assert without == WITHOUT_JSON
    assert len(commands()) > 30


@pytest.mark.parametrize("path", sorted(commands()), ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    told = CliRunner().invoke(app, [*path, "--help"])

    assert told.exit_code == 0
    assert "Usage:" in told.output


def test_help_loads_nothing_heavy() -> None:
    asked = f"import sys, makewhole.cli; print([name for name in {HEAVY} if name in sys.modules])"

    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, cwd=CONFIG.parent)

    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [("nonsense",), ("case", "show"), ("case", "list", "--limit", "0"), ("--what",)])
def test_wrong_usage_ends_with_2(cli: Callable[..., Told], arguments: tuple[str, ...]) -> None:
    assert cli(*arguments).code == 2


READERS = (
    ("case", "list"),
    ("case", "show", "CASE-1"),
    ("audit", "verify"),
    ("deadletter", "list"),
    ("deadletter", "replay", "pay", "CASE-1/x"),
    ("case", "retry", "CASE-1", "--person", "amelia"),
    ("case", "tell", "CASE-1"),
    ("map", "zendesk"),
    ("webhooks", "install"),
    ("webhooks", "verify"),
    ("webhooks", "rotate", "zendesk"),
    ("doctor",),
    ("migrate",),
    ("finance", "export", "never.csv"),
    ("finance", "confirm", "never.csv"),
    ("run",),
    ("worker",),
)


@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_settings_that_cannot_be_used_end_with_3_and_say_where(
    tmp_path: Path, cli: Callable[..., Told], command: tuple[str, ...]
) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text((CONFIG / "sandbox.yaml").read_text(encoding="utf-8").replace("subdomain", "subdomian", 1))

    told = cli(*command, "--settings", settings)

    line = next(number for number, each in enumerate(settings.read_text().splitlines(), start=1) if "subdomian" in each)
    assert (told.code, told.out) == (3, "")
    assert f"{settings}:{line}:3: zendesk.subdomian" in told.err
    assert 'did you mean "subdomain"?' in told.err
    assert "Traceback" not in told.err


def test_a_text_that_was_not_released_keeps_nothing_from_running(
    world: World, tmp_path: Path, cli: Callable[..., Told]
) -> None:
    (tmp_path / "policies").mkdir()
    for path in (CONFIG / "policies").glob("*.yaml"):
        text = path.read_text(encoding="utf-8").replace("decide within:", "decide wihtin:", 1)
        (tmp_path / "policies" / path.name).write_text(text, encoding="utf-8")
    settings = world.settings(tmp_path, changes={str(CONFIG / "policies"): str(tmp_path / "policies")})

    told = cli("case", "list", "--settings", settings)

    assert told.code == 0


def test_a_database_that_was_never_migrated_is_said(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    settings = world.settings(tmp_path, database=f"sqlite:///{tmp_path}/new.sqlite")

    told = cli("case", "list", "--settings", settings)
    migrated = cli("migrate", "--settings", settings, "--json")
    listed = cli("case", "list", "--settings", settings, "--json")

    assert told.code == 3
    assert (
        told.err
        == f"the database is at revision none, this program needs {wanted_revision()}: run `makewhole migrate`\n"
    )
    assert (migrated.code, migrated.json["revision"]) == (0, wanted_revision())
    assert (listed.code, listed.json["cases"]) == (0, [])
    assert cli("migrate", "--settings", settings).out == f"The database is at revision {wanted_revision()}.\n"


@pytest.mark.parametrize("command", [("case", "list"), ("migrate",), ("audit", "verify")], ids=" ".join)
def test_a_database_that_cannot_be_reached_is_said_without_its_password(
    world: World, tmp_path: Path, cli: Callable[..., Told], monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("MAKEWHOLE_DATABASE_URL", "postgresql://makewhole:hunter2@127.0.0.1:9/makewhole")

    told = cli(*command, "--settings", world.settings(tmp_path))

    assert told.code == 3
    assert told.err.startswith("the database cannot be reached: connection")
    assert "hunter2" not in told.err


def test_settings_named_otherwise_are_not_found_quietly(tmp_path: Path, cli: Callable[..., Told]) -> None:
    told = cli("case", "list", "--settings", tmp_path / "none.yaml")

    assert told.code == 3
    assert "none.yaml" in told.err


def test_nothing_is_coloured_when_it_is_not_a_terminal(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    told = cli("case", "list", "--settings", changed(world.settings(tmp_path), {}))

    assert told.code == 0
    assert "\x1b" not in told.out
