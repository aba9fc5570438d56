"""`makewhole prices`: import, fetch, list, gaps."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from connectors.contract import AccessRefused, TryLater, UnexpectedReply
from connectors.prices.book import About, Held, PriceBook, Source
from connectors.prices.exchange import Wanted, fetch_candles
from connectors.prices.reading import read_file
from connectors.prices.rows import BadPrices, Kind, interval_of
from makewhole.assembly import utc_now
from makewhole.printing import aside, print_json, table, to_people
from makewhole.trouble import WrongUsage
from policy.mistakes import did_you_mean


def about(source: str, *, symbol: str, kind: str, interval: str) -> About:
    """Return what a source is, from how it was typed; raises WrongUsage."""
    if kind not in list(Kind):
        raise WrongUsage(f'"{kind[:40]}" is no kind of price: {did_you_mean(kind, list(Kind))}')
    try:
        interval_of(interval)
    except ValueError as problem:
        raise WrongUsage(f"--interval: {problem}") from None
    if not source.strip() or not symbol.strip():
        raise WrongUsage("--source and --symbol: say where the prices come from, and what is priced")
    return About(source=source.strip(), symbol=symbol.strip(), kind=Kind(kind), interval=interval)


def import_prices(folder: Path, file: Path, what: About, *, time_zone: str | None, as_json: bool) -> int:
    """Take in a file; returns 1, and keeps nothing of it, when any row is wrong."""
    book = PriceBook(folder)
    try:
        source = book.add(what, read_file(file, time_zone=time_zone), file=file.name, now=utc_now())
        return _print_source(book.held(source.name), as_json=as_json)
    except BadPrices as problem:
        return _wrong(problem)


def fetch_prices(
    folder: Path, what: About, span: tuple[datetime, datetime], *, target: str | None, as_json: bool
) -> int:
    """Fetch candles and take them in; returns 1, and keeps nothing, when the exchange cannot be read whole."""
    start, end = (each.replace(tzinfo=UTC) if each.tzinfo is None else each for each in span)
    wanted = Wanted(symbol=what.symbol, kind=what.kind, interval=what.interval, start=start, end=end)
    book, now = PriceBook(folder), utc_now()
    try:
        with _counting(f"{what.source} {what.symbol}") as on_page:
            rows = fetch_candles(what.source, wanted, now=now, target=target, on_page=on_page)
        source = book.add(what, rows, file=f"{what.source}'s public API", now=now)
        return _print_source(book.held(source.name), as_json=as_json)
    except (BadPrices, TryLater, AccessRefused, UnexpectedReply) as problem:
        return _wrong(problem)


def list_prices(folder: Path, *, as_json: bool) -> int:
    """Print every source; returns 1 when one of them cannot be used."""
    book = PriceBook(folder)
    try:
        held = [book.held(each.name) for each in book.sources()]
    except BadPrices as problem:
        return _wrong(problem)
    if as_json:
        print_json({"sources": [_said(each) for each in held]})
        return 0
    if not held:
        to_people().print(f"There are no prices in {folder}.", markup=False, soft_wrap=True)
        return 0
    headings = ["Name", "Rows", "From", "To", "Gaps", "sha256"]
    to_people().print(table(headings, [_row(each) for each in held]))
    return 0


def list_gaps(folder: Path, name: str, *, as_json: bool) -> int:
    """Print the gaps of a source; returns 1 when there are any."""
    try:
        held = PriceBook(folder).held(name)
    except BadPrices as problem:
        return _wrong(problem)
    gaps = tuple(held.gaps())
    if as_json:
        said = [{"from": _moment(each.start), "to": _moment(each.end)} for each in gaps]
        print_json({"source": name, "sha256": held.source.sha256, "gaps": said})
    elif gaps:
        rows = [(_moment(each.start), _moment(each.end), each.end - each.start) for each in gaps]
        to_people().print(table(["From", "To", "Without prices for"], rows))
    else:
        to_people().print(f"{name} has no gaps.", markup=False, soft_wrap=True)
    return 1 if gaps else 0


def _print_source(held: Held, *, as_json: bool) -> int:
    if as_json:
        print_json(_said(held))
        return 0
    source, console = held.source, to_people()
    start, end = held.span
    gaps = sum(1 for _ in held.gaps())
    console.print(f"{source.name}: {source.parts[-1].rows} rows", style="bold", markup=False)
    console.print(f"from {_moment(start)} to {_moment(end)}, {_counted(gaps)}", markup=False, soft_wrap=True)
    console.print(f"sha256 {source.sha256}", markup=False, soft_wrap=True)
    return 0


def _counted(gaps: int) -> str:
    return "no gaps" if gaps == 0 else "1 gap" if gaps == 1 else f"{gaps} gaps"


def _said(held: Held) -> dict[str, Any]:
    source: Source = held.source
    start, end = held.span
    return {
        "name": source.name,
        "source": source.source,
        "symbol": source.symbol,
        "kind": str(source.kind),
        "interval": source.interval,
        "candles": source.candles,
        "rows": source.parts[-1].rows,
        "from": _moment(start),
        "to": _moment(end),
        "gaps": sum(1 for _ in held.gaps()),
        "sha256": source.sha256,
        "imports": [each.model_dump() for each in source.parts],
    }


def _row(held: Held) -> tuple[object, ...]:
    start, end = held.span
    gaps = sum(1 for _ in held.gaps())
    source = held.source
    return source.name, source.parts[-1].rows, _moment(start), _moment(end), gaps, f"{source.sha256[:12]}…"


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


@contextmanager
def _counting(what: str) -> Iterator[Callable[[int], None]]:
    """Show on stderr how many candles there are so far."""
    console = aside()
    columns = (SpinnerColumn(), TextColumn("{task.description}: {task.completed:.0f} candles"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task(what, total=None)
        yield lambda count: bars.update(task, completed=count)


def _wrong(problem: Exception) -> int:
    aside().print(str(problem), markup=False, soft_wrap=True)
    return 1
