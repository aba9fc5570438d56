"""The unmodified simple-salesforce on the sandbox: a requests adapter on the real host name that sends elsewhere."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce

REAL = "https://harbor.my.salesforce.com"


class Redirecting(HTTPAdapter):
    """Sends what is meant for the real host to `url`."""

    def __init__(self, url: str) -> None:
        super().__init__(max_retries=0)
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        local = request.copy()
        local.url = str(request.url).replace(REAL, self.url)
        kwargs["proxies"] = {}
        response = super().send(local, *args, **kwargs)
        response.request, response.url = request, str(request.url)
        return response


def salesforce_on(url: str, session: requests.Session, **login: Any) -> Salesforce:
    """Return simple-salesforce speaking through `session`, by client credentials unless `login` says otherwise."""
    session.trust_env = False
    session.mount(REAL, Redirecting(url))
    given = login or {"consumer_key": "sandbox-consumer-key", "consumer_secret": "sandbox-consumer-secret"}
    return Salesforce(domain="harbor.my", session=session, version="68.0", **given)
