"""Every table of ours. Alembic migrations create them; a test holds the two equal."""

from typing import Any

import sqlalchemy as sa

from store.column_types import UTCDateTime, WholeNumber

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def chained() -> tuple[sa.Column[Any], ...]:
    """Return the columns of a history whose records are sealed, each to the one before: what, by whom, and the seal."""
    return (
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("at", UTCDateTime, nullable=False),
        sa.Column("actor", sa.String(100), nullable=False),
        sa.Column("event", sa.String(50), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("state_digest", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
    )


# A ticket as last read. `document` is cases.ticket.Ticket as JSON, `raw` the vendor's own record.
tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("ref", sa.String(200), primary_key=True),
    sa.Column("customer_id", sa.Text),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("topic", sa.Text),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("updated_at", UTCDateTime, nullable=False),
    sa.Column("name", sa.Text),
)
# What people call a ticket, where it is not the vendor's key ("ENG-5"): others name it so.
sa.Index(
    "ix_tickets_name",
    tickets.c.name,
    sqlite_where=tickets.c.name.is_not(None),
    postgresql_where=tickets.c.name.is_not(None),
)
sa.Index(
    "ix_tickets_customer_id",
    tickets.c.customer_id,
    sqlite_where=tickets.c.topic.is_not(None),
    postgresql_where=tickets.c.topic.is_not(None),
)

# Tickets that are to be read again: how often that was asked, the number of the last reading, since when it is under
# way, when the last one ended, and whether only a comparison with the vendor has asked since.
readings = sa.Table(
    "readings",
    metadata,
    sa.Column("ref", sa.String(200), primary_key=True),
    sa.Column("asked", sa.Integer, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("begun_at", UTCDateTime),
    sa.Column("ended_at", UTCDateTime),
    sa.Column("comparing", sa.Boolean),
)

# Which case a ticket tells of; a ticket may be linked before it was ever read.
ticket_cases = sa.Table(
    "ticket_cases",
    metadata,
    sa.Column("ref", sa.String(200), primary_key=True),
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), nullable=False, index=True),
)

# Records of a vendor that could not be understood; kept until they can be.
unreadable = sa.Table(
    "unreadable",
    metadata,
    sa.Column("ref", sa.String(200), primary_key=True),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("seen_at", UTCDateTime, nullable=False),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("source", sa.String(100), primary_key=True),
    sa.Column("cursor", sa.Text, nullable=False),
    sa.Column("read_at", UTCDateTime, nullable=False),
)

# What arrived at a door, before it was answered. The key makes a repeat harmless.
deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("source", sa.String(50), primary_key=True),
    sa.Column("delivery_id", sa.String(200), primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("received_at", UTCDateTime, nullable=False, index=True),
    sa.Column("handled_at", UTCDateTime),
    sa.Column("outcome", sa.Text),
)

# `document` is cases.case.Case as JSON. `loss_key` is unique: one loss, one case.
cases = sa.Table(
    "cases",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("stage", sa.String(30), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("loss_key", sa.Text, unique=True),
    sa.Column("customer_id", sa.Text, index=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("updated_at", UTCDateTime, nullable=False),
    sqlite_autoincrement=True,
)

# What was decided on each line of the policies, to set beside later proposals; `inputs` is a list of pairs as JSON.
precedents = sa.Table(
    "precedents",
    metadata,
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), primary_key=True),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("band", sa.Text, nullable=False),
    sa.Column("agreed", sa.Boolean, nullable=False),
    sa.Column("minor", WholeNumber),
    sa.Column("asset", sa.String(20)),
    sa.Column("policy_version", sa.Text, nullable=False),
    sa.Column("inputs", sa.Text, nullable=False),
    sa.Column("decided_at", UTCDateTime, nullable=False),
    sa.Index("ix_precedents_line_decided_at", "line", "decided_at"),
    sa.Index("ix_precedents_line_band_decided_at", "line", "band", "decided_at"),
)

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), primary_key=True),
    sa.Column("source", sa.String(100), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("read_at", UTCDateTime, nullable=False),
)

