"""The tables of policies: their versions, the history of these, and their cards."""

import sqlalchemy as sa

from store.column_types import UTCDateTime
from store.tables import chained, metadata

# Every version of a policy that was submitted, with its text. `starts_at` to `ends_at` is when it decides once it is
# released; `ends_at` is what its text says or, for an open one, when a later version starts. `findings` is
# [[key, place, what, why it is waived]] as JSON, `reason` why it was rejected or withdrawn.
policy_versions = sa.Table(
    "policy_versions",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("version", sa.String(20), primary_key=True),
    sa.Column("file", sa.String(200), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("text_hash", sa.String(64), nullable=False, index=True),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("starts_at", UTCDateTime, nullable=False),
    sa.Column("ends_at", UTCDateTime),
    sa.Column("findings", sa.Text, nullable=False),
    sa.Column("submitted_by", sa.String(100), nullable=False),
    sa.Column("submitted_at", UTCDateTime, nullable=False),
    sa.Column("decided_by", sa.String(100)),
    sa.Column("decided_at", UTCDateTime),
    sa.Column("reason", sa.Text),
)

# One record per change of a policy's versions; sealed like the records of a case.
policy_audit = sa.Table(
    "policy_audit",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    *chained(),
)

# Where the card of a submitted version stands in Slack; `ts` is None until that is known.
policy_cards = sa.Table(
    "policy_cards",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("version", sa.String(20), primary_key=True),
    sa.Column("text_hash", sa.String(64), primary_key=True),
    sa.Column("channel", sa.String(50), nullable=False),
    sa.Column("ts", sa.String(50)),
    sa.Column("meant_at", UTCDateTime, nullable=False),
)
