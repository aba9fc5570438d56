"""The unmodified zenpy on the sandbox: a requests adapter on the real host name that sends to a local address."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from zenpy import Zenpy

from tests.sandbox.zendesk.corrected_specification import Specification
from tests.sandbox.zendesk.served import TOKEN_REQUEST

REAL = "https://harbor.zendesk.com"


class Redirecting(HTTPAdapter):
    """Sends what is meant for the real host to `url`, and holds each answer against the specification."""

    def __init__(self, url: str, specification: Specification) -> None:
        super().__init__(max_retries=0)
        self.url = url
        self.specification = specification

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        local = request.copy()
        local.url = str(request.url).replace(REAL, self.url)
        kwargs["proxies"] = {}
        response = super().send(local, *args, **kwargs)
        self.specification.check_answer(
            str(request.method), str(request.path_url).partition("?")[0], response.status_code, response.content
        )
        response.request, response.url = request, str(request.url)
        return response


def zenpy_on(url: str, specification: Specification, session: requests.Session) -> Zenpy:
    """Return zenpy with an OAuth token, speaking through `session`; the caller closes the session."""
    session.trust_env = False
    session.mount(REAL, Redirecting(url, specification))
    token = session.post(f"{REAL}/oauth/tokens", json=TOKEN_REQUEST, timeout=10).json()["access_token"]
    return Zenpy(subdomain="harbor", oauth_token=token, session=session, disable_cache=True, timeout=10)
