"""Jira Cloud: its issues as our tickets, our notes as its comments. Begin with `client.connect`."""
