"""A case that is paid in coins, credit, a voucher, cash and points, over the real wire: each part once."""

from bot.cards import APPROVE
from cases.case import Closed, Paid, Stage
from makewhole.releases import release
from makewhole.sandboxed import APPROVER, AUTHOR
from tests.story.working_day import AMELIA, LATE, Day, until
from tests.workflow.paid_in_parts import AT_ONCE, POINTS, pays

PARTS = [
    ("mw-{case}:1", "0.06", "OKB", "in kind", ""),
    ("mw-{case}:2", "4.00", "USDT", "credit", ""),
    ("mw-{case}:3", "3.00", "USDT", "voucher", "90 days"),
    ("mw-{case}:4", "5.00", "USDT", "cash", ""),
    ("mw-{case}:5", "15", "POINTS", "benefit", ""),
]


def test_each_part_is_paid_once_though_answers_are_lost(day: Day) -> None:
    release(day.house.desk, (pays(AT_ONCE, more=POINTS),), author=AUTHOR, approver=APPROVER, now=day.house.clock())
    ada = day.customer()
    ada.knows(LATE)
    ticket = ada.complains()
    asked = day.await_stage(ticket, Stage.AWAITING_APPROVAL)
    card = day.card(asked)
    # The request is carried out, and the connection ends before the answer: twice, whichever parts that are.
    day.town.trouble("payouts", "dropped_after_write", "POST /v1/payouts", times=2)

    day.click(AMELIA, asked, APPROVE)
    closed = day.await_stage(ticket, Stage.CLOSED)
    day.card_says(closed, "has been paid")

    case_id = closed.about.id
    found = day.town.sandbox.get("/payouts/_sandbox/state")["payments"]
    assert isinstance(found, list)
    mine = [each for each in found if each["reference"].partition(":")[0] == f"mw-{case_id}"]
    names = ("reference", "amount", "asset", "form", "valid_for")
    paid = sorted(tuple(each[name] for name in names) for each in mine)
    assert paid == [(reference.format(case=case_id), *what) for reference, *what in PARTS]
    assert {each["payee"] for each in mine} == {ada.id}
    assert isinstance(closed, Closed)
    assert isinstance(closed.settled, Paid)
    assert closed.settled.reference == ", ".join(
        each["id"] for each in sorted(mine, key=lambda each: each["reference"])
    )
    assert "in coins: 0.06 OKB in kind for 3.00 USDT, at once" in str(card["blocks"])
    note = until(lambda: [each for each in day.notes(ticket) if "Compensation PAID" in each])[-1]
    assert "Part 3 of 5, thanks: 3.00 USDT voucher, valid for 90 days: paid as po_" in note
