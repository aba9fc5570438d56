"""What an admin does: set up, map fields, look after webhooks, and see calls before they are made."""
