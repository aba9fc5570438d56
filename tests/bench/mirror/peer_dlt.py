"""dlt's own REST source into DuckDB by Parquet: the framework, and the way of it, that was fastest when we tried.

Runs in an environment of its own (see `peers`). Records are kept as they come, nested values as JSON: unnesting them
into tables of their own, dlt's default, costs it several times more.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from tests.bench.mirror.task import Absent, Task

SALESFORCE_FIELDS = "FIELDS(ALL)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A dlt pipeline and the resource it loads."""

    pipeline: Any
    source: Any

    def backfill(self) -> int:
        """Extract, normalise and load everything."""
        self.pipeline.run(self.source, loader_file_format="parquet", write_disposition="append")
        with self.pipeline.sql_client() as client:
            return int(client.execute_sql("SELECT count(*) FROM tickets")[0][0])

    def poll(self) -> int:
        """Say that a pipeline is run once."""
        raise NotImplementedError


@contextmanager
def open_mirror(task: Task) -> Iterator[Pipeline]:
    """Open a pipeline in the task's folder."""
    os.environ |= {
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "ERROR",
        "DLT_DATA_DIR": task.folder,
        "DLT_CONFIG_FOLDER": task.folder,
    }
    try:
        dlt, rest, paging = map(
            import_module, ("dlt", "dlt.sources.rest_api", "dlt.sources.helpers.rest_client.paginators")
        )
    except ModuleNotFoundError:
        raise Absent("dlt is not installed: python -m tests.bench.mirror --install-peers") from None
    endpoint = {"zendesk": _zendesk, "salesforce": _salesforce, "jira": _jira}[task.system](paging)
    source = rest.rest_api_source(
        {
            "client": {"base_url": f"{task.url}/{task.system}/"},
            "resources": [{"name": "tickets", "max_table_nesting": 0, "endpoint": endpoint}],
        }
    )
    destination = dlt.destinations.duckdb(f"{task.folder}/peer.duckdb")
    pipeline = dlt.pipeline("bench", destination=destination, dataset_name="bench", pipelines_dir=task.folder)
    yield Pipeline(pipeline=pipeline, source=source)


def _zendesk(paging: Any) -> dict[str, Any]:
    return {
        "path": "api/v2/incremental/tickets/cursor.json",
        "params": {"start_time": 1_735_689_600, "per_page": 1000, "include": "users"},
        "data_selector": "tickets",
        "paginator": _until_end_of_stream(paging),
    }


def _until_end_of_stream(paging: Any) -> Any:
    """Return a paginator that ends as Zendesk's export does: with a cursor, and `end_of_stream`."""

    class Cursor(paging.JSONResponseCursorPaginator):  # type: ignore[misc]  # Known at run time only.
        def update_state(self, response: Any, data: Any = None) -> None:
            super().update_state(response, data)
            if response.json()["end_of_stream"]:
                self._has_next_page = False

    return Cursor(cursor_path="after_cursor", cursor_param="cursor")


def _salesforce(paging: Any) -> dict[str, Any]:
    where = "SystemModstamp >= 2025-01-01T00:00:00Z ORDER BY SystemModstamp"
    return {
        "path": "services/data/v62.0/queryAll",
        "params": {"q": f"SELECT {SALESFORCE_FIELDS} FROM Case WHERE {where}"},  # noqa: S608
        "data_selector": "records",
        "paginator": paging.JSONLinkPaginator(next_url_path="nextRecordsUrl"),
    }


def _jira(paging: Any) -> dict[str, Any]:
    return {
        "path": "rest/api/3/search/jql",
        "params": {"jql": 'updated >= "2025-01-01 00:00" ORDER BY updated', "fields": "*all", "maxResults": 100},
        "data_selector": "issues",
        "paginator": paging.JSONResponseCursorPaginator(cursor_path="nextPageToken", cursor_param="nextPageToken"),
    }
