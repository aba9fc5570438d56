"""How fast one case is decided, beside CEL and zen-engine on the same policy in the same run.

``python -m tests.bench.policy [--cases 20000] [--json]`` decides generated cases by the policy of
`twenty_five_rules.yaml` (25 rules, 12 rows of approvals, caps per case and in twelve months). Every contestant reuses
what it compiled, is run in turns, and its best round counts, in CPU seconds of this process. Answers are compared
with one another: the rule, the classification and the amount of every case.

A single decision is rule, classification and amount. With reasons it is also who must agree, every step with its
values, and what the customer may be told; steps and texts are rendered from what the decision noted, without working
anything out again, so both are counted: until all of it is known, and until every text is written.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from os import getloadavg
from pathlib import Path
from random import Random
from typing import Any

import cel
import zen

from policy.analysis import findings
from policy.deciding import Outcome, decider, reasoner
from policy.expressions import Value
from policy.form import Policy
from policy.loading import load_policy
from policy.reasons import Reasoned
from tests.bench.policy_peers import cel_text, zen_graph
from tests.policy.conftest import staff

TEXT = Path(__file__).parent / "twenty_five_rules.yaml"
PEOPLE = staff(compensation_lead=3, finance=2, fraud_analyst=2, head_of_support=2, head_of_finance=2)
ROUNDS = 5
#: The slow contestants get fewer cases, the first ones.
FEWER = 10
GOALS = {"single per CEL": 8.0, "single per second": 250_000, "reasons per zen": 40.0, "reasons per second": 100_000}
#: Why a goal is missed, as far as it is known.
CAUSES = {
    "with reasons, times zen's trace, static loader": (
        "a static loader compiles zen's expressions beforehand, which makes it twice as fast again; 40 times that is"
        " about what our decision takes without any reason"
    ),
}
MOST_ANALYSIS_MS = 100
UNIT = Decimal("0.000001")

Case = dict[str, Any]
#: Rule, classification, amount.
Answer = tuple[str, str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One way to decide.

    Fields:
        name: As the table shows it.
        decide: What is timed: a case as this one takes it -> its own answer.
        cases: The cases as it takes them.
        answer: Its answer as all are compared; None where it is compared under another name.
    """

    name: str
    decide: Callable[[Any], Any]
    cases: Sequence[Any]
    answer: Callable[[Any], Answer] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What one contestant did.

    Fields:
        per_second: Cases decided in a CPU second.
        wrong: Answers unlike ours in rule or classification, or by more than a unit.
        by_floats: Amounts unlike ours by one last unit.
    """

    name: str
    per_second: float
    compared: int
    wrong: int
    by_floats: int


def main() -> int:
    """Run the bench; return 1 when a goal is missed or an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    policy = load_policy(TEXT.read_text(encoding="utf-8"), TEXT.name, people=PEOPLE)
    figures = measured(contestants(policy, generated(asked.cases)), rounds=asked.rounds)
    analysis_ms = 1000 * min(_cpu_seconds(lambda: findings(policy, PEOPLE)) for _ in range(3))
    if asked.json:
        told = {"schema": 1, "figures": [asdict(each) for each in figures], "analysis_ms": analysis_ms}
        sys.stdout.write(json.dumps({**told, "load": getloadavg()[0]}) + "\n")
    return _said(figures, analysis_ms, policy)


def generated(count: int) -> list[Case]:
    """Return cases as a caller of any engine would hold them: floats, words and booleans; always the same ones."""
    random = Random(20260722)  # noqa: S311  # The same cases each time.

    def money(most: int) -> float:
        return round(random.random() ** 3 * most, 6)

    return [
        {
            "product": random.choice(("withdrawal", "withdrawal", "spot", "futures", "copy", "earn", "card", "p2p")),
            "cause": random.choices(
                ("platform", "chain", "partner", "customer", "compliance_hold"), (60, 15, 15, 6, 4)
            )[0],
            "tier": random.choice(("standard", "silver", "gold")),
            "hours_late": round(random.random() ** 2 * 100, 2),
            "loss": money(20_000) * random.choice((1, 1, 1, 0, 30)),
            "profit": money(4_000),
            "fees": money(40),
            "value": money(200_000),
            "claims_before": random.choice((0.0, 0.0, 1.0, 2.0, 5.0, 6.0)),
            "evidence": random.random() < 0.85,
            "fraud_score": float(random.randrange(84)),
            "sanctions_hit": random.random() < 0.01,
            "goodwill_paid_12_months": random.choice((0.0, money(1_500))),
        }
        for _ in range(count)
    ]


