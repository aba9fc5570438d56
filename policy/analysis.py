"""Faults of the logic."""


def analysed(policy, roles):
    return ()
