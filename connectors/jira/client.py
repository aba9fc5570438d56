"""One Jira site as a source of tickets. Lists are read by `polling`, one issue whole here.

GET /rest/api/3/issue/{id}, /comment (100 a page), /remotelink; an issue answers to its number and to its key, to an
old key too after it was moved. Not found may also mean not shown: only who may browse the projects is believed.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime

from cases.ticket import Comment, Ticket, TicketRef, Vendor
from connectors.contract import (
    AccessRefused,
    BudgetLeft,
    Check,
    Cursor,
    Delivery,
    FieldFound,
    Page,
    TicketUpdate,
    UnexpectedReply,
    WebhookFound,
    WebhookInstalled,
)
from connectors.jira import links, webhook, writing
from connectors.jira.calls import Calls
from connectors.jira.checks import Checks
from connectors.jira.comments import read_comments, read_remote_links
from connectors.jira.kinds import Kinds
from connectors.jira.permissions import check_browsing
from connectors.jira.polling import OwnWrites, Search
from connectors.jira.reading import account_of, in_service_project, read_issue
from connectors.jira.refusals import NoSuchRecord
from connectors.jira.settings import JiraSettings
from connectors.jira.webhooks import Webhooks
from connectors.transport import Exchange
from connectors.wire_json import Unreadable

COMMENTS_A_PAGE = 100
_KEY = re.compile(r"[0-9]{1,19}|[A-Z][A-Z0-9_]{0,254}-[0-9]{1,19}")


def connect(
    settings: JiraSettings,
    *,
    on_response: Callable[[Exchange], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
    rehearse: bool = False,
) -> "JiraTickets":
    """Return the site's issues; nothing is called yet.

    on_response: Told of every answer (rate limits, metrics), from whichever thread; must not raise.
    clock: Monotonic seconds, for budgets and the age of the token.
    rehearse: Raise Rehearsed in place of every call that would change something.
    """
    calls = Calls(settings, on_response=on_response, clock=clock, rehearse=rehearse)
    return JiraTickets(settings, calls, clock=clock)


class JiraTickets:
    """A `Helpdesk`; made by `connect`. Safe to share between threads."""

    def __init__(self, settings: JiraSettings, calls: Calls, *, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._calls = calls
        self._account = account_of(settings)
        self._own_writes = OwnWrites(remembered_seconds=settings.overlap_seconds, clock=clock)
        self._search = Search(calls=calls, account=self._account, settings=settings, own_writes=self._own_writes)
        kinds = Kinds(calls, clock=clock)
        self._writing = writing.Writing(calls=calls, account=self._account, settings=settings, kinds=kinds)
        self._checks = Checks(calls=calls, account=self._account, settings=settings)
        self._webhooks = Webhooks(calls=calls, settings=settings)

    @property
    def vendor(self) -> Vendor:
        """Return "jira"."""
        return "jira"

    @property
    def account(self) -> str:
        """Return the site's name in TicketRef."""
        return self._settings.account

    @property
    def field_names(self) -> frozenset[str]:
        """Return our names of the mapped fields."""
        return frozenset(name for name, _ in self._settings.fields)

    def changed_since(self, cursor: Cursor | None, *, start: datetime) -> Page:
        """Return the next page of changes after `cursor`; from `start` (aware) when there is none yet; see `polling`.

        Deleted issues are not among them: `read` tells. Raises the three errors.
        """
        return self._search.page(cursor, start=start)

    def every_key(self) -> Iterator[str]:
        """Yield the id of every issue of the projects that are read, 5,000 a call; raises the three errors."""
        return self._search.every_id()

    def read(self, ref: TicketRef) -> tuple[Ticket, bytes] | None:
        """Return the issue with its comments and remote links, and its raw record; None when it is deleted.

        The reference may hold an issue key ("ENG-5"); the ticket's own holds the number. Three calls, one more for each
        further 100 comments. Raises the three errors; UnexpectedReply also for more than `most_comments`.
        """
        self._check_ours(ref)
        query = {"fields": ",".join([*self._account.wanted, "project"])}
        try:
            record = self._calls.get(f"issue/{ref.key}", asked=f"{ref}", query=query)
            ticket, service = read_issue(record, self._account), in_service_project(record)
            reporter_id = ticket.requester.id if ticket.requester else None
            comments = self._comments(ticket.ref, service=service, reporter_id=reporter_id)
            linked = read_remote_links(self._calls.get(f"issue/{ticket.ref.key}/remotelink", asked=f"links of {ref}"))
        except Unreadable as error:
            raise UnexpectedReply(f"{ref}: {error}") from None
        except NoSuchRecord:
            check_browsing(self._calls, self._settings)
            return None
        whole = replace(ticket, comments=comments, links=tuple(dict.fromkeys([*ticket.links, *linked])))
        return whole, record

    def write(self, update: TicketUpdate) -> bool:
        """Write once: True when written now, False when all of it was there already; see `writing`."""
        self._check_ours(update.ref)
        written = self._writing.write(update)
        if written is not None:
            self._own_writes.add(written)
        return written is not None

    def link_case(self, ref: TicketRef, url: str | None, title: str) -> None:
        """Make the issue's one link lead to this page; None takes it away. Twice is once; raises the three errors."""
        self._check_ours(ref)
        links.link_case(self._calls, ref, url, title)

    def delivery(self, raw: bytes, headers: Mapping[str, str], *, path_secret: str, now: datetime) -> Delivery:
        """Return what a webhook delivered, after checking its signature; see `webhook.verify`."""
        del path_secret  # Deliveries are signed.
        settings = self._settings
        return webhook.verify(raw, headers, settings.webhook_secrets, kind=settings.webhook_kind, now=now)

    def checks(self, *, today: date) -> tuple[Check, ...]:
        """Return what `doctor` shows: what was tried, what came back, and the fix where one is needed; never raises."""
        return self._checks.all(today=today)

    def fields_found(self) -> tuple[FieldFound, ...]:
        """Return every custom field of the site, with a sample of the newest issues; raises the three errors."""
        return self._checks.fields_found()

    def webhooks(self) -> tuple[WebhookFound, ...]:
        """Return the site's webhooks of our kind; raises the three errors, and ByHand."""
        return self._webhooks.found()

    def install_webhook(self, url: str, *, secret: str) -> WebhookInstalled:
        """Make the webhook, or give the one that is there our events, filter and secret."""
        return self._webhooks.install(url, secret=secret)

    def prepare_secret(self, webhook_id: str) -> str:
        """Return a new secret of our own; raises ByHand where Atlassian chooses it."""
        return self._webhooks.prepare(webhook_id)

    def rotate_webhook(self, webhook_id: str, *, secret: str) -> WebhookInstalled:
        """Give the webhook a new secret; deliveries under way carry the old one."""
        return self._webhooks.rotate(webhook_id, secret=secret)

    def ping(self, *, secret: str, now: datetime) -> tuple[bytes, Mapping[str, str], str]:
        """Return a delivery about no issue, signed with this secret."""
        return *webhook.ping(secret=secret, kind=self._settings.webhook_kind, now=now), ""

    def send_ping(self, webhook_id: str, *, now: datetime) -> None:
        """Return None: Jira has no way to test a webhook."""
        del webhook_id, now

    def renew_webhooks(self, *, now: datetime) -> int:
        """Put off the end of dynamic webhooks that end within 7 days, and return how many."""
        return self._webhooks.renew(now=now)

    def budget(self) -> BudgetLeft | None:
        """Return what Jira last said of a call's own limit."""
        return self._calls.budget()

    def _comments(self, ref: TicketRef, *, service: bool, reporter_id: str | None) -> tuple[Comment, ...]:
        found: dict[str, Comment] = {}
        place, asked = 0, f"comments of {ref}"
        while place < self._settings.most_comments:
            query: dict[str, str | int] = {
                "startAt": place,
                "maxResults": COMMENTS_A_PAGE,
                "orderBy": "created",
                "expand": "properties",
            }
            body = self._calls.get(f"issue/{ref.key}/comment", asked=asked, query=query)
            comments, total = read_comments(body, service=service, reporter_id=reporter_id)
            found |= {comment.id: comment for comment in comments}
            place += len(comments)
            if not comments or place >= total:
                return tuple(sorted(found.values(), key=lambda each: (each.written_at, int(each.id))))
        raise UnexpectedReply(f"{asked}: more than {self._settings.most_comments}")

    def _check_ours(self, ref: TicketRef) -> None:
        if ref.vendor != "jira" or ref.account != self._settings.account:
            raise AccessRefused(f"{ref}: is no issue of {self._settings.host}")
        if not _KEY.fullmatch(ref.key):
            raise UnexpectedReply(f"{ref}: an issue is a whole number, or a key as ENG-5")
