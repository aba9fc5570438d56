"""The page about the policy language tells what is true."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.money import ASSETS, Money
from policy.book import PolicyBook
from policy.calculators import CALCULATORS
from policy.calendar_text import CALENDAR_KEYS, read_calendar
from policy.calendars import Calendar
from policy.compiling import Known, worked_out
from policy.declaring import gathered_in, read_derived, read_inputs
from policy.example_texts import given_at
from policy.explaining import explain
from policy.expressions import Counted, Value
from policy.facts import read_value
from policy.form import Derived, Input
from policy.grammar import KEYWORDS, NotUnderstood
from policy.interpreting import Reckoning, Unknown
from policy.items import Items, items_text
from policy.loading import KEYS, load_policy, read_policy
from policy.meaning import understood
from policy.mistakes import Mistakes, Place
from policy.reasons import Reasoned
from policy.scope import Scope
from policy.section import Section
from policy.series import Point, Series, SeriesByName
from policy.settling import exactly
from policy.timing import later, passed
from policy.units import ChoiceType, DateType, ListType, NumberType, SeriesType, TextType, Type, YesNoType, described
from policy.yaml_text import read_yaml
from tests.policy.conftest import staff

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "policy-language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
NAMES = next(each for each in BLOCKS if each.startswith("net loss: "))
WINDOW = datetime(2024, 1, 23, 9, 7, tzinfo=UTC)
HERE = Place(file="page", line=1, column=1)


def _rows(after: str) -> list[tuple[str, str]]:
    """Return the rows of the first table after a sentence: what stands in its first and second cell."""
    table = PAGE[PAGE.index(after) :].split("\n\n")[1]
    cells = [line.strip("| ").split(" | ") for line in table.split("\n")[2:]]
    return [(row[0].strip("`"), row[1]) for row in cells]


def _scope() -> Scope:
    types = {each.name: each.spoken_of for each in _inputs().values()}
    return Scope(types={}, calendar=Calendar(hours=(540, 1020))).also(types)


@cache
def _inputs() -> dict[str, Input]:
    text = "inputs:\n" + "".join(f"  {line}\n" for line in NAMES.strip().split("\n"))
    return {each.name: each for each in read_inputs(Section(read_yaml(text, "page"), Mistakes()), None)}


def _told_as(each: Input) -> st.SearchStrategy[Value]:
    return st.none() | _values(each.type) if each.optional else _values(each.type)


def _values(of: Type) -> st.SearchStrategy[Value]:  # noqa: C901, PLR0911  # One line for each type.
    match of:
        case NumberType():
            edges = st.sampled_from(
                [Decimal(each) for each in ("0", "1.999", "2", "6", "24", "80", "81", "100", "299")]
            )
            numbers = st.one_of(edges, st.decimals(0, 10**9, places=8))
            return numbers.filter(bool) if of.positive else numbers
        case SeriesType(by=str()):
            each = _values(SeriesType(unit=of.unit))
            return st.dictionaries(st.sampled_from(["OKX", "Kraken"]), each, max_size=2).map(_by_name)
        case TextType():
            return st.sampled_from(["OKX", "Kraken"])
        case SeriesType():
            point = st.tuples(st.integers(-3, 190), st.integers(1, 9_000), st.one_of(st.none(), st.integers(0, 9)))
            return st.lists(point, min_size=1, max_size=6, unique_by=lambda each: each[0]).map(_series)
        case ChoiceType(options=options):
            return st.sampled_from(options)
        case YesNoType():
            return st.booleans()
        case ListType(fields=fields):
            item = st.fixed_dictionaries({name: _values(kind) for name, kind in fields})
            return st.lists(item, max_size=4).map(lambda items: Items(rows=tuple(items)))
        case DateType():
            return st.sampled_from([date(2024, 1, 23) + timedelta(days=each) for each in (-31, -1, 0, 1, 29, 38)])
        case _:
            steps = (-1, 0, 1, 179, 180, 90_000, 9_000_000)
            return st.sampled_from([WINDOW + timedelta(seconds=each) for each in steps])


def _by_name(told: dict[str, Value]) -> SeriesByName:
    named = {name: replace(each, name=name) for name, each in told.items() if isinstance(each, Series)}
    return SeriesByName(series=named)


def _series(points: list[tuple[int, int, int | None]]) -> Series:
    return Series(
        points=tuple(
            Point(
                at=WINDOW + timedelta(seconds=seconds),
                price=Decimal(price) / 100,
                volume=None if volume is None else Decimal(volume),
            )
            for seconds, price, volume in sorted(points, key=lambda each: each[0])
        )
    )


def _compiled(values: dict[str, Value], name: str, derived: Iterable[Derived]) -> object:
    known = Known(values)
    known.derived = worked_out(derived)
    try:
        return known[name]
    except KeyError as error:
        return f"needs {error.args[0]}"


def test_the_whole_policy_on_the_page_loads() -> None:
    policy = load_policy(BLOCKS[0], "late-parcel.yaml", people=staff(care_lead=1, head_of_support=1, fraud_analyst=1))

    assert (policy.name, len(policy.rules), len(policy.examples)) == ("late-parcel", 4, 4)


def test_the_policy_that_says_everything_else_loads() -> None:
    block = next(each for each in BLOCKS if each.startswith("policy: outage-refund"))

    policy = load_policy(block, "outage.yaml", people=staff(care_lead=1, fraud_analyst=1))

    assert (len(policy.rules), len(policy.parts), len(policy.examples), len(policy.together)) == (4, 4, 13, 1)
    told = explain(policy, policy.examples[0].given)
    assert isinstance(told, Reasoned)
    assert next(each.value for each in told.derivation if each.name == "part: after verification") == (
        "1100.00 USDC cash, due, in 3 instalments: 366.666666 USDC first, 366.666668 USDC last"
    )
    assert told.customer_text == (
        (
            "en",
            (
                "We pay back 2000.00 USDC: the loss 2001.00 USDC; paid by vouchers-2026-01 0.00 USDC;"
                " paid by outage-refund 0.00 USDC; the customer's own share -1.00 USDC; per customer 50000.00 USDC."
            ),
        ),
        (
            "zh",
            (
                "我们退还 2000.00 USDC：核定损失 2001.00 USDC；已获代金券 0.00 USDC；已支付 0.00 USDC；"
                "自负部分 -1.00 USDC；每人上限 50000.00 USDC。"
            ),
        ),
    )


@pytest.mark.parametrize(("expression", "kind"), _rows("each line below"))
def test_an_expression_on_the_page_is_of_its_kind(expression: str, kind: str) -> None:
    assert described(understood(expression, _scope(), HERE).node.type) == kind


@pytest.mark.parametrize(("plan", "expression"), _rows("each line stands under"))
def test_what_plans_say_can_be_written(plan: str, expression: str) -> None:
    assert plan
    assert understood(expression.strip("`"), _scope(), HERE).node


@pytest.mark.parametrize(("plan", "written"), _rows("What is no expression has a place"))
def test_what_plans_say_beside_expressions_stands_in_a_policy_of_the_page(plan: str, written: str) -> None:
    snippets = re.findall(r"`([^`]+:[^`]*)`", f"`{written}" if not written.startswith("`") else written)
    blocks = "\n".join(BLOCKS)

    assert plan
    assert snippets
    assert [each for each in snippets if each not in blocks] == []


@pytest.mark.parametrize(("expression", "said"), _rows("These are refused"))
def test_an_expression_that_is_refused_is_refused_in_these_words(expression: str, said: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        understood(expression, _scope(), HERE)

    assert str(refused.value) == said


@pytest.mark.parametrize(("expression", "kind"), _rows("each line below"))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_an_expression_on_the_page_comes_to_the_same_on_both_paths(
    expression: str, kind: str, book: PolicyBook, data: st.DataObject
) -> None:
    scope = _scope()
    expressed = understood(expression, scope, HERE)
    node, lists = expressed.node, gathered_in(scope, ())
    used = (name for each in (expressed, *(each.expression for each in lists)) for name, _, _ in each.names)
    values = data.draw(_told(tuple(sorted(_inputs().keys() & used))))
    policy = replace(book.policies[0], derived=lists)

    with exactly():
        fast = _compiled(values, "asked", [*lists, Derived(name="asked", expression=expressed)])
        slow = Reckoning(policy, values, lambda _derived, _value: None).value(node)

    assert fast == (f"needs {', '.join(slow.needed)}" if isinstance(slow, Unknown) else slow)
    assert isinstance(fast, str) or isinstance(fast, bool) is (kind == "yes/no")
    assert _is_what_its_type_says(fast, node.type)


def _is_what_its_type_says(value: object, of: Type) -> bool:
    if not isinstance(of, NumberType) or not isinstance(value, Decimal | Fraction):
        return True
    return (of.signed or value >= 0) and (not of.positive or value > 0) and (of.ratio or isinstance(value, Decimal))


@cache
def _told(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, Value]]:
    return st.fixed_dictionaries({name: _told_as(_inputs()[name]) for name in names})


def _used(name: str) -> set[str]:
    """Return the inputs that a derived value may need."""
    expression = next((each.expression for each in _derived() if each.name == name), None)
    return set[str]().union(*(_used(each) for each, _, _ in expression.names)) if expression else {name}


@cache
def _derived() -> tuple[Derived, ...]:
    mistakes = Mistakes()
    block = next(each for each in BLOCKS if each.startswith("works out:"))
    derived, _ = read_derived(Section(read_yaml(block, "page"), mistakes), _scope())
    assert mistakes.found == []
    return derived


@pytest.mark.parametrize("name", [each.name for each in _derived()])
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_what_the_page_works_out_comes_to_the_same_on_both_paths(
    name: str, book: PolicyBook, data: st.DataObject
) -> None:
    values = data.draw(_told(tuple(sorted(_used(name)))))
    policy = replace(book.policies[0], derived=_derived())

    with exactly():
        fast = _compiled(values, name, policy.derived)
        slow = Reckoning(policy, values, lambda _derived, _value: None).named(name)

    assert fast == (f"needs {', '.join(slow.needed)}" if isinstance(slow, Unknown) else slow)
    assert _is_what_its_type_says(fast, next(each.expression.node for each in policy.derived if each.name == name).type)


@pytest.mark.parametrize("name", CALCULATORS)
def test_the_page_shows_every_calculator_with_its_parameters_and_steps(name: str) -> None:
    row = next(line for line in PAGE.split("\n") if line.startswith(f"| {name} |"))

    assert [each.name for each in CALCULATORS[name].parameters if f"`{each.name}`" not in row] == []
    assert [text for step, text in CALCULATORS[name].steps if f"`{step}: {text}`" not in row] == []
    assert f"calculator: {name}" in PAGE


@pytest.mark.parametrize(
    ("at_most", "amount"),
    [("1822.80 EUR", "1822.80 EUR"), ("max(1822.80 EUR - paid_12_months, 0)", "1322.80 EUR")],
)
def test_a_limit_holds_for_what_is_paid_now(at_most: str, amount: str) -> None:
    text = BLOCKS[0].replace("pay: max(price share, 5 EUR)", "pay: max(price share, price)")
    limits, gates = text.index("limits:\n"), text.index("\nfraud gates:") + 1
    text = f"{text[:limits]}limits:\n  - {{name: liability, at most: '{at_most}'}}\n{text[gates:]}"
    text = text.replace("limits:\n", "deductions:\n  - {name: interim, takes off: paid_12_months}\nlimits:\n")
    given = {"cause": "us", "hours_late": "96", "price": "2500", "fraud_score": "1", "paid_12_months": "500"}

    found = explain(read_policy(text, "late-parcel.yaml"), given.items())

    assert isinstance(found, Reasoned)
    assert str(found.amount) == amount


def test_the_page_names_every_asset_with_its_decimals() -> None:
    codes = {
        decimals: sorted(each.code for each in ASSETS.values() if each.decimals == decimals) for decimals in range(25)
    }
    shown = {
        decimals: Money(minor=15 * 10**decimals // 10, code=found[0]) for decimals, found in codes.items() if found
    }

    rows = re.findall(r"^\| \d+ \| `.*", PAGE.split("\n## Assets")[1].split("\n## ")[0], re.MULTILINE)

    assert rows == [f"| {decimals} | `{money}` | {' '.join(codes[decimals])} |" for decimals, money in shown.items()]


def _moments() -> list[tuple[str, str]]:
    """Return the rows of the tables that say when days, months and years begin or are over, each with its headings."""
    tables = re.findall(r"^(\| from \|(?: `(?:after|before) .*` \|)+)\n.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [(heading, row) for heading, rows in tables for row in rows.splitlines()]


@pytest.mark.parametrize(("heading", "row"), _moments())
def test_the_page_says_when_days_and_months_begin_and_are_over(heading: str, row: str) -> None:
    (weekday, start), *ends = [cell.strip().split() for cell in row.strip("|").split("|")]
    begin = datetime.fromisoformat(start)

    asked = re.findall(r"`(after|before) ([a-z ]+)\(…, (\d+) ", heading)
    counts = [(Counted(counted), Decimal(count if way == "after" else f"-{count}")) for way, counted, count in asked]

    assert f"{begin:%A}" == weekday
    assert [later(counted, begin, count, Calendar()) for counted, count in counts] == [
        datetime.fromisoformat(end) for (end,) in ends
    ]


def test_the_page_has_rows_for_days_and_months_both_ways() -> None:
    assert len(_moments()) == 9


@pytest.mark.parametrize("row", _rows("With the calendar of New York above"))
def test_the_page_says_when_working_hours_are_over(row: tuple[str, str]) -> None:
    block = next(each for each in BLOCKS if "time zone: America/New_York" in each)
    line = next(each for each in PAGE.split("\n") if each.startswith(f"| {row[0]} | {row[1].split()[0]}"))
    start, following, end = (datetime.fromisoformat(each.strip()) for each in line.strip("|").split("|"))
    mistakes = Mistakes()

    calendar = read_calendar(Section(read_yaml(block, "page"), mistakes).section("calendar", CALENDAR_KEYS))

    assert mistakes.found == []
    assert later(Counted.NEXT_WORKING_TIME, start, Decimal(0), calendar) == following
    assert later(Counted.WORKING_HOURS, start, Decimal(10), calendar) == end


@pytest.mark.parametrize("row", [each for each in PAGE.split("\n") if re.match(r"\| 20\d\d-\d\d-\d\d \|", each)])
def test_the_page_says_how_many_months_lie_between(row: str) -> None:
    start, end, *counts = [cell.strip() for cell in row.strip("|").split("|")]
    first, last = (datetime.fromisoformat(f"{each}T12:00:00Z") for each in (start, end))

    kinds = (Counted.FULL_MONTHS, Counted.STARTED_MONTHS, Counted.FULL_YEARS, Counted.STARTED_YEARS)
    assert [passed(each, first, last, Calendar()) for each in kinds] == [int(each) for each in counts]


def test_the_page_names_every_key_and_every_word() -> None:
    assert [key for key in KEYS if f"`{key}`" not in PAGE] == []
    assert [word for word in KEYWORDS if f"`{word}`" not in PAGE] == []


def test_the_lists_of_the_page_are_worked_out_for_each_item() -> None:
    block = next(each for each in BLOCKS if each.startswith("inputs:\n  landed_at"))
    shown = next(each for each in BLOCKS if each.startswith("items:"))
    root, mistakes = Section(read_yaml(block, "page"), Mistakes()), Mistakes()
    inputs = {each.name: each.type for each in read_inputs(root, None)}
    derived, _ = read_derived(root, Scope(types={}).also(inputs))
    told = given_at(Section(read_yaml(shown, "page"), mistakes), inputs, mistakes)
    values = {"landed_at": datetime(2026, 3, 1, tzinfo=UTC), "items": read_value(told["items"], inputs["items"])}

    with exactly():
        assert _compiled(values, "proven loss", derived) == Decimal(924)
        assert _compiled(values, "without receipt", derived) == 1

    assert root.mistakes.found + mistakes.found == []
    listed = re.search(r"`(\[\{.*?\}\])`", PAGE)
    assert listed
    assert isinstance(read_value(listed.group(1), inputs["items"]), Items)


def test_the_groups_of_the_page_are_paid_by_day_and_month() -> None:
    block = next(each for each in BLOCKS if each.startswith("inputs:\n  delays"))
    root = Section(read_yaml(block, "page"), Mistakes())
    inputs = {each.name: each.type for each in read_inputs(root, None)}
    derived, _ = read_derived(root, Scope(types={}).also(inputs))
    days = (("05T07", "20"), ("05T17", "40"), ("06T07", "20"), ("07T07", "60"))
    listed = [{"journey": "A", "planned_at": f"2026-01-{day}:00:00Z", "due_back": due} for day, due in days]

    with exactly():
        paid = [
            _compiled({"delays": read_value(items_text(each), inputs["delays"])}, "paid", derived)
            for each in (listed, listed[:-1], [])
        ]

    assert root.mistakes.found == []
    assert paid == [Decimal(120), Decimal(0), Decimal(0)]
