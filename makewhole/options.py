"""Options that many commands have."""

from pathlib import Path
from typing import Annotated

import typer

SETTINGS = Path("config/makewhole.yaml")
SettingsFile = Annotated[Path, typer.Option("--settings", help="The settings file.", show_default=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Who = Annotated[str, typer.Option("--person", help="Who you are, by your id in people.yaml.")]
WhichPart = Annotated[int | None, typer.Option("--part", help="Which part, where several of a case wait.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the calls that would be made, and make none.")]
