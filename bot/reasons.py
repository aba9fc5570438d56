"""The closed list of reasons for saying no."""

from collections.abc import Mapping

from bot.words import Words, later

OTHER = "other"

#: Code, as it is stored and reported, and what people read. Codes are never renamed: reports compare years.
REASONS: Mapping[str, str] = {
    "not_our_fault": later("Not caused by us"),
    "not_covered": later("Not covered by the policy"),
    "evidence_missing": later("Evidence is missing or weak"),
    "amount_wrong": later("The amount is wrong"),
    "already_compensated": later("Already compensated"),
    "suspected_fraud": later("Suspected fraud or abuse"),
    "legal_hold": later("Legal or sanctions hold"),
    OTHER: later("Other (say what)"),
}


def reason_name(code: str | None, say: Words) -> str:
    """Return how a reason reads; a code that is no longer in the list as it is, "not given" for None."""
    if code is None:
        return say("not given")
    return say(REASONS[code]) if code in REASONS else code
