"""Work out requirements.lock from pyproject.toml: every file with its hash, no address of any index."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def compile_lock(target: Path) -> None:
    """Write the lock into `target`, keeping what it already pins where that still fits."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--group", "dev", "--universal"]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "--quiet"]
    subprocess.run([*command, "--python-version", "3.11", "--output-file", str(target)], cwd=ROOT, check=True)


if __name__ == "__main__":
    compile_lock(ROOT / "requirements.lock")
