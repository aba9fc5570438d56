"""Policies whose units agree, at random, and cases for them: what the analysis proves may never happen in one."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

from policy.analysis import findings
from policy.binding import most_paid, paying
from policy.deciding import decide
from policy.expressions import Value
from policy.facts import read_facts
from policy.form import Policy
from policy.interpreting import Reckoning, Unknown
from policy.intervals import Ranges
from policy.lines import known_box, reached, rules_of
from policy.loading import read_policy
from policy.mistakes import Finding
from policy.regions import Box, Domain, TooMany, where
from policy.settling import exactly

CASES = 30
_HOURS = ("0", "1", "2", "3", "5.5", "6", "24", "72", "100")
_MONEY = ("0", "0.01", "1", "5", "40", "100", "499.999999", "500", "600", "10000")
_CAUSES = ("platform", "chain", "customer", "compliance_hold")
_NEVER = frozenset({"never-fits", "never-reached", "threshold-never-fits", "never-matters"})
_RELATIONS = ("<", "<=", "=", "!=", ">", ">=")


def amount(random: Random, depth: int) -> str:
    """Return an expression that comes to USDT."""
    if depth == 0 or random.random() < 0.2:
        named = ("value_usdt", "goodwill_paid_12_months", f"{random.choice(_MONEY)} USDT")
        return random.choice(named)
    one, other = amount(random, depth - 1), amount(random, depth - 1)
    hours = random.sample(_HOURS[1:], 2)
    low, high = sorted(hours, key=float)
    return random.choice(
        (
            f"({one} + {other})",
            f"({one} - {other})",
            f"({random.choice(('0.5', '30', '250'))}% of {one})",
            f"max({one}, {other})",
            f"min({one}, {other})",
            f"min({one}, {random.choice(_MONEY)} USDT)",
            f"(if {check(random, depth - 1)} then {one} else {other})",
            f"band(hours_late, under {low} hours -> {one}, under {high} hours -> {other}, otherwise -> 7 USDT)",
            f"tiers({one}, up to 10 USDT -> 100%, up to 400 USDT -> 50%, otherwise -> 5%)",
            f"table(delay_cause, platform -> {one}, otherwise -> {other})",
            f"(3 USDT per hour * max({hour(random)}, 0))",
            f"({one} / max(fraud_score, {random.choice(('1', '3'))}))",
        )
    )


def hour(random: Random) -> str:
    """Return an expression that comes to hours."""
    plain = random.choice(("hours_late", f"{random.choice(_HOURS)} hours"))
    return random.choice((plain, f"full({plain})", f"started({plain})", f"min({plain}, 24 hours)"))


def check(random: Random, depth: int) -> str:
    """Return a test."""
    if depth <= 0 or random.random() < 0.5:
        low, high = sorted(random.sample(_HOURS, 2), key=float)
        return random.choice(
            (
                f"hours_late {random.choice(_RELATIONS)} {low} hours",
                f"hours_late is {low} to under {high} hours",
                f"fraud_score {random.choice(_RELATIONS)} {random.choice(_HOURS)}",
                f"value_usdt {random.choice(_RELATIONS)} {random.choice(_MONEY)} USDT",
                f"value_usdt {random.choice(_RELATIONS)} goodwill_paid_12_months",
                f"worked out {random.choice(_RELATIONS)} {random.choice(_MONEY)} USDT",
                f"delay_cause is {random.choice(_CAUSES)}",
                f"delay_cause is one of [{', '.join(random.sample(_CAUSES, 2))}]",
                "sanctions_hit",
            )
        )
    one, other = check(random, depth - 1), check(random, depth - 1)
    return random.choice((f"({one} and {other})", f"({one} or {other})", f"not ({one})"))


def policy_text(random: Random, text: str) -> str:
    """Return the delayed-withdrawal policy with other rules, limits, thresholds and gates."""
    head, rest = text[: text.index("exclusions:\n")], text[text.index("nothing left:\n") :]
    head = head.replace("value share: 0.5% of value_usdt", f"worked out: {amount(random, 2)}")
    first = rest[: rest.index("fraud gates:\n")]
    last = rest[rest.index("approvals:\n") :]
    tests = [check(random, 2).replace("worked out", "value_usdt") for _ in range(2)]
    rules = "".join(
        f"  - {{name: line {number}, when: {_quoted(check(random, 2))}, then: goodwill,"
        f" pay: {_quoted(amount(random, 3))}}}\n"
        for number in range(random.randint(1, 5))
    )
    limits = "".join(
        f"  - {{name: limit {number}, at most: {_quoted(amount(random, 1))}}}\n"
        for number in range(random.randint(1, 3))
    )
    bound = random.choice(("at most", "over", "at least"))
    return (
        f"{head}exclusions:\n  - {{name: first, when: {_quoted(tests[0])}, then: ineligible}}\nrules:\n{rules}"
        "  - {name: rest, when: otherwise, then: goodwill, pay: worked out}\n"
        f"limits:\n{limits}{first}"
        f"thresholds:\n  - {{name: bound, when: {{amount: {bound} {random.choice(_MONEY)} USDT}},"
        " then: individual review}\n"
        f"fraud gates:\n  - {{name: gate, when: {_quoted(tests[1])}}}\n{last}"
    )


def hold(random: Random, text: str) -> None:
    """Raise AssertionError where a case does what is proven never to happen; BadPolicy for a text that is refused."""
    policy = read_policy(policy_text(random, text), "x.yaml")
    found = findings(policy)
    reach = list(reached(rules_of(policy), known_box(policy)))
    most = most_paid(policy, paying(policy, reach))
    for _ in range(CASES):
        facts = read_facts(policy, list(_case(random).items()))
        outcome = decide(policy, facts.values)
        never = [each for each in found if each.code in _NEVER and each.about == outcome.rule]
        if never:
            raise AssertionError(f"{never[0]}, but {outcome.rule} decides {facts.values}")
        if most is not None and outcome.amount is not None and outcome.amount.amount > most:
            raise AssertionError(f"{outcome.amount} is more than {most} on {facts.values}")
        _without_limits(policy, found, facts.values)
        lies_where_it_is_said_to(policy, facts.values)


def _without_limits(policy: Policy, found: tuple[Finding, ...], values: Mapping[str, Value]) -> None:
    for each in found:
        if each.code == "limit-never-binds" and "leaves nothing" not in each.what:
            fewer = replace(policy, limits=tuple(limit for limit in policy.limits if limit.name != each.about))
            if decide(fewer, values).amount != decide(policy, values).amount:
                raise AssertionError(f"{each}, but without it the amount is another one on {values}")


def lies_where_it_is_said_to(policy: Policy, values: Mapping[str, Value]) -> None:
    """Raise AssertionError for an amount outside its interval, or a case outside the boxes of a line that fits it."""
    known, ranges = Reckoning(policy, values, lambda *_: None), Ranges(policy, {})
    with exactly():
        for rule in policy.rules:
            paid = known.value(rule.pay.node) if rule.pay is not None else None
            if rule.pay is not None and not (isinstance(paid, Unknown) or within(ranges.of(rule.pay.node), paid)):
                raise AssertionError(f"{rule.pay.text} lies elsewhere on {values}")
            fits = known.holds(rule.when)
            try:
                boxes = [where(rule.when, wide=each) for each in (False, True)]
            except TooMany:
                continue
            if isinstance(fits, Unknown):
                continue
            proven, wide = (any(_inside(box, known) for box in each) for each in boxes)
            if (proven and fits is not True) or (fits is True and not wide):
                raise AssertionError(f"{rule.name} fits: {fits}, proven: {proven}, possible: {wide} on {values}")


def _inside(box: Box, known: Reckoning) -> bool:
    return all(within(domain, known.value(subject)) for subject, domain in box.items())


def within(domain: Domain, value: object) -> bool:
    """Say whether a value lies in a domain."""
    if isinstance(domain, frozenset):
        return value in domain
    if not isinstance(value, Decimal | Fraction):
        raise TypeError(f"{value!r} is no number")
    low, high = domain.low, domain.high
    above = low is None or value > low or (domain.with_low and value == low)  # type: ignore[operator]  # Both are numbers.
    return above and (high is None or value < high or (domain.with_high and value == high))  # type: ignore[operator]  # As above.


def _case(random: Random) -> dict[str, str]:
    step = random.choice(("0", "0.000001", "-0.000001"))
    late = float(random.choice(_HOURS)) + float(step)
    return {
        "delay_cause": random.choice(_CAUSES),
        "hours_late": f"{random.choice((late, -late)):.6f}",
        "value_usdt": random.choice(_MONEY),
        "fraud_score": random.choice(_HOURS),
        "sanctions_hit": random.choice(("yes", "no")),
        "goodwill_paid_12_months": random.choice(_MONEY),
    }


def _quoted(expression: str) -> str:
    return f'"{expression}"'
