"""What an expression may speak of: names with their types, units of the policy's own, and how its days are counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from policy.calendars import Calendar
from policy.expressions import Condition, Expression
from policy.mistakes import Place
from policy.units import ListType, OptionalType, Type
from policy.wanting import narrowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is known at one place of a policy.

    Fields:
        types: The type of every name.
        units: Units the policy declares itself, beside the registry's assets: "WBETH".
        calendar: How days are counted.
        asset_input: The input that names the asset that is paid; None where the policy does.
        stands_for: The policy's name for a name used here; a calculator's parameters stand for other names.
        items: What each item of a list has, by the list: fields, and what is worked out for each item.
        groups: The list whose items stand in groups, by the list of these groups.
        item_of: The list for each of whose items something is worked out here; None: for the claim.
        claim: What is known of the claim, where something is worked out for each item.
        gathered: What is made of lists, by a name of its own: filled while expressions are read.
        called: The steps of the policy that are nothing else, by that name.
        place: Where the expression stands that is read.
    """

    types: Mapping[str, Type]
    units: frozenset[str] = frozenset()
    calendar: Calendar = field(default_factory=Calendar)
    asset_input: str | None = None
    stands_for: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    item_of: str | None = None
    claim: "Scope | None" = None
    gathered: dict[str, Expression] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    place: Place | None = None

    def also(self, more: Mapping[str, Type]) -> "Scope":
        """Return the same scope with more names."""
        lists = {name: kind for name, kind in more.items() if isinstance(kind, ListType)}
        items = {name: _fields(kind) for name, kind in lists.items()}
        groups = {name: kind.groups for name, kind in lists.items() if kind.groups is not None}
        return replace(
            self, types={**self.types, **more}, items={**self.items, **items}, groups={**self.groups, **groups}
        )

    def also_of(self, name: str, more: Mapping[str, Type]) -> "Scope":
        """Return the same scope with more that is known of each item of a list."""
        return replace(self, items={**self.items, name: {**self.items[name], **more}})

    def where(self, fits: Condition | None) -> "Scope":
        """Return the same scope where a line fits: what its condition asks for is given."""
        return replace(self, types=narrowed(self.types, [part.node for part in fits.parts])) if fits else self


def _fields(of: ListType) -> dict[str, Type]:
    return {name: OptionalType(of=kind) if name in of.optional else kind for name, kind in of.fields}
