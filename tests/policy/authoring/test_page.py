"""The page of a policy: everything it decides, escaped, complete in itself, in both languages."""

import os
import re
import shutil
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cases.proposal import Classification
from policy.authoring.matrix import Band, matrices_of
from policy.authoring.page import page_of
from policy.authoring.page_words import words_in
from policy.loading import read_policy
from tests.policy.authoring.conftest import SHIPPED

ATTACK = "<script>alert(1)</script><img src=x onerror=alert(2)>"
FLAGS = ["--no-sandbox", "--disable-gpu"]


class Read(HTMLParser):
    """What a browser would see: the text, the tags, and the attributes of every tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_page_says_what_the_policy_decides(withdrawal_text: str) -> None:
    seen = Read(page_of(withdrawal_text, "delay.yaml")).text

    assert "two to six hours late 2 to under 6 hours goodwill 5 USDT" in seen
    assert "up to 1000 over 1000, up to 10000 over 10000" in seen
    assert "at most goodwill in twelve months 600 USDT / 12 months (goodwill)" in seen
    assert "just under two hours Source: ours hours_late: 1.99 ineligible less than two hours late nobody" in seen
    assert "由于我们的原因，您的提币延迟了 {hours_late}。" in seen
    assert read_policy(withdrawal_text, "x").text_hash in seen
    assert "from 2025-01-01 00:00 UTC on" in seen


def test_the_page_is_in_chinese_when_asked(withdrawal_text: str) -> None:
    page = page_of(withdrawal_text, "delay.yaml", language="zh")

    assert '<html lang="zh-Hans">' in page
    assert "如何判定" in page
    assert "two to six hours late 2 to under 6 hours 善意补偿 5 USDT" in Read(page).text
    assert words_in("en").keys() == words_in("zh").keys()


@pytest.mark.parametrize("path", SHIPPED[::7], ids=lambda path: path.stem)
def test_a_page_is_complete_in_itself_and_its_tables_have_headings(path: Path) -> None:
    page = page_of(path.read_text(encoding="utf-8"), path.name)
    tags = Read(page).tags

    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "form", "object"}
    assert not [each for _, each in tags if any(name.startswith("on") for name in each)]
    assert all(each["href"].startswith("#") for tag, each in tags if tag == "a" and each["href"])
    assert all(each.get("scope") in {"col", "row"} for tag, each in tags if tag == "th")
    assert "url(" not in page
    ids = [each["id"] for _, each in tags if "id" in each]
    assert len(ids) == len(set(ids))
    assert {each["href"].removeprefix("#") for tag, each in tags if tag == "a" and each["href"]} <= set(ids)


def test_nothing_that_a_policy_says_is_taken_for_html(withdrawal_text: str) -> None:
    text = withdrawal_text.replace("two to six hours late", f'"{ATTACK}"').replace("We are sorry and", f"{ATTACK} and")
    text = text.replace("# below zero: earlier than due", f"# {ATTACK}").replace("Compensation lead", f"{ATTACK}")

    page = page_of(text, "delay.yaml")

    assert ATTACK in Read(page).text
    assert "<script" not in page
    assert "<img" not in page


def test_the_grid_has_a_band_for_every_amount(duplicate_text: str) -> None:
    found = matrices_of(read_policy(duplicate_text, "x"))

    assert [each.asset for each in found] == ["USDT", "EUR"]
    assert [each.bands for each in found] == [
        (
            Band(start="0", with_start=False, end="1000", with_end=True),
            Band(start="1000", with_start=False, end="10000", with_end=True),
            Band(start="10000", with_start=False, end=None, with_end=False),
        )
    ] * 2
    by_class = dict(found[1].rows)
    assert [[stage.quorum for stage in stages] for stages in by_class[(Classification.VALID_CLAIM,)]] == [
        [1],
        [1, 1],
        [2, 1],
    ]


def test_a_matrix_that_looks_at_more_is_shown_row_by_row(withdrawal_text: str) -> None:
    text = withdrawal_text.replace("{classification: fraud review, amount: up to 1000 USDT}", "fraud_score is over 99")
    text = re.sub(
        r"\nexamples:.*",
        "\nexamples:\n  - {name: a, source: ours, given: {}, expect: {then: goodwill}}\n",
        text,
        flags=re.DOTALL,
    )

    page = page_of(text, "delay.yaml")

    assert matrices_of(read_policy(text, "x")) == ()
    assert "fraud_score is over 99" in Read(page).text


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright import sync_api

    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("MAKEWHOLE_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not path:
        pytest.fail(f"no Chromium found ({', '.join(names)}): install one, or name it in MAKEWHOLE_CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.mark.browser
def test_a_narrow_page_does_not_scroll_sideways_and_is_readable_in_light_and_dark(
    chromium: Any, duplicate_text: str, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    file.write_text(page_of(duplicate_text, "duplicate.yaml", language="zh"), encoding="utf-8")
    for scheme in ("light", "dark"):
        page = chromium.new_page(viewport={"width": 360, "height": 800}, color_scheme=scheme)
        page.goto(file.as_uri())

        width, faint = page.evaluate(FAINTEST)

        assert width <= 360
        assert faint >= 4.5, scheme
        page.close()


#: How wide the page is, and the least contrast of any text with what lies behind it.
FAINTEST = """() => {
  const parts = (color) => color.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parts(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  let least = 21;
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(parts(getComputedStyle(e).color)), light(behind(e))];
    least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return [document.documentElement.scrollWidth, least];
}"""


def test_the_items_of_a_list_read_as_words() -> None:
    text = (Path(__file__).parents[1] / "plans" / "late-luggage.yaml").read_text(encoding="utf-8")

    shown = unescape(page_of(text, "late-luggage.yaml", language="en"))

    assert "1) value: 1000, bought_at: 2026-01-01T00:00:00Z, receipt: yes; 2) value: 500, bought_at" in shown
    assert "list of up to 50: value: EUR, bought_at: time, receipt: yes/no" in shown
    assert '[{"' not in shown
