"""Claims about several trades or items: each worked out for itself, then added up, the same on every path."""

import re
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from cases.proposal import CaseId, DerivationLine, Proposal
from cases.ticket import CustomerId
from policy.analysis import findings
from policy.explaining import explain
from policy.form import Policy
from policy.items import items_text
from policy.loading import load_policy, read_policy
from policy.many.deciding import decide_many, why_not_many
from policy.mistakes import BadPolicy, Weight
from policy.proposing import Claim, Missing, propose
from policy.reasons import Reasoned
from policy.recomputing import recompute
from tests.policy.conftest import staff
from tests.policy.equality import compared, generated
from tests.policy.mutations import Judge
from tests.policy.spoiling import mutants

PLANS = {each.stem: each for each in sorted((Path(__file__).parent / "plans").glob("*.yaml"))}
TOP_UP = PLANS["netted-top-up"].read_text(encoding="utf-8")
LUGGAGE = PLANS["late-luggage"].read_text(encoding="utf-8")
PEOPLE = staff(care_lead=2, fraud_analyst=2)
INSIDE = datetime(2026, 2, 10, 11, tzinfo=UTC).isoformat()


def plan(text: str) -> Policy:
    return read_policy(text, "plan.yaml")


def trades(*results: str) -> str:
    return items_text([{"result": each, "closed_at": INSIDE} for each in results])


def claim(listed: str, **others: str) -> Claim:
    given = {"trades": listed, "paid_by_first": "0", "fraud_score": "0"} | others
    return Claim(case_id=CaseId("CASE-1"), revision=1, payee=CustomerId("C-1"), inputs=tuple(given.items()))


def proposed(text: str, asked: Claim) -> Proposal:
    found = propose(plan(text), asked)
    assert isinstance(found, Proposal), found
    return found


def step(found: tuple[DerivationLine, ...], name: str) -> tuple[str, str]:
    return next((each.filled, each.value) for each in found if each.name == name)


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_loads_with_all_its_examples(name: str) -> None:
    policy = load_policy(PLANS[name].read_text(encoding="utf-8"), f"{name}.yaml", people=PEOPLE)

    assert len(policy.examples) >= 8


@pytest.mark.parametrize("name", PLANS)
def test_every_path_decides_the_cases_of_a_plan_alike(name: str) -> None:
    policy = plan(PLANS[name].read_text(encoding="utf-8"))

    found = compared(policy, list(generated(policy, 400, 1)), explain_every=2)

    assert found.differences == ()
    assert found.decided > 100


def test_the_suite_of_a_plan_catches_what_spoils_it() -> None:
    judge = Judge(plan(TOP_UP))
    spoiled = [each for each in mutants(judge.policy) if each.kind in {"another total", "a condition dropped"}]

    assert [each.what for each in spoiled if not judge.catches(each.policy)] == []
    assert len(spoiled) == 2


def test_wins_are_netted_against_losses_and_the_reasons_say_which_trades_count() -> None:
    outside = {"result": "5000", "closed_at": "2026-02-10T12:00:00Z"}
    won_and_lost = [{"result": each, "closed_at": INSIDE} for each in ("-1000", "400.50")]

    found = proposed(TOP_UP, claim(items_text([*won_and_lost, outside])))

    assert str(found.amount) == "419.65 USDT"
    assert step(found.derivation, "result in the window") == ("(-1000) + 400.5 (trades 1, 2)", "-599.50 USDT")
    assert [each.name for each in found.derivation if "total(" in each.name] == []


def test_the_reasons_show_what_was_worked_out_for_each_item() -> None:
    bought = ("2026-01-01T00:00:00Z", "2016-01-01T00:00:00Z")
    items = [{"value": "1000", "bought_at": at, "receipt": has} for at, has in zip(bought, ("yes", "no"), strict=True)]
    example = next(each for each in plan(LUGGAGE).examples if each.name == "three items")

    found = explain(plan(LUGGAGE), {**dict(example.given), "items": items_text(items)}.items())

    assert isinstance(found, Reasoned)
    assert str(found.amount) == "1150.00 EUR"
    assert step(found.derivation, "items 1: share left") == (
        "100% - min(10% per year * started years between(2026-01-01 00:00:00 UTC, 2026-03-01 10:00:00 UTC), 50%)",
        "0.9",
    )
    assert step(found.derivation, "items 1: worth")[1] == "900.00 EUR"
    assert step(found.derivation, "items 2: worth")[1] == "250.00 EUR"
    assert step(found.derivation, "items: total(items, worth)") == ("900 + 250 (items 1, 2)", "1150.00 EUR")


