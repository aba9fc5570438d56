"""The shipped people can decide everything that the shipped policies ask of them."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cases.money import Money
from cases.people import People
from config.people import load_people
from tests.config.conftest import ROOT

POLICIES = sorted((ROOT / "config" / "policies").glob("*.yaml"))
#: The largest amounts of the demo world, for bands that have no upper end.
LARGEST = {"USDT": "335999.85", "EUR": "48012.50", "JPY": "442745000"}
_STAGE = re.compile(r"(\d+) (.+)")


def bands(path: Path) -> Iterator[tuple[Money, list[tuple[int, list[str]]]]]:
    """Yield the largest amount of each band of a policy's approvals, with its stages: (quorum, roles)."""
    policy: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  # Text only.
    assets = re.findall(r"USDT|EUR|JPY", str(policy["money"]))
    for row in policy["approvals"]:
        if row["stages"] == "none":
            continue
        upper = re.search(r"up to (\d+) ([A-Z]+)", str(row["when"]))
        amounts = [(upper[1], upper[2])] if upper else [(LARGEST[asset], asset) for asset in set(assets)]
        for amount, asset in amounts:
            found = [_STAGE.fullmatch(stage) for stage in row["stages"]]
            yield Money.exactly(amount, asset), [(int(each[1]), each[2].split(" or ")) for each in found if each]


def can_be_decided(people: People, amount: Money, stages: list[tuple[int, list[str]]], *, without: str) -> bool:
    """Whether distinct people can fill every stage while one of them handles the case."""
    choices = [
        list(
            itertools.combinations(
                [
                    each.id
                    for each in people.everyone
                    if each.id != without
                    and any(held.role in roles and held.covers(amount) for held in each.authorities)
                ],
                quorum,
            )
        )
        for quorum, roles in stages
    ]
    return any(
        len({person for stage in filled for person in stage}) == sum(quorum for quorum, _ in stages)
        for filled in itertools.product(*choices)
    )


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_every_band_of_every_policy_can_be_decided_whichever_agent_handles_the_case(path: Path) -> None:
    people = load_people(ROOT / "config" / "people.yaml")

    stuck = [
        (str(amount), stages, handler)
        for amount, stages in bands(path)
        for handler in ("amelia", "luca", "mei")
        if not can_be_decided(people, amount, stages, without=handler)
    ]

    assert stuck == []
