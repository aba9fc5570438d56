"""The vendor's two specifications with what is wrong in them put right, to hold answers against.

Corrections: null is allowed everywhere (answers seen in public carry it); version 2 of the API means the same paths
with texts for documents; `serverInfo` has `defaultLocale`; writes may answer without the body that is written down
(201, 202, and 200 where no schema is); GET /remotelink answers a list unless `globalId` is asked for. Admin webhooks
(/rest/webhooks/1.0), application links and OAuth are in neither.
"""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import jsonschema

from tests.sandbox.zendesk.corrected_specification import with_nulls

NOT_IN_IT = ("/rest/webhooks/1.0", "/rest/applinks", "/_sandbox", "/oauth", "/rest/api/3/search/approximate-count/")
WITHOUT_BODY = (201, 202, 204)


class Specification:
    """Knows for a method, path and status what the body must look like; counts what it checked."""

    def __init__(self, folder: Path) -> None:
        self._paths: list[tuple[re.Pattern[str], Any, Any]] = []
        for name in ("openapi.json", "jsm-openapi.json"):
            document = json.loads((folder / name).read_text(encoding="utf-8"))
            schemas = document["components"]["schemas"]
            _correct(schemas)
            components = {"components": {"schemas": {one: with_nulls(schema) for one, schema in schemas.items()}}}
            for template, operations in document["paths"].items():
                self._paths.append((_pattern(template), operations, components))
        self._validators: dict[str, Any] = {}
        self.checked: dict[str, int] = {}

    def check(self, response: httpx.Response) -> None:
        """Fail when a success is not what the specification says, or not in it."""
        response.read()
        self.check_answer(response.request.method, response.request.url.path, response.status_code, response.content)

    def check_answer(self, method: str, path: str, status: int, content: bytes) -> None:
        """Fail as `check` does."""
        path = re.sub(r"^/ex/jira/[^/]+", "", path)
        if status >= 300 or path.startswith(NOT_IN_IT):
            return
        path = re.sub(r"^/rest/api/(2|latest)/", "/rest/api/3/", path)
        operation, components = self._operation(method, path)
        answer = operation["responses"].get(str(status))
        assert answer, f"{method} {path} never answers {status}, only {list(operation['responses'])}"
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        name = f"{method} {operation['operationId']}"
        self.checked[name] = self.checked.get(name, 0) + 1
        if not content:
            assert status in WITHOUT_BODY or not schema, f"{method} {path} lacks its body"
            return
        assert schema is not None, f"{method} {path} has no body in the specification"
        body = json.loads(content)
        if path.endswith("/remotelink") and isinstance(body, list):
            schema = {"type": "array", "items": {"$ref": "#/components/schemas/RemoteIssueLink"}}
        try:
            self._validator(schema, components).validate(body)
        except jsonschema.ValidationError as error:
            raise AssertionError(f"{method} {path}: {error.json_path}: {error.message[:400]}") from error

    def _validator(self, schema: Any, components: Any) -> Any:
        place = json.dumps(schema)
        if place not in self._validators:
            self._validators[place] = jsonschema.Draft202012Validator({**with_nulls(schema), **components})
        return self._validators[place]

    def _operation(self, method: str, path: str) -> tuple[Any, Any]:
        fitting = [one for one in self._paths if one[0].fullmatch(path)]
        assert fitting, f"{path} is not in the specification"
        _, operations, components = min(fitting, key=lambda one: one[0].groups)
        assert method.lower() in operations, f"{method} {path} is not in the specification"
        return operations[method.lower()], components


def _correct(schemas: dict[str, Any]) -> None:
    if "ServerInformation" in schemas:
        schemas["ServerInformation"]["properties"]["defaultLocale"] = {"type": "object"}


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]*\\\}", "([^/]+)", re.escape(template)))
