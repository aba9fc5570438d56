"""requirements.lock is what a fresh clone installs: complete, within pyproject's ranges, and from any index."""

import re
from functools import cache
from itertools import chain

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house import tree

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}(?: \\)?")


@cache
def lines() -> tuple[str, ...]:
    return tuple((tree.ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines())


@cache
def pins() -> dict[str, Version]:
    found = (_PIN.match(line) for line in lines())
    return {canonicalize_name(pin[1]): Version(pin[2]) for pin in found if pin}


def wanted() -> list[Requirement]:
    settings = tree.settings()
    groups = chain.from_iterable(settings["dependency-groups"].values())
    return [
        Requirement(each)
        for each in chain(settings["project"]["dependencies"], groups, settings["build-system"]["requires"])
    ]


def test_everything_the_project_needs_is_pinned_within_its_range() -> None:
    wrong = [
        f"{each}: locked {pins().get(canonicalize_name(each.name))}"
        for each in wanted()
        if not each.specifier.contains(pins().get(canonicalize_name(each.name), Version("0")))
    ]
    assert wrong == []


def test_every_pinned_file_has_its_hash() -> None:
    bare = [
        line
        for line, following in zip(lines(), [*lines()[1:], ""], strict=True)
        if _PIN.match(line) and not _HASH.search(following)
    ]
    assert bare == []


def test_the_lock_holds_pins_and_hashes_and_nothing_else() -> None:
    """No address of an index: whoever installs takes the files from where they trust; the hashes say what they are."""
    other = [line for line in lines() if line.strip() and not _PIN.match(line) and not _HASH.fullmatch(line.strip())]
    assert other == []


def test_what_decides_about_money_is_pinned_to_one_version() -> None:
    exact = {each.name for each in wanted() if str(each.specifier).startswith("==")}
    assert {"dbos", "zenpy"} <= exact
