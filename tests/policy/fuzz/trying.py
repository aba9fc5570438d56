"""Trying one thing: what may come out is a result or a policy's own error, within a bounded time."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from types import FrameType

from policy.analysis import findings
from policy.authoring.converting import BadWorkbook, text_of
from policy.deciding import NeedsFact, Outcome, decide
from policy.explaining import interpret, reason
from policy.facts import read_facts
from policy.form import Policy
from policy.loading import load_policy, read_policy
from policy.mistakes import BadPolicy
from policy.reasons import Reasoned
from policy.settling import TooManyDigits
from policy.units import ListType
from tests.policy.conftest import PEOPLE
from tests.policy.fuzz import lists, making, proofs, workbooks

#: Seconds of computing, however busy the machine is: the most for one thing, and for refusing a megabyte.
MOST_SECONDS = 10
#: Lists that each policy with one is decided on.
_LISTS = 4
EXAMPLE = """\
  - name: held by compliance
    source: ours
    given: {delay_cause: compliance_hold}
    expect: {then: individual review}
"""


class TooLongError(BaseException):
    """Raised in the middle of something that takes too long; no `except Exception` may catch it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """Something that was neither a result nor a policy's own error.

    Fields:
        kind: Which way of trying it was: "mutated".
        seed: The seed that makes it again.
        error: What came out.
    """

    kind: str
    seed: int
    error: str


class Trying:
    """Everything that can be tried, each with a seed of its own."""

    def __init__(self) -> None:
        self._texts = making.shipped()
        self._delayed = next(each for each in self._texts if "policy: delayed-withdrawal" in each)
        self._short = self._delayed[: self._delayed.index("examples:\n")] + "examples:\n" + EXAMPLE
        self._policies = [read_policy(text, "x.yaml") for text in self._texts]
        self._sheets = [workbooks.sheets_in(text) for text in self._texts[:6]]
        self.loaded = 0
        self.kinds: dict[str, tuple[int, Callable[[Random], None]]] = {
            "mutated": (35, lambda random: self._text(random, making.mutated(random, self._texts))),
            "expressions": (15, lambda random: self._text(random, making.with_expressions(random, self._short))),
            "lists": (15, self._list),
            "proofs": (20, lambda random: proofs.hold(random, self._short)),
            "facts": (15, self._facts),
            "workbooks": (10, self._workbook),
            "hostile": (4, lambda random: self._text(random, making.hostile(random))),
            "long chains": (1, lambda random: self._text(random, making.long_chain(random, self._short))),
        }

    def kind_of(self, seed: int) -> str:
        """Return what is tried with a seed."""
        weights = [weight for weight, _ in self.kinds.values()]
        return Random(seed).choices(  # noqa: S311  # No secret.
            list(self.kinds), weights
        )[0]

    def once(self, seed: int) -> tuple[Crash | None, float]:
        """Try what belongs to a seed; return what went wrong, if anything, and the seconds of computing it took."""
        kind, started = self.kind_of(seed), time.process_time()
        error = ""
        try:
            with _at_most(MOST_SECONDS):
                self.kinds[kind][1](Random(seed + 1))  # noqa: S311  # No secret.
        except (BadPolicy, BadWorkbook, TooManyDigits):
            pass
        except (Exception, TooLongError) as problem:  # noqa: BLE001  # Finding these is what this is for.
            error = f"{type(problem).__name__}: {problem}"[:2_000]
        return (Crash(kind=kind, seed=seed, error=error) if error else None), time.process_time() - started

    def _text(self, random: Random, text: str) -> None:
        policy = load_policy(text, "x.yaml", people=PEOPLE)
        self.loaded += 1
        findings(policy, PEOPLE)
        self._decide(random, policy)

    def _list(self, random: Random) -> None:
        policy = load_policy(lists.with_list(random, self._short), "x.yaml", people=PEOPLE)
        self.loaded += 1
        findings(policy, PEOPLE)
        for _ in range(_LISTS):
            self._decide(random, policy)
            given = {**dict(policy.examples[0].given), "delay_cause": "platform"}
            given["parts"] = lists.items(
                random, next(each.type for each in policy.inputs if isinstance(each.type, ListType))
            )
            proofs.lies_where_it_is_said_to(policy, read_facts(policy, list(given.items())).values)

    def _facts(self, random: Random) -> None:
        self._decide(random, random.choice(self._policies))

    def _workbook(self, random: Random) -> None:
        text_of(workbooks.spoilt_workbook(random, random.choice(self._sheets)), "x.xlsx", people=PEOPLE)

    def _decide(self, random: Random, policy: Policy) -> None:
        """Decide on an example's facts, some of them spoilt; both ways must come to the same."""
        given = dict(random.choice(policy.examples).given)
        for name in list(given):
            if random.random() < 0.2:
                given[name] = random.choice((*making.NASTY, "0", "-1", "12.5", "9" * 59, "0." + "0" * 57 + "1"))
        for each in policy.inputs:
            if isinstance(each.type, ListType) and random.random() < 0.9:
                given[each.name] = lists.items(random, each.type)
        facts = read_facts(policy, list(given.items()))
        reasoned = interpret(policy, facts)
        if reason(policy, facts) != reasoned:
            raise AssertionError(f"{policy.name}: with other reasons than the interpreter's on {given!r}")
        try:
            decided = decide(policy, facts.values)
        except NeedsFact:
            decided = None
        if _summary(reasoned) != _summary(decided):
            raise AssertionError(f"{policy.name}: {reasoned!r} is not {decided!r} on {given!r}")


def _summary(result: object) -> object:
    if isinstance(result, Reasoned | Outcome):
        return result.classification, result.amount, result.rule
    return None


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise TooLong in the middle of what takes more seconds of computing."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TooLongError(f"more than {seconds} seconds of computing")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