def test_the_reasons_for_many_items_stay_short() -> None:
    items = [{"value": "10", "bought_at": "2026-01-01T00:00:00Z", "receipt": "yes"}] * 50
    example = next(each for each in plan(LUGGAGE).examples if each.name == "three items")

    found = explain(plan(LUGGAGE), {**dict(example.given), "items": items_text(items)}.items())

    assert isinstance(found, Reasoned)
    assert str(found.amount) == "450.00 EUR"
    names = [each.name for each in found.derivation if each.name.startswith("items ")]
    assert len(names) == 42
    assert "items 21 and on: worth" in names
    assert step(found.derivation, "items: total(items, worth)")[0].endswith("20, … 30 more)")


def test_a_stored_proposal_about_several_trades_comes_out_again_from_what_is_stored() -> None:
    found = proposed(TOP_UP, claim(trades("-1000", "12.345678", "-0.000001")))

    assert str(found.amount) == "691.358026 USDT"
    assert recompute(plan(TOP_UP), found) == ()


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ("none", 'is no list of items, as [{"result": "…", "closed_at": "…"}]'),
        ("[" * 60_000, 'is no list of items, as [{"result": "…", "closed_at": "…"}]'),
        ('["-5"]', 'is no list of items, as [{"result": "…", "closed_at": "…"}]'),
        ('[{"result": "1", "result": "2"}]', 'is no list of items, as [{"result": "…", "closed_at": "…"}]'),
        ('[{"result": "-5"}]', 'item 1 has no "closed_at"'),
        ('[{"result": ["-5"], "closed_at": "x"}]', 'item 1 has no plain "result"'),
        (trades("1", "1 EUR"), 'item 2: result is in "EUR", USDT is needed'),
        (trades(*["1"] * 201), "has 201 items, at most 200 are read"),
        (" " + trades("1") + "x" * 100_000, "has 100059 characters, at most 100000 are read"),
    ],
)
def test_a_list_that_cannot_be_read_is_said_with_its_item(listed: str, why: str) -> None:
    found = propose(plan(TOP_UP), claim(listed))

    assert isinstance(found, Missing)
    assert found.problems == (("trades", why),)


def test_numbers_and_yes_or_no_may_stand_without_quotes_and_stay_exact() -> None:
    listed = '[{"result": -0.1000000000000000055, "closed_at": "2026-02-10T11:00:00Z", "more": null}]'

    assert str(proposed(TOP_UP, claim(listed)).amount) == "0.07 USDT"


def test_the_largest_of_nothing_is_no_zero() -> None:
    text = TOP_UP.replace("max(-result in the window, 0)", "max(-result in the window, -smallest(trades, result), 0)")

    assert str(proposed(text, claim(trades("-1000", "400"))).amount) == "700.00 USDT"
    found = propose(plan(text), claim("[]"))
    assert isinstance(found, Missing)
    assert found.problems == (("trades", "holds nothing: smallest needs an item"),)


def test_the_latest_and_the_number_of_items_decide() -> None:
    excluded = "exclusions:\n  - name: traded on\n    when: number of(trades when result > 0) is at least 2"
    text = TOP_UP.replace("rules:\n", f"{excluded} and latest(trades, closed_at) > {INSIDE[:19]}Z\n\nrules:\n")
    later = items_text([{"result": each, "closed_at": "2026-02-10T11:00:01Z"} for each in ("1", "1")])

    assert proposed(text, claim(later)).reason == "traded on"
    assert proposed(text, claim(trades("1", "1"))).reason == "no loss on balance"
    assert proposed(text, claim(trades("-1", "1"))).reason == "no loss on balance"


ONCE = TOP_UP.replace("    list of up to: 200\n", "    list of up to: 200\n    each once by: [result, closed_at]\n")
SOME = TOP_UP.replace("    list of up to: 200\n", "    list of up to: 200\n    at least: 2\n").replace(
    "  paid_by_first: 300\n", "    - {result: 0, closed_at: 2026-02-10T11:00:00Z}\n  paid_by_first: 300\n", 1
)


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        (trades("-1", "-2", "-1.0"), "items 1 and 3 are the same by result and closed_at: each is told once"),
        (trades("-1", "-1"), "items 1 and 2 are the same by result and closed_at: each is told once"),
    ],
)
def test_an_item_that_is_told_twice_is_not_paid_twice(listed: str, why: str) -> None:
    found = propose(plan(ONCE), claim(listed))

    assert isinstance(found, Missing)
    assert found.problems == (("trades", why),)
    assert str(proposed(ONCE, claim(trades("-1000", "-1001"))).amount) == "1400.70 USDT"


