"""`makewhole policy diff`: what changes between two versions in words, and which cases are decided otherwise."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from makewhole.assembly import House
from makewhole.opening import looked_into
from makewhole.printing import print_json, table, to_people, write_page
from makewhole.releases import submitted_text
from makewhole.trouble import Unusable, WrongUsage
from policy.book import read_policy_file
from policy.loading import read_policy
from policy.mistakes import BadPolicy, did_you_mean
from reports.changes_page import changes_page
from reports.differences import Compared, Differences, Side, Tried, differences, inputs_of, on_stored_cases
from reports.words import Language

#: How many changed cases of a kind are shown to people; `--json` has them all.
MOST_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for; see the options of the command."""

    old: str
    new: str
    stored: bool
    most: int
    html: Path | None
    language: str
    as_json: bool


def diff(settings: Path, asked: Asked) -> int:
    """Print how two versions differ; each is a file, or name@version of what is stored. Raises Unusable."""
    if asked.language not in get_args(Language):
        raise WrongUsage(f"--language: {did_you_mean(asked.language, get_args(Language))}")
    with ExitStack() as stack:
        needs_house = asked.stored or not (Path(asked.old).is_file() and Path(asked.new).is_file())
        house = stack.enter_context(looked_into(settings)) if needs_house else None
        try:
            found = differences(_side(house, asked.old), _side(house, asked.new))
        except BadPolicy as problem:
            raise Unusable(str(problem)) from None
        if house is not None and asked.stored:
            old, new = found.old.policy, found.new.policy
            stored = on_stored_cases(house.database, house.desk.cases, old, new, most=asked.most)
            found = replace(found, compared=(*found.compared, stored))
    if asked.html is not None:
        write_page(asked.html, changes_page(found, language="zh" if asked.language == "zh" else "en"))
    if asked.as_json:
        print_json(_in_json(found))
    else:
        _print(found)
    return 0


def _side(house: House | None, given: str) -> Side:
    """Return a file's text or a stored one, its examples not proven yet; raises BadPolicy and WrongUsage."""
    path = Path(given)
    if path.is_file():
        text = read_policy_file(path)
        return Side(text=text, policy=read_policy(text, path.name))
    if house is None or "@" not in given:
        raise WrongUsage(f'"{given[:100]}" is no file; a version is written name@version')
    found, text = submitted_text(house, given)
    return Side(text=text, policy=read_policy(text, found.file))


def _print(found: Differences) -> None:
    console = to_people()
    console.print(f"{found.old.called} -> {found.new.called}", style="bold", markup=False)
    for each in found.texts:
        console.print(f"{each.place.short}: {each}", markup=False, soft_wrap=True)
    if not found.texts:
        console.print("The texts say the same.", markup=False)
    for kind in found.compared:
        console.print(f"\n{kind.kind}: {len(kind.changes)} of {kind.tried} decided otherwise", markup=False)
        if kind.changes:
            console.print(table(["Case", "What", "Old", "New"], _rows(kind)))


def _rows(kind: Compared) -> Iterator[tuple[str, str, str, str]]:
    at_bounds = kind.kind is Tried.BOUNDS
    shown = kind.one_of_each() if at_bounds else [(each, 1) for each in kind.changes]
    for change, like in shown[:MOST_SHOWN]:
        name = inputs_of(change) if at_bounds else change.given.name
        named = f"{name} (and {like - 1} like it)" if like > 1 else name
        for number, (what, was, now) in enumerate(change.what):
            yield (named if number == 0 else "", what, was, now)
    if len(shown) > MOST_SHOWN:
        yield (f"and {len(shown) - MOST_SHOWN} more, see --json", "", "", "")


def _in_json(found: Differences) -> dict[str, Any]:
    return {
        "old": found.old.called,
        "new": found.new.called,
        "texts": [
            {
                "where": each.where,
                "how": str(each.how),
                "old": each.old,
                "new": each.new,
                "place": str(each.place),
            }
            for each in found.texts
        ],
        "cases": [
            {
                "kind": kind.kind,
                "tried": kind.tried,
                "changed": [
                    {
                        "case": each.given.name,
                        "inputs": dict(each.given.inputs),
                        "changes": [{"what": what, "old": was, "new": now} for what, was, now in each.what],
                    }
                    for each in kind.changes
                ],
            }
            for kind in found.compared
        ],
    }
