"""Checking a directory of policies without using them: what `makewhole policy check` shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from policy.book import conflicts, policy_files, read_policy_file
from policy.form import Policy
from policy.loading import load_policy
from policy.mistakes import BadPolicy, Mistake


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found in one file.

    Fields:
        file: "okb.yaml".
        policy: The policy; None when the file did not load.
        examples: How many worked examples were proven; 0 when the file did not load.
        mistakes: Sorted by place; empty when everything holds.
    """

    file: str
    policy: Policy | None
    examples: int
    mistakes: tuple[Mistake, ...]


def check(directory: Path, *, roles: Mapping[str, int] | None = None) -> tuple[Checked, ...]:
    """Return what is found in each policy file of a directory, by file name, conflicts between files included.

    Raises BadPolicy only when the directory itself cannot be used.
    """
    checked = [_checked(path, roles) for path in policy_files(directory)]
    between = list(conflicts([each.policy for each in checked if each.policy]))
    return tuple(_with(each, [mistake for mistake in between if mistake.place.file == each.file]) for each in checked)


def _checked(path: Path, roles: Mapping[str, int] | None) -> Checked:
    try:
        policy = load_policy(read_policy_file(path), path.name, roles=roles)
    except BadPolicy as error:
        return Checked(file=path.name, policy=None, examples=0, mistakes=error.mistakes)
    return Checked(file=path.name, policy=policy, examples=len(policy.examples), mistakes=())


def _with(checked: Checked, more: list[Mistake]) -> Checked:
    mistakes = tuple(sorted((*checked.mistakes, *more)))
    return Checked(file=checked.file, policy=checked.policy, examples=checked.examples, mistakes=mistakes)