@pytest.mark.parametrize(
    ("listed", "why"),
    [("[]", "has no items, at least 2 must be told"), (trades("1"), "has 1 item, at least 2 must be told")],
)
def test_a_list_that_is_never_empty_is_not_decided_without_its_items(listed: str, why: str) -> None:
    found = propose(plan(SOME), claim(listed))

    assert isinstance(found, Missing)
    assert found.problems == (("trades", why),)


def test_what_a_list_that_is_never_empty_comes_to_may_divide() -> None:
    average = "max(-result in the window / number of(trades), 0)"

    assert (
        str(proposed(SOME.replace("max(-result in the window, 0)", average), claim(trades("-30", "-10"))).amount)
        == "14.00 USDT"
    )
    for text, divisor in ((TOP_UP, "number of(trades)"), (SOME, "number of(trades when result < 0)")):
        with pytest.raises(BadPolicy, match="divide only by what is always above 0"):
            plan(text.replace("max(-result in the window, 0)", f"max(-result in the window / {divisor}, 0)"))


@pytest.mark.parametrize("text", [ONCE, SOME, ONCE.replace("[result, closed_at]", "[day of(closed_at)]")])
def test_every_path_decides_the_claims_of_such_lists_alike(text: str) -> None:
    found = compared(plan(text), list(generated(plan(text), 200, 1)), explain_every=2)

    assert found.differences == ()
    assert found.decided > 30


@pytest.mark.parametrize(("zone", "is_once"), [("UTC", True), ("Europe/London", False)])
def test_of_a_day_the_hour_does_not_count(zone: str, *, is_once: bool) -> None:
    text = ONCE.replace("[result, closed_at]", "[day of(closed_at)]")
    text = text.replace("decide within", f"calendar: {{time zone: {zone}}}\ndecide within")
    moments = ("2026-06-10T22:59:59Z", "2026-06-10T23:30:00Z", "2026-06-11T08:00:00Z")
    told = [items_text([{"result": "-1", "closed_at": each} for each in two]) for two in (moments[:2], moments[1:])]

    found = [propose(plan(text), claim(each)) for each in told]

    same = Missing(
        names=(), problems=(("trades", "items 1 and 2 are the same by day of(closed_at): each is told once"),)
    )
    assert [each == same for each in found] == ([True, False] if is_once else [False, True])
    frame = pl.DataFrame({"trades": told, "paid_by_first": ["0"] * 2, "fraud_score": ["0"] * 2})
    many = decide_many(plan(text), frame)
    assert [each == "trades" for each in many["missing"]] == [each == same for each in found]
    assert many["in_columns"].all()


def test_an_item_that_eats_the_others_is_found_with_its_age() -> None:
    eating = LUGGAGE.replace(", 50%)\n", ", 150%)\n", 1)

    found = [each for each in findings(plan(eating)) if each.code == "item-below-zero"]

    assert eating != LUGGAGE
    assert [(each.about, each.weight) for each in found] == [("items: total(items, worth)", Weight.FINDING)]
    assert found[0].what.startswith('an item of "items" with bought_at = ')
    for text in (
        LUGGAGE,
        TOP_UP,
        eating.replace("gives: 100% - min(", "gives: max(0%, 100% - min(").replace("150%)", "150%))"),
    ):
        assert [each for each in findings(plan(text)) if each.code == "item-below-zero"] == []


def test_a_list_that_may_tell_an_item_twice_is_noted() -> None:
    noted = [each for each in findings(plan(TOP_UP)) if each.code == "paid-twice"]

    assert [(each.about, each.weight, each.place.line) for each in noted] == [("trades", Weight.NOTE, 15)]
    assert noted[0].what == (
        'an item that stands twice in "trades" is paid twice: say by which fields each is told once with'
        ' "each once by:", as an order\'s number'
    )
    assert [each for each in findings(plan(ONCE)) if each.code == "paid-twice"] == []


