"""The whole sandbox in one ASGI app: every vendor mounted at its name."""

import contextlib
from collections.abc import AsyncIterator, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route

from sandbox.accounts.app import create_app as create_accounts
from sandbox.exchange.app import create_app as create_exchange
from sandbox.exchange.candles import made_up
from sandbox.jira.app import create_app as create_jira
from sandbox.payouts.app import create_app as create_payouts
from sandbox.salesforce.app import create_app as create_salesforce
from sandbox.seed import load_seed
from sandbox.slack.app import create_app as create_slack
from sandbox.zendesk.app import create_app as create_zendesk

INDEX = """<!doctype html>
<html lang="en">
<title>Makewhole sandbox</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 3rem auto; padding: 0 1rem }}
dt {{ margin-top: 1rem; font-weight: 600 }} code {{ background: #f2f2f2; padding: 0 .25rem }}</style>
<h1>Makewhole sandbox</h1>
<p>Harbor Exchange's vendors, spoken on the real wire. Nothing here leaves this machine.</p>
<dl>
<dt><a href="/slack/">Slack</a></dt>
<dd>Channels, cards and modals of the workspace T0HARBOR001; click as different people.</dd>
<dt>Zendesk</dt><dd>Support API of <code>harbor.zendesk.com</code> under <code>/zendesk/api/v2/</code>,
tokens at <code>/zendesk/oauth/tokens</code>.</dd>
<dt>Salesforce</dt><dd>The org <code>harbor.my.salesforce.com</code>: REST under
<code>/salesforce/services/data/</code>, tokens at <code>/salesforce/services/oauth2/token</code>.</dd>
<dt>Jira</dt><dd>The site <code>harbor.atlassian.net</code>: REST under <code>/jira/rest/api/3/</code>,
Service Management under <code>/jira/rest/servicedeskapi/</code>.</dd>
<dt>Payout provider</dt><dd><code>/payouts/v1/payouts</code></dd>
<dt>Account data</dt><dd><code>/accounts/v1/losses/…</code></dd>
<dt>Exchange</dt><dd>Candles under <code>/exchange/api/v5/market/</code></dd>
<dt>Control</dt><dd>{control}</dd>
</dl>
</html>
"""


def create_sandbox(
    *,
    seed: bool = True,
    pace: str = "vendor",
    slack_request_url: str | None = None,
    zendesk_webhook_url: str | None = None,
    jira_webhook_url: str | None = None,
    salesforce_outbound_url: str | None = None,
) -> Starlette:
    """Return the app that serves all vendors.

    seed: Load the demo world.
    pace: "vendor" keeps the vendors' limits and lags, "fast" has none.
    slack_request_url: Where Slack sends events, interactions and commands; None = nowhere yet.
    zendesk_webhook_url, jira_webhook_url: Where a webhook that is registered from the start points; None = no webhook.
    salesforce_outbound_url: Where Salesforce sends Outbound Messages from the start; None = nowhere yet.
    """
    world = load_seed() if seed else None
    tickets = world.zendesk_load() if world else None
    apps = {
        "zendesk": create_zendesk(pace=pace, seed=tickets, webhook_url=zendesk_webhook_url),
        "salesforce": create_salesforce(
            pace=pace, seed=world.salesforce if world else None, outbound_url=salesforce_outbound_url
        ),
        "jira": create_jira(pace=pace, seed=world.jira if world else None, webhook_url=jira_webhook_url),
        "slack": create_slack(seed=seed, request_url=slack_request_url),
        "payouts": create_payouts(unknown_payees=world.unknown_payees if world else ()),
        "accounts": create_accounts(records=world.records if world else ()),
        "exchange": create_exchange(candles=made_up() if seed else ()),
    }
    return join(apps)


def join(apps: Mapping[str, Starlette]) -> Starlette:
    """Return one app with each of `apps` mounted at its name, and their start and end with its own."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for app in apps.values():
                # A mounted app's lifespan is not run by the app it is mounted in.
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    async def index(_: Request) -> HTMLResponse:
        states = " · ".join(f'<a href="/{name}/_sandbox/state">/{name}/_sandbox/state</a>' for name in apps)
        return HTMLResponse(INDEX.format(control=f"{states} and <code>/_sandbox/faults</code> beside each."))

    routes: list[BaseRoute] = [Route("/", index)]
    routes += [Mount(f"/{name}", app=app, name=name) for name, app in apps.items()]
    return Starlette(routes=routes, lifespan=lifespan)
