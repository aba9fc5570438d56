"""`makewhole policy diff`: what changes between two versions in words, and which cases are decided otherwise."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cases.case import proposal_of
from makewhole.assembly import House
from makewhole.opening import looked_into
from makewhole.printing import print_json, table, to_people
from makewhole.trouble import Unusable, WrongUsage
from policy.book import read_policy_file
from policy.boundaries import boundary_cases
from policy.differing import CaseChange, Given, case_changes, examples_of
from policy.form import Policy
from policy.loading import read_policy
from policy.mistakes import BadPolicy
from policy.text_changes import TextChange, text_changes
from store import evidence

#: How many changed cases of a kind are shown to people; `--json` has them all.
MOST_SHOWN = 40
AT_BOUNDS = "cases at bounds"
#: From how many cases the suite at the bounds starts, and how many mixtures follow.
BASES, MIXED = 6, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two texts, read."""

    text: str
    policy: Policy

    @property
    def called(self) -> str:
        """Name, version and the beginning of the hash."""
        return f"{self.policy.name} {self.policy.version} ({self.policy.text_hash[:12]})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of comparing cases of one kind: how many there were, and those that are decided otherwise."""

    kind: str
    tried: int
    changes: tuple[CaseChange, ...]


def diff(settings: Path, old: str, new: str, *, stored: bool, most: int, as_json: bool) -> int:
    """Print how two versions differ; each is a file, or name@version of what is stored. Raises Unusable."""
    with ExitStack() as stack:
        needs_house = stored or not (Path(old).is_file() and Path(new).is_file())
        house = stack.enter_context(looked_into(settings)) if needs_house else None
        try:
            before, after = _side(house, old), _side(house, new)
            texts = text_changes(before.text, after.text, old_file=before.policy.file, new_file=after.policy.file)
        except BadPolicy as problem:
            raise Unusable(str(problem)) from None
        compared = list(_compared(before.policy, after.policy, house if stored else None, most=most))
    if as_json:
        print_json(_in_json(before, after, texts, compared))
    else:
        _print(before, after, texts, compared)
    return 0


def _side(house: House | None, given: str) -> Side:
    """Return a file's text or a stored one, its examples not proven yet; raises BadPolicy and WrongUsage."""
    path = Path(given)
    if path.is_file():
        text = read_policy_file(path)
        return Side(text=text, policy=read_policy(text, path.name))
    name, _, version = given.rpartition("@")
    if house is not None and name:
        with house.database.read() as connection:
            found = house.desk.policies.find(connection, name, version)
            stored = house.desk.policies.text(connection, name, version)
        if found is not None and stored is not None:
            return Side(text=stored, policy=read_policy(stored, found.file))
    raise WrongUsage(f"{given} is neither a file nor a version that was submitted (`makewhole policy list`).")


def _compared(old: Policy, new: Policy, house: House | None, *, most: int) -> Iterator[Compared]:
    yield _compare("worked examples", old, new, list(examples_of(old, new)))
    at_bounds = dict.fromkeys(
        tuple(sorted(each.items())) for side in (old, new) for each in boundary_cases(side, bases=BASES, mixed=MIXED)
    )
    yield _compare(AT_BOUNDS, old, new, [Given(name=AT_BOUNDS, inputs=each) for each in at_bounds])
    if house is not None:
        with house.database.read() as connection:
            yield _compare("stored cases", old, new, list(_stored(house, connection, old, new, most=most)))


def _compare(kind: str, old: Policy, new: Policy, given: Sequence[Given]) -> Compared:
    return Compared(kind=kind, tried=len(given), changes=tuple(case_changes(old, new, given)))


def _stored(house: House, connection: sa.Connection, old: Policy, new: Policy, *, most: int) -> Iterator[Given]:
    """Yield the newest cases that either version would decide, with what is known of them."""
    topics = {*old.topics, *new.topics}
    for stored in house.desk.cases.list(connection, limit=most):
        proposal, about = proposal_of(stored.case), stored.case.about
        if proposal is None or about.topic not in topics:
            continue
        known: dict[str, str] = {}
        for each in evidence.of_case(connection, about.id):
            known.update(each.facts)
        known.update(proposal.inputs)
        yield Given(
            name=str(about.id), inputs=tuple(sorted(known.items())), counted_before=proposal.counted_before or ()
        )


def _print(before: Side, after: Side, texts: Sequence[TextChange], compared: Sequence[Compared]) -> None:
    console = to_people()
    console.print(f"{before.called} -> {after.called}", style="bold", markup=False)
    for each in texts:
        console.print(f"{each.place.short}: {each}", markup=False, soft_wrap=True)
    if not texts:
        console.print("The texts say the same.", markup=False)
    for kind in compared:
        console.print(f"\n{kind.kind}: {len(kind.changes)} of {kind.tried} decided otherwise", markup=False)
        if kind.changes:
            console.print(table(["Case", "What", "Old", "New"], _rows(kind)))


def _rows(kind: Compared) -> Iterator[tuple[str, str, str, str]]:
    shown = _one_of_each(kind.changes) if kind.kind == AT_BOUNDS else [(each, 1) for each in kind.changes]
    for change, like in shown[:MOST_SHOWN]:
        name = _inputs(change) if change.given.name == AT_BOUNDS else change.given.name
        named = f"{name} (and {like - 1} like it)" if like > 1 else name
        for number, (what, was, now) in enumerate(change.what):
            yield (named if number == 0 else "", what, was, now)
    if len(shown) > MOST_SHOWN:
        yield (f"and {len(shown) - MOST_SHOWN} more, see --json", "", "", "")


def _one_of_each(changes: Sequence[CaseChange]) -> list[tuple[CaseChange, int]]:
    """Return the first of those that change in the same way but for the amounts, with how many there are."""
    alike: dict[tuple[object, ...], list[CaseChange]] = {}
    for each in changes:
        sides = ((side.classification, side.rule, side.approvals) for side in (each.old, each.new))
        alike.setdefault((*sides, each.old.amount == each.new.amount), []).append(each)
    return [(found[0], len(found)) for found in alike.values()]


def _inputs(change: CaseChange) -> str:
    return " ".join(f"{name}={text[:40]}" for name, text in change.given.inputs)


def _in_json(before: Side, after: Side, texts: Sequence[TextChange], compared: Sequence[Compared]) -> dict[str, Any]:
    return {
        "old": before.called,
        "new": after.called,
        "texts": [
            {
                "where": each.where,
                "how": str(each.how),
                "old": each.old,
                "new": each.new,
                "place": str(each.place),
            }
            for each in texts
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
            for kind in compared
        ],
    }
