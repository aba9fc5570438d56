"""The commands of an admin: `init`, `map` and `webhooks`."""

from pathlib import Path
from typing import Annotated

import typer

from makewhole.options import SETTINGS, AsJson, DryRun, SettingsFile

SecretFile = Annotated[
    Path | None, typer.Option("--secret-file", help="A new file for a new secret; without it, the terminal.")
]

admin_app = typer.Typer()
webhooks_app = typer.Typer(no_args_is_help=True, help="Make the vendors' webhooks, check them, change their secrets.")
admin_app.add_typer(webhooks_app, name="webhooks")


@admin_app.command("init")
def set_up(
    folder: Path,
    *,
    answers: Annotated[Path | None, typer.Option(help="Answers in YAML; keys as in the settings.")] = None,
    options: Annotated[
        list[str] | None, typer.Option("--set", help="One answer: --set zendesk.subdomain=harbor. May be repeated.")
    ] = None,
    no_input: Annotated[bool, typer.Option("--no-input", help="Ask nobody, and guess nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask what must be known, try it, and write settings, a Slack manifest and the fields to make."""
    from makewhole.setup import init

    raise typer.Exit(
        init.init(folder, answers=answers, options=options or [], ask=not no_input, force=force, as_json=as_json)
    )


@admin_app.command("map")
def map_fields(
    vendor: str,
    *,
    samples: Annotated[
        bool, typer.Option("--samples", help="Show values of late: they may be customers' words.")
    ] = False,
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """List an account's ticket fields beside our names, and what is wrong with the mapping."""
    from makewhole.admin import field_map

    raise typer.Exit(field_map.show_map(settings, vendor, samples=samples, as_json=as_json))


@webhooks_app.command("install")
def webhooks_install(
    vendor: Annotated[
        str | None, typer.Argument(help="zendesk, salesforce or jira; all that are set without it.")
    ] = None,
    *,
    secret_file: SecretFile = None,
    dry_run: DryRun = False,
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Make the webhooks that are missing, and say where their secrets go."""
    from makewhole.admin import webhooks

    raise typer.Exit(webhooks.install(settings, vendor, secret_file=secret_file, dry_run=dry_run, as_json=as_json))


@webhooks_app.command("verify")
def webhooks_verify(
    vendor: Annotated[str | None, typer.Argument(help="As for install.")] = None,
    *,
    dry_run: DryRun = False,
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Look whether they are there, active, ours, not about to end, and whether a delivery arrives."""
    from makewhole.admin import webhooks

    raise typer.Exit(webhooks.verify(settings, vendor, dry_run=dry_run, as_json=as_json))


@webhooks_app.command("rotate")
def webhooks_rotate(
    vendor: str,
    *,
    switch: Annotated[
        bool, typer.Option("--switch", help="The new secret is in the settings: sign with it now.")
    ] = False,
    without_ping: Annotated[bool, typer.Option("--without-ping", help="Do not try our own door first.")] = False,
    secret_file: SecretFile = None,
    dry_run: DryRun = False,
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Change a webhook's secret in two steps, so that no delivery is refused in between."""
    from makewhole.admin import webhooks

    raise typer.Exit(
        webhooks.rotate(
            settings,
            vendor,
            secret_file=secret_file,
            switch=switch,
            without_ping=without_ping,
            dry_run=dry_run,
            as_json=as_json,
        )
    )
