"""Who answers for prices puts them into the book, sees their gaps, and a policy then says what it could not look up."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from cases.proposal import CaseId
from cases.ticket import CustomerId
from connectors.prices.book import PriceBook
from connectors.prices.filling import Filling, fill
from makewhole.sandboxed import CONFIG
from policy.loading import load_policy
from policy.proposing import Claim, Missing, propose
from sandbox.exchange.app import Candles, create_app
from tests.house import tree
from tests.makewhole.conftest import Told
from tests.sandbox.payouts.serving import served

PAGE = tree.ROOT / "docs" / "prices.md"
NAME = "okx-okb-usdt-mark-1m"
OKB = ("--source", "okx", "--symbol", "OKB/USDT", "--kind", "mark", "--interval", "1m")
PUBLISHED = CONFIG / "policies" / "published" / "limit-price-anomaly-2023-09.yaml"


def _blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def okb(tmp_path: Path) -> Path:
    """Return the file that the page shows."""
    path = tmp_path / "okb.csv"
    path.write_text(_blocks("csv")[0], encoding="utf-8")
    return path


def test_the_page_of_prices_prints_what_it_says(okb: Path, cli: Callable[..., Told]) -> None:
    book = ("--book", okb.parent / "prices")
    imported, gaps = _blocks("text")

    told = cli("prices", "import", okb, *OKB, *book)
    shown = cli("prices", "gaps", NAME, *book)
    listed = cli("prices", "list", *book, "--json")

    assert told.out.splitlines() == imported.splitlines()
    assert [line.rstrip() for line in shown.out.splitlines()] == gaps.splitlines()
    assert (told.code, shown.code, listed.code) == (0, 1, 0)
    (source,) = listed.json["sources"]
    assert (source["rows"], source["gaps"], source["imports"][0]["file"]) == (4, 1, "okb.csv")


def test_a_wrong_row_is_said_and_nothing_is_kept(okb: Path, cli: Callable[..., Told]) -> None:
    okb.write_text(okb.read_text(encoding="utf-8").replace("41.553,48", "41.553,4o"), encoding="utf-8")

    told = cli("prices", "import", okb, *OKB, "--book", okb.parent / "prices")

    assert (told.code, told.out) == (1, "")
    assert 'okb.csv:4: high is "4o": write a plain number' in told.err
    assert cli("prices", "list", "--book", okb.parent / "prices", "--json").json["sources"] == []


def test_a_kind_or_interval_that_is_none_is_wrong_usage(okb: Path, cli: Callable[..., Told]) -> None:
    book = ("--source", "okx", "--symbol", "OKB/USDT", "--book", okb.parent / "prices")

    kind = cli("prices", "import", okb, *book, "--kind", "mrk")
    interval = cli("prices", "import", okb, *book, "--interval", "1 minute")

    assert (kind.code, interval.code) == (2, 2)
    assert 'did you mean "mark"?' in kind.err
    assert "write 30s, 1m, 15m, 1h, 1d or 1w" in interval.err


@pytest.fixture
def exchange() -> Iterator[httpx.Client]:
    rows = tuple((str(1_706_000_400_000 + 60_000 * each), "50.1", "50.2", "49", "50", "7") for each in range(4))
    candles = Candles(instrument="OKB-USDT-SWAP", kind="mark", bar="1m", rows=rows)
    with served(create_app(candles=[candles]), token="none") as client:
        yield client


def test_candles_are_fetched_into_the_book(tmp_path: Path, exchange: httpx.Client, cli: Callable[..., Told]) -> None:
    told = cli(
        *("prices", "fetch", "okx", "--symbol", "OKB/USDT:USDT", "--kind", "mark", "--book", tmp_path, "--json"),
        *("--from", "2024-01-23T09:00:00Z", "--to", "2024-01-23T09:04:00Z"),
        *("--target", str(exchange.base_url).rstrip("/")),
    )

    assert told.code == 0, told.err
    assert (told.json["name"], told.json["rows"], told.json["gaps"]) == ("okx-okb-usdt-usdt-mark-1m", 4, 0)


def test_a_published_policy_that_looks_into_a_gap_says_which(tmp_path: Path, cli: Callable[..., Told]) -> None:
    minutes = ("07:35", "07:36", "07:39")
    path = tmp_path / "gal.csv"
    path.write_text("time,price\n" + "".join(f"2023-09-13T{each}:00Z,1.5\n" for each in minutes), encoding="utf-8")
    imported = ("--source", "board", "--symbol", "COIN", "--kind", "mark", "--book", tmp_path / "prices")
    assert cli("prices", "import", path, *imported).code == 0
    policy = load_policy(PUBLISHED.read_text(encoding="utf-8"), PUBLISHED.name)
    how = Filling(
        source="board-coin-mark-1m", price="close", start="opened_at", end="closed_at", margin=timedelta(days=1)
    )
    given = dict(policy.examples[0].given) | {"mark_prices": "2023-09-13T07:38:00Z 99"}

    filled = fill(PriceBook(tmp_path / "prices"), {"mark_prices": how}, policy.price_inputs, tuple(given.items()))
    claim = Claim(case_id=CaseId("CASE-1"), revision=1, payee=CustomerId("C-1"), inputs=filled.inputs)
    result = propose(policy, claim)

    assert isinstance(result, Missing)
    ((name, why),) = result.problems
    assert name == "mark_prices"
    assert why.endswith("a gap from 2023-09-13 07:37:00 UTC to 2023-09-13 07:39:00 UTC")
