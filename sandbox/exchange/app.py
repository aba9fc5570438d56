"""The exchange's public HTTP API and the control plane of its sandbox.

GET /api/v5/public/instruments?instType=SPOT|SWAP|FUTURES|OPTION
GET /api/v5/market/candles, history-candles                           [ts,o,h,l,c,vol,volCcy,volCcyQuote,confirm]
GET /api/v5/market/mark-price-candles, history-mark-price-candles     [ts,o,h,l,c,confirm]
GET /api/v5/market/index-candles, history-index-candles               [ts,o,h,l,c,confirm]
    ?instId=OKB-USDT-SWAP&bar=1m&before=…&after=…&limit=100

As the public clients of that API read it: every value is text, newest first; `before` asks for newer and `after` for
older than that moment, both without it; at most 300 of trades and 100 of the others. Refusals are 200 with a code:
51001 unknown instrument, 51000 a parameter, and 429 with 50011 for too many requests. What the candles are is the
sandbox's own; the vendor's page is https://www.okx.com/docs-v5/en.

Control plane, all JSON:
POST /_sandbox/candles   {"instId", "kind": trade|mark|index, "bar", "rows": [[ts, o, h, l, c, vol]]}, adds to what is
GET  /_sandbox/state     requests
*    /_sandbox/faults    see sandbox.faults; beside the wire's: busy
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import FaultMiddleware, Faults, fault_routes, path_inside
from sandbox.requests_seen import RequestsSeen, RequestsSeenMiddleware

BARS = ("1s", "1m", "3m", "5m", "15m", "30m", "1H", "2H", "4H", "6Hutc", "12Hutc", "1Dutc", "1Wutc")
MOST = {"trade": 300, "mark": 100, "index": 100}
_PATHS = {
    "trade": ("candles", "history-candles"),
    "mark": ("mark-price-candles", "history-mark-price-candles"),
    "index": ("index-candles", "history-index-candles"),
}
INSTRUMENTS = (
    {"instType": "SPOT", "instId": "OKB-USDT", "baseCcy": "OKB", "quoteCcy": "USDT"},
    {
        "instType": "SWAP",
        "instId": "OKB-USDT-SWAP",
        "instFamily": "OKB-USDT",
        "uly": "OKB-USDT",
        "settleCcy": "USDT",
        "ctVal": "0.1",
        "ctValCcy": "OKB",
        "ctMult": "1",
        "ctType": "linear",
    },
)
#: What every instrument has beside; empty where it means nothing for its kind.
_BESIDE = {"state": "live", "tickSz": "0.001", "lotSz": "1", "minSz": "1", "lever": "10", "listTime": "1611907686000"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candles:
    """Candles of one instrument: rows of [ts, o, h, l, c, vol] as text, earliest first; ts in milliseconds."""

    instrument: str
    kind: str
    bar: str
    rows: tuple[tuple[str, ...], ...]


def utc_now() -> datetime:
    """Return the machine's time: the clock of an exchange that was given none."""
    return datetime.now(UTC)


def create_app(*, candles: Iterable[Candles] = (), clock: Callable[[], datetime] = utc_now) -> Starlette:
    """Return the exchange as an app that works at the root or mounted. clock: Only stamps the list of requests."""
    faults, seen = Faults(vendor_faults=("busy",)), RequestsSeen()
    desk = _Desk(candles, faults)
    routes = [
        Route(f"/api/v5/market/{path}", desk.asked_for(kind), methods=["GET"])
        for kind, paths in _PATHS.items()
        for path in paths
    ]

    async def state(_: Request) -> Response:
        return JSONResponse({"requests": seen.listing(), "requests_forgotten": seen.forgotten})

    return Starlette(
        routes=[
            *routes,
            Route("/api/v5/public/instruments", desk.instruments, methods=["GET"]),
            *fault_routes(faults),
            Route("/_sandbox/candles", desk.keep, methods=["POST"]),
            Route("/_sandbox/state", state, methods=["GET"]),
        ],
        middleware=[
            Middleware(RequestsSeenMiddleware, seen=seen, clock=clock),
            Middleware(FaultMiddleware, faults=faults),
        ],
    )


