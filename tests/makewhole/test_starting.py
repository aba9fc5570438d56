"""SQLite has one worker: a second one is refused with a sentence, and the first goes on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from makewhole.sandboxed import CONFIG, free_port
from tests.makewhole.conftest import World, changed, wait_until


def makewhole(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "makewhole", *map(str, arguments)]


@pytest.fixture
def settings(world: World, tmp_path: Path) -> Path:
    port = free_port()
    path = world.settings(tmp_path)
    return changed(path, {world.own_url: f"http://127.0.0.1:{port}", world.own_url.rpartition(":")[2]: str(port)})


def test_a_worker_beside_sqlite_is_refused(settings: Path) -> None:
    told = subprocess.run(
        makewhole("worker", "--settings", settings), capture_output=True, text=True, cwd=CONFIG.parent, check=False
    )

    assert told.returncode == 3
    assert told.stderr.startswith("SQLite has one worker, and `makewhole run` is it")


def test_a_second_run_on_the_same_sqlite_file_is_refused_and_the_first_goes_on(settings: Path, tmp_path: Path) -> None:
    url = next(line.split()[1] for line in settings.read_text().splitlines() if line.startswith("public_url"))

    def is_ready() -> bool:
        try:
            return httpx.get(f"{url}/readyz", trust_env=False).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    with (tmp_path / "first.log").open("wb") as log:
        first = subprocess.Popen(makewhole("run", "--settings", settings), stdout=log, stderr=log, cwd=CONFIG.parent)
        try:
            wait_until(is_ready)
            second = subprocess.run(
                makewhole("run", "--settings", settings), capture_output=True, text=True, cwd=CONFIG.parent, check=False
            )

            assert second.returncode == 3
            assert second.stderr.startswith(f"another makewhole works on {tmp_path / 'makewhole.sqlite'}")
            assert is_ready()
        finally:
            os.kill(first.pid, signal.SIGTERM)
            assert first.wait(timeout=30) == 0
