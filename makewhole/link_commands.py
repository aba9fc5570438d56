"""The commands about what belongs together: `links`."""

from typing import Annotated

import typer

from makewhole.options import SETTINGS, AsJson, SettingsFile

links_app = typer.Typer(no_args_is_help=True, help="Questions whether a ticket and a case tell of one loss.")
Number = Annotated[int, typer.Argument(min=1, max=2_000_000_000, help="As `links list` shows it.")]
By = Annotated[str, typer.Option("--by", help="Who you are, by your id in people.yaml.")]


@links_app.command("list")
def links_list(*, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """List the questions that wait for a person, oldest first."""
    from makewhole import links_shown

    raise typer.Exit(links_shown.list_questions(settings, as_json=as_json))


@links_app.command("same")
def links_same(question: Number, *, by: By, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """Say that the ticket and the case tell of one loss: they become one case."""
    from makewhole import links_shown
    from store.links import Answer

    raise typer.Exit(links_shown.answer_question(settings, question, Answer.SAME, person=by, as_json=as_json))


@links_app.command("apart")
def links_apart(question: Number, *, by: By, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """Say that they tell of two: nothing joins them by itself any more."""
    from makewhole import links_shown
    from store.links import Answer

    raise typer.Exit(links_shown.answer_question(settings, question, Answer.APART, person=by, as_json=as_json))
