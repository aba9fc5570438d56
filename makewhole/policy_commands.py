"""`makewhole policy`: check policies, see how one decides, and bring them into force."""

from pathlib import Path
from typing import Annotated

import typer

from makewhole.authoring_commands import authoring
from makewhole.options import SETTINGS, AsJson, SettingsFile
from makewhole.simulation_commands import simulation
from makewhole.trouble import WrongUsage

policy_app = typer.Typer(no_args_is_help=True, help="Check policies, see how one decides, and bring them into force.")
policy_app.add_typer(authoring)
policy_app.add_typer(simulation)
By = Annotated[str, typer.Option("--by", help="Who you are, by your id in people.yaml.")]
Because = Annotated[str, typer.Option("--because", help="Why; kept for ever.")]


@policy_app.command("check")
def policy_check(
    path: Annotated[Path, typer.Argument(help="A policy file, or a folder of them.")],
    *,
    people: Annotated[Path | None, typer.Option(help="Also prove that enough people can agree everywhere.")] = None,
    notes: Annotated[bool, typer.Option("--notes", help="Also say what is worth a look and asks for nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a policy or a folder of them: text, units, rules, matrix, worked examples, and what a release would ask."""
    from makewhole import policies_shown

    raise typer.Exit(policies_shown.check_policies(path, people=people, notes=notes, as_json=as_json))


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


@policy_app.command("submit")
def policy_submit(
    files: Annotated[list[Path], typer.Argument(help="Policy files, or folders of them.")],
    *,
    by: By,
    waive: Annotated[
        list[str] | None, typer.Option("--waive", help='Why a finding is no fault: "never-binds: per case=it is a cap"')
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how they would stand, and keep nothing.")
    ] = False,
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Hand policies in for somebody else to release: examples hold, every finding is mended or waived."""
    from makewhole import releases_shown

    raise typer.Exit(releases_shown.submit(settings, files, waive or (), by=by, dry_run=dry_run, as_json=as_json))


@policy_app.command("approve")
def policy_approve(
    name: Annotated[str | None, typer.Argument(help="The policy; none with --all.")] = None,
    version: Annotated[str | None, typer.Argument(help="Its version.")] = None,
    *,
    by: By,
    fingerprint: Annotated[
        str | None,
        typer.Option("--hash", help="The beginning of the hash of what you have read: the text and its waivers."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Release a version that somebody else submitted: from its start on it decides."""
    from makewhole import releases_shown

    if everything and name is None:
        raise typer.Exit(releases_shown.approve_all(settings, by=by, as_json=as_json))
    if everything or name is None or version is None:
        raise WrongUsage("Name a policy and its version, or say --all.")
    raise typer.Exit(releases_shown.approve(settings, (name, version, fingerprint), by=by, as_json=as_json))


@policy_app.command("reject")
def policy_reject(
    name: str, version: str, *, because: Because, by: By, settings: SettingsFile = SETTINGS, as_json: AsJson = False
) -> None:
    """Send a submitted version back to its author, or take your own back."""
    from makewhole import releases_shown

    raise typer.Exit(releases_shown.reject(settings, name, version, reason=because, by=by, as_json=as_json))


@policy_app.command("withdraw")
def policy_withdraw(
    name: str, version: str, *, because: Because, by: By, settings: SettingsFile = SETTINGS, as_json: AsJson = False
) -> None:
    """Let a released version decide nothing any more; what it has decided stays."""
    from makewhole import releases_shown

    raise typer.Exit(releases_shown.withdraw(settings, name, version, reason=because, by=by, as_json=as_json))


@policy_app.command("list")
def policy_list(*, settings: SettingsFile = SETTINGS, as_json: AsJson = False) -> None:
    """List every version that was submitted: its state, from when to when, who wrote and who released it."""
    from makewhole import releases_shown

    raise typer.Exit(releases_shown.list_versions(settings, as_json=as_json))


@policy_app.command("show")
def policy_show(
    version: Annotated[str, typer.Argument(help="delayed-withdrawal@3")],
    *,
    text: Annotated[bool, typer.Option("--text", help="Only the text, to begin the next version from.")] = False,
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Show the text of a version that was submitted, what was waived in it, and its history."""
    from makewhole import releases_shown

    raise typer.Exit(releases_shown.show_version(settings, version, only_text=text, as_json=as_json))


@policy_app.command("diff")
def policy_diff(
    old: Annotated[str, typer.Argument(help="A file, or delayed-withdrawal@3 of what was submitted.")],
    new: Annotated[str, typer.Argument(help="The same.")],
    *,
    cases: Annotated[bool, typer.Option("--cases", help="Try the stored cases too, newest first.")] = False,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many of them.")] = 1_000,
    html: Annotated[Path | None, typer.Option(help="Also write it as a page.")] = None,
    language: Annotated[str, typer.Option(help="Of the page: en or zh.")] = "en",
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Show what changes between two versions in words, and which cases are decided otherwise."""
    from makewhole import diff_shown

    asked = diff_shown.Asked(old=old, new=new, stored=cases, most=most, html=html, language=language, as_json=as_json)
    raise typer.Exit(diff_shown.diff(settings, asked))
