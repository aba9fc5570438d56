"""The vendors' wire, spoken locally: Zendesk, Slack, a payout provider and an account-data service, with faults."""
