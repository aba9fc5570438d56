"""A payout provider on the real wire: it pays once per living idempotency key and keeps books anyone can read."""
