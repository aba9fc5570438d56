"""The front door: the command line, and the one place where the rooms are joined."""