def contestants(policy: Policy, cases: list[Case]) -> list[Contestant]:
    """Return everything that is timed; ours first, that the others are compared with."""
    exact = [{name: _valued(value) for name, value in case.items()} for case in cases]
    explained = reasoner(policy)
    few = cases[: len(cases) // FEWER]
    program, context = cel.compile(cel_text(policy)), cel.Context()
    graph = zen_graph(policy)
    made_once = zen.ZenEngine().create_decision(json.dumps(graph))
    made_once.validate()
    loaded = zen.ZenEngine({"loader": {"type": "static", "content": {"policy": graph}}})

    def by_cel(case: Case) -> Any:
        context.update(case)
        return program.execute(context)

    return [
        Contestant(name="ours", decide=decider(policy), cases=exact, answer=_of_ours),
        Contestant(name="CEL, one context", decide=by_cel, cases=cases, answer=_of_peer),
        Contestant(name="CEL", decide=program.execute, cases=cases, answer=_of_peer),
        Contestant(
            name="zen, static loader", decide=lambda case: loaded.evaluate("policy", case), cases=few, answer=_of_zen
        ),
        Contestant(name="zen, decision made once", decide=made_once.evaluate, cases=few, answer=_of_zen),
        Contestant(name="ours with reasons", decide=explained, cases=exact, answer=_of_ours),
        Contestant(
            name="ours, every text written",
            decide=lambda each: _texts(explained(each)),
            cases=exact[: len(cases) // FEWER],
            answer=None,
        ),
        Contestant(
            name="zen with trace, static loader",
            decide=lambda case: loaded.evaluate("policy", case, {"trace": True}),
            cases=few,
            answer=_of_zen,
        ),
        Contestant(
            name="zen with trace, decision made once",
            decide=lambda case: made_once.evaluate(case, {"trace": True}),
            cases=few,
            answer=_of_zen,
        ),
    ]


def measured(contestants: Sequence[Contestant], *, rounds: int) -> list[Figure]:
    """Return the best of some rounds for each, taken in turns, and how its answers compare with the first one's."""
    ours = _answers(contestants[0])
    best = {each.name: float("inf") for each in contestants}
    for _ in range(rounds):
        for each in contestants:
            best[each.name] = min(best[each.name], _cpu_seconds(partial(_run, each)) / len(each.cases))
    return [_figure(each, best[each.name], ours) for each in contestants]


def _figure(contestant: Contestant, seconds: float, ours: list[Answer]) -> Figure:
    answers = _answers(contestant)
    pairs = list(zip(answers, ours, strict=False))
    unlike = [(one, other) for one, other in pairs if one != other]
    by_floats = sum(one[:2] == other[:2] and abs(one[2] - other[2]) <= UNIT for one, other in unlike)
    return Figure(
        name=contestant.name,
        per_second=1 / seconds,
        compared=len(pairs) if answers else 0,
        wrong=len(unlike) - by_floats,
        by_floats=by_floats,
    )


def _answers(contestant: Contestant) -> list[Answer]:
    answer = contestant.answer
    return [answer(contestant.decide(case)) for case in contestant.cases] if answer else []


def _run(contestant: Contestant) -> None:
    decided = contestant.decide
    for case in contestant.cases:
        decided(case)


def _cpu_seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def _texts(reasoned: Any) -> object:
    return reasoned.steps, reasoned.customer_text


def _valued(value: Any) -> Value:
    return value if isinstance(value, bool | str) else Decimal(repr(value))


def _of_ours(found: Outcome | Reasoned) -> Answer:
    return found.rule, found.classification.value, found.amount.amount if found.amount else Decimal(0)


def _of_peer(found: dict[str, Any]) -> Answer:
    amount = Decimal(repr(found.get("amount", 0))).quantize(UNIT, ROUND_HALF_UP)
    return found["rule"], found["classification"], amount


def _of_zen(found: dict[str, Any]) -> Answer:
    return _of_peer(found["result"])


def _said(figures: Sequence[Figure], analysis_ms: float, policy: Policy) -> int:
    """Print the table and the goals; return 1 when one is missed or answers differ."""
    speed = {each.name: each.per_second for each in figures}
    print(f"{'':36} {'cases/s':>9} {'compared':>9} {'wrong':>6} {'by floats':>10}")
    for each in figures:
        compared = f"{each.compared:9,} {each.wrong:6} {each.by_floats:10}" if each.compared else f"{'':9}"
        print(f"{each.name:36} {each.per_second:9,.0f} {compared}")
    cel_best = max(speed["CEL"], speed["CEL, one context"])
    traced = speed["zen with trace, static loader"], speed["zen with trace, decision made once"]
    reasons = speed["ours with reasons"]
    goals = [
        ("single decision, times CEL", speed["ours"] / cel_best, GOALS["single per CEL"]),
        ("single decisions a second", speed["ours"], GOALS["single per second"]),
        ("with reasons, times zen's trace, decision made once", reasons / traced[1], GOALS["reasons per zen"]),
        ("with reasons, times zen's trace, static loader", reasons / traced[0], GOALS["reasons per zen"]),
        ("with reasons, a second", reasons, GOALS["reasons per second"]),
    ]
    for name, found, goal in goals:
        print(f"{name:52} {found:10,.1f}, goal {goal:9,.0f}: {'met' if found >= goal else 'MISSED'}")
        if found < goal and name in CAUSES:
            print(f"  {CAUSES[name]}")
    rows = len(policy.rules) + len(policy.approvals) + len(policy.limits)
    print(f"{f'analysis of {rows} rows, ms':52} {analysis_ms:10.1f}, goal {MOST_ANALYSIS_MS:9}: ", end="")
    print("met" if analysis_ms <= MOST_ANALYSIS_MS else "MISSED")
    print(f"load {getloadavg()[0]:.1f}")
    missed = any(found < goal for _, found, goal in goals) or analysis_ms > MOST_ANALYSIS_MS
    return 1 if missed or any(each.wrong for each in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
