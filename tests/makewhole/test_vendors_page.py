"""docs/vendors.md names the test that holds each of its lines; a test that was renamed is missed at once."""

import re

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "vendors.md"


def test_every_test_that_the_page_names_exists() -> None:
    files = tuple((ROOT / "tests").rglob("test_*.py"))
    known = {path.stem for path in files}
    known |= {name for path in files for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)}
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text("utf-8")))

    assert len(named) > 40
    assert named - known == set()
