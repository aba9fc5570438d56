"""`makewhole prices`: what the price book holds, and putting prices into it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from makewhole.options import AsJson

BOOK = Path("config/prices")
Book = Annotated[Path, typer.Option("--book", help="The folder of the price book.", show_default=True)]
Symbol = Annotated[str, typer.Option(help="What is priced: OKB/USDT; for an exchange as ccxt writes it.")]
KindOf = Annotated[str, typer.Option(help="trade, mark or index.")]
Interval = Annotated[str, typer.Option(help="How long a candle lasts, or a single price holds: 30s, 1m, 1h, 1d.")]
_DAYS = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"]

prices_app = typer.Typer(no_args_is_help=True, help="Prices that policies look up, with their source and hash.")


@prices_app.command("import")
def prices_import(
    file: Path,
    *,
    source: Annotated[str, typer.Option(help="Where the prices come from: okx, or a decision's number.")],
    symbol: Symbol,
    kind: KindOf = "trade",
    interval: Interval = "1m",
    time_zone: Annotated[str | None, typer.Option(help="Of times without an offset: UTC, +08:00.")] = None,
    book: Book = BOOK,
    as_json: AsJson = False,
) -> None:
    """Take prices from a CSV, JSON or Parquet file into the book, behind those it has of this source."""
    from makewhole import prices_shown

    raise typer.Exit(
        prices_shown.import_prices(
            book,
            file,
            prices_shown.about(source, symbol=symbol, kind=kind, interval=interval),
            time_zone=time_zone,
            as_json=as_json,
        )
    )


@prices_app.command("fetch")
def prices_fetch(  # noqa: PLR0913  # One for each option.
    exchange: Annotated[str, typer.Argument(help="The exchange, by ccxt's id: okx")],
    *,
    symbol: Symbol,
    start: Annotated[datetime, typer.Option("--from", formats=_DAYS, help="The first candle's begin, in UTC.")],
    end: Annotated[datetime, typer.Option("--to", formats=_DAYS, help="Candles that begin before this.")],
    kind: KindOf = "trade",
    interval: Interval = "1m",
    target: Annotated[str | None, typer.Option(help="Another address than the exchange's own.")] = None,
    book: Book = BOOK,
    as_json: AsJson = False,
) -> None:
    """Fetch candles from an exchange's public API into the book; only those that are over."""
    from makewhole import prices_shown

    about = prices_shown.about(exchange, symbol=symbol, kind=kind, interval=interval)
    raise typer.Exit(prices_shown.fetch_prices(book, about, (start, end), target=target, as_json=as_json))


@prices_app.command("list")
def prices_list(*, book: Book = BOOK, as_json: AsJson = False) -> None:
    """List what the book holds: from when to when, with how many gaps, and the hash of it."""
    from makewhole import prices_shown

    raise typer.Exit(prices_shown.list_prices(book, as_json=as_json))


@prices_app.command("gaps")
def prices_gaps(source: str, *, book: Book = BOOK, as_json: AsJson = False) -> None:
    """List every time for which a source holds no price; exit 1 when there is one."""
    from makewhole import prices_shown

    raise typer.Exit(prices_shown.list_gaps(book, source, as_json=as_json))
