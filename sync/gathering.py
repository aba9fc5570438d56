"""Small pages as one: each that is taken in costs a transaction, and a hundred tickets do not fill one."""

from dataclasses import replace
from datetime import datetime

from connectors.contract import AccessRefused, Cursor, Page, TicketSource, TryLater, UnexpectedReply

#: So many calls are made for one transaction at most.
MOST_CALLS = 20

Trouble = TryLater | AccessRefused | UnexpectedReply


def gathered(
    source: TicketSource, cursor: Cursor | None, *, start: datetime, enough: int
) -> tuple[Page, Trouble | None]:
    """Return what follows the cursor as one page, and what ended it early: raise that once the page is kept.

    enough: With so many tickets no further page is asked for.
    An empty page is a step of its own, as a job that was begun at the vendor: nothing is read behind it. Raises the
    three errors where the first call fails already.
    """
    page, trouble = source.changed_since(cursor, start=start), None
    pages = [page]
    while not page.complete and page.tickets and sum(len(each.tickets) for each in pages) < enough:
        if len(pages) == MOST_CALLS:
            break
        try:
            page = source.changed_since(page.cursor, start=start)
        except (TryLater, AccessRefused, UnexpectedReply) as error:
            trouble = error
            break
        pages.append(page)
    return _as_one(pages), trouble


def _as_one(pages: list[Page]) -> Page:
    if len(pages) == 1:
        return pages[0]
    unreadable: dict[str, str] = {}
    for page in pages:
        for ticket in page.tickets:
            unreadable.pop(ticket.ref.key, None)
        unreadable |= page.unreadable
    return replace(
        pages[-1],
        tickets=tuple(ticket for page in pages for ticket in page.tickets),
        raw=tuple(raw for page in pages for raw in page.raw),
        unreadable=tuple(unreadable.items()),
    )
