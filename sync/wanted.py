"""What the tickets of a case should show by now, and which of it one of them does not show yet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa

from cases.case import Closed
from cases.loss import LossKind
from cases.proposal import CaseId
from cases.ticket import Ticket, TicketRef, Vendor
from store import conflicts, mirror, outbox, tickets
from store.cases import PREFIX, StoredCase
from store.conflicts import Cause, Conflict
from store.mirror import CaseValue, MirroredField
from store.outbox import Kind
from store.records import TICKET_UPDATE
from sync.ownership import FieldRule, FieldRules, digest
from workflow import claims
from workflow.desk import Desk
from workflow.notes import update_for
from workflow.telling import ticket_lane

#: What a claim is read from: only these are ever withheld.
LOSS_FIELDS = (claims.TOPIC, *(f"{kind}_id" for kind in LossKind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What a case says of its fields, and the tickets that are to show it.

    Fields:
        stored: The case; the caller holds it.
        rules: Who owns which field.
        tickets: Those of its tickets that were read, belong to it and are not gone.
        values: What its mirrored fields are, by our name.
        ours: What our own fields say of it; empty while tickets are told nothing.
        topics: What kind of loss each topic names.
    """

    stored: StoredCase
    rules: FieldRules
    tickets: Mapping[TicketRef, Ticket]
    values: Mapping[str, CaseValue]
    ours: Mapping[str, str]
    topics: Mapping[str, LossKind]

    def says(self, name: str) -> str | None:
        """Return what the case says of a field; None when it says nothing."""
        if name in self.ours:
            return self.ours[name]
        return self.values[name].value if name in self.values else None

    def others_with(self, name: str, besides: TicketRef) -> tuple[TicketRef, ...]:
        """Return its other tickets that have this field."""
        return tuple(ref for ref in self.tickets if ref != besides and name in self.rules.names_on(ref))

    def tells_of_the_same(self, ticket: Ticket, written: Mapping[str, str]) -> bool:
        """Whether a ticket names the same loss, or none, with these values as without.

        What is said elsewhere must not make it a witness: which loss it is about is for people at the ticket to say.
        """
        fields = {**dict(ticket.fields), **written}
        given = tuple(sorted((name, value) for name, value in fields.items() if value))
        now, then = (claims.read_claim(each, self.topics).loss for each in (ticket, replace(ticket, fields=given)))
        return (now.key if now else None) == (then.key if then else None)

    def rule_for(self, name: str) -> FieldRule:
        """Return the rule of a field for this case, whichever of its owners are there."""
        present: frozenset[Vendor] = frozenset(ref.vendor for ref in self.tickets if name in self.rules.names_on(ref))
        return self.rules.rule_for(name, present)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A field that the mirror leaves as it is: to write it would make the ticket name a loss, or another one.

    Fields:
        case_id: "CASE-4711".
        ref: The ticket.
        field: Our name: "transaction_id".
        ours: What the case says.
        theirs: What the ticket shows.
    """

    case_id: CaseId
    ref: TicketRef
    field: str
    ours: str
    theirs: str


def board_of(desk: Desk, rules: FieldRules, connection: sa.Connection, stored: StoredCase) -> Board:
    """Return what a case says of its fields now."""
    about = stored.case.about
    told = stored.case.settled if isinstance(stored.case, Closed) else stored.case
    url = desk.case_url(about.id)
    # A case whose last ticket was taken out of it has nobody to tell.
    update = update_for(told, version=stored.version, ref=about.tickets[0], url=url) if about.tickets else None
    known = tickets.known(connection, about.tickets)
    return Board(
        stored=stored,
        rules=rules,
        tickets={
            ref: each.ticket
            for ref, each in known.items()
            if each.case_id == about.id and not claims.is_gone(each.ticket)
        },
        values=mirror.values_of(connection, stored.number),
        ours=dict(update.fields) if update else {},
        topics=desk.topics,
    )


def owed(connection: sa.Connection, board: Board, ref: TicketRef, *, sequence: int | None) -> dict[str, str]:
    """Return what is to be written to one ticket of the case, by our name of the field.

    sequence: The number of the item that is about to write it, which may have been tried before; None when none is.
    """
    found: dict[str, str] = {}
    for name, wanted in _lacking(connection, board, ref, sequence=sequence):
        if board.tells_of_the_same(board.tickets[ref], {**found, name: wanted}):
            found[name] = wanted
    return found


def withheld(desk: Desk, rules: FieldRules, connection: sa.Connection) -> tuple[Withheld, ...]:
    """Return the fields of open cases' tickets that show something else for good: see `Board.tells_of_the_same`."""
    found: list[Withheld] = []
    by_case = mirror.differing(connection, LOSS_FIELDS)
    for number, refs in by_case.items():
        board = board_of(desk, rules, connection, desk.cases.find(connection, f"{PREFIX}{number}"))
        for ref in refs:
            written = owed(connection, board, ref, sequence=None)
            found.extend(
                Withheld(
                    case_id=board.stored.case.about.id,
                    ref=ref,
                    field=name,
                    ours=wanted,
                    theirs=board.tickets[ref].field(name) or "",
                )
                for name, wanted in _lacking(connection, board, ref, sequence=None)
                if name not in written
            )
    return tuple(found)


def _lacking(
    connection: sa.Connection, board: Board, ref: TicketRef, *, sequence: int | None
) -> Iterator[tuple[str, str]]:
    """Yield what the case says of each field that a ticket does not show, by our name, where nothing is in the way."""
    ticket = board.tickets.get(ref)
    if ticket is None:
        return
    known = mirror.fields_of(connection, ref)
    held = conflicts.on_ticket(connection, str(ref))
    soon = _carried_by_notes(connection, ref)
    for name in board.rules.names_on(ref):
        wanted = board.says(name)
        if wanted is None or name in soon or name not in known or holds(held.get(name), wanted):
            continue
        if _lacks(known[name], ticket.field(name) or "", wanted, sequence=sequence):
            yield name, wanted


def holds(conflict: Conflict | None, wanted: str) -> bool:
    """Whether a conflict keeps us from writing this value; one that was refused may try another."""
    return conflict is not None and (conflict.cause is not Cause.REFUSED or conflict.ours == wanted)


def _lacks(known: MirroredField, shown: str, wanted: str, *, sequence: int | None) -> bool:
    """Whether a ticket neither shows a value nor is about to."""
    if known.place is not None:
        return known.place == sequence or known.written != digest(wanted)
    if digest(shown) != known.base:
        # The ticket was changed since it was heard; it is being read, and only then it is known who wins.
        return False
    return shown != wanted and known.written != digest(wanted)


def _carried_by_notes(connection: sa.Connection, ref: TicketRef) -> frozenset[str]:
    """Return the fields that a note in the ticket's lane will bring up to date."""
    notes = outbox.waiting(connection, ticket_lane(ref), Kind.NOTE)
    return frozenset(name for each in notes for name, _ in TICKET_UPDATE.validate_json(each.document).fields)
