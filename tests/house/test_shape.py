"""The shape of what is written: lengths, names, and what stands only at the doors."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house import tree

MOST_LINES_A_FILE = 400
MOST_LINES_A_FUNCTION = 45
#: A test in tests/story tells one case's whole way in one piece.
MOST_LINES_A_STORY = 80
#: Functions that are one flat list of things; splitting them would hide it.
FLAT_LISTS = {
    "makewhole/assembly.py:build": "joins the rooms; each line hands one thing to one other",
    "sandbox/slack/app.py:create_app": "joins the sandbox's Slack",
    "sandbox/zendesk/wire.py:ticket_body": "the vendor's record, attribute by attribute",
    "tests/payouts/test_paying_once.py:machine": "makes the class of a state machine around a planted bug",
}
NO_CLASS = re.compile(r"^Base[A-Z]|(?:Manager|Helper|Utils?|Service|Handler|Processor)$")
NO_MODULE = frozenset({"base", "common", "core", "helper", "helpers", "misc", "util", "utils"})
#: Names that are somebody else's word, or that the next change of their room should mend.
KNOWN_NAMES = {
    "store/jobs.py:Handler": "the body of a job; DBOS and every queue call it so",
    "sandbox/zendesk/door.py:Handler": "Starlette's word for what answers a request",
}
#: Where the wall clock is read. Everywhere below, `now` is an argument.
CLOCKS = {
    "makewhole/assembly.py": "the front door reads it for everyone",
    "store/jobs.py": "leases of workers and times of failures; a job has no caller who could pass it in",
    "store/leases.py": "on SQLite, where all workers are one host's; on PostgreSQL it is the database's",
    "sandbox/accounts/app.py": "another company's clock",
    "sandbox/exchange/app.py": "another company's clock",
    "sandbox/jira/app.py": "another company's clock",
    "sandbox/payouts/app.py": "another company's clock",
    "sandbox/salesforce/app.py": "another company's clock",
    "sandbox/slack/app.py": "another company's clock",
    "sandbox/zendesk/app.py": "another company's clock",
}
#: Where any exception at all is caught: what is behind the door must go on, or must not learn our insides.
DOORS = {
    "makewhole/checking.py": "one broken check of the doctor must not hide the others",
    "store/jobs.py": "one broken job must not stop the worker; it is written down and tried again",
    "web/group_commit.py": "one bad write must not stop the others of its group",
    "web/guard.py": "the sender learns nothing of our insides",
    "web/health.py": "whatever fails here is the answer",
    "web/metrics.py": "figures must not fail because one cannot be read",
}
_WALL_CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
_WALL_CLOCKS |= {("time", "time"), ("time", "time_ns")}


def test_no_file_is_longer_than_400_lines() -> None:
    long = [
        f"{tree.name(each)}: {length}"
        for each in tree.files(".py")
        if (length := len(each.read_text(encoding="utf-8").splitlines())) > MOST_LINES_A_FILE
    ]
    assert long == []


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{where}: {length}"
        for each in tree.files(".py")
        if "migrations/versions" not in tree.name(each)
        for node in tree.nodes(each, ast.FunctionDef, ast.AsyncFunctionDef)
        if (length := node.end_lineno - node.lineno + 1) > _most_lines(each)
        if (where := f"{tree.name(each)}:{node.name}") not in FLAT_LISTS
    ]
    assert long == []


def _most_lines(path: Path) -> int:
    return MOST_LINES_A_STORY if tree.name(path).startswith("tests/story/") else MOST_LINES_A_FUNCTION


def test_nothing_is_named_for_what_it_is_not() -> None:
    found = [
        where
        for each in tree.files(".py")
        for said in _defined(each)
        if NO_CLASS.search(said) and (where := f"{tree.name(each)}:{said}") not in KNOWN_NAMES
    ]
    found += [tree.name(each) for each in tree.files(".py") if each.stem in NO_MODULE or each.parent.name in NO_MODULE]
    assert found == []


def _defined(path: Path) -> Iterator[str]:
    """Yield the names of classes and of what is assigned at the top of a module."""
    yield from (node.name for node in tree.nodes(path, ast.ClassDef))
    for node in tree.parsed(path).body:
        if isinstance(node, ast.Assign):
            yield from (each.id for each in node.targets if isinstance(each, ast.Name))


def test_the_clock_is_read_at_the_doors() -> None:
    readers = {
        tree.name(each)
        for each in tree.product_files()
        for node in tree.nodes(each, ast.Attribute)
        if isinstance(node.value, ast.Name) and (node.value.id, node.attr) in _WALL_CLOCKS
    }
    assert readers == CLOCKS.keys()


def test_everything_is_caught_at_the_doors_only() -> None:
    doors = {
        tree.name(each)
        for each in tree.product_files()
        for node in tree.nodes(each, ast.ExceptHandler)
        if node.type is None
        or any(word in ast.unparse(node.type).split(".") for word in ("Exception", "BaseException"))
    }
    assert doors == DOORS.keys()


def test_nothing_is_mocked() -> None:
    mocked = [tree.name(each) for each in tree.files(".py") for module in tree.imported(each) if "mock" in module]
    assert mocked == []
