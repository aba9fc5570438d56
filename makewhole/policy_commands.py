"""`makewhole policy`: check policies, and see how one decides."""

from pathlib import Path
from typing import Annotated

import typer

from makewhole.authoring_commands import authoring
from makewhole.options import AsJson

policy_app = typer.Typer(no_args_is_help=True, help="Check policies, and see how one decides.")
policy_app.add_typer(authoring)


@policy_app.command("check")
def policy_check(
    directory: Path,
    *,
    people: Annotated[Path | None, typer.Option(help="Also prove that enough people hold each role.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check every policy in a folder: text, units, rules, matrix and worked examples."""
    from makewhole import policies_shown

    raise typer.Exit(policies_shown.check_policies(directory, people=people, as_json=as_json))


@policy_app.command("explain")
def policy_explain(
    file: Path,
    given: Annotated[list[str], typer.Argument(help="Inputs: hours_late=7.5 delay_cause=platform")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show step by step what a policy makes of these inputs."""
    from makewhole import policies_shown

    raise typer.Exit(policies_shown.explain_policy(file, given, as_json=as_json))
