"""The policies that there are, and cases drawn for them: around every value that stands in their text."""

import dataclasses
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from policy.expressions import Literal, Value
from policy.form import Policy
from policy.items import items_text
from policy.loading import load_policy
from policy.units import ChoiceType, DateType, ListType, NumberType, SeriesType, TimeType, Type, YesNoType

POLICIES = Path(__file__).resolve().parents[2] / "config" / "policies"
NAMES = sorted(path.stem for path in POLICIES.glob("*.yaml"))
PAGE = Path(__file__).resolve().parents[2] / "docs" / "policy-language.md"
#: Everything that both ways are compared on: what is shipped, what was published, and the policies of the page.
ALL = [*NAMES, *sorted(f"published/{path.stem}" for path in POLICIES.glob("published/*.yaml")), "page 0", "page 1"]
SMALLEST = Decimal("1e-18")


@cache
def policy_named(name: str) -> Policy:
    if name.startswith("page "):
        blocks = re.findall(r"```yaml\n(policy: .*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        return load_policy(blocks[int(name[5:])], f"{name}.yaml")
    return load_policy((POLICIES / f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")


def stated_in(part: Any) -> Iterator[Value]:
    """Yield every value that stands in a policy, however deep."""
    if isinstance(part, Literal):
        yield part.value
    elif isinstance(part, tuple):
        for each in part:
            yield from stated_in(each)
    elif dataclasses.is_dataclass(part):
        for field in dataclasses.fields(part):
            yield from stated_in(getattr(part, field.name))


def numbers(literals: list[Value], kind: NumberType, *, huge: bool) -> st.SearchStrategy[str]:
    stated = sorted({each for each in literals if isinstance(each, Decimal)})
    edges = [f"{each + step:f}" for each in stated for step in (-SMALLEST, Decimal(0), SMALLEST, Decimal("-1e-6"))]
    edges = [each for each in (*edges, "0", "1", "2") if kind.signed or not each.startswith("-")]
    if kind.whole:
        return st.integers(0, 12).map(str)
    money = st.decimals(0, 10**9, allow_nan=False, allow_infinity=False, places=6).map(lambda each: f"{each:f}")
    fine = st.integers(0, 10**27).map(lambda each: f"{Decimal(each).scaleb(-18):f}")
    digits = st.text("0123456789", min_size=50, max_size=60)
    signed = money.map(lambda each: f"-{each}") if kind.signed else money
    return st.one_of(st.sampled_from(edges), money, fine, signed, *([digits] if huge else []))


def texts(literals: list[Value], kind: Type, *, huge: bool) -> st.SearchStrategy[str]:
    match kind:
        case NumberType():
            return numbers(literals, kind, huge=huge)
        case YesNoType():
            return st.sampled_from(["yes", "no"])
        case ChoiceType(options=options):
            return st.sampled_from(options)
        case TimeType():
            stated = [each for each in literals if isinstance(each, datetime)] or [datetime(2026, 1, 1, tzinfo=UTC)]
            steps = [timedelta(seconds=each) for each in (-1, 0, 1, 90)]
            return st.sampled_from([(each + step).isoformat() for each in stated for step in steps])
        case DateType():
            named = {each for each in literals if isinstance(each, date) and not isinstance(each, datetime)}
            days = sorted(named) or [date(2026, 1, 31)]
            return st.sampled_from([(each + timedelta(days=more)).isoformat() for each in days for more in (-1, 0, 1)])
        case SeriesType():
            return _series(
                [each for each in literals if isinstance(each, datetime)] or [datetime(2026, 1, 1, tzinfo=UTC)]
            )
        case ListType(fields=fields, most=most, least=least):
            items = st.fixed_dictionaries({name: texts(literals, of, huge=huge) for name, of in fields})
            return st.lists(items, min_size=min(least, 5), max_size=min(most, 5)).map(items_text)
        case _:
            return st.text(max_size=20)


def _series(stated: list[datetime]) -> st.SearchStrategy[str]:
    """Return a few prices around a moment that the policy names."""
    steps = st.lists(st.integers(-3, 120), min_size=1, max_size=5, unique=True).map(sorted)
    price = st.integers(1, 10**8).map(lambda each: f"{Decimal(each) / 100:f} {each % 7}")
    points = st.tuples(st.sampled_from(stated), steps, st.lists(price, min_size=5, max_size=5))
    return points.map(
        lambda drawn: "; ".join(
            f"{(drawn[0] + timedelta(seconds=15 * step)).isoformat()} {price}"
            for step, price in zip(drawn[1], drawn[2], strict=False)
        )
    )


@cache
def cases_of(name: str, *, complete: bool) -> st.SearchStrategy[dict[str, str]]:
    policy = policy_named(name)
    literals = list(stated_in(policy))
    usual, huge = (
        {each.name: texts(literals, each.type, huge=huge) for each in policy.inputs} for huge in (False, True)
    )
    if not complete:
        return st.fixed_dictionaries({}, optional=usual)
    return st.one_of(st.fixed_dictionaries(usual), st.fixed_dictionaries(usual), st.fixed_dictionaries(huge))
