"""The book of all policies: several versions of each, and which one decides a topic at a moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cases.people import People
from policy.form import Policy
from policy.loading import load_policy
from policy.mistakes import BadPolicy, Mistake, Place, did_you_mean
from policy.yaml_text import MOST_BYTES

MOST_FILES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBook:
    """All versions of all policies, sorted by name and start."""

    policies: tuple[Policy, ...]

    def policy_for(self, topic: str, at: datetime) -> Policy | None:
        """Return the version that decides this topic at this moment (aware); None when none does."""
        latest_first = reversed(self.policies)
        return next((each for each in latest_first if topic in each.topics and each.effective.covers(at)), None)

    def policy(self, name: str, version: str) -> Policy | None:
        """Return one version of a policy; None when the book does not hold it."""
        return next((each for each in self.policies if (each.name, each.version) == (name, version)), None)


def load_book(directory: Path, *, people: People | None = None) -> PolicyBook:
    """Return the book of every *.yaml file in a directory (not below it).

    people: The role table; None = approvers are not checked against people.
    Raises BadPolicy with the mistakes of all files together, and where two versions decide one topic at the same time.
    """
    policies: list[Policy] = []
    mistakes: list[Mistake] = []
    for path in policy_files(directory):
        try:
            policies.append(load_policy(read_policy_file(path), path.name, people=people))
        except BadPolicy as error:
            mistakes += error.mistakes
    mistakes += [*conflicts(policies), *not_payable_yet(policies)]
    if not policies and not mistakes:
        mistakes.append(
            Mistake(place=_start(directory), what="no *.yaml file here: put the policies in this directory")
        )
    if mistakes:
        raise BadPolicy(mistakes)
    return PolicyBook(policies=tuple(sorted(policies, key=lambda each: (each.name, each.effective.start))))


def policy_files(directory: Path) -> tuple[Path, ...]:
    """Return the policy files of a directory, sorted; raises BadPolicy when it is none or holds too many."""
    if not directory.is_dir():
        raise BadPolicy(
            [Mistake(place=_start(directory), what="no such directory: name the one that holds the policies")]
        )
    paths = tuple(sorted(directory.glob("*.yaml")))
    if len(paths) > MOST_FILES:
        raise BadPolicy([Mistake(place=_start(directory), what=f"{len(paths)} files: at most {MOST_FILES} are read")])
    return paths


def read_policy_file(path: Path) -> str:
    """Return the text of a policy file; raises BadPolicy when it is too large, not UTF-8 or not readable."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            what = f"make the file smaller: at most {MOST_BYTES} bytes are read"
            raise BadPolicy([Mistake(place=_start(path), what=what)])
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadPolicy([Mistake(place=_start(path), what=f"save it as UTF-8: byte {error.start} is not")]) from None
    except OSError as error:
        raise BadPolicy([Mistake(place=_start(path), what=f"cannot be read: {error.strerror}")]) from None


def conflicts(policies: list[Policy]) -> Iterator[Mistake]:
    """Yield where two versions would decide the same topic at once, or share a name and a version, or name no plan."""
    yield from _unknown_plans(policies)
    yield from at_once(policies)


def at_once(policies: list[Policy]) -> Iterator[Mistake]:
    """Yield where two versions would decide the same topic at once, or share a name and a version."""
    for number, policy in enumerate(policies):
        for other in policies[:number]:
            same = policy.name == other.name and policy.version == other.version
            if same:
                what = f"{policy.name} version {policy.version} is also in {other.file}: give this one another version"
                yield Mistake(place=policy.place, what=what)
            shared = sorted(set(policy.topics) & set(other.topics))
            if shared and _overlap(policy, other):
                what = (
                    f'"{shared[0]}" is decided by {other.file} at the same time (line {other.effective.place.line}'
                    ' there): let one end ("to") when the other starts ("from")'
                )
                yield Mistake(place=policy.effective.place, what=what)


def not_payable_yet(policies: list[Policy]) -> Iterator[Mistake]:
    """Yield the policies whose cases cannot be paid as they say: budgets are not."""
    for policy in policies:
        if policy.budget is not None:
            what = "keep it in a folder of its own: a budget for all claims together is worked out, but not paid out"
            yield Mistake(place=policy.place, what=what)


def _unknown_plans(policies: list[Policy]) -> Iterator[Mistake]:
    names = {policy.name for policy in policies}
    for policy in policies:
        for other in policy.other_plans:
            if other.plan not in names:
                what = f'"{other.plan[:60]}" is no policy of this folder that loads: {did_you_mean(other.plan, names)}'
                yield Mistake(place=other.place, what=what)


def _overlap(one: Policy, other: Policy) -> bool:
    """Say whether two half-open spans of time share a moment; an open version ends where its successor starts."""
    first, second = sorted((one, other), key=lambda each: each.effective.start)
    if first.effective.end is None:
        return first.name != second.name or first.effective.start == second.effective.start
    return second.effective.start < first.effective.end


def _start(path: Path) -> Place:
    return Place(file=path.name, line=1, column=1)
