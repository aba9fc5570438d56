"""What people call a ticket, and where they open it. Pure; no vendor is called."""

import re

from cases.ticket import TicketRef

_SUBDOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NUMBER = re.compile(r"[0-9]{1,20}")
_SALESFORCE_ID = re.compile(r"[A-Za-z0-9]{15,18}")
_ISSUE_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,49}-[0-9]{1,10}")


def called(ref: TicketRef, name: str) -> str:
    """Return what people call a ticket: "Zendesk 35436", "Jira ENG-5". `name` is the ticket's own, "" for none."""
    return f"{ref.vendor.capitalize()} {name or ref.key}"


def page_of(ref: TicketRef, name: str) -> str | None:
    """Return where an agent opens a ticket; None where that cannot be told from its names."""
    if not _SUBDOMAIN.fullmatch(ref.account):
        return None
    match ref.vendor:
        case "zendesk" if _NUMBER.fullmatch(ref.key):
            return f"https://{ref.account}.zendesk.com/agent/tickets/{ref.key}"
        case "salesforce" if _SALESFORCE_ID.fullmatch(ref.key):
            return f"https://{ref.account}.lightning.force.com/lightning/r/Case/{ref.key}/view"
        case "jira" if _ISSUE_KEY.fullmatch(name):
            return f"https://{ref.account}.atlassian.net/browse/{name}"
        case _:
            return None
