"""Every command is on a page, every command on a page exists, and prints what the page says."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer

from makewhole.cli import app
from makewhole.sandboxed import CREDENTIALS, write_settings
from tests.house import pages, tree
from tests.house.pages import Shown

#: Run by test_demo.py: it takes half a minute, and its numbers differ from run to run.
DEMO = "make demo"


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command of the program with its whole name."""
    found: Any = group or typer.main.get_command(app)
    for name, each in found.commands.items():
        if hasattr(each, "commands"):
            yield from commands(each, (*path, name))
        else:
            yield (*path, name), each


COMMANDS: Mapping[tuple[str, ...], Any] = dict(commands())
GROUPS = {name[:1] for name in COMMANDS if len(name) > 1}


def shown() -> list[Shown]:
    return [each for page in pages.markdown() for each in pages.shown(page) if each.command != DEMO]


def command_of(words: list[str]) -> tuple[str, ...] | None:
    """Return the command that is called; None when there is none such. A group alone counts as its help."""
    names = [tuple(words[:length]) for length in (2, 1)]
    return next((name for name in names if name in COMMANDS or name in GROUPS), None)


def test_every_command_is_on_a_page_for_operators() -> None:
    told = {command_of(words) for page in pages.for_operators() for words in pages.makewhole_calls(page)}
    assert sorted(COMMANDS.keys() - told) == []


def test_every_command_on_a_page_exists() -> None:
    unknown = [
        f"{tree.name(page)}: makewhole {' '.join(words)}"
        for page in pages.markdown()
        for words in pages.makewhole_calls(page)
        if command_of(words) is None
    ]
    assert unknown == []


def test_every_option_on_a_page_exists() -> None:
    unknown = []
    for page in pages.markdown():
        for words in pages.makewhole_calls(page):
            command = COMMANDS.get(command_of(words) or ())
            known = {option for each in command.params for option in each.opts} | {"--help"} if command else set()
            given = {word.partition("=")[0] for word in words if word.startswith("--")}
            unknown += [f"{tree.name(page)}: makewhole {' '.join(words)}: {each}" for each in given - known]
    assert unknown == []


def test_every_target_of_make_on_a_page_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (tree.ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    called = {
        (tree.name(page), line.split()[1])
        for page in pages.markdown()
        for line in pages.typed(page)
        if re.match(r"make [a-z-]+$", line)
    }
    assert {(page, target) for page, target in called if target not in targets} == set()


def test_pages_for_operators_show_commands_with_their_output() -> None:
    assert {each.page for each in shown()} >= set(pages.for_operators())


@pytest.fixture(scope="module")
def empty_installation(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Path:
    """Return settings of an installation in which nothing has happened yet, and with whose vendors nobody speaks."""
    nobody = "http://127.0.0.1:9"
    folder = tmp_path_factory.mktemp("installation")
    return write_settings(folder, sandbox_url=nobody, own_url=nobody, database=f"sqlite:///{migrated_sqlite}")


@pytest.mark.parametrize("said", shown(), ids=lambda said: said.command[:60])
def test_a_command_on_a_page_prints_what_the_page_says(said: Shown, empty_installation: Path) -> None:
    program, *words = shlex.split(said.command)
    assert program == ".venv/bin/makewhole", "a page shows our own commands, as they are typed after `make`"
    command = COMMANDS[command_of(words) or ()]
    takes_settings = any("--settings" in each.opts for each in command.params)
    if takes_settings and "--settings" not in words:
        words += ["--settings", str(empty_installation)]

    done = subprocess.run(
        [sys.executable, "-m", "makewhole", *words],
        cwd=tree.ROOT,
        env={**os.environ, **CREDENTIALS, "NO_COLOR": "1", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )

    printed = tuple(line.rstrip() for line in done.stdout.splitlines())
    assert pages.agrees(said.output, printed), done.stdout
