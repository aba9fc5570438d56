"""How a case is changed: what is saved, and the record that is sealed with it."""

from datetime import datetime

from store.audit import Change


def changed(at: datetime, actor: str, event: str, **detail: str) -> Change:
    """Return the audit record for something that happened."""
    return Change(at=at, actor=actor, event=event, detail=tuple(sorted(detail.items())))
