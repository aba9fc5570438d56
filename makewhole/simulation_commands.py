"""`makewhole policy simulate`: two versions of a policy over the same cases."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from makewhole.options import SETTINGS, AsJson, SettingsFile
from makewhole.trouble import Unusable

_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z"]

simulation = typer.Typer()


@simulation.command("simulate")
def policy_simulate(  # noqa: PLR0913  # One for each option.
    *,
    version: Annotated[str, typer.Option(help="A version as it is: a file, or name@version.")],
    against: Annotated[str, typer.Option(help="What it is compared with: a file, or name@version.")],
    start: Annotated[
        datetime | None, typer.Option("--from", formats=_TIMES, help="Cases from this moment, UTC.")
    ] = None,
    end: Annotated[datetime | None, typer.Option("--to", formats=_TIMES, help="Cases before this moment, UTC.")] = None,
    cases: Annotated[Path | None, typer.Option(help="A CSV or Parquet file in place of the stored cases.")] = None,
    policies: Annotated[
        Path | None, typer.Option(help="Look for name@version in this folder, not among those submitted.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a page with charts.")] = None,
    language: Annotated[str, typer.Option(help="Of the page: en or zh.")] = "en",
    parquet: Annotated[Path | None, typer.Option(help="Also write what becomes of each case.")] = None,
    settings: SettingsFile = SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Show what another version would change: totals, who gets more or less, approvals, budget; nothing is decided."""
    from policy.many.one_by_one import why_not_columns

    if why_not_columns() is not None:
        raise Unusable("a simulation needs Polars: install makewhole[many]")
    from makewhole import simulation_shown
    from makewhole.simulation_shown import Asked

    asked = Asked(
        version=version,
        against=against,
        start=start,
        end=end,
        cases=cases,
        policies=policies,
        html=html,
        language=language,
        parquet=parquet,
        as_json=as_json,
    )
    raise typer.Exit(simulation_shown.simulate_versions(settings, asked))
