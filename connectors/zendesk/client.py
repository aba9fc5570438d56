"""One Zendesk account as a source of tickets.

Reads: the cursor export (10 calls a minute, up to 1,000 tickets a page, leaves out the last minute; `deleted` is a
status here), and one ticket whole. An empty page need not be the last, and the last one still names a cursor.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
"""

import time
from collections.abc import Callable, Mapping
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
from connectors.transport import Exchange
from connectors.zendesk import checks, webhook, webhooks, writing
from connectors.zendesk.calls import Calls
from connectors.zendesk.jira_links import linked_issues
from connectors.zendesk.reading import (
    Account,
    read_comments,
    read_export,
    read_one,
    with_comments,
)
from connectors.zendesk.refusals import NoSuchRecord
from connectors.zendesk.settings import ZendeskSettings

COMMENTS_A_PAGE = 100
WEBHOOK_NAME = "Makewhole"
#: Our cursor before the vendor has given one; its own never begin like this.
_SINCE = "since:"


def connect(
    settings: ZendeskSettings,
    *,
    on_response: Callable[[Exchange], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
    rehearse: bool = False,
) -> "ZendeskTickets":
    """Return the account's tickets; nothing is called yet.

    on_response: Told of every answer (rate limits, metrics), from whichever thread; must not raise.
    clock: Monotonic seconds, for budgets and the age of the token.
    rehearse: Raise Rehearsed in place of every call that would change something.
    """
    return ZendeskTickets(settings, Calls(settings, on_response=on_response, clock=clock, rehearse=rehearse))


class ZendeskTickets:
    """A `Helpdesk`; made by `connect`. Safe to share between threads."""

    def __init__(self, settings: ZendeskSettings, calls: Calls) -> None:
        self._settings = settings
        self._calls = calls
        self._account = Account(name=settings.subdomain, fields={field_id: name for name, field_id in settings.fields})

    @property
    def vendor(self) -> Vendor:
        """Return "zendesk"."""
        return "zendesk"

    @property
    def account(self) -> str:
        """Return the subdomain."""
        return self._settings.subdomain

    @property
    def field_names(self) -> frozenset[str]:
        """Return our names of the mapped fields."""
        return frozenset(name for name, _ in self._settings.fields)

    def changed_since(self, cursor: Cursor | None, *, start: datetime) -> Page:
        """Return the next page of changes after `cursor`; from `start` (aware) when there is none yet.

        A page may be empty without being the last. `start` within the last minute is `TryLater`.
        Raises the three errors.
        """
        place = cursor or Cursor(f"{_SINCE}{int(start.timestamp())}")
        if place.startswith(_SINCE):
            query: dict[str, str | int] = {"start_time": place.removeprefix(_SINCE)}
        else:
            query = {"cursor": place}
        query |= {"per_page": self._settings.page_size, "include": "users"}
        asked = "ticket export"
        try:
            body = self._calls.get("/api/v2/incremental/tickets/cursor.json", asked=asked, query=query)
        except NoSuchRecord as error:
            raise UnexpectedReply(f"{error}; is {self._settings.host} the right account?") from None
        page = read_export(body, self._account)
        return Page(
            tickets=page.tickets,
            raw=page.raw,
            unreadable=page.unreadable,
            cursor=place if page.after_cursor is None else Cursor(page.after_cursor),
            complete=page.end_of_stream,
        )

    def read(self, ref: TicketRef) -> tuple[Ticket, bytes] | None:
        """Return the ticket with its comments, and its raw record; None when it is deleted or was never there.

        Two calls, one more for each further 100 comments and for links to Jira. Raises the three errors;
        UnexpectedReply also for a ticket with more than `most_comments`, which is none of Zendesk's.
        """
        self._check_ours(ref)
        try:
            body = self._calls.get(f"/api/v2/tickets/{ref.key}.json", asked=f"{ref}", query={"include": "users"})
            ticket, raw = read_one(body, self._account)
            whole = with_comments(ticket, self._comments(ref))
        except NoSuchRecord:
            return None
        site = self._settings.jira_links
        linked = linked_issues(self._calls, ref, site) if site else ()
        return replace(whole, links=(*whole.links, *linked)), raw

    def write(self, update: TicketUpdate) -> bool:
        """Write once: True when written now, False when the mark was there already; see `writing`."""
        self._check_ours(update.ref)
        return writing.write(self._calls, self._account, update, most_audits=self._settings.most_audits)

    def marks(self, ref: TicketRef) -> frozenset[str]:
        """Return every mark that we left on the ticket; raises the three errors."""
        self._check_ours(ref)
        return writing.marks(self._calls, ref, most_audits=self._settings.most_audits)

    def whoami(self) -> checks.Agent:
        """Return whom Zendesk takes us for; raises the three errors, AccessRefused for an anonymous visitor."""
        return checks.whoami(self._calls)

    def delivery(self, raw: bytes, headers: Mapping[str, str], *, path_secret: str, now: datetime) -> Delivery:
        """Return what a webhook delivered, after checking its signature; see `webhook.verify`."""
        del path_secret  # Deliveries are signed.
        return webhook.verify(raw, headers, self._settings.webhook_secrets, now)

    def budget(self) -> BudgetLeft | None:
        """Return what Zendesk last said of the account's requests a minute."""
        return self._calls.budget()

    def checks(self, *, today: date) -> tuple[Check, ...]:
        """Return what `doctor` shows: what was tried, what came back, and the fix where one is needed; never raises."""
        return checks.checks(self._calls, self._account, self._settings, today=today)

    def fields_found(self) -> tuple[FieldFound, ...]:
        """Return every ticket field of the account, with a sample of the newest tickets; raises the three errors."""
        return checks.with_samples(self._calls, checks.fields_found(self._calls, self._account))

    def webhooks(self) -> tuple[WebhookFound, ...]:
        """Return the account's webhooks; raises the three errors."""
        return webhooks.found(self._calls)

    def install_webhook(self, url: str, *, secret: str) -> WebhookInstalled:
        """Make the webhook unless it is there already; Zendesk chooses the secret."""
        del secret
        return webhooks.install(self._calls, name=WEBHOOK_NAME, endpoint=url)

    def prepare_secret(self, webhook_id: str) -> str:
        """Return the secret of a webhook like this one that is not active yet, made now unless there is one."""
        return webhooks.prepare(self._calls, webhook_id, name=WEBHOOK_NAME)

    def rotate_webhook(self, webhook_id: str, *, secret: str) -> WebhookInstalled:
        """Let the webhook that was prepared with this secret take the other's place; its id is another."""
        return webhooks.rotate(self._calls, webhook_id, name=WEBHOOK_NAME, new_secret=secret)

    def ping(self, *, secret: str, now: datetime) -> tuple[bytes, Mapping[str, str], str]:
        """Return a delivery about no ticket, signed with this secret."""
        return *webhook.ping(secret=secret, now=now), ""

    def send_ping(self, webhook_id: str, *, now: datetime) -> int:
        """Let Zendesk test the webhook with a delivery about no ticket, and return the status that we answered."""
        return webhooks.send_ping(self._calls, webhook_id, webhook.ping_body(now))

    def renew_webhooks(self, *, now: datetime) -> int:
        """Return 0: Zendesk's webhooks do not expire."""
        del now
        return 0

    def _comments(self, ref: TicketRef) -> list[Comment]:
        found: list[Comment] = []
        asked = f"comments of {ref}"
        following: str | None = f"/api/v2/tickets/{ref.key}/comments.json"
        query: dict[str, str | int] | None = {"page[size]": COMMENTS_A_PAGE, "include": "users"}
        for _ in range(-(-self._settings.most_comments // COMMENTS_A_PAGE)):
            comments, following = read_comments(self._calls.get(str(following), asked=asked, query=query))
            found.extend(comments)
            query = None
            if following is None:
                return found
        raise UnexpectedReply(f"{asked}: more than {self._settings.most_comments}")

    def _check_ours(self, ref: TicketRef) -> None:
        if ref.vendor != "zendesk" or ref.account != self._settings.subdomain:
            raise AccessRefused(f"{ref}: is no ticket of {self._settings.host}")
        if not (ref.key.isascii() and ref.key.isdigit()):
            raise UnexpectedReply(f"{ref}: a Zendesk ticket's key is a whole number")
