"""The product's own mirror: a connector, the poll of `sync.intake`, change detection, audit, cases and all.

This is where a connector is plugged in: one line in `SOURCES` for what reads its system. A system whose backfill goes
another way than its poll (Bulk 2) gets a class of its own beside `Ours`, with the two methods of `task.Mirror`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from cases.loss import LossKind
from cases.people import People
from connectors.accounts.client import NotFound
from connectors.contract import TicketSource
from connectors.jira.client import connect as connect_jira
from connectors.jira.settings import ApiToken as JiraToken
from connectors.jira.settings import JiraSettings
from connectors.salesforce.client import connect as connect_salesforce
from connectors.salesforce.settings import ClientCredentials, SalesforceSettings
from connectors.zendesk.client import connect as connect_zendesk
from connectors.zendesk.settings import ApiToken, ZendeskSettings
from makewhole.running import settle_down
from store import tickets as tickets_kept
from store.cases import CaseRepository
from store.database import Database, create_engine
from store.jobs import DurableJobs
from store.migrating import migrate
from store.policies import PolicyRepository
from sync.intake import Intake, poll
from sync.links import account_of, named_by
from tests.bench.mirror.task import Absent, Task
from workflow import one_case
from workflow.desk import Desk

START = datetime(2025, 1, 1, tzinfo=UTC)
TOPICS = {"delayed_withdrawal": LossKind.TRANSACTION}
#: 1,000,000 records of Jira are 10,000 pages.
MOST_POLLS = 100
ZENDESK_FIELDS = (
    ("compensation_topic", 900_001),
    ("order_id", 900_002),
    ("position_id", 900_003),
    ("transaction_id", 900_004),
    ("incident_id", 900_005),
    ("claimed_amount", 900_006),
    ("claimed_asset", 900_007),
    *((f"mw_{number}", number) for number in range(900_011, 900_014)),
)
SALESFORCE_FIELDS = (
    ("compensation_topic", "Compensation_Topic__c"),
    ("order_id", "Order_Id__c"),
    ("position_id", "Position_Id__c"),
    ("transaction_id", "Transaction_Id__c"),
    ("incident_id", "Incident_Id__c"),
    ("claimed_amount", "Claimed_Amount__c"),
    ("claimed_asset", "Claimed_Asset__c"),
    ("mw_state", "MW_State__c"),
    ("mw_amount", "MW_Amount__c"),
    ("mw_currency", "MW_Currency__c"),
)
JIRA_FIELDS = (
    ("compensation_topic", "customfield_10101"),
    ("order_id", "customfield_10102"),
    ("position_id", "customfield_10103"),
    ("transaction_id", "customfield_10104"),
    ("incident_id", "customfield_10105"),
    ("claimed_amount", "customfield_10106"),
    ("claimed_asset", "customfield_10107"),
    ("mw_state", "customfield_10111"),
    ("mw_amount", "customfield_10112"),
    ("mw_currency", "customfield_10113"),
)
ACCOUNTS = (
    account_of("zendesk", "harbor"),
    account_of("salesforce", "harbor"),
    account_of("jira", "harbor", projects=("CARE",)),
)


def zendesk(url: str) -> TicketSource:
    """Return our connector on the server, with no budgets of its own."""
    settings = ZendeskSettings(
        subdomain="harbor",
        auth=ApiToken(email="bot@harbor.example", token="sandbox-api-token"),
        fields=ZENDESK_FIELDS,
        target=f"{url}/zendesk",
        calls_per_minute=None,
        exports_per_minute=None,
    )
    return connect_zendesk(settings)


def salesforce(url: str) -> TicketSource:
    """Return our connector on the server: a Bulk 2 job first, then polls."""
    settings = SalesforceSettings(
        host="harbor.my.salesforce.com",
        account="harbor",
        auth=ClientCredentials(consumer_key="bench", consumer_secret="bench"),
        fields=SALESFORCE_FIELDS,
        link_fields=(("Zendesk_Ticket_Id__c", "zendesk:harbor"), ("Jira_Key__c", "jira:harbor")),
        target=f"{url}/salesforce",
    )
    return connect_salesforce(settings)


def jira(url: str) -> TicketSource:
    """Return our connector on the server, with no budget of its own."""
    settings = JiraSettings(
        host="harbor.atlassian.net",
        account="harbor",
        auth=JiraToken(email="bot@harbor.example", token="sandbox-jira-token"),
        projects=("CARE",),
        fields=JIRA_FIELDS,
        customer_field="customfield_10108",
        target=f"{url}/jira",
        calls_per_minute=None,
    )
    return connect_jira(settings)


#: What reads each system; gets the server's address.
SOURCES: dict[str, Callable[[str], TicketSource]] = {"zendesk": zendesk, "salesforce": salesforce, "jira": jira}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """One account that the product mirrors. records: How many it has."""

    intake: Intake
    records: int

    def backfill(self) -> int:
        """Read and keep everything."""
        kept = 0
        # A poll ends after so many pages however many there are.
        for _ in range(MOST_POLLS):
            self.poll()
            with self.intake.desk.database.read() as connection:
                kept = tickets_kept.count(connection)
            if kept >= self.records:
                break
        return kept

    def poll(self) -> int:
        """Do what the schedule does."""
        return poll(self.intake, clock=lambda: datetime.now(UTC))


@contextmanager
def open_mirror(task: Task) -> Iterator[Ours]:
    """Open the product's database, with its whole schema, and one intake on it."""
    if task.system not in SOURCES:
        raise Absent(f"no connector for {task.system} is plugged in (tests/bench/mirror/ours.py)")
    engine = create_engine(task.store_url)
    migrate(engine, task.store_url)
    desk = Desk(
        database=Database(
            engine, DurableJobs(engine, lambda kind, _key: "work" if kind == one_case.PROPOSE else task.system)
        ),
        cases=CaseRepository(audit_key=b"bench"),
        policies=PolicyRepository(audit_key=b"bench"),
        people=People(everyone=()),
        evidence=lambda loss: NotFound(message=loss.key),
        topics=TOPICS,
        pay_way="payout-provider",
        case_url=str,
        naming=partial(named_by, accounts=ACCOUNTS),
    )
    source = SOURCES[task.system](task.url)
    intake = Intake(desk=desk, source=source, vendor=task.system, account="harbor", start=START)
    settle_down()
    yield Ours(intake=intake, records=task.records)
    engine.dispose()
