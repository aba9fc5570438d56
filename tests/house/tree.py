"""What stands in the house: its rooms, its files and its settings, read once."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
OPERATING = ROOT / "docs" / "operating.md"
SETTING_UP = ROOT / "docs" / "setting-up.md"
#: Folders that are made, not written.
_MADE = frozenset({"__pycache__", "build", "dist", "node_modules", "var"})


@cache
def files(*suffixes: str) -> tuple[Path, ...]:
    """Return every written file with one of these endings, by path; all of them when none is named."""
    return tuple(sorted(each for each in _walk(ROOT) if not suffixes or each.suffix in suffixes))


def _walk(folder: Path) -> Iterator[Path]:
    for each in folder.iterdir():
        if each.is_dir():
            if each.name not in _MADE and (not each.name.startswith(".") or each.name == ".ci"):
                yield from _walk(each)
        elif each.name != ".ready":
            yield each


@cache
def rooms() -> tuple[str, ...]:
    """Return the top-level packages, as they stand on the disk."""
    return tuple(sorted(each.parent.name for each in ROOT.glob("*/__init__.py") if each.parent.name != "tests"))


@cache
def product_files() -> tuple[Path, ...]:
    """Return every Python file of the rooms."""
    return tuple(each for each in files(".py") if name(each).split("/")[0] in rooms())


@cache
def parsed(path: Path) -> ast.Module:
    """Return a Python file as a tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def settings() -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def name(path: Path) -> str:
    """Return a file's name as it is said in a list: "store/jobs.py"."""
    return path.relative_to(ROOT).as_posix()


def nodes(path: Path, *kinds: type[ast.AST]) -> Iterator[Any]:
    """Yield every node of these kinds in a file."""
    return (node for node in ast.walk(parsed(path)) if isinstance(node, kinds))


def imported(path: Path) -> Iterator[str]:
    """Yield the whole name of every module that a file imports, wherever in it."""
    for node in nodes(path, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif node.module and not node.level:
            yield node.module
