"""Reading the worked examples of a policy: of one claim, and of several together."""

import re
from collections.abc import Mapping

from cases.money import Money
from policy.facts import Unreadable, read_value
from policy.form import Example, Expected
from policy.items import items_text
from policy.mistakes import Mistakes, did_you_mean
from policy.payment_terms import Together, TogetherClaim
from policy.ruling import CLASSIFICATIONS, classification_named, stages_at
from policy.section import Section
from policy.units import ListType, SeriesType, Type
from policy.yaml_text import Mapping as YamlMapping
from policy.yaml_text import Node, Scalar, Sequence

_AMOUNT = re.compile(r"\d{1,40}(\.\d{1,20})?", re.ASCII)
_EXPECTED = ("then", "amount", "because", "approvals", "missing", "payments", "benefits")
MOST_CLAIMS = 10_000


def read_examples(root: Section, types: Mapping[str, Type]) -> tuple[Example, ...]:
    """Return the worked examples, each with the usual inputs filled in where it says nothing else."""
    usual = given_at(root.section("usual inputs"), types, root.mistakes) if root.has("usual inputs") else {}
    _check_usual(root, usual, types)
    examples = [_example(node, usual, types, root.mistakes) for node in root.items("examples")]
    if not examples:
        root.mistakes.add(root.place, 'add worked "examples:": a version loads only when its examples hold')
    return tuple(example for example in examples if example)


def _check_usual(root: Section, usual: Mapping[str, str], types: Mapping[str, Type]) -> None:
    """Note the usual inputs that cannot be read, once and where they stand."""
    section = root.section("usual inputs") if usual else None
    for key, node in section.entries.values() if section else ():
        if key.text not in usual or key.text in root.mistakes.broken:
            continue
        try:
            read_value(usual[key.text], types[key.text])
        except Unreadable as error:
            root.mistakes.add(node.place, f"{key.text} {error}")


def _example(node: Node, usual: Mapping[str, str], types: Mapping[str, Type], mistakes: Mistakes) -> Example | None:
    section = Section(node, mistakes, keys=("name", "source", "given", "without", "counted before", "expect"))
    given = dict(usual) | given_at(section.section("given"), types, mistakes)
    for scalar in section.listed("without") if section.has("without") else ():
        if given.pop(scalar.text, None) is None:
            mistakes.add(scalar.place, f'"{scalar.text[:60]}" is not given anyway')
    counted = section.listed("counted before") if section.has("counted before") else ()
    name, source, expected = section.text("name"), section.text("source"), _expected(section)
    if expected is None:
        return None
    return Example(
        name=name,
        source=source,
        given=tuple(sorted(given.items())),
        counted_before=tuple(filter(None, (money_at(each, mistakes) for each in counted))),
        expected=expected,
        place=section.place,
    )


def given_at(section: Section | None, types: Mapping[str, Type], mistakes: Mistakes) -> dict[str, str]:
    """Return the inputs that an example gives, as text by name."""
    given = {}
    for key, node in section.entries.values() if section else ():
        if key.text not in types:
            mistakes.add(key.place, f'"{key.text[:60]}" is not an input: {did_you_mean(key.text, types)}')
        elif key.text in mistakes.broken:
            given[key.text] = ""  # Of which type it is meant to be is not known.
        elif isinstance(kind := types[key.text], ListType):
            given[key.text] = _items(node, kind, mistakes)
        elif isinstance(kind, SeriesType) and kind.by is not None:
            given[key.text] = _by_name(node, kind.by, mistakes)
        elif not isinstance(node, Scalar):
            mistakes.add(node.place, "write one value here")
        else:
            given[key.text] = node.text
    return given


def _items(node: Node, kind: ListType, mistakes: Mistakes) -> str:
    """Return the items of a list as the text that a claim gives."""
    names = [name for name, _ in kind.fields]
    if not isinstance(node, Sequence):
        mistakes.add(node.place, f'write the items one below the other, each as "- {{{names[0]}: ...}}"')
        return "[]"
    items = []
    for each in node.items:
        section = Section(each, mistakes, keys=names)
        items.append({name: section.text(name) for name in names if name not in kind.optional or section.has(name)})
    if len(items) > kind.most:
        mistakes.add(node.place, f"at most {kind.most} items are read, these are {len(items)}")
    return items_text(items)


