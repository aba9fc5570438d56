"""What the settings say of the mirror, as `sync` takes it."""

from collections.abc import Mapping

from config.settings import Settings
from connectors.contract import Helpdesk
from sync.mirroring import Mirroring, PassOn
from sync.ownership import FieldRule, FieldRules


def mirroring_of(settings: Settings, helpdesks: Mapping[str, Helpdesk]) -> Mirroring:
    """Return how tickets are mirrored between these accounts, by source: "zendesk:harbor"."""
    given = settings.mirror
    return Mirroring(
        fields=FieldRules(
            rules={name: FieldRule(owner=rule.owner, on_change=rule.on_change) for name, rule in given.fields.items()},
            fields={source: each.field_names for source, each in helpdesks.items()},
        ),
        pass_on=tuple(
            PassOn(
                from_vendors=frozenset(each.from_vendors),
                to_vendors=frozenset(each.to_vendors),
                public=each.public,
            )
            for each in given.comments
        ),
        shadowed=frozenset(source for source, each in settings.helpdesks.items() if each.mode == "shadow"),
    )
