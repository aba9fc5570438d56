"""The command line. Data goes to stdout, progress and trouble to stderr; `--json` prints one object with its schema.

Exit codes: 0 fine, 1 something was found wrong, 2 wrong usage, 3 settings, people, policies or the database cannot be
used.
"""

import gc
import sys
from pathlib import Path
from typing import Annotated

import typer

from makewhole.admin_commands import admin_app
from makewhole.conflict_commands import conflicts_app
from makewhole.erase_commands import erase_app
from makewhole.link_commands import By, links_app
from makewhole.options import SETTINGS, AsJson, DryRun, SettingsFile, WhichPart, Who
from makewhole.policy_commands import policy_app
from makewhole.price_commands import prices_app
from makewhole.trouble import Unusable, WrongUsage

#: Importing makes many objects and no garbage; Python's 700 would have it looked for all the way.
MANY_NEW_OBJECTS = 50_000

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Finds what a customer is owed, asks the right people, pays once, tells every ticket.",
)
case_app = typer.Typer(no_args_is_help=True, help="Look at cases, and help one that needs attention.")
audit_app = typer.Typer(no_args_is_help=True, help="Prove that the history of every case is whole.")
deadletter_app = typer.Typer(no_args_is_help=True, help="Jobs that were given up, and trying them again.")
payout_app = typer.Typer(no_args_is_help=True, help="Payouts that wait for a person, and what the person found out.")
finance_app = typer.Typer(no_args_is_help=True, help="Pay by a file that finance takes and answers.")
for name, group in {
    "case": case_app,
    "policy": policy_app,
    "prices": prices_app,
    "audit": audit_app,
    "deadletter": deadletter_app,
    "conflicts": conflicts_app,
    "erase": erase_app,
    "finance": finance_app,
    "links": links_app,
    "payout": payout_app,
}.items():
    app.add_typer(group, name=name)
app.add_typer(admin_app)


@app.command()
def demo(
    *,
    as_json: AsJson = False,
    database: Annotated[str | None, typer.Option(help="Database URL; a fresh SQLite file when none is given.")] = None,
) -> None:
    """Play a working day against the sandbox, then compare all books; exit 0 only if nothing is missing or doubled."""
    from makewhole.demo.day import play

    raise typer.Exit(play(as_json=as_json, database=database))


@app.command()
def run(
    *,
    settings: SettingsFile = SETTINGS,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Start a sandbox beside us and use it.")] = False,
) -> None:
    """Serve webhooks and Slack, work, and tick, in one process."""
    from makewhole import starting

    raise typer.Exit(starting.run(settings, with_sandbox=sandbox))


@app.command()
def worker(*, settings: SettingsFile = SETTINGS) -> None:
    """Add one more worker on the same PostgreSQL."""
    from makewhole import starting

    raise typer.Exit(starting.work(settings))


