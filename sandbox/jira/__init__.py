"""A Jira Cloud site with Jira Service Management, spoken on the real wire."""
