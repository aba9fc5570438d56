"""Is the process up, may it be sent work, and what are its figures."""

import asyncio
from collections.abc import Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from store.database import Database
from store.migrating import current_revision, wanted_revision
from web.metrics import CONTENT_TYPE, Metrics

PATIENCE_SECONDS = 3.0
log = structlog.get_logger(__name__)

#: Returns None when all is well, else one sentence that says what is not.
Check = Callable[[], str | None]


async def healthz(_request: Request) -> Response:
    """Answer that the process is up; nothing else is asked."""
    return JSONResponse({"status": "up"})


def readyz(database: Database, checks: Mapping[str, Check]) -> Callable[[Request], object]:
    """Return the endpoint that says 200 when work may be sent here, and 503 with the reasons otherwise."""
    all_checks: Mapping[str, Check] = {"database": database_check(database), **checks}

    async def endpoint(_request: Request) -> Response:
        reasons = await asyncio.gather(*(_ask(name, check) for name, check in all_checks.items()))
        failing = {name: reason for name, reason in zip(all_checks, reasons, strict=True) if reason}
        body = {"status": "not ready" if failing else "ready", "reasons": failing}
        return JSONResponse(body, status_code=503 if failing else 200)

    return endpoint


def metrics_page(metrics: Metrics) -> Callable[[Request], object]:
    """Return the endpoint with the figures; they are read in a thread, because they ask the database."""

    async def endpoint(_request: Request) -> Response:
        return Response(await asyncio.to_thread(metrics.text), media_type=CONTENT_TYPE)

    return endpoint


def database_check(database: Database) -> Check:
    """Return the check that the database answers and is at the revision of this program."""
    wanted = wanted_revision()

    def check() -> str | None:
        with database.read() as connection:
            found = current_revision(connection)
        return None if found == wanted else f"at revision {found}, this program needs {wanted}: run makewhole migrate"

    return check


async def _ask(name: str, check: Check) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await asyncio.to_thread(check)
    except TimeoutError:
        return f"no answer within {PATIENCE_SECONDS:.0f} s"
    except Exception as error:  # noqa: BLE001  # A door: whatever fails here is the answer.
        log.warning("not ready", check=name, error=type(error).__name__)
        return "does not answer"
