"""All books side by side after the chaos: what the model says must be, the vendors' own records, and ours.

LOST: what should stand somewhere and does not. DOUBLED: what stands there more than once. LOOPS: our own words that
went round, and writing without end. DIVERGED: everything in which two books differ, and our words before customers.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from cases.case import Closed
from cases.ticket import Ticket, TicketRef
from makewhole.assembly import House
from store import conflicts, failures, jobs, tables, tickets
from store.cases import StoredCase
from store.conflicts import Cause
from store.outbox import State
from tests.chaos.agents import Desks
from tests.chaos.desks import Said, Seen, plain, read_desks
from tests.chaos.findings import Finding, Kind
from tests.chaos.folders import OUR_FIELDS, OWNERS, Folder
from tests.crash import books
from tests.crash.claims import End
from tests.crash.town import Town

HEADLINES = {
    End.PAID: "PAID",
    End.REJECTED: "DECLINED",
    End.INELIGIBLE: "DECLINED",
    End.ATTENTION: "NEEDS ATTENTION",
}
STATES = {
    End.PAID: "paid",
    End.REJECTED: "declined",
    End.INELIGIBLE: "declined",
    End.ATTENTION: "needs_attention",
}
#: Writes to one ticket that are in order: for each change of its case's tickets, and for its case's way.
MOST_WRITES_PER_CHANGE, MOST_WRITES_PER_CASE = 3, 30
#: So many of our own words going round end a run.
MOST_LOOPS = 20
COPY = "/c/"
_OURS_AGAIN = re.compile(
    r"^> *(?:\[makewhole |Comment from |Compensation (?:PROPOSED|APPROVED|PAID|DECLINED|NEEDS))", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    """Every book, read once.

    Fields:
        mirror: Our mirror of each ticket.
        held: (ticket, field) of what is listed as a conflict and left alone.
        cases: Ours that stand, by the transaction they are about.
        given_up: Jobs that nobody tries again.
    """

    folders: tuple[Folder, ...]
    seen: Mapping[TicketRef, Seen]
    mirror: Mapping[TicketRef, Ticket]
    held: frozenset[tuple[str, str]]
    cases: Mapping[str, tuple[StoredCase, ...]]
    payments: tuple[dict[str, Any], ...]
    outbox: tuple[sa.Row[Any], ...]
    given_up: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was found. conflicts: How many conflicts are listed, by field and cause."""

    findings: tuple[Finding, ...]
    conflicts: Mapping[str, int] = field(default_factory=dict)


def compare(town: Town, house: House, desks: Desks) -> Compared:
    """Return everything in which the books do not agree."""
    every = read_everything(town, house, desks)
    checks = (_outcomes, _payments, _notes, _comments, _strangers, _loops, _writes, _fields, _mirror, _left_over)
    findings = [finding for check in checks for finding in check(every)]
    with house.database.read() as connection:
        listed = Counter(f"{each.field} {each.cause}" for each in conflicts.every_open(connection))
    claims = tuple(each.loss.claim for each in every.folders)
    findings += [_of_a_case(each) for each in books.compare_cases(town, house, claims)]
    return Compared(findings=tuple(findings), conflicts=dict(sorted(listed.items())))


def read_everything(town: Town, house: House, desks: Desks) -> Everything:
    """Return every book as it is now."""
    seen = read_desks(town.sandbox)
    refs = tuple(ref for each in desks.folders.values() for ref in each.loss.refs)
    with house.database.read() as connection:
        stored: dict[str, tuple[StoredCase, ...]] = {}
        for each in house.desk.cases.each(connection):
            loss = each.case.about.loss
            if loss is not None and each.case.stage != "joined":
                stored[loss.reference] = (*stored.get(loss.reference, ()), each)
        held = frozenset(
            (each.ref, each.field) for each in conflicts.every_open(connection) if each.cause is not Cause.OVERRULED
        )
        return Everything(
            folders=tuple(desks.folders.values()),
            seen=seen,
            mirror={ref: each.ticket for ref, each in tickets.known(connection, refs).items()},
            held=held,
            cases=stored,
            payments=tuple(town.sandbox.get("/payouts/_sandbox/state")["payments"]),  # type: ignore[arg-type]  # JSON.
            outbox=tuple(connection.execute(sa.select(tables.outbox))),
            given_up=(
                *(f"{each.kind} {each.key}: {each.problem}" for each in failures.dead_letters(connection)),
                *jobs.killers(connection),
            ),
        )


