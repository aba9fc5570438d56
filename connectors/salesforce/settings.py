"""What must be known to reach one Salesforce org."""

import re
from dataclasses import dataclass, field

from cases.ticket import TicketStatus

_API_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
_VERSION = re.compile(r"[1-9][0-9]{1,2}\.0")
LOGIN = "https://login.salesforce.com"
LOGIN_OF_SANDBOXES = "https://test.salesforce.com"


class BadSetting(ValueError):
    """A setting that cannot be; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """An External Client App with the client credentials flow; it acts as the user its policy names ("Run As").

    Fields:
        consumer_key: Of the app.
        consumer_secret: Never shown.
    """

    consumer_key: str
    consumer_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class JWTBearer:
    """An External Client App with the JWT bearer flow: a certificate in place of a secret.

    Fields:
        consumer_key: Of the app.
        username: Whom it acts as: "makewhole@harbor.example"; must be pre-authorized for the app.
        private_key: PEM text of the RSA key whose certificate the app holds.
        audience: `LOGIN`, or `LOGIN_OF_SANDBOXES` for a vendor's sandbox org.
        certificate: PEM text of that certificate, to be warned before it ends; "" does without the warning.
    """

    consumer_key: str
    username: str
    private_key: str = field(repr=False)
    audience: str = LOGIN
    certificate: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesforceSettings:
    """One org and how it is read and written.

    Fields:
        host: "harbor.my.salesforce.com".
        account: The account in `TicketRef`: "harbor".
        auth: How we get in.
        fields: Our name and the API name of each Case field we read or write, spelt as Salesforce spells it:
            ("order_id", "Order_Id__c").
        customer_field: Holds our id of the customer on Contact, and on Account where there is no Contact.
        link_fields: The API name of a Case field that names another ticket, and whose: ("Jira_Key__c", "jira:harbor").
        mark_field: A Case field of ours, text of 80 or more: the mark of the last write stands there.
        transitions: Values of mw_state and the Status a Case is given with them: ("paid", "Closed").
        statuses: Values of Status that mean something to us beyond open and closed: ("On Hold", TicketStatus.HOLD).
        read_feed: Whether Chatter posts on a Case are comments of its ticket; polling them needs "View All Data".
        organization_id: "00D…", 15 or 18 characters; Outbound Messages of any other are refused. "" refuses all.
        path_secrets: What may stand behind the account in the address of Outbound Messages; two during a rotation.
        api_version: "62.0".
        target: A local server in the vendor's place: "http://127.0.0.1:8900/salesforce"; None for the real one.
        connect_seconds, read_seconds, whole_seconds: For a connection, the next piece, the whole answer.
        page_size: Cases a page of polling, 200 to 2,000.
        bulk_above: With more Cases than this to begin with, they are fetched by a Bulk 2 job.
        bulk_page_size: Cases a page of a job's results.
        bulk_wait_seconds: Between two looks at a job that is not done.
        overlap_seconds: A Case's stamp is set before its transaction commits. Polling looks so far back behind the
            vendor's clock again; 60 s is the CPU limit of the longest (asynchronous) Apex transaction.
        most_comments: A Case with more comments or posts than this cannot be read.
        most_reply_bytes: A longer answer is refused.
        share_left: Of the org's API calls in 24 hours, this much is left for others: polling waits below it.
    """

    host: str
    account: str
    auth: ClientCredentials | JWTBearer
    fields: tuple[tuple[str, str], ...]
    customer_field: str = "Customer_Number__c"
    link_fields: tuple[tuple[str, str], ...] = ()
    mark_field: str = "MW_Mark__c"
    transitions: tuple[tuple[str, str], ...] = ()
    statuses: tuple[tuple[str, TicketStatus], ...] = (("New", TicketStatus.NEW), ("On Hold", TicketStatus.HOLD))
    read_feed: bool = True
    organization_id: str = ""
    path_secrets: tuple[str, ...] = field(default=(), repr=False)
    api_version: str = "62.0"
    target: str | None = None
    connect_seconds: float = 3.0
    read_seconds: float = 60.0
    whole_seconds: float = 120.0
    page_size: int = 2000
    bulk_above: int = 2000
    bulk_page_size: int = 2500
    bulk_wait_seconds: float = 10.0
    overlap_seconds: float = 60.0
    most_comments: int = 5000
    most_reply_bytes: int = 128 << 20
    share_left: float = 0.2

    def __post_init__(self) -> None:
        """Refuse names that would change the meaning of a query; raises BadSetting."""
        names = [name for _, name in self.fields] + [name for name, _ in self.link_fields]
        for name in [*names, self.customer_field, self.mark_field]:
            if not _API_NAME.fullmatch(name):
                raise BadSetting(f"{name!r} is no API name of a field")
        if not _VERSION.fullmatch(self.api_version):
            raise BadSetting(f"api_version: {self.api_version!r} is none like 62.0")
        if not 1 <= self.page_size <= 2000:  # noqa: PLR2004  # The vendor's.
            raise BadSetting(f"page_size: {self.page_size} is not from 1 to 2000")
        if not 0 <= self.share_left < 1:
            raise BadSetting(f"share_left: {self.share_left} is not from 0 to below 1")

    @property
    def data_path(self) -> str:
        """Where the REST resources are: "/services/data/v62.0/"."""
        return f"/services/data/v{self.api_version}/"
