"""What is written as Python code holds no text of the policy, and comes to the same however deep it goes."""

import re
from decimal import Decimal
from functools import partial
from pathlib import Path
from string import ascii_lowercase

import pytest

from policy.book import PolicyBook
from policy.compiling import Code, Known, compiled, in_place
from policy.expressions import Compared, Either, Literal, Name, Node, Relation
from policy.form import Derived
from policy.interpreting import Reckoning
from policy.loading import load_policy
from policy.meaning import understood
from policy.mistakes import Place
from policy.program import write_reasoning, write_rules
from policy.scope import Scope
from policy.settling import exactly
from policy.units import BARE, NumberType, YesNoType

HERE = Place(file="x", line=1, column=1)
NUMBER = NumberType(unit=BARE)
OURS = re.compile(
    r"[cabkv]|v?c\d+|[ab]\d+|part\d+|off\d+|left\d*|shown\d*|pay_(valid_claim|goodwill)|run|agreed_\w+|outcome|paid"
    r"|exact|amount|minor|most|known|rule|tell|told|pays|notes|append|points|sign|less|money|looked_up|counted_before"
    r"|row|name|stages|payments|benefits|reasoned|inputs|tuple|def|return|for|if|elif|else|or|and|not|is|in|None|True|False"
    r"|min|sorted|added|divided|found|later|multiplied|passed|price_at|there|up|whole|with_end|\d+"
)


def _both(node: Node, book: PolicyBook) -> tuple[object, object]:
    values = {"a": Decimal("1.5"), "b": Decimal(2)}
    with exactly():
        return compiled(node)(Known(values)), Reckoning(book.policies[0], values, lambda *_: None).value(node)


@pytest.mark.parametrize(
    "text",
    [
        "if a > b then " * 25 + "a" + " else b" * 25,
        " + ".join("ab" * 70),
        "max(" + ", ".join("ab" * 90) + ")",
        "a - (b - (a - (b - (a - b))))",
        "max(min(a, b), min(b, a))",
    ],
)
def test_what_is_long_or_deep_comes_to_the_same(text: str, book: PolicyBook) -> None:
    fast, slow = _both(understood(text, Scope(types={"a": NUMBER, "b": NUMBER}), HERE).node, book)

    assert fast == slow


def test_a_table_of_a_thousand_rows_comes_to_the_same(book: PolicyBook) -> None:
    name, last = Name(name="b", type=NUMBER), Literal(value=Decimal(7), type=NUMBER)
    tests = (Compared(relation=Relation.EQUAL, left=name, right=_literal(row), type=YesNoType()) for row in range(999))
    rows = tuple((test, _literal(number)) for number, test in enumerate(tests, start=10))

    assert _both(Either(rows=rows, otherwise=last, type=NUMBER), book) == (Decimal(12), Decimal(12))


def test_a_value_that_is_long_by_what_it_stands_on_is_remembered() -> None:
    names = [f"sum {letter}" for letter in ascii_lowercase]
    scope = Scope(types=dict.fromkeys(names, NUMBER))
    texts = ["1", *(f"{name} + {name}" for name in names)]
    derived = [
        Derived(name=name, expression=understood(text, scope, HERE)) for name, text in zip(names, texts, strict=False)
    ]

    assert list(in_place(derived)) == ["sum a", "sum b", "sum c"]


def test_no_text_of_a_policy_stands_in_the_code(policies: Path) -> None:
    for path in sorted(policies.rglob("*.yaml")):
        policy = load_policy(path.read_text(encoding="utf-8"), path.name)
        for write in (partial(write_rules, unpaid=lambda *said: said), write_reasoning):
            code = Code()
            write(code, policy)

            assert [word for word in re.findall(r"\w+", code.text) if not OURS.fullmatch(word)] == []


def _literal(number: int) -> Literal:
    return Literal(value=Decimal(number), type=NUMBER)
