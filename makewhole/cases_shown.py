"""`makewhole case`: list cases, show one whole, help one that needs attention."""

import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cases.case import AwaitingApproval, Case, Closed, NeedsAttention, Paid, Stage, proposal_of
from cases.parts_told import parts_told
from cases.precedents import Consistency
from cases.proposal import CaseId
from makewhole.opening import looked_into
from makewhole.printing import print_json, table, to_people
from store import audit, books, evidence
from store.audit import AuditRecord
from store.cases import NoSuchCase, StoredCase
from store.records import CASE
from store.timeline import Said, timeline
from workflow import one_case

MOST_CELL = 60


def list_cases(settings: Path, *, stage: str | None, limit: int, as_json: bool) -> int:
    """Print cases, newest first; returns 2 for a stage that does not exist."""
    if stage is not None and stage not in list(Stage):
        to_people().print(f"There is no stage {stage}: one of {', '.join(Stage)}.", markup=False)
        return 2
    with looked_into(settings) as house, house.database.read() as connection:
        found = house.desk.cases.list(connection, stage=Stage(stage) if stage else None, limit=limit)
    if as_json:
        print_json({"cases": [_summary(each) for each in found]})
    else:
        rows = [list(_summary(each).values()) for each in found]
        to_people().print(table(["Case", "Stage", "Customer", "Topic", "Amount", "Tickets"], rows))
    return 0


def show_case(settings: Path, case_id: str, *, as_json: bool) -> int:
    """Print one case with everything known of it; returns 1 when there is none."""
    with looked_into(settings) as house, house.database.read() as connection:
        try:
            stored = house.desk.cases.find(connection, case_id)
        except NoSuchCase as problem:
            to_people().print(str(problem), markup=False)
            return 1
        if as_json:
            print_json(_whole(connection, stored))
        else:
            print_case(connection, stored)
    return 0


def retry_case(settings: Path, case_id: str, *, person: str, as_json: bool) -> int:
    """Start a case that needs attention anew; returns 1 when it does not need it, 2 for an unknown person."""
    with looked_into(settings) as house:
        if house.desk.people.by_id(person) is None:
            to_people().print(f"{person} is not in the people file.", markup=False)
            return 2
        try:
            with house.database.begin() as tx:
                started = one_case.look_again(house.desk, tx, CaseId(case_id), person, now=house.clock())
        except NoSuchCase as problem:
            to_people().print(str(problem), markup=False)
            return 1
    if as_json:
        print_json({"case": case_id, "started": started})
    else:
        what = "is looked at again" if started else "does not need attention, or its loss is not known yet"
        to_people().print(f"{case_id} {what}.", markup=False)
    return 0 if started else 1


def print_case(connection: sa.Connection, stored: StoredCase) -> None:
    """Print one case for people: what it is about, the derivation, the books, what happened and was said."""
    console, case = to_people(), stored.case
    about = case.about
    console.print(f"{about.id} · {case.stage} · {amount_of(case) or 'no amount'}", style="bold", markup=False)
    loss = f"{about.loss.kind} {about.loss.reference}" if about.loss else "unknown"
    console.print(f"Customer {about.customer_id} · loss {loss} · topic {about.topic}", markup=False)
    console.print(f"Tickets: {', '.join(str(ref) for ref in about.tickets)}", markup=False, soft_wrap=True)
    if isinstance(case, NeedsAttention):
        console.print(f"Needs attention: {case.reason} {', '.join(case.missing)}", markup=False)
    proposal = proposal_of(case)
    if proposal is not None:
        policy = f"{proposal.policy_id} version {proposal.policy_version}, revision {proposal.revision}"
        console.print(f"\n{proposal.classification}: {proposal.reason} ({policy})", markup=False)
        steps = [(line.name, line.filled, line.value, line.place) for line in proposal.derivation]
        console.print(table(["Step", "Worked out from", "Gives", "Where"], steps))
        if proposal.parts:
            console.print("\n" + "\n".join(parts_told(case)), markup=False, soft_wrap=True)
        if proposal.consistency is not None and proposal.consistency.compared:
            _print_precedents(proposal.consistency)
    entries = [
        (entry.id.partition(":")[0], posting.account, posting.money)
        for entry in books.entries(connection, case_id=about.id)
        for posting in entry.postings
    ]
    if entries:
        console.print()
        console.print(table(["Ledger", "Account", "Amount"], entries))
    console.print()
    told = [_line(each) for each in timeline(connection, stored)]
    console.print(table(["#", "When (UTC)", "Who", "What", ""], told))


