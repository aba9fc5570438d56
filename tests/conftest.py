"""What every test room may ask for."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with the vendors' specifications and recorded answers beside the checkout."""
    return Path(os.environ.get("MAKEWHOLE_SHARED", ROOT.parent / "shared"))
