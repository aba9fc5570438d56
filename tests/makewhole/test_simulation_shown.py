"""A manager sees what a draft would change: on the terminal, as a page, as rows, and over stored cases."""

import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from makewhole.sandboxed import CONFIG
from tests.house import tree
from tests.makewhole.conftest import Told, World

PAGE = tree.ROOT / "docs" / "simulation.md"
SHIPPED = CONFIG / "policies" / "delayed-withdrawal.yaml"
DRAFT = (
    ("version: 1\n", "version: 2\n"),
    ("pay: 15 USDT", "pay: 20 USDT"),
    ("{hours_late: under 2 hours}", "{hours_late: under 3 hours}"),
    ("{hours_late: 2 to under 6 hours}", "{hours_late: 3 to under 6 hours}"),
    ("at most: 600 USDT", "at most: 400 USDT"),
)


def _blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the draft and the cases of the page."""
    text = SHIPPED.read_text(encoding="utf-8")
    for old, new in DRAFT:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "draft.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "cases.csv").write_text(_blocks("csv")[0], encoding="utf-8")
    return tmp_path


def _simulated(cli: Callable[..., Told], folder: Path, *more: object) -> Told:
    versions = ("--version", "delayed-withdrawal@1", "--policies", SHIPPED.parent, "--against", folder / "draft.yaml")
    return cli("policy", "simulate", *versions, *more)


def test_the_page_of_simulations_prints_what_it_says(
    folder: Path, cli: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")

    told = _simulated(cli, folder, "--cases", folder / "cases.csv", "--html", folder / "quarter.html")

    assert told.code == 1
    assert [line.rstrip() for line in told.out.splitlines()] == _blocks("text")[0].splitlines()
    assert re.search(r"delayed-withdrawal 2: \d+ of its examples do not hold", told.err)


def test_the_html_page_says_the_same_in_two_languages_and_calls_nothing_from_outside(
    folder: Path, cli: Callable[..., Told]
) -> None:
    cases = ("--cases", folder / "cases.csv")
    (folder / "cases.csv").write_text(_blocks("csv")[0].replace("A-1,", "<b>A-1</b>,"), encoding="utf-8")

    _simulated(cli, folder, *cases, "--html", folder / "en.html")
    _simulated(cli, folder, *cases, "--html", folder / "zh.html", "--language", "zh")

    english, chinese = ((folder / f"{each}.html").read_text(encoding="utf-8") for each in ("en", "zh"))
    assert 'lang="en"' in english
    assert 'lang="zh-Hans"' in chinese
    assert "善意补偿" in chinese
    assert "&lt;b&gt;A-1&lt;/b&gt;" in english
    assert "<b>A-1" not in english
    assert english.count("<svg") == chinese.count("<svg") == 4
    assert set(re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"'> ]+)", english)) == {"#undecided"}


def test_the_rows_say_what_becomes_of_each_case(folder: Path, cli: Callable[..., Told]) -> None:
    told = _simulated(cli, folder, "--cases", folder / "cases.csv", "--parquet", folder / "rows.parquet", "--json")

    rows = pl.read_parquet(folder / "rows.parquet")
    assert rows["case_id"].to_list() == ["A-1", "A-2", "A-3", "A-4", "A-5", "A-6"]
    assert rows["amount_a"].to_list()[:4] == ["15.000000", "450.000000", "135.000000", "5.000000"]
    assert rows["change_minor"].cast(pl.Int64).to_list() == [5_000_000, -70_000_000, -135_000_000, -5_000_000, 0, 0]
    assert told.json["cases"] == 6
    assert told.json["totals"][0]["b"] == "440.00"


def test_what_cannot_be_simulated_is_said(folder: Path, cli: Callable[..., Told]) -> None:
    cases = ("--cases", folder / "cases.csv")
    floats = pl.DataFrame({"customer_id": ["C-1"], "hours_late": [7.5]})
    floats.with_columns(at=pl.lit("2026-01-01T00:00:00Z")).write_parquet(folder / "floats.parquet")

    misspelt = ("--version", "delayed-withdrawl@1", "--policies", SHIPPED.parent, "--against", SHIPPED)
    unknown = cli("policy", "simulate", *misspelt, *cases)
    inexact = _simulated(cli, folder, "--cases", folder / "floats.parquet")
    late = _simulated(cli, folder, *cases, "--from", "2027-01-01")

    assert (unknown.code, inexact.code, late.code) == (2, 2, 3)
    assert 'did you mean "delayed-withdrawal@1"?' in unknown.err
    assert "hours_late: a column of Float64 cannot be read exactly" in inexact.err
    assert "there are no cases of this time" in late.err


def test_stored_cases_come_out_as_they_were_proposed(world: World, tmp_path: Path, cli: Callable[..., Told]) -> None:
    settings = world.settings(tmp_path)

    told = cli(
        *("policy", "simulate", "--version", "delayed-withdrawal@1", "--against", SHIPPED),
        *("--settings", settings, "--json"),
    )

    listed = cli("case", "list", "--settings", settings, "--json", "--limit", "1000").json["cases"]
    proposed = [each for each in listed if each["topic"] == "delayed_withdrawal" and each["amount"]]
    assert proposed
    assert told.json["undecided"] == 0
    assert told.json["cases"] >= len(proposed)
    assert all(each["winners"] == each["losers"] == 0 for each in told.json["changes"])