def _by_name(node: Node, by: str, mistakes: Mistakes) -> str:
    """Return several series of prices as the text that a claim gives."""
    section = Section(node, Mistakes())
    if not isinstance(node, YamlMapping):
        mistakes.add(node.place, f'write the prices of each {by} under its name, as "BTC: 2026-01-01T00:00:00Z 48.36"')
    return items_text({name: section.text(name) for name in section.entries})


def _expected(example: Section) -> Expected | None:
    section = example.section("expect", _EXPECTED)
    if section is None:
        return None
    if not section.entries:
        section.mistakes.add(section.place, f"say what must come out: {', '.join(_EXPECTED)}")
    scalar = section.scalar("amount") if section.has("amount") else None
    nothing = scalar is not None and scalar.text == "none"
    return Expected(
        classification=section.read("then", lambda text: classification_named(text, CLASSIFICATIONS))
        if section.has("then")
        else None,
        amount=money_at(scalar, section.mistakes) if scalar and not nothing else None,
        nothing=nothing,
        rule=section.text("because") if section.has("because") else None,
        approvals=stages_at(section.node("approvals"), section.mistakes) if section.has("approvals") else None,
        missing=tuple(sorted(each.text for each in section.listed("missing"))) if section.has("missing") else None,
        payments=_pairs(section, "payments"),
        benefits=_pairs(section, "benefits"),
    )


def money_at(scalar: Scalar, mistakes: Mistakes) -> Money | None:
    """Return an amount as "15 USDT"; None after noting what is wrong."""
    amount, _, code = scalar.text.strip().partition(" ")
    if not _AMOUNT.fullmatch(amount):
        mistakes.add(scalar.place, 'write an amount as "15 USDT"')
        return None
    try:
        return Money.exactly(amount, code.strip())
    except ValueError as error:
        mistakes.add(scalar.place, str(error) if code else 'name the asset of the amount, as "15 USDT"')
        return None


def _pairs(expect: Section, key: str) -> tuple[tuple[str, str], ...] | None:
    """Return what is expected of parts or benefits: each name with what it must be, in words."""
    if not expect.has(key):
        return None
    node = expect.node(key)
    if isinstance(node, Scalar) and node.text == "none":
        return ()
    section = expect.section(key)
    entries = section.entries if section else {}
    return tuple((name, value.text) for name, (_, value) in entries.items() if isinstance(value, Scalar))


def read_together(root: Section, types: Mapping[str, Type]) -> tuple[Together, ...]:
    """Return the worked examples of several claims."""
    if not root.has("together"):
        return ()
    usual = given_at(root.section("usual inputs"), types, root.mistakes) if root.has("usual inputs") else {}
    found = [_together(node, usual, types, root.mistakes) for node in root.items("together")]
    return tuple(each for each in found if each)


def _together(node: Node, usual: Mapping[str, str], types: Mapping[str, Type], mistakes: Mistakes) -> Together | None:
    section = Section(node, mistakes, keys=("name", "source", "claims", "expect"))
    name, source = section.text("name"), section.text("source")
    claims = tuple(_claim(each, usual, types, mistakes) for each in section.items("claims"))
    if sum(each.times for each in claims) > MOST_CLAIMS:
        mistakes.add(section.place, f"at most {MOST_CLAIMS} claims stand in one example")
    expect = section.section("expect", ("total", "amounts"))
    scalar = expect.scalar("total") if expect else None
    total = money_at(scalar, mistakes) if scalar else None
    if expect is None or total is None:
        return None
    amounts = tuple(money_at(each, mistakes) for each in expect.listed("amounts")) if expect.has("amounts") else None
    return Together(
        name=name,
        source=source,
        claims=claims,
        total=total,
        amounts=tuple(each for each in amounts if each) if amounts is not None else None,
        place=section.place,
    )


def _claim(node: Node, usual: Mapping[str, str], types: Mapping[str, Type], mistakes: Mistakes) -> TogetherClaim:
    section = Section(node, mistakes, keys=("given", "times"))
    given = dict(usual) | given_at(section.section("given"), types, mistakes)
    times = section.read("times", _times) if section.has("times") else 1
    return TogetherClaim(given=tuple(sorted(given.items())), times=times or 1)


def _times(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,3}", text, re.ASCII):
        raise ValueError(f'write "{text[:20]}" as a whole number from 1 to 9999')
    return int(text)
