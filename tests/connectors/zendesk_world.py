"""The ticket and the update that the wire tests speak of."""

from datetime import UTC, datetime
from typing import Any

from cases.ticket import TicketRef
from connectors.contract import Page, TicketSource, TicketUpdate

START = datetime(2026, 10, 1, tzinfo=UTC)
PUT = "PUT /api/v2/tickets"


def ref(ticket_id: int = 35436) -> TicketRef:
    return TicketRef(vendor="zendesk", account="harbor", key=str(ticket_id))


def an_update(**changed: Any) -> TicketUpdate:
    given: dict[str, Any] = {
        "ref": ref(),
        "mark": "CASE-4711/3",
        "note": "Compensation paid: 180.50 USDT.\n补偿已支付。",
        "fields": (("mw_amount", "180.50"), ("mw_state", "paid")),
        "add_tags": ("makewhole_paid",),
        "remove_tags": (),
    }
    return TicketUpdate(**{**given, **changed})


def all_pages(source: TicketSource, *, most: int = 20) -> list[Page]:
    pages = [source.changed_since(None, start=START)]
    while not pages[-1].complete:
        assert len(pages) < most
        pages.append(source.changed_since(pages[-1].cursor, start=START))
    return pages


def keys(pages: list[Page]) -> list[str]:
    return [ticket.ref.key for page in pages for ticket in page.tickets]
