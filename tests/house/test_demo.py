"""The README shows what `make demo` prints."""

import os
import re
import subprocess
import sys

import pytest

from tests.house import pages, tree
from tests.house.test_commands import DEMO

#: Lines of the story of one case: which case it is, the day decides.
STORY = (
    r"CASE-\d+ · closed · \S+ [A-Z]+",
    r"Customer C-\d+ · loss \w+ \S+ · topic \w+",
    r"Tickets: \w+:harbor:\w+(, \w+:harbor:\w+)*",
)
#: Lines that say that the books agree; nothing in them may differ.
EXACT = re.compile(r"(doubled|lost|audit|ledger sum) ")


def shape(line: str) -> str:
    """Return what a line has in common with the same line of another day: counts and seconds may differ."""
    story = next((each for each in STORY if re.fullmatch(each, line)), None)
    if story is not None:
        return story
    tidy = re.sub(r"━+", "━", re.sub(r" +", " ", line)).strip()
    return tidy if EXACT.match(tidy) else re.sub(r"\d+(\.\d+)?", "#", tidy)


@pytest.mark.timeout(300)
def test_the_demo_prints_what_the_readme_shows() -> None:
    assert "$(BIN)/makewhole demo\n" in (tree.ROOT / "Makefile").read_text(encoding="utf-8")
    (said,) = (each for each in pages.shown(tree.README) if each.command == DEMO)

    done = subprocess.run(
        [sys.executable, "-m", "makewhole", "demo"],
        cwd=tree.ROOT,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    printed = tuple(shape(line) for line in done.stdout.splitlines())
    assert pages.agrees(tuple(line if line == pages.CUT else shape(line) for line in said.output), printed), done.stdout
