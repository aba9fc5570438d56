"""`makewhole conflicts`: what keeps tickets from showing what their case says, as one list."""

from typing import Annotated, Literal

import typer

from makewhole.options import SETTINGS, AsJson, SettingsFile

conflicts_app = typer.Typer(help="Fields that tickets and cases disagree on, and writes that are refused or stuck.")
By = Annotated[str, typer.Option("--by", "--person", help="Who you are, by your id in people.yaml.")]
Whose = Annotated[Literal["ours", "theirs"], typer.Option("--take", help="What the case says, or what the ticket has.")]


@conflicts_app.callback(invoke_without_command=True)
def conflicts(context: typer.Context, *, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """List them, with what to do about each."""
    if context.invoked_subcommand is None:
        from makewhole import conflicts_shown

        raise typer.Exit(conflicts_shown.list_conflicts(settings, as_json=as_json))


@conflicts_app.command("settle")
def conflicts_settle(
    conflict_id: int, *, take: Whose, person: By, settings: SettingsFile = SETTINGS, as_json: AsJson = False
) -> None:
    """Decide which value of a field holds: every ticket of the case is brought in line with it."""
    from makewhole import conflicts_shown

    raise typer.Exit(conflicts_shown.settle_conflict(settings, conflict_id, take, person=person, as_json=as_json))
