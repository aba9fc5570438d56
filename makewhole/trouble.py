"""Trouble that a person must mend before a command can do anything; apart from all else, so that --help is quick."""


class Unusable(RuntimeError):
    """Settings, people, policies or the database cannot be used; the message says where and what to do."""


class WrongUsage(RuntimeError):
    """A command cannot do what was asked as it was asked; the message says how to ask. Ends with 2."""
