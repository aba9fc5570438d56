"""The product without its memory of its own words: ``python -m tests.chaos.planted run --settings FILE``."""

from collections.abc import Mapping
from dataclasses import replace

import makewhole.assembly
from config.settings import Settings
from connectors.contract import Helpdesk
from makewhole.cli import main
from makewhole.mirroring import mirroring_of
from sync.mirroring import Mirroring


def plant() -> None:
    """Let nothing in this process be known for an echo."""

    def forgetful(settings: Settings, helpdesks: Mapping[str, Helpdesk]) -> Mirroring:
        return replace(mirroring_of(settings, helpdesks), is_echo=lambda _comment: False)

    vars(makewhole.assembly)["mirroring_of"] = forgetful


if __name__ == "__main__":
    plant()
    main()
