"""Finance pays by file: each payout is in one file, wherever an export ends; an answer counts whole or not at all."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from makewhole import finance
from makewhole.assembly import House
from makewhole.sandboxed import write_settings
from makewhole.verifying import verify_books
from payouts.answers import Absent, LookUpAnswer, NotProcessed, SendAnswer
from payouts.order import PayoutOrder
from payouts.paying import Terms
from store import audit, tables
from store.cases import MovedOn
from tests.makewhole.approved import approve
from tests.makewhole.conftest import NOBODY_LISTENS, Told, changed, house_of
from workflow import paying, paying_by_file
from workflow.paying import Cashier

HEADER = "reference,provider_reference,status,amount,asset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A house in which finance pays, and a folder for its files."""

    house: House
    settings: Path
    folder: Path
    cli: Callable[..., Told]

    def export(self, name: str = "today.csv") -> Told:
        return self.cli("finance", "export", self.folder / name, "--settings", self.settings, "--json")

    def confirm(self, *rows: str, name: str = "answer.csv") -> Told:
        path = self.folder / name
        path.write_text("\n".join([HEADER, *rows, f"END,{len(rows)},,,"]) + "\n", encoding="utf-8")
        return self.cli("finance", "confirm", path, "--settings", self.settings, "--json")

    def approve(self, number: int, *, amount: str = "180.50 USDT", payee: str | None = None) -> None:
        """Approve one more case, as the workflow does; cases are numbered from 1."""
        approve(self.house, number, amount=amount, payee=payee or f"C-{100_000 + number}")

    def states(self) -> list[tuple[int, str]]:
        """Return (case, state) of every payout."""
        with self.house.database.read() as connection:
            column = tables.payouts.c
            rows = connection.execute(
                sa.select(column.case_number, column.state).order_by(column.case_number, column.updated_at)
            )
            return [(row.case_number, row.state) for row in rows]

    def stages(self) -> list[str]:
        with self.house.database.read() as connection:
            return [str(each.case.stage) for each in self.house.desk.cases.each(connection)]

    def events(self, number: int) -> list[tuple[str, str]]:
        with self.house.database.read() as connection:
            return [(each.actor, each.event) for each in audit.history(connection, number)]

    def everything(self) -> list[list[tuple[Any, ...]]]:
        """Return every row of ours, to compare."""
        with self.house.database.read() as connection:
            kept = sorted(tables.metadata.tables.items())
            return [sorted(map(tuple, connection.execute(sa.select(table))), key=repr) for _, table in kept]

    def visible(self) -> list[str]:
        return sorted(each.name for each in self.folder.iterdir() if not each.name.startswith("."))

    def hidden(self) -> list[str]:
        return sorted(each.name for each in self.folder.iterdir() if each.name.startswith("."))

    def books_hold(self) -> bool:
        problems, sums = verify_books(self.house)
        assert problems == []
        return all(total.minor == 0 for total in sums.values())


@pytest.fixture
def desk(store_url: str, tmp_path: Path, cli: Callable[..., Told]) -> Iterator[Desk]:
    """Return a house in which finance pays, on each kind of database."""
    path = write_settings(tmp_path, sandbox_url=NOBODY_LISTENS, own_url="http://127.0.0.1:8800", database=store_url)
    text = path.read_text(encoding="utf-8")
    begin, end = text.index("payouts:\n"), text.index("accounts:\n")
    changed(path, {text[begin:end]: "payouts: {way: finance}\n\n"})
    (tmp_path / "files").mkdir()
    with house_of(path) as house:
        yield Desk(house=house, settings=path, folder=tmp_path / "files", cli=cli)


