"""A policy from text to workbook and back: the same policy, said in two ways."""

import hashlib

from cases.people import People
from policy.authoring.cells import cell_named
from policy.authoring.comments import comments_in
from policy.authoring.from_sheets import Laid, tree_of
from policy.authoring.to_sheets import Grid, sheets_of
from policy.authoring.workbook_reading import read_workbook
from policy.authoring.workbook_writing import write_workbook
from policy.authoring.yaml_writing import yaml_of
from policy.loading import checked, load_policy, policy_in
from policy.mistakes import BadPolicy, Mistakes
from policy.yaml_text import Mapping, Node, Scalar, Sequence, read_yaml


class BadWorkbook(ValueError):
    """Raised for a workbook that must be corrected; the message lists every mistake, one a line, by sheet and cell."""


def workbook_of(text: str, file: str) -> bytes:
    """Return the workbook of a policy's text; raises BadPolicy when the text does not load.

    Comments become notes of their rows. The order of keys and the layout of the text are not kept, so the text that
    comes back has another hash, though it means the same.
    """
    policy = load_policy(text, file)
    grids = sheets_of(read_yaml(text, file), comments_in(text, file))
    return write_workbook(grids, policy.effective.start)


def text_of(data: bytes, file: str, *, people: People | None = None) -> str:
    """Return the text of the policy in a workbook; raises BadWorkbook with every mistake that was found.

    file: The workbook's name, for what concerns it as a whole.
    people: The role table; None = approvers are not checked against people.
    """
    mistakes = Mistakes()
    try:
        laid = _laid(read_workbook(data, file, mistakes), mistakes)
        _check(laid, file, hashlib.sha256(data).hexdigest(), people, mistakes)
    except BadPolicy as problem:
        raise BadWorkbook("\n".join(_said(problem, file))) from None
    text = yaml_of(laid.root, laid.notes)
    if plain(read_yaml(text, file)) != plain(laid.root):
        raise AssertionError(f"{file}: the text that was written says something else than the workbook")
    return text


def _laid(grids: tuple[Grid, ...], mistakes: Mistakes) -> Laid:
    """Return the policy on the sheets; raises BadPolicy for sheets and headings that would make more mistakes."""
    before = len(mistakes.found)
    laid = tree_of(grids, mistakes)
    if len(mistakes.found) > before:
        mistakes.stop_if_any()
    return laid


def _check(laid: Laid, file: str, text_hash: str, people: People | None, mistakes: Mistakes) -> None:
    """Raise BadPolicy with the mistakes of cells and of what they say together."""
    try:
        checked(policy_in(laid.root, file, text_hash), people)
    except BadPolicy as problem:
        named = {cell_named(each.place) for each in mistakes.found}
        more = [each for each in problem.mistakes if cell_named(each.place) not in named]
        raise BadPolicy((*mistakes.found, *more)) from None
    mistakes.stop_if_any()


def _said(problem: BadPolicy, file: str) -> list[str]:
    """Return the mistakes with the names of their cells; what concerns the whole file is said of the file."""
    return [
        f"{each.place.file if each.place.file.startswith(file) else cell_named(each.place)}: {each.what}"
        for each in problem.mistakes
    ]


def plain(node: Node) -> object:
    """Return a node as texts, lists and pairs, without places: equal for two that say the same in the same order."""
    match node:
        case Scalar(text=text):
            return text
        case Sequence(items=items):
            return [plain(each) for each in items]
        case Mapping(entries=entries):
            return tuple((key.text, plain(value)) for key, value in entries)