WORKS_OUT = re.search(r"works out:\n(?:  .*\n)+", TOP_UP)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("total(trade, result)", '"trade" is no list: did you mean "trades"?'),
        ("total(trades, reslt)", '"reslt" is not declared: did you mean "result"?'),
        ("total(trades)", 'total is asked otherwise: write "total(list, value) or total(list, value when ...)"'),
        (
            "number of(trades, result)",
            'number of is asked otherwise: write "number of(list) or number of(list when ...)"',
        ),
        ("total(paid_by_first, 1)", '"paid_by_first" is no list, it is USDT'),
        ("total(trades, closed_at)", "a number is needed here, this is a time"),
        ("latest(trades, result)", "a time or a date is needed here, this is USDT"),
        ("total(trades, result when result)", "a yes/no is needed here, this is USDT"),
        (
            "total(trades, total(trades, result))",
            "a list cannot be gone through for each item: work it out under a name of its own first",
        ),
        ("2 * trades", '"trades" is a list: write total(trades, ...), number of(trades), largest(trades, ...)'),
        ("2 * result", 'each of "trades" has a "result": write total(trades, result), or work out "for each: trades"'),
        (
            "size(result in the window when fraud_score > 1)",
            '"when" goes with total, number of, largest, smallest, latest, earliest, first, last only',
        ),
        (
            "first(trades, result)",
            'first is asked otherwise: write "first(list, value by time) or first(list, value by time when ...)"',
        ),
        ("last(trade, result by closed_at)", '"trade" is no list: did you mean "trades"?'),
        ("last(trades, result > 0 by closed_at)", "a number, a time or a date is needed here, this is yes/no"),
        ("total(trades, result) + 2 hours", "cannot add up USDT and hours"),
    ],
)
def test_what_is_wrong_with_a_total_is_said_where_it_stands(expression: str, said: str) -> None:
    text = TOP_UP.replace("net loss: max(-result in the window, 0)", f"net loss: max({expression}, 0)")

    with pytest.raises(BadPolicy) as refused:
        plan(text)

    assert refused.value.mistakes[0].what == said
    assert refused.value.mistakes[0].place.line == 25


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("list of up to: 200", "list of up to: 201", 'write "201" as a whole number from 1 to 200'),
        ("list of up to: 200", "list of up to: 2\n    at least: 3", "at most 2 items are read: write no more here"),
        (
            "list of up to: 200",
            "list of up to: 2\n    each once by: [closed]",
            '"closed" is no field of an item: did you mean "closed_at"?',
        ),
        (
            "list of up to: 200",
            "list of up to: 2\n    each once by: [day of(result)]",
            '"result" is no time: write it without "day of"',
        ),
        ("list of up to: 200", "list up to: 200", '"list up to" is not a key here: did you mean "list of up to"?'),
        ("result: signed USDT", "result: signed", '"signed" is not understood'),
        ("result: signed USDT", "result: prices USDT per OKB", "each item has plain fields: write a type as number"),
        (
            "result: signed USDT",
            "fraud_score: signed USDT",
            'each of "trades" has a "fraud_score", and so has the claim',
        ),
        ("net loss: max", "result: max", '"result" is taken: choose another name'),
        (
            "trades:\n    - {result: -1000,",
            "trades:\n    - {reslt: -1000,",
            '"reslt" is not a key here: did you mean "result"?',
        ),
        ("when: net loss is 0", "when: {result: under 0}", 'each of "trades" has a "result"'),
        ("{trades: []}", "{trades: 5}", 'write the items one below the other, each as "- {result: ...}"'),
    ],
)
def test_what_is_wrong_with_a_list_is_said_where_it_stands(old: str, new: str, said: str) -> None:
    assert old in TOP_UP

    with pytest.raises(BadPolicy) as refused:
        plan(TOP_UP.replace(old, new, 1))

    assert [each.what for each in refused.value.mistakes if said in each.what]


def test_a_step_for_each_item_of_no_list_is_refused() -> None:
    with pytest.raises(BadPolicy, match=r'"item" is no list: did you mean "items"\?'):
        plan(LUGGAGE.replace("for each: items", "for each: item", 1))


def test_a_field_that_nothing_uses_is_refused() -> None:
    with pytest.raises(BadPolicy, match='"fee" is declared and used nowhere'):
        load_policy(
            TOP_UP.replace("      closed_at: time\n", "      closed_at: time\n      fee: USDT\n").replace(
                "closed_at: 2026", "fee: 1, closed_at: 2026"
            ),
            "plan.yaml",
        )


def test_many_claims_with_lists_are_decided_in_columns() -> None:
    policy = plan(TOP_UP)
    told = [[{"result": "-1000", "closed_at": INSIDE}], [], None]
    frame = pl.DataFrame(
        {"trades": told, "paid_by_first": ["0"] * 3, "fraud_score": ["0"] * 3},
        schema_overrides={"trades": pl.List(pl.Struct({"result": pl.String, "closed_at": pl.String}))},
    )

    found = decide_many(policy, frame)

    assert found["amount_minor"].to_list() == [700_000_000, None, None]
    assert found["missing"].to_list() == [None, None, "trades"]
    assert why_not_many(policy, frame) is None


def test_a_list_that_is_declared_wrongly_is_the_only_mistake() -> None:
    with pytest.raises(BadPolicy) as refused:
        plan(TOP_UP.replace("list of up to: 200", "list of up to: many"))

    assert [each.what for each in refused.value.mistakes] == ['write "many" as a whole number from 1 to 200']
