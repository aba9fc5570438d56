"""Every page of ours in a real Chromium: on a phone in the dark, at a desk by day, on paper; nothing is loaded."""

from pathlib import Path
from typing import Any

import pytest

from tests.pages.in_browser import opened, wrong_with
from tests.pages.written import written

pytestmark = pytest.mark.browser
PAGES = ("policy.en", "policy.zh", "changes.en", "changes.zh", "simulation.en", "simulation.zh")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return dict(written(tmp_path_factory.mktemp("pages")))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_by_everyone(chromium: Any, pages: dict[str, Path], name: str) -> None:
    assert wrong_with(chromium, pages[name].as_uri()) == []


def test_amounts_of_a_column_end_at_one_line(chromium: Any, pages: dict[str, Path]) -> None:
    with opened(chromium, pages["simulation.en"].as_uri()) as page:
        decimals = page.evaluate(DECIMALS)

    assert [each for each in decimals if each]
    assert all(len(set(each)) == 1 for each in decimals if each)


def test_what_is_wrong_would_be_seen(chromium: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<h2>x</h2><p style="color:#999;background:#fff;width:900px">faint</p><table><tr><th></th></tr></table>'
        '<img src="y.png"><a href="#z">z</a>',
        encoding="utf-8",
    )

    found = wrong_with(chromium, bad.as_uri())

    for each in (
        "phone: no language",
        "phone: not one h1",
        "phone: H2 after H0: x",
        "phone: a heading without scope: ",
        "phone: contrast 2.8: faint",
        "desk: more than a text",
        "paper: leads nowhere: #z",
        "phone: 908 wide",
        f"desk: asks for {(tmp_path / 'y.png').as_uri()}",
    ):
        assert each in found


#: How many decimals the amounts of each table have.
DECIMALS = """() => [...document.querySelectorAll('table')].map((table) => [...table.querySelectorAll('td.n')]
  .map((cell) => cell.textContent).filter((text) => / USDT$/.test(text)).map((text) => text.split('.')[1].length))"""
