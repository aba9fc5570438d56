"""The list of versions, the resources of one, and the limits."""

from typing import Any

from starlette.responses import Response

from sandbox.salesforce.door import NEWEST_VERSION, OLDEST_VERSION, Call, json_answer
from sandbox.salesforce.org import ORG_ID

_SEASONS = ("Spring", "Summer", "Winter")
_SPRING_2015 = 33
RESOURCES = ("composite", "jobs", "limits", "query", "queryAll", "sobjects")


def versions() -> list[dict[str, str]]:
    """Return the answer of /services/data/, oldest first."""
    return [
        {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(OLDEST_VERSION, NEWEST_VERSION + 1)
    ]


async def resources(call: Call) -> Response:
    """GET /services/data/v68.0/: addresses of what there is."""
    body: dict[str, Any] = {name: f"/services/data/v{call.version}/{name}" for name in RESOURCES}
    body["identity"] = f"https://login.salesforce.com/id/{ORG_ID}/{call.token.user_id}"
    return json_answer(body)


async def limits(call: Call) -> Response:
    """GET /limits."""
    return json_answer(call.desk.limits.body(call.desk.settings.daily_api_requests))


def _label(number: int) -> str:
    """Return a version's name: 66 is "Spring '26"; Winter belongs to the year it ends in."""
    years, season = divmod(number - _SPRING_2015, 3)
    year = 2015 + years + (1 if _SEASONS[season] == "Winter" else 0)
    return f"{_SEASONS[season]} '{year % 100:02}"
