"""Making policies that go through a list, and lists of items that nobody would send."""

import json
from random import Random

from policy.units import ListType

_DECLARED = """\
inputs:
  parts:
    list of up to: {most}{more}
    each:
      worth: USDT
      share: {share}
      sold_at: time
      shown: yes/no
      cost: optional USDT
      seen_on: optional date
"""
_KEPT = """\
works out:
  kept:
    for each: parts
    gives: "{}"
"""
_GROUPED = """\
  bundles: {{group: parts, by: [{}]}}
  a bundle:
    for each: bundles
    gives: "{}"
"""
_KEYS = (
    "shown",
    "day of(sold_at)",
    "month of(sold_at)",
    "day of(sold_at), shown",
    "worth",
    "shown, shown",
)
#: Of the items of one group; "{amount}" and the others stand for what one item has.
_OF_GROUP = (
    "total(parts, {amount})",
    "max(total(parts, {amount} when {test}), 5 USDT)",
    "largest(parts, {amount})",
    "last(parts, {amount} by {moment})",
    "total(parts, worth) / number of(parts)",
    "if number of(parts when {test}) > 1 then 10% of value_usdt else smallest(parts, {amount} when {test})",
)
_OF_BOTH = "\n    at least: 1\n    each once by: [worth, sold_at]"
#: Uses everything that is declared, as a policy must.
_OF_ALL_FIELDS = (
    "total(parts, kept when shown and share is over 0 and sold_at is over 2026-01-01T00:00:00Z"
    " and (cost is given or seen_on is not given))"
)
_OF_GROUPS = "total(bundles, a bundle)"
#: Of one item: amounts, tests and moments.
_AMOUNTS = (
    "worth",
    "value_usdt",
    "5 USDT",
    "(cost or 0)",
    "(cost or {amount})",
    "share * {amount}",
    "({amount}) + {amount}",
    "({amount}) - {amount}",
    "max({amount}, 0)",
    "min({amount}, {amount})",
    "({amount}) / 3",
    "10% of ({amount})",
    "rounded({amount}, 2 decimals, half even)",
    "rounded({amount}, 0 decimals, up)",
    "if {test} then {amount} else {amount}",
    "table(shown, yes -> {amount}, otherwise -> {amount})",
    "band(worth, under 5 USDT -> {amount}, otherwise -> {amount})",
    "1 USDT per month * {months}",
    "tiers(max({amount}, 0), up to 10 USDT -> 50%, otherwise -> 10%)",
)
_TESTS = (
    "shown",
    "not shown",
    "cost is given",
    "{day} is at most {day}",
    "{amount} is over {amount}",
    "{moment} is under {moment}",
    "({test}) and {test}",
    "({test}) or {test}",
    "{months} is at least 2 months",
    "within working hours({moment})",
    "working hours between({moment}, sold_at) is over 3 hours",
    "delay_cause is platform",
)
_MOMENTS = (
    "sold_at",
    "2026-01-31T23:30:00Z",
    "after months({moment}, 1 months)",
    "after years({moment}, 1 years)",
    "after days({moment}, 3 days)",
    "before hours({moment}, 1 hours)",
    "before days({moment}, 3 days)",
    "before months({moment}, 1 months)",
    "before years({moment}, 100 years)",
    "after months({moment}, 1200 months)",
    "after working hours({moment}, 10 hours)",
    "after working hours({moment}, 3000 hours)",
    "next working time({moment})",
    "start of day({day})",
)
_MONTHS = (
    "full months between({moment}, {moment})",
    "started months between({day}, {day})",
    "started months between(sold_at, {moment})",
)
#: Of the whole list.
_TOTALS = (
    "total(parts, kept)",
    "total(parts, {amount})",
    "total(parts, {amount} when {test})",
    "largest(parts, {amount})",
    "smallest(parts, {amount} when {test})",
    "1 USDT * number of(parts)",
    "1 USDT * number of(parts when {test})",
    "({total}) + {total}",
    "({total}) / max(number of(parts), 1)",
    "max({total}, 0)",
    "total(bundles, a bundle)",
    "1 USDT * number of(bundles when a bundle > 5 USDT)",
    "largest(bundles, a bundle)",
    "first(parts, {amount} by {moment})",
    "last(parts, {amount} by sold_at when {test})",
    "if first(parts, {moment} by {amount}) is over {moment} then {total} else first(bundles, a bundle by a bundle)",
    "if latest(parts, sold_at) is over earliest(parts, {moment}) then {total} else 5 USDT",
)
#: One item, so that a list which is never empty can be read.
_USUAL = """\
usual inputs:
  parts:
    - {worth: 1, share: 1, sold_at: 2026-01-01T00:00:00Z, shown: yes}
"""
#: Of a day; the first stands where nothing more is drawn.
_DAYS = (
    "2026-01-31",
    "(seen_on or 2024-02-29)",
    "day of({moment})",
    "after months({day}, 1 months)",
    "after working days({day}, 2 days)",
    "before years({day}, 100 years)",
    "end of month({day})",
    "month of({day})",
)
_WRITTEN = {
    "day": _DAYS,
    "amount": _AMOUNTS,
    "test": _TESTS,
    "moment": _MOMENTS,
    "months": _MONTHS,
    "group": _OF_GROUP,
    "total": _TOTALS,
}
_NUMBERS = ("0", "1", "-1", "0.000001", "12.5", "5.000001", "9" * 30, "9" * 61, "0." + "0" * 40 + "1")
_TIMES = ("2026-01-31T00:00:00Z", "2024-02-29T23:59:59.999999+01:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
_DATES = ("2026-01-31", "2024-02-29", "0001-01-01", "9999-12-31", "2026-02-30")
_SENT = (
    "[]",
    "[{}]",
    "{}",
    "null",
    "[null]",
    "[[]]",
    "[" * 5_000,
    '[{"worth": "1", "worth": "2"}]',
    '[{"worth": NaN, "share": 1, "sold_at": "2026-01-01T00:00:00Z", "shown": true}]',
    '[{"worth": 1e999999999, "share": 1, "sold_at": "2026-01-01T00:00:00Z", "shown": true}]',
    '[{"worth": "\\ud800", "share": "1", "sold_at": "", "shown": []}]',
    "[" + ", ".join(["{}"] * 20_000) + "]",
)


def with_list(random: Random, text: str) -> str:
    """Return the delayed-withdrawal policy with a list in it that a rule and what is worked out go through."""
    declared = _DECLARED.format(
        most=random.choice((1, 3, 200)),
        more=random.choice(
            (
                "",
                "",
                "\n    at least: 1",
                "\n    each once by: [worth]",
                "\n    each once by: [day of(sold_at)]",
                _OF_BOTH,
            )
        ),
        share=random.choice(("number", "signed number", "positive number")),
    )
    kept, total = _written(random, "amount", 3), f"({_written(random, 'total', 3)}) + {_OF_ALL_FIELDS} + {_OF_GROUPS}"
    grouped = _GROUPED.format(random.choice(_KEYS), _written(random, "group", 3))
    if random.random() < 0.1:
        total = total.replace(
            "parts", random.choice(("part", "parts when shown", "total(parts, worth)", "value_usdt")), 1
        )
    hours = random.choice(("09:30 to 16:00", "00:00 to 24:00", "02:10 to 02:40"))
    calendar = f"calendar: {{time zone: America/New_York, hours: '{hours}'}}\n"
    return (
        text.replace("inputs:\n", calendar + declared, 1)
        .replace("works out:\n", _KEPT.format(kept) + grouped, 1)
        .replace("pay: 5 USDT", f'pay: "{total}"', 1)
        .replace("usual inputs:\n", _USUAL, 1)
    )


def items(random: Random, kind: ListType) -> str:
    """Return a list as it may come with a claim: mostly readable, seldom not."""
    if random.random() < 0.1:
        return random.choice(_SENT)
    rows = [{name: _value(random, name) for name, _ in kind.fields} for _ in range(random.choice((0, 1, 2, 3, 20)))]
    for row in rows:
        for name in sorted(kind.optional):
            if random.random() < 0.3:
                del row[name]
    return json.dumps(rows[: kind.most])


def _value(random: Random, name: str) -> str | bool:
    match name:
        case "sold_at":
            return random.choice(_TIMES)
        case "seen_on":
            return random.choice(_TIMES if random.random() < 0.1 else _DATES)
        case "shown":
            return random.random() < 0.5
        case _:
            return random.choice(_NUMBERS if random.random() < 0.1 else _NUMBERS[:6])


def _written(random: Random, kind: str, depth: int) -> str:
    choices = _WRITTEN[kind] if depth > 0 else _WRITTEN[kind][:1]
    text = random.choice(choices)
    for name in _WRITTEN:
        while "{" + name + "}" in text:
            text = text.replace("{" + name + "}", _written(random, name, depth - 1), 1)
    return text
