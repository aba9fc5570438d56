"""The helpdesks that the settings name, each behind the one contract of all connectors."""

from collections.abc import Callable

from config.helpdesks import AtlassianToken, ClientCredentials, Jira, OAuth, Salesforce, Zendesk
from config.helpdesks import Helpdesk as HelpdeskSettings
from config.settings import Settings
from connectors.contract import Helpdesk
from connectors.jira import client as jira
from connectors.jira.settings import ApiToken as JiraToken
from connectors.jira.settings import Audience, JiraSettings, ServiceAccount
from connectors.salesforce import client as salesforce
from connectors.salesforce.settings import LOGIN, LOGIN_OF_SANDBOXES, JWTBearer, SalesforceSettings
from connectors.salesforce.settings import ClientCredentials as SalesforceClient
from connectors.transport import Exchange
from connectors.zendesk import client as zendesk
from connectors.zendesk.settings import ApiToken, OAuthClient, ZendeskSettings
from sync.links import Account, account_of

CALL_SECONDS = 10.0
WAITS = ("connect_seconds", "read_seconds", "whole_seconds")


def connect_helpdesks(
    settings: Settings, *, on_response: Callable[[Exchange], None] | None = None, rehearse: bool = False
) -> tuple[Helpdesk, ...]:
    """Return a connector for each account in the settings; nothing is called yet.

    on_response: Told of every answer, from whichever thread; must not raise.
    rehearse: Raise Rehearsed in place of every call that would change something.
    """
    return tuple(connect(given, on_response=on_response, rehearse=rehearse) for given in settings.helpdesks.values())


def connect(
    given: HelpdeskSettings, *, on_response: Callable[[Exchange], None] | None = None, rehearse: bool = False
) -> Helpdesk:
    """Return the connector of one account; see `connect_helpdesks`."""
    match given:
        case Zendesk():
            return zendesk.connect(_zendesk(given), on_response=on_response, rehearse=rehearse)
        case Salesforce():
            return salesforce.connect(_salesforce(given), on_response=on_response, rehearse=rehearse)
        case Jira():
            return jira.connect(_jira(given), on_response=on_response, rehearse=rehearse)


def accounts_of(settings: Settings) -> tuple[Account, ...]:
    """Return the accounts whose tickets are known by their addresses, and Jira's projects whose bare keys count."""
    return tuple(
        account_of(each.vendor, each.account, projects=getattr(each, "projects", ()))
        for each in settings.helpdesks.values()
    )


def hurried(settings: Settings) -> Settings:
    """Return the settings with short waits, small pages and no budgets: for `doctor`, whose calls are few."""
    unset = {"page_size": 5, "calls_per_minute": None, "exports_per_minute": None, "updates_per_minute": None}
    changed = {}
    for vendor in ("zendesk", "salesforce", "jira"):
        given = getattr(settings, vendor, None)
        if given is not None:
            waits = {name: min(getattr(given, name), CALL_SECONDS) for name in WAITS}
            known = {name: value for name, value in unset.items() if name in type(given).model_fields}
            changed[vendor] = given.model_copy(update=waits | known)
    return settings.model_copy(update=changed)


def webhook_url(settings: Settings, given: HelpdeskSettings) -> str:
    """Return where this account's webhooks shall point."""
    return f"{settings.public_url}/webhooks/{given.vendor}/{given.account}"


def _zendesk(given: Zendesk) -> ZendeskSettings:
    auth: OAuthClient | ApiToken
    if isinstance(given.auth, OAuth):
        secret = given.auth.client_secret.reveal()
        auth = OAuthClient(client_id=given.auth.client_id, client_secret=secret, scope=given.auth.scope)
    else:
        auth = ApiToken(email=given.auth.email, token=given.auth.token.reveal())
    return ZendeskSettings(
        subdomain=given.subdomain,
        auth=auth,
        fields=tuple(sorted(given.fields.items())),
        webhook_secrets=tuple(secret.reveal() for secret in given.webhook_secrets),
        jira_links=given.jira_links,
        target=given.target,
        connect_seconds=given.connect_seconds,
        read_seconds=given.read_seconds,
        whole_seconds=given.whole_seconds,
        page_size=given.page_size,
        most_comments=given.most_comments,
        most_audits=given.most_audits,
        most_reply_bytes=given.most_reply_bytes,
        calls_per_minute=given.calls_per_minute,
        exports_per_minute=given.exports_per_minute,
        updates_per_minute=given.updates_per_minute,
    )


def _salesforce(given: Salesforce) -> SalesforceSettings:
    auth: SalesforceClient | JWTBearer
    if isinstance(given.auth, ClientCredentials):
        secret = given.auth.consumer_secret.reveal()
        auth = SalesforceClient(consumer_key=given.auth.consumer_key, consumer_secret=secret)
    else:
        auth = JWTBearer(
            consumer_key=given.auth.consumer_key,
            username=given.auth.username,
            private_key=given.auth.private_key.reveal(),
            audience=LOGIN_OF_SANDBOXES if given.auth.sandbox_org else LOGIN,
            certificate=given.auth.certificate.reveal() if given.auth.certificate else "",
        )
    return SalesforceSettings(
        host=f"{given.my_domain}.my.salesforce.com",
        account=given.my_domain,
        auth=auth,
        fields=tuple(sorted(given.fields.items())),
        customer_field=given.customer_field,
        link_fields=tuple(sorted(given.link_fields.items())),
        mark_field=given.mark_field,
        transitions=tuple(sorted(given.status_on.items())),
        read_feed=given.read_feed,
        organization_id=given.organization_id,
        path_secrets=tuple(secret.reveal() for secret in given.webhook_secrets),
        target=given.target,
        connect_seconds=given.connect_seconds,
        read_seconds=given.read_seconds,
        whole_seconds=given.whole_seconds,
        page_size=given.page_size,
        bulk_above=given.bulk_above,
        overlap_seconds=given.overlap_seconds,
        most_reply_bytes=given.most_reply_bytes,
        share_left=given.calls_share,
    )


def _jira(given: Jira) -> JiraSettings:
    auth: JiraToken | ServiceAccount
    if isinstance(given.auth, AtlassianToken):
        auth = JiraToken(email=given.auth.email, token=given.auth.token.reveal(), ends_on=given.auth.ends_on)
    else:
        secret = given.auth.client_secret.reveal()
        auth = ServiceAccount(client_id=given.auth.client_id, client_secret=secret, cloud_id=given.auth.cloud_id)
    audience = given.audience
    return JiraSettings(
        host=f"{given.site}.atlassian.net",
        account=given.site,
        auth=auth,
        projects=given.projects,
        fields=tuple(sorted(given.fields.items())),
        customer_field=given.customer_field,
        audience=Audience(kind=audience.kind, name=audience.name) if audience else None,
        transitions=tuple(sorted(given.transition_on.items())),
        link_fields=tuple(sorted((field, f"{source}:") for field, source in given.link_fields.items())),
        target=given.target,
        connect_seconds=given.connect_seconds,
        read_seconds=given.read_seconds,
        whole_seconds=given.whole_seconds,
        page_size=given.page_size,
        overlap_seconds=given.overlap_seconds,
        most_reply_bytes=given.most_reply_bytes,
        calls_per_minute=given.calls_per_minute,
        webhook_kind=given.webhook_kind,
        webhook_secrets=tuple(secret.reveal() for secret in given.webhook_secrets),
    )
