"""What an expression may speak of: names with their types, units of the policy's own, and how its days are counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from policy.calendars import Calendar
from policy.units import Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is known at one place of a policy.

    Fields:
        types: The type of every name.
        units: Units the policy declares itself, beside the registry's assets: "WBETH".
        calendar: How days are counted.
        stands_for: The policy's name for a name used here; a calculator's parameters stand for other names.
    """

    types: Mapping[str, Type]
    units: frozenset[str] = frozenset()
    calendar: Calendar = field(default_factory=Calendar)
    stands_for: Mapping[str, str] = field(default_factory=dict)

    def also(self, more: Mapping[str, Type]) -> "Scope":
        """Return the same scope with more names."""
        return replace(self, types={**self.types, **more})
