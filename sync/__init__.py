"""Tickets in and notes out: intake, outbox, reconciliation and the ticks that start them."""
