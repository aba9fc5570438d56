"""Zendesk, Salesforce and Jira as one process that writes pages faster than any client reads them.

``python -m tests.bench.mirror.server`` prints one JSON line with its address when it is ready. Nothing is kept: a page
is made from its place by templates, so a million records take the memory of one page. Only what readers of changes
call is answered; whether a client behaves is the sandbox's business.

``POST /_bench/account?system=zendesk&records=200000`` begins an account anew, ``POST /_bench/change?system=zendesk&
records=100`` changes some of its records, ``POST /_bench/calls`` tells the calls since it was last asked.
"""

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit

from tests.bench.mirror import jira_wire, salesforce_wire, zendesk_wire
from tests.bench.mirror.salesforce_wire import BadQuery, Query
from tests.bench.mirror.stream import Stream

SYSTEMS = ("zendesk", "salesforce", "jira")
CSV_RECORDS = 10_000
READY_BYTES = 1 << 22
SETTLED_SECONDS = {"salesforce": 59, "jira": 600}
_PHRASES = {200: b"OK", 201: b"Created", 204: b"No Content", 400: b"Bad Request", 404: b"Not Found"}
_LIMIT = ((b"Sforce-Limit-Info", b"api-usage=18/5000000"),)
_DATA = r"/services/data/v[0-9.]+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call as it came, without the name of the system that its path may begin with."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back. pieces: The body; an iterator is sent as it comes, in chunks."""

    pieces: list[bytes] | Iterator[bytes]
    status: int = 200
    kind: bytes = b"application/json;charset=UTF-8"
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(slots=True)
class Server:
    """The accounts, and how often they were called."""

    accounts: dict[str, Stream] = field(default_factory=lambda: {name: Stream(size=1_000) for name in SYSTEMS})
    calls: int = 0
    jobs: dict[str, Query] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection until it ends."""
        try:
            while True:
                request = await _read(reader)
                self.calls += not request.path.startswith("/_bench/")
                await _write(writer, self.answer(request))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def answer(self, request: Request) -> Answer:
        """Return the answer to one call."""
        try:
            if request.path.startswith("/_bench/"):
                return self._control(request)
            if request.path.startswith("/services/"):
                return self._dated(self._salesforce(request), "salesforce")
            if request.path.startswith("/rest/"):
                return self._dated(self._jira(request), "jira")
            return self._zendesk(request)
        except (BadQuery, ValueError, KeyError) as error:
            return _json([{"errorCode": "MALFORMED_QUERY", "message": str(error)}], status=400)

    def _control(self, request: Request) -> Answer:
        name, records = request.query.get("system", ""), int(request.query.get("records", "0"))
        match request.path:
            case "/_bench/account":
                self.accounts[name] = Stream(size=records)
            case "/_bench/change":
                self.accounts[name].changes += records
            case "/_bench/calls":
                calls, self.calls = self.calls, 0
                return _json({"calls": calls})
        return _json({})

    def _zendesk(self, request: Request) -> Answer:
        stream, path = self.accounts["zendesk"], request.path.removesuffix(".json")
        if path == "/api/v2/incremental/tickets/cursor":
            return Answer(pieces=zendesk_wire.export(stream, request.query))
        if path == "/oauth/tokens":
            return _json({"access_token": "bench", "token_type": "bearer", "scope": "read write", "expires_in": 7_200})
        if path == "/api/v2/users/me":
            return _json({"user": {"id": 1, "role": "admin", "email": "bot@harbor.example", "name": "Bot"}})
        if found := re.fullmatch(r"/api/v2/tickets/([0-9]+)(/comments)?", path):
            if found[2]:
                return _json({"comments": [], "meta": {"has_more": False}, "links": {"next": None}})
            return Answer(pieces=[zendesk_wire.one(stream, int(found[1]))])
        return _json({"error": "RecordNotFound", "description": "Not found"}, status=404)

    def _salesforce(self, request: Request) -> Answer:
        stream = self.accounts["salesforce"]
        if request.path == "/services/oauth2/token":
            said = {
                "access_token": "bench",
                "instance_url": "https://harbor.my.salesforce.com",
                "token_type": "Bearer",
                "id": "bench",
            }
            return _json(said | {"issued_at": "1735689600000", "signature": "bench", "scope": "api"})
        if re.fullmatch(rf"{_DATA}/composite", request.path):
            return Answer(pieces=self._composite(request), headers=_LIMIT)
        if found := re.fullmatch(rf"({_DATA}/query(?:All)?)(?:/(.+))?", request.path):
            if found[2]:
                query, place = salesforce_wire.unpacked(found[2])
                pieces = salesforce_wire.page(stream, query, path=found[1], locator=place)
            else:
                query = salesforce_wire.understand(stream, request.query["q"])
                pieces = salesforce_wire.page(stream, query, path=found[1])
            return Answer(pieces=pieces, headers=_LIMIT)
        if found := re.fullmatch(rf"{_DATA}/jobs/query(?:/([^/]+))?(/results)?", request.path):
            return self._bulk(request, job=found[1], results=bool(found[2]))
        if re.fullmatch(rf"{_DATA}/sobjects/Case/describe", request.path):
            names = [*salesforce_wire.FIELDS, *salesforce_wire.EMPTY]
            fields = [{"name": name, "type": "string", "nillable": True} for name in names if "." not in name]
            return _json({"name": "Case", "queryable": True, "fields": fields})
        if request.path == "/services/data":
            return _json([{"label": "Winter", "url": "/services/data/v62.0", "version": "62.0"}])
        return _json([{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}], status=404)

    def _dated(self, answer: Answer, system: str) -> Answer:
        date = format_datetime(self._moment(system), usegmt=True).encode()
        return replace(answer, headers=(*answer.headers, (b"Date", date)))

    def _moment(self, system: str) -> datetime:
        """Return the vendor's own clock: the last change is so long ago that its search is sure to know it."""
        stream = self.accounts[system]
        return datetime.fromtimestamp(stream.at(len(stream) - 1).stamp + SETTLED_SECONDS[system], UTC)

    def _composite(self, request: Request) -> list[bytes]:
        """Return the answers to several GETs in one, in pieces."""
        pieces = [b'{"compositeResponse":[']
        for number, part in enumerate(json.loads(request.body)["compositeRequest"]):
            url = urlsplit(part["url"])
            path, query = url.path.rstrip("/"), dict(parse_qsl(url.query))
            answer = self._salesforce(Request(method="GET", path=path, query=query, body=b""))
            pieces += [b"," if number else b"", b'{"body":', *answer.pieces]
            reference = part["referenceId"].encode()
            pieces.append(b',"httpHeaders":{},"httpStatusCode":%d,"referenceId":"%b"}' % (answer.status, reference))
        return [*pieces, b"]}"]

    def _bulk(self, request: Request, *, job: str | None, results: bool) -> Answer:
        """Answer what is asked of a Bulk 2 query job, which is done as soon as it was made."""
        stream = self.accounts["salesforce"]
        if job is None:
            made = f"750{len(self.jobs):012d}AAA"
            query = self.jobs[made] = salesforce_wire.understand(stream, json.loads(request.body)["query"])
            return _json(_job(made, "UploadComplete", 0) | {"createdDate": self._moment("salesforce").isoformat()})
        query = self.jobs[job]
        if request.method == "DELETE":
            return Answer(pieces=[], status=204)
        if not results:
            return _json(_job(job, "JobComplete", query.last - query.first))
        first = int(request.query.get("locator") or query.first)
        last = min(query.last, first + int(request.query.get("maxRecords") or CSV_RECORDS))
        following = b"%d" % last if last < query.last else b"null"
        headers = ((b"Sforce-Locator", following), (b"Sforce-NumberOfRecords", b"%d" % (last - first)))
        pieces = salesforce_wire.csv(stream, query, first=first, last=last)
        return Answer(pieces=pieces, kind=b"text/csv", headers=headers)

    def _jira(self, request: Request) -> Answer:
        stream, path = self.accounts["jira"], re.sub(r"^/rest/api/(2|3|latest)", "", request.path)
        asked: dict[str, str | int | list[str]] = {**request.query}
        if request.method == "POST" and request.body:
            asked = json.loads(request.body)
        match path:
            case "/search/jql":
                return Answer(pieces=jira_wire.search(stream, asked))
            case "/search/approximate-count":
                return _json({"count": jira_wire.count(stream, str(asked["jql"]))})
            case "/serverInfo":
                said = {"baseUrl": "https://harbor.atlassian.net", "version": "1001.0.0-SNAPSHOT"}
                return _json(said | {"versionNumbers": [1001, 0, 0], "deploymentType": "Cloud", "buildNumber": 100_275})
            case "/myself":
                return _json({"accountId": "5c0f4be41d2eac0b8b3c1a77", "displayName": "Bot", "timeZone": "Etc/UTC"})
            case "/field":
                names = jira_wire.ALL_FIELDS
                return _json([{"id": name, "key": name, "name": name, "clauseNames": [name]} for name in names])
        return _json({"errorMessages": ["No such resource"], "errors": {}}, status=404)


