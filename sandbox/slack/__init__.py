"""A Slack workspace on the real wire: Web API, Block Kit, interactions, events, Socket Mode and a web page."""
