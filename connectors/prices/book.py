"""The price book: a folder with two files for each source, its prices and what they are.

`okx-okb-usdt-mark-1m.csv` holds the rows, earliest first, in one spelling of times and numbers; `….json` says source,
symbol, kind, interval, and after each import how many rows there are and the sha256 of them all. Rows are only ever
added behind the last, so that every earlier state is the beginning of the later one and its hash can still be proved.
A file that was changed by other hands is refused. Many may read while one imports; two who import into one source at
the same time may lose the import of one, which the hash then shows.
"""

import hashlib
import json
import os
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.prices.rows import CANDLE, BadPrices, Gap, Kind, Row, gaps_of, interval_of, problems_of, stamp

MOST_SAID = 20
_STAMP = slice(0, 27)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a source holds.

    Fields:
        source: Where it comes from: "okx", "board decision 7".
        symbol: "OKB/USDT".
        kind: Trades, mark or index.
        interval: How long a candle lasts, or a single price holds: "1m".
    """

    source: str
    symbol: str
    kind: Kind
    interval: str

    @property
    def name(self) -> str:
        """The name it has in the book: "okx-okb-usdt-mark-1m"."""
        return slug(f"{self.source} {self.symbol} {self.kind} {self.interval}")


class Part(BaseModel):
    """What the source held after one import."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    imported_at: str
    rows: int
    sha256: str


class Source(BaseModel):
    """One source of the book; the last part says what it holds now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    symbol: str
    kind: Kind
    interval: str
    candles: bool
    parts: tuple[Part, ...]

    @property
    def about(self) -> About:
        """What it holds."""
        return About(source=self.source, symbol=self.symbol, kind=self.kind, interval=self.interval)

    @property
    def name(self) -> str:
        """Its name in the book."""
        return self.about.name

    @property
    def sha256(self) -> str:
        """The hash of everything it holds now."""
        return self.parts[-1].sha256

    @property
    def lasts(self) -> timedelta:
        """How long a candle lasts, or a single price holds."""
        return interval_of(self.interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A source with its rows as text, earliest first; a row is read when it is asked for."""

    source: Source
    lines: tuple[str, ...]

    def rows(self, start: datetime | None = None, end: datetime | None = None) -> Iterator[Row]:
        """Yield the rows from `start` to before `end`, earliest first; None is open."""
        first = bisect_left(self.lines, stamp(start)) if start else 0
        last = bisect_left(self.lines, stamp(end)) if end else len(self.lines)
        return (_read(line) for line in self.lines[first:last])

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From the first row to the end of the last."""
        return _read(self.lines[0]).at, _read(self.lines[-1]).at + self.source.lasts

    def gaps(self) -> Iterator[Gap]:
        """Yield every time between the first and the last row for which it holds no price."""
        return gaps_of(self.rows(), self.source.lasts)


class PriceBook:
    """The price book in a folder, which need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[str, Held] = {}

    def sources(self) -> tuple[Source, ...]:
        """Return what the book holds, by name; raises BadPrices for a file that says it wrongly."""
        return tuple(self._about(path.stem) for path in sorted(self.folder.glob("*.json")))

    def holds(self, name: str) -> bool:
        """Say whether the book has a source of this name."""
        return bool(_SLUG.fullmatch(name)) and (self.folder / f"{name}.json").exists()

    def held(self, name: str) -> Held:
        """Return a source with its rows; raises BadPrices for one that is not there, or was changed by other hands."""
        source = self._about(name)
        held = self._held.get(name)
        if held is None or held.source.sha256 != source.sha256:
            held = self._held[name] = Held(source=source, lines=self._lines(source))
        return held

    def add(self, about: About, rows: Sequence[Row], *, file: str, now: datetime) -> Source:
        """Keep rows behind those that the source has; returns it as it is then.

        file: Where they come from, for people and messages: "okb.csv". Raises BadPrices with every row that cannot
        follow, or the first twenty; nothing is kept then.
        """
        interval = _interval(about)
        path = self.folder / f"{about.name}.json"
        earlier = self.held(about.name) if path.exists() else None
        if earlier is not None and earlier.source.about != about:
            said = earlier.source
            raise BadPrices(f"{about.name}: is {said.source} {said.symbol} in the book: name the source otherwise")
        last = _read(earlier.lines[-1]) if earlier else None
        wrong = [f"{file}:{line}: {what}" for line, what in problems_of(rows, interval, last)]
        if wrong:
            more = [f"{file}: and {len(wrong) - MOST_SAID} more"] if len(wrong) > MOST_SAID else []
            raise BadPrices("\n".join(wrong[:MOST_SAID] + more))
        lines = (*(earlier.lines if earlier else ()), *map(_written, rows))
        content = _content(lines, candles=len(rows[0].prices) == len(CANDLE))
        part = Part(file=file, imported_at=stamp(now), rows=len(lines), sha256=hashlib.sha256(content).hexdigest())
        source = Source(
            **asdict(about),
            candles=len(rows[0].prices) == len(CANDLE),
            parts=(*(earlier.source.parts if earlier else ()), part),
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        _replace(self.folder / f"{about.name}.csv", content)
        _replace(path, (json.dumps(source.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n").encode())
        return source

    def _about(self, name: str) -> Source:
        path = self.folder / f"{name}.json"
        if not _SLUG.fullmatch(name) or not path.is_file():
            known = ", ".join(each.stem for each in sorted(self.folder.glob("*.json"))) or "none"
            raise BadPrices(f"{name[:80]}: no such source in {self.folder}; there are {known}")
        try:
            source = Source.model_validate_json(path.read_bytes())
        except ValidationError as problem:
            first = problem.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise BadPrices(f"{path.name}: {where}: {first['msg']}: import the source anew") from None
        if source.name != name or not source.parts:
            raise BadPrices(f"{path.name}: says it is {source.name}: import the source anew")
        return source

    def _lines(self, source: Source) -> tuple[str, ...]:
        path = self.folder / f"{source.name}.csv"
        try:
            content = path.read_bytes()
        except OSError as problem:
            raise BadPrices(f"{path.name}: cannot be read: {problem.strerror}") from None
        if hashlib.sha256(content).hexdigest() != source.sha256:
            raise BadPrices(f"{path.name}: was changed since it was imported: bring back the file, or import it anew")
        return tuple(content.decode().splitlines()[1:])


def slug(words: str) -> str:
    """Return words as a file's name: "OKB/USDT" is okb-usdt."""
    return "-".join(re.findall(r"[a-z0-9]+", words.lower()))


def _interval(about: About) -> timedelta:
    try:
        return interval_of(about.interval)
    except ValueError as problem:
        raise BadPrices(str(problem)) from None


def _content(lines: Sequence[str], *, candles: bool) -> bytes:
    heading = ",".join(("time", *(CANDLE if candles else ("price",)), "volume"))
    return ("\n".join((heading, *lines)) + "\n").encode()


def _written(row: Row) -> str:
    numbers = [_plain(each) for each in row.prices]
    return ",".join((stamp(row.at), *numbers, "" if row.volume is None else _plain(row.volume)))


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _read(line: str) -> Row:
    cells = line.split(",")
    prices, volume = cells[1:-1], cells[-1]
    return Row(
        at=datetime.fromisoformat(line[_STAMP]),
        prices=tuple(map(Decimal, prices)),
        volume=Decimal(volume) if volume else None,
    )


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