def _print_precedents(compared: Consistency) -> None:
    console = to_people()
    said = f"{compared.compared} earlier decisions on this line, {compared.agreed} agreed to; the most similar:"
    console.print(f"\n{said}", markup=False)
    rows = [
        (
            each.case_id,
            f"{each.decided_at:%Y-%m-%d}",
            str(each.amount or "no payment") if each.agreed else "declined",
            each.policy_version,
            "" if each.more_here is None else f"{'+' if each.more_here.minor > 0 else ''}{each.more_here.text()}",
            "\n".join(f"{name}: {there}, here {here}" for name, there, here in each.differs) or "the same facts",
        )
        for each in compared.nearest
    ]
    console.print(table(["Case", "Decided", "Amount", "Version", "More here", "Not alike"], rows))
    if compared.unlike is not None:
        console.print(f"{compared.unlike.case_id} had the same facts and was decided otherwise.", markup=False)


def amount_of(case: Case) -> str | None:
    """Return what is asked, approved or paid, "40.00 USDT"; None when it is nothing."""
    match case.settled if isinstance(case, Closed) else case:
        case AwaitingApproval() as asked:
            return str(asked.proposal.amount)
        case Paid() as paid:
            return str(paid.amount)
        case other:
            amount = getattr(other, "amount", None)
            return None if amount is None else str(amount)


def _line(each: AuditRecord | Said) -> tuple[object, ...]:
    moment = f"{each.at:%Y-%m-%d %H:%M:%S}"
    if isinstance(each, AuditRecord):
        return (each.sequence, moment, each.actor, each.event, _told(each))
    first, _, more = (each.words or "(the customer's words stay on the ticket)").partition("\n")
    words = f"{first} […]" if more else first
    return ("", moment, each.author, f"{each.kind} on {each.ref}", words)


def _told(record: AuditRecord) -> str:
    return ", ".join(f"{name} {value}" for name, value in record.detail if value)


def _summary(stored: StoredCase) -> dict[str, Any]:
    case = stored.case
    return {
        "case": case.about.id,
        "stage": str(case.stage),
        "customer": case.about.customer_id,
        "topic": case.about.topic,
        "amount": amount_of(case),
        "tickets": " ".join(str(ref) for ref in case.about.tickets),
    }


def _whole(connection: sa.Connection, stored: StoredCase) -> dict[str, Any]:
    case_id = stored.case.about.id
    return {
        "case": json.loads(CASE.dump_json(stored.case)),
        "version": stored.version,
        "evidence": [
            {"source": each.source, "facts": dict(each.facts)} for each in evidence.of_case(connection, case_id)
        ],
        "ledger": [
            {"entry": entry.id, "account": posting.account, "amount": str(posting.money)}
            for entry in books.entries(connection, case_id=case_id)
            for posting in entry.postings
        ],
        "history": [
            {
                "sequence": each.sequence,
                "at": each.at.isoformat(),
                "actor": each.actor,
                "event": each.event,
                "detail": dict(each.detail),
                "digest": each.digest,
            }
            for each in audit.history(connection, stored.number)
        ],
        "said": [
            {
                "ticket": str(each.ref),
                "at": each.at.isoformat(),
                "by": str(each.by),
                "author": each.author,
                "public": each.public,
                "words": each.words,
            }
            for each in timeline(connection, stored)
            if isinstance(each, Said)
        ],
    }
