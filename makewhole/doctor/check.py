"""One thing that was tried, and what a check is given to try it with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from config.settings import Settings


class State(StrEnum):
    """How it stands: fine, worth a look, or broken."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing tried.

    Fields:
        name: "zendesk.fields"; `--only` takes its beginning.
        tried: What was done.
        found: What came back; never a secret, never a customer's words.
        state: How it stands.
        fix: What a person should do; None when it is ok.
    """

    name: str
    tried: str
    found: str
    state: State
    fix: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What is examined.

    Fields:
        settings: The settings.
        clock: Our clock, aware.
        told_at: (vendor, their clock, ours), as the vendors' answers came in.
    """

    settings: Settings
    clock: Callable[[], datetime]
    told_at: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    def hear(self, vendor: str, told_at: datetime | None) -> None:
        """Note what a vendor's answer says the time is; None when it says nothing."""
        if told_at is not None:
            self.told_at.append((vendor, told_at, self.clock()))


Group = Callable[[Examined], Iterator[Check]]


def ok(name: str, tried: str, found: str) -> Check:
    """Return a check that found all well."""
    return Check(name=name, tried=tried, found=found, state=State.OK, fix=None)


def warn(name: str, tried: str, found: str, *, fix: str) -> Check:
    """Return a check that found something worth a look."""
    return Check(name=name, tried=tried, found=found, state=State.WARN, fix=fix)


def fail(name: str, tried: str, found: str, *, fix: str) -> Check:
    """Return a check that found something broken."""
    return Check(name=name, tried=tried, found=found, state=State.FAIL, fix=fix)
