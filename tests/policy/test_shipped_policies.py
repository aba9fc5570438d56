"""The policies that are shipped: published numbers, application windows, and one answer per topic and moment."""

import json
import re
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cases.loss import LossKind
from cases.money import Money, asset
from policy.book import PolicyBook, load_book
from policy.checking import check
from policy.deciding import decide
from policy.facts import read_facts
from policy.loading import BadPolicy
from tests.policy.conftest import PEOPLE

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOPICS = {
    "okb_volatility_2024_01": LossKind.POSITION,
    "nem_incident_2018": LossKind.INCIDENT,
    "lever_perpetual_2025_10": LossKind.INCIDENT,
    "delayed_withdrawal": LossKind.TRANSACTION,
    "duplicate_charge": LossKind.TRANSACTION,
}
PUBLISHED = {"D02": "okb-volatility-2024-01", "D12": "nem-incident-2018", "D15": "lever-perpetual-2025-10"}


def test_every_topic_has_one_policy_today(book: PolicyBook) -> None:
    found = {topic: book.policy_for(topic, NOW) for topic in TOPICS}

    assert {topic: policy.loss for topic, policy in found.items() if policy} == TOPICS


def test_every_file_passes_the_check_with_the_people_there_are(policies: Path) -> None:
    checked = check(policies, people=PEOPLE)

    assert [str(mistake) for each in checked for mistake in each.mistakes] == []
    assert all(each.examples >= 8 for each in checked if "/" not in each.file)
    assert {each.file.partition("/")[0] for each in checked if "/" in each.file} == {"published", "sets"}


@pytest.mark.parametrize("plan", PUBLISHED)
def test_every_published_number_is_a_worked_example(plan: str, shared: Path, book: PolicyBook) -> None:
    plans = json.loads((shared / "plans" / "plans.json").read_text(encoding="utf-8"))
    cases = next(each for each in plans if each["id"] == plan)["cases"]
    policy = book.policy(PUBLISHED[plan], "1")
    assert policy is not None

    shown = [(_numbers(case["inp"]), _numbers(case["exp"])[0]) for case in cases]

    for told, expected in shown:
        examples = [each for each in policy.examples if set(told) <= {_number(text) for _, text in each.given}]
        amounts = [_paid(decide(policy, read_facts(policy, each.given).values).amount) for each in examples]
        half_a_unit = Decimal("0.5").scaleb(-asset(str(policy.money.asset)).decimals)
        assert any(abs(amount - expected) <= half_a_unit for amount in amounts), (told, expected, amounts)


def test_no_policy_decides_before_its_application_window(book: PolicyBook) -> None:
    assert book.policy_for("nem_incident_2018", datetime(2018, 3, 11, 14, 59, 59, tzinfo=UTC)) is None
    assert book.policy_for("nem_incident_2018", datetime(2018, 3, 11, 15, 0, tzinfo=UTC)) is not None


def test_a_topic_nobody_decides_has_no_policy(book: PolicyBook) -> None:
    assert book.policy_for("card_lost", NOW) is None


def test_the_second_version_takes_over_where_the_first_ends(policies: Path, tmp_path: Path) -> None:
    text = (policies / "delayed-withdrawal.yaml").read_text(encoding="utf-8")
    (tmp_path / "one.yaml").write_text(text.replace("to: open", "to: 2026-06-01T00:00:00Z"), encoding="utf-8")
    later = text.replace("version: 1", "version: 2").replace("from: 2025-01-01", "from: 2026-06-01")
    (tmp_path / "two.yaml").write_text(later, encoding="utf-8")

    book = load_book(tmp_path)

    before = book.policy_for("delayed_withdrawal", datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC))
    after = book.policy_for("delayed_withdrawal", datetime(2026, 6, 1, tzinfo=UTC))
    assert before is not None
    assert after is not None
    assert (before.version, after.version) == ("1", "2")


def test_two_versions_for_one_topic_at_once_are_refused(policies: Path, tmp_path: Path) -> None:
    text = (policies / "delayed-withdrawal.yaml").read_text(encoding="utf-8")
    (tmp_path / "one.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "two.yaml").write_text(text.replace("version: 1", "version: 2"), encoding="utf-8")

    with pytest.raises(
        BadPolicy, match=r'two\.yaml:8:3: "delayed_withdrawal" is decided by one\.yaml at the same time'
    ):
        load_book(tmp_path)


def test_one_version_in_two_files_is_refused(policies: Path, tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        shutil.copy(policies / "duplicate-charge.yaml", tmp_path / name)

    with pytest.raises(BadPolicy, match=r"two\.yaml:2:1: duplicate-charge version 1 is also in one\.yaml"):
        load_book(tmp_path)


def test_one_bad_file_does_not_hide_the_mistakes_of_another(policies: Path, tmp_path: Path) -> None:
    text = (policies / "delayed-withdrawal.yaml").read_text(encoding="utf-8")
    (tmp_path / "a.yaml").write_text(text.replace("owner:", "ownr:"), encoding="utf-8")
    (tmp_path / "b.yaml").write_bytes(b"policy: \xff")
    shutil.copy(policies / "duplicate-charge.yaml", tmp_path / "c.yaml")

    with pytest.raises(BadPolicy) as refused:
        load_book(tmp_path)
    checked = check(tmp_path)

    assert {each.place.file for each in refused.value.mistakes} == {"a.yaml", "b.yaml"}
    assert [(each.file, len(each.mistakes), each.examples) for each in checked] == [
        ("a.yaml", 2, 0),
        ("b.yaml", 1, 0),
        ("c.yaml", 0, 9),
    ]


def test_a_directory_without_policies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadPolicy, match=r"no \*\.yaml file here"):
        load_book(tmp_path)
    with pytest.raises(BadPolicy, match="no such directory"):
        load_book(tmp_path / "gone")


def _numbers(text: str) -> list[Decimal]:
    return [Decimal(each.replace(",", "")) for each in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def _number(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


def _paid(amount: Money | None) -> Decimal:
    return amount.amount if amount else Decimal(0)
