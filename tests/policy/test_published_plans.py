"""The published plans, as policy text alone: each of their worked cases is an example that holds."""

import json
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from cases.proposal import Classification
from policy.book import load_book
from policy.checking import check
from policy.form import Example, Policy
from policy.loading import BadPolicy, load_policy
from policy.payment_terms import Together
from tests.policy.conftest import PEOPLE

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "config" / "policies" / "published"
PLANS: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "published.yaml").read_text(encoding="utf-8"))
#: Plans that the product decides already; test_shipped_policies.py holds their numbers.
IN_USE = {"D02", "D12", "D15"}
SOURCES = {"published": "published", "derived_from_published_rule": "derived from the published rule"}


@cache
def _policy(plan: str) -> Policy:
    path = PUBLISHED / f"{PLANS[plan][0]}.yaml"
    return load_policy(path.read_text(encoding="utf-8"), path.name, people=PEOPLE)


@cache
def _plans(shared: Path) -> dict[str, list[dict[str, Any]]]:
    plans = json.loads((shared / "plans" / "plans.json").read_text(encoding="utf-8"))
    return {each["id"]: each["cases"] for each in plans}


def test_every_plan_is_a_policy(shared: Path) -> None:
    assert set(PLANS) | IN_USE == set(_plans(shared))


def test_every_file_passes_the_check_with_the_people_there_are() -> None:
    found = check(PUBLISHED, people=PEOPLE)

    assert [str(mistake) for each in found for mistake in each.mistakes] == []
    assert {each.file.removesuffix(".yaml") for each in found} >= {names[0] for names in PLANS.values()}


@pytest.mark.parametrize("plan", PLANS)
def test_every_worked_case_is_an_example(plan: str, shared: Path) -> None:
    cases, names = _plans(shared)[plan], PLANS[plan][1:]
    examples: dict[str, Example | Together] = {each.name: each for each in _policy(plan).examples}
    examples |= {each.name: each for each in _policy(plan).together}

    assert len(names) == len(cases)
    for case, name in zip(cases, names, strict=True):
        assert examples[name].source == SOURCES[case["provenance"]]
        assert _says(examples[name], case["exp"]), (name, case)


def test_the_product_does_not_load_what_it_cannot_pay_yet() -> None:
    with pytest.raises(BadPolicy, match="a budget for all claims together is worked out, but not paid out") as refusal:
        load_book(PUBLISHED)

    budgets = {"chain-halt-2025-10.yaml", "together-vouchers-2025-10.yaml"}
    assert {each.place.file for each in refusal.value.mistakes} == budgets


def test_the_narrower_version_takes_over_where_the_first_ends() -> None:
    first, second = _policy("D07"), _policy("D08")

    assert first.name == second.name
    assert first.effective.end == second.effective.start


def _says(example: Example | Together, published: str) -> bool:
    """Whether an example expects what the source says: the same number, or the same word where nothing is paid."""
    numbers = _numbers(published)
    if isinstance(example, Together):
        return example.total.amount in numbers
    expected = example.expected
    if expected.classification is Classification.INDIVIDUAL_REVIEW:
        return "individual review" in published
    if expected.classification is Classification.INELIGIBLE:
        return published.startswith(("0", "not eligible"))
    if expected.amount is None and expected.benefits:
        return all(_numbers(text) <= numbers for _, text in expected.benefits)
    if expected.payments:
        lapses = any(text.endswith("lapsed") for _, text in expected.payments)
        return _parts(expected.payments) - {Decimal(0)} <= numbers and lapses is ("forfeited" in published)
    documented = published.startswith(("eligible", "decide and document"))
    return expected.amount is not None and (documented or expected.amount.amount in numbers)


def _parts(payments: tuple[tuple[str, str], ...]) -> set[Decimal]:
    """Return what the parts that are not lapsed come to."""
    return {each for _, text in payments if not text.endswith("lapsed") for each in _numbers(text)}


def _numbers(text: str) -> set[Decimal]:
    return {Decimal(each.replace(",", "")) for each in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}
