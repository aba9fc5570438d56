"""Policy text, its one parsed form, and what reads that form: proposals with reasons, fast decisions, checks. Pure."""
