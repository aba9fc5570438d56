"""Each finding put into a good policy, which still loads, is named at its place with a case that shows it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from policy.analysis import findings
from policy.loading import load_policy, read_policy
from policy.mistakes import Weight

SEEDED: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "seeded_findings.yaml").read_text(encoding="utf-8")
)
EXAMPLE = """\
  - name: held by compliance
    source: ours
    given: {delay_cause: compliance_hold}
    expect: {then: individual review}
"""


@pytest.mark.parametrize("name", SEEDED)
def test_a_finding_is_named_at_its_place(name: str, withdrawal_text: str) -> None:
    spoilt = _spoilt(SEEDED[name], withdrawal_text)

    found = findings(load_policy(spoilt, "delayed.yaml"))

    named = [each for each in found if each.key == SEEDED[name]["key"]]
    assert len(named) == 1, "\n".join(f"{each} | {each.key}" for each in found)
    assert SEEDED[name]["said"] in named[0].what
    assert named[0].place.line == spoilt[: spoilt.index(SEEDED[name]["at"])].count("\n") + 1


def test_the_good_policy_has_none_of_them(withdrawal_text: str) -> None:
    assert findings(load_policy(_short(withdrawal_text), "delayed.yaml")) == ()


def _spoilt(seeded: dict[str, Any], text: str) -> str:
    for change in (seeded, *([seeded["also"]] if "also" in seeded else [])):
        assert change["old"] in text
        text = text.replace(change["old"], change["new"], 1)
    return _short(text)


def _short(text: str) -> str:
    """Return the policy with one example that holds whatever was changed."""
    return text[: text.index("examples:\n")] + "examples:\n" + EXAMPLE


def test_a_fixed_limit_beside_a_deduction_is_a_note_only(policies: Path) -> None:
    earn = policies / "sets" / "crypto-exchange" / "earn.yaml"
    text = earn.read_text(encoding="utf-8").replace("max(20000 USDT - paid_already, 0)", "20000 USDT")

    found = findings(read_policy(text, earn.name))

    beside = [each for each in found if each.code == "limit-beside-deduction"]
    assert [(each.about, each.weight) for each in beside] == [("per claim / credited later already", Weight.NOTE)]
