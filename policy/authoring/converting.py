"""A policy from text to workbook and back: the same policy, said in two ways."""

import hashlib
from collections.abc import Mapping as AbstractMapping

from policy.authoring.cells import cell_named
from policy.authoring.comments import comments_in
from policy.authoring.from_sheets import tree_of
from policy.authoring.to_sheets import sheets_of
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


def text_of(data: bytes, file: str, *, roles: AbstractMapping[str, int] | None = None) -> str:
    """Return the text of the policy in a workbook; raises BadWorkbook with every mistake that was found.

    file: The workbook's name, for what concerns it as a whole.
    roles: How many people hold each role; None = approvers are not checked against people.
    """
    mistakes = Mistakes()
    try:
        grids = read_workbook(data, file, mistakes)
        mistakes.stop_if_any()
        laid = tree_of(grids, mistakes)
        mistakes.stop_if_any()
        checked(policy_in(laid.root, file, hashlib.sha256(data).hexdigest()), roles)
        text = yaml_of(laid.root, laid.notes)
        load_policy(text, file, roles=roles)
    except BadPolicy as problem:
        raise BadWorkbook("\n".join(_said(problem, file))) from None
    if plain(read_yaml(text, file)) != plain(laid.root):
        raise AssertionError(f"{file}: the text that was written says something else than the workbook")
    return text


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