def _outcomes(every: Everything) -> Iterator[Finding]:
    """Find losses without their one case, and tickets that do not show how it ended."""
    for folder in every.folders:
        claim = folder.loss.claim
        found = every.cases.get(claim.reference, ())
        if len(found) != 1:
            kind = Kind.DOUBLED if found else Kind.LOST
            yield _finding(kind, "cases", folder, f"{claim.reference} has {len(found)} cases")
            continue
        case = found[0].case
        said = str(case.settled.stage if isinstance(case, Closed) else case.stage)
        if said != STATES[claim.end]:
            what = f"{case.about.id} is {said}, and was to be {STATES[claim.end]}"
            yield _finding(Kind.LOST, "outcomes", folder, what)
        urls = {str(ref): every.seen[ref].field("mw_case_url") for ref in folder.writable}
        if len(set(urls.values())) != 1 or "" in urls.values():
            yield _finding(Kind.DIVERGED, "cases", folder, f"tickets name different cases: {urls}")


def _payments(every: Everything) -> Iterator[Finding]:
    """Find losses that were not paid once and in full, and payments for none."""
    made: dict[str, list[dict[str, Any]]] = {}
    for payment in every.payments:
        if payment["status"] != "failed":
            made.setdefault(payment["payee"], []).append(payment)
    for folder in every.folders:
        claim, wanted = folder.loss.claim, int(folder.loss.claim.end is End.PAID)
        paid = made.pop(claim.customer_id, [])
        if len(paid) != wanted:
            kind = Kind.DOUBLED if len(paid) > wanted else Kind.LOST
            yield _finding(kind, "payments", folder, f"{claim.customer_id} was paid {len(paid)} times, not {wanted}")
        for each in paid[:wanted]:
            if (Decimal(each["amount"]), each["asset"]) != (Decimal(claim.amount or "0"), claim.asset):
                yield _finding(Kind.DIVERGED, "payments", folder, f"{each['amount']} {each['asset']} was paid")
    for payee in made:
        yield Finding(kind=Kind.DOUBLED, check="payments", what=f"{payee} was paid and claimed nothing")


def _notes(every: Everything) -> Iterator[Finding]:
    """Find notes that a ticket lacks, has twice, or shows to a customer."""
    for folder in every.folders:
        headline = f"Compensation {HEADLINES[folder.loss.claim.end]} "
        for ref in folder.loss.refs:
            if ref not in every.seen:
                continue
            ours = [each for each in every.seen[ref].comments if each.mark is not None]
            most = 1 + folder.swallowed.get(ref, 0)
            for mark, times in Counter(each.mark for each in ours).items():
                if times > most:
                    yield _finding(Kind.DOUBLED, "notes", folder, f"{ref} has {mark} {times} times")
            for each in ours:
                if each.public:
                    yield _finding(Kind.DIVERGED, "public", folder, f"{ref}: customers can read {each.mark}")
            yield from _told_once(folder, ref, ours, headline, most)


def _told_once(folder: Folder, ref: TicketRef, ours: list[Said], headline: str, most: int) -> Iterator[Finding]:
    if ref not in folder.writable:
        return
    told = {each.mark for each in ours if each.text.startswith(headline)}
    if not told:
        yield _finding(Kind.LOST, "notes", folder, f"{ref} was never told: {headline.strip()}")
    once = folder.loss.claim.end in {End.PAID, End.REJECTED}
    if once and len(told) > most:
        yield _finding(Kind.DOUBLED, "notes", folder, f"{ref} was told {headline.strip()} by {sorted(map(str, told))}")


def _comments(every: Everything) -> Iterator[Finding]:
    """Find agents' comments that did not arrive where they had to, or more than once."""
    for folder in every.folders:
        for words in folder.words:
            if not words.by_agent:
                continue
            for ref in folder.loss.refs:
                if ref == words.ref or ref not in every.seen:
                    continue
                copies = [each for each in every.seen[ref].comments if f"> {words.text}" in each.text.splitlines()]
                owed = ref in words.others and ref in folder.writable and words.ref in folder.live
                if owed and not copies:
                    what = f"{words.text!r} of {words.ref} never came to {ref}"
                    yield _finding(Kind.LOST, "comments", folder, what)
                if len(copies) > 1 + folder.swallowed.get(ref, 0):
                    what = f"{words.text!r} of {words.ref} came to {ref} {len(copies)} times"
                    yield _finding(Kind.DOUBLED, "comments", folder, what)


