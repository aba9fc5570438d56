"""Pages and files: links lead somewhere, decisions are whole, and nothing names the machine it was written on."""

import re
from pathlib import Path
from urllib.parse import unquote

from tests.house import pages, tree

SECTIONS = ("## Context", "## Decision", "## Cost", "## Alternatives", "## Enforced by")
#: Written by joining, so that this file does not name them.
_REGISTRIES = re.compile(
    "|".join(("pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.(org|com)", "artifact" + "ory"))
)
_MACHINE = re.compile(
    r"(?<![\w./-])/(?:" + "|".join(("ro" + "ot", "wo" + "rk", "ho" + r"me/\w+", "Us" + r"ers/\w+")) + ")/"
)
#: Files made by programs, which hold what those write.
_MADE = {".mo", ".ico", ".png", ".woff2"}


def test_every_link_leads_to_a_file() -> None:
    broken = [
        f"{tree.name(page)}: {link}"
        for page in pages.markdown()
        for link in pages.links(page)
        if "://" not in link and not link.startswith(("#", "mailto:"))
        if not (page.parent / unquote(link.partition("#")[0])).exists()
    ]
    assert broken == []


def test_every_page_of_docs_can_be_reached_from_the_readme() -> None:
    reached, ahead = set(), [tree.README]
    while ahead:
        page = ahead.pop()
        if page in reached or not page.exists():
            continue
        reached.add(page)
        targets = [
            (page.parent / unquote(link.partition("#")[0])).resolve() for link in pages.links(page) if "://" not in link
        ]
        ahead += [each for each in targets if each.suffix == ".md"]
        ahead += [each for folder in targets if folder.is_dir() for each in folder.glob("*.md")]
    assert [tree.name(each) for each in tree.files(".md") if "docs" in each.parts and each not in reached] == []


def decisions() -> list[Path]:
    return sorted((tree.ROOT / "docs" / "decisions").glob("*.md"))


def test_every_decision_says_why_what_it_costs_and_what_holds_it() -> None:
    lacking = [
        f"{tree.name(page)}: {section}"
        for page in decisions()
        for section in SECTIONS
        if section not in page.read_text(encoding="utf-8").splitlines()
    ]
    assert lacking == []


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [page.name[:4] for page in decisions()]
    assert all(number.isdecimal() for number in numbers)
    assert len(set(numbers)) == len(numbers)
    for page in decisions():
        assert page.read_text(encoding="utf-8").startswith(f"# {page.name[:4]} "), page.name


def test_what_a_decision_says_enforces_it_is_there() -> None:
    missing = []
    for page in decisions():
        enforced = page.read_text(encoding="utf-8").partition("## Enforced by")[2]
        named = re.findall(r"`((?:tests|store|payouts|web|sync|workflow)/[\w/.-]+\.py)(?:::(\w+))?`", enforced)
        assert named or "pyproject.toml" in enforced, f"{page.name} names nothing that enforces it"
        for file, test in named:
            path = tree.ROOT / file
            if not path.exists() or (test and f"def {test}(" not in path.read_text(encoding="utf-8")):
                missing.append(f"{page.name}: {file} {test}")
    assert missing == []


def test_a_decision_that_is_named_anywhere_exists() -> None:
    named = {
        found
        for each in tree.files(".py", ".md", ".toml", ".yaml")
        for found in re.findall(r"docs/decisions/(\d{4}[\w-]*\.md)", each.read_text(encoding="utf-8"))
    }
    assert {each for each in named if not (tree.ROOT / "docs" / "decisions" / each).exists()} == set()


def test_every_shipped_policy_is_a_page_for_people_too() -> None:
    shipped = {each.name for each in (tree.ROOT / "config" / "policies").glob("*.yaml")}
    readme = tree.README.read_text(encoding="utf-8")
    assert {each for each in shipped if each not in readme} == set()
    for each in shipped:
        text = (tree.ROOT / "config" / "policies" / each).read_text(encoding="utf-8")
        assert re.search(r"^owner: \S", text, re.MULTILINE), each
        assert re.search(r"^decision: \S", text, re.MULTILINE), each
        assert re.search(r"^examples:", text, re.MULTILINE), each


def test_every_figure_on_a_page_is_one_that_we_serve() -> None:
    source = "".join(each.read_text(encoding="utf-8") for each in tree.product_files())
    told = set(re.findall(r"`(makewhole_\w+)", tree.OPERATING.read_text(encoding="utf-8")))
    served = set(re.findall(r'"(makewhole_[a-z_]+)"', source)) - {"makewhole_read_only", "makewhole_message"}
    assert {name.removesuffix("_total") for name in told} == served


def test_no_file_names_the_machine_it_was_written_on_or_a_registry() -> None:
    found = []
    for each in tree.files():
        if each.suffix in _MADE:
            continue
        text = each.read_text(encoding="utf-8", errors="replace")
        for what in (_REGISTRIES, _MACHINE, re.compile(re.escape(str(tree.ROOT)) + r"\b")):
            match = what.search(text)
            if match:
                found.append(f"{tree.name(each)}: {match[0]}")
    assert found == []


def test_the_changelog_names_the_version_that_is_built() -> None:
    version = tree.settings()["project"]["version"]
    assert f"## {version}" in (tree.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