class _Desk:
    """The endpoints, over one set of candles."""

    def __init__(self, candles: Iterable[Candles], faults: Faults) -> None:
        self._faults = faults
        self._kept: dict[tuple[str, str, str], dict[int, tuple[str, ...]]] = {}
        for each in candles:
            self._add(each)

    async def instruments(self, request: Request) -> Response:
        """Answer the instruments of one type."""
        kind = request.query_params.get("instType", "")
        if kind not in {"SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION"}:
            return _refused("51000", "Parameter instType error")
        return _answer([{**_BESIDE, **each} for each in INSTRUMENTS if each["instType"] == kind])

    def asked_for(self, kind: str) -> Callable[[Request], Response]:
        """Return the endpoint for one kind of candles."""

        def show(request: Request) -> Response:
            if self._faults.strike("busy", method="GET", path=path_inside(request.scope)):
                return _refused("50011", "Too Many Requests", status=429)
            asked = request.query_params
            name, bar = asked.get("instId", ""), asked.get("bar", "1m")
            if name not in _names(kind):
                return _refused("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")
            if bar not in BARS:
                return _refused("51000", "Parameter bar error")
            try:
                newer, older = int(asked.get("before", "-1")), int(asked.get("after", str(1 << 60)))
                limit = min(int(asked.get("limit", "100")), MOST[kind])
            except ValueError:
                return _refused("51000", "Parameter before, after or limit error")
            kept = self._kept.get((name, kind, bar), {})
            found = sorted((at for at in kept if newer < at < older), reverse=True)[:limit]
            return _answer([_wire(kind, kept[at]) for at in found])

        return show

    async def keep(self, request: Request) -> Response:
        """Add candles to what is known."""
        body = await request.json()
        try:
            self._add(
                Candles(
                    instrument=body["instId"],
                    kind=body["kind"],
                    bar=body["bar"],
                    rows=tuple(tuple(map(str, row)) for row in body["rows"]),
                )
            )
        except (KeyError, TypeError, ValueError) as problem:
            return JSONResponse({"error": f"{type(problem).__name__}: {problem}"}, status_code=400)
        return JSONResponse({"kept": len(body["rows"])}, status_code=201)

    def _add(self, candles: Candles) -> None:
        if candles.kind not in _PATHS or candles.bar not in BARS or candles.instrument not in _names(candles.kind):
            raise ValueError(f"{candles.instrument} {candles.kind} {candles.bar}: no such candles")
        kept = self._kept.setdefault((candles.instrument, candles.kind, candles.bar), {})
        kept.update({int(row[0]): row for row in candles.rows if len(row) == 6})  # noqa: PLR2004  # As documented above.


def _names(kind: str) -> frozenset[str]:
    """Return what can be asked for: an index goes by its family, a mark price by a contract."""
    if kind == "index":
        return frozenset(each["instFamily"] for each in INSTRUMENTS if "instFamily" in each)
    return frozenset(each["instId"] for each in INSTRUMENTS if kind == "trade" or each["instType"] != "SPOT")


def _wire(kind: str, row: tuple[str, ...]) -> list[str]:
    at, opened, high, low, close, volume = row
    if kind == "trade":
        return [at, opened, high, low, close, volume, volume, volume, "1"]
    return [at, opened, high, low, close, "1"]


def _answer(data: Sequence[Sequence[str] | Mapping[str, str]]) -> Response:
    return JSONResponse({"code": "0", "msg": "", "data": data})


def _refused(code: str, message: str, *, status: int = 200) -> Response:
    return JSONResponse({"code": code, "msg": message, "data": []}, status_code=status)
