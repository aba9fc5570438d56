"""What people and programs do to workbooks is understood or refused, with its sheet and cell and what to do."""

import io
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from xlsxwriter import Workbook

from policy.authoring import layout
from policy.authoring.converting import BadWorkbook, text_of
from policy.authoring.unpacking import MOST_BYTES
from policy.loading import load_policy
from tests.policy.authoring.conftest import Changed, grids_of, typed_workbook

Typed = Callable[[Workbook], None]


def refused(data: bytes) -> list[str]:
    with pytest.raises(BadWorkbook) as refusal:
        text_of(data, "delay.xlsx")
    return str(refusal.value).split("\n")


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (("Rules", "C1", "thn"), 'Rules!C1: "thn" is no heading here: did you mean "then"?'),
        (("Rules", "B1", "when: hours"), 'Rules!B1: "hours" is not declared: did you mean "hours_late"?'),
        (("Rules", "C3", "2 to under 6 huors"), 'Rules!C3, character 14: "huors" cannot stand here'),
        (("Rules", "D3", "goodwil"), 'Rules!D3: "goodwil" cannot stand here: did you mean "goodwill"?'),
        (("Rules", "A3", ""), 'Rules!A3: add "name:"'),
        (("Rules", "I3", "a remark"), "Rules!I3: write a heading in row 1 of this column, or clear the cell"),
        (("Inputs", "B3", "signed huors"), 'Inputs!B3: "signed huors" is not understood'),
        (("Inputs", "A4", "hours_late"), 'Inputs!A4: "hours_late" is written twice on this sheet: keep one'),
        (("Policy", "A4", "ownr"), 'Policy!A4: "ownr" is no field: did you mean "owner"?'),
        (("Policy", "B4", ""), 'Policy!A1: add "owner:"'),
        (("Limits", "B2", "[goodwill"), "Limits!B2: this begins as a list and does not end as one"),
        (("Approvals", "D8", "1 lead of support"), 'Approvals!D8: "1 lead of support" is no stage'),
        (
            ("Examples", "D2", "2.5"),
            'Examples!A2: example "just under two hours": then: expected ineligible, got goodwill',
        ),
    ],
)
def test_a_mistake_in_a_cell_is_named_by_its_cell(cell: tuple[str, str, str], said: str, changed: Changed) -> None:
    assert any(said in line for line in refused(changed(cell))), refused(changed(cell))


def test_all_mistakes_are_named_at_once(changed: Changed) -> None:
    lines = refused(changed(("Rules", "C3", "2 to under 6 huors"), ("Inputs", "B5", "nmber"), ("Policy", "B4", "")))

    assert [line.partition(":")[0] for line in lines] == ["Inputs!B5", "Policy!A1", "Rules!C3, character 14"]


def test_numbers_typed_as_numbers_and_yes_or_no_typed_as_such_are_what_was_typed(withdrawal_text: str) -> None:
    def typed(workbook: Workbook) -> None:
        examples = workbook.get_worksheet_by_name("Examples")
        inputs = workbook.get_worksheet_by_name("Inputs")
        inputs.write_number("C3", 7.5)
        inputs.write_number("C4", 1000)
        inputs.write_boolean("C6", 0)
        examples.write_number("D2", 1.99)

    text = text_of(typed_workbook(grids_of(withdrawal_text), typed), "delay.xlsx")

    assert "  hours_late: 7.5\n  value_usdt: 1000\n" in text
    assert "sanctions_hit: no\n" in text
    assert "given: {hours_late: 1.99}" in text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (lambda sheet: sheet.write_formula("E4", "=5+10", None, 15), "Rules!E4: write the value itself: a formula"),
        (
            lambda sheet: sheet.write_number("E4", 0.1234567890123456),
            "Rules!E4: a spreadsheet keeps 15 digits of a number",
        ),
        (lambda sheet: sheet.write_number("E4", 1234567890123456789), "Rules!E4: a spreadsheet keeps 15 digits"),
        (lambda sheet: sheet.merge_range("C3:C4", "goodwill"), "Rules!C3: cells are merged here: take them apart"),
    ],
)
def test_a_cell_that_does_not_say_what_was_typed_is_refused(
    typed: Callable[..., None], said: str, withdrawal_text: str
) -> None:
    data = typed_workbook(grids_of(withdrawal_text), lambda book: typed(book.get_worksheet_by_name("Rules")))

    assert any(line.startswith(said) for line in refused(data)), refused(data)


def test_a_date_is_no_text(withdrawal_text: str) -> None:
    def typed(workbook: Workbook) -> None:
        look = workbook.add_format({"num_format": "yyyy-mm-dd"})
        workbook.get_worksheet_by_name("Policy").write_datetime(
            "B7", datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), look
        )

    lines = refused(typed_workbook(grids_of(withdrawal_text), typed))

    said = "Policy!B7: the spreadsheet took this for a date or time (2026-01-01): set the format of the cell to Text"
    assert lines == [f"{said} and write it anew"]


def test_a_sheet_that_is_none_of_a_policys_is_named_and_an_empty_one_is_passed_over(withdrawal_text: str) -> None:
    def typed(workbook: Workbook) -> None:
        workbook.add_worksheet("Sheet1")
        workbook.add_worksheet("Rule").write_string("A1", "name")

    lines = refused(typed_workbook(grids_of(withdrawal_text), typed))

    assert lines == ['Rule!A1: "Rule" is no sheet of a policy: did you mean "Rules"? Rename or remove it']


