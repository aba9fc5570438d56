"""The commands that erase: `erase customer`."""

from typing import Annotated

import typer

from makewhole.options import SETTINGS, AsJson, SettingsFile

erase_app = typer.Typer(no_args_is_help=True, help="Erase what people may ask to have erased.")


@erase_app.command("customer")
def erase_customer(
    customer_id: Annotated[str, typer.Argument(help="Your id of the customer: C-100023")],
    *,
    by: Annotated[str | None, typer.Option("--by", help="Who you are, by your id in people.yaml.")] = None,
    even_open: Annotated[
        bool, typer.Option("--even-open", help="Also while cases of theirs are open; approvers decide without words.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be erased, and erase nothing.")] = False,
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Erase a customer's words and personal data here, and say what stays, and what the vendors must erase."""
    from makewhole import erasing

    raise typer.Exit(erasing.erase(settings, customer_id, by=by, even_open=even_open, dry_run=dry_run, as_json=as_json))
