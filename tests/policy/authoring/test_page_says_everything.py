"""Whatever a policy says stands on its page, in the section where somebody who releases it looks for it."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from html import unescape

import pytest

from cases.money import Money
from policy.authoring.page import page_of
from policy.authoring.page_words import words_in
from policy.yaml_text import Mapping as YamlMapping
from policy.yaml_text import Node, Scalar, Sequence, read_yaml
from tests.policy.authoring.test_round_trip import ON_THE_PAGE, TEXTS

COUNTED = re.sub(r"    # \"counted by: makewhole\".*\n", "    counted by: makewhole\n", ON_THE_PAGE[0])
SAYING = {"the first of the page": COUNTED, "the second": ON_THE_PAGE[1], "lists": TEXTS["season-delays.yaml"]}
SECTIONS = {
    "decides": ("claim deadline", "evidence", "exclusions", "rules"),
    "works-out": ("works out",),
    "amount": ("other plans", "deductions", "limits", "nothing left", "thresholds", "pay form", "benefits", "budget"),
    "fraud": ("fraud gates", "fraud scorecard"),
    "approvals": ("approvals",),
    "wording": ("wording", "names"),
    "inputs": ("inputs", "usual inputs"),
    "examples": ("examples", "together"),
}
#: Amounts that the page shows with all their decimals.
MONEY_IN, MONEY_AT = ("budget", "examples", "together"), ("at most", "amount", "amounts", "total", "counted before")
#: Keys whose own names say something, so that they must stand there too.
NAMED = ("inputs", "works out", "names", "usual inputs")


def sections_of(page: str) -> dict[str, str]:
    """Return the text of each section by its id; "" is what stands above the first."""
    pieces = re.split(r'<h2 id="([\w-]+)">', page.partition("</style>")[2])
    return {name: _read(html) for name, html in zip(["", *pieces[1::2]], pieces[::2], strict=True)}


def _read(html: str) -> str:
    return _alike(unescape(re.sub(r"<[^>]*>", " ", html)))


def _alike(text: str) -> str:
    """Return a text without what is only another way to write the same: underscores, brackets of lists, blanks."""
    return " ".join(re.sub(r"[_\[\]{}×]", " ", text).split())


def said_in(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text of a policy with the keys that it stands under."""
    match node:
        case Scalar(text=text):
            yield path, text
        case Sequence(items=items):
            for each in items:
                yield from said_in(each, path)
        case YamlMapping(entries=entries):
            for key, value in entries:
                if path[-1:] in [(each,) for each in (*NAMED, "given")]:
                    yield path, key.text
                yield from said_in(value, (*path, key.text))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("text", SAYING.values(), ids=SAYING)
def test_everything_a_policy_says_stands_on_its_page(text: str, language: str) -> None:
    sections = sections_of(page_of(text, "x.yaml", language=language))
    words = words_in(language)

    unsaid = [
        f"{' › '.join(path)}: {said}"
        for path, said in said_in(read_yaml(text, "x.yaml"))
        if _alike(_as_shown(path, said, words)) not in sections[_section(path)]
    ]

    assert unsaid == []


def _section(path: tuple[str, ...]) -> str:
    if "tell" in path:
        return "wording"
    if path == ("pay form",):
        return ""
    return next((section for section, keys in SECTIONS.items() if path[0] in keys), "")


def _as_shown(path: tuple[str, ...], said: str, words: Mapping[str, str]) -> str:
    """Return how the page says what it does not say as it is written."""
    if path in {("effective", "from"), ("effective", "to")}:
        return "" if said == "open" else f"{datetime.fromisoformat(said):%Y-%m-%d %H:%M}"
    if path[-1] in {"stages", "approvals"}:
        return words["nobody"] if said == "none" else said.replace(" or ", f" {words['or']} ")
    if path[-1] == "then" or said == "otherwise":
        return words[said]
    if path[-1] in MONEY_AT and path[0] in MONEY_IN:
        return "" if said == "none" else str(Money.exactly(*said.split()))
    if path == ("rules", "when"):
        return said.partition(" is ")[2]
    return said
