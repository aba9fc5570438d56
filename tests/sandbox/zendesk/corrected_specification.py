"""The vendor's specification with what recordings prove wrong in it put right, to hold answers against.

Corrections: null is allowed everywhere (recorded bodies carry it), `.json` twins mean the same path, a ticket's status
may be "deleted", `POST /oauth/tokens` answers 200 beside the 201 written, an audit's change of tags carries lists (the
vendor's audit event reference: "string or array"). The webhooks API is not in it.
"""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import jsonschema

NOT_IN_IT = ("/api/v2/webhooks", "/_sandbox", "/api/v2/job_statuses")
_DROPPED = {"nullable", "readOnly", "writeOnly", "example", "description", "title", "format"}


class Specification:
    """Knows for a method, path and status what the body must look like; counts what it checked."""

    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_text(encoding="utf-8"))
        schemas = document["components"]["schemas"]
        schemas["TicketObject"]["properties"]["status"]["enum"].append("deleted")
        change = schemas["AuditObject"]["properties"]["events"]["items"]["properties"]
        for name in ("value", "previous_value"):
            change[name] = {"anyOf": [change.get(name, {}), {"type": "array", "items": {"type": "string"}}]}
        self._components = {"components": {"schemas": {name: with_nulls(one) for name, one in schemas.items()}}}
        self._paths = [(_pattern(template), operations) for template, operations in document["paths"].items()]
        self.checked: dict[str, int] = {}

    def check(self, response: httpx.Response) -> None:
        """Fail when a success is not what the specification says, or not in it."""
        response.read()
        self.check_answer(response.request.method, response.request.url.path, response.status_code, response.content)

    def check_answer(self, method: str, path: str, status: int, content: bytes) -> None:
        """Fail as `check` does."""
        if status >= 300 or path.startswith(NOT_IN_IT):
            return
        schema = self._schema(method, path.removesuffix(".json"), status)
        if schema is None:
            assert not content, f"{method} {path} has no body in the specification"
            return
        body = json.loads(content)
        try:
            jsonschema.Draft202012Validator({**with_nulls(schema), **self._components}).validate(body)
        except jsonschema.ValidationError as error:
            raise AssertionError(f"{method} {path}: {error.json_path}: {error.message[:300]}") from error
        self._count(method, path)

    def _schema(self, method: str, path: str, status: int) -> Any:
        fitting = [(pattern, one) for pattern, one in self._paths if pattern.fullmatch(path)]
        assert fitting, f"{path} is not in the specification"
        _, operations = min(fitting, key=lambda entry: entry[0].groups)
        responses = operations[method.lower()]["responses"]
        answer = responses.get(str(status)) or (responses["201"] if path == "/oauth/tokens" else None)
        assert answer, f"{method} {path} never answers {status}, only {list(responses)}"
        return answer.get("content", {}).get("application/json", {}).get("schema")

    def _count(self, method: str, path: str) -> None:
        name = f"{method} {re.sub(r'(?<=/)[0-9]+', '{id}', path.removesuffix('.json'))}"
        self.checked[name] = self.checked.get(name, 0) + 1


def with_nulls(schema: Any) -> Any:
    """Return a schema that means the same and also takes null wherever it names a type."""
    if isinstance(schema, list):
        return [with_nulls(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    relaxed = {key: with_nulls(value) for key, value in schema.items() if key not in _DROPPED or key == "properties"}
    if "properties" in schema:
        relaxed["properties"] = {name: with_nulls(one) for name, one in schema["properties"].items()}
    if isinstance(schema.get("type"), str):
        relaxed["type"] = [schema["type"], "null"]
    if "enum" in schema:
        relaxed["enum"] = [*schema["enum"], None]
    if "oneOf" in relaxed:
        relaxed["anyOf"] = relaxed.pop("oneOf")  # Null fits several of them now.
    return relaxed


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]*\\\}", "([^/]+)", re.escape(template)))
