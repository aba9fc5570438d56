"""Evidence: what is known about a loss beyond the ticket, and where it came from."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Facts about one loss.

    Fields:
        facts: Sorted by name, values as text: ("hours_late", "7.5"). A fact that is not known is absent.
        source: Who said so: "ticket zendesk:harbor:35436", "account-data".
        as_of: When the source says it holds; aware, UTC.
    """

    facts: tuple[tuple[str, str], ...]
    source: str
    as_of: datetime
