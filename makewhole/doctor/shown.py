"""How checks are printed: a table for people, one object for programs."""

from collections.abc import Mapping
from typing import Any

from makewhole.doctor.check import Check, State
from makewhole.printing import print_json, table, to_people

SHOWN = {State.OK: "ok", State.WARN: "warn", State.FAIL: "FAIL"}


def print_checks(found: list[Check], *, as_json: bool, more: Mapping[str, Any] | None = None) -> None:
    """Print the checks in their order. more: Further keys of the JSON object."""
    if not as_json:
        rows = [(SHOWN[each.state], each.name, each.tried, each.found, each.fix) for each in found]
        to_people().print(table(["", "Check", "Tried", "Came back", "What to do"], rows))
        return
    checks = [
        {"name": each.name, "tried": each.tried, "found": each.found, "state": str(each.state), "fix": each.fix}
        for each in found
    ]
    failed, warnings = (sum(each.state is state for each in found) for state in (State.FAIL, State.WARN))
    print_json({"checks": checks, "failed": failed, "warnings": warnings, **(more or {})})
