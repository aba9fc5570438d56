"""Items that look into the prices of their own coin, the same on every path."""

from html import unescape
from pathlib import Path

import polars as pl
import pytest

from cases.proposal import CaseId, Proposal
from cases.ticket import CustomerId
from policy.authoring.page import page_of
from policy.form import Policy
from policy.items import items_text
from policy.loading import read_policy
from policy.many.deciding import decide_many
from policy.mistakes import BadPolicy
from policy.proposing import Claim, Missing, propose
from policy.recomputing import recompute
from policy.series import texts_by_name
from tests.policy.equality import compared, generated

FILLS = (Path(__file__).parent / "plans" / "wrong-fills.yaml").read_text(encoding="utf-8")
LISTED = FILLS.replace("symbol: text", "symbol: one of [BTC, ETH, SOL, DOGE]").replace("'DOGE'", "DOGE")

INDEX = "    main: 2026-05-04T08:30:00Z 12\n    pilot: 2026-05-04T08:30:00Z 8\n"


def plan(text: str = FILLS) -> Policy:
    return read_policy(text, "fills.yaml")


def claim(**changed: str) -> Claim:
    given = dict(plan().examples[0].given) | changed
    return Claim(case_id=CaseId("CASE-1"), revision=1, payee=CustomerId("C-1"), inputs=tuple(given.items()))


def test_each_fill_looks_into_the_prices_of_its_own_coin() -> None:
    found = propose(plan(), claim())

    assert isinstance(found, Proposal)
    told = {each.name: each.filled for each in found.derivation}
    assert told["fills 2: slipped: expected"] == "price at(fair of ETH, 2026-05-04 08:30:00 UTC, 1 minutes)"
    assert recompute(plan(), found) == ()
    assert [name for name, _ in found.sources] == ["input fair", "input venue_index"]


def test_blanks_around_prices_by_name_mean_nothing_in_columns_either() -> None:
    given = dict(plan().examples[0].given)

    found = decide_many(plan(), pl.DataFrame([given, given | {"fair": f"  {given['fair']}\u00a0"}]))

    assert found["missing"].to_list() == [None, None]
    assert found["amount_minor"].n_unique() == 1


def test_a_coin_without_prices_is_said_with_its_fill_and_time() -> None:
    found = propose(plan(), claim(fair='{"BTC": "2026-05-04T08:30:00Z 100"}'))

    assert isinstance(found, Missing)
    assert dict(found.problems)["fair"].startswith(
        "holds no price of ETH for 2026-05-04 08:30:00 UTC (fills item 2): no price of it is told"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-05-04T08:30:00Z 100", 'is no prices by name, as {"BTC": "2025-10-10T21:36:00Z 4000", "ETH": "…"}'),
        ("[]", 'is no prices by name, as {"BTC": "2025-10-10T21:36:00Z 4000", "ETH": "…"}'),
        ('{"BTC": "1", "BTC": "2"}', 'is no prices by name, as {"BTC": "2025-10-10T21:36:00Z 4000", "ETH": "…"}'),
        ('{"BTC": 1}', 'is no prices by name, as {"BTC": "2025-10-10T21:36:00Z 4000", "ETH": "…"}'),
        ('{"BTC": "2026-05-04T08:30:00Z 0"}', 'of BTC holds "2026-05-04T08:30:00Z 0": a price is above 0'),
    ],
)
def test_prices_that_cannot_be_read_are_said(text: str, why: str) -> None:
    found = propose(plan(), claim(fair=text))

    assert isinstance(found, Missing)
    assert dict(found.problems)["fair"] == why


def test_every_path_looks_up_alike_where_coins_are_a_closed_list() -> None:
    found = compared(plan(LISTED), list(generated(plan(LISTED), 300, 3)), explain_every=2)

    assert found.differences == ()
    assert found.decided > 30


def test_many_claims_are_decided_in_columns() -> None:
    usual = dict(plan().examples[0].given)
    fair = [usual["fair"], '{"BTC": "2026-05-04T08:30:00Z 100"}', "{}", "x", None]
    frame = pl.DataFrame([{**usual, "fair": each} for each in fair], schema=dict.fromkeys(usual, pl.String))

    found = decide_many(plan(), frame)

    assert found["amount_minor"].to_list() == [27_950_000, None, None, None, None]
    assert found["missing"].to_list() == [None, *["fair"] * 4]
    assert found["in_columns"].all()


def test_the_page_shows_prices_by_what_they_are_of() -> None:
    shown = unescape(page_of(FILLS, "fills.yaml", language="en"))

    assert "DOGE: 2026-05-04T08:30:00Z 300 · BTC: 2026-05-04T08:30:00Z 100" in shown


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("COIN by symbol", "COIN by symbl", '"symbl" is no text, nor one of a list, that an item or the claim says'),
        ("COIN by symbol", "COIN by price", '"price" is no text, nor one of a list'),
        ("fair of symbol, filled_at, 1", "fair, filled_at, 1", 'say of which, as "fair of symbol"'),
        ("fair of symbol, filled_at, 1", "fair of price, filled_at, 1", "a text is needed here, this is USDT per COIN"),
        ("fair of symbol, filled_at, 1", "price of symbol, filled_at, 1", '"of" picks one of several prices'),
        (
            "    main: 2026-05-04T08:30:00Z 12\n    pilot: 2026-05-04T08:30:00Z 8\n",
            "    - x\n",
            "write the prices of each venue",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(old: str, new: str, said: str) -> None:
    assert old in FILLS

    with pytest.raises(BadPolicy) as refused:
        plan(FILLS.replace(old, new, 1))

    assert [each.what for each in refused.value.mistakes if said in each.what], refused.value


def test_only_the_coins_of_the_fills_are_needed_of_many() -> None:
    usual = texts_by_name(dict(plan().examples[0].given)["fair"])

    found = propose(plan(), claim(fair=items_text({f"C{number}": usual["BTC"] for number in range(3_000)} | usual)))

    assert isinstance(found, Proposal)
    assert str(found.amount) == "27.95 USDT"
