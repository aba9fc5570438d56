"""Zendesk Support on the wire: tickets, users, webhooks, and the faults of the real one."""
