"""Checks of what is ours: people, policies, database, queue, tickets and payouts in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from config.mistakes import BadSettings
from config.people import load_people
from config.settings import PayoutProvider
from makewhole.assembly import queue_of, roles_held
from makewhole.doctor.check import Check, Examined, fail, ok, warn
from makewhole.opening import reason_of
from payouts.attempt import PayoutState
from payouts.ledger import FINANCE, PAYOUT_PROVIDER
from policy.checking import check
from policy.mistakes import BadPolicy
from store import books, failures, jobs, leases, outbox, tickets
from store.database import Database, create_engine, normal_url
from store.jobs import DurableJobs
from store.migrating import current_revision, wanted_revision
from workflow import paying_by_file

BACKLOG_WAITS = timedelta(minutes=5)
FINANCE_WAITS = timedelta(days=3)
MOST_NAMED = 5


def settings(seen: Examined) -> Iterator[Check]:
    """Say that the settings were read; had they not been, nothing could be examined."""
    given = seen.settings
    desks = ", ".join(given.helpdesks)
    found = f"{desks}, Slack {given.slack.team_id} by {given.slack.mode}, {given.payouts.way}"
    yield ok("settings", "read the settings and every secret they name", found)


def people(seen: Examined) -> Iterator[Check]:
    """Read the people, and look whether every role has somebody who can be reached."""
    tried = f"read {seen.settings.people}"
    try:
        known = load_people(Path(seen.settings.people))
    except BadSettings as problem:
        yield fail("people", tried, str(problem), fix="correct these lines")
        return
    held = roles_held(known)
    reached = {each.role for person in known.everyone if person.slack_id for each in person.authorities}
    found = f"{len(known.everyone)} people; " + ", ".join(f"{role} {count}" for role, count in sorted(held.items()))
    silent = sorted(held.keys() - reached)
    if silent:
        fix = f"give somebody who holds {', '.join(silent)} a Slack id"
        yield warn("people", tried, f"{found}; nobody with {', '.join(silent)} is in Slack", fix=fix)
    else:
        yield ok("people", tried, found)


def policies(seen: Examined) -> Iterator[Check]:
    """Check every text in the folder with its examples and the roles it asks for."""
    tried = f"checked {seen.settings.policies} with examples and roles"
    try:
        found = check(Path(seen.settings.policies), people=load_people(Path(seen.settings.people)))
    except BadPolicy as problem:
        yield fail("policies.valid", tried, str(problem), fix="correct this")
        return
    except BadSettings:
        yield fail("policies.valid", tried, "the people file cannot be read", fix="see people")
        return
    mistakes = [str(mistake) for each in found for mistake in each.mistakes]
    examples = sum(each.examples for each in found)
    if mistakes:
        yield fail("policies.valid", tried, "; ".join(mistakes), fix="correct these lines")
    else:
        yield ok("policies.valid", tried, f"{len(found)} policies, {examples} worked examples hold")


def database(seen: Examined) -> Iterator[Check]:
    """Reach the database, and compare its revision."""
    shown = normal_url(seen.settings.database).render_as_string(hide_password=True)
    tried = f"connected to {shown}"
    try:
        with _opened(seen) as connection:
            version = connection.dialect.server_version_info or ()
            found = f"{connection.dialect.name} {'.'.join(map(str, version))}"
            yield ok("database.reachable", tried, found)
            yield _revision(connection)
    except sa.exc.OperationalError as problem:
        fix = "start it, or correct database in the settings (or MAKEWHOLE_DATABASE_URL)"
        yield fail("database.reachable", tried, reason_of(problem), fix=fix)


def queue(seen: Examined) -> Iterator[Check]:
    """Look who works, how long the oldest job waits, and what was given up."""
    with migrated(seen) as connection:
        if connection is None:
            yield fail("queue", "looked at the queue", "the database cannot be used", fix="see database")
            return
        alive = leases.alive(connection, now=seen.clock())
        if alive:
            yield ok("queue.workers", "counted workers that are alive", str(alive))
        else:
            fix = "start `makewhole run`"
            yield warn("queue.workers", "counted workers that are alive", "none works", fix=fix)
        yield _backlog(seen, connection)
        yield _given_up(connection)


def ticket_mirror(seen: Examined) -> Iterator[Check]:
    """Count the tickets that were read, and those that could not be."""
    with migrated(seen) as connection:
        if connection is None:
            yield fail("tickets", "looked at the tickets", "the database cannot be used", fix="see database")
            return
        tried, count, bad = "looked at the tickets", tickets.count(connection), tickets.unreadable(connection)
    if bad:
        named = "; ".join(f"{ref}: {problem}" for ref, problem in bad[:MOST_NAMED])
        fix = "these are read again with every change; report them if they are real tickets"
        yield warn("tickets.unreadable", tried, f"{count} read, {len(bad)} not understood: {named}", fix=fix)
    else:
        yield ok("tickets.unreadable", tried, f"{count} read, all understood")


def payouts(seen: Examined) -> Iterator[Check]:
    """Look for payouts that nobody will carry out as things are set, or that finance has not answered."""
    with migrated(seen) as connection:
        if connection is None:
            yield fail("payouts", "looked at the payouts", "the database cannot be used", fix="see database")
            return
        if isinstance(seen.settings.payouts, PayoutProvider):
            stranded = len(paying_by_file.waiting(connection, now=seen.clock()))
            fix = "they were approved when finance paid: `makewhole finance export`"
        else:
            stranded = len(books.payouts_in(connection, way=PAYOUT_PROVIDER, state=PayoutState.INTENDED))
            fix = "they were approved when the provider paid: set payouts.way back until they are paid"
        tried = "looked for payouts of another way than is set now"
        if stranded:
            yield warn("payouts.way", tried, f"{stranded} wait", fix=fix)
        else:
            yield ok("payouts.way", tried, "none waits")
        if seen.settings.payouts.way == FINANCE:
            yield _with_finance(seen, connection)


def _revision(connection: sa.Connection) -> Check:
    tried = "compared the database's revision with the program's"
    found, wanted = current_revision(connection), wanted_revision()
    if found == wanted:
        return ok("database.revision", tried, wanted)
    fix = "run `makewhole migrate`; if the database is newer, run the newer program"
    return fail("database.revision", tried, f"{found or 'an empty database'}, wanted is {wanted}", fix=fix)


def _backlog(seen: Examined, connection: sa.Connection) -> Check:
    tried = "looked how long jobs wait"
    waiting = ", ".join(f"{name} {count}" for name, count in sorted(jobs.backlog(connection).items())) or "nothing"
    since = jobs.oldest_due(connection, now=seen.clock())
    age = seen.clock() - since if since else timedelta(0)
    found = f"waiting or running: {waiting}; the oldest that is due waits {age.total_seconds():.0f} s"
    if age > BACKLOG_WAITS:
        return warn("queue.backlog", tried, found, fix="start a worker; on PostgreSQL add some with `makewhole worker`")
    return ok("queue.backlog", tried, found)


def _given_up(connection: sa.Connection) -> Check:
    tried = "looked for what was given up"
    dead, refused = len(failures.dead_letters(connection)), len(outbox.refused(connection))
    killers = len(jobs.killers(connection))
    if not dead + refused + killers:
        return ok("queue.dead_letters", tried, "nothing")
    found = f"{dead} jobs, {refused} refused notes or cards, {killers} jobs that ended their worker"
    fix = "`makewhole deadletter list` says why; `makewhole deadletter replay` tries one again"
    return warn("queue.dead_letters", tried, found, fix=fix)


def _with_finance(seen: Examined, connection: sa.Connection) -> Check:
    tried = "looked what waits for finance"
    waits, batches = len(paying_by_file.waiting(connection, now=seen.clock())), paying_by_file.handed_over(connection)
    out = [each.attempt.last_sent_at for batch in batches.values() for each in batch]
    oldest = min((at for at in out if at), default=None)
    found = f"{waits} to be exported, {len(out)} in {len(batches)} batches without an answer"
    if oldest and seen.clock() - oldest > FINANCE_WAITS:
        fix = "ask finance, then `makewhole finance confirm`"
        return warn("payouts.finance", tried, f"{found}, since {oldest:%Y-%m-%d}", fix=fix)
    return ok("payouts.finance", tried, found)


@contextmanager
def _opened(seen: Examined) -> Iterator[sa.Connection]:
    engine = create_engine(seen.settings.database)
    try:
        with Database(engine, DurableJobs(engine, queue_of)).read() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def migrated(seen: Examined) -> Iterator[sa.Connection | None]:
    """Open the database; None when it cannot be reached or is at another revision, which `database` says."""
    try:
        with _opened(seen) as connection:
            yield connection if current_revision(connection) == wanted_revision() else None
    except sa.exc.OperationalError:
        yield None
