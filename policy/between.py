"""What can be proven of several policies together: versions that leave a gap, and plans that disagree."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from policy.form import Policy
from policy.mistakes import Finding, Place, Weight
from policy.showing import bare


def between(policies: Sequence[Policy]) -> Iterator[Finding]:
    """Yield what a release must answer that no policy shows by itself; conflicts are mistakes and found elsewhere."""
    for name in dict.fromkeys(each.name for each in policies):
        versions = sorted((each for each in policies if each.name == name), key=lambda each: each.effective.start)
        for earlier, later in pairwise(versions):
            yield from _gap(earlier, later)
            yield from _order(earlier, later)
    yield from _disagreeing(policies)


def _gap(earlier: Policy, later: Policy) -> Iterator[Finding]:
    end, start = earlier.effective.end, later.effective.start
    if end is not None and end < start:
        what = (
            f"no version of {later.name} holds from {bare(end)} to {bare(start)}: version {earlier.version} in"
            f" {earlier.file} ends before this one starts;"
            f' let "from" be {_written(end)}, or "to" there {_written(start)}'
        )
        yield _found("versions-leave-a-gap", _pair(earlier, later), later.effective.place, what)


def _written(at: datetime) -> str:
    """Return a moment as a policy's text has it: "2027-02-01T00:00:00Z"."""
    return at.isoformat().replace("+00:00", "Z")


def _order(earlier: Policy, later: Policy) -> Iterator[Finding]:
    if earlier.version.isdecimal() and later.version.isdecimal() and int(earlier.version) > int(later.version):
        what = (
            f"version {later.version} starts after version {earlier.version} in {earlier.file}:"
            " number versions in the order in which they hold"
        )
        yield _found("versions-out-of-order", _pair(earlier, later), later.place, what)


def _disagreeing(policies: Sequence[Policy]) -> Iterator[Finding]:
    """Yield where one policy adds to another that refuses what the first one paid."""
    for policy in policies:
        for other in (each for each in policy.other_plans if each.then == "added"):
            for answering in policies:
                back = [each for each in answering.other_plans if each.plan == policy.name and each.then == "excluded"]
                if answering.name == other.plan and answering.name != policy.name and back:
                    what = (
                        f"{policy.name} says that it is paid beside {other.plan}, but {answering.file} (line"
                        f" {back[0].place.line}) pays nothing once {policy.name} has paid: let both say the same"
                    )
                    yield _found("plans-disagree", f"{policy.name} / {other.plan}", other.place, what)


def _pair(earlier: Policy, later: Policy) -> str:
    return f"{later.name} {earlier.version} / {later.version}"


def _found(code: str, about: str, place: Place, what: str) -> Finding:
    return Finding(place=place, what=what, code=code, about=about, weight=Weight.FINDING)
