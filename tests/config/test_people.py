"""The role table is read exactly, and whoever would be two approvers is one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cases.money import Money
from config.mistakes import BadSettings
from config.people import load_people
from tests.config.conftest import ROOT

TABLE = """\
people:
  amelia:
    name: Amelia Chen
    slack: U0AMELIA001
    helpdesk: ["zendesk:harbor:1003"]
    roles:
      compensation_lead: [10_000 USDT, 10000.50 EUR]
  wei:
    name: 张伟 Wei Zhang
    locale: zh
    slack: U0WEIZHANG1
    roles:
      compensation_lead: [500 USDT]
  yuki:
    name: Yuki Tanaka
delegations:
  - from: amelia
    to: yuki
    role: compensation_lead
    limits: [5_000 USDT]
    starts_at: 2026-12-20T00:00:00+08:00
    ends_at: 2027-01-04T00:00:00Z
"""


def table(tmp_path: Path, **changes: str) -> Path:
    """Write the table with `old` replaced by `new` and return its path."""
    text = TABLE
    if changes:
        assert text.count(changes["old"]) == 1
        text = text.replace(changes["old"], changes["new"])
    path = tmp_path / "people.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path) -> list[str]:
    """Return the mistakes of a table, without its folder."""
    with pytest.raises(BadSettings) as caught:
        load_people(path)
    return [str(each).replace(f"{path.parent}/", "") for each in caught.value.mistakes]


def test_roles_limits_and_delegations_are_read_exactly(tmp_path: Path) -> None:
    people = load_people(table(tmp_path))

    amelia, yuki = people.by_id("amelia"), people.by_id("yuki")
    assert [each.id for each in people.everyone] == ["amelia", "wei", "yuki"]
    assert amelia is not None
    assert amelia.authorities[0].limits == (Money.exactly("10000", "USDT"), Money.exactly("10000.50", "EUR"))
    assert amelia.helpdesk_ids == ("zendesk:harbor:1003",)
    assert yuki is not None
    assert yuki.slack_id is None
    assert yuki.authorities == ()
    lent = yuki.delegations[0]
    assert lent.giver == "amelia"
    assert lent.starts_at == datetime(2026, 12, 19, 16, tzinfo=UTC)
    assert not yuki.authorities_at(datetime(2026, 12, 19, 15, 59, tzinfo=UTC))
    assert yuki.authorities_at(datetime(2026, 12, 19, 16, tzinfo=UTC))[0].covers(Money.exactly("5000", "USDT"))
    assert not yuki.authorities_at(datetime(2027, 1, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        (
            "slack: U0WEIZHANG1",
            "slack: U0AMELIA001",
            (
                "people.yaml:11:5: people.wei.slack: amelia has the same: one human being is one entry, "
                "or the two count as two approvers"
            ),
        ),
        (
            "name: Yuki Tanaka",
            "name: amelia  CHEN",
            (
                "people.yaml:15:5: people.yuki.name: amelia has the same: one human being is one entry, "
                "or the two count as two approvers"
            ),
        ),
        (
            "name: Yuki Tanaka",
            'name: Yuki\n    helpdesk: ["zendesk:harbor:1003"]',
            (
                "people.yaml:16:16: people.yuki.helpdesk[0]: amelia has the same: one human being is one entry, "
                "or the two count as two approvers"
            ),
        ),
        ("  yuki:", "  amelia:", "people.yaml:14:3: people.amelia: is written twice: keep one"),
        (
            "[500 USDT]",
            "[500 USDTT]",
            "people.yaml:13:27: people.wei.roles.compensation_lead[0]: 'USDTT' is not a known",
        ),
        (
            "[500 USDT]",
            "[0 USDT]",
            "people.yaml:13:27: people.wei.roles.compensation_lead[0]: write an amount above zero",
        ),
        ("[500 USDT]", "[-5 USDT]", "people.yaml:13:27: people.wei.roles.compensation_lead[0]: write an amount like"),
        ("[500 USDT]", "[1e3 USDT]", "people.yaml:13:27: people.wei.roles.compensation_lead[0]: write an amount like"),
        ("[500 USDT]", "[500]", "people.yaml:13:27: people.wei.roles.compensation_lead[0]: write text; put quotes"),
        (
            "[500 USDT]",
            "[0.0000001 USDT]",
            "people.yaml:13:27: people.wei.roles.compensation_lead[0]: 0.0000001 USDT has",
        ),
        (
            "[500 USDT]",
            "[5 USDT, 6 USDT]",
            "people.yaml:13:7: people.wei.roles.compensation_lead: USDT: keep one limit",
        ),
        ("locale: zh", "locale: zh-CN", "people.yaml:10:5: people.wei.locale: write one of en, zh"),
        ("locale: zh", "local: zh", 'people.yaml:10:5: people.wei.local: unknown key: did you mean "locale"?'),
        ("from: amelia", "form: amelia", 'people.yaml:17:5: delegations[0].form: unknown key: did you mean "from"?'),
        (
            "from: amelia",
            "from: amelie",
            'people.yaml:17:5: delegations[0].from: nobody has this id: did you mean "amelia"?',
        ),
        ("to: yuki", "to: amelia", "people.yaml:18:5: delegations[0].to: name somebody else"),
        (
            "[5_000 USDT]",
            "[10_001 USDT]",
            "people.yaml:20:14: delegations[0].limits[0]: at most 10000.00 USDT, the giver's",
        ),
        ("[5_000 USDT]", "[1 JPY]", "people.yaml:20:14: delegations[0].limits[0]: amelia may not agree to any JPY"),
        ("[5_000 USDT]", "[]", "people.yaml:20:5: delegations[0].limits: list at least 1"),
        ("2027-01-04T00:00:00Z", "2026-12-19T16:00:00Z", "people.yaml:22:5: delegations[0].ends_at: must be later"),
        ("2027-01-04T00:00:00Z", "2027-06-04T00:00:00Z", "people.yaml:22:5: delegations[0].ends_at: at most 92 days"),
        ("2027-01-04T00:00:00Z", "2027-01-04T00:00:00", "people.yaml:22:5: delegations[0].ends_at: add the offset"),
        (
            "    role: comp",
            "    role: chomp",
            "people.yaml:19:5: delegations[0].role: amelia does not hold it: did you mean",
        ),
    ],
)
def test_a_table_that_would_be_misread_is_refused(tmp_path: Path, old: str, new: str, mistake: str) -> None:
    mistakes = refused(table(tmp_path, old=old, new=new))

    assert any(each.startswith(mistake) for each in mistakes), mistakes


def test_what_was_lent_cannot_be_lent_on(tmp_path: Path) -> None:
    chain = (
        "    ends_at: 2027-01-04T00:00:00Z\n"
        "  - {from: yuki, to: wei, role: compensation_lead, limits: [1 USDT], "
        "starts_at: 2026-12-20T00:00:00Z, ends_at: 2026-12-21T00:00:00Z}\n"
    )

    mistakes = refused(table(tmp_path, old="    ends_at: 2027-01-04T00:00:00Z\n", new=chain))

    assert mistakes == ["people.yaml:23:27: delegations[1].role: yuki does not hold it: known here: nothing"]


def test_the_shipped_people_are_right() -> None:
    people = load_people(ROOT / "config" / "people.yaml")

    roles = {each.id: [held.role for held in each.authorities] for each in people.everyone}
    assert roles == {
        "amelia": ["compensation_lead"],
        "wei": ["compensation_lead"],
        "noah": ["finance", "policy_approver"],
        "priya": ["fraud_analyst"],
        "yuki": ["head_of_support", "policy_approver"],
        "luca": [],
        "mei": [],
        "hana": ["head_of_support"],
        "sofia": ["finance"],
        "tariq": ["fraud_analyst"],
    }