def test_approved_cases_become_one_file_and_finances_answer_ends_them(desk: Desk) -> None:
    desk.approve(1)
    desk.approve(2, amount="88593 JPY")
    desk.approve(3, amount="0.5 USDT")

    exported = desk.export()
    rows = (desk.folder / "today.csv").read_text(encoding="utf-8").splitlines()

    assert (exported.code, exported.json["rows"], exported.json["totals"]) == (0, 3, {"JPY": "88593", "USDT": "181.00"})
    assert [row.split(",")[1:5] for row in rows[1:4]] == [
        ["mw-CASE-1", "C-100001", "180.50", "USDT"],
        ["mw-CASE-2", "C-100002", "88593", "JPY"],
        ["mw-CASE-3", "C-100003", "0.50", "USDT"],
    ]
    assert (desk.states(), desk.hidden()) == ([(1, "submitted"), (2, "submitted"), (3, "submitted")], [])
    assert desk.books_hold()

    told = desk.confirm("mw-CASE-1,BANK-1,confirmed,180.5,USDT", "mw-CASE-2,BANK-2,failed,88593,JPY")

    assert (told.code, told.json) == (
        0,
        {"schema": 1, "file": str(desk.folder / "answer.csv"), "confirmed": 1, "failed": 1, "known": 0, "problems": []},
    )
    assert desk.states() == [(1, "confirmed"), (2, "failed"), (3, "submitted")]
    assert desk.stages() == ["paid", "needs_attention", "approved"]
    assert desk.events(1) == [
        ("policy", "opened"),
        ("policy", "approved"),
        ("finance", "handed over"),
        ("finance", "paid"),
    ]
    assert desk.books_hold()


def test_the_history_of_a_case_names_its_batch_and_the_banks_reference(desk: Desk) -> None:
    desk.approve(1)
    batch = desk.export().json["batch"]
    desk.confirm("mw-CASE-1,BANK-1,confirmed,180.50,USDT")

    shown = desk.cli("case", "show", "CASE-1", "--settings", desk.settings, "--json").json

    assert shown["history"][2]["detail"] == {"batch": batch}
    assert shown["history"][3]["detail"] == {"amount": "180.50 USDT", "reference": "BANK-1"}
    assert (shown["case"]["reference"], len(shown["ledger"])) == ("BANK-1", 6)


def test_the_same_answer_again_changes_nothing(desk: Desk) -> None:
    desk.approve(1)
    desk.approve(2)
    desk.export()
    rows = ("mw-CASE-1,BANK-1,confirmed,180.50,USDT", "mw-CASE-2,BANK-2,failed,180.50,USDT")
    desk.confirm(*rows)
    before = desk.everything()

    again = desk.confirm(*rows)

    assert (again.code, again.json["confirmed"], again.json["failed"], again.json["known"]) == (0, 0, 0, 2)
    assert desk.everything() == before


def test_an_answer_may_grow(desk: Desk) -> None:
    desk.approve(1)
    desk.approve(2)
    desk.export()
    first = "mw-CASE-1,BANK-1,confirmed,180.50,USDT"
    desk.confirm(first)

    grown = desk.confirm(first, "mw-CASE-2,BANK-2,confirmed,180.50,USDT")

    assert (grown.json["confirmed"], grown.json["known"]) == (1, 1)
    assert desk.stages() == ["paid", "paid"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("mw-CASE-2,BANK-2,confirmed,180.51,USDT", "mw-CASE-2: amount 180.51 USDT instead of 180.50 USDT"),
        ("mw-CASE-9,BANK-2,confirmed,180.50,USDT", "'mw-CASE-9' is no open payout"),
        ("mw-CASE-5,BANK-2,confirmed,180.50,USDT", "'mw-CASE-5' is no open payout"),
        ("mw-CASE-3,BANK-9,confirmed,180.50,USDT", "mw-CASE-3 was confirmed as BANK-3 before"),
        ("mw-CASE-3,BANK-3,failed,180.50,USDT", "mw-CASE-3 was confirmed as BANK-3 before"),
        ("mw-CASE-4,BANK-4,confirmed,180.50,USDT", "mw-CASE-4 was reported as failed before; a person must look"),
        ("mw-CASE-2,BANK-2,paid,180.50,USDT", "mw-CASE-2: status 'paid' is neither confirmed nor failed"),
        ("nonsense", "1 cells instead of 5"),
    ],
)
def test_one_doubtful_line_stops_the_whole_answer_and_is_named(desk: Desk, row: str, problem: str) -> None:
    for number in (1, 2, 3, 4):
        desk.approve(number)
    desk.export()
    desk.approve(5)
    desk.confirm("mw-CASE-3,BANK-3,confirmed,180.50,USDT", "mw-CASE-4,BANK-4,failed,180.50,USDT", name="earlier.csv")
    before = desk.everything()

    told = desk.confirm("mw-CASE-1,BANK-1,confirmed,180.50,USDT", row)

    assert told.code == 1
    assert [(each["line"], each["problem"][: len(problem)]) for each in told.json["problems"]] == [(3, problem)]
    assert desk.everything() == before


