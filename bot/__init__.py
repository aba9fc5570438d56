"""Slack: cards that ask people, clicks that become decisions, and an answer to every click."""
