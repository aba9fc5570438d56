"""Other people's mirrors, each in an environment of its own under the cache, so that none of it enters ours.

``python -m tests.bench.mirror --install-peers`` makes them; without them the bench names them as absent. The singer
taps are AGPL-3.0 programs: they are started, never imported.
"""

import os
import subprocess
import sys
from pathlib import Path

#: The environment of each peer and what is installed there.
PEERS: dict[str, tuple[str, ...]] = {
    "dlt": ("dlt[duckdb,parquet]==1.31.0",),
    "tap-zendesk": ("tap-zendesk==2.8.2", "setuptools<80"),
    "tap-salesforce": ("tap-salesforce==2.8.1", "setuptools<80"),
    "tap-jira": ("tap-jira==2.6.0", "setuptools<80"),
}
PYTHON = "3.11"


def python_of(peer: str) -> Path | None:
    """Return the peer's interpreter; None while it is not installed."""
    path = _folder(peer) / "bin" / "python"
    return path if path.exists() else None


def install() -> None:
    """Make every peer's environment; says of each that fails, and goes on."""
    for peer, packages in PEERS.items():
        folder = _folder(peer)
        uv: tuple[str | Path, ...] = (sys.executable, "-m", "uv", "--quiet")
        made = subprocess.run((*uv, "venv", "--clear", "--python", PYTHON, folder), check=False)
        command = (*uv, "pip", "install", "--python", folder / "bin" / "python", *packages)
        if made.returncode or subprocess.run(command, check=False).returncode:
            print(f"{peer}: could not be installed", file=sys.stderr)


def _folder(peer: str) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "makewhole-bench" / peer
