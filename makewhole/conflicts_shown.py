"""`makewhole conflicts`: fields on which tickets and cases disagree, and writes that were refused or are stuck."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from makewhole.opening import looked_into
from makewhole.printing import print_json, table, to_people
from store import conflicts, outbox
from store.cases import PREFIX
from store.conflicts import Cause, Conflict
from store.outbox import Item, Kind, Stuck
from sync.settling import Take, settle
from sync.wanted import Withheld, withheld

STUCK_AFTER = timedelta(minutes=15)
TO_TICKETS = (Kind.NOTE, Kind.FIELDS, Kind.LINK)
MOST_CELL = 60
FIX = {
    Cause.CHANGED: "settle it: ours is put back, theirs becomes the case's value",
    Cause.CONTESTED: "find the trigger, flow or automation that writes this field and end it; then settle it",
    Cause.UNDECIDED: "ask which value is right, then settle it",
    Cause.REFUSED: "mend what the vendor says, then settle it with ours to try again",
    Cause.CLOSED: "nothing can be written there; settle it, or open the ticket again",
    Cause.OVERRULED: "see whether the lost value matters; settle it with ours if not, with theirs to bring it back",
}


def list_conflicts(settings: Path, *, as_json: bool) -> int:
    """Print everything that keeps a ticket from showing what its case says, and what to do about it."""
    with looked_into(settings) as house, house.database.read() as connection:
        fields = conflicts.every_open(connection)
        refused = tuple(each for each in outbox.refused(connection) if each[0].kind in TO_TICKETS)
        stuck = outbox.stuck(connection, TO_TICKETS, before=house.clock() - STUCK_AFTER)
        left = withheld(house.desk, house.mirroring.fields, connection)
    if as_json:
        print_json(
            {
                "conflicts": [_in_json(each) for each in fields],
                "refused": [_refused(item, problem) for item, problem in refused],
                "stuck": [_stuck(each) for each in stuck],
                "undecided": [_left(each) for each in left],
            }
        )
        return 0
    console = to_people()
    if fields:
        headings = ["Id", "Case", "Ticket", "Field", "Case says", "Ticket shows", "Why", "What to do"]
        console.print(table(headings, [_row(each) for each in fields], title="Fields"))
    if refused:
        rows = [list(_refused(item, problem).values()) for item, problem in refused]
        console.print(table(["Kind", "Key", "Case", "Problem", "What to do"], rows, title="Refused notes"))
    if stuck:
        headings = ["Kind", "Key", "Case", "Waits since", "Behind it", "Problem", "What to do"]
        console.print(table(headings, [list(_stuck(each).values()) for each in stuck], title="Stuck writes"))
    if left:
        headings = ["Case", "Ticket", "Field", "Case says", "Ticket shows", "What to do"]
        console.print(table(headings, [list(_left(each).values()) for each in left], title="Undecided references"))
    if not (fields or refused or stuck or left):
        console.print("No conflicts.")
    return 0


def settle_conflict(settings: Path, conflict_id: int, take: Take, *, person: str, as_json: bool) -> int:
    """Settle a conflict as a person says; returns 1 when there is none such, 2 for an unknown person."""
    with looked_into(settings) as house:
        if house.desk.people.by_id(person) is None:
            to_people().print(f"{person} is not in the people file.", markup=False)
            return 2
        with house.database.begin() as tx:
            rules = house.mirroring.fields
            found = settle(house.desk, rules, tx, conflict_id, take, person=person, now=house.clock())
    if as_json:
        print_json({"conflict": conflict_id, "settled": found is not None, "took": take})
    elif found is None:
        to_people().print(f"There is no open conflict {conflict_id}; `makewhole conflicts` shows them.", markup=False)
    else:
        value = found.ours if take == "ours" else found.theirs
        said = f"{found.field} of {PREFIX}{found.case_number} on {found.ref}: {take} ({value or 'empty'}) is taken."
        to_people().print(said, markup=False, soft_wrap=True)
    return 0 if found else 1


def _in_json(found: Conflict) -> dict[str, Any]:
    return {
        "id": found.id,
        "case": f"{PREFIX}{found.case_number}",
        "ticket": found.ref,
        "field": found.field,
        "cause": str(found.cause),
        "problem": found.problem,
        "ours": found.ours,
        "theirs": found.theirs,
        "found_at": found.found_at.isoformat(),
        "fix": FIX[found.cause],
    }


def _row(found: Conflict) -> list[object]:
    values = [_short(found.ours), _short(found.theirs)]
    return [found.id, f"{PREFIX}{found.case_number}", found.ref, found.field, *values, found.problem, FIX[found.cause]]


def _refused(item: Item, problem: str) -> dict[str, Any]:
    fix = f"mend what the vendor says, then `makewhole deadletter replay {item.kind} {item.key}`"
    return {
        "kind": str(item.kind),
        "key": item.key,
        "case": f"{PREFIX}{item.case_number}",
        "problem": problem,
        "fix": fix,
    }


def _stuck(found: Stuck) -> dict[str, Any]:
    item = found.item
    return {
        "kind": str(item.kind),
        "key": item.key,
        "case": f"{PREFIX}{item.case_number}",
        "put_at": found.put_at.isoformat(timespec="seconds"),
        "behind": found.behind,
        "problem": found.problem or "no worker has come to it",
        "fix": _fix(found),
    }


def _left(found: Withheld) -> dict[str, Any]:
    return {
        "case": found.case_id,
        "ticket": str(found.ref),
        "field": found.field,
        "ours": _short(found.ours),
        "theirs": _short(found.theirs),
        "fix": "which loss a ticket names is said at its helpdesk: correct it there, or leave it if both are one loss",
    }


def _fix(found: Stuck) -> str:
    if found.given_up:
        return f"mend what the vendor says, then `makewhole deadletter replay {found.item.kind} {found.item.key}`"
    if found.problem is None:
        return "is a worker running? `makewhole status` shows the backlog"
    return "it is tried again by itself; `makewhole doctor` says whether the vendor lets us in"


def _short(value: str) -> str:
    return value if len(value) <= MOST_CELL else f"{value[: MOST_CELL - 1]}…"
