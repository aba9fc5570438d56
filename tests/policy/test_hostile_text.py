"""Text that means harm, or was only pasted wrongly, is refused at its place and in bounded time."""

import time
from decimal import Decimal
from pathlib import Path

import pytest

from policy.book import load_book
from policy.expressions import Literal, Product
from policy.loading import BadPolicy, load_policy
from policy.yaml_text import Mapping, Scalar, read_yaml

ALIAS_BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\npolicy: *c\n"


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        (ALIAS_BOMB, "x.yaml:1:4", 'remove the anchor "&a"'),
        ("policy: *gone\n", "x.yaml:1:9", 'instead of the alias "*gone"'),
        ("policy: one\nversion: 1\npolicy: two\n", "x.yaml:3:1", '"policy" is written twice'),
        ("policy: !!python/object/apply:os.system [ls]\n", "x.yaml:1:9", "remove the tag"),
        ("policy: !!int 5\n", "x.yaml:1:9", "remove the tag"),
        ("policy: a\n---\npolicy: b\n", "x.yaml:2:1", "a file holds one policy"),
        ("a: " + "[" * 5000, "x.yaml:1:2001", "break the line: it has 5003 characters"),
        ("a:\n" + "\n".join(" " + "[" * 50 for _ in range(40)), "x.yaml:2:13", "nested more than 12 levels"),
        ("? [a, b]\n: c\n", "x.yaml:1:3", "write plain text as the key"),
        ("- a\n- b\n", "x.yaml:1:1", "start with a key"),
        ("", "x.yaml:1:1", "start with a key"),
        ("policy: a\nversion: \x07\n", "x.yaml:2:10", "remove the character U+0007"),
        ("policy: [a, b\nversion: 1\n", "x.yaml:2:8", "not readable as YAML"),
        ("policy:\n\tversion: 1\n", "x.yaml:2:1", "not readable as YAML"),
        ("%YAML 9.9\n---\na: b\n", "x.yaml:1:1", "not readable as YAML"),
    ],
)
def test_text_that_is_not_plain_is_refused_where_it_stands(text: str, place: str, said: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        load_policy(text, "x.yaml")

    assert [str(each.place) for each in refused.value.mistakes] == [place]
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "policy: " + "x" * 990_000,
        "policy: a\n" * 200_000,
        "a:\n" + "  - {b: c, d: [e, f]}\n" * 45_000,
        "".join(f"key{number}: [a, b, c]\n" for number in range(45_000)),
        "a: |\n" + " x\n" * 300_000,
        'a: "' + "\\n" * 900 + '"\n' + "b: " + "{" * 1_000,
        "works out:\n" + "".join(f"  a{number}: {'(' * 300}1{')' * 300}\n" for number in range(1_500)),
    ],
)
def test_a_megabyte_of_anything_is_refused_within_seconds(text: str) -> None:
    started = time.process_time()

    with pytest.raises(BadPolicy):
        load_policy(text, "x.yaml")

    assert time.process_time() - started < 10


def test_a_file_over_a_megabyte_is_not_read() -> None:
    with pytest.raises(BadPolicy, match=r"x\.yaml:1:1: make the file smaller: it has 1000009 bytes, at most 1000000"):
        load_policy("policy: " + "x" * 1_000_001, "x.yaml")


def test_of_a_huge_file_only_so_much_is_read_as_is_refused(tmp_path: Path) -> None:
    (tmp_path / "huge.yaml").write_bytes(b"policy: " + b"x" * 3_000_000)

    with pytest.raises(BadPolicy, match=r"huge\.yaml:1:1: make the file smaller: at most 1000000 bytes are read"):
        load_book(tmp_path)


@pytest.mark.parametrize("step", ["{} * 2", "{} / 3", "if sanctions_hit then {} else {}", "max({}, 1 USDT) + {}"])
def test_a_value_worked_out_over_thousands_of_others_is_refused_where_it_gets_too_deep(
    step: str, withdrawal_text: str
) -> None:
    steps = "".join(f"  v{number + 1}: {step.format(f'v{number}', f'v{number}')}\n" for number in range(5_000))
    text = withdrawal_text.replace("works out:\n", f"works out:\n  v0: value_usdt\n{steps}")

    with pytest.raises(BadPolicy, match="over more than 120 steps below each other") as refused:
        load_policy(text, "x.yaml")

    assert [each.place.column for each in refused.value.mistakes] == [3]


