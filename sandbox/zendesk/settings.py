"""What can be set on the sandbox Zendesk: limits, lags and lives. The defaults are the vendor's."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any


class BadSetting(ValueError):
    """A setting that does not exist or cannot have this value: its message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. Limits: 0 = none.

    requests_per_minute: For the account: 2500 on the highest plan.
    exports_per_minute: Incremental exports.
    updates_per_minute: Ticket updates of the account.
    updates_per_ticket: Updates of one ticket in ten minutes.
    export_lag_seconds: The export leaves out what changed in this time; 0 still leaves out the running second.
    search_lag_seconds: Search does not know writes younger than this.
    token_life_seconds: Life of an OAuth token that was asked for without `expires_in`.
    idempotency_seconds: How long an Idempotency-Key is remembered.
    webhook_timeout_seconds: Wait for a webhook's answer. webhook_retry_seconds: Wait between its tries.
    """

    requests_per_minute: int = 2_500
    exports_per_minute: int = 10
    updates_per_minute: int = 100
    updates_per_ticket: int = 30
    export_lag_seconds: float = 60.0
    search_lag_seconds: float = 30.0
    token_life_seconds: float = 1_800.0
    idempotency_seconds: float = 7_200.0
    webhook_timeout_seconds: float = 10.0
    webhook_retry_seconds: float = 2.0


VENDOR = Settings()
FAST = Settings(
    requests_per_minute=0,
    exports_per_minute=0,
    updates_per_minute=0,
    updates_per_ticket=0,
    export_lag_seconds=0.0,
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
