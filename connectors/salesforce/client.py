"""One Salesforce org as a helpdesk: what the contract asks for, each thing done by a module of its own."""

import time
from collections.abc import Callable, Mapping
from datetime import date, datetime

from cases.ticket import Ticket, TicketRef, Vendor
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
from connectors.salesforce import backfill, checks, polling, webhook, whole, writing, writing_many
from connectors.salesforce.calls import Calls
from connectors.salesforce.cursors import Fetching, Polling, stream_from, unpacked
from connectors.salesforce.reading import CaseReader, is_case_id
from connectors.salesforce.settings import SalesforceSettings
from connectors.salesforce.writing_many import Outcome
from connectors.transport import Exchange


def connect(
    settings: SalesforceSettings,
    *,
    on_response: Callable[[Exchange], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
    rehearse: bool = False,
) -> "SalesforceTickets":
    """Return the org's tickets; nothing is called yet.

    on_response: Told of every answer (metrics), from whichever thread; must not raise.
    clock: Monotonic seconds, for budgets.
    rehearse: Raise Rehearsed in place of every call that would change something.
    """
    calls = Calls(settings, on_response=on_response, clock=clock, rehearse=rehearse)
    return SalesforceTickets(settings, calls)


class SalesforceTickets:
    """A `Helpdesk`; made by `connect`. Safe to share between threads."""

    def __init__(self, settings: SalesforceSettings, calls: Calls) -> None:
        self._settings = settings
        self._calls = calls
        self._reader = CaseReader(settings)

    @property
    def vendor(self) -> Vendor:
        """Return "salesforce"."""
        return "salesforce"

    @property
    def account(self) -> str:
        """Return the account's name."""
        return self._settings.account

    @property
    def field_names(self) -> frozenset[str]:
        """Return our names of the mapped fields."""
        return frozenset(name for name, _ in self._settings.fields)

    def changed_since(self, cursor: Cursor | None, *, start: datetime) -> Page:
        """Return the next page of changes after `cursor`; from `start` (aware) when there is none yet.

        More Cases than `bulk_above` are fetched by a Bulk 2 job first: pages are empty or `TryLater` until it is done,
        and then in no order over pages. Raises the three errors.
        """
        state: Fetching | Polling
        if cursor is None:
            first = backfill.begin(self._calls, self._settings, start=start)
            if first is not None:
                return first
            state = Polling(cases=stream_from(start))
        else:
            state = unpacked(cursor)
        match state:
            case Fetching():
                return backfill.proceed(self._calls, self._settings, self._reader, state)
            case Polling():
                return polling.poll(self._calls, self._settings, self._reader, state)

    def read(self, ref: TicketRef) -> tuple[Ticket, bytes] | None:
        """Return the ticket with its comments, and its raw record; None when it is deleted; see `whole`."""
        self._check_ours(ref)
        return whole.read(self._calls, self._settings, self._reader, ref)

    def write(self, update: TicketUpdate) -> bool:
        """Write once: True when written now, False when the mark was there already; see `writing`."""
        self._check_ours(update.ref)
        return writing.write(self._calls, self._settings, update)

    def write_many(self, updates: tuple[TicketUpdate, ...]) -> tuple[Outcome, ...]:
        """Write many at once, 200 a call, each once; see `writing_many`."""
        for update in updates:
            self._check_ours(update.ref)
        return writing_many.write_many(self._calls, self._settings, updates)

    def marks(self, ref: TicketRef) -> frozenset[str]:
        """Return every mark that we left on the Case; raises the three errors."""
        self._check_ours(ref)
        return writing.marks(self._calls, self._settings, ref)

    def delivery(self, raw: bytes, headers: Mapping[str, str], *, path_secret: str, now: datetime) -> Delivery:
        """Return what an Outbound Message delivered, after checking its address and its org; see `webhook`."""
        del headers, now  # Nothing is signed, nothing is timed.
        return webhook.verify(raw, self._settings, path_secret=path_secret)

    def budget(self) -> BudgetLeft | None:
        """Return what Salesforce last said of the org's API calls in 24 hours."""
        return self._calls.allowance.left()

    def checks(self, *, today: date) -> tuple[Check, ...]:
        """Return what `doctor` shows: what was tried, what came back, and the fix where one is needed; never raises."""
        return checks.checks(self._calls, self._settings, self._reader, today=today)

    def fields_found(self) -> tuple[FieldFound, ...]:
        """Return every field of Case that our user sees, with values of the newest Cases; raises the three errors."""
        return checks.fields_found(self._calls, self._settings)

    def webhooks(self) -> tuple[WebhookFound, ...]:
        """Raise ByHand: Outbound Messages are seen in Setup only."""
        raise webhook.by_hand(self._settings)

    def install_webhook(self, url: str, *, secret: str) -> WebhookInstalled:
        """Raise ByHand with the steps in Setup."""
        raise webhook.to_install(self._settings, url, secret=secret)

    def prepare_secret(self, webhook_id: str) -> str:
        """Return a new secret for the end of the address."""
        del webhook_id
        return webhook.new_secret()

    def rotate_webhook(self, webhook_id: str, *, secret: str) -> WebhookInstalled:
        """Raise ByHand with the steps in Setup."""
        raise webhook.to_rotate(self._settings, webhook_id, secret=secret)

    def ping(self, *, secret: str, now: datetime) -> tuple[bytes, Mapping[str, str], str]:
        """Return an Outbound Message about no Case, for an address that ends in this secret."""
        return webhook.ping(self._settings, now), {"Content-Type": webhook.ACK_CONTENT_TYPE}, secret

    def send_ping(self, webhook_id: str, *, now: datetime) -> None:
        """Return None: Salesforce has no way to test an Outbound Message."""
        del webhook_id, now

    def renew_webhooks(self, *, now: datetime) -> int:
        """Return 0: Outbound Messages do not expire."""
        del now
        return 0

    def _check_ours(self, ref: TicketRef) -> None:
        if ref.vendor != "salesforce" or ref.account != self._settings.account:
            raise AccessRefused(f"{ref}: is no Case of {self._settings.host}")
        if not is_case_id(ref.key):
            raise UnexpectedReply(f"{ref}: a Case's key is its Id of 18 characters, 500…")
