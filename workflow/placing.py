"""Where a version of a policy stands among the released ones: two must never decide one topic at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from policy.between import between
from policy.form import Policy
from policy.mistakes import BadPolicy, Finding
from store.database import Transaction
from store.policies import PolicyRepository, State, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a version stands among the released ones.

    Fields:
        ended: The open version that ends where this one starts, with that end; None when there is none.
        ends_at: When this one ends; None while it is open.
        clashes: What stands in its way, in words.
    """

    ended: Version | None
    ends_at: datetime | None
    clashes: tuple[str, ...]


def placed(policies: PolicyRepository, tx: Transaction, policy: Policy) -> Placed:
    """Return where a version would stand if it were released now."""
    start, id_ = policy.effective.start, f"{policy.name}@{policy.version}"
    everything = policies.versions(tx.connection)
    released = [each for each in everything if each.state is State.RELEASED and each.id != id_]
    own = [each for each in released if each.name == policy.name]
    ends_at = policy.effective.end or min((each.starts_at for each in own if each.starts_at > start), default=None)
    before = [each for each in own if each.starts_at < start and (each.ends_at is None or each.ends_at > start)]
    ended = next((replace(each, ends_at=start) for each in before if is_open(policies, tx, each)), None)
    others = (each for each in released if ended is None or each.id != ended.id)
    at_once = (
        each
        for each in others
        if (ends_at is None or each.starts_at < ends_at) and (each.ends_at is None or start < each.ends_at)
    )
    clashes = (_clash(policies, tx, policy, each) for each in at_once)
    return Placed(ended=ended, ends_at=ends_at, clashes=tuple(each for each in clashes if each))


def found_beside(
    policies: PolicyRepository, tx: Transaction, policy: Policy, others: Sequence[Policy] = ()
) -> tuple[Finding, ...]:
    """Return what a release of this version must answer because of the released ones, and of others that come with it.

    What already is so without it is not its own.
    """
    released = (each for each in policies.versions(tx.connection) if each.state is State.RELEASED)
    texts = [text for each in released if (text := text_of(policies, tx, each))]
    mine = {(policy.name, policy.version)}
    given = [each for each in others if (each.name, each.version) not in mine]
    replaced = mine | {(each.name, each.version) for each in given}
    beside = [*given, *(each for each in texts if (each.name, each.version) not in replaced)]
    already = set(between(beside))
    return tuple(each for each in between([*beside, policy]) if each not in already)


def follows(versions: Sequence[Version], version: Version) -> Version | None:
    """Return the released version of the same policy that holds until this one starts; None for the first."""
    earlier = [
        each
        for each in versions
        if each.name == version.name and each.state is State.RELEASED and each.starts_at < version.starts_at
    ]
    return max(earlier, key=lambda each: each.starts_at, default=None)


def _clash(policies: PolicyRepository, tx: Transaction, policy: Policy, other: Version) -> str:
    """Return why two versions that hold at once must not; "" when they may."""
    text = text_of(policies, tx, other)
    shared = sorted(set(policy.topics) & set(text.topics)) if text else []
    if other.name != policy.name and not shared:
        return ""
    what = f' "{shared[0]}"' if shared else ""
    ends = f"to {in_words(other.ends_at)}" if other.ends_at else "on"
    mend = 'change "from" or "to", or withdraw it'
    if other.name == policy.name and other.ends_at is None:
        mend = 'let "from" be later than that: then it ends where this one starts'
    return f"{other.id} decides{what} from {in_words(other.starts_at)} {ends}: {mend}"


def is_open(policies: PolicyRepository, tx: Transaction, version: Version) -> bool:
    """Whether the text of a version names no end."""
    policy = text_of(policies, tx, version)
    return policy.effective.end is None if policy else version.ends_at is None


def text_of(policies: PolicyRepository, tx: Transaction, version: Version) -> Policy | None:
    """Return what a version says; None when its text is not understood any more."""
    try:
        return policies.policy(tx.connection, version.text_hash)
    except BadPolicy:
        return None


def in_words(at: datetime | None) -> str:
    """Return a moment as histories and sentences have it; "" for none."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
