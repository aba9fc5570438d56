"""The page of a policy: everything it decides, escaped, complete in itself, in both languages."""

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cases.proposal import Classification
from policy.authoring.matrix import Band, matrices_of
from policy.authoring.page import page_of
from policy.authoring.page_words import words_in
from policy.loading import read_policy
from tests.policy.authoring.conftest import SHIPPED

ATTACK = "<script>alert(1)</script><img src=x onerror=alert(2)>"


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
    assert "part of the payment" not in seen


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


def test_the_items_of_a_list_read_as_words() -> None:
    text = (Path(__file__).parents[1] / "plans" / "late-luggage.yaml").read_text(encoding="utf-8")

    shown = unescape(page_of(text, "late-luggage.yaml", language="en"))

    assert "1) value: 1000, bought_at: 2026-01-01T00:00:00Z, receipt: yes; 2) value: 500, bought_at" in shown
    assert "list of up to: 50; each: value: EUR, bought_at: time, receipt: yes/no" in shown
    assert '[{"' not in shown
