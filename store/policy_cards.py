"""Where the card of each submitted text of a policy stands in Slack."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from store.database import Transaction, insert_into
from store.policies import Version
from store.policy_tables import policy_cards

Column = policy_cards.c


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPlace:
    """Where a card stands, and for which text; `ts` is None until that is known."""

    text_hash: str
    channel: str
    ts: str | None
    meant_at: datetime


def find(connection: sa.Connection, name: str, version: str, text_hash: str) -> PolicyPlace | None:
    """Return where the card of a text with this hash, or this beginning of it, stands; None when none was meant."""
    query = sa.select(Column.text_hash, Column.channel, Column.ts, Column.meant_at).where(
        Column.name == name, Column.version == version, Column.text_hash.startswith(text_hash, autoescape=True)
    )
    row = connection.execute(query.limit(1)).one_or_none()
    if row is None:
        return None
    return PolicyPlace(text_hash=row.text_hash, channel=row.channel, ts=row.ts, meant_at=row.meant_at)


def mean_to_post(tx: Transaction, version: Version, channel: str, *, now: datetime) -> None:
    """Record that a card will be posted now; a card that stands already is forgotten."""
    keys = {"name": version.name, "version": version.version, "text_hash": version.text_hash}
    values = {"channel": channel, "ts": None, "meant_at": now}
    statement = insert_into(tx, policy_cards).values(**keys, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=values))


def posted(tx: Transaction, version: Version, ts: str) -> None:
    """Record that the card stands under this name of Slack's."""
    mine = (Column.name == version.name, Column.version == version.version, Column.text_hash == version.text_hash)
    tx.execute(sa.update(policy_cards).where(*mine).values(ts=ts))
