"""Several policies together: versions that follow each other, and plans that agree on who pays."""

from pathlib import Path

import pytest

from policy.checking import check
from policy.mistakes import Finding

VERSION_2 = {"version: 1": "version: 2", "from: 2025-01-01T00:00:00Z": "from: 2026-01-01T00:00:00Z"}


def _found(folder: Path, *texts: str) -> list[Finding]:
    for number, text in enumerate(texts):
        (folder / f"p{number}.yaml").write_text(text, encoding="utf-8")
    checked = check(folder)
    assert not any(each.mistakes for each in checked), [str(each.mistakes) for each in checked]
    return [finding for each in checked for finding in each.findings]


def _changed(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_versions_that_follow_each_other_are_fine(withdrawal_text: str, tmp_path: Path) -> None:
    first = _changed(withdrawal_text, {"to: open": "to: 2026-01-01T00:00:00Z"})

    assert _found(tmp_path, first, _changed(withdrawal_text, VERSION_2)) == []


def test_a_folder_below_is_a_set_of_its_own(withdrawal_text: str, tmp_path: Path) -> None:
    below, hidden = tmp_path / "drafts" / "2026", tmp_path / ".old"
    for folder in (below, hidden):
        folder.mkdir(parents=True)
        (folder / "p.yaml").write_text(withdrawal_text.replace("half up", "half upp"), encoding="utf-8")
    (tmp_path / "p.yaml").write_text(withdrawal_text, encoding="utf-8")

    found = check(tmp_path)

    assert [each.file for each in found] == ["p.yaml", "drafts/2026/p.yaml"]
    assert not found[0].mistakes
    assert {each.place.file for each in found[1].mistakes} == {"drafts/2026/p.yaml"}


def test_a_gap_between_versions_is_named(withdrawal_text: str, tmp_path: Path) -> None:
    first = _changed(withdrawal_text, {"to: open": "to: 2025-12-01T00:00:00Z"})

    (gap,) = _found(tmp_path, first, _changed(withdrawal_text, VERSION_2))

    assert (gap.key, gap.waivable) == ("versions-leave-a-gap: delayed-withdrawal 1 / 2", True)
    assert str(gap.place) == "p1.yaml:8:3"
    assert "holds from 2025-12-01 00:00:00 UTC to 2026-01-01 00:00:00 UTC" in gap.what


def test_versions_out_of_order_are_named(withdrawal_text: str, tmp_path: Path) -> None:
    first = _changed(withdrawal_text, {"version: 1": "version: 3", "to: open": "to: 2026-01-01T00:00:00Z"})

    (order,) = _found(tmp_path, first, _changed(withdrawal_text, VERSION_2))

    assert order.key == "versions-out-of-order: delayed-withdrawal 3 / 2"


@pytest.mark.parametrize(("answer", "disagree"), [("excluded", True), ("added", False)])
def test_plans_that_disagree_about_each_other_are_named(
    answer: str, *, disagree: bool, withdrawal_text: str, tmp_path: Path
) -> None:
    stand = "inputs:\n  paid_by_it: USDT\n"
    ours = {
        "inputs:\n": stand,
        "exclusions:": "other plans: [{plan: other, paid: paid_by_it, then: added}]\nexclusions:",
    }
    theirs = {
        **ours,
        "exclusions:": f"other plans: [{{plan: delayed-withdrawal, paid: paid_by_it, then: {answer}}}]\nexclusions:",
        "policy: delayed-withdrawal": "policy: other",
        "[delayed_withdrawal]": "[other]",
    }
    usual = {"usual inputs:\n": "usual inputs:\n  paid_by_it: 0\n"}

    told = _found(tmp_path, _changed(withdrawal_text, ours | usual), _changed(withdrawal_text, theirs | usual))

    assert [each.key for each in told] == (["plans-disagree: delayed-withdrawal / other"] if disagree else [])


def test_the_shipped_policies_have_one_finding_which_their_text_answers(policies: Path) -> None:
    told = [finding for each in check(policies) for finding in each.findings]

    assert [each.key for each in told] == ["versions-leave-a-gap: fixed-line 1 / 2"]
    assert "2020 to 2026 are not in our sources" in (policies / "published" / "fixed-line-1.yaml").read_text("utf-8")
