"""Who may say what a field is: the rules, and what follows from a ticket that was read. Pure.

A field has one owner. What its owner's ticket shows is the case's value and goes to the other tickets; what any other
ticket shows is put back or becomes a conflict. Nothing here reads or writes; `sync/mirror.py` carries it out.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from cases.ticket import TicketRef, Vendor
from store.conflicts import Cause
from store.mirror import CaseValue, MirroredField

Owner = Literal["zendesk", "salesforce", "jira", "makewhole", "newest"]
OURS = "mw_"
#: A field that is put back more often within this time is fought over by two programs.
MOST_RESTORES = 3
RESTORES_WITHIN = timedelta(hours=1)
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """How one field is mirrored.

    Fields:
        owner: Whose ticket says what it is; "newest" for whichever changed last, by the vendors' stamps.
        on_change: What happens where another changed it: it is put back, or shown as a conflict and left alone.
    """

    owner: Owner
    on_change: Literal["restore", "flag"] = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRules:
    """Which fields are mirrored, and where.

    Fields:
        rules: By our name of the field. Our own fields (mw_…) need none: they are ours whatever it says.
        fields: Our names of the fields that each account has, by source: {"zendesk:harbor": {"order_id", "mw_state"}}.
    """

    rules: Mapping[str, FieldRule] = field(default_factory=dict)
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def names_on(self, ref: TicketRef) -> tuple[str, ...]:
        """Return our names of the fields that are mirrored on this ticket, sorted."""
        return tuple(sorted(name for name in self.fields.get(ref.source, ()) if self._is_mirrored(name)))

    def rule_for(self, name: str, present: frozenset[Vendor]) -> FieldRule:
        """Return the rule of a field for a case on whose tickets of these vendors it stands.

        While no ticket of the owner's is there, whichever changed last speaks for it.
        """
        given = self.rules.get(name, FieldRule(owner="makewhole"))
        if is_ours(name):
            return replace(given, owner="makewhole")
        absent = given.owner not in {"makewhole", "newest"} and given.owner not in present
        return replace(given, owner="newest") if absent else given

    def _is_mirrored(self, name: str) -> bool:
        return name in self.rules or is_ours(name)


class Move(StrEnum):
    """What follows from what a ticket shows.

    wait: The reading may be older than a write of ours; a later one tells.
    keep: Nothing; the ticket may still get what the case says.
    take: What it shows is the case's value now.
    conflict: It is left as it is until somebody settles it.
    """

    WAIT = "wait"
    KEEP = "keep"
    TAKE = "take"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A field as a ticket shows it, and everything that decides what follows.

    Fields:
        known: What was known of it before, its case and all; None when the ticket joins this case with it.
        ref: The ticket.
        name: Our name of the field.
        value: What it shows; "" when it is empty.
        stamp: The vendor's stamp of the ticket; aware, UTC.
        fresh: Whether the reading was begun after our last write to the field had ended.
        wanted: What the case says it is; None when it says nothing.
        given: Where the case has that from; None for our own fields, and when it says nothing.
        rule: Who owns it.
        cause: Why it is in conflict already; None when it is not, and for one that is merely overruled.
        now: Aware, UTC.
    """

    known: MirroredField | None
    ref: TicketRef
    name: str
    value: str
    stamp: datetime
    fresh: bool
    wanted: str | None
    given: CaseValue | None
    rule: FieldRule
    cause: Cause | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows.

    Fields:
        move: What to do.
        known: What is known of the field from now on.
        cause: What kind of conflict; None when it is none.
        overruled: Whether what the ticket shows loses against what the case says, and must be kept for people to see.
        loser: The case's value that loses against what the ticket shows, to be kept too; None when none does.
    """

    move: Move
    known: MirroredField
    cause: Cause | None = None
    overruled: bool = False
    loser: CaseValue | None = None


def is_ours(name: str) -> bool:
    """Whether a field tells how the case stands, and belongs to nobody else."""
    return name.startswith(OURS)


def digest(value: str) -> str:
    """Return our hash of a value, by which it is known again."""
    return hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()[:32]


def likeness(value: str) -> str:
    """Return a hash that a value shares with what a vendor may make of it: " USDT" and "usdt", "12.50" and "12.5"."""
    words = " ".join(unicodedata.normalize("NFC", value).split()).casefold()
    if _NUMBER.fullmatch(words) and not words.lstrip("+-").isdigit():
        words = format(Decimal(words).normalize(), "f")
    return digest(words)


def judge(shown: Shown) -> Verdict:
    """Return what follows from a field as a ticket shows it."""
    known = shown.known
    if known is None or (known.base is None and known.place is None):
        # Nobody knows what it showed before: it was never heard, and what we wrote did not get through.
        return _joined(shown)
    now_shown = replace(known, base=digest(shown.value), stamp=shown.stamp)
    if known.place is not None:
        if known.written == now_shown.base or known.alike == likeness(shown.value):
            return Verdict(move=Move.KEEP, known=replace(now_shown, place=None))
        if not shown.fresh:
            return Verdict(move=Move.WAIT, known=known)
    elif known.base == now_shown.base:
        return Verdict(move=Move.KEEP, known=known)
    return _changed(shown, known, replace(now_shown, written=None, alike=None, place=None))


def _joined(shown: Shown) -> Verdict:
    """Judge a ticket that comes to the case: a value fills a gap on either side, and two values must be decided."""
    known = MirroredField(
        ref=str(shown.ref), field=shown.name, case_number=0, base=digest(shown.value), stamp=shown.stamp
    )
    if shown.wanted is None:
        has_news = shown.value != "" and not is_ours(shown.name)
        return Verdict(move=Move.TAKE if has_news else Move.KEEP, known=known)
    if likeness(shown.wanted) == likeness(shown.value):
        return Verdict(move=Move.KEEP, known=_agreed(known, shown.wanted))
    if shown.value == "" or is_ours(shown.name):
        return Verdict(move=Move.KEEP, known=known)
    if shown.rule.owner in {shown.ref.vendor, "newest"}:
        return _against(shown, known)
    decided = shown.rule.owner == "makewhole" or _vendor_of(shown.given) == shown.rule.owner
    if not decided:
        return Verdict(move=Move.CONFLICT, known=known, cause=Cause.UNDECIDED)
    if shown.rule.on_change == "flag":
        return Verdict(move=Move.CONFLICT, known=known, cause=Cause.CHANGED)
    return Verdict(move=Move.KEEP, known=known, overruled=True)


def _changed(shown: Shown, before: MirroredField, known: MirroredField) -> Verdict:
    """Judge a field that somebody other than us has changed."""
    if shown.wanted is None:
        return Verdict(move=Move.KEEP if is_ours(shown.name) else Move.TAKE, known=known)
    if shown.value == shown.wanted:
        return Verdict(move=Move.KEEP, known=known)
    may_speak = shown.rule.owner in {shown.ref.vendor, "newest"}
    behind = digest(shown.wanted) not in {before.base, before.written}
    if may_speak and before.place is None and shown.cause is not Cause.CONTESTED:
        return _against(shown, known) if behind else Verdict(move=Move.TAKE, known=known)
    if shown.cause is not None:
        return Verdict(move=Move.CONFLICT, known=known, cause=shown.cause)
    if behind and not may_speak:
        return Verdict(move=Move.KEEP, known=known, overruled=True)
    if shown.rule.on_change == "flag" and not may_speak:
        return Verdict(move=Move.CONFLICT, known=known, cause=Cause.CHANGED)
    counted = _counted(known, shown.now)
    if counted.restores > MOST_RESTORES:
        return Verdict(move=Move.CONFLICT, known=counted, cause=Cause.CONTESTED)
    # Who may speak and does not show what was just written there was quick, or is a program that answers our writes.
    return _against(shown, counted) if may_speak else Verdict(move=Move.KEEP, known=counted)


def _against(shown: Shown, known: MirroredField) -> Verdict:
    """Judge a value of a ticket that may speak for the field against the case's, which it has not agreed to."""
    given = shown.given
    if given is None or given.source == str(shown.ref):
        return Verdict(move=Move.TAKE, known=known)
    owned = shown.rule.owner == shown.ref.vendor
    if (owned and _vendor_of(given) != shown.rule.owner) or shown.stamp > given.changed_at:
        return Verdict(move=Move.TAKE, known=known, loser=given)
    if shown.stamp < given.changed_at:
        return Verdict(move=Move.KEEP, known=known, overruled=True)
    return Verdict(move=Move.CONFLICT, known=known, cause=Cause.UNDECIDED)


def _agreed(known: MirroredField, wanted: str) -> MirroredField:
    """Return the field as one that shows what the case says, in the vendor's own spelling."""
    return replace(known, written=digest(wanted), alike=likeness(wanted))


def _counted(known: MirroredField, now: datetime) -> MirroredField:
    """Return the field with one more putting back."""
    since = known.restores_since
    if since is None or now - since > RESTORES_WITHIN:
        return replace(known, restores=1, restores_since=now)
    return replace(known, restores=known.restores + 1)


def _vendor_of(given: CaseValue | None) -> str:
    return given.source.partition(":")[0] if given else ""
