"""The sets a customer starts from: each can be used as it is, and has an example for every line of it."""

from pathlib import Path

import pytest

from cases.proposal import CaseId, Proposal
from cases.ticket import CustomerId
from config.people import load_people
from policy.book import load_book, policy_files, read_policy_file
from policy.form import Policy
from policy.loading import read_policy
from policy.proposing import Claim, propose

ROOT = Path(__file__).resolve().parents[2] / "config"
SETS = {
    "crypto-exchange": {"card", "copy-trading", "earn", "futures", "p2p", "spot", "withdrawals"},
    "online-shop": {"damaged", "duplicate-charge", "late-delivery", "missed-appointment"},
}
POLICIES = [path for name in SETS for path in policy_files(ROOT / "policies" / "sets" / name)]


@pytest.mark.parametrize("name", SETS)
def test_a_set_can_be_used_as_it_is_with_the_people_there_are(name: str) -> None:
    people = load_people(ROOT / "people.yaml")

    book = load_book(ROOT / "policies" / "sets" / name, people=people)

    assert {each.file.removesuffix(".yaml") for each in book.policies} == SETS[name]


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_every_line_of_a_set_has_an_example(path: Path) -> None:
    policy = read_policy(read_policy_file(path), path.name)

    reasons = {_reason(policy, each.given) for each in policy.examples}

    lines = (
        {each.name for each in policy.rules} | {each.name for each in policy.thresholds} | {policy.nothing_left.name}
    )
    assert lines - reasons == set()


def _reason(policy: Policy, given: tuple[tuple[str, str], ...]) -> str:
    claim = Claim(case_id=CaseId("EXAMPLE"), revision=1, payee=CustomerId("EXAMPLE"), inputs=given)
    result = propose(policy, claim)
    assert isinstance(result, Proposal)
    return result.reason
