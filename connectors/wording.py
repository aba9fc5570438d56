"""The words one vendor's fields use for what has one name with us: "Delayed withdrawal" is delayed_withdrawal."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from cases.ticket import Ticket, TicketRef
from connectors.contract import Cursor, Page, TicketSource, TicketUpdate

#: By our field name: the vendor's word and ours.
Words = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A `TicketSource` whose fields are read and written in our words; a word that is not listed stays as it is."""

    source: TicketSource
    words: Words

    def changed_since(self, cursor: Cursor | None, *, start: datetime) -> Page:
        """Return the next page of changes, see TicketSource."""
        page = self.source.changed_since(cursor, start=start)
        return replace(page, tickets=tuple(self._ours(ticket) for ticket in page.tickets))

    def read(self, ref: TicketRef) -> tuple[Ticket, bytes] | None:
        """Return the ticket with its comments, see TicketSource."""
        found = self.source.read(ref)
        return None if found is None else (self._ours(found[0]), found[1])

    def write(self, update: TicketUpdate) -> bool:
        """Write once, see TicketSource."""
        return self.source.write(replace(update, fields=self._theirs(update.fields), seen=self._theirs(update.seen)))

    def _ours(self, ticket: Ticket) -> Ticket:
        if not any(name in self.words for name, _ in ticket.fields):
            return ticket
        fields = tuple((name, self.words.get(name, {}).get(value, value)) for name, value in ticket.fields)
        return replace(ticket, fields=fields)

    def _theirs(self, fields: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        back = {name: {ours: theirs for theirs, ours in words.items()} for name, words in self.words.items()}
        return tuple((name, back.get(name, {}).get(value, value)) for name, value in fields)
