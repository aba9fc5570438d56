"""Each planted bug with what brings it to light, and what the books must then say."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.crash.books import Finding
from tests.crash.killing import Plan, kill_again_and_again
from tests.crash.sweep import Sweep, sweep

SEED = 7
FORGETFUL = (("key_life_seconds", 0.0),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One bug and how it is tried.

    Fields:
        plan: What brings it to light.
        expected: Which findings prove that it was caught, as "KIND check"; empty for what the product must bear.
    """

    bug: str
    plan: Plan | Sweep
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a trial ended. `found` says how often which check found what: "DOUBLED payments 7"."""

    bug: str
    caught: bool
    found: tuple[str, ...]
    seconds: float


def _kills(bug: str, *faults: tuple[str, str, str, float], kills: int = 0, claims: int = 12, **more: object) -> Plan:
    return Plan(kills=kills, claims=claims, workers=1, seed=SEED, faults=faults, bug=bug, still_seconds=8.0, **more)  # type: ignore[arg-type]  # Handed through.


def _crashes(bug: str, only: str, *, sample: int = 4, **more: object) -> Sweep:
    return Sweep(bug=bug, only=only, sample=sample, end_seconds=5.0, **more)  # type: ignore[arg-type]  # Handed through.


LOST_ANSWERS = ("payouts", "dropped_after_write", "POST /v1/payouts", 0.4)
TRIALS = tuple(
    Trial(bug=plan.bug or "", plan=plan, expected=expected)
    for plan, expected in (
        (_crashes("enqueue-after-commit", "^(read|propose): after commit #1$"), "LOST (outcomes|left over)"),
        (_crashes("post-after-commit", "^(answer|pay): after commit"), "(LOST|WRONG) ledger"),
        (_kills("pay-twice-at-once", payout_settings=FORGETFUL), ""),
        (_kills("no-compare-and-set", payout_settings=FORGETFUL), "DOUBLED payments"),
        (_kills("send-again-when-unknown", LOST_ANSWERS, payout_settings=FORGETFUL), "DOUBLED payments"),
        (_kills("fresh-key-per-try"), "WRONG payments"),
        (_kills("fresh-key-and-send-again", LOST_ANSWERS), "DOUBLED payments"),
        (_crashes("send-before-storing", "^pay: after a call", payout_settings=FORGETFUL), "DOUBLED payments"),
        (_kills("no-lanes", ("zendesk", "unavailable", "PUT /api/v2/tickets", 0.4)), "(WRONG notes|LOST states)"),
        (_kills("no-marks", ("zendesk", "dropped_after_write", "PUT /api/v2/tickets", 0.3)), "DOUBLED notes"),
        (
            _kills("no-look-before-posting", ("slack", "dropped_after_write", "POST /api/chat.postMessage", 0.3)),
            "DOUBLED (cards|lines)",
        ),
        (_kills("nobody-takes-over", kills=4, claims=40), "LOST"),
        (_kills("a-loss-is-never-the-same"), "DOUBLED"),
        (_kills("answer-before-keeping", kills=8, claims=40), "LOST"),
    )
)


def put_on_trial(trial: Trial, store: str, database: str, say: Callable[[str], None]) -> Verdict:
    """Plant the bug, let happen what brings it to light, and return whether the books tell."""
    if isinstance(trial.plan, Plan):
        killed = kill_again_and_again(trial.plan, store, database, say)
        findings, seconds = killed.findings, killed.seconds
    else:
        swept = sweep(trial.plan, store, database, say)
        findings, seconds = swept.findings, swept.seconds
    found = tuple(f"{what} {times}" for what, times in sorted(Counter(_names(findings)).items()))
    caught = any(re.match(trial.expected, name) for name in found) if trial.expected else not found
    return Verdict(bug=trial.bug, caught=caught, found=found, seconds=seconds)


def _names(findings: Iterable[Finding]) -> Iterable[str]:
    return (f"{finding.kind} {finding.check}" for finding in findings)
