"""The exchange's own account-data service: what is known about a customer's loss, as flat text facts."""
