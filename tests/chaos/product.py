"""The product as it is run here: ``python -m tests.chaos.product [--forgetful] run --settings FILE``.

What it does once a day it does every few seconds. With --forgetful it does not know its own words again.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import makewhole.assembly
import sync.comparing
from config.settings import Settings
from connectors.contract import Helpdesk
from makewhole.cli import main
from makewhole.mirroring import mirroring_of
from sync.mirroring import Mirroring

FORGETFUL = "--forgetful"
READ_AGAIN_AFTER = timedelta(seconds=20)


def hasten() -> None:
    """Let tickets of open cases be read again soon: nothing else tells of an issue whose deletion no webhook told."""
    sync.comparing.READ_AGAIN_AFTER = READ_AGAIN_AFTER


def forget() -> None:
    """Let nothing in this process be known for an echo."""

    def forgetful(settings: Settings, helpdesks: Mapping[str, Helpdesk]) -> Mirroring:
        return replace(mirroring_of(settings, helpdesks), is_echo=lambda _comment: False)

    vars(makewhole.assembly)["mirroring_of"] = forgetful


if __name__ == "__main__":
    hasten()
    if FORGETFUL in sys.argv:
        sys.argv.remove(FORGETFUL)
        forget()
    main()
