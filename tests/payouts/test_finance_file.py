"""What goes to finance is the same whoever writes it; what comes back counts only when all of it is beyond doubt."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payouts.answers import Confirmed, Failed
from payouts.finance_file import (
    LARGEST_FILE_BYTES,
    BadConfirmation,
    Confirmation,
    NotWritable,
    confirmations,
    unsafe,
    written,
)
from tests.payouts.orders import an_order, money

SEVEN, EIGHT, NINE = (
    an_order("CASE-7"),
    an_order("CASE-8", amount="88593 JPY", payee="C-200001"),
    an_order("CASE-9", amount="0.5 USDT"),
)
OPEN = (SEVEN, EIGHT, NINE)
HEADER = "reference,provider_reference,status,amount,asset\r\n"
GOOD = HEADER + (
    "mw-CASE-7,BANK-1,confirmed,180.5,USDT\r\nmw-CASE-8,BANK-2,failed,88593,JPY\r\nEND,2,,,\r\n"
)  # A spreadsheet drops the last zero of 180.50; the amount is the same.


def test_the_file_names_every_payout_and_its_totals() -> None:
    file = written((NINE, SEVEN, EIGHT), batch_id="2026-11-22-1")

    body = (
        "key,reference,payee,amount,asset,memo,form,valid_for\r\n"
        f"{SEVEN.key},mw-CASE-7,C-100023,180.50,USDT,Compensation CASE-7,cash,\r\n"
        f"{EIGHT.key},mw-CASE-8,C-200001,88593,JPY,Compensation CASE-8,cash,\r\n"
        f"{NINE.key},mw-CASE-9,C-100023,0.50,USDT,Compensation CASE-9,cash,\r\n"
        "TOTAL,1,,88593,JPY,,,\r\n"
        "TOTAL,2,,181.00,USDT,,,\r\n"
    ).encode()
    assert file.content == body + f"END,3,,,,{hashlib.sha256(body).hexdigest()},,\r\n".encode()
    assert file.name == f"payouts-2026-11-22-1-{hashlib.sha256(file.content).hexdigest()[:12]}.csv"
    assert file.rows == 3
    assert file.totals == (money("88593 JPY"), money("181 USDT"))


@given(st.permutations(OPEN))
def test_the_same_orders_give_the_same_bytes_in_whatever_order(orders: list) -> None:  # type: ignore[type-arg]
    assert written(orders, batch_id="b1") == written(OPEN, batch_id="b1")


def test_a_case_stands_in_a_file_once() -> None:
    with pytest.raises(NotWritable, match="mw-CASE-7: stands in the batch twice"):
        written((SEVEN, EIGHT, an_order("CASE-7", generation=2)), batch_id="b1")


def test_an_empty_file_is_not_written() -> None:
    with pytest.raises(NotWritable, match="0 orders; a file holds 1 to 10000"):
        written((), batch_id="b1")


@pytest.mark.parametrize("batch_id", ["", "../x", "a b", "a\r\nb", "=1"])
def test_a_batch_id_that_could_not_be_a_file_name_is_refused(batch_id: str) -> None:
    with pytest.raises(NotWritable, match="may hold letters, digits and hyphens only"):
        written((SEVEN,), batch_id=batch_id)


@pytest.mark.parametrize("payee", ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "＝1"])
def test_a_payee_that_a_spreadsheet_would_run_is_refused_and_nothing_is_written(payee: str) -> None:
    order = an_order("CASE-7", payee=payee)

    assert unsafe(order) == "mw-CASE-7: payee begins like a formula"
    with pytest.raises(NotWritable, match="mw-CASE-7: payee begins like a formula"):
        written((EIGHT, order), batch_id="b1")


@pytest.mark.parametrize("payee", ["", " C-1", "C-1\n=1", "\t=1", "C\x00", "C" * 201])
def test_a_payee_that_is_not_plain_text_is_refused(payee: str) -> None:
    reason = unsafe(an_order("CASE-7", payee=payee))

    assert reason is not None
    assert reason.startswith("mw-CASE-7: payee is empty, too long, or has spaces")


def test_a_payee_with_commas_and_quotes_stays_one_cell() -> None:
    content = written((an_order("CASE-7", payee='C,"1"'),), batch_id="b1").content

    assert b',"C,""1""",180.50,' in content


def test_finance_says_what_became_of_each_payout() -> None:
    assert confirmations(GOOD.encode(), OPEN) == (
        Confirmation(line=2, reference="mw-CASE-7", answer=Confirmed(provider_id="BANK-1", created_at=None)),
        Confirmation(line=3, reference="mw-CASE-8", answer=Failed(provider_ids=("BANK-2",), reason="finance: failed")),
    )


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbf" + GOOD.encode(), GOOD.replace("\r\n", "\n").encode(), GOOD.rstrip().encode()]
)
def test_a_file_that_a_spreadsheet_saved_is_read_the_same(content: bytes) -> None:
    assert confirmations(content, OPEN) == confirmations(GOOD.encode(), OPEN)


def test_a_file_may_confirm_nothing_yet() -> None:
    assert confirmations((HEADER + "END,0,,,\r\n").encode(), OPEN) == ()


