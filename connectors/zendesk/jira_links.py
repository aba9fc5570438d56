"""Which issues a ticket is linked with by Zendesk's own Jira integration.

GET /api/v2/jira/links?filter[ticket_id]=…, for admins only. Links name no Jira site; the settings say which is meant.
Surprises: ids are text in the reference's example and numbers in older ones. How a page goes on is not documented, and
not needed: a page holds 100 links of one ticket, more than count. The second version of the integration
(/api/v2/integrations/jira/{external_id}/links), which Zendesk delists, is not read.

https://developer.zendesk.com/api-reference/ticketing/jira/links/
"""

from cases.ticket import TicketRef
from connectors.contract import AccessRefused, UnexpectedReply
from connectors.wire_json import read_object
from connectors.zendesk.calls import Calls
from connectors.zendesk.refusals import NoSuchRecord

PATH = "/api/v2/jira/links"
MOST_LINKS = 100


def linked_issues(calls: Calls, ref: TicketRef, site: str) -> tuple[str, ...]:
    """Return the issues that a ticket is linked with, as references: ("jira:harbor:10042",).

    site: "jira:harbor". Without the integration, or without an admin's rights, there are none: the ticket is read all
    the same, and `doctor` says what is missing. Raises TryLater and UnexpectedReply.
    """
    try:
        query: dict[str, str | int] = {"filter[ticket_id]": ref.key, "page[size]": MOST_LINKS}
        body = calls.get(PATH, asked=f"Jira links of {ref}", query=query)
    except (NoSuchRecord, AccessRefused):
        return ()
    found = read_object(body).get("links")
    if not isinstance(found, list):
        raise UnexpectedReply(f"Jira links of {ref}: the answer has none")
    # An account that did not understand the filter would tell of other tickets.
    mine = (each for each in found if isinstance(each, dict) and str(each.get("ticket_id")) == ref.key)
    ids = (str(each.get("issue_id")) for each in mine)
    return tuple(f"{site}:{issue_id}" for issue_id in ids if issue_id.isascii() and issue_id.isdigit())


def look(calls: Calls) -> tuple[str, str | None]:
    """Return what `doctor` shows of the integration, and the fix where one is needed; raises the three errors."""
    try:
        body = calls.get(PATH, asked="Jira links", query={"page[size]": 1})
    except NoSuchRecord:
        return "the account has no links of Zendesk's Jira integration", "install it, or take jira_links out"
    except AccessRefused as error:
        return str(error), "only an admin may read these links: make the user one, or take jira_links out"
    if not isinstance(read_object(body).get("links"), list):
        raise UnexpectedReply("Jira links: the answer has none")
    return "they can be read", None
