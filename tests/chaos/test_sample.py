"""A short day of chaos on each store, and a product that forgets its own words; `make chaos-test` has it long."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.crash.product import ROOT

SAMPLE = ("--changes", "40", "--kills", "1", "--quiet-seconds", "4", "--workers", "2")


@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_three_desks_come_to_what_their_owners_say_in_any_weather(store: str) -> None:
    code, report, said = _chaos("--store", store, *SAMPLE)

    assert (code, report["findings"]) == (0, []), said
    assert said.splitlines()[-1] == "LOST=0 DOUBLED=0 LOOPS=0 DIVERGED=0"
    assert report["changes"] >= 40
    assert report["kills"] == 1
    assert report["writes"] > report["tickets"]


def test_a_product_that_does_not_know_its_own_words_is_caught() -> None:
    code, report, said = _chaos("--store", "sqlite", "--changes", "40", "--kills", "0", "--no-echo")

    assert code == 1, said
    assert "LOOPS" in {each["kind"] for each in report["findings"]}


def _chaos(*options: str) -> tuple[int, dict[str, Any], str]:
    command = [sys.executable, "-m", "tests.chaos", "--json", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout, done.stderr
    (report,) = json.loads(done.stdout)["reports"]
    return done.returncode, report, done.stderr