def _with(row: str) -> str:
    return f"{HEADER}mw-CASE-8,BANK-2,failed,88593,JPY\r\n{row}\r\nEND,2,,,\r\n"


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (_with("mw-CASE-1,BANK-1,confirmed,180.5,USDT"), ((3, "'mw-CASE-1' is no open payout"),)),
        (_with("mw-CASE-7 ,BANK-1,confirmed,180.5,USDT"), ((3, "'mw-CASE-7 ' is no open payout"),)),
        (_with("mw-CASE-8,BANK-1,confirmed,88593,JPY"), ((3, "reference mw-CASE-8 stands in line 2 already"),)),
        (_with("mw-CASE-7,BANK-2,confirmed,180.5,USDT"), ((3, "provider_reference BANK-2 stands in line 2 already"),)),
        (_with("mw-CASE-7,BANK-1,confirmed,180.51,USDT"),
         ((3, "mw-CASE-7: amount 180.51 USDT instead of 180.50 USDT"),)),
        (_with("mw-CASE-7,BANK-1,confirmed,180.5,USDC"), ((3, "mw-CASE-7: asset 'USDC' instead of USDT"),)),
        (_with("mw-CASE-7,BANK-1,confirmed,1.805E+02,USDT"),
         ((3, "mw-CASE-7: amount '1.805E+02' is not a plain decimal number"),)),
        (_with('mw-CASE-7,BANK-1,confirmed,"180,5",USDT'),
         ((3, "mw-CASE-7: amount '180,5' is not a plain decimal number"),)),
        (_with("mw-CASE-7,BANK-1,confirmed,180.5000001,USDT"), ((3, "180.5000001 USDT has more than 6 decimals"),)),
        (_with("mw-CASE-7,BANK-1,paid,180.5,USDT"), ((3, "mw-CASE-7: status 'paid' is neither confirmed nor failed"),)),
        (_with("mw-CASE-7,,confirmed,180.5,USDT"),
         ((3, "mw-CASE-7: provider_reference '' is empty or not plain text"),)),
        (_with("mw-CASE-7,BANK-1,confirmed"), ((3, "3 cells instead of 5"),)),
        (_with("mw-CASE-7,BANK-1,confirmed,180.5,USDT,x"), ((3, "6 cells instead of 5"),)),
        (_with(""), ((3, "0 cells instead of 5"),)),
        (_with('"mw-CASE-7"x,BANK-1,confirmed,180.5,USDT'), ((3, "this is not CSV"),)),
        (_with("mw-CASE-7,BANK-1,confirmed,180.5,USDT").replace("END,2", "END,3"),
         ((4, "END says 3 rows, there are 2"),)),
        (_with("mw-CASE-7,BANK-1,confirmed,180.5,USDT").replace("END,2,,,\r\n", ""), ((3, "the file is cut off"),)),
        (GOOD + "mw-CASE-9,BANK-3,confirmed,0.5,USDT\r\n", ((5, "the file is cut off"),)),
        (GOOD[:-7], ((4, "END must be followed by the number of rows and nothing else"),)),
        (GOOD.replace(",", ";"), ((1, "the first line must be reference,"),)),
        (GOOD.replace("END,2", "END,-2"), ((4, "END must be followed"),)),
        (HEADER, ((1, "the file is cut off"),)),
        ("", ((1, "the first line must be reference,"),)),
        ("\0", ((1, "a zero byte"),)),
        (_with("mw-CASE-1,BANK-1,confirmed,1,USDT").replace("88593", "88594"),
         ((2, "mw-CASE-8: amount 88594 JPY instead of 88593 JPY"), (3, "'mw-CASE-1' is no open payout"))),
    ],
)  # fmt: skip
def test_one_doubtful_line_confirms_nothing_and_is_named(content: str, problems: tuple[tuple[int, str], ...]) -> None:
    with pytest.raises(BadConfirmation) as refusal:
        confirmations(content.encode(), OPEN)

    told = refusal.value.problems
    assert [line for line, _ in told] == [line for line, _ in problems]
    assert all(expected in text for (_, expected), (_, text) in zip(problems, told, strict=True))


def test_bytes_that_are_no_text_are_refused_with_their_line() -> None:
    with pytest.raises(BadConfirmation, match="line 2: this is not UTF-8"):
        confirmations(HEADER.encode() + b"mw-CASE-7,\xff", OPEN)


def test_a_file_larger_than_any_real_one_is_not_parsed() -> None:
    with pytest.raises(BadConfirmation, match="larger than"):
        confirmations(b"x" * (LARGEST_FILE_BYTES + 1), OPEN)


@given(cut=st.integers(0, len(GOOD) - 1))
def test_a_file_cut_off_anywhere_confirms_nothing(cut: int) -> None:
    complete = GOOD.rstrip()
    if cut >= len(complete):
        return

    with pytest.raises(BadConfirmation):
        confirmations(GOOD[:cut].encode(), OPEN)


@given(place=st.integers(0, len(GOOD) - 1), letter=st.sampled_from('0159,\n" =AZ-'))
def test_a_changed_letter_never_confirms_another_amount_or_payout(place: int, letter: str) -> None:
    changed = GOOD[:place] + letter + GOOD[place + 1 :]

    try:
        found = confirmations(changed.encode(), OPEN)
    except BadConfirmation:
        return

    assert {each.reference for each in found} <= {"mw-CASE-7", "mw-CASE-8"}
    assert [type(each.answer) for each in found] == [Confirmed, Failed]
