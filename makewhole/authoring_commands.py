"""`makewhole policy export`, `import`, `page`, `new`: how a manager writes policies and reads them."""

from pathlib import Path
from typing import Annotated

import typer

authoring = typer.Typer()
AsJSON = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]


@authoring.command("export")
def policy_export(file: Path, workbook: Path, *, force: Force = False, as_json: AsJSON = False) -> None:
    """Write a policy as an Excel workbook; comments become notes."""
    from makewhole import authoring_shown

    raise typer.Exit(authoring_shown.export(file, workbook, force=force, as_json=as_json))


@authoring.command("import")
def policy_import(
    workbook: Path,
    file: Path,
    *,
    people: Annotated[Path | None, typer.Option(help="Also prove that enough people hold each role.")] = None,
    force: Force = False,
    as_json: AsJSON = False,
) -> None:
    """Check a workbook and write it as a policy's text; with a mistake nothing is written, and exit is 1."""
    from makewhole import authoring_shown

    raise typer.Exit(authoring_shown.bring_in(workbook, file, people=people, force=force, as_json=as_json))


@authoring.command("page")
def policy_page(
    file: Path,
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The HTML file to write.")],
    lang: Annotated[str, typer.Option(help="Headings in en or zh; both wordings are shown in either.")] = "en",
    force: Force = False,
    as_json: AsJSON = False,
) -> None:
    """Write a policy as a page to read and print: decision table, matrix, wording, and examples worked out again."""
    from makewhole import authoring_shown

    raise typer.Exit(authoring_shown.page(file, output, language=lang, force=force, as_json=as_json))


@authoring.command("new")
def policy_new(
    name: Annotated[str | None, typer.Argument(help="What it is called: parcel-late")] = None,
    *,
    start: Annotated[str, typer.Option("--from", help="The template; --list shows them.")] = "blank",
    listed: Annotated[bool, typer.Option("--list", help="Show the templates.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the file is put.")] = Path(),
    as_json: AsJSON = False,
) -> None:
    """Begin a policy from a template that loads as it is, with its examples; change it line by line."""
    from makewhole import authoring_shown

    if listed:
        raise typer.Exit(authoring_shown.list_templates(as_json=as_json))
    raise typer.Exit(authoring_shown.begin(name, start, folder, as_json=as_json))
