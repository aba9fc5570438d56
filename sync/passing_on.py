"""Comments passed on: what an agent writes on one ticket of a case stands on its other tickets too, once.

Only agents' words go. A customer's never leave the vendor they came from, and our own never go round again. A comment
is heard once for ever; whoever joins the case later gets none that was heard before. That a comment was edited or
deleted afterwards changes nothing elsewhere.
"""

import hashlib
from datetime import datetime

from cases.case import About
from cases.ticket import Author, Comment, Ticket, TicketRef
from connectors.contract import TicketUpdate
from connectors.marks import COPY, is_valid
from store import mirror, outbox, tickets
from store.database import Transaction
from store.outbox import Kind
from store.records import TICKET_UPDATE, to_text
from sync.mirroring import Mirroring, PassOn
from workflow import claims
from workflow.desk import Desk
from workflow.telling import ticket_lane

VENDORS = {"zendesk": "Zendesk", "salesforce": "Salesforce", "jira": "Jira"}
MOST_CHARACTERS = 10_000
MOST_NAME = 100


def hear_comments(desk: Desk, mirroring: Mirroring, tx: Transaction, ticket: Ticket, *, now: datetime) -> None:
    """Pass on what agents have written on a ticket read whole. The caller has kept the ticket and holds it."""
    said = tuple(each for each in ticket.comments if _is_agents(mirroring, each))
    case_id = tickets.case_of(tx.connection, ticket.ref) if said else None
    if case_id is None or claims.is_gone(ticket):
        return
    heard = mirror.heard_of(tx.connection, ticket.ref)
    news = [each for each in said if each.id not in heard]
    if not news:
        return
    stored = desk.cases.lock(tx, case_id)
    about = stored.case.about
    if ticket.ref not in about.tickets:
        return
    for comment in news:
        first = mirror.first_hearing(tx, ticket.ref, comment.id, case_number=stored.number, now=now)
        if not first or comment.written_at < about.opened_at:
            continue
        targets = _targets(tx, mirroring, about, ticket.ref, comment)
        author = author_of(desk, ticket.ref, comment)
        for ref in targets:
            document = to_text(TICKET_UPDATE, copy_for(about, ticket, comment, author, ref))
            lane = ticket_lane(ref)
            outbox.put(tx, lane=lane, case_number=stored.number, kind=Kind.NOTE, document=document, now=now)
        mirror.was_copied(tx, ticket.ref, comment.id, len(targets))


def copy_for(about: About, ticket: Ticket, comment: Comment, author: str, ref: TicketRef) -> TicketUpdate:
    """Return the note that brings a comment of one ticket to another."""
    name = ticket.name or ticket.ref.key
    heading = f"Comment from {VENDORS[ticket.ref.vendor]} {name} · {_one_line(author)} · {about.id}"
    words = comment.body.strip()
    if len(words) > MOST_CHARACTERS:
        left = len(words) - MOST_CHARACTERS
        words = f"{words[:MOST_CHARACTERS]}\n(… cut here; {left} more characters stand on {name})"
    # Nobody's words can pass for a line of ours.
    quoted = "\n".join(f"> {line}".rstrip() for line in words.splitlines())
    mark = _mark(about, ticket.ref, comment.id)
    return TicketUpdate(ref=ref, mark=mark, note=f"{heading}\n{quoted}", fields=(), add_tags=(), remove_tags=())


def _is_agents(mirroring: Mirroring, comment: Comment) -> bool:
    """Whether a comment may be passed on at all; `is_echo` alone tells ours from an agent's."""
    if not mirroring.pass_on or not comment.body.strip():
        return False
    return comment.written_by in {Author.AGENT, Author.US} and not mirroring.is_echo(comment)


def _targets(
    tx: Transaction, mirroring: Mirroring, about: About, source: TicketRef, comment: Comment
) -> tuple[TicketRef, ...]:
    """Return the other tickets of the case that a comment goes to."""
    wanted = [ref for ref in about.tickets if ref != source and _goes(mirroring.pass_on, source, ref, comment)]
    known = tickets.known(tx.connection, tuple(wanted))
    return tuple(
        ref
        for ref in wanted
        if tickets.case_of(tx.connection, ref) == about.id
        and (ref not in known or claims.takes_notes(known[ref].ticket))
    )


def _goes(rules: tuple[PassOn, ...], source: TicketRef, target: TicketRef, comment: Comment) -> bool:
    return any(
        source.vendor in rule.from_vendors and target.vendor in rule.to_vendors and (rule.public or not comment.public)
        for rule in rules
    )


def author_of(desk: Desk, ref: TicketRef, comment: Comment) -> str:
    """Return what to call the author of a comment: by our people file, else as the vendor does."""
    person = desk.people.by_helpdesk_id(f"{ref.source}:{comment.author_id}")
    return person.name if person else comment.author_name or f"agent {comment.author_id}"


def _mark(about: About, source: TicketRef, comment_id: str) -> str:
    mark = f"{about.id}{COPY}{source.vendor}.{source.account}.{comment_id}"
    return mark if is_valid(mark) else f"{about.id}{COPY}{hashlib.sha256(mark.encode()).hexdigest()[:32]}"


def _one_line(words: str) -> str:
    return " ".join(words.replace("·", " ").split())[:MOST_NAME]
