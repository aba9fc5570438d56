"""Each fault that admins run into is named by one check, with its fix; what is well beside it stays well."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from makewhole import checking
from makewhole.assembly import utc_now
from makewhole.sandboxed import free_port
from tests.makewhole.conftest import Told, World
from tests.makewhole.faults import Fault
from tests.makewhole.seeded_faults import FAULTS

#: What is so in any house at rest: nobody works, nobody answers at the public address, Jira tells no token's end.
AT_REST = frozenset(
    {"queue.workers", "zendesk.ping", "salesforce.ping", "jira.ping", "jira.credentials", "jira.webhook"}
)


@pytest.fixture
def house(world: World) -> Iterator[World]:
    """Return the world, and end the faults that a test arms."""
    yield world
    world.calm()


def found_of(told: Told) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads(told.out)["checks"]}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_named_with_its_fix_and_nothing_else_is(
    house: World, tmp_path: Path, cli: Callable[..., Told], monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    if fault.moved:
        house = replace(house, own_url=f"http://127.0.0.1:{free_port()}")
    settings = house.settings(tmp_path)
    if fault.arrange is not None:
        fault.arrange(house, tmp_path)
    text = settings.read_text(encoding="utf-8")
    for usual, ours in fault.settings.items():
        there = usual.replace("SANDBOX", house.sandbox.url)
        assert there in text
        text = text.replace(there, ours)
    settings.write_text(text, encoding="utf-8")
    for name, value in fault.environment.items():
        monkeypatch.setenv(name, value)
    if fault.skew_seconds:
        off = timedelta(seconds=fault.skew_seconds)
        monkeypatch.setattr(checking.doctor, "__kwdefaults__", {"clock": lambda: utc_now() + off})
    for path, body in fault.acts:
        house.sandbox.post(path, body)

    told = cli("doctor", "--settings", settings, "--json")
    for path, body in fault.undo:
        house.sandbox.post(path, body)

    found = found_of(told)
    assert fault.check in found, found.keys()
    assert (found[fault.check]["state"], fault.found in found[fault.check]["found"]) == (fault.state, True), found[
        fault.check
    ]
    assert fault.fix in found[fault.check]["fix"]
    assert told.code == (1 if any(each["state"] == "fail" for each in found.values()) else 0)
    assert "not-to-be-shown" not in told.out
    others = {name.partition(".")[0] for name, each in found.items() if each["state"] != "ok" and name not in AT_REST}
    assert others <= {fault.check.partition(".")[0], *(each.partition(".")[0] for each in fault.besides)}
    assert fault.besides <= {name for name, each in found.items() if each["state"] != "ok"}
