"""Whether every cell of the approval matrix reaches enough distinct people, whoever handles the case."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import combinations

from cases.money import Money
from cases.people import People
from cases.proposal import ApprovalStage, PersonId
from policy.form import Policy
from policy.grid import Cell, about, cells
from policy.mistakes import Finding, Weight, did_you_mean, fault
from policy.showing import bare
from policy.units import ChoiceType

#: Rows of more stages are not looked at.
_MOST_STAGES = 8
_STEP = Decimal("1e-18")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tightest:
    """The stages that leave the fewest people to spare, and who may agree at them up to an amount."""

    stages: tuple[ApprovalStage, ...]
    people: tuple[PersonId, ...]

    @property
    def needed(self) -> int:
        return sum(each.quorum for each in self.stages)

    @property
    def spare(self) -> int:
        return len(self.people) - self.needed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A cell of the matrix and who may agree there.

    Fields:
        paid: What is agreed to: the amount looked up may hold earlier ones, and is then more than the policy can pay.
        hopeless: Whether no smaller amount of this row, and nothing beside it, could be agreed to either.
    """

    cell: Cell
    asset: str
    paid: Decimal
    tightest: _Tightest
    hopeless: bool

    def __str__(self) -> str:
        return f"{self.cell} {self.asset}"


def unheld(policy: Policy, people: People) -> Iterator[Finding]:
    """Yield the roles that the matrix asks for and nobody holds."""
    held = {each.role for person in people.everyone for each in person.authorities}
    for row in policy.approvals:
        for role in dict.fromkeys(role for stage in row.stages for role in stage.roles):
            if role not in held:
                what = f'nobody holds the role "{role}": {did_you_mean(role, held)}'
                yield fault("nobody-holds-role", role, row.place, what)


def dead_ends(policy: Policy, people: People, most: Fraction | None) -> Iterator[Finding]:
    """Yield the cells that too few people can agree to, even when nobody of them asked for it or handles the case.

    most: The most that the policy can pay; None when nothing shows that there is a most.
    """
    told: set[tuple[int, str]] = set()
    for each in _looked_at(policy, people, most):
        tightest, place = each.tightest, each.cell.row.place
        if tightest.spare >= 0 or (place.line, each.asset) in told:
            continue
        told.add((place.line, each.asset))
        able = ", ".join(tightest.people) or "nobody"
        what = (
            f"{each}: {_people(tightest.needed)} must agree as {_who(tightest)}, but only {len(tightest.people)} can"
            f" agree to {about(each.paid)} ({able}): ask for fewer, or give more people the role or limit"
        )
        yield Finding(
            place=place,
            what=what,
            code="dead-end",
            about=f"{each.asset}, {_who(tightest)}",
            weight=Weight.FAULT if each.hopeless else Weight.FINDING,
        )


def without_spare(policy: Policy, people: People, most: Fraction | None) -> Iterator[Finding]:
    """Yield the cells that one person more or less decides about: who asks for a case or handles it never counts."""
    told: set[str] = set()
    for each in _looked_at(policy, people, most):
        tightest, key = each.tightest, f"{each.asset}, {_who(each.tightest)}"
        if tightest.spare != 0 or key in told:
            continue
        told.add(key)
        able = " and ".join(tightest.people)
        what = (
            f"{each}: {_people(tightest.needed)} must agree as {_who(tightest)}, and {able} alone can: a case"
            " that one of them asked for, proposed or handles cannot be decided; give one more person the role"
        )
        yield Finding(
            place=each.cell.row.place,
            what=what,
            code="no-spare-approver",
            about=key,
            weight=Weight.FINDING,
        )