# One record per change of a case; `digest` chains it to the one before, under a key that is not in the database.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), primary_key=True),
    *chained(),
)

# One approved proposal being paid, or one part of it: `part` counts from 1, and is 0 where there are none. `attempt` is
# payouts.attempt.Attempt, `approved` cases.case.Approved, as JSON.
payouts = sa.Table(
    "payouts",
    metadata,
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), primary_key=True),
    sa.Column("fingerprint", sa.String(16), primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True),
    sa.Column("way", sa.String(30), nullable=False),
    sa.Column("state", sa.String(20), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Text, nullable=False),
    sa.Column("approved", sa.Text, nullable=False),
    sa.Column("updated_at", UTCDateTime, nullable=False),
)

ledger_entries = sa.Table(
    "ledger_entries",
    metadata,
    sa.Column("id", sa.String(200), primary_key=True),
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), nullable=False, index=True),
    sa.Column("reference", sa.String(200), nullable=False),
    sa.Column("memo", sa.Text, nullable=False),
    sa.Column("at", UTCDateTime, nullable=False),
)

ledger_postings = sa.Table(
    "ledger_postings",
    metadata,
    sa.Column("entry_id", sa.String(200), sa.ForeignKey("ledger_entries.id"), primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True),
    sa.Column("account", sa.String(200), nullable=False, index=True),
    sa.Column("asset", sa.String(20), nullable=False),
    sa.Column("minor", WholeNumber, nullable=False),
)

# What has to be said to the outside. One lane is one ticket or one Slack card; a lane is sent in order, one at a time.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("lane", sa.String(200), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), nullable=False, index=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("attempted_at", UTCDateTime),
    sa.Column("problem", sa.Text),
    sa.Column("put_at", UTCDateTime, nullable=False),
    sa.Column("sent_at", UTCDateTime),
    # Lists for people ask for the few that wait or were refused; nearly all of it was sent long ago.
    sa.Index("ix_outbox_state_lane", "state", "lane"),
)

# Where a case's card stands in Slack; `shown_version` is the version of the case that it shows.
cards = sa.Table(
    "cards",
    metadata,
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), primary_key=True),
    sa.Column("channel", sa.String(50), nullable=False),
    sa.Column("ts", sa.String(50)),
    sa.Column("shown_version", sa.Integer, nullable=False),
    sa.Column("meant_at", UTCDateTime, nullable=False),
)

# Jobs that failed and are tried again, or wait for an operator (`dead_at`).
job_failures = sa.Table(
    "job_failures",
    metadata,
    sa.Column("kind", sa.String(30), primary_key=True),
    sa.Column("key", sa.String(250), primary_key=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("failed_at", UTCDateTime, nullable=False),
    sa.Column("dead_at", UTCDateTime, index=True),
)

# A worker is alive while its lease has not run out; a dead one's row stays until its jobs have been taken over.
leases = sa.Table(
    "leases",
    metadata,
    sa.Column("executor_id", sa.String(100), primary_key=True),
    sa.Column("expires_at", UTCDateTime, nullable=False),
    sa.Column("dead", sa.Boolean, nullable=False),
)

# Which tickets a ticket names, by reference or by what people call them; the named one may never have been read.
ticket_links = sa.Table(
    "ticket_links",
    metadata,
    sa.Column("ref", sa.String(200), primary_key=True),
    sa.Column("named", sa.String(200), primary_key=True, index=True),
    sa.Column("place", sa.String(10), nullable=False),
)

# Whether a ticket and a case are about one loss, where only a person can say. `answer` is "same" or "apart"; None while
# nobody has answered. A split leaves "apart" here too, so that nothing joins the two again by itself.
link_questions = sa.Table(
    "link_questions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("ref", sa.String(200), nullable=False),
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("asked_at", UTCDateTime, nullable=False),
    sa.Column("answer", sa.String(10)),
    sa.Column("answered_by", sa.String(100)),
    sa.Column("answered_at", UTCDateTime),
    sa.UniqueConstraint("ref", "case_number"),
)

# Losses that a person joined into a case that has one of its own: who claims them again belongs there.
joined_losses = sa.Table(
    "joined_losses",
    metadata,
    sa.Column("loss_key", sa.Text, primary_key=True),
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), nullable=False, index=True),
)