@pytest.mark.parametrize(
    "given", ["1e999999999", "9" * 61, "0." + "0" * 100 + "1", "NaN", "Infinity", "١٢", "0x10", "--1"]
)
def test_a_number_that_is_no_plain_one_is_said_and_never_worked_with(given: str, withdrawal_text: str) -> None:
    text = withdrawal_text.replace("value_usdt: 12345.68", f'value_usdt: "{given}"')

    with pytest.raises(BadPolicy, match=r"value_usdt"):
        load_policy(text, "x.yaml")


@pytest.mark.parametrize(
    ("tell", "said"),
    [
        ("{0.__class__}", "{0.__class__} cannot be filled in"),
        ("{amount.__class__}", "{amount.__class__} cannot be filled in"),
        ("{hours_late!r:>9999999}", "cannot be filled in"),
        ("{}", "{} cannot be filled in"),
    ],
)
def test_a_wording_is_no_format_string(tell: str, said: str, withdrawal_text: str) -> None:
    text = withdrawal_text.replace("en: We are checking your claim", f"en: We {tell} are checking your claim")

    with pytest.raises(BadPolicy) as refused:
        load_policy(text, "x.yaml")

    assert said in str(refused.value)


def test_everything_stays_the_text_that_was_written() -> None:
    written = ["NO", "12:30", "0.10000000000000000000000000000000000001", "1e400", "~", "0x1F", "2024-01-23", "on"]

    read = read_yaml("".join(f"k{number}: {each}\n" for number, each in enumerate(written)), "x.yaml")

    assert isinstance(read, Mapping)
    assert [node.text for _, node in read.entries if isinstance(node, Scalar)] == written


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("(" * 600 + "1 USDT" + ")" * 600, "shorten it"),
        (" - ".join(["1 USDT"] * 70), ""),
        ("not " * 140 + "sanctions_hit", "nested too deep"),
        ("if sanctions_hit then 1 USDT else " * 17 + "1 USDT", ""),
        ("-" * 500 + "1 USDT", "cannot stand here"),
        ("size(" * 38 + "value_usdt" + ")" * 38, "too much is worked out"),
        ("table(" * 16 + "fraud_score" + ",1->1,2->2,3->3,otherwise->4)" * 16, "too much is worked out"),
        ("tiers(" * 14 + "fraud_score" + ",up to 1->1,otherwise->1)" * 14, "too much is worked out"),
        ("max(" * 38 + "1 USDT" + ")" * 38, ""),
        ("9" * 70 + " USDT", "a number in a policy has at most 36 digits"),
    ],
)
def test_long_expressions_are_read_or_refused_but_never_break(amount: str, said: str, withdrawal_text: str) -> None:
    text = withdrawal_text.replace("pay: 5 USDT", f"pay: {amount}")

    with pytest.raises(BadPolicy) as refused:
        load_policy(text, "x.yaml")

    assert said in str(refused.value)


def test_a_long_share_keeps_every_digit(withdrawal_text: str) -> None:
    text = withdrawal_text.replace("0.5% of value_usdt", "0.5000000000000000000000000000000001% of value_usdt")

    policy = load_policy(text, "x.yaml")

    node = policy.derived[0].expression.node
    assert isinstance(node, Product)
    assert isinstance(node.factors[0], Literal)
    assert node.factors[0].value == Decimal("0.005000000000000000000000000000000001")


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        # A Bengali 4, which looks like an 8: a cap of 400 that reads as one of 800.
        ("at most: 600 USDT", "at most: \u09ea00 USDT", "63:14", 'the character "\u09ea" (U+09EA) cannot stand here'),
        ("pay: 15 USDT", "pay: \uff11\uff15 USDT", "50:10", "(U+FF11) cannot stand here, type it anew"),
        ("up to 1000 USDT", "up to 1\uff10\uff10\uff10 USDT", "84:57", "(U+FF10) cannot stand here, type it anew"),
        ("pay: 15 USDT", "pay: 15\u00a0USDT", "50:12", "the character (U+00A0) cannot stand here, type it anew"),
        ("decide within: 24 hours", "decide within: \uff124 hours", "18:16", 'as hours: "24 hours"'),
    ],
)
def test_what_only_looks_like_a_digit_or_a_blank_is_none(
    old: str, new: str, place: str, said: str, withdrawal_text: str
) -> None:
    with pytest.raises(BadPolicy) as refused:
        load_policy(withdrawal_text.replace(old, new), "x.yaml")

    assert f"x.yaml:{place}: " in str(refused.value)
    assert said in str(refused.value)
