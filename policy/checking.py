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
        file: "okb.yaml".
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

    Raises BadPolicy only when a directory cannot be used.
    """
    files = (path,) if path.is_file() else policy_files(path)
    checked = [_checked(each, people) for each in files]
    loaded = [each.policy for each in checked if each.policy]
    mistakes, found = list(conflicts(loaded)), list(between(loaded))
    return tuple(_with(each, mistakes, found) for each in checked)


def _checked(path: Path, people: People | None) -> Checked:
    try:
        policy = load_policy(read_policy_file(path), path.name, people=people)
    except BadPolicy as error:
        return Checked(file=path.name, policy=None, examples=0, mistakes=error.mistakes)
    return Checked(
        file=path.name,
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
