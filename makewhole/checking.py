"""`makewhole doctor`: try everything that must work, and say what to do about what does not.

The checks are in makewhole.doctor. Each group of them runs by itself, side by side with the others and for a limited
time, so that nothing broken hides something else that is.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from makewhole.assembly import utc_now
from makewhole.doctor import desks, inside, outside, released
from makewhole.doctor.check import Check, Examined, Group, State, fail
from makewhole.doctor.shown import print_checks
from makewhole.opening import read_settings, set_up_log
from makewhole.printing import to_people

GROUP_SECONDS = 60.0
#: The clock comes last: it listens to the answers that the others get.
GROUPS: Mapping[str, Group] = {
    "settings": inside.settings,
    "people": inside.people,
    "policies": inside.policies,
    "database": inside.database,
    "released": released.released,
    "queue": inside.queue,
    "tickets": inside.ticket_mirror,
    "payouts": inside.payouts,
    **desks.GROUPS,
    "slack": outside.slack,
    "provider": outside.payout_way,
    "accounts": outside.accounts,
    "clock": outside.clock,
}
LAST = "clock"


def doctor(settings: Path, *, only: str | None, as_json: bool, clock: Callable[[], datetime] = utc_now) -> int:
    """Print what was tried, what came back and the fix; 0 when nothing failed, 1 when something did, 2 for no check.

    Raises Unusable when the settings cannot be read at all.
    """
    chosen = [name for name in GROUPS if _is_meant(name, only)]
    if not chosen:
        return _no_such_check(only)
    read = read_settings(settings)
    set_up_log(read)
    found = [each for each in examine(Examined(settings=read, clock=clock), chosen) if each.name.startswith(only or "")]
    if not found:
        return _no_such_check(only)
    print_checks(found, as_json=as_json)
    return 1 if any(each.state is State.FAIL for each in found) else 0


def examine(seen: Examined, chosen: list[str]) -> list[Check]:
    """Return what these groups found, in their order."""
    side_by_side = {name: _start(GROUPS[name], name, seen) for name in chosen if name != LAST}
    found = [check for wait in side_by_side.values() for check in wait()]
    if LAST in chosen:
        found += _start(GROUPS[LAST], LAST, seen)()
    return found


def _start(group: Group, name: str, seen: Examined) -> Callable[[], list[Check]]:
    """Start a group and return what waits for it; one that does not end in time is left to die with the process."""
    found: list[Check] = []

    def run() -> None:
        try:
            found.extend(group(seen))
        except Exception as problem:  # noqa: BLE001  # A door: one broken check must not stop the others.
            # The message stays inside: nobody has judged whether it holds a secret.
            fix = "this is a mistake in Makewhole: report it with the command you ran"
            found.append(fail(name, f"looked at {name}", f"the check itself broke: {type(problem).__name__}", fix=fix))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ends_at = time.monotonic() + GROUP_SECONDS

    def wait() -> list[Check]:
        thread.join(max(0.0, ends_at - time.monotonic()))
        if not thread.is_alive():
            return found
        late = fail(name, f"looked at {name}", f"no end after {GROUP_SECONDS:.0f} s", fix="is it reachable from here?")
        return [*found, late]

    return wait


def _is_meant(name: str, only: str | None) -> bool:
    return only is None or name.startswith(only) or only.startswith(f"{name}.")


def _no_such_check(only: str | None) -> int:
    to_people().print(f"There is no check {only}: they begin with {', '.join(GROUPS)}.", markup=False)
    return 2
