"""What may be wanting is asked for, or something stands for it; what cannot be read is never taken for wanting."""

from pathlib import Path

import polars as pl
import pytest

from policy.explaining import explain
from policy.items import items_text
from policy.loading import load_policy, read_policy
from policy.many.deciding import decide_many
from policy.mistakes import BadPolicy
from policy.reasons import Reasoned
from tests.policy.equality import compared, generated

TEXT = (Path(__file__).parent / "plans" / "damaged-goods.yaml").read_text(encoding="utf-8")
FITS = """
    first that fits:
      - {when: return_shipping is given, gives: return_shipping}
      - {when: otherwise, gives: 0}
"""
POLICY = load_policy(TEXT, "x.yaml")


def given(**changed: str) -> dict[str, str]:
    return dict(POLICY.examples[0].given) | changed


def goods(*items: dict[str, str | None]) -> str:
    return items_text([{"line": f"A-{number}", "price": "100", **each} for number, each in enumerate(items, start=1)])


def test_every_path_decides_claims_in_which_something_is_wanting_alike() -> None:
    found = compared(POLICY, list(generated(POLICY, 300, 1)), explain_every=2)

    assert found.differences == ()
    assert found.decided > 150


def test_the_reasons_say_what_was_not_given() -> None:
    found = explain(POLICY, given().items())

    assert isinstance(found, Reasoned)
    steps = {each.name: (each.filled, each.value) for each in found.derivation}
    assert steps["goods 1: worth"] == ("min(40 or 100, 100)", "40.00 EUR")
    assert steps["goods 2: worth"] == ("min(nothing or 200, 200)", "200.00 EUR")
    assert steps["shipping"] == ("nothing or 0", "0.00 EUR")


def test_items_that_leave_a_field_out_are_decided_in_columns() -> None:
    told = [
        goods({"repair_cost": "40"}, {}),
        goods({"repair_cost": None}),
        goods({"repair_cost": "-1"}),
        goods({"repair_cost": "0"}, {"bought_on": "2026-01-05"}),
        '[{"line": "A-1", "price": 100, "repair_cost": 40, "repair_cost": 40}]',
    ]

    found = decide_many(POLICY, pl.DataFrame([given(goods=each) for each in told]))

    assert found["amount_minor"].to_list() == [14_000, 10_000, None, 10_000, None]
    assert found["missing"].to_list() == [None, None, "goods", None, "goods"]
    assert found["in_columns"].to_list() == [True, False, True, True, False]


@pytest.mark.parametrize("blank", ["", " ", "\t"])
def test_what_forms_send_for_nothing_is_wanting(blank: str) -> None:
    claims = [given(return_shipping=blank), given(goods=goods({"repair_cost": blank}))]
    told = [{name: each for name, each in claims[0].items() if name != "return_shipping"}, given(goods=goods({}))]

    for claim, without in zip(claims, told, strict=True):
        assert str(explain(POLICY, claim.items()).amount) == str(explain(POLICY, without.items()).amount)  # type: ignore[union-attr]
    found = decide_many(POLICY, pl.DataFrame(claims))
    assert found["missing"].to_list() == [None, None]
    assert found["amount_minor"].to_list() == [24_000, 10_000]


def test_a_column_with_gaps_is_one_in_which_something_is_wanting() -> None:
    frame = pl.DataFrame([given()] * 3).with_columns(return_shipping=pl.Series(["5", None, "-5"]))

    found = decide_many(POLICY, frame)

    assert found["amount_minor"].to_list() == [24_500, 24_000, None]
    assert found["missing"].to_list() == [None, None, "return_shipping"]
    assert found["in_columns"].all()


def test_structs_may_leave_a_field_out() -> None:
    items = [
        [{"line": "A-1", "price": "100", "repair_cost": None}],
        [{"line": "A-1", "price": "80", "repair_cost": "7"}],
    ]
    kind = pl.Struct(dict.fromkeys(("line", "price", "repair_cost"), pl.String))
    frame = pl.DataFrame([given()] * 2).with_columns(goods=pl.Series(items, dtype=pl.List(kind)))

    found = decide_many(POLICY, frame)

    assert found["amount_minor"].to_list() == [10_000, 700]
    assert found["in_columns"].all()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "return_shipping or 0\n",
            "if return_shipping is given and return_shipping < 9 EUR then return_shipping else 0\n",
        ),
        ("return_shipping or 0\n", "total(goods, repair_cost when repair_cost is given and repair_cost < 50 EUR)\n"),
        (
            "return_shipping or 0\n",
            FITS,
        ),
    ],
)
def test_what_was_asked_for_is_given_where_the_answer_was_yes(old: str, new: str) -> None:
    policy = read_policy(TEXT.replace(old, new, 1), "x.yaml")
    found = compared(policy, list(generated(policy, 300, 1)), explain_every=2)

    assert found.differences == ()
    assert (found.in_columns > 250, found.decided > 150) == (True, True)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("min(repair_cost or price, price)", "min(repair_cost, price)", '"repair_cost" may be wanting: write'),
        ("return_shipping or 0\n", "return_shipping or 0 + 1 EUR\n", "put brackets around what stands for it"),
        (
            "return_shipping or 0\n",
            "if return_shipping is given or 1 > 2 then return_shipping else 0\n",
            '"return_shipping" may be wanting: write',
        ),
        (
            "voucher: optional yes/no",
            "voucher: optional one of [given, kept]",
            '"is given" asks whether there is a value',
        ),
        ("repair_cost is given", "price is given", '"price" is always given: declare it as "optional ..."'),
        ("repair_cost or price", "price or 0", '"price" is always given here: leave out "or" and what follows'),
        (
            "return_shipping or 0\n",
            "if return_shipping is given then (return_shipping or 0) else 0\n",
            '"return_shipping" is always given here',
        ),
        ("repair_cost or price", "repair_cost or line", "cannot choose between EUR and text"),
        ("each once by: [line]", "each once by: [bought_on]", '"bought_on" may be wanting: items are told apart by'),
        ("We pay you {amount}.", "We pay you {return_shipping}.", "{return_shipping} may be wanting: work out under a"),
        ("return_shipping: optional EUR", "return_shipping: optional prices EUR per KG", "prices are never optional"),
        ("asset: EUR", "asset: given by voucher", '"voucher" must be "one of" known assets'),
    ],
)
def test_what_may_be_wanting_is_not_used_as_if_it_were_there(old: str, new: str, said: str) -> None:
    assert old in TEXT

    with pytest.raises(BadPolicy) as refused:
        read_policy(TEXT.replace(old, new, 1).replace("money: {", "units: [KG]\nmoney: {"), "x.yaml")

    assert [each.what for each in refused.value.mistakes if each.what.startswith(said)]
