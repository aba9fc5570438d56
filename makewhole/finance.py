"""`makewhole finance`: write what finance is to pay into a file, and take in finance's answer.

A crash between file and database must neither lose a payout nor let two files have it. So the batch is first written
beside its place, durably, under a name that says it is unfinished and which batch it is; then the database stores in
one transaction which payouts are in that batch; then the file gets its name, in one step. Wherever it ends, the same
command again goes on: whether the unfinished file counts is what the database says of its batch.
docs/decisions/0011-finance-file.md has the reasoning.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from makewhole.assembly import House
from makewhole.opening import looked_into
from makewhole.printing import print_json, table, to_people
from payouts.finance_file import LARGEST_FILE_BYTES, BadConfirmation, totals_of, written
from store.books import StoredPayout
from store.cases import MovedOn
from workflow import paying_by_file

UNFINISHED = ".unfinished"
#: An answer is one transaction, about 5 ms a row; on SQLite everybody else waits for it, 30 s at most.
MOST_PAYOUTS = 2_000


class NotDone(RuntimeError):
    """The command cannot be carried out; the message says why and what to do. Nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A batch in a file that has not got its name yet.

    Fields:
        path: Where it is: ".today.csv.payouts-20261122-120000-3-9f1c02-3fa94c0d51e2.csv.unfinished".
        batch: The batch's name, which the history of each case in it names too.
        payouts: The payouts in it.
        resumed: Whether an earlier, interrupted export had made it.
    """

    path: Path
    batch: str
    payouts: tuple[StoredPayout, ...]
    resumed: bool


def export(settings: Path, file: Path, *, as_json: bool) -> int:
    """Write what finance is to pay into a new file; returns 1 when it cannot be, and then nothing is in any file."""
    with looked_into(settings) as house:
        try:
            with alone_in(file.absolute().parent):
                check_free(file)
                set_aside = _set_aside(house)
                draft = interrupted(house, file) or prepare(house, file)
                if draft is not None:
                    commit(house, draft)
                    publish(draft, file)
        except (NotDone, MovedOn, OSError) as problem:
            to_people().print(_said(problem), markup=False, soft_wrap=True)
            return 1
        exported = _as_json(file, draft) | {
            "set_aside": [{"case": case_id, "problem": problem} for case_id, problem in set_aside]
        }
        exported |= _standing(house)
    if as_json:
        print_json(exported)
    else:
        _print(exported)
    return 0


def confirm(settings: Path, file: Path, *, as_json: bool) -> int:
    """Take in finance's answer, all of it or nothing; returns 1 and names the lines when any of it is in doubt."""
    with looked_into(settings) as house:
        try:
            content = _read(file)
            with house.database.begin() as tx:
                taken = paying_by_file.take_in(house.desk, tx, content, now=house.clock())
        except BadConfirmation as refusal:
            _print_refused(file, refusal, as_json=as_json)
            return 1
        except (MovedOn, OSError) as problem:
            to_people().print(_said(problem), markup=False, soft_wrap=True)
            return 1
    if as_json:
        told = {"confirmed": taken.confirmed, "failed": taken.failed, "known": taken.known}
        print_json({"file": str(file), **told, "problems": []})
    else:
        counts = f"{taken.confirmed} paid, {taken.failed} not paid, {taken.known} known before"
        to_people().print(f"{file}: {counts}.", markup=False, soft_wrap=True)
    return 0


def prepare(house: House, file: Path) -> Draft | None:
    """Write the next batch beside the file, durably; None when nothing waits. The database is not changed."""
    with house.database.read() as connection:
        payouts = paying_by_file.waiting(connection, now=house.clock())[:MOST_PAYOUTS]
    if not payouts:
        return None
    # Two drafts of the same payouts are two batches, so that only one of them can ever count.
    batch_id = f"{house.clock():%Y%m%d-%H%M%S}-{len(payouts)}-{secrets.token_hex(3)}"
    made = written((each.order for each in payouts), batch_id=batch_id)
    path = file.with_name(f"{_draft_prefix(file)}{made.name}{UNFINISHED}")
    with path.open("xb") as draft:
        draft.write(made.content)
        draft.flush()
        os.fsync(draft.fileno())
    _sync_folder(path.absolute().parent)
    return Draft(path=path, batch=made.name, payouts=payouts, resumed=False)


def commit(house: House, draft: Draft) -> None:
    """Store that the batch has these payouts, in one transaction; a resumed one is stored already. Raises MovedOn."""
    if not draft.resumed:
        with house.database.begin() as tx:
            paying_by_file.hand_over(house.desk, tx, draft.payouts, draft.batch, now=house.clock())