@app.command()
def status(*, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """Show how every helpdesk's mirror fares; exit 1 when one is late, failing or was never read."""
    from makewhole import status_shown

    raise typer.Exit(status_shown.status(settings, as_json=as_json))


@app.command()
def backfill(
    source: Annotated[str | None, typer.Argument(help="Only this helpdesk: zendesk, or zendesk:harbor")] = None,
    *,
    leave: Annotated[
        float, typer.Option(min=0.0, max=0.95, help="Wait while less than this share of the vendor's budget is left.")
    ] = 0.2,
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Read whole accounts now, with progress; it may be killed at any moment and goes on where it was."""
    from makewhole import backfilling

    raise typer.Exit(backfilling.backfill(settings, source, leave=leave, as_json=as_json))


@app.command()
def migrate(*, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """Bring the database up to date; every other command that runs does it too."""
    from makewhole import operating

    raise typer.Exit(operating.migrate_database(settings, as_json=as_json))


@app.command()
def doctor(
    *,
    settings: SettingsFile = SETTINGS,
    only: Annotated[str | None, typer.Option(help="Only checks whose name begins so: zendesk")] = None,
    as_json: AsJson = False,
) -> None:
    """Try everything that must work and say what to do about what does not."""
    from makewhole import checking

    raise typer.Exit(checking.doctor(settings, only=only, as_json=as_json))


@case_app.command("list")
def case_list(
    *,
    settings: SettingsFile = SETTINGS,
    stage: Annotated[str | None, typer.Option(help="Only this stage: awaiting_approval")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List cases, newest first."""
    from makewhole import cases_shown

    raise typer.Exit(cases_shown.list_cases(settings, stage=stage, limit=limit, as_json=as_json))


@case_app.command("show")
def case_show(case_id: str, *, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """Show one case: its proposal with every step, who decided, the payout and its whole history."""
    from makewhole import cases_shown

    raise typer.Exit(cases_shown.show_case(settings, case_id, as_json=as_json))


@case_app.command("retry")
def case_retry(
    case_id: str,
    *,
    person: Annotated[str, typer.Option(help="Who you are, by your id in people.yaml.")],
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Gather the evidence anew for a case that needs attention, and propose again."""
    from makewhole import cases_shown

    raise typer.Exit(cases_shown.retry_case(settings, case_id, person=person, as_json=as_json))


@case_app.command("recompute")
def case_recompute(
    case_id: Annotated[str | None, typer.Argument(help="CASE-4711; none with --all.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every case, with a count.")] = False,
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Work a proposal out anew from what is stored with it alone, and say whether it comes out the same."""
    from makewhole import recomputing

    raise typer.Exit(recomputing.recompute_case(settings, case_id, everything=everything, as_json=as_json))


@case_app.command("tell")
def case_tell(
    case_id: str, *, dry_run: DryRun = False, settings: SettingsFile = SETTINGS, as_json: AsJson = False
) -> None:
    """Say once more to every ticket of a case how it stands; what a ticket has already is not said twice."""
    from makewhole.admin import telling

    raise typer.Exit(telling.tell_case(settings, case_id, dry_run=dry_run, as_json=as_json))


@case_app.command("join")
def case_join(case_id: str, other: str, *, by: By, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """Bring a ticket ("jira:harbor:ENG-5") or another case into this one; the other case is given up for it."""
    from makewhole import links_shown

    raise typer.Exit(links_shown.join(settings, case_id, other, person=by, as_json=as_json))


@case_app.command("split")
def case_split(case_id: str, other: str, *, by: By, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """Take a ticket, or a case that was joined, out of this one again; not once something was paid."""
    from makewhole import links_shown

    raise typer.Exit(links_shown.split(settings, case_id, other, person=by, as_json=as_json))


@audit_app.command("verify")
def audit_verify(*, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """Verify the history of every case, and that the ledger balances and agrees with it."""
    from makewhole import operating

    raise typer.Exit(operating.verify_audit(settings, as_json=as_json))


@deadletter_app.command("list")
def deadletter_list(*, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """List jobs that are not tried again by themselves, and notes that tickets refused."""
    from makewhole import operating

    raise typer.Exit(operating.list_dead_letters(settings, as_json=as_json))


@deadletter_app.command("replay")
def deadletter_replay(kind: str, key: str, *, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """Try one of them again, under the same keys as before."""
    from makewhole import operating

    raise typer.Exit(operating.replay_dead_letter(settings, kind, key, as_json=as_json))


@payout_app.command("list")
def payout_list(*, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """List payouts that cannot go on by themselves: they, or others of their case, may have moved money."""
    from makewhole import payouts_shown

    raise typer.Exit(payouts_shown.list_unsettled(settings, as_json=as_json))


@payout_app.command("release")
def payout_release(
    case_id: str, *, person: Who, part: WhichPart = None, settings: SettingsFile = SETTINGS, as_json: AsJson = False
) -> None:
    """Let it go on: it is looked up anew, and sent again only when it is proved absent, or when it surely failed."""
    from makewhole import payouts_shown
    from workflow.paying import Finding

    finding = Finding.RELEASE
    raise typer.Exit(payouts_shown.settle_payout(settings, case_id, finding, person=person, part=part, as_json=as_json))


@payout_app.command("paid")
def payout_paid(
    case_id: str,
    provider_id: str,
    *,
    person: Who,
    part: WhichPart = None,
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Take in that you have seen the payment at the provider, under this id of theirs."""
    from makewhole import payouts_shown
    from workflow.paying import Finding

    raise typer.Exit(
        payouts_shown.settle_payout(
            settings, case_id, Finding.PAID, person=person, provider_id=provider_id, part=part, as_json=as_json
        )
    )


@payout_app.command("unpaid")
def payout_unpaid(
    case_id: str, *, person: Who, part: WhichPart = None, settings: SettingsFile = SETTINGS, as_json: AsJson = False
) -> None:
    """Take in the provider's word that nothing was or will be paid: a part is given up, a claim proposed anew."""
    from makewhole import payouts_shown
    from workflow.paying import Finding

    finding = Finding.UNPAID
    raise typer.Exit(payouts_shown.settle_payout(settings, case_id, finding, person=person, part=part, as_json=as_json))


@finance_app.command("export")
def finance_export(file: Path, *, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """Write what finance is to pay into a new CSV file."""
    from makewhole import finance

    raise typer.Exit(finance.export(settings, file, as_json=as_json))


@finance_app.command("confirm")
def finance_confirm(file: Path, *, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """Take in what finance says of it; nothing counts when any line is in doubt."""
    from makewhole import finance

    raise typer.Exit(finance.confirm(settings, file, as_json=as_json))


def main() -> None:
    """Run the command line: what a person must mend is said in a sentence, without a traceback."""
    gc.set_threshold(MANY_NEW_OBJECTS)
    try:
        app()
    except Unusable as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(3)
    except WrongUsage as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(2)
