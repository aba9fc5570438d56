"""What is left of a ticket whose words may not be kept: the vendor deleted it, or its customer was erased."""

from dataclasses import replace

from cases.ticket import CLAIM_TAG, Ticket


def without_words(ticket: Ticket) -> Ticket:
    """Return the ticket without subject, messages, tags, ratings and the requester's name, address and language.

    Its mapped fields stay: they are ids and amounts, the books of its case hold them too, and by them a second ticket
    about the same loss is known. So do its links, and who handled it.
    """
    requester = replace(ticket.requester, name="", email=None, locale=None) if ticket.requester else None
    # Without this one a ticket would ask for nothing any more.
    tags = tuple(tag for tag in ticket.tags if tag == CLAIM_TAG)
    return replace(ticket, subject="", description="", comments=(), tags=tags, satisfaction=None, requester=requester)