def test_an_old_answer_says_nothing_of_the_payout_that_was_approved_after_it(desk: Desk) -> None:
    desk.approve(1)
    desk.export("first.csv")
    old = "mw-CASE-1,BANK-1,failed,180.50,USDT"
    desk.confirm(old)
    approve(desk.house, 1, amount="20.00 USDT", payee="C-100001", revision=2)
    desk.export("second.csv")

    repeated = desk.confirm(old)

    assert (repeated.code, repeated.json["known"]) == (0, 1)
    assert desk.states() == [(1, "failed"), (1, "submitted")]
    assert desk.confirm("mw-CASE-1,BANK-7,confirmed,20.00,USDT").json["confirmed"] == 1
    assert desk.states() == [(1, "failed"), (1, "confirmed")]
    assert desk.books_hold()


def test_a_file_that_is_there_is_never_overwritten(desk: Desk) -> None:
    desk.approve(1)
    (desk.folder / "today.csv").write_text("mine", encoding="utf-8")

    told = desk.export()

    assert told.code == 1
    assert told.out == f"{desk.folder / 'today.csv'} is there already and is not overwritten; name another file\n"
    assert (desk.folder / "today.csv").read_text(encoding="utf-8") == "mine"
    assert desk.states() == [(1, "intended")]


def test_nothing_to_pay_makes_no_file(desk: Desk) -> None:
    told = desk.export()

    assert (told.code, told.json["file"], told.json["rows"], desk.visible()) == (0, None, 0, [])


@pytest.mark.parametrize("name", ["missing/today.csv", "files"])
def test_a_place_where_no_file_can_be_is_said_and_nothing_is_handed_over(desk: Desk, name: str) -> None:
    desk.approve(1)

    told = desk.cli("finance", "export", desk.folder.parent / name, "--settings", desk.settings)

    assert told.code == 1
    assert name.partition("/")[0] in told.out
    assert desk.states() == [(1, "intended")]


def test_killed_before_the_database_knows_the_next_export_begins_anew(desk: Desk) -> None:
    desk.approve(1)
    draft = finance.prepare(desk.house, desk.folder / "today.csv")
    assert draft is not None
    assert (desk.visible(), desk.hidden()) == ([], [draft.path.name])

    told = desk.export()

    assert (told.json["rows"], told.json["resumed"]) == (1, False)
    assert told.json["batch"] != draft.batch
    assert (desk.visible(), desk.hidden()) == (["today.csv"], [])


def test_killed_after_the_database_knows_the_same_file_is_finished(desk: Desk) -> None:
    desk.approve(1)
    draft = finance.prepare(desk.house, desk.folder / "today.csv")
    assert draft is not None
    content = draft.path.read_bytes()
    finance.commit(desk.house, draft)
    desk.approve(2)

    told = desk.export()

    assert (told.json["batch"], told.json["rows"], told.json["resumed"], told.json["left"]) == (draft.batch, 1, True, 1)
    assert ((desk.folder / "today.csv").read_bytes(), desk.hidden()) == (content, [])
    assert desk.states() == [(1, "submitted"), (2, "intended")]
    assert desk.export().code == 1


