"""The items of a list put together: by day, by month, by contract, by order, the same on every path."""

import re
from html import unescape
from pathlib import Path

import polars as pl
import pytest

from cases.proposal import CaseId, Proposal
from cases.ticket import CustomerId
from policy.authoring.page import page_of
from policy.calendars import Calendar
from policy.explaining import explain
from policy.facts import read_value
from policy.form import Policy
from policy.items import items_text, read_items
from policy.loading import load_policy, read_policy
from policy.many.deciding import decide_many, why_not_many
from policy.mistakes import BadPolicy
from policy.proposing import Claim, Missing, propose
from policy.reasons import Reasoned
from policy.recomputing import recompute
from policy.units import ListType, TimeType
from tests.policy.equality import compared, generated
from tests.policy.mutations import Judge
from tests.policy.spoiling import mutants

PLANS = Path(__file__).parent / "plans"
SEASON = (PLANS / "season-delays.yaml").read_text(encoding="utf-8")
NETTED = (PLANS / "netted-by-contract.yaml").read_text(encoding="utf-8")
EXAMPLE = "\nexamples:\n  - {name: usual, source: ours, given: {}, expect: {amount: 80 EUR}}\n"
LARGEST = SEASON.replace("total(delayed months, paid a month)", "largest(delayed months, paid a month)")


def plan(text: str) -> Policy:
    return read_policy(text, "plan.yaml")


def delays(*planned: str, late: str = "25") -> str:
    return items_text([{"journey": f"J{number}", "planned_at": at, "late": late} for number, at in enumerate(planned)])


def claim(listed: str) -> Claim:
    inputs = (("delays", listed), ("fraud_score", "0"))
    return Claim(case_id=CaseId("CASE-1"), revision=1, payee=CustomerId("C-1"), inputs=inputs)


def reasoned(text: str, **given: str) -> Reasoned:
    policy = plan(text)
    found = explain(policy, {**dict(policy.examples[0].given), **given}.items())
    assert isinstance(found, Reasoned), found
    return found


def test_the_reasons_say_which_items_stand_in_which_group() -> None:
    found = reasoned(SEASON)

    told = {each.name: (each.expression, each.filled, each.value) for each in found.derivation}
    assert told["delayed days"] == (
        "delays by day of(planned_at)",
        "2026-01-05: delays 1, 2; 2026-01-06: delays 3; 2026-01-31: delays 4",
        "3 groups",
    )
    assert told["delayed months"][1:] == ("2026-01: delayed days 1, 2, 3", "1 group")
    assert told["delayed days 1: total(delays, part)"][1:] == ("15 + 40 (delays 1, 2)", "55.00 EUR")
    assert told["delayed days 1: paid a day"][1:] == ("min(55, 50 EUR)", "50.00 EUR")
    assert told["paid"] == ("total(delayed months, paid a month)", "80 (delayed months 1)", "80.00 EUR")
    assert dict(found.customer_text)["en"] == "We pay 80.00 EUR for 3 groups in 1 group."
    assert dict(found.customer_text)["zh"] == "我们支付 80.00 EUR（3 组，1 组）。"


def test_groups_stand_in_the_order_of_their_first_items_and_a_key_is_a_value() -> None:
    found = reasoned(NETTED)

    told = {each.name: each.filled for each in found.derivation}
    assert told["contracts"] == "BTC: fills 1, 3; ETH: fills 2"
    assert told["orders"] == "7: attempts 1, 3; 8: attempts 2, 4"
    assert told["outcomes"] == "yes: orders 1; no: orders 2"


def test_a_stored_proposal_with_groups_comes_out_again() -> None:
    found = propose(plan(SEASON), claim(delays("2026-01-05T07:00Z", "2026-01-06T07:00Z", "2026-01-07T07:00Z")))

    assert isinstance(found, Proposal)
    assert str(found.amount) == "45.00 EUR"
    assert recompute(plan(SEASON), found) == ()


def test_the_largest_of_no_group_is_missing_by_the_list_that_was_told() -> None:
    found = propose(plan(LARGEST), claim("[]"))

    assert found == Missing(names=(), problems=(("delays", "holds nothing: largest needs an item"),))


@pytest.mark.parametrize(
    "text", [LARGEST, SEASON.replace("{group: delays, by: [day of", "{group: delays, by: [journey, day of")]
)
def test_every_path_puts_items_together_alike(text: str) -> None:
    policy = plan(text)

    found = compared(policy, list(generated(policy, 300, 5)), explain_every=2)

    assert found.differences == ()
    assert found.decided > 100


def test_groups_are_decided_in_columns() -> None:
    policy = plan(SEASON)
    three = [f"2026-0{month}-0{day}T07:00:00Z" for month in (3, 4) for day in (1, 2, 3)]
    told = [delays(*three), delays(*three[1:]), delays(), None, delays(*three, late="1")]
    frame = pl.DataFrame({"delays": told, "fraud_score": ["0"] * 5})

    found = decide_many(policy, frame)

    assert found["amount_minor"].to_list() == [9_000, 4_500, None, None, None]
    assert found["missing"].to_list() == [None, None, None, "delays", None]
    assert found["in_columns"].all()
    assert why_not_many(policy, frame) is None