def _job(job: str, state: str, records: int) -> dict[str, object]:
    said = {"id": job, "operation": "queryAll", "object": "Case", "state": state, "contentType": "CSV"}
    return {**said, "apiVersion": 62.0, "lineEnding": "LF", "numberRecordsProcessed": records, "retries": 0}


def _json(said: object, *, status: int = 200) -> Answer:
    return Answer(pieces=[json.dumps(said).encode()], status=status)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.split("\r\n")
    method, target, _ = line.split(" ", 2)
    headers = dict(each.lower().split(": ", 1) for each in lines if ": " in each)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    path = parts.path if parts.path.startswith("/_bench/") else re.sub(rf"^/({'|'.join(SYSTEMS)})/", "/", parts.path)
    return Request(method=method, path=path.rstrip("/"), query=dict(parse_qsl(parts.query)), body=body)


async def _write(writer: asyncio.StreamWriter, answer: Answer) -> None:
    head = [b"HTTP/1.1 %d %b" % (answer.status, _PHRASES[answer.status]), b"Content-Type: " + answer.kind]
    head += [b"%b: %b" % each for each in answer.headers]
    if isinstance(answer.pieces, list):
        size = sum(map(len, answer.pieces))
        writer.writelines([b"\r\n".join([*head, b"Content-Length: %d" % size]), b"\r\n\r\n", *answer.pieces])
    else:
        writer.write(b"\r\n".join([*head, b"Transfer-Encoding: chunked"]) + b"\r\n\r\n")
        for piece in answer.pieces:
            writer.writelines([b"%x\r\n" % len(piece), piece, b"\r\n"])
            await writer.drain()
        writer.write(b"0\r\n\r\n")
    await writer.drain()


async def main() -> None:
    """Serve on a free port of this machine until told to stop."""
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0, limit=READY_BYTES)
    host, port = server.sockets[0].getsockname()
    sys.stdout.write(json.dumps({"url": f"http://{host}:{port}"}) + "\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