def test_two_drafts_of_the_same_payouts_never_both_count(desk: Desk) -> None:
    desk.approve(1)
    draft = finance.prepare(desk.house, desk.folder / "first.csv")
    desk.export("second.csv")
    assert draft is not None

    with pytest.raises(MovedOn):
        finance.commit(desk.house, draft)
    again = desk.export("first.csv")

    assert (again.code, again.json["rows"]) == (0, 0)
    assert (desk.visible(), desk.hidden()) == (["second.csv"], [])


def test_an_export_into_a_folder_that_another_one_uses_is_refused(desk: Desk) -> None:
    desk.approve(1)
    held = os.open(desk.folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)

    told = desk.export()
    os.close(held)

    assert (told.code, desk.states()) == (1, [(1, "intended")])
    assert told.out == f"another export writes into {desk.folder} at this moment\n"


def test_a_payee_that_a_spreadsheet_would_run_goes_to_a_person_and_the_others_are_paid(desk: Desk) -> None:
    desk.approve(1, payee="=1+1")
    desk.approve(2)

    told = desk.export()

    problem = "mw-CASE-1: payee begins like a formula"
    assert told.json["set_aside"] == [{"case": "CASE-1", "problem": problem}]
    assert (told.json["rows"], desk.stages()) == (1, ["needs_attention", "approved"])
    assert desk.books_hold()
    assert desk.export("next.csv").json["set_aside"] == []


def test_an_answer_that_nobody_can_read_is_said(desk: Desk) -> None:
    (desk.folder / "answer.csv").write_bytes(b"\xff\xfe")

    told = desk.cli("finance", "confirm", desk.folder / "answer.csv", "--settings", desk.settings)
    missing = desk.cli("finance", "confirm", desk.folder / "none.csv", "--settings", desk.settings)

    assert (told.code, told.out.splitlines()[0]) == (1, f"{desk.folder / 'answer.csv'}:1: this is not UTF-8")
    assert (missing.code, missing.out) == (1, f"{desk.folder / 'none.csv'}: No such file or directory\n")


def test_what_is_open_is_shown_with_every_export(desk: Desk) -> None:
    desk.approve(1)
    batch = desk.export().json["batch"]

    shown = desk.cli("finance", "export", desk.folder / "next.csv", "--settings", desk.settings)
    unanswered = desk.export("next.csv").json["unanswered"]

    assert shown.out.startswith("Nothing waits to be paid; no file was written.\n")
    assert batch in shown.out
    assert [(each["batch"], each["rows"]) for each in unanswered] == [(batch, 1)]
    assert json.dumps(unanswered)


class Watched:
    """A provider that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def send(self, order: PayoutOrder, *, within_seconds: float) -> SendAnswer:
        self.asked.append(order.key)
        return NotProcessed(reason=f"within {within_seconds}", wait_seconds=None)

    def look_up(self, order: PayoutOrder, *, failed_ids: tuple[str, ...]) -> LookUpAnswer:
        self.asked.append(f"{order.reference} {failed_ids}")
        return Absent()


def test_a_payout_of_finances_is_never_sent_to_a_provider_that_was_set_later(desk: Desk) -> None:
    desk.approve(1)
    provider = Watched()
    cashier = Cashier(provider=provider, terms=Terms(key_life=timedelta(hours=24)), clock=desk.house.clock)
    with desk.house.database.read() as connection:
        (waiting,) = paying_by_file.waiting(connection, now=desk.house.clock())

    paying.pay(desk.house.desk, cashier, f"CASE-1/{waiting.approved.proposal.fingerprint}")

    assert (provider.asked, desk.states()) == ([], [(1, "intended")])
