"""The exchange's own account data: what it knows about one loss of one customer, as evidence."""
