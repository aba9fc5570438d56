"""What can be set on the sandbox Jira: limits, lags and lives. The defaults are the vendor's."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any


class BadSetting(ValueError):
    """A setting that does not exist or cannot have this value: its message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. Limits: 0 = none.

    reads_per_second, writes_per_second: Per path and method; reads are GET and POST, writes PUT and DELETE.
    issue_writes_short: Writes of one issue in 2 seconds. issue_writes_long: In 30 seconds.
    points_per_hour: Quota of OAuth apps; API tokens have none.
    search_lag_seconds: Search does not know writes younger than this.
    refuse_unknown_jql: 1 = a field, value or key that does not exist is a 400 for whoever is logged in; 0 = no hits,
    as anonymous callers always get.
    token_life_seconds: Life of an OAuth token. webhook_life_seconds: Life of a dynamic webhook.
    webhook_timeout_seconds: Wait for a webhook's answer. webhook_retry_seconds: Wait between its tries.
    """

    reads_per_second: int = 100
    writes_per_second: int = 50
    issue_writes_short: int = 20
    issue_writes_long: int = 100
    points_per_hour: int = 65_000
    search_lag_seconds: float = 10.0
    refuse_unknown_jql: int = 1
    token_life_seconds: float = 3_600.0
    webhook_life_seconds: float = 2_592_000.0
    webhook_timeout_seconds: float = 20.0
    webhook_retry_seconds: float = 300.0


VENDOR = Settings()
FAST = Settings(
    reads_per_second=0,
    writes_per_second=0,
    issue_writes_short=0,
    issue_writes_long=0,
    points_per_hour=0,
    search_lag_seconds=0.0,
    webhook_retry_seconds=0.2,
)
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
