"""The second way of paying: a CSV file for finance, and the CSV file in which finance says what became of it.

What we write (RFC 4180, UTF-8, rows by reference; one TOTAL row per asset; END holds the sha256 of all above it):

    key,reference,payee,amount,asset,memo,form,valid_for
    pay:CASE-7:9f1c…:1,mw-CASE-7,C-100023,180.50,USDT,Compensation CASE-7,cash,
    pay:CASE-8:02ab….2:1,mw-CASE-8:2,C-100024,20.00,EUR,"Compensation CASE-8, 2 of 3",voucher,90 days
    TOTAL,1,,20.00,EUR,,,
    TOTAL,1,,180.50,USDT,,,
    END,2,,,,<sha256>,,

Each part of a case is a row of its own. form is cash, credit, voucher, in kind or benefit; of a benefit the asset is
what it is counted in: POINTS.

What finance sends back, for all or some of the rows (status is confirmed or failed):

    reference,provider_reference,status,amount,asset
    mw-CASE-7,BANK-20431,confirmed,180.50,USDT
    END,1,,,
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from cases.money import Money, NotExact, UnknownAsset
from cases.parts import Grant, added, as_ordered
from payouts.answers import Confirmed, Failed
from payouts.order import PayoutOrder

MOST_ROWS = 10_000
LARGEST_FILE_BYTES = 10 * 1024 * 1024
MOST_PROBLEMS = 100

_COLUMNS = ("key", "reference", "payee", "amount", "asset", "memo", "form", "valid_for")
_MAY_BE_EMPTY = frozenset({"valid_for"})
_ANSWER_COLUMNS = ("reference", "provider_reference", "status", "amount", "asset")
_BATCH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_AMOUNT = re.compile(r"[0-9]{1,40}(\.[0-9]{1,40})?")
_COUNT = re.compile(r"[0-9]{1,9}")
#: A cell that begins so is a formula to Excel, LibreOffice or Google Sheets.
_FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")
_LONGEST_CELL = 200


class NotWritable(ValueError):
    """Raised when orders cannot stand in one file; nothing was written. The message names each and why."""


class BadConfirmation(ValueError):
    """Raised when finance's file is not beyond doubt; nothing in it counts.

    `problems` are (line, what is wrong), the first line being 1, at most the first hundred.
    """

    def __init__(self, problems: tuple[tuple[int, str], ...]) -> None:
        """Say what is wrong, line by line."""
        super().__init__("; ".join(f"line {line}: {problem}" for line, problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class FinanceFile:
    """One batch as it goes to finance.

    Fields:
        name: "payouts-2026-11-22-1-3fa94c0d51e2.csv": the batch and the first digits of the sha256 of `content`.
        content: The file's bytes; the same orders give the same bytes, in whatever order they come.
        rows: How many payouts.
        totals: One amount per asset, by asset.
    """

    name: str
    content: bytes
    rows: int
    totals: tuple[Money | Grant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What finance says of one order: paid under their reference, or not paid. `line` is where, the first being 1."""

    line: int
    reference: str
    answer: Confirmed | Failed


def written(orders: Iterable[PayoutOrder], *, batch_id: str) -> FinanceFile:
    """Return the file for these orders; raises NotWritable for none, too many, a case twice or an unsafe cell.

    batch_id: Names the batch for ever: "2026-11-22-1".
    """
    rows = tuple(sorted(orders, key=lambda order: order.reference))
    _check_batch(rows, batch_id)
    totals = totals_of(rows)
    body = _csv([_COLUMNS, *(_cells(each) for each in rows), *(_total_row(each, rows) for each in totals)])
    content = body + _csv([("END", str(len(rows)), "", "", "", hashlib.sha256(body).hexdigest(), "", "")])
    name = f"payouts-{batch_id}-{hashlib.sha256(content).hexdigest()[:12]}.csv"
    return FinanceFile(name=name, content=content, rows=len(rows), totals=totals)


