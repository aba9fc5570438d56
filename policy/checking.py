"""Checking a directory of policies without using them: what `makewhole policy check` shows."""

from dataclasses import dataclass, replace
from pathlib import Path

from cases.people import People
from policy.analysis import findings
from policy.between import between
from policy.book import conflicts, policy_files, read_policy_file
from policy.form import Policy
from policy.loading import load_policy
from policy.mistakes import BadPolicy, Finding, Mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found in one file.

    Fields:
        file: "okb.yaml", "published/okb.yaml" of a directory below.
        policy: The policy; None when the file did not load.
        examples: How many worked examples were proven; 0 when the file did not load.
        mistakes: Sorted by place; empty when everything holds.
        findings: What a release needs mended or waived, and notes; of a file that loads.
    """

    file: str
    policy: Policy | None
    examples: int
    mistakes: tuple[Mistake, ...]
    findings: tuple[Finding, ...] = ()


def check(path: Path, *, people: People | None = None) -> tuple[Checked, ...]:
    """Return what is found in one file, or in each policy file of a directory by name, conflicts between them included.

    The directories below it are sets of their own, that need not go together with it or with each other. Raises
    BadPolicy only when a directory cannot be used.
    """
    if path.is_file():
        return _together([_checked(path, path.name, people)])
    own = policy_files(path)
    below = sorted({each.parent for each in path.rglob("*.yaml")} - {path})
    sets = [own, *(policy_files(each) for each in below if not _is_hidden(each.relative_to(path)))]
    named = ([_checked(each, str(each.relative_to(path)), people) for each in files] for files in sets)
    return tuple(each for checked in named for each in _together(checked))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _together(checked: list[Checked]) -> tuple[Checked, ...]:
    loaded = [each.policy for each in checked if each.policy]
    mistakes, found = list(conflicts(loaded)), list(between(loaded))
    return tuple(_with(each, mistakes, found) for each in checked)


def _checked(path: Path, file: str, people: People | None) -> Checked:
    try:
        policy = load_policy(read_policy_file(path), file, people=people)
    except BadPolicy as error:
        return Checked(file=file, policy=None, examples=0, mistakes=error.mistakes)
    return Checked(
        file=file,
        policy=policy,
        examples=len(policy.examples),
        mistakes=(),
        findings=findings(policy, people),
    )


def _with(checked: Checked, mistakes: list[Mistake], found: list[Finding]) -> Checked:
    """Return what was found in a file with what was found of it beside the others."""
    here = [each for each in mistakes if each.place.file == checked.file]
    more = [each for each in found if each.place.file == checked.file]
    return replace(
        checked,
        mistakes=tuple(sorted((*checked.mistakes, *here))),
        findings=tuple(sorted((*checked.findings, *more))),
    )
