"""The singer taps, alone: what they write goes to a file, so a target's work, the larger part, is not even in it."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.mirror import peer_singer_run
from tests.bench.mirror.peers import python_of
from tests.bench.mirror.salesforce_wire import ALL_FIELDS
from tests.bench.mirror.task import Absent, Task

START = "2025-01-01T00:00:00Z"
JIRA_OTHERS = [
    "projects",
    "versions",
    "project_types",
    "project_categories",
    "resolutions",
    "roles",
    "users",
    "components",
    "issue_comments",
    "changelogs",
    "issue_transitions",
    "worklogs",
]  # Read as words.
_SELECTED = {"selected": True, "inclusion": "available"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A tap that has not been started. command: How to; output: where it writes."""

    command: tuple[str, ...]
    output: Path

    def backfill(self) -> int:
        """Run the tap to its end; return how many records it wrote. Raises RuntimeError with what it said."""
        records = 0
        with (
            self.output.open("wb") as file,
            (self.output.parent / "log").open("wb") as log,
            subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log) as tap,
        ):
            assert tap.stdout is not None
            for line in tap.stdout:
                records += line.startswith((b'{"type": "RECORD"', b'{"type":"RECORD"'))
                file.write(line)
        if tap.returncode:
            raise RuntimeError((self.output.parent / "log").read_text(errors="replace")[-1_000:])
        return records

    def poll(self) -> int:
        """Say that a tap is started anew each time."""
        raise NotImplementedError


@contextmanager
def open_mirror(task: Task) -> Iterator[Tap]:
    """Write the tap's configuration and catalog into the task's folder."""
    name = f"tap-{task.system}"
    python = python_of(name)
    if python is None:
        raise Absent(f"{name} is not installed: python -m tests.bench.mirror --install-peers")
    folder = Path(task.folder)
    (folder / "config.json").write_text(json.dumps(_configuration(task.system)))
    catalog = _salesforce_catalog() if task.system == "salesforce" else _catalog(python, task.system)
    (folder / "catalog.json").write_text(json.dumps(catalog))
    flag = "--catalog" if task.system == "zendesk" else "--properties"
    arguments = ("--config", str(folder / "config.json"), flag, str(folder / "catalog.json"))
    program = (str(python), peer_singer_run.__file__, name.replace("-", "_"), f"{task.url}/{task.system}")
    yield Tap(command=(*program, *arguments), output=folder / "records.jsonl")


def _configuration(system: str) -> dict[str, str]:
    known = {"start_date": START, "user_agent": "bench", "subdomain": "harbor", "email": "bot@harbor.example"}
    known |= {"access_token": "bench", "username": "bot@harbor.example", "password": "sandbox-jira-token"}
    known |= {"base_url": "https://harbor.atlassian.net"}
    if system == "salesforce":
        known |= {"refresh_token": "bench", "client_id": "bench", "client_secret": "bench", "api_type": "REST"}
        known |= {"quota_percent_per_run": "100", "quota_percent_total": "100"}
    return known


def _catalog(python: Path, system: str) -> dict[str, Any]:
    """Return the tap's own schema of its main stream, selected whole."""
    stream = {"zendesk": "tickets", "jira": "issues"}[system]
    command = (str(python), peer_singer_run.__file__, f"tap_{system}", "schema", stream)
    schema = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    metadata = [{"breadcrumb": [], "metadata": _SELECTED | {"table-key-properties": ["id"]}}]
    metadata += [{"breadcrumb": ["properties", name], "metadata": _SELECTED} for name in schema["properties"]]
    entry = {"tap_stream_id": stream, "stream": stream, "schema": schema, "key_properties": ["id"]}
    return {"streams": [entry | {"metadata": metadata}, *(_left_out(name) for name in JIRA_OTHERS if system == "jira")]}


def _left_out(stream: str) -> dict[str, Any]:
    """Return a stream that is not selected, where a tap wants them all named."""
    return {"tap_stream_id": stream, "stream": stream, "schema": {"type": "object"}, "metadata": []}


def _salesforce_catalog() -> dict[str, Any]:
    text, moment = (
        {"type": ["null", "string"]},
        {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
    )
    properties: dict[str, Any] = dict.fromkeys(ALL_FIELDS, text)
    properties |= {name: moment for name in ALL_FIELDS if name.endswith("Date") or name == "SystemModstamp"}
    properties |= {name: {"type": ["null", "boolean"]} for name in ALL_FIELDS if name.startswith("Is")}
    properties["Claimed_Amount__c"] = {"type": ["null", "number"]}
    whole = _SELECTED | {"table-key-properties": ["Id"], "replication-key": "SystemModstamp"}
    metadata = [{"breadcrumb": [], "metadata": whole}]
    metadata += [{"breadcrumb": ["properties", name], "metadata": _SELECTED} for name in properties]
    schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return {"streams": [{"tap_stream_id": "Case", "stream": "Case", "schema": schema, "metadata": metadata}]}