def _strangers(every: Everything) -> Iterator[Finding]:
    """Find customers' words, and words of other losses, where they do not belong."""
    wrote = {words.text: (folder, words) for folder in every.folders for words in folder.words}
    owner = {ref: folder for folder in every.folders for ref in folder.loss.refs}
    for ref, ticket in every.seen.items():
        for each in ticket.comments:
            for line in each.text.splitlines():
                folder, words = wrote.get(line.removeprefix("> "), (None, None))
                if folder is None or words is None or not line.startswith("> "):
                    continue
                if not words.by_agent:
                    yield _finding(Kind.DIVERGED, "customers", folder, f"{ref} has {words.text!r} of {words.ref}")
                if owner.get(ref) is not folder:
                    yield _finding(Kind.DIVERGED, "strangers", folder, f"{ref} has {words.text!r} of {words.ref}")


def loops(seen: Mapping[TicketRef, Seen]) -> Iterator[tuple[TicketRef, str]]:
    """Yield (ticket, mark) of what was passed on although it is ours."""
    for ref, ticket in seen.items():
        for each in ticket.comments:
            if each.mark is not None and COPY in each.mark and _OURS_AGAIN.search(each.text):
                yield ref, each.mark


def most_writes(folder: Folder) -> int:
    """Return how many writes to one ticket of a loss what happened to it can explain."""
    return MOST_WRITES_PER_CASE + MOST_WRITES_PER_CHANGE * len(folder.acts)


def is_looping(seen: Mapping[TicketRef, Seen], folders: Iterable[Folder]) -> bool:
    """Whether so much goes round, or is written again and again, that it will not end by itself."""
    if sum(1 for _ in loops(seen)) > MOST_LOOPS:
        return True
    return any(
        sum(each.mark is not None for each in seen[ref].comments) > most_writes(folder)
        for folder in folders
        for ref in folder.loss.refs
        if ref in seen
    )


def _loops(every: Everything) -> Iterator[Finding]:
    owner = {ref: folder for folder in every.folders for ref in folder.loss.refs}
    for ref, mark in loops(every.seen):
        yield Finding(
            kind=Kind.LOOPS,
            check="our own words",
            what=f"{ref} has {mark}, a copy of what we wrote",
            loss=owner[ref].loss.number if ref in owner else None,
        )


def _writes(every: Everything) -> Iterator[Finding]:
    """Find tickets that were written to more often than anything that happened can explain."""
    counted = Counter(row.lane for row in every.outbox)
    for folder in every.folders:
        most = most_writes(folder)
        for ref in folder.loss.refs:
            times = counted[f"ticket/{ref}"]
            if times > most:
                what = f"{ref} was written to {times} times; {len(folder.acts)} changes explain {most}"
                yield _finding(Kind.LOOPS, "writes", folder, what)


def _fields(every: Everything) -> Iterator[Finding]:
    """Find fields that are not what their owner said, and are not listed as conflicts."""
    for folder in every.folders:
        for name in OWNERS:
            yield from _as_owned(every, folder, name)
        yield from _ours(every, folder)


def _as_owned(every: Everything, folder: Folder, name: str) -> Iterator[Finding]:
    shown = {ref: every.seen[ref].field(name) for ref in folder.writable if (str(ref), name) not in every.held}
    if len(set(shown.values())) > 1:
        told = {str(ref): value for ref, value in shown.items()}
        yield _finding(Kind.DIVERGED, "fields", folder, f"{name} is {told}")
        return
    said = next(iter(shown.values()), None)
    wanted = _wanted(every, folder, name)
    if said is not None and wanted is not None and said not in wanted:
        what = f"{name} is {said!r} on every ticket, and was to be {' or '.join(map(repr, sorted(wanted)))}"
        yield _finding(Kind.DIVERGED, "fields", folder, what)