def publish(draft: Draft, file: Path) -> None:
    """Give the unfinished file its name, in one step."""
    draft.path.rename(file)
    _sync_folder(file.absolute().parent)


def interrupted(house: House, file: Path) -> Draft | None:
    """Return what an interrupted export of this file left, if the database has stored its batch; drop it if not."""
    with house.database.read() as connection:
        batches = paying_by_file.handed_over(connection)
    prefix = _draft_prefix(file)
    left = [each for each in file.absolute().parent.iterdir() if each.name.startswith(prefix)]
    found = None
    for path in sorted(each for each in left if each.name.endswith(UNFINISHED)):
        batch = path.name.removeprefix(prefix).removesuffix(UNFINISHED)
        if batch not in batches:
            path.unlink()
        elif found is None:
            found = Draft(path=path, batch=batch, payouts=batches[batch], resumed=True)
    return found


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the right to export into this folder; the system gives it back when the process dies. Raises NotDone."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotDone(f"another export writes into {folder} at this moment") from None
        yield
    finally:
        os.close(handle)


def check_free(file: Path) -> None:
    """Raise NotDone when the file is there already, whatever it is."""
    if file.is_symlink() or file.exists():
        raise NotDone(f"{file} is there already and is not overwritten; name another file")


def _draft_prefix(file: Path) -> str:
    return f".{file.name}."


def _set_aside(house: House) -> list[tuple[str, str]]:
    """Hold for a person what may not stand in a file, and return (case, why) of each."""
    with house.database.begin() as tx:
        waiting = paying_by_file.waiting(tx.connection, now=house.clock())
        unfit = [(each, why) for each in waiting if (why := paying_by_file.why_not(each))]
        for stored, why in unfit:
            paying_by_file.set_aside(house.desk, tx, stored, why, now=house.clock())
    return [(stored.approved.about.id, why) for stored, why in unfit]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(LARGEST_FILE_BYTES + 1)


def _said(problem: Exception) -> str:
    match problem:
        case OSError():
            return f"{problem.filename}: {problem.strerror}"
        case MovedOn():
            return f"{problem}; nothing was changed, so run it again"
        case _:
            return str(problem)


def _as_json(file: Path, draft: Draft | None) -> dict[str, Any]:
    if draft is None:
        return {"file": None, "batch": None, "rows": 0, "totals": {}, "resumed": False}
    totals = {each.code: each.text() for each in totals_of(each.order for each in draft.payouts)}
    found = {"batch": draft.batch, "rows": len(draft.payouts), "totals": totals, "resumed": draft.resumed}
    return {"file": str(file), **found}


def _standing(house: House) -> dict[str, Any]:
    with house.database.read() as connection:
        left = len(paying_by_file.waiting(connection, now=house.clock()))
        unanswered = paying_by_file.handed_over(connection)
    return {"left": left, "unanswered": [_unanswered(name, payouts) for name, payouts in unanswered.items()]}


def _unanswered(name: str, payouts: tuple[StoredPayout, ...]) -> dict[str, Any]:
    since = min((each.attempt.last_sent_at for each in payouts if each.attempt.last_sent_at), default=None)
    return {"batch": name, "rows": len(payouts), "since": _moment(since)}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _print(exported: dict[str, Any]) -> None:
    console = to_people()
    if exported["file"] is None:
        console.print("Nothing waits to be paid; no file was written.")
    else:
        totals = ", ".join(f"{amount} {code}" for code, amount in exported["totals"].items())
        how = " (an interrupted export, finished now)" if exported["resumed"] else ""
        text = f"{exported['file']}: {exported['rows']} payouts, {totals}, batch {exported['batch']}{how}."
        console.print(text, markup=False, soft_wrap=True)
    for each in exported["set_aside"]:
        console.print(f"{each['case']} needs a person: {each['problem']}", markup=False, soft_wrap=True)
    if exported["left"]:
        console.print(f"{exported['left']} more wait: export them into another file.")
    if exported["unanswered"]:
        rows = [(each["batch"], each["rows"], each["since"]) for each in exported["unanswered"]]
        console.print(table(["Not answered yet", "Payouts", "Since (UTC)"], rows))


def _print_refused(file: Path, refusal: BadConfirmation, *, as_json: bool) -> None:
    if as_json:
        problems = [{"line": line, "problem": problem} for line, problem in refusal.problems]
        print_json({"file": str(file), "confirmed": 0, "failed": 0, "known": 0, "problems": problems})
        return
    for line, problem in refusal.problems:
        to_people().print(f"{file}:{line}: {problem}", markup=False, soft_wrap=True)
    to_people().print("Nothing was taken in: correct these lines, then hand in the whole file again.")
