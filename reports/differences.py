"""What two versions of a policy differ in: their texts, and the cases that they decide otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cases.case import proposal_of
from policy.boundaries import boundary_cases
from policy.differing import CaseChange, Given, case_changes, examples_of
from policy.form import Policy
from policy.text_changes import TextChange, text_changes
from store import evidence
from store.cases import CaseRepository
from store.database import Database

#: From how many cases the suite at the bounds starts, and how many mixtures follow.
BASES, MIXED = 6, 100


class Tried(StrEnum):
    """Where the cases come from that both versions were asked about."""

    EXAMPLES = "worked examples"
    BOUNDS = "cases at bounds"
    STORED = "stored cases"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two texts, read; its examples need not hold."""

    text: str
    policy: Policy

    @property
    def label(self) -> str:
        """Name and version."""
        return f"{self.policy.name} {self.policy.version}"

    @property
    def called(self) -> str:
        """Name, version and the beginning of the hash."""
        return f"{self.label} ({self.policy.text_hash[:12]})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of comparing cases of one kind: how many there were, and those that are decided otherwise."""

    kind: Tried
    tried: int
    changes: tuple[CaseChange, ...]

    def one_of_each(self) -> list[tuple[CaseChange, int]]:
        """Return the first of those that change in the same way but for the amounts, with how many there are."""
        alike: dict[tuple[object, ...], list[CaseChange]] = {}
        for each in self.changes:
            sides = ((side.classification, side.rule, side.approvals) for side in (each.old, each.new))
            alike.setdefault((*sides, each.old.amount == each.new.amount), []).append(each)
        return [(found[0], len(found)) for found in alike.values()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Everything that two versions differ in; `texts` in the order of the new one."""

    old: Side
    new: Side
    texts: tuple[TextChange, ...]
    compared: tuple[Compared, ...]


def differences(old: Side, new: Side) -> Differences:
    """Return how two texts differ, in words, on their worked examples, and on cases at every bound they name.

    Raises BadPolicy for a text that is no plain YAML.
    """
    return Differences(
        old=old,
        new=new,
        texts=text_changes(old.text, new.text, old_file=old.policy.file, new_file=new.policy.file),
        compared=tuple(
            Compared(kind=kind, tried=len(given), changes=tuple(case_changes(old.policy, new.policy, given)))
            for kind, given in (
                (Tried.EXAMPLES, list(examples_of(old.policy, new.policy))),
                (Tried.BOUNDS, _at_bounds(old.policy, new.policy)),
            )
        ),
    )


def on_stored_cases(database: Database, cases: CaseRepository, old: Policy, new: Policy, *, most: int) -> Compared:
    """Return what becomes of the newest cases that either version would decide; so many at most are looked at."""
    given = list(_stored(database, cases, {*old.topics, *new.topics}, most=most))
    return Compared(kind=Tried.STORED, tried=len(given), changes=tuple(case_changes(old, new, given)))


def inputs_of(change: CaseChange) -> str:
    """Return what is known of a case in one line: "hours_late=6 value_usdt=1000"."""
    return " ".join(f"{name}={text[:40]}" for name, text in change.given.inputs)


def _at_bounds(old: Policy, new: Policy) -> Sequence[Given]:
    inputs = dict.fromkeys(
        tuple(sorted(each.items())) for side in (old, new) for each in boundary_cases(side, bases=BASES, mixed=MIXED)
    )
    return [Given(name=Tried.BOUNDS, inputs=each) for each in inputs]


def _stored(database: Database, cases: CaseRepository, topics: set[str], *, most: int) -> Iterator[Given]:
    with database.read() as connection:
        for stored in cases.list(connection, limit=most):
            proposal, about = proposal_of(stored.case), stored.case.about
            if proposal is None or about.topic not in topics:
                continue
            known: dict[str, str] = {}
            for each in evidence.of_case(connection, about.id):
                known.update(each.facts)
            known.update(proposal.inputs)
            counted = proposal.counted_before or ()
            yield Given(name=str(about.id), inputs=tuple(sorted(known.items())), counted_before=counted)
