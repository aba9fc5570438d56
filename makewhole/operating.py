"""What an operator does now and then: migrate, verify the books, look at dead letters and replay them."""

from pathlib import Path

import sqlalchemy as sa

from makewhole.opening import looked_into, opened, reason_of
from makewhole.printing import print_json, table, to_people
from makewhole.trouble import Unusable
from makewhole.verifying import in_words, verify_books
from store import failures, jobs, outbox
from store.migrating import migrate
from store.outbox import Kind


def migrate_database(settings: Path, *, as_json: bool) -> int:
    """Bring the database up to date and print the revision reached."""
    with opened(settings) as house:
        try:
            revision = migrate(house.engine, house.settings.database)
        except sa.exc.OperationalError as problem:
            raise Unusable(f"the database cannot be reached: {reason_of(problem)}") from None
    if as_json:
        print_json({"revision": revision})
    else:
        to_people().print(f"The database is at revision {revision}.", markup=False)
    return 0


def verify_audit(settings: Path, *, as_json: bool) -> int:
    """Verify histories and books; returns 1 and names every break when something does not hold."""
    with looked_into(settings) as house:
        problems, sums = verify_books(house)
    if as_json:
        print_json({"audit": "broken" if problems else "ok", "problems": problems, "ledger_sum": in_words(sums)})
    else:
        for problem in problems:
            to_people().print(problem, markup=False, soft_wrap=True)
        balances = ", ".join(str(money) for money in sums.values()) or "empty"
        found = "Every history holds" if not problems else f"{len(problems)} breaks"
        to_people().print(f"{found}; the ledger sums to {balances}.", markup=False)
    return 1 if problems else 0


def list_dead_letters(settings: Path, *, as_json: bool) -> int:
    """Print jobs that were given up, and outbox items that were refused."""
    with looked_into(settings) as house, house.database.read() as connection:
        dead = failures.dead_letters(connection)
        refused = outbox.refused(connection)
        killers = jobs.killers(connection)
    if as_json:
        print_json(
            {
                "jobs": [
                    {
                        "kind": each.kind,
                        "key": each.key,
                        "attempts": each.attempts,
                        "problem": each.problem,
                        "dead_at": each.dead_at.isoformat(),
                    }
                    for each in dead
                ],
                "refused": [{"kind": str(item.kind), "key": item.key, "problem": why} for item, why in refused],
                "killers": list(killers),
            }
        )
        return 0
    rows: list[tuple[object, ...]] = [(each.kind, each.key, each.attempts, each.problem) for each in dead]
    rows += [(item.kind, item.key, "", why) for item, why in refused]
    rows += [("", killer, "", "ended its worker again and again") for killer in killers]
    to_people().print(table(["Kind", "Key", "Attempts", "Problem"], rows) if rows else "No dead letters.")
    return 0


def replay_dead_letter(settings: Path, kind: str, key: str, *, as_json: bool) -> int:
    """Try one dead letter again under the same keys; returns 1 when there is no such one."""
    with looked_into(settings) as house, house.database.begin() as tx:
        found = failures.revive(tx, kind, key) or jobs.reclaim(tx.connection, kind, key)
        found = found or (kind in list(Kind) and outbox.reopen(tx, key))
        if found:
            house.jobs.try_now(tx.connection, kind, key, now=house.clock())
    if as_json:
        print_json({"kind": kind, "key": key, "replayed": found})
    else:
        said = "is tried again" if found else "is no dead letter; `makewhole deadletter list` shows them"
        to_people().print(f"{kind} {key} {said}.", markup=False)
    return 0 if found else 1
