"""Generated cases, aimed at the boundaries, decided one by one, in columns, and by the interpreter.

``python -m tests.policy.equality [--cases 1000000] [--seed 1]`` shares the cases out among all shipped policies, those
of the language page and the one of the bench. A case is one of a policy's boundary suite, with some values taken from
other cases of it, some moved by a few units and some not known. Any difference is printed, and ends the run with 1.
"""

import argparse
import itertools
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from cases.money import ASSETS, Money, asset
from policy.boundaries import Case, boundary_cases
from policy.edges import shown, step_of
from policy.explaining import interpret
from policy.expressions import Literal, Node, parts_of
from policy.facts import read_facts
from policy.form import Input, Policy
from policy.loading import read_policy
from policy.many.deciding import approvals_of, decide_many
from policy.many.matrix import earlier_of
from policy.many.one_by_one import TOO_MANY_DIGITS, decide_rows, row_of
from policy.proposing import outcome_of
from policy.reasons import Reasoned
from policy.settling import TooManyDigits
from policy.units import NumberType

POLICIES = Path(__file__).resolve().parents[2] / "config" / "policies"
PAGE = POLICIES.parents[1] / "docs" / "policy-language.md"
RULES = POLICIES.parents[1] / "tests" / "bench" / "twenty_five_rules.yaml"
PLANS = Path(__file__).parent / "plans"
_BATCH = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of comparing.

    Fields:
        cases: How many were decided.
        in_columns: How many of them in columns.
        decided: How many came to an outcome; the others miss an input or have too many digits.
        explained: How many the interpreter decided as well.
        differences: What differed, in words.
    """

    cases: int
    in_columns: int
    decided: int
    explained: int
    differences: tuple[str, ...]


def shipped() -> Iterator[tuple[str, Policy]]:
    """Yield every policy that is shipped, with its place below config/policies: "published/depeg-2025-10"."""
    for path in sorted(POLICIES.rglob("*.yaml")):
        name = path.relative_to(POLICIES).with_suffix("").as_posix()
        yield name, read_policy(path.read_text(encoding="utf-8"), path.name)


def others() -> Iterator[tuple[str, Policy]]:
    """Yield the policies of the language page and of the bench, and the plans that only tests have."""
    blocks = re.findall(r"```yaml\n(policy: .*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    yield from ((f"page {number}", read_policy(block, f"page {number}")) for number, block in enumerate(blocks))
    yield from (
        (each.stem, read_policy(each.read_text(encoding="utf-8"), each.name)) for each in sorted(PLANS.iterdir())
    )
    yield "25 rules", read_policy(RULES.read_text(encoding="utf-8"), RULES.name)


def compared(policy: Policy, cases: list[Case], *, explain_every: int) -> Compared:
    """Return how the compiled policy, columns and, for every so many cases, the interpreter agree.

    Beside every third amount others of the same customer count, most up to the next row of the matrix.
    """
    frame = pl.DataFrame(cases, schema={each.name: pl.String for each in policy.inputs})
    plain = decide_many(policy, frame, check=0)
    beside = list(_beside(policy, plain))
    found = decide_many(policy, frame, approvals=True, counted_before=earlier_of(beside), check=0)
    columns = found.drop("in_columns")
    again = approvals_of(policy, frame, plain, earlier_of(beside), check=0)
    differences = [] if again.equals(found.select(again.columns)) else [f"{policy.name}: approvals of decided rows"]
    rows = decide_rows(policy, cases, approvals=True, counted_before=beside)
    explained = 0
    for number, (case, counted, row, alone) in enumerate(
        zip(cases, beside, columns.iter_rows(named=True), rows, strict=True)
    ):
        told = {name: value for name, value in row.items() if value is not None}
        if told != {name: value for name, value in alone.items() if value is not None}:
            differences.append(f"{policy.name}: {dict(case)} beside {counted}: columns {told}, compiled {alone}")
        if number % explain_every == 0:
            explained += 1
            differences += _differently_explained(policy, case, counted, alone)
    return Compared(
        cases=len(cases),
        in_columns=int(found["in_columns"].sum()),
        decided=found["rule"].count(),
        explained=explained,
        differences=tuple(differences),
    )


def _beside(policy: Policy, plain: pl.DataFrame) -> Iterator[tuple[Money, ...]]:
    """Yield what counts beside each amount: what brings it to a number of the matrix, or another asset."""
    nodes = [node for row in policy.approvals for part in row.when.parts for node in _nodes(part.node)]
    named = {node.value for node in nodes if isinstance(node, Literal) and isinstance(node.value, Decimal)}
    numbers = sorted(named) or [Decimal(100)]
    for number, (minor, code) in enumerate(plain.select("amount_minor", "asset").iter_rows()):
        if number % 3 or not minor:
            yield ()
            continue
        edge = int(numbers[number % len(numbers)].scaleb(asset(code).decimals)) - minor
        missing = Money(minor=max(edge, 0) + number % 7 // 3, code=code)
        other = (Money(minor=1, code=next(each for each in ASSETS if each != code)),) if number % 11 == 0 else ()
        yield (missing, Money(minor=0, code="BTC"), *other)


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for part in parts_of(node):
        yield from _nodes(part)


def _differently_explained(
    policy: Policy, case: Case, counted: tuple[Money, ...], alone: dict[str, Any]
) -> Iterator[str]:
    try:
        reasoned = interpret(policy, read_facts(policy, case.items()), counted)
    except TooManyDigits:
        if alone.get("missing") != TOO_MANY_DIGITS:
            yield f"{policy.name}: {dict(case)}: interpreter {TOO_MANY_DIGITS}, compiled {alone}"
        return
    if not isinstance(reasoned, Reasoned):
        # The interpreter names all that is needed, for wording and matrix too; the compiled policy names the first.
        if "missing" in alone and alone["missing"] not in reasoned.needed:
            yield f"{policy.name}: {dict(case)}: interpreter needs {sorted(reasoned.needed)}, compiled {alone}"
        return
    expected = row_of(policy, outcome_of(reasoned)) | {"people": sum(each.quorum for each in reasoned.approvals)}
    got = {name: value for name, value in alone.items() if name != "approval_row"}
    if expected != got:
        yield f"{policy.name}: {dict(case)}: interpreter {expected}, compiled {got}"


def generated(policy: Policy, count: int, seed: int) -> Iterator[Case]:
    """Yield cases that lie at the policy's boundaries, mixed; the same ones for the same seed."""
    random = Random(seed)  # noqa: S311  # Cases, no secrets.
    suite = boundary_cases(policy)
    moved = [each for each in policy.inputs if isinstance(each.type, NumberType) and not each.type.share]
    for _ in range(count):
        case = dict(random.choice(suite))
        for each in random.sample(policy.inputs, random.randrange(0, 4) % (len(policy.inputs) + 1)):
            other = random.choice(suite).get(each.name)
            if other is not None:
                case[each.name] = other
            elif random.random() < 0.2:  # Not too many.
                case.pop(each.name, None)
        if moved and random.random() < 0.5:  # Half of them.
            _move(case, random.choice(moved), random)
        yield case


