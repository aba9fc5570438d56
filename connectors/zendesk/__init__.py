"""Zendesk: its tickets as ours, our notes as its own. Begin with `client.connect`; nothing else imports zenpy."""
