"""HTTP: webhooks, Slack's requests, health and figures, and one page per case and per policy."""