def _move(case: dict[str, str], each: Input, random: Random) -> None:
    """Move a number by some units, small or large."""
    text = case.get(each.name)
    if text is None or not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return
    units = random.choice((1, 3, 1_000, 123_457, 10**9)) * random.randrange(-5, 6)
    number = Decimal(text) + units * step_of(each)
    if number > 0:
        case[each.name] = shown(number)


def main() -> int:
    """Compare the paths; return 1 when they differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    policies = [*shipped(), *others()]
    share, total, differences = -(-asked.cases // len(policies)), Counter[str](), 0
    for name, policy in policies:
        start, cases = time.perf_counter(), generated(policy, share, asked.seed)
        found = Counter[str]()
        while batch := list(itertools.islice(cases, _BATCH)):
            each = compared(policy, batch, explain_every=1)
            found.update(cases=each.cases, in_columns=each.in_columns, decided=each.decided, explained=each.explained)
            differences += len(each.differences)
            print(*each.differences[:5], sep="\n", end="\n" if each.differences else "")
        total.update(found)
        print(f"{name:40} {_figures(found)}, {time.perf_counter() - start:.0f} s", flush=True)
    print(f"{_figures(total)}: {differences} differences")
    return int(differences > 0)


def _figures(found: Counter[str]) -> str:
    return (
        f"{found['cases']:,} cases, {found['in_columns']:,} in columns, {found['decided']:,} with an outcome,"
        f" {found['explained']:,} explained"
    )


if __name__ == "__main__":
    sys.exit(main())