def unsafe(order: PayoutOrder) -> str | None:
    """Return why this order may not stand in a file; None when it may.

    A cell that a spreadsheet would run as a formula is refused, not quoted away: finance pays whom the cell names.
    """
    for name, cell in zip(_COLUMNS, _cells(order), strict=True):
        if not cell and name in _MAY_BE_EMPTY:
            continue
        if not cell or len(cell) > _LONGEST_CELL or not cell.isprintable() or cell != cell.strip():
            return f"{order.reference}: {name} is empty, too long, or has spaces around it or control characters in it"
        if _FORMULA.match(cell):
            return f"{order.reference}: {name} begins like a formula"
    return None


def confirmations(content: bytes, orders: Iterable[PayoutOrder]) -> tuple[Confirmation, ...]:
    """Return what finance says of these orders, in the file's order; rows may be fewer than the orders.

    orders: All orders of the batches that are still open; a row about any other payout is refused.
    Raises BadConfirmation for anything unknown, doubled, changed, cut off or not in the form above.
    """
    lines = _lines(content)
    rows = _framed(lines)
    by_reference = {each.reference: each for each in orders}
    problems: list[tuple[int, str]] = []
    found: list[Confirmation] = []
    seen: dict[str, int] = {}
    for line, cells in rows:
        repeated = _repeated(cells, line, seen)
        row = repeated or _read(cells, by_reference, line=line)
        if isinstance(row, str):
            problems.append((line, row))
        else:
            found.append(row)
    if problems:
        raise BadConfirmation(tuple(problems[:MOST_PROBLEMS]))
    return tuple(found)


def references(content: bytes) -> tuple[tuple[str, str], ...]:
    """Return (our reference, theirs) of each row, so that the orders for `confirmations` can be found.

    Raises BadConfirmation for a file that cannot be read row by row; the rows themselves are not judged.
    """
    return tuple((cells[0], cells[1] if len(cells) > 1 else "") for _, cells in _framed(_lines(content)) if cells)


def _check_batch(rows: tuple[PayoutOrder, ...], batch_id: str) -> None:
    if not _BATCH_ID.fullmatch(batch_id):
        raise NotWritable(f"batch id {batch_id!r} may hold letters, digits and hyphens only")
    if not 0 < len(rows) <= MOST_ROWS:
        raise NotWritable(f"{len(rows)} orders; a file holds 1 to {MOST_ROWS}")
    references = [each.reference for each in rows]
    twice = sorted({one for one, following in pairwise(references) if one == following})
    problems = [f"{each}: stands in the batch twice" for each in twice]
    problems += [problem for each in rows if (problem := unsafe(each))]
    if problems:
        raise NotWritable("; ".join(problems[:MOST_PROBLEMS]))


def _cells(order: PayoutOrder) -> tuple[str, ...]:
    paid = (order.amount.text(), order.amount.code)
    return order.key, order.reference, order.payee, *paid, order.memo, order.form.value, order.valid_for or ""


def totals_of(orders: Iterable[PayoutOrder]) -> tuple[Money | Grant, ...]:
    """Return what these orders come to, per asset, sorted by asset."""
    totals: dict[str, Money | Grant] = {}
    for each in orders:
        code = each.amount.code
        totals[code] = added(totals[code], each.amount) if code in totals else each.amount
    return tuple(totals[code] for code in sorted(totals))


