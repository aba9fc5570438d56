"""A policy goes into a workbook and comes back as the same policy, with its comments."""

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policy.authoring.cells import cell_place, cell_text, node_at
from policy.authoring.comments import comments_in
from policy.authoring.converting import plain, text_of, workbook_of
from policy.authoring.yaml_writing import yaml_of
from policy.loading import read_policy
from policy.mistakes import Mistakes, Place
from policy.yaml_text import Mapping, Node, Scalar, Sequence, read_yaml
from tests.policy.authoring.conftest import SHIPPED, grids_of

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "policy-language.md").read_text(encoding="utf-8")
ON_THE_PAGE = re.findall(r"```yaml\n(policy: .*?)```", PAGE, re.DOTALL)
PLANS = sorted((Path(__file__).parents[1] / "plans").glob("*.yaml"))
TEXTS = {each.name: each.read_text(encoding="utf-8") for each in (*SHIPPED, *PLANS)} | {
    f"page {number}": text for number, text in enumerate(ON_THE_PAGE)
}
HERE = Place(file="x", line=1, column=1)


def meaning(of: Any) -> Any:
    """Return a parsed policy as plain values, without its places, its file and the hash of its text."""
    if isinstance(of, Place):
        return None
    if is_dataclass(of):
        names = [each.name for each in fields(of) if each.name not in {"file", "text_hash"}]
        return (type(of).__name__, *(meaning(getattr(of, name)) for name in names))
    if isinstance(of, dict):
        return sorted((str(key), meaning(value)) for key, value in of.items())
    if isinstance(of, tuple | list):
        return tuple(meaning(each) for each in of)
    return of


@pytest.mark.parametrize("name", TEXTS)
def test_a_policy_comes_back_the_same_with_its_comments_and_so_does_its_workbook(name: str) -> None:
    text = TEXTS[name]
    workbook = workbook_of(text, "x.yaml")

    back = text_of(workbook, "x.xlsx")

    assert sorted(each.text for each in comments_in(back, "x")) == sorted(each.text for each in comments_in(text, "x"))
    assert meaning(read_policy(back, "x.yaml")) == meaning(read_policy(text, "x.yaml"))
    assert grids_of(back) == grids_of(text)


def keyed(key: str) -> Node:
    """Return keys with this one alone, which says nothing."""
    said = Scalar(text="", place=HERE, single_line=True)
    return Mapping(entries=((Scalar(text=key, place=HERE, single_line=True), said),), place=HERE)


keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    ["", " ", "none", "- a", "a: b", "a #b", "[a", "{a: b}", '"a"', "=1+1", "NO", "a\nb", "中文，「好」" * 30]
)
nodes = st.recursive(
    st.builds(lambda text: Scalar(text=text, place=HERE, single_line=True), texts),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: Sequence(items=tuple(items), place=HERE)),
        st.dictionaries(keys, inner, max_size=4).map(
            lambda told: Mapping(
                entries=tuple((Scalar(text=key, place=HERE, single_line=True), told[key]) for key in told), place=HERE
            )
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=20, deadline=None)
@given(node=nodes)
@example(node=keyed(", "))
def test_whatever_stands_in_a_cell_is_read_as_it_was(node: Node) -> None:
    mistakes = Mistakes()

    back = node_at(cell_text(node), cell_place("Rules", 2, 3), mistakes)

    assert mistakes.found == []
    assert plain(back) == plain(node)


@settings(max_examples=20, deadline=None)
@given(told=st.dictionaries(keys, nodes, max_size=5))
def test_whatever_is_written_as_text_is_read_as_it_was(told: dict[str, Node]) -> None:
    entries = tuple((Scalar(text=key, place=HERE, single_line=True), told[key]) for key in told)
    inner = Mapping(entries=entries, place=HERE)
    root = Mapping(entries=((Scalar(text="works out", place=HERE, single_line=True), inner),), place=HERE)

    assert plain(read_yaml(yaml_of(root, {}), "x")) == plain(root)


@pytest.mark.parametrize("text", ["word " * 900 + "end", "x" * 3_000, " two  blanks " * 300, "行\n" * 900])
def test_a_text_of_any_length_is_written_over_several_lines(text: str) -> None:
    root = Mapping(entries=((_scalar("about"), _scalar(text)),), place=HERE)

    written = yaml_of(root, {})

    assert max(len(line) for line in written.split("\n")) < 1_100
    assert plain(read_yaml(written, "x")) == plain(root)


def _scalar(text: str) -> Scalar:
    return Scalar(text=text, place=HERE, single_line=True)
