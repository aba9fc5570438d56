"""What goes wrong at every vendor while the agents work."""

from collections import Counter

from tests.crash.town import Town

#: (app, fault, what it matches, how often, more). The webhooks of every vendor come last.
FAULTS: tuple[tuple[str, str, str, float, dict[str, float]], ...] = (
    ("zendesk", "rate_limited", "GET /api/v2/tickets", 0.02, {}),
    ("zendesk", "rate_limited", "PUT /api/v2/tickets", 0.02, {}),
    ("zendesk", "unavailable", "", 0.01, {}),
    ("zendesk", "dropped_after_write", "PUT /api/v2/tickets", 0.04, {}),
    ("zendesk", "slow_after_write", "PUT /api/v2/tickets", 0.02, {"seconds": 1.0}),
    ("zendesk", "dropped_before", "", 0.005, {}),
    ("salesforce", "rate_limited", "", 0.01, {}),
    ("salesforce", "unavailable", "", 0.01, {}),
    ("salesforce", "dropped_after_write", "POST /services/data", 0.03, {}),
    ("salesforce", "slow_after_write", "POST /services/data", 0.02, {"seconds": 1.0}),
    ("salesforce", "cut_after_write", "POST /services/data", 0.005, {}),
    ("salesforce", "row_locked", "", 0.03, {}),
    ("salesforce", "late_commit", "", 0.02, {"seconds": 2.0}),
    ("salesforce", "short_page", "", 0.05, {}),
    ("salesforce", "empty_page", "", 0.02, {}),
    ("zendesk", "empty_page", "", 0.05, {}),
    ("jira", "empty_page", "", 0.05, {}),
    ("jira", "rate_limited", "", 0.01, {}),
    ("jira", "issue_rate_limited", "PUT /rest/api/3/issue", 0.02, {}),
    ("jira", "unavailable", "", 0.01, {}),
    ("jira", "dropped_after_write", "PUT /rest/api/3/issue", 0.03, {}),
    ("jira", "dropped_after_write", "POST /rest/api/3/issue", 0.03, {}),
    ("jira", "slow_after_write", "PUT /rest/api/3/issue", 0.02, {"seconds": 1.0}),
    ("jira", "search_lag", "", 0.3, {"seconds": 2.0}),
    ("slack", "dropped_after_write", "POST /api/chat.postMessage", 0.02, {}),
    ("payouts", "unavailable", "POST /v1/payouts", 0.03, {}),
    ("payouts", "dropped_after_write", "POST /v1/payouts", 0.03, {}),
    ("accounts", "unavailable", "GET /v1/losses", 0.02, {}),
)
WEBHOOKS = (("webhook_dropped", 0.2), ("webhook_duplicated", 0.2), ("webhook_reordered", 0.2))
APPS = ("zendesk", "salesforce", "jira", "slack", "payouts", "accounts")


def storm(town: Town, *, seed: int) -> None:
    """Let everything go wrong, the same in every run."""
    for number, (app, fault, match, rate, more) in enumerate(FAULTS):
        town.trouble(app, fault, match, rate=rate, seed=seed + number, **more)
    for app in ("zendesk", "salesforce", "jira"):
        for number, (fault, rate) in enumerate(WEBHOOKS):
            town.trouble(app, fault, "", rate=rate, seed=seed + 100 + number, seconds=0.5)


def expire_token(town: Town, app: str) -> None:
    """Let the token of the next call to this vendor have ended; twice in a row would be for a person to mend."""
    town.trouble(app, "expired_token", "", times=1)


def calm(town: Town) -> dict[str, int]:
    """Let nothing go wrong any more; return how often each fault struck: {"jira webhook_dropped": 41}."""
    struck: Counter[str] = Counter()
    for app in APPS:
        faults = town.sandbox.get(f"/{app}/_sandbox/faults")["faults"]
        for each in faults:  # type: ignore[attr-defined]  # JSON.
            struck[f"{app} {each['fault']}"] += each["struck"]
        town.sandbox.client.delete(f"{town.sandbox.url}/{app}/_sandbox/faults").raise_for_status()
    return dict(struck)
