"""Somebody else's client, unmodified: aiosalesforce 0.6.2, over an httpx transport that sends elsewhere."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.sandbox.salesforce.a_world import CONTACT_ONE, a_case, a_world
from tests.sandbox.salesforce.conftest import Org
from tests.sandbox.salesforce.redirecting import REAL

aiosalesforce = pytest.importorskip("aiosalesforce")


class Redirecting(httpx.AsyncHTTPTransport):
    """Sends every request to `url`."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = httpx.URL(url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme=self.url.scheme, host=self.url.host, port=self.url.port)
        return await super().handle_async_request(request)


async def work(url: str) -> dict[str, Any]:
    """Do one of each and return what came of it."""
    from aiosalesforce.auth import ClientCredentialsFlow

    async with httpx.AsyncClient(trust_env=False, transport=Redirecting(url)) as http:
        auth = ClientCredentialsFlow("sandbox-consumer-key", "sandbox-consumer-secret")
        salesforce = aiosalesforce.Salesforce(http, base_url=REAL, auth=auth)
        rows = salesforce.sobject
        upserts = [
            await rows.upsert("Contact", number, "Customer_Number__c", {"LastName": "Lin"})
            for number in ("C-100023", "C-7")
        ]
        found = [row async for row in salesforce.query("SELECT Id, Subject FROM Case")]
        async with salesforce.composite(all_or_none=True) as composite:
            account = composite.sobject.create("Account", {"Name": "Harbor Retail"})
            values = {"LastName": "Li", "AccountId": str(account.reference.id)}
            composite.sobject.create("Contact", values)
        async with salesforce.composite.batch() as batch:
            counted = batch.query("SELECT Id FROM Contact WHERE Account.Name = 'Harbor Retail'")
        return {
            "upserts": [(row.id, row.created) for row in upserts],
            "found": len(found),
            "joined": len(counted.records),
            "limit": (await salesforce.get_limits())["DailyApiRequests"]["Max"],
        }


def test_aiosalesforce_upserts_queries_and_composes(org: Org) -> None:
    org.load(**a_world(*(a_case(n) for n in range(1, 2_102))))

    done = asyncio.run(work(org.url))

    assert done["upserts"][0] == (CONTACT_ONE, False)
    assert done["upserts"][1][1] is True
    assert {key: done[key] for key in ("found", "joined", "limit")} == {
        "found": 2_101,
        "joined": 1,
        "limit": 100_000,
    }
