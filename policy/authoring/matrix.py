"""The approval matrix as a grid: bands of the amount across, what the claim is held to be down."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from cases.proposal import ApprovalStage, Classification
from policy.compiling import Compiled, test_of
from policy.expressions import Among, AnyOf, Compared, Every, Literal, Name, Node, Not, Value
from policy.form import PAYABLE, Policy
from policy.settling import exactly
from policy.showing import bare, in_words
from policy.units import ChoiceType

_LOOKED_UP = (*sorted(PAYABLE), Classification.FRAUD_REVIEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Amounts with the same approvals: above or from `start`, below or up to `end`.

    Fields:
        start: "0", "1000".
        with_start: Whether the start itself belongs to it.
        end: "10000"; None: without an end.
        with_end: Whether the end itself belongs to it.
    """

    start: str
    with_start: bool
    end: str | None
    with_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The grid for one asset: for each classification the stages in each band; amounts of zero are not looked at."""

    asset: str
    bands: tuple[Band, ...]
    rows: tuple[tuple[tuple[Classification, ...], tuple[tuple[ApprovalStage, ...], ...]], ...]


def matrices_of(policy: Policy) -> tuple[Matrix, ...]:
    """Return the grid for each asset that is paid; none where rows look at more than amount and classification."""
    asked = {name for row in policy.approvals for part in row.when.parts for name, _, _ in part.names}
    if asked - {"amount", "classification", policy.money.asset_input}:
        return ()
    return tuple(_matrix(policy, code) for code in _assets(policy))


def _assets(policy: Policy) -> tuple[str, ...]:
    found = policy.input(policy.money.asset_input) if policy.money.asset_input else None
    if found and isinstance(found.type, ChoiceType):
        return found.type.options
    return (policy.money.asset or "",)


def _matrix(policy: Policy, code: str) -> Matrix:
    known: dict[str, Value] = {policy.money.asset_input: code} if policy.money.asset_input else {}
    shown = [each for each in _LOOKED_UP if each in policy.wording]
    with exactly():
        edges = sorted({Decimal(0), *_edges(policy)})
        points = [*_points(edges)]
        rows = [(test_of(row.when), row.stages) for row in policy.approvals]
        found = [[_stages(rows, known, each, amount) for each in shown] for amount in points]
    groups = _alike(found)
    bands = tuple(_band(edges, group) for group in groups)
    by_class = {each: tuple(found[group[0]][place] for group in groups) for place, each in enumerate(shown)}
    together: dict[tuple[tuple[ApprovalStage, ...], ...], tuple[Classification, ...]] = {}
    for each, stages in by_class.items():
        together[stages] = (*together.get(stages, ()), each)
    return Matrix(asset=code, bands=bands, rows=tuple((names, stages) for stages, names in together.items()))


def _points(edges: list[Decimal]) -> Iterator[Decimal]:
    """Yield an amount in each open band and on each edge: between 0 and the first, on the first, and so on."""
    for lower, higher in pairwise(edges):
        yield (lower + higher) / 2
        yield higher
    yield edges[-1] * 2 + 1


def _stages(
    rows: list[tuple[Compiled, tuple[ApprovalStage, ...]]],
    known: dict[str, Value],
    classification: Classification,
    amount: Decimal,
) -> tuple[ApprovalStage, ...]:
    values = known | {"classification": in_words(classification), "amount": amount}
    return next(stages for fits, stages in rows if fits(values))


def _alike(found: list[list[tuple[ApprovalStage, ...]]]) -> list[list[int]]:
    """Return neighbouring points with the same approvals together, by their places."""
    groups: list[list[int]] = []
    for place, each in enumerate(found):
        if groups and found[groups[-1][0]] == each:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _band(edges: list[Decimal], group: list[int]) -> Band:
    """Return the band of neighbouring points: the even ones lie between edges, the odd ones on one."""
    first, last = group[0], group[-1]
    start = edges[(first + 1) // 2]
    end = edges[last // 2 + 1] if last // 2 + 1 < len(edges) else None
    return Band(
        start=bare(start),
        with_start=first % 2 == 1,
        end=bare(end) if end is not None else None,
        with_end=last % 2 == 1,
    )


def _edges(policy: Policy) -> Iterator[Decimal]:
    for row in policy.approvals:
        for part in row.when.parts:
            yield from (value for value in _amounts(part.node) if value > 0)


def _amounts(node: Node) -> Iterator[Decimal]:
    """Yield the numbers that the amount is compared with."""
    match node:
        case Compared(left=Name(name="amount"), right=Literal(value=Decimal() as value)):
            yield value
        case Among(subject=Name(name="amount"), options=options):
            yield from (option for option in options if isinstance(option, Decimal))
        case Every(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _amounts(part)
        case Not(part=part):
            yield from _amounts(part)
        case _:
            return
