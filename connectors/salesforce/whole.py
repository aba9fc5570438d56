"""One Case whole: its fields, comments and posts in one composite call, more calls only past 2,000 comments.

A comment need not change its Case's stamp, so the ticket's stamp is the newest of them all, deleted comments too.
"""

from collections.abc import Callable
from dataclasses import replace

from cases.ticket import Ticket, TicketRef, TicketStatus
from connectors.contract import TryLater, UnexpectedReply
from connectors.salesforce.calls import Calls, Subrequest
from connectors.salesforce.comments import comment_id, in_order, read_comments
from connectors.salesforce.polling import rows_of
from connectors.salesforce.reading import CaseReader, Rows, read_rows
from connectors.salesforce.refusals import NoSuchRecord
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.soql import CHILDREN_A_PAGE, cases_with, comments_of, posts_of
from connectors.wire_json import Unreadable


def read(calls: Calls, settings: SalesforceSettings, reader: CaseReader, ref: TicketRef) -> tuple[Ticket, bytes] | None:
    """Return the ticket with its comments and its raw record; None when it is deleted or was never there.

    A Case that was merged into another is deleted too, and returned: it says where it went.
    Raises the three errors; UnexpectedReply also for more than `most_comments`.
    """
    asked: dict[str, Callable[[str], str]] = {"comments": lambda after: comments_of(ref.key, after=after)}
    if settings.read_feed:
        asked["posts"] = lambda after: posts_of(ref.key, after=after)
    parts = [Subrequest(name="case", method="GET", path=calls.query_path(cases_with(settings, (ref.key,))))]
    parts += [Subrequest(name=name, method="GET", path=calls.query_path(soql(""))) for name, soql in asked.items()]
    answers, _ = calls.look(tuple(parts), asked=f"{ref}")
    rows = rows_of(answers["case"], f"{ref}")
    if not rows.records:
        if rows.whole:
            return None
        raise TryLater(f"{ref}: the answer is held back", wait_seconds=1.0)
    found = rows.records
    try:
        ticket = reader.ticket(found[0])
    except Unreadable as error:
        raise UnexpectedReply(f"{ref}: {error}") from None
    if ticket.status is TicketStatus.DELETED and ticket.merged_into is None:
        return None
    records: list[bytes] = []
    for name, soql in asked.items():
        rows = rows_of(answers[name], f"{name} of {ref}")
        records += all_rows(calls, rows, soql, asked=f"{name} of {ref}", most=settings.most_comments)
    return _with_comments(ticket, records), found[0]


def all_rows(calls: Calls, first: Rows, soql: Callable[[str], str], *, asked: str, most: int) -> list[bytes]:
    """Return every row, page by page from the first; raises the three errors. An empty page need not be the last."""
    records, rows = list(first.records), first
    for _ in range(2 + most // CHILDREN_A_PAGE):
        if len(records) > most:
            break
        if rows.whole and len(rows.records) < CHILDREN_A_PAGE:
            return records
        after = comment_id(records[-1]) if records else ""
        try:
            rows = read_rows(calls.query(soql(after), asked=asked).body, asked)
        except NoSuchRecord as error:
            raise UnexpectedReply(str(error)) from None
        records += rows.records
    raise UnexpectedReply(f"{asked}: more than {most}")


def _with_comments(ticket: Ticket, records: list[bytes]) -> Ticket:
    read = read_comments(records)
    updated_at = ticket.updated_at if read.newest is None else max(ticket.updated_at, read.newest)
    return replace(ticket, comments=in_order(read.comments), updated_at=updated_at)