@pytest.mark.parametrize(("text", "name"), [(SEASON, "season"), (NETTED, "netted")])
def test_the_suite_of_a_plan_with_groups_catches_other_keys(text: str, name: str) -> None:
    judge = Judge(plan(text))
    spoiled = [each for each in mutants(judge.policy) if each.kind in {"another key", "another total"}]

    assert name
    assert spoiled
    assert [each.what for each in spoiled if not judge.catches(each.policy)] == []


def test_the_page_shows_how_items_are_put_together() -> None:
    shown = unescape(page_of(SEASON, "season.yaml", language="en"))

    assert "group: delays" in shown
    assert "by: [day of(planned_at)]" in shown


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{group: delays,", "{group: delay,", '"delay" is no list: did you mean "delays"?'),
        (
            "[day of(planned_at)]",
            "[day of(planned)]",
            '"planned" is nothing that an item has: did you mean "planned_at"?',
        ),
        ("[day of(planned_at)]", "[day of(journey)]", "a time is needed here, this is text"),
        ("[day of(planned_at)]", "[day of planned_at]", 'nothing that an item has: write "day of(planned_at)"'),
        (
            "total(delays, part), 50",
            "total(delays, part when day is 2026-01-05), 50",
            'and its items do not see it: take "first(delays, ... by ...)" or "last" of the group',
        ),
        (
            "[day of(planned_at)]",
            "[planned_at]",
            (
                '"planned_at" is a time, items are put together by a text, a yes/no, one of a list, a whole number or a'
                ' date: write "day of(planned_at)" or "month of(planned_at)"'
            ),
        ),
        (
            "[day of(planned_at)]",
            "[part]",
            (
                '"part" is EUR, items are put together by a text, a yes/no, one of a list, a whole number or a date:'
                " name another field"
            ),
        ),
        (
            "[day of(planned_at)]",
            "[day of(planned_at), day of(planned_at)]",
            'each group says its "day", and that name is taken: name the other otherwise',
        ),
        ("  fraud_score: number\n", "  fraud_score: number\n  day: number\n", 'each group says its "day"'),
        (
            "total(delays, part), 50",
            "total(delayed days, paid a day), 50",
            'of a group go through its own "delays" only',
        ),
        ("number of(delayed days when", "number of(delays when", 'of a group go through its own "delayed days" only'),
        ("total(delays, part), 50", "total(delays, total(delays, part)), 50", "a list cannot be gone through for each"),
        ("total(delays, part), 50", "total(delays, max(part, paid a month)), 50", '"paid a month" is not declared'),
    ],
)
def test_what_is_wrong_with_groups_is_said_where_it_stands(old: str, new: str, said: str) -> None:
    assert old in SEASON

    with pytest.raises(BadPolicy) as refused:
        plan(SEASON.replace(old, new, 1))

    assert [each.what for each in refused.value.mistakes if said in each.what], refused.value


def test_a_field_that_is_a_date_is_a_key_and_keeps_its_name() -> None:
    text = SEASON.replace("      planned_at: time", "      day: date").replace("planned_at: 2026", "day: 2026")
    text = re.sub(r"(day: 20..-..-..)T[^,}]*", r"\1", text).replace("[journey, planned_at]", "[journey, day]")
    text = re.sub(r"\nexamples:.*", EXAMPLE, text.replace("day of(planned_at)", "day"), flags=re.DOTALL)

    found = reasoned(text)

    assert next(each.filled for each in found.derivation if each.name == "delayed days") == (
        "2026-01-05: delays 1, 2; 2026-01-06: delays 3; 2026-01-31: delays 4"
    )
    assert compared(plan(text), list(generated(plan(text), 100, 1)), explain_every=2).differences == ()


def test_a_time_at_the_end_of_all_calendars_is_no_day() -> None:
    text = SEASON.replace("Europe/Berlin", "America/New_York")
    told = {"delays": delays("2026-01-05T07:00:00Z", "0001-01-01T00:00:00Z"), "fraud_score": "0"}
    calendar = Calendar(zone="America/New_York")
    kind = ListType(fields=(("at", TimeType()),), most=2, once_by=("at",), by_day=frozenset({"at"}), calendar=calendar)

    found = propose(plan(text), claim(told["delays"]))

    assert found == Missing(names=(), problems=(("amount", "time cannot be counted: date value out of range"),))
    assert decide_many(plan(text), pl.DataFrame([told]))["missing"].to_list() == ["(too many digits)"]
    with pytest.raises(ValueError, match="item 1 has a time at the end of all calendars"):
        read_items('[{"at": "0001-01-01T00:00:00Z"}]', kind, read_value)


def test_groups_that_nothing_uses_are_refused() -> None:
    with pytest.raises(BadPolicy, match='"by journey" is declared and used nowhere'):
        load_policy(SEASON.replace("works out:\n", "works out:\n  by journey: {group: delays, by: [journey]}\n"), "x")
