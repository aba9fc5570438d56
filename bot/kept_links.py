"""The bot's port to questions about links, over our database."""

import re
from dataclasses import dataclass

import sqlalchemy as sa

from bot.links import LinkContent
from cases.ticket import Ticket
from connectors.addresses import called, page_of
from store import links, tickets
from workflow.desk import Desk

#: A reference of ours in the reason of a question: "jira:harbor:10042".
_REF = re.compile(r"\b(?:zendesk|salesforce|jira):[\w.-]+:[\w-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLinks:
    """Questions as Slack shows them, in the link_questions table."""

    desk: Desk

    def content(self, question_id: int) -> LinkContent | None:
        """Return what a question shows; None when there is none."""
        with self.desk.database.read() as connection:
            question = links.find(connection, question_id)
            if question is None:
                return None
            ref = tickets.parsed(question.ref)
            mirrored = tickets.find(connection, ref)
            about = self.desk.cases.find(connection, question.case_id).case.about
            reason = _named(connection, question.reason)
        ticket = mirrored.ticket if mirrored is not None else None
        name = ticket.name if ticket else ""
        return LinkContent(
            question=question,
            ticket=called(ref, name),
            ticket_url=page_of(ref, name),
            subject=_own_subject(ticket),
            reason=reason,
            url=self.desk.case_url(question.case_id),
            topic=about.topic,
            customer_id=about.customer_id,
        )


def _own_subject(ticket: Ticket | None) -> str | None:
    """Return the title of a ticket that nobody asked for, so that its words are a colleague's; None for any other."""
    return ticket.subject or None if ticket is not None and ticket.requester is None else None


def _named(connection: sa.Connection, reason: str) -> str:
    """Return a reason with what people call the tickets in place of our references."""
    refs = tuple(tickets.parsed(each) for each in dict.fromkeys(_REF.findall(reason)))
    known = tickets.known(connection, refs)
    names = {str(ref): called(ref, known[ref].ticket.name if ref in known else "") for ref in refs}
    return _REF.sub(lambda found: names[found[0]], reason)
