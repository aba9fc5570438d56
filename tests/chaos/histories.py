"""What happened to a loss, told from every book: for who must find out why the books do not agree."""

import re
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from cases.ticket import TicketRef
from makewhole.assembly import House
from store import audit, tables
from tests.chaos.desks import Seen
from tests.chaos.folders import Folder


def history_of(house: House, folder: Folder, seen: Mapping[TicketRef, Seen]) -> Iterator[str]:
    """Yield what happened to a loss, as far as anybody knows it."""
    yield f"loss {folder.loss.number}: {folder.loss.claim.reference}, must be {folder.loss.claim.end}"
    yield from (f"  did   {act}" for act in folder.acts)
    refs = [str(ref) for ref in folder.loss.refs]
    with house.database.read() as connection:
        numbers = connection.scalars(
            sa.select(tables.outbox.c.case_number).where(tables.outbox.c.lane.in_([f"ticket/{ref}" for ref in refs]))
        )
        for number in sorted(set(numbers)):
            for each in audit.history(connection, number):
                yield f"  case  {each.at:%H:%M:%S} CASE-{number} {each.event} {dict(each.detail)}"
        lanes = sa.select(tables.outbox).where(tables.outbox.c.lane.in_([f"ticket/{ref}" for ref in refs]))
        for row in connection.execute(lanes.order_by(tables.outbox.c.put_at)):
            said = re.findall(r'"(?:mark|note)":"(.{0,90})', row.document.replace("\\n", " | "))
            yield f"  wrote {row.put_at:%H:%M:%S} {row.lane}#{row.sequence} {row.kind} {row.state} {said}"
        column = tables.field_conflicts.c
        for held in connection.execute(sa.select(tables.field_conflicts).where(column.ref.in_(refs))).mappings():
            yield f"  held  {dict(held)}"
    for ref in folder.loss.refs:
        if ref in seen:
            yield f"  shows {ref} {seen[ref].status} {seen[ref].stamp} {dict(seen[ref].fields)}"
            yield from (f"        {each.id} {each.mark or ''} {each.text[:100]!r}" for each in seen[ref].comments)
