"""What people see of a case that is paid in parts: page, card, command line, and finance's file."""

from dataclasses import replace

from bot.parts import part_lines
from bot.words import words
from cases.case import Approved
from cases.money import Money
from cases.parts import Form, Grant, Part, PartStanding, PartState, Standing
from cases.parts_told import parts_told
from payouts.finance_file import confirmations, unsafe, written
from payouts.order import PayoutOrder
from tests.payouts.orders import NOON, an_approved, money

VOUCHER = Part(
    name="thanks",
    form=Form.VOUCHER,
    pays=money("80 USDT"),
    stands_for=money("80 USDT"),
    state=PartState.DUE,
    valid_for="90 days",
)
CASH = Part(
    name="the rest",
    form=Form.CASH,
    pays=money("100.50 USDT"),
    stands_for=money("100.50 USDT"),
    state=PartState.WAITING,
)
POINTS = Part(
    name="points",
    form=Form.BENEFIT,
    pays=Grant(quantity="150", code="POINTS"),
    stands_for=None,
    state=PartState.DUE,
)
STANDING = (
    PartStanding(state=Standing.PAID, due_at=NOON, settled_at=NOON, reference="po_1"),
    PartStanding(state=Standing.WAITING),
    PartStanding(state=Standing.FAILED, due_at=NOON, why="unknown payee"),
)


def in_parts() -> Approved:
    approved = an_approved()
    proposal = replace(approved.proposal, parts=(VOUCHER, CASH, POINTS), approvals=())
    return replace(approved, proposal=proposal, approvals=(), standing=STANDING)


def test_each_part_is_told_in_words() -> None:
    assert parts_told(in_parts()) == (
        "Part 1 of 3, thanks: 80.00 USDT voucher, valid for 90 days: paid as po_1",
        "Part 2 of 3, the rest: 100.50 USDT cash: waits",
        "Part 3 of 3, points: 150 POINTS: not paid, a person must look: unknown payee",
    )


def test_the_card_tells_them_in_the_channels_language() -> None:
    assert part_lines(in_parts(), words("zh")) == (
        "• thanks: 80.00 USDT 代金券，有效期 90 days, 已支付，编号 po_1",
        "• the rest: 100.50 USDT, 等待中",
        "• points: 另赠 150 POINTS, 未支付：unknown payee",
    )


def test_finance_gets_a_row_for_each_part_and_answers_for_each() -> None:
    approved = replace(in_parts(), proposal=replace(in_parts().proposal, approvals=()))
    orders = [PayoutOrder(approved=approved, part=number) for number in (1, 3)]

    file = written(orders, batch_id="2026-11-22-1").content.decode()
    answer = (
        "reference,provider_reference,status,amount,asset\r\n"
        "mw-CASE-7:1,V-1,confirmed,80.00,USDT\r\n"
        "mw-CASE-7:3,B-2,failed,150.0,POINTS\r\n"
        "END,2,,,\r\n"
    )

    rows = file.split("\r\n")
    assert rows[1] == f'{orders[0].key},mw-CASE-7:1,C-100023,80.00,USDT,"Compensation CASE-7, 1 of 3",voucher,90 days'
    assert rows[2] == f'{orders[1].key},mw-CASE-7:3,C-100023,150,POINTS,"Compensation CASE-7, 3 of 3",benefit,'
    assert rows[3:5] == ["TOTAL,1,,150,POINTS,,,", "TOTAL,1,,80.00,USDT,,,"]
    assert [each.reference for each in confirmations(answer.encode(), orders)] == ["mw-CASE-7:1", "mw-CASE-7:3"]
    assert unsafe(orders[0]) is None
    assert isinstance(orders[0].money, Money)