def _wanted(every: Everything, folder: Folder, name: str) -> set[str] | None:
    """Return what a field may be by what its owner said; None when that says nothing of it."""
    given, owner = folder.values.get(name, []), OWNERS[name]
    if owner == "ours":
        return {folder.loss.incident}
    said = {value for _, value in given}
    if name in folder.final and (str(folder.final[name][0]), name) not in every.held:
        return {folder.final[name][1]}
    if owner == "newest":
        return said or {""}
    theirs = [ref for ref in folder.loss.refs if ref.vendor == owner]
    held = any((str(ref), name) in every.held for ref in theirs)
    if held or len(theirs) != 1 or theirs[0] not in folder.writable:
        # With two owners the later one holds; without one, anybody's last word does.
        return said or {""}
    owners = [value for ref, value in given if ref == theirs[0]]
    return {owners[-1]} if owners else said | {""}


def _ours(every: Everything, folder: Folder) -> Iterator[Finding]:
    claim = folder.loss.claim
    wanted = {"mw_state": STATES[claim.end]}
    if claim.end is End.PAID:
        wanted |= {"mw_amount": plain(claim.amount), "mw_currency": claim.asset}
    for ref in folder.writable:
        for name in OUR_FIELDS:
            said = every.seen[ref].field(name)
            if name in wanted and said != wanted[name] and (str(ref), name) not in every.held:
                yield _finding(Kind.DIVERGED, "our fields", folder, f"{ref}: {name} is {said!r}, not {wanted[name]!r}")
    shown = {every.seen[ref].field("mw_reason") for ref in folder.writable if (str(ref), "mw_reason") not in every.held}
    if len({each[:200] for each in shown}) > 1:
        yield _finding(Kind.DIVERGED, "our fields", folder, f"mw_reason is {sorted(shown)}")


def _mirror(every: Everything) -> Iterator[Finding]:
    """Find tickets of which we believe something else than their vendor does."""
    for folder in every.folders:
        for ref in folder.loss.refs:
            ours, theirs = every.mirror.get(ref), every.seen.get(ref)
            if ours is None:
                yield _finding(Kind.LOST, "mirror", folder, f"{ref} is not mirrored")
            elif theirs is None or theirs.status == "deleted" or (theirs.gone and ref.vendor == "salesforce"):
                # Of a deleted issue no search tells, and tickets of closed cases are not read again for it.
                unheard = theirs is None and _is_closed(every, folder)
                if ours.status != "deleted" and ours.merged_into is None and not unheard:
                    yield _finding(Kind.DIVERGED, "mirror", folder, f"{ref} is deleted, and {ours.status} here")
            else:
                for name, (here, there) in _differences(ours, theirs).items():
                    what = f"{ref}: {name} is {here!r} here and {there!r} there"
                    yield _finding(Kind.DIVERGED, "mirror", folder, what)


def _is_closed(every: Everything, folder: Folder) -> bool:
    return all(isinstance(each.case, Closed) for each in every.cases.get(folder.loss.claim.reference, ()))


def _differences(ours: Ticket, theirs: Seen) -> dict[str, tuple[object, object]]:
    names = [*OWNERS, *OUR_FIELDS, "transaction_id", "mw_case_url"]
    pairs: dict[str, tuple[object, object]] = {
        "subject": (ours.subject, theirs.subject),
        "status": (ours.status_text, theirs.status),
        "comments": (
            sorted((each.id, each.public) for each in ours.comments),
            sorted((each.id, each.public) for each in theirs.comments),
        ),
        **{name: (plain(ours.field(name)), theirs.field(name)) for name in names},
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _left_over(every: Everything) -> Iterator[Finding]:
    """Find what still waits, or was refused by a ticket that takes writes."""
    owner = {f"ticket/{ref}": (folder, ref) for folder in every.folders for ref in folder.loss.refs}
    for row in every.outbox:
        folder, ref = owner.get(row.lane, (None, None))
        name = f"{row.lane}#{row.sequence} ({row.kind})"
        if row.state == State.WAITING:
            yield _finding(Kind.LOST, "left over", folder, f"{name} waits: {row.problem}")
        elif row.state == State.REFUSED and folder is not None and ref in folder.writable:
            yield _finding(Kind.LOST, "left over", folder, f"{name} was refused: {row.problem}")
    for each in every.given_up:
        yield Finding(kind=Kind.LOST, check="left over", what=f"{each} was given up")


def _of_a_case(found: books.Finding) -> Finding:
    kind = Kind.DIVERGED if found.kind is books.Kind.WRONG else Kind(str(found.kind))
    return Finding(kind=kind, check=found.check, what=found.what)


def _finding(kind: Kind, check: str, folder: Folder | None, what: str) -> Finding:
    return Finding(kind=kind, check=check, what=what, loss=folder.loss.number if folder else None)
