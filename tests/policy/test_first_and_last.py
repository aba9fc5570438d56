"""The value of the first or last item of a list, by what the items are put in order by."""

from policy.items import items_text
from policy.proposing import Missing, propose
from policy.recomputing import recompute
from tests.policy.test_lists import TOP_UP, claim, plan, proposed, step, trades

FIRST = TOP_UP.replace("max(-result in the window, 0)", "max(-first(trades, result by closed_at when result < 0), 0)")


def test_the_first_item_by_time_counts_and_the_reasons_name_it() -> None:
    times = ("2026-02-10T11:00:01Z", "2026-02-10T11:00:00+00:00", "2026-02-10T12:00:00+01:00")
    told = [{"result": f"-{number}00", "closed_at": at} for number, at in enumerate(times, start=1)]
    listed = items_text([*told, {"result": "5", "closed_at": "2026-02-10T10:00:00Z"}])

    found = proposed(FIRST, claim(listed))
    last = proposed(FIRST.replace("first(", "last("), claim(listed))

    name = "trades: first(trades, result by closed_at when result < 0)"
    assert str(found.amount) == "140.00 USDT"
    assert str(last.amount) == "70.00 USDT"
    assert step(found.derivation, name) == ("(-200) (trades 2)", "-200.00 USDT")
    assert recompute(plan(FIRST), found) == ()


def test_the_first_of_nothing_is_no_zero() -> None:
    found = propose(plan(FIRST), claim(trades("1", "0")))

    assert found == Missing(names=(), problems=(("trades", "holds nothing that fits: first needs an item"),))