def beyond_everybody(policy: Policy, people: People, most: Fraction | None) -> Iterator[Finding]:
    """Yield from which amount on too few people may agree, where nothing caps what the policy pays."""
    if most is not None:
        return
    limits = {limit.amount for limit in _limits(people)}
    for asset in _assets(policy):
        reach = _reach(people, asset)
        last = policy.approvals[-1]
        for amount in sorted(limits):
            tightest = reach(last.stages, amount + _STEP)
            if tightest and tightest.spare < 0:
                what = (
                    f"above {bare(amount)} {asset} {tightest.needed} must agree as {_who(tightest)} and only"
                    f" {len(tightest.people)} can; no limit of the policy keeps amounts below that"
                )
                yield Finding(
                    place=last.place,
                    what=what,
                    code="beyond-everybody",
                    about=f"{asset}, {_who(tightest)}",
                    weight=Weight.NOTE,
                )
                break


def _looked_at(policy: Policy, people: People, most: Fraction | None) -> Iterator[_Looked]:
    """Yield each cell for each asset that is paid there."""
    reaches = {asset: _reach(people, asset) for asset in _assets(policy)}
    for corner in cells(policy, () if most is None else _further(policy, people, most)):
        for points in corner.values():
            rows: set[int] = set()
            for cell in points:
                smallest = cell.row.place.line not in rows
                rows.add(cell.row.place.line)
                beyond = most is not None and cell.amount > most
                paid = _decimal(most) if most is not None and beyond else cell.amount
                for asset in _of(policy, cell):
                    tightest, least = reaches[asset](cell.row.stages, paid), reaches[asset](cell.row.stages, _STEP)
                    if tightest and least:
                        hopeless = least.spare < 0 or (smallest and not beyond)
                        yield _Looked(cell=cell, asset=asset, paid=paid, tightest=tightest, hopeless=hopeless)


def _further(policy: Policy, people: People, most: Fraction) -> Iterator[Decimal]:
    """Yield the amounts within reach beyond which somebody may not agree any more, and the most that is paid."""
    yield _decimal(most)
    assets = _assets(policy)
    yield from (each.amount + _STEP for each in _limits(people) if each.code in assets and each.amount < most)


def _limits(people: People) -> Iterable[Money]:
    return (limit for person in people.everyone for each in person.authorities for limit in each.limits)


def _reach(people: People, asset: str) -> Callable[[tuple[ApprovalStage, ...], Decimal], _Tightest | None]:
    @cache
    def tightest(stages: tuple[ApprovalStage, ...], amount: Decimal) -> _Tightest | None:
        """Return the stages with the fewest people to spare; by Hall's theorem a spare of 0 or more is enough."""
        if not 0 < len(stages) <= _MOST_STAGES:
            return None
        able = [_able(people, each, asset, amount) for each in stages]
        found = [
            _Tightest(
                stages=tuple(stages[number] for number in chosen),
                people=tuple(dict.fromkeys(person for number in chosen for person in able[number])),
            )
            for size in range(1, len(stages) + 1)
            for chosen in combinations(range(len(stages)), size)
        ]
        return min(found, key=lambda each: each.spare)

    return tightest


def _able(people: People, stage: ApprovalStage, asset: str, amount: Decimal) -> list[PersonId]:
    """Return who may agree at a stage; a role that is lent counts as its owner, so it adds nobody."""
    return [
        person.id
        for person in people.everyone
        if any(
            each.role in stage.roles and any(limit.code == asset and limit.amount >= amount for limit in each.limits)
            for each in person.authorities
        )
    ]


def _assets(policy: Policy) -> tuple[str, ...]:
    """Return the assets that can be paid."""
    if policy.money.asset is not None:
        return (policy.money.asset,)
    given = policy.input(policy.money.asset_input or "")
    return given.type.options if given and isinstance(given.type, ChoiceType) else ()


def _of(policy: Policy, cell: Cell) -> tuple[str, ...]:
    """Return the assets that a cell is about."""
    named = dict(cell.corner).get(policy.money.asset_input or "")
    return (named,) if isinstance(named, str) else _assets(policy)


def _who(tightest: _Tightest) -> str:
    return ", ".join(" or ".join(each.roles) for each in tightest.stages)


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _decimal(number: Fraction) -> Decimal:
    return Decimal(number.numerator) / Decimal(number.denominator)
