"""`makewhole policy export`, `import`: how a manager writes policies and reads them."""

from pathlib import Path
from typing import Annotated

import typer

authoring = typer.Typer()
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]


@authoring.command("export")
def policy_export(file: Path, workbook: Path, *, force: Force = False) -> None:
    """Write a policy as an Excel workbook; comments become notes."""
    from makewhole import authoring_shown

    raise typer.Exit(authoring_shown.export(file, workbook, force=force))


@authoring.command("import")
def policy_import(
    workbook: Path,
    file: Path,
    *,
    people: Annotated[Path | None, typer.Option(help="Also prove that enough people hold each role.")] = None,
    force: Force = False,
) -> None:
    """Check a workbook and write it as a policy's text; with a mistake nothing is written, and exit is 1."""
    from makewhole import authoring_shown

    raise typer.Exit(authoring_shown.bring_in(workbook, file, people=people, force=force))
