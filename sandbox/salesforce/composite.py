"""/composite and /composite/batch: up to 25 requests in one, which counts as one.

Vendor: developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite.htm
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from starlette.convertors import Convertor
from starlette.responses import Response
from starlette.routing import compile_path

from sandbox.salesforce.door import Call, Endpoint, Table, answered, check_version, encode, json_answer
from sandbox.salesforce.refusals import Refused, not_found, refused

MOST_REQUESTS = 25
_REFERENCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_VERSIONED = re.compile(r"/?(?:services/data/)?v(\d+\.\d)(/.*)?")

Find = Callable[[str], tuple[Mapping[str, Endpoint], dict[str, str]] | None]


class Subrequests:
    """The handlers of /composite and /composite/batch over a table of paths, their own among them."""

    def __init__(self, table: Table) -> None:
        self._paths = [(*compile_path(path or "/"), handlers) for path, handlers in table]

    async def composite(self, call: Call) -> Response:
        """POST /composite {"allOrNone", "compositeRequest": [{"method", "url", "referenceId", "body"?}]}."""
        sent = call.sent()
        requests = _requests(sent, "compositeRequest")
        _check_references(requests)
        whole = sent.get("allOrNone") is True
        org = call.desk.org
        results: list[dict[str, Any]] = []
        for request in requests:
            results.append(await self._one(call, request, results, whole=whole))
            if whole and _failed(results[-1]):
                org.roll_back()
                return json_answer({"compositeResponse": _halted(requests, results)})
            if not whole:
                org.commit()
        return json_answer({"compositeResponse": results})

    async def batch(self, call: Call) -> Response:
        """POST /composite/batch {"haltOnError", "batchRequests": [{"method", "url", "richInput"?}]}."""
        sent = call.sent()
        results: list[dict[str, Any]] = []
        failed = False
        for request in _requests(sent, "batchRequests"):
            if failed and sent.get("haltOnError") is True:
                message = "Batch processing halted per request due to error in a previous operation"
                body: Any = [{"errorCode": "BATCH_PROCESSING_HALTED", "message": message}]
                results.append({"statusCode": 412, "result": body})
                continue
            content = encode(request["richInput"]) if "richInput" in request else b""
            answer = await self._answer(call, request, str(request.get("url")), content, commits=True)
            results.append({"statusCode": answer.status_code, "result": _body(answer)})
            failed = failed or answer.status_code >= 400  # noqa: PLR2004
        return json_answer({"hasErrors": failed, "results": results})

    async def _one(
        self, call: Call, request: Mapping[str, Any], earlier: list[dict[str, Any]], *, whole: bool
    ) -> dict[str, Any]:
        """Return the result of one subrequest, whose references name results of earlier ones."""
        known = {result["referenceId"]: result["body"] for result in earlier if not _failed(result)}
        reference_id = request["referenceId"]
        try:
            url = _filled(str(request.get("url")), known)
            body = _filled(request.get("body"), known)
        except _NoReference as missing:
            return _result(reference_id, 400, [{"errorCode": "PROCESSING_HALTED", "message": str(missing)}])
        if whole and isinstance(body, dict) and "records" in body:
            body = {**body, "allOrNone": True}
        content = b"" if body is None else encode(body)
        answer = await self._answer(call, request, str(url), content, commits=False)
        headers = {"Location": answer.headers["location"]} if "location" in answer.headers else {}
        return _result(reference_id, answer.status_code, _body(answer), headers)

    async def _answer(
        self, call: Call, request: Mapping[str, Any], url: str, content: bytes, *, commits: bool
    ) -> Response:
        """Return the answer to a subrequest, as if it had come on its own."""
        parts = urlsplit(url)
        try:
            versioned = _VERSIONED.fullmatch(parts.path)
            found = self._find(versioned.group(2) or "/") if versioned else None
            if versioned is None or found is None:
                raise not_found()
            handlers, params = found
            inner = replace(
                call,
                method=str(request.get("method", "")).upper(),
                path=f"/services/data/v{versioned.group(1)}{versioned.group(2) or ''}",
                version=check_version(versioned.group(1)),
                params=params,
                query=dict(parse_qsl(parts.query)),
                headers={name.lower(): str(value) for name, value in (request.get("httpHeaders") or {}).items()},
                content=content,
            )
        except Refused as refusal:
            return json_answer(refusal.body, status=refusal.status)
        return await answered(inner, handlers, commits=commits)

    def _find(self, path: str) -> tuple[Mapping[str, Endpoint], dict[str, str]] | None:
        for pattern, _, convertors, handlers in self._paths:
            match = pattern.match(path.rstrip("/") or "/")
            if match:
                return handlers, _params(match, convertors)
        return None


class _NoReference(Exception):
    """A reference names no result of an earlier subrequest. The message's wording is ours."""


