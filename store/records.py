"""How our records become text in the database and come back; the only place that knows both."""

from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter

from cases.case import Approved, Case
from cases.evidence import Evidence
from cases.ticket import Ticket
from connectors.contract import TicketUpdate
from payouts.attempt import Attempt

Record = TypeVar("Record")

# Told which stage a case is at, it is read as that: trying one after the other takes five times as long.
CASE: TypeAdapter[Case] = TypeAdapter(Annotated[Case, Field(discriminator="stage")])
TICKET: TypeAdapter[Ticket] = TypeAdapter(Ticket)
TICKET_UPDATE: TypeAdapter[TicketUpdate] = TypeAdapter(TicketUpdate)
APPROVED: TypeAdapter[Approved] = TypeAdapter(Approved)
ATTEMPT: TypeAdapter[Attempt] = TypeAdapter(Attempt)
EVIDENCE: TypeAdapter[Evidence] = TypeAdapter(Evidence)


def to_text(adapter: TypeAdapter[Record], record: Record) -> str:
    """Return the record as JSON text."""
    return adapter.dump_json(record).decode()
