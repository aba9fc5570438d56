"""The page about the policy language tells what is true."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.book import PolicyBook
from policy.deciding import _compiled
from policy.declaring import read_inputs
from policy.expressions import Value
from policy.grammar import KEYWORDS, NotUnderstood
from policy.interpreting import Reckoning
from policy.loading import KEYS, load_policy
from policy.meaning import understood
from policy.mistakes import Mistakes, Place
from policy.section import Section
from policy.settling import exactly
from policy.units import ChoiceType, NumberType, Type, YesNoType, described
from policy.yaml_text import read_yaml

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "policy-language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
HERE = Place(file="page", line=1, column=1)


def _rows(after: str) -> list[tuple[str, str]]:
    """Return the rows of the first table after a sentence: what stands in its first and second cell."""
    table = PAGE[PAGE.index(after) :].split("\n\n")[1]
    cells = [line.strip("| ").split(" | ") for line in table.split("\n")[2:]]
    return [(row[0].strip("`"), row[1]) for row in cells]


def _names() -> dict[str, Type]:
    mistakes = Mistakes()
    text = "inputs:\n" + "".join(f"  {line}\n" for line in BLOCKS[1].strip().split("\n"))
    return {each.name: each.type for each in read_inputs(Section(read_yaml(text, "page"), mistakes), None)}


def _values(of: Type) -> st.SearchStrategy[Value]:
    match of:
        case NumberType():
            edges = st.sampled_from(
                [Decimal(each) for each in ("0", "1.999", "2", "6", "24", "80", "81", "100", "299")]
            )
            return st.one_of(edges, st.decimals(0, 10**9, places=8))
        case ChoiceType(options=options):
            return st.sampled_from(options)
        case YesNoType():
            return st.booleans()
        case _:
            window = datetime(2024, 1, 23, 9, 7, tzinfo=UTC)
            return st.sampled_from([window + timedelta(seconds=each) for each in (-1, 0, 1, 179, 180)])


def test_the_whole_policy_on_the_page_loads() -> None:
    policy = load_policy(
        BLOCKS[0], "late-parcel.yaml", roles={"care_lead": 1, "head_of_support": 1, "fraud_analyst": 1}
    )

    assert (policy.name, len(policy.rules), len(policy.examples)) == ("late-parcel", 4, 4)


@pytest.mark.parametrize(("expression", "kind"), _rows("each line below"))
def test_an_expression_on_the_page_is_of_its_kind(expression: str, kind: str) -> None:
    assert described(understood(expression, _names(), HERE).node.type) == kind


@pytest.mark.parametrize(("expression", "said"), _rows("These are refused"))
def test_an_expression_that_is_refused_is_refused_in_these_words(expression: str, said: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        understood(expression, _names(), HERE)

    assert str(refused.value) == said


@pytest.mark.parametrize(("expression", "kind"), _rows("each line below"))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_an_expression_on_the_page_comes_to_the_same_on_both_paths(
    expression: str, kind: str, book: PolicyBook, data: st.DataObject
) -> None:
    node = understood(expression, _names(), HERE).node
    values = {name: data.draw(_values(of)) for name, of in _names().items()}

    with exactly():
        fast = _compiled(node, {})(dict(values))
        slow = Reckoning(book.policies[0], values, lambda _derived, _value: None).value(node)

    assert fast == slow
    assert isinstance(fast, bool) is (kind == "yes/no")


def test_the_page_names_every_key_and_every_word() -> None:
    assert [key for key in KEYS if f"`{key}`" not in PAGE] == []
    assert [word for word in KEYWORDS if f"`{word}`" not in PAGE] == []
