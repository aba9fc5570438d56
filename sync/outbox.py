"""Notes out: one job writes one note to one ticket, in the ticket's order."""

from collections.abc import Callable
from datetime import datetime

import structlog

from cases.proposal import CaseId
from connectors.contract import TicketSource, UnexpectedReply
from store import outbox
from store.cases import PREFIX
from store.outbox import Item, State
from store.records import TICKET_UPDATE
from workflow.desk import Desk
from workflow.one_case import was_told

log = structlog.get_logger(__name__)


def write_note(desk: Desk, source: TicketSource, item: Item, *, clock: Callable[[], datetime]) -> None:
    """Write one item of a ticket's lane to the vendor, once, and close its case when it was the last.

    A ticket that takes no more writes (closed, deleted) leaves the item refused, where `deadletter list` shows it;
    the lane goes on. Raises TryLater and AccessRefused of the connector: the item stays first in its lane.
    """
    update = TICKET_UPDATE.validate_json(item.document)
    problem = None
    try:
        source.write(update)
    except UnexpectedReply as error:
        problem = str(error)
        log.warning("a note was refused", lane=item.lane, mark=update.mark, problem=problem)
    now = clock()
    case_id = CaseId(f"{PREFIX}{item.case_number}")
    with desk.database.begin() as tx:
        desk.cases.lock(tx, case_id)
        outbox.finish(tx, item, State.REFUSED if problem else State.SENT, now=now, problem=problem)
        was_told(desk, tx, case_id, now=now)