# What a field of a case is, for every ticket of it: the value its owner last gave. `source` is that ticket.
case_fields = sa.Table(
    "case_fields",
    metadata,
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), primary_key=True),
    sa.Column("field", sa.String(100), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("changed_at", UTCDateTime, nullable=False),
)

# One field of one ticket of a case. `base` is the hash of the value the ticket was last heard to show, `stamp` the
# vendor's own at that time; `written` the hash of what we last wrote there and `alike` of how a vendor may show it
# otherwise. `place` is the number in the ticket's lane of a write that no reading has shown yet.
mirrored_fields = sa.Table(
    "mirrored_fields",
    metadata,
    sa.Column("ref", sa.String(200), primary_key=True),
    sa.Column("field", sa.String(100), primary_key=True),
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), nullable=False, index=True),
    sa.Column("base", sa.String(32)),
    sa.Column("stamp", UTCDateTime),
    sa.Column("written", sa.String(32)),
    sa.Column("alike", sa.String(32)),
    sa.Column("place", sa.Integer),
    sa.Column("restores", sa.Integer, nullable=False),
    sa.Column("restores_since", UTCDateTime),
)

# Where a ticket and its case disagree on a field, and how that ended; `settled_at` is None while it is open.
field_conflicts = sa.Table(
    "field_conflicts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), nullable=False, index=True),
    sa.Column("ref", sa.String(200), nullable=False),
    sa.Column("field", sa.String(100), nullable=False),
    sa.Column("cause", sa.String(20), nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
    sa.Column("ours", sa.Text, nullable=False),
    sa.Column("theirs", sa.Text, nullable=False),
    sa.Column("found_at", UTCDateTime, nullable=False),
    sa.Column("settled_at", UTCDateTime),
    sa.Column("settled_by", sa.String(100)),
    sa.Column("took", sa.String(10)),
)
sa.Index(
    "ix_field_conflicts_open",
    field_conflicts.c.ref,
    sqlite_where=field_conflicts.c.settled_at.is_(None),
    postgresql_where=field_conflicts.c.settled_at.is_(None),
)

# Comments of agents that were heard for a case: each once, however often it is read. `copies` is to how many other
# tickets it was passed on.
comment_copies = sa.Table(
    "comment_copies",
    metadata,
    sa.Column("source_ref", sa.String(200), primary_key=True),
    sa.Column("comment_id", sa.String(100), primary_key=True),
    sa.Column("case_number", sa.Integer, sa.ForeignKey("cases.number"), nullable=False),
    sa.Column("copies", sa.Integer, nullable=False),
    sa.Column("heard_at", UTCDateTime, nullable=False),
)

# How each source ("zendesk:harbor") fares. Cursors say where reading goes on; this is for people.
sources = sa.Table(
    "sources",
    metadata,
    sa.Column("source", sa.String(100), primary_key=True),
    sa.Column("succeeded_at", UTCDateTime),
    sa.Column("changed_at", UTCDateTime),
    sa.Column("problem", sa.Text),
    sa.Column("problem_at", UTCDateTime),
    sa.Column("reconciled_at", UTCDateTime),
    sa.Column("differed", sa.Integer),
    sa.Column("differing", sa.Integer),
    sa.Column("budget_name", sa.String(100)),
    sa.Column("budget_limit", sa.Integer),
    sa.Column("budget_remaining", sa.Integer),
    sa.Column("budget_at", UTCDateTime),
    sa.Column("caught_up_at", UTCDateTime),
    sa.Column("read_records", sa.Integer),
)

# Customers whose words and personal data were erased; a later reading does not bring them back.
erased_customers = sa.Table(
    "erased_customers",
    metadata,
    sa.Column("customer_id", sa.String(200), primary_key=True),
    sa.Column("erased_at", UTCDateTime, nullable=False),
    sa.Column("erased_by", sa.String(100), nullable=False),
)
