"""The one link of an issue to the page of its case.

POST /rest/api/3/issue/{id}/remotelink, an upsert by `globalId`; DELETE with the same. The account needs LINK_ISSUES.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-remote-links/
"""

from contextlib import suppress
from urllib.parse import quote

from cases.ticket import TicketRef
from connectors.contract import UnexpectedReply
from connectors.jira.calls import Calls
from connectors.jira.refusals import NoSuchRecord
from connectors.marks import ORIGIN

#: An issue is one case's: the link of another case takes this one's place.
CASE_LINK = f"{ORIGIN}:case"


def link_case(calls: Calls, ref: TicketRef, url: str | None, title: str) -> None:
    """Make the issue's one link to a case lead to this page; None takes it away. Raises the three errors."""
    asked = f"link of {ref}"
    if url is None:
        with suppress(NoSuchRecord):
            calls.send_to_issue("DELETE", ref.key, f"/remotelink?globalId={quote(CASE_LINK)}", {}, asked=asked)
        return
    body = {
        "globalId": CASE_LINK,
        "application": {"type": ORIGIN, "name": "Makewhole"},
        "relationship": "compensation case",
        "object": {"url": url, "title": title[:255]},
    }
    try:
        calls.send_to_issue("POST", ref.key, "/remotelink", body, asked=asked)
    except NoSuchRecord:
        raise UnexpectedReply(f"{ref}: the issue is deleted or was never there, and takes no links") from None
