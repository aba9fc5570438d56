"""Every setting that `init` writes: what is asked for it, and what stands beside it in the file."""

from collections.abc import Mapping
from dataclasses import dataclass

VENDORS = ("zendesk", "salesforce", "jira")
ENVIRONMENT = "secret://env/MAKEWHOLE_"
ADDRESS = ("https://", "http://127.0.0.1", "http://localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting.

    Fields:
        key: Its path: "zendesk.auth.client_id".
        comment: What stands beside it in the file, a line.
        ask: The question; "" for what is not asked, only taken when it is answered.
        default: What Enter means; "" for nothing.
        secret: Whether only a reference to a secret may stand here.
        choices: What may be answered; empty for anything.
        many: Whether it is a list, answered with commas.
        number: Whether it is written as a number.
        optional: Whether it may be left out.
        begins: What an answer must begin with, one of these; empty for anything.
        when: (key, value) that must hold for it to be asked; None for always.
    """

    key: str
    comment: str
    ask: str = ""
    default: str = ""
    secret: bool = False
    choices: tuple[str, ...] = ()
    many: bool = False
    number: bool = False
    optional: bool = False
    begins: tuple[str, ...] = ()
    when: tuple[str, str] | None = None

    @property
    def section(self) -> str:
        """The first step of its path: "zendesk"."""
        return self.key.partition(".")[0]


def _secret(key: str, variable: str, comment: str, ask: str, *, when: tuple[str, str] | None = None) -> Setting:
    return Setting(key=key, comment=comment, ask=ask, default=f"{ENVIRONMENT}{variable}", secret=True, when=when)


def _start(vendor: str) -> Setting:
    return Setting(
        key=f"{vendor}.start",
        comment="Tickets changed before this moment are never read",
        ask="Read tickets changed since (UTC)",
    )


def _usual(vendor: str) -> tuple[Setting, ...]:
    """Return what every helpdesk has and nobody is asked for at first."""
    return (
        Setting(
            key=f"{vendor}.webhook_secrets",
            comment="What its deliveries are signed with, two while it is changed",
            secret=True,
            many=True,
            optional=True,
        ),
        Setting(
            key=f"{vendor}.mode",
            comment="shadow: work everything out and write nothing there; live: write",
            default="shadow",
            choices=("shadow", "live"),
        ),
        Setting(key=f"{vendor}.target", comment="A local server in the vendor's place", optional=True),
    )


GENERAL = (
    Setting(
        key="database",
        comment="The one database: SQLite for one host, PostgreSQL for more workers",
        ask="Database (a URL with a password is a secret: secret://env/NAME)",
        default="sqlite:///var/makewhole.sqlite",
        begins=("sqlite:///", "postgresql://", "postgresql+psycopg://", "postgres://", "secret://"),
    ),
    Setting(
        key="public_url",
        comment="How people and vendors reach this server, behind your own TLS",
        ask="Address at which vendors and people reach Makewhole (https://…)",
        begins=ADDRESS,
    ),
    Setting(key="listen.host", comment="Where it listens: on this host only", default="127.0.0.1"),
    Setting(key="listen.port", comment="Your TLS proxy sends to this port", default="8800", number=True),
    _secret("audit_key", "AUDIT_KEY", "Seals every history: keep it for ever, apart from the database", "Audit key"),
    _secret("link_key", "LINK_KEY", "Makes the addresses of cases' pages unguessable", "Link key"),
)
ZENDESK = (
    Setting(key="zendesk.subdomain", comment="harbor for harbor.zendesk.com", ask="Zendesk subdomain"),
    Setting(key="zendesk.auth.kind", comment="An OAuth client; api_token ends on 30 April 2027", default="oauth"),
    Setting(
        key="zendesk.auth.client_id",
        comment="Admin Center, APIs, OAuth clients: its identifier, of kind confidential",
        ask="Zendesk OAuth client id",
        default="makewhole",
    ),
    _secret("zendesk.auth.client_secret", "ZENDESK_CLIENT_SECRET", "The client's secret", "Zendesk client secret"),
    _start("zendesk"),
    *_usual("zendesk"),
)
SALESFORCE = (
    Setting(key="salesforce.my_domain", comment="harbor for harbor.my.salesforce.com", ask="Salesforce My Domain"),
    Setting(
        key="salesforce.auth.kind",
        comment="An External Client App with the client credentials flow; or jwt",
        default="client_credentials",
    ),
    Setting(key="salesforce.auth.consumer_key", comment="The app's consumer key", ask="Consumer key of the app"),
    _secret(
        "salesforce.auth.consumer_secret",
        "SALESFORCE_CONSUMER_SECRET",
        "The app's secret",
        "Salesforce consumer secret",
    ),
    Setting(
        key="salesforce.organization_id",
        comment="00D…, from Company Information; Outbound Messages of any other org are refused",
        ask="Organization id (00D…, Setup, Company Information)",
    ),
    Setting(
        key="salesforce.customer_field",
        comment="Holds your own id of the customer on Contact and Account",
        default="Customer_Number__c",
    ),
    _start("salesforce"),
    *_usual("salesforce"),
)
JIRA = (
    Setting(key="jira.site", comment="harbor for harbor.atlassian.net", ask="Jira site"),
    Setting(key="jira.auth.kind", comment="An API token of a user of its own; or service_account", default="api_token"),
    Setting(key="jira.auth.email", comment="Whose token it is: stands on our notes", ask="Jira user's address"),
    _secret("jira.auth.token", "JIRA_TOKEN", "The token; Atlassian ends it after a year at most", "Jira API token"),
    Setting(
        key="jira.projects", comment="Keys of the projects that are read", ask="Jira projects (ENG, CARE)", many=True
    ),
    Setting(
        key="jira.audience.kind",
        comment="Who may read our notes in software projects: a role or a group",
        ask="Our notes are for a",
        default="role",
        choices=("role", "group"),
    ),
    Setting(
        key="jira.audience.name", comment="Its name there", ask="Name of that role or group", default="Administrators"
    ),
    Setting(
        key="jira.customer_field",
        comment="The custom field with your own id of the customer",
        optional=True,
    ),
    _start("jira"),
    *_usual("jira"),
)
SLACK = (
    Setting(
        key="slack.mode",
        comment="http: Slack calls us; socket: we call Slack, where it cannot reach us",
        ask="Slack by http or socket",
        default="http",
        choices=("http", "socket"),
    ),
    _secret("slack.bot_token", "SLACK_BOT_TOKEN", "Bot User OAuth Token, xoxb-…", "Slack bot token"),
    _secret(
        "slack.signing_secret",
        "SLACK_SIGNING_SECRET",
        "Basic Information, Signing Secret",
        "Slack signing secret",
        when=("slack.mode", "http"),
    ),
    _secret(
        "slack.app_token",
        "SLACK_APP_TOKEN",
        "App-level token with connections:write, xapp-…",
        "Slack app token",
        when=("slack.mode", "socket"),
    ),
    Setting(key="slack.base_url", comment="A local server in Slack's place", optional=True),
    Setting(key="slack.team_id", comment="The workspace; requests of any other are refused", ask="Slack team id (T…)"),
    Setting(key="slack.bot_user_id", comment="Who Makewhole is there", ask="Slack user id of the bot (U…)"),
    Setting(
        key="slack.otherwise.channel",
        comment="Where a case is shown that no route fits; invite the bot",
        ask="Slack channel id for the cards (C…)",
    ),
    Setting(
        key="slack.otherwise.locale",
        comment="The language of that channel",
        ask="Language of that channel",
        default="en",
        choices=("en", "zh"),
    ),
)
PAYOUTS = (
    Setting(
        key="payouts.way",
        comment="finance: a file that finance takes and answers; payout-provider: over its API",
        ask="Paid by finance or payout-provider",
        default="finance",
        choices=("finance", "payout-provider"),
    ),
    Setting(
        key="payouts.base_url",
        comment="The provider's address",
        ask="The provider's address",
        begins=ADDRESS,
        when=("payouts.way", "payout-provider"),
    ),
    _secret(
        "payouts.token",
        "PAYOUTS_TOKEN",
        "The provider's token",
        "Provider's token",
        when=("payouts.way", "payout-provider"),
    ),
    Setting(
        key="payouts.key_life_hours",
        comment="What the provider promised: a key it forgets earlier may pay twice",
        ask="For how many hours does the provider know an idempotency key again",
        default="24",
        number=True,
        when=("payouts.way", "payout-provider"),
    ),
)
ACCOUNTS = (
    Setting(
        key="accounts.base_url",
        comment="Your own service that says what a customer lost",
        ask="Address of your account-data service",
        begins=ADDRESS,
    ),
    _secret("accounts.token", "ACCOUNTS_TOKEN", "What it knows us by", "Its token"),
)
REST = (
    Setting(
        key="topics.delayed_withdrawal",
        comment="The loss is a transaction: its id stands on the ticket",
        default="transaction",
    ),
    Setting(key="topics.duplicate_charge", comment="As above; a policy decides each topic", default="transaction"),
    Setting(key="policies", comment="The folder of policies, relative to this file", default="policies"),
    Setting(key="people", comment="Who may decide, and how far", default="people.yaml"),
)
OF_VENDOR: Mapping[str, tuple[Setting, ...]] = {"zendesk": ZENDESK, "salesforce": SALESFORCE, "jira": JIRA}
#: What stands above a section of the file.
ABOVE: Mapping[str, str] = {
    "zendesk": "Zendesk. The five fields mw_… are written by Makewhole, and by nobody else.",
    "salesforce": "Salesforce Cases. The five fields mw_… are written by Makewhole, and by nobody else.",
    "jira": "Jira Cloud. The five fields mw_… are written by Makewhole, and by nobody else.",
    "slack": "Slack. Make the app from slack-manifest.yaml. `routes` may send cases to other channels.",
    "payouts": "How approved cases are paid.",
    "accounts": "The facts of a loss.",
    "topics": "What each topic on a ticket is about: order, position, transaction or incident.",
}
