"""What changes between two versions: in words, line by line, and on which cases."""

from pathlib import Path

from policy.differing import Given, case_changes, examples_of
from policy.form import Policy
from policy.loading import load_policy, read_policy
from policy.text_changes import text_changes

SHIPPED = (Path(__file__).parents[2] / "config" / "policies" / "delayed-withdrawal.yaml").read_text(encoding="utf-8")
OLD = load_policy(SHIPPED, "old.yaml")


def changed(*changes: tuple[str, str]) -> str:
    """Return the shipped text with pieces replaced, each of which stands there."""
    text = SHIPPED
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    return text


def told(text: str) -> list[str]:
    return [str(each) for each in text_changes(SHIPPED, text, old_file="old.yaml", new_file="new.yaml")]


def as_policy(text: str) -> Policy:
    return read_policy(text, "new.yaml")


def rule(name: str) -> str:
    """Return the lines of a rule of the shipped text."""
    start = SHIPPED.index(f"  - name: {name}\n")
    return SHIPPED[start : SHIPPED.index("  - name:", start + 5)]


def test_the_same_text_with_other_comments_says_the_same() -> None:
    assert told(changed(("signed hours # below zero", "signed hours   # under zero"))) == []


def test_each_changed_piece_is_named_with_its_line_and_both_texts() -> None:
    text = changed(
        ("version: 1", "version: 2"), ("pay: 15 USDT", "pay: 20 USDT"), ("at most: 600 USDT", "at most: 700 USDT")
    )

    found = text_changes(SHIPPED, text, old_file="old.yaml", new_file="new.yaml")

    assert [str(each) for each in found] == [
        "version: 1 -> 2",
        "rules: six to twenty-four hours late: pay: 15 USDT -> 20 USDT",
        "limits: goodwill in twelve months: at most: 600 USDT -> 700 USDT",
    ]
    assert [each.place.line for each in found] == [3, 50, 63]


def test_a_line_that_comes_goes_or_moves_is_said_to() -> None:
    two, six = rule("two to six hours late"), rule("six to twenty-four hours late")
    new = "  - name: an hour late\n    when: {hours_late: 1 to under 2 hours}\n    then: goodwill\n    pay: 1 USDT\n"

    assert told(changed((two, new + two))) == [
        "rules: an hour late: added: when: {hours_late: 1 to under 2 hours}, then: goodwill, pay: 1 USDT"
    ]
    assert told(changed((two, ""))) == [
        "rules: two to six hours late: removed: when: {hours_late: 2 to under 6 hours}, then: goodwill, pay: 5 USDT"
    ]
    assert told(changed((two + six, six + two))) == [
        "rules: six to twenty-four hours late: moved from place 3 to place 2"
    ]


def test_a_line_with_another_name_in_its_place_is_the_same_line() -> None:
    assert told(changed(("  - name: two to six hours late", "  - name: some hours late"))) == [
        "rules: two to six hours late: name: two to six hours late -> some hours late"
    ]


def test_a_row_of_the_matrix_is_known_by_when_it_fits() -> None:
    before = "  - when: {amount: up to 1000 USDT}\n    stages: [1 compensation_lead]"

    assert told(changed((before, before.replace("[1 ", "[2 ")))) == [
        "approvals: when {amount: up to 1000 USDT}: stages: [1 compensation_lead] -> [2 compensation_lead]"
    ]


def test_cases_that_are_decided_otherwise_are_shown_with_both_decisions() -> None:
    new = as_policy(changed(("pay: 15 USDT", "pay: 20 USDT"), ("- name: two to six hours late", "- name: some hours")))

    found = list(case_changes(OLD, new, examples_of(OLD, new)))

    what = {each.given.name: each.what for each in found}
    assert what["example: six hours"] == (("amount", "15.00 USDT", "20.00 USDT"),)
    assert what["example: two hours"] == (("rule", "two to six hours late", "some hours"),)
    assert "example: a day" not in what


def test_an_input_that_only_the_new_version_needs_is_said_to_be_missing() -> None:
    new = as_policy(
        changed(
            ("  fraud_score: number\n", "  fraud_score: number\n  tier: one of [standard, vip]\n"),
            ("when: {hours_late: 6 to under 24 hours}", "when: hours_late is 6 to under 24 hours and tier is vip"),
        )
    )
    given = Given(name="CASE-1", inputs=OLD.examples[3].given)

    (change,) = case_changes(OLD, new, [given])

    assert (change.old.amount, change.new.classification) == ("15.00 USDT", "nothing yet")
    assert change.new.rule == "missing: tier"
