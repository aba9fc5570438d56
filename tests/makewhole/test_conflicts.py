"""What keeps tickets from showing what their case says is one list, and a person can settle it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cases.proposal import CaseId
from connectors.contract import AccessRefused, UnexpectedReply
from makewhole.sandboxed import write_settings
from sync.ownership import FieldRule
from tests.makewhole.conftest import NOBODY_LISTENS, Told
from tests.sync.three_desks import JIRA, SALESFORCE, ZENDESK, ThreeDesks
from workflow import link_answers

NO_SUCH = "There is no open conflict 7; `makewhole conflicts` shows them.\n"


@pytest.fixture
def desks(tmp_path: Path, migrated_sqlite: Path) -> Iterator[ThreeDesks]:
    """Return three desks over the database of an installation."""
    shutil.copy(migrated_sqlite, tmp_path / "makewhole.sqlite")
    found = ThreeDesks(f"sqlite:///{tmp_path}/makewhole.sqlite")
    yield found
    found.engine.dispose()


@pytest.fixture
def run(tmp_path: Path, cli: Callable[..., Told]) -> Callable[..., Told]:
    """Return what runs a command of `makewhole conflicts` on that installation."""
    settings = write_settings(tmp_path, sandbox_url=NOBODY_LISTENS, own_url=NOBODY_LISTENS)
    return lambda *words: cli("conflicts", *words, "--settings", settings)


def flagged(desks: ThreeDesks) -> None:
    desks.all_come(incident_id="I-1")
    desks.edit(JIRA, incident_id="I-9")
    desks.settle()


def test_nothing_is_said_of_an_installation_at_peace(desks: ThreeDesks, run: Callable[..., Told]) -> None:
    desks.all_come()

    assert run().out == "No conflicts.\n"
    assert run("--json").json == {"schema": 1, "conflicts": [], "refused": [], "stuck": [], "undecided": []}


def test_a_field_in_conflict_is_listed_with_both_values_and_what_to_do(
    desks: ThreeDesks, run: Callable[..., Told]
) -> None:
    flagged(desks)

    [found] = run("--json").json["conflicts"]

    del found["found_at"]
    assert found == {
        "id": 1,
        "case": "CASE-1",
        "ticket": "jira:harbor:1",
        "field": "incident_id",
        "cause": "changed",
        "problem": "It was changed here, and this ticket does not own it.",
        "ours": "I-1",
        "theirs": "I-9",
        "fix": "settle it: ours is put back, theirs becomes the case's value",
    }
    assert "I-9" in run().out


def test_refused_notes_are_in_the_same_list(desks: ThreeDesks, run: Callable[..., Told]) -> None:
    desks.come(ZENDESK)
    desks.at(ZENDESK).troubles.append(UnexpectedReply("the note is too long"))
    desks.settle()

    [found] = run("--json").json["refused"]

    assert (found["key"], found["problem"]) == ("ticket/zendesk:harbor:1#1", "the note is too long")
    assert found["fix"].endswith("`makewhole deadletter replay note ticket/zendesk:harbor:1#1`")


def test_writes_that_wait_too_long_are_in_it_too(desks: ThreeDesks, run: Callable[..., Told]) -> None:
    desks.all_come()
    desks.at(ZENDESK).troubles.append(AccessRefused("403: the token may not write"))
    desks.edit(SALESFORCE, claimed_amount="20")
    desks.settle()

    [found] = run("--json").json["stuck"]

    assert (found["kind"], found["case"], found["behind"]) == ("fields", "CASE-1", 1)
    assert found["problem"] == "AccessRefused: 403: the token may not write"
    assert (
        found["fix"] == "mend what the vendor says, then `makewhole deadletter replay fields ticket/zendesk:harbor:1#2`"
    )


def test_a_reference_that_the_mirror_leaves_to_people_is_in_it_too(desks: ThreeDesks, run: Callable[..., Told]) -> None:
    rules = {**desks.mirroring.fields.rules, "transaction_id": FieldRule(owner="newest")}
    desks.mirroring = replace(desks.mirroring, fields=replace(desks.mirroring.fields, rules=rules))
    for ref, loss in ((ZENDESK, "W-1"), (SALESFORCE, "W-2")):
        desks.come(ref, loss=loss)
        desks.settle()
    assert run("--json").json["undecided"] == []

    with desks.database.begin() as tx:
        link_answers.join_case(desks.desk, tx, CaseId("CASE-1"), CaseId("CASE-2"), by="amelia", now=desks.time())
    desks.settle()

    [found] = run("--json").json["undecided"]
    assert found.pop("fix").startswith("which loss a ticket names is said at its helpdesk")
    assert found == {
        "case": "CASE-1",
        "ticket": str(ZENDESK),
        "field": "transaction_id",
        "ours": "W-2",
        "theirs": "W-1",
    }
    assert desks.show("transaction_id", (ZENDESK, SALESFORCE)) == ["W-1", "W-2"]
    assert "Undecided references" in run().out


def test_a_conflict_is_settled_by_a_known_person(desks: ThreeDesks, run: Callable[..., Told]) -> None:
    flagged(desks)

    told = run("settle", 1, "--take", "theirs", "--by", "yuki")

    assert (told.code, told.out) == (0, "incident_id of CASE-1 on jira:harbor:1: theirs (I-9) is taken.\n")
    assert run("--json").json["conflicts"] == []


def test_who_is_unknown_settles_nothing(desks: ThreeDesks, run: Callable[..., Told]) -> None:
    flagged(desks)

    told = run("settle", 1, "--take", "theirs", "--by", "nobody")

    assert (told.code, told.out) == (2, "nobody is not in the people file.\n")
    assert len(run("--json").json["conflicts"]) == 1


def test_there_must_be_such_a_conflict(desks: ThreeDesks, run: Callable[..., Told]) -> None:
    flagged(desks)

    told = run("settle", 7, "--take", "ours", "--by", "yuki")

    assert (told.code, told.out) == (1, NO_SUCH)
