"""How an operator wants tickets to be mirrored; filled from the settings, the same for every account."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cases.ticket import Author, Comment, Vendor
from connectors.marks import mark_in_note
from sync.ownership import FieldRules


@dataclass(frozen=True, slots=True, kw_only=True)
class PassOn:
    """Which comments of agents go to which other tickets of their case.

    Fields:
        from_vendors: Where they are written.
        to_vendors: Where they go, as internal notes.
        public: Whether replies that the customer can read are passed on too; internal notes always are.
    """

    from_vendors: frozenset[Vendor]
    to_vendors: frozenset[Vendor]
    public: bool


def is_echo(comment: Comment) -> bool:
    """Whether we wrote a comment: it carries a mark of ours, whoever's id it comes with."""
    return comment.written_by is Author.US or mark_in_note(comment.body) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirroring:
    """How tickets are mirrored.

    Fields:
        fields: Which fields, and who owns them.
        pass_on: Which comments go where; none when empty.
        is_echo: Tells our own comments from agents'. This is the only place: else ours would go round for ever.
        shadowed: Sources ("jira:harbor") to which nothing is written; what would have been is logged.
    """

    fields: FieldRules = field(default_factory=FieldRules)
    pass_on: tuple[PassOn, ...] = ()
    is_echo: Callable[[Comment], bool] = is_echo
    shadowed: frozenset[str] = frozenset()
