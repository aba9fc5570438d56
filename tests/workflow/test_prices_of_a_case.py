"""A case whose policy looks prices up is proposed from the price book, which it names; a gap leaves it to a person."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from cases.case import NeedsAttention
from cases.loss import LossKind
from config.people import load_people
from connectors.prices.book import About, PriceBook
from connectors.prices.filling import Filling, fill
from connectors.prices.reading import read_file
from connectors.prices.rows import Kind
from policy.book import read_policy_file
from policy.recomputing import recompute
from tests.workflow.desk_at_work import ROOT, TOPICS, DeskAtWork
from tests.workflow.played_vendors import NOON, ticket
from workflow.submitting import draft

TOPIC = "limit_price_anomaly_2023_09"
POLICY = ROOT / "config" / "policies" / "published" / "limit-price-anomaly-2023-09.yaml"
FILLS = ROOT / "tests" / "policy" / "plans" / "wrong-fills.yaml"
MARKS = "time,price\n2023-09-13T15:37:06+08:00,1610\n2023-09-13T15:38:06+08:00,1600\n"
ETH = About(source="board", symbol="ETH", kind=Kind.MARK, interval="1m")


@pytest.fixture
def book(at_work: DeskAtWork, tmp_path: Path) -> PriceBook:
    """Return a price book that the desk fills from, and release the policy that looks into it."""
    book = PriceBook(tmp_path / "prices")
    how = Filling(
        source="board-{coin}-mark-1m",
        price="close",
        start="opened_at",
        end="closed_at",
        margin=timedelta(hours=1),
    )
    filler = partial(fill, book, {"mark_prices": how})
    at_work.desk = replace(at_work.desk, topics={**TOPICS, TOPIC: LossKind.POSITION}, prices=filler)
    policy = draft(read_policy_file(POLICY), POLICY.name, people=load_people(ROOT / "config" / "people.yaml"))
    at_work.release(policy)
    at_work.facts = dict(policy.policy.examples[0].given) | {"coin": "ETH"}
    return book


def _keep(book: PriceBook, folder: Path, text: str) -> str:
    path = folder / "marks.csv"
    path.write_text(text, encoding="utf-8")
    return book.add(ETH, read_file(path, time_zone=None), file=path.name, now=NOON).sha256


def _tell(at_work: DeskAtWork) -> None:
    at_work.tell(ticket("1", loss=None, topic=TOPIC, position_id="P-1"))
    at_work.work()


def test_a_proposal_names_the_prices_it_rests_on(at_work: DeskAtWork, book: PriceBook, tmp_path: Path) -> None:
    at_work.facts["mark_prices"] = "2023-09-13T15:38:06+08:00 9999"
    sha256 = _keep(book, tmp_path, MARKS)

    _tell(at_work)

    proposal = at_work.proposal("CASE-1")
    assert str(proposal.amount) == "201.50 USDT"
    assert ("board-eth-mark-1m", sha256) in proposal.sources


def test_a_gap_leaves_the_case_to_a_person_who_is_told_which(
    at_work: DeskAtWork, book: PriceBook, tmp_path: Path
) -> None:
    _keep(book, tmp_path, MARKS.replace("15:38:06", "15:39:00"))

    _tell(at_work)

    case = at_work.case("CASE-1")
    assert isinstance(case, NeedsAttention)
    (missing,) = case.missing
    assert missing.startswith("mark_prices: holds no price")
    assert missing.endswith("a gap from 2023-09-13 07:38:06 UTC to 2023-09-13 07:39:00 UTC")


def test_fills_in_several_coins_rest_on_a_source_for_each_and_come_out_again(
    at_work: DeskAtWork, book: PriceBook, tmp_path: Path
) -> None:
    at_work.desk = replace(at_work.desk, topics={**TOPICS, "wrong_fills": LossKind.POSITION})
    how = Filling(
        source="board-{symbol}-mark-1m", price="close", start="filled_at", end="filled_at", margin=timedelta(minutes=6)
    )
    text = FILLS.read_text(encoding="utf-8").replace("care_lead", "compensation_lead")
    text = text.replace("loss: incident", "loss: position")
    (tmp_path / FILLS.name).write_text(text, encoding="utf-8")
    policy = draft(
        read_policy_file(tmp_path / FILLS.name), FILLS.name, people=load_people(ROOT / "config" / "people.yaml")
    )
    at_work.desk = replace(at_work.desk, prices=partial(fill, book, {"fair": how}))
    at_work.release(policy)
    at_work.facts = {name: text for name, text in policy.policy.examples[0].given if name != "fair"}
    rows = "".join(f"2026-05-04T08:{minute}:00Z,{{0}}\n" for minute in range(20, 45))
    hashes = {}
    for symbol, price in (("BTC", "100"), ("ETH", "20")):
        path = tmp_path / f"{symbol}.csv"
        path.write_text("time,price\n" + rows.format(price), encoding="utf-8")
        about = replace(ETH, symbol=symbol)
        hashes[about.name] = book.add(about, read_file(path, time_zone=None), file=path.name, now=NOON).sha256

    at_work.tell(ticket("1", loss=None, topic="wrong_fills", position_id="P-1"))
    at_work.work()

    proposal = at_work.proposal("CASE-1")
    assert str(proposal.amount) == "27.95 USDT"
    assert {name: sha256 for name, sha256 in proposal.sources if name in hashes} == hashes
    assert recompute(policy.policy, proposal) == ()