def _total_row(total: Money | Grant, rows: tuple[PayoutOrder, ...]) -> tuple[str, ...]:
    count = sum(1 for each in rows if each.amount.code == total.code)
    return "TOTAL", str(count), "", total.text(), total.code, "", "", ""


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _lines(content: bytes) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Return (line number, cells) of each row; a byte order mark, which Excel writes, is passed by."""
    if len(content) > LARGEST_FILE_BYTES:
        raise BadConfirmation(((1, f"the file is larger than {LARGEST_FILE_BYTES} bytes"),))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        line = content.count(b"\n", 0, trouble.start) + 1
        raise BadConfirmation(((line, "this is not UTF-8"),)) from None
    if "\0" in text:
        raise BadConfirmation(((text.count("\n", 0, text.index("\0")) + 1, "a zero byte"),))
    return tuple(_parsed(text))


def _parsed(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for cells in reader:
            yield begins, tuple(cells)
            begins = reader.line_num + 1
    except csv.Error as trouble:
        raise BadConfirmation(((begins, f"this is not CSV: {trouble}"),)) from None


def _framed(lines: tuple[tuple[int, tuple[str, ...]], ...]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Return the rows between the header and END; raises BadConfirmation when either is not as it must be."""
    if not lines or lines[0][1] != _ANSWER_COLUMNS:
        raise BadConfirmation(((1, f"the first line must be {','.join(_ANSWER_COLUMNS)}"),))
    last_line, last = lines[-1]
    rows = lines[1:-1]
    if len(lines) == 1 or last[0:1] != ("END",):
        raise BadConfirmation(((last_line, "the file is cut off: its last line must be END and the number of rows"),))
    if len(last) != len(_ANSWER_COLUMNS) or any(last[2:]) or not _COUNT.fullmatch(last[1]):
        raise BadConfirmation(((last_line, "END must be followed by the number of rows and nothing else"),))
    if int(last[1]) != len(rows) or len(rows) > MOST_ROWS:
        raise BadConfirmation(((last_line, f"END says {last[1]} rows, there are {len(rows)} (at most {MOST_ROWS})"),))
    return rows


def _repeated(cells: tuple[str, ...], line: int, seen: dict[str, int]) -> str | None:
    """Return what this row repeats of an earlier one, noting the row in `seen`; None when it repeats nothing."""
    names = [f"{name} {cell}" for name, cell in zip(_ANSWER_COLUMNS[:2], cells, strict=False) if cell]
    for name in names:
        if name in seen:
            return f"{name} stands in line {seen[name]} already"
    seen.update(dict.fromkeys(names, line))
    return None


def _read(cells: tuple[str, ...], orders: dict[str, PayoutOrder], *, line: int) -> Confirmation | str:
    """Return what the row says; as text what is wrong with it."""
    if len(cells) != len(_ANSWER_COLUMNS):
        return f"{len(cells)} cells instead of {len(_ANSWER_COLUMNS)}"
    reference, theirs, status, amount, asset = cells
    order = orders.get(reference)
    if order is None:
        return f"{reference!r} is no open payout"
    wrong = _changed(order, amount, asset)
    if wrong is not None:
        return f"{reference}: {wrong}"
    answer = _answer(theirs, status)
    if isinstance(answer, str):
        return f"{reference}: {answer}"
    return Confirmation(line=line, reference=reference, answer=answer)


def _answer(theirs: str, status: str) -> Confirmed | Failed | str:
    if not theirs or theirs != theirs.strip() or not theirs.isprintable() or len(theirs) > _LONGEST_CELL:
        return f"provider_reference {theirs[:_LONGEST_CELL]!r} is empty or not plain text"
    match status:
        case "confirmed":
            return Confirmed(provider_id=theirs, created_at=None)
        case "failed":
            return Failed(provider_ids=(theirs,), reason="finance: failed")
        case _:
            return f"status {status!r} is neither confirmed nor failed"


def _changed(order: PayoutOrder, amount: str, asset: str) -> str | None:
    """Return how amount and asset differ from the order's; None when they are the same, however many zeros end it."""
    if asset != order.amount.code:
        return f"asset {asset!r} instead of {order.amount.code}"
    if not _AMOUNT.fullmatch(amount):
        return f"amount {amount!r} is not a plain decimal number"
    try:
        told = as_ordered(amount, asset, order.amount)
    except (NotExact, UnknownAsset) as trouble:
        return str(trouble)
    return None if told == order.amount else f"amount {told} instead of {order.amount}"
