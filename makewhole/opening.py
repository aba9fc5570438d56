"""Open what a command needs: settings, log, and the house; whatever is wrong with them is said at once."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from sqlalchemy.exc import OperationalError

from config.mistakes import BadSettings
from config.settings import Settings, load_settings
from connectors.transport import Exchange
from makewhole.assembly import House, build
from makewhole.trouble import Unusable
from store.migrating import current_revision, wanted_revision

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def read_settings(path: Path) -> Settings:
    """Return the settings; raises Unusable with every mistake."""
    try:
        return load_settings(path)
    except BadSettings as problem:
        raise Unusable(str(problem)) from None


@contextmanager
def opened(path: Path, *, on_response: Callable[[Exchange], None] | None = None) -> Iterator[House]:
    """Open the house of these settings and close it at the end; raises Unusable.

    on_response: Told of every answer of a helpdesk; see `build`.
    """
    settings = read_settings(path)
    set_up_log(settings)
    try:
        house = build(settings, on_response=on_response)
    except BadSettings as problem:
        raise Unusable(str(problem)) from None
    try:
        yield house
    finally:
        house.close()


@contextmanager
def looked_into(path: Path) -> Iterator[House]:
    """Open the house and make sure that its database can be used as it stands; raises Unusable."""
    with opened(path) as house:
        try:
            with house.database.read() as connection:
                found, wanted = current_revision(connection), wanted_revision()
        except OperationalError as problem:
            raise Unusable(f"the database cannot be reached: {reason_of(problem)}") from None
        if found != wanted:
            raise Unusable(
                f"the database is at revision {found or 'none'}, this program needs {wanted}: run `makewhole migrate`"
            )
        yield house


def reason_of(problem: OperationalError) -> str:
    """Return the driver's own first line, without the statement; it names host and user, never a password."""
    return str(problem.orig).strip().partition("\n")[0]


def set_up_log(settings: Settings) -> None:
    """Write the log to stderr as the settings say; libraries only from warnings on."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s %(levelname)s %(message)s")
    json = settings.log.format == "json"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False) if json else structlog.dev.ConsoleRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[settings.log.level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