def _params(match: re.Match[str], convertors: Mapping[str, Convertor[Any]]) -> dict[str, str]:
    return {name: unquote(str(convertors[name].convert(value))) for name, value in match.groupdict().items()}


def _requests(sent: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    requests = sent.get(name)
    if not isinstance(requests, list) or not all(isinstance(request, dict) for request in requests):
        raise refused("JSON_PARSER_ERROR", f"Missing required property: {name}")
    if not 0 < len(requests) <= MOST_REQUESTS:
        raise refused(
            "LIMIT_EXCEEDED", f"A request may have from 1 to {MOST_REQUESTS} subrequests, not {len(requests)}"
        )
    return requests


def _check_references(requests: list[dict[str, Any]]) -> None:
    """Refuse missing, repeated and malformed reference ids before anything is done."""
    seen = set()
    for request in requests:
        reference_id = request.get("referenceId")
        if not isinstance(reference_id, str) or not reference_id:
            raise refused("JSON_PARSER_ERROR", "Missing required property: referenceId")
        if not _REFERENCE_ID.fullmatch(reference_id):
            message = (
                f"Provided referenceId ('{reference_id}') must start with a letter or a number, "
                "and it can contain only letters, numbers and underscores ('_')."
            )
            raise refused("INVALID_REQUEST", message)
        if reference_id in seen:
            raise refused("DUPLICATE_VALUE", f"Duplicate referenceId: {reference_id}")
        seen.add(reference_id)


def _filled(value: Any, known: Mapping[str, Any]) -> Any:
    """Return a value with each @{ref.field} replaced by what it names; raises `_NoReference`."""
    if isinstance(value, dict):
        return {key: _filled(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, known) for inner in value]
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: _named(match, known), value)
    return value


def _named(match: re.Match[str], known: Mapping[str, Any]) -> str:
    reference_id, steps = match.group(1), match.group(2)
    here: Any = known.get(reference_id)
    for name, index in _STEP.findall(steps):
        if name and isinstance(here, dict):
            here = next((value for key, value in here.items() if key.lower() == name.lower()), None)
        elif index and isinstance(here, list) and int(index) < len(here):
            here = here[int(index)]
        else:
            here = None
    if here is None or isinstance(here, (dict, list)):
        path = f"{reference_id}{steps}"
        raise _NoReference(f"Invalid reference specified. No value for {path} found in {reference_id}")
    return str(here).lower() if isinstance(here, bool) else str(here)


def _failed(result: Mapping[str, Any]) -> bool:
    """Tell whether a subrequest failed, one row of a collection included."""
    body = result["body"]
    in_part = isinstance(body, list) and any(isinstance(item, dict) and item.get("success") is False for item in body)
    return in_part or result["httpStatusCode"] >= 400  # noqa: PLR2004


def _halted(requests: list[dict[str, Any]], results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return all results when the last of `results` failed and everything is taken back."""
    message = "The transaction was rolled back since another operation in the same transaction failed."
    body = [{"errorCode": "PROCESSING_HALTED", "message": message}]
    last = len(results) - 1
    return [
        results[last] if index == last else _result(request["referenceId"], 400, body)
        for index, request in enumerate(requests)
    ]


def _result(reference_id: str, status: int, body: Any, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {
        "body": body,
        "httpHeaders": dict(headers or {}),
        "httpStatusCode": status,
        "referenceId": reference_id,
    }


def _body(answer: Response) -> Any:
    return json.loads(bytes(answer.body)) if answer.body else None
