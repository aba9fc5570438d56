"""A few crashes and the first of the planted bugs, in processes of their own; `make crash-test` has them all."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.crash.product import ROOT


@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_crash_anywhere_on_a_cases_way_loses_and_doubles_nothing(store: str) -> None:
    (swept,) = _crash_test("--store", store, "--sweep", "sample")

    assert swept["findings"] == []
    assert len(swept["crashed"]) >= 4
    assert swept["payments"] > len(swept["crashed"])


def test_a_crash_between_the_parts_of_a_payment_pays_each_part_once() -> None:
    parts = ("--parts", "--points", "^pay: (before|after) (a call|commit)", "--sample", "3")

    (swept,) = _crash_test("--store", "sqlite", "--sweep", "sample", *parts)

    assert swept["findings"] == []
    assert len(swept["crashed"]) >= 2
    assert swept["payments"] >= 4 * len(swept["crashed"])


def test_a_job_enqueued_after_the_commit_instead_of_inside_is_caught() -> None:
    (verdict,) = _crash_test("--store", "sqlite", "--sweep", "none", "--only", "enqueue-after-commit")

    assert verdict["caught"]


def _crash_test(*options: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.crash", "--kills", "0", "--changes", "0", "--json", *options]
    if "--only" not in options:
        command.append("--no-planted")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["sound"], done.stderr
    results: list[dict[str, Any]] = found["results"]
    return results
