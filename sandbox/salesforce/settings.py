"""What can be set on the sandbox Salesforce: limits, lives and delays. The defaults are the vendor's."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

INSTANCE_URL = "https://harbor.my.salesforce.com"
"""Where tokens send their owners, whatever address the sandbox really has."""


class BadSetting(ValueError):
    """A setting that does not exist or cannot have this value: its message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings.

    daily_api_requests: Requests of the org in 24 hours; 0 = no limit (the header still names 100,000).
    token_life_seconds: Life of an access token from its issue; the vendor's sessions last two hours.
    query_locator_life_seconds: How long the rest of a query can be fetched; the vendor keeps it two days.
    open_cursors: Unfinished queries a user may have; one more, and the oldest cannot go on. 0 = no limit.
    bulk_delay_seconds: Wait between a bulk job's UploadComplete and its JobComplete.
    stamp_lag_seconds: How much older than its arrival the stamp of a write is, as after a long transaction.
    comments_touch_cases: 1 when a comment gives its case a new SystemModstamp, 0 when not.
    outbound_timeout_seconds: Wait for the answer to an Outbound Message. outbound_retry_seconds: Wait between tries.
    outbound_life_seconds: How long an Outbound Message is retried; the vendor tries for 24 hours.
    """

    daily_api_requests: int = 100_000
    token_life_seconds: float = 7_200.0
    query_locator_life_seconds: float = 172_800.0
    open_cursors: int = 10
    bulk_delay_seconds: float = 2.0
    stamp_lag_seconds: float = 0.0
    comments_touch_cases: int = 1
    outbound_timeout_seconds: float = 60.0
    outbound_retry_seconds: float = 5.0
    outbound_life_seconds: float = 86_400.0


VENDOR = Settings()
FAST = Settings(daily_api_requests=0, open_cursors=0, bulk_delay_seconds=0.0, outbound_retry_seconds=0.2)
"""Without waits and limits, for demos, benchmarks and crash tests."""

PACES: Mapping[str, Settings] = {"vendor": VENDOR, "fast": FAST}


def changed(settings: Settings, body: object) -> Settings:
    """Return the settings with `body` applied: names and numbers, after "pace" ("vendor" or "fast") if given."""
    if not isinstance(body, dict):
        raise BadSetting("body: must be a JSON object")
    given: dict[str, Any] = dict(body)
    pace = given.pop("pace", None)
    if pace is not None:
        if pace not in PACES:
            raise BadSetting(f"pace: {pace!r} is none of {', '.join(PACES)}")
        settings = PACES[pace]
    kinds = {known.name: known.type for known in fields(Settings)}
    for name, value in given.items():
        if name not in kinds:
            raise BadSetting(f"{name}: is no setting")
        whole_only = kinds[name] is int
        if isinstance(value, bool) or not isinstance(value, int if whole_only else (int, float)) or value < 0:
            raise BadSetting(f"{name}: {value!r} must be a number from 0")
    return replace(settings, **given)