def test_empty_rows_are_passed_over(withdrawal_text: str) -> None:
    def typed(workbook: Workbook) -> None:
        workbook.get_worksheet_by_name("Limits").write_string("A40", "  ")

    text = text_of(typed_workbook(grids_of(withdrawal_text), typed), "delay.xlsx")

    assert len(load_policy(text, "x").limits) == 1


def test_a_note_of_a_manager_becomes_a_comment(changed: Changed) -> None:
    column = "H"

    text = text_of(
        changed(("Rules", f"{column}1", "note"), ("Rules", f"{column}3", "# why two\nsee HX-7")), "delay.xlsx"
    )

    assert "  # why two\n  # see HX-7\n  - name: two to six hours late\n" in text


def test_a_note_beside_a_field_without_a_value_is_kept(changed: Changed) -> None:
    text = text_of(changed(("Policy", "C15", "no coins of our own")), "delay.xlsx")

    assert "pay form: cash # no coins of our own\n" in text


def test_text_that_looks_like_a_formula_stays_text(changed: Changed) -> None:
    text = text_of(changed(("Wording", "B2", '=HYPERLINK("http://x","y") {amount}')), "delay.xlsx")

    assert '=HYPERLINK("http://x","y") {amount}' in text


def bomb(*, lying: bool) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/workbook.xml", "w") as part:
        for _ in range(60):
            part.write(b" " * 1_000_000)
    data = made.getvalue()
    return data.replace((60_000_000).to_bytes(4, "little"), (90).to_bytes(4, "little")) if lying else data


@pytest.mark.parametrize("lying", [False, True])
def test_a_file_that_unpacks_to_very_much_is_refused_in_little_memory(lying: bool) -> None:  # noqa: FBT001
    data = bomb(lying=lying)
    assert len(data) < 100_000
    tracemalloc.start()

    lines = refused(data)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
    said = "not readable as a workbook" if lying else "the workbook unpacks to 60000000 bytes in 1 parts"
    assert lines[0].startswith(f"delay.xlsx: {said}")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'<row r="2"', b'<row r="1048576"', "there is row 1048576: only cells up to GR3000 are read"),
        (b'<c r="A2"', b'<c r="XFD2"', "there is the cell XFD2: only cells up to GR3000 are read"),
        (b'<c r="A2"', b"<c", "there is a cell without its name"),
    ],
)
def test_a_cell_far_away_is_refused(old: bytes, new: bytes, said: str, changed: Changed) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(changed())) as source, zipfile.ZipFile(made, "w") as target:
        for each in source.namelist():
            target.writestr(
                each, source.read(each).replace(old, new) if each.endswith("sheet1.xml") else source.read(each)
            )

    lines = refused(made.getvalue())

    assert lines[0].startswith("delay.xlsx, sheet 1: " + said)


def test_a_text_that_many_cells_share_is_refused_before_each_gets_its_copy(changed: Changed) -> None:
    made = io.BytesIO()
    cells = b"".join(b'<c r="A%d" t="s"><v>0</v></c>' % row for row in range(1, 3_001))
    with zipfile.ZipFile(io.BytesIO(changed())) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for each in source.namelist():
            part = source.read(each)
            if each.endswith("sheet1.xml"):
                part = b"<worksheet><sheetData>" + cells + b"</sheetData></worksheet>"
            if each.endswith("sharedStrings.xml"):
                part = b"<sst><si><t>" + b"x" * 1_000_000 + b"</t></si></sst>"
            target.writestr(each, part)
    assert len(made.getvalue()) < 100_000

    assert refused(made.getvalue())[0].startswith(
        "delay.xlsx: the workbook lays out more than 1000000 cells, or more text"
    )


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("xl/worksheets/sheet1.xml", b"<c " * 300_000),
        ("xl/worksheets/sheet1.xml", b"<row" * 300_000),
        ("xl/workbook.xml", b"<sheet " * 300_000),
        ("xl/styles.xml", b"<cellXfs " * 300_000),
        ("xl/workbook.xml", b"sheet " + b"a" * 900_000 + b">"),
    ],
)
def test_text_made_to_be_slow_is_looked_at_quickly(name: str, part: bytes, changed: Changed) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(changed())) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for each in source.namelist():
            target.writestr(each, b"<" + part if each == name else source.read(each))
    started = time.process_time()

    refused(made.getvalue())

    assert time.process_time() - started < 3


@pytest.mark.parametrize("data", [b"", b"policy: x\n", b"PK\x03\x04" + b"\0" * 40, b"\0" * (MOST_BYTES + 1)])
def test_a_file_that_is_no_workbook_is_refused(data: bytes) -> None:
    assert refused(data)[0].startswith("delay.xlsx: ")


def test_every_key_of_the_language_has_its_place_in_a_workbook() -> None:
    from policy.loading import KEYS

    fields = {each.partition(": ")[0] for each in layout.FIELDS}
    lists = {each.path[0] for each in layout.SHEETS if each.path}
    assert set(KEYS) - fields - lists == {"usual inputs"}
