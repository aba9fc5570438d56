"""Writing to the sandbox's Jira: once, internal, and nothing but what is ours."""

from typing import Any

import pytest

from cases.ticket import Author
from connectors.contract import FieldsMoved, FieldsRefused, TryLater, UnexpectedReply
from connectors.jira.settings import Audience
from connectors.transport import Exchange
from tests.connectors.jira_world import (
    FIELDS,
    LENA,
    PUT,
    Jira,
    a_request,
    an_issue,
    an_update,
    ref,
    serving,
)

jira = pytest.fixture(serving)


def bodies(jira: Jira, key: str = "ENG-5") -> list[str]:
    """Return the texts of an issue's comments."""
    read = jira.connect().read(ref(key))
    assert read is not None
    return [comment.body for comment in read[0].comments]


def status(jira: Jira, key: str = "ENG-5") -> str:
    found = jira.issue(key)["fields"]["status"]["name"]
    assert isinstance(found, str)
    return found


def test_a_note_is_restricted_and_changes_nothing_but_what_is_ours(jira: Jira) -> None:
    jira.load(an_issue())
    before = jira.issue("ENG-5")["fields"]
    seen: list[Exchange] = []

    assert jira.connect(seen.append).write(an_update()) is True

    (comment,) = jira.comments("ENG-5")
    assert comment["visibility"] == {"type": "role", "value": "Service Desk Team", "identifier": "10102"}
    after = jira.issue("ENG-5")["fields"]
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"customfield_10111", "customfield_10112", "labels", "updated"}
    assert (after["customfield_10111"], after["customfield_10112"]) == ("paid", "180.50")
    assert after["labels"] == ["withdrawal", "makewhole", "mw_state_paid"]
    assert [each.method for each in seen] == ["GET", "GET", "PUT"]


def test_in_a_service_project_the_note_is_internal(jira: Jira) -> None:
    jira.load(a_request())
    seen: list[Exchange] = []

    assert jira.connect(seen.append).write(an_update(ref=ref("10007"))) is True

    (comment,) = jira.comments("CARE-7")
    assert comment["jsdPublic"] is False
    assert jira.issue("CARE-7")["fields"]["customfield_10111"] == "paid"
    assert [each.method for each in seen] == ["GET", "GET", "PUT", "POST"]


def test_writing_twice_is_once_and_by_another_process_too(jira: Jira) -> None:
    jira.load(an_issue(), a_request())
    for key in ("10005", "10007"):
        jira.connect().write(an_update(ref=ref(key)))

    again = [jira.connect().write(an_update(ref=ref(key))) for key in ("10005", "10007")]

    assert again == [False, False]
    assert (len(jira.comments("ENG-5")), len(jira.comments("CARE-7"))) == (1, 1)


def test_a_note_alone_is_written_once_in_both_kinds_of_projects(jira: Jira) -> None:
    jira.load(an_issue(), a_request())
    alone: dict[str, Any] = {"fields": (), "add_tags": (), "remove_tags": ()}

    written = [jira.connect().write(an_update(ref=ref(key), **alone)) for key in ("10005", "10005", "10007", "10007")]

    assert written == [True, False, True, False]
    assert (len(jira.comments("ENG-5")), len(jira.comments("CARE-7"))) == (1, 1)


def test_fields_and_labels_alone_are_written_once(jira: Jira) -> None:
    jira.load(a_request())
    update = an_update(
        ref=ref("10007"), note=None, fields=(("mw_state", ""), ("order_id", "A-1")), remove_tags=("vip",)
    )

    written = [jira.connect().write(update), jira.connect().write(update)]

    assert written == [True, False]
    assert jira.comments("CARE-7") == []
    assert jira.issue("CARE-7")["fields"]["customfield_10102"] == "A-1"


def test_each_kind_of_field_takes_its_value(jira: Jira) -> None:
    jira.load(an_issue())
    fields = (
        ("claimed_amount", "180.55"),
        ("compensation_topic", "Duplicate charge"),
        ("mw_case_url", "https://mw.example/c/1"),
    )

    jira.connect().write(an_update(fields=fields))

    read = jira.connect().read(ref())
    assert read is not None
    assert {name: read[0].field(name) for name, _ in fields} == dict(fields)


@pytest.mark.parametrize("fault", ["dropped_after_write", "slow_after_write"])
def test_a_write_whose_answer_was_lost_is_found_not_repeated(jira: Jira, fault: str) -> None:
    jira.load(an_issue())
    source = jira.connect(read_seconds=0.3)
    jira.fault(fault, PUT, times=1)

    with pytest.raises(TryLater) as caught:
        source.write(an_update())

    assert caught.value.done is None
    assert source.write(an_update()) is False
    assert len(jira.comments("ENG-5")) == 1


@pytest.mark.parametrize("fault", ["dropped_after_write", "cut_after_write"])
def test_in_a_service_project_each_half_whose_answer_was_lost_is_found(jira: Jira, fault: str) -> None:
    jira.load(a_request())
    source, update = jira.connect(), an_update(ref=ref("10007"))
    jira.fault("dropped_after_write", PUT, times=1)
    jira.fault(fault, "POST /rest/api/3/issue", times=1)
    for _ in range(2):
        with pytest.raises(TryLater) as caught:
            source.write(update)
        assert caught.value.done is None

    assert source.write(update) is False

    (comment,) = jira.comments("CARE-7")
    assert comment["jsdPublic"] is False
    assert jira.issue("CARE-7")["fields"]["customfield_10111"] == "paid"


@pytest.mark.parametrize("fault", ["rate_limited", "unavailable", "dropped_before"])
def test_a_write_that_was_not_done_is_done_by_the_next_try(jira: Jira, fault: str) -> None:
    jira.load(an_issue())
    source = jira.connect()
    jira.fault(fault, PUT, times=1)
    with pytest.raises(TryLater):
        source.write(an_update())
    assert jira.comments("ENG-5") == []

    assert source.write(an_update()) is True

    assert len(jira.comments("ENG-5")) == 1


def test_an_issues_own_limit_is_said_and_holds_nothing_else_back(jira: Jira) -> None:
    jira.load(an_issue(), a_request())
    source = jira.connect(calls_per_minute=6000)
    jira.fault("issue_rate_limited", PUT, times=1, retry_after=20)

    with pytest.raises(TryLater, match="jira-per-issue-on-write") as caught:
        source.write(an_update())

    assert (caught.value.wait_seconds, caught.value.done) == (20.0, False)
    assert source.write(an_update(ref=ref("10007"))) is True


def test_we_keep_an_issues_limit_ourselves(jira: Jira) -> None:
    jira.load(an_issue(), a_request())
    source = jira.connect(issue_writes_per_30_seconds=2)
    for number in (1, 2):
        source.write(an_update(mark=f"CASE-4711/{number}"))

    with pytest.raises(TryLater, match="our own limit of writes to issue 10005") as caught:
        source.write(an_update(mark="CASE-4711/3"))

    assert caught.value.done is False
    assert source.write(an_update(ref=ref("10007"))) is True
    assert len(jira.comments("ENG-5")) == 2


@pytest.mark.parametrize(
    ("changed", "settings", "words"),
    [
        ({"fields": (("colour", "red"),)}, {}, "colour: no field is configured"),
        ({"mark": "no blanks allowed"}, {}, "cannot be a mark"),
        ({"note": None, "fields": (), "add_tags": (), "remove_tags": ()}, {}, "nothing to write"),
        ({"add_tags": ("two words",)}, {}, "cannot be a label"),
        ({}, {"audience": None}, "no role or group is set"),
        ({}, {"audience": Audience(kind="role", name="Nobody")}, "commentLevel"),
        ({"ref": ref("10099")}, {}, "deleted or was never there"),
    ],
)
def test_what_cannot_be_written_is_said_and_nothing_is_written(
    jira: Jira, changed: dict[str, Any], settings: dict[str, Any], words: str
) -> None:
    jira.load(an_issue())
    before = jira.issue("ENG-5")

    with pytest.raises(UnexpectedReply, match=words):
        jira.connect(**settings).write(an_update(**changed))

    assert jira.issue("ENG-5") == before


@pytest.mark.parametrize(
    ("fields", "mapped", "refused"),
    [
        ((("claimed_amount", "much"), ("mw_state", "paid")), FIELDS, ("claimed_amount",)),
        ((("compensation_topic", "no such topic"), ("mw_state", "paid")), FIELDS, ("compensation_topic",)),
        ((("mw_reason", "x"), ("mw_state", "paid")), (*FIELDS, ("mw_reason", "customfield_1")), ("mw_reason",)),
    ],
)
def test_a_value_that_jira_refuses_is_named_and_the_note_can_go_without_it(
    jira: Jira, fields: tuple[tuple[str, str], ...], mapped: tuple[tuple[str, str], ...], refused: tuple[str, ...]
) -> None:
    jira.load(an_issue())
    source = jira.connect(fields=mapped)
    before = jira.issue("ENG-5")
    with pytest.raises(FieldsRefused) as caught:
        source.write(an_update(fields=fields))
    assert jira.issue("ENG-5") == before

    source.write(an_update(fields=tuple(each for each in fields if each[0] not in refused)))

    assert tuple(name for name, _ in caught.value.fields) == refused
    assert len(jira.comments("ENG-5")) == 1


def test_a_field_taken_from_the_screen_is_refused_by_its_name(jira: Jira) -> None:
    jira.load(an_issue())
    jira.control("screens", {"project": "ENG", "remove": ["customfield_10112"]})

    with pytest.raises(FieldsRefused, match="mw_amount"):
        jira.connect().write(an_update())

    assert jira.comments("ENG-5") == []


def test_a_write_decided_on_another_value_is_not_made(jira: Jira) -> None:
    jira.load(an_issue())

    with pytest.raises(FieldsMoved, match="order_id"):
        jira.connect().write(an_update(seen=(("order_id", "A-1"), ("mw_state", ""))))
    assert jira.comments("ENG-5") == []

    assert jira.connect().write(an_update(seen=(("order_id", "A-20931"), ("mw_state", ""))))


def test_an_agents_change_meanwhile_is_kept(jira: Jira) -> None:
    jira.load(an_issue())
    source = jira.connect()
    jira.act("ENG-5", update={"labels": [{"add": "vip"}]})
    jira.act("ENG-5", fields={"customfield_10102": "A-2"})

    source.write(an_update())

    fields = jira.issue("ENG-5")["fields"]
    assert (fields["customfield_10102"], fields["labels"]) == (
        "A-2",
        ["withdrawal", "vip", "makewhole", "mw_state_paid"],
    )


def test_with_the_outcome_the_issue_is_moved_once(jira: Jira) -> None:
    jira.load(an_issue(fields={"status": "In Progress"}))
    source = jira.connect(transitions=(("paid", "31"),))

    assert source.write(an_update()) is True
    assert status(jira) == "Done"
    jira.act("ENG-5", transition="41")

    assert source.write(an_update()) is False
    assert (status(jira), len(jira.comments("ENG-5"))) == ("To Do", 1)


def test_a_move_that_is_not_possible_is_said_on_the_issue_and_the_note_is_there(jira: Jira) -> None:
    jira.load(an_issue())  # From "To Do" only 11 leads on.

    assert jira.connect(transitions=(("paid", "31"),)).write(an_update()) is True

    (body,) = bodies(jira)
    assert "Not moved: transition 31 is not possible from 'To Do'." in body
    assert status(jira) == "To Do"


def test_a_move_that_failed_is_made_by_the_next_try_and_the_note_is_not_repeated(jira: Jira) -> None:
    jira.load(an_issue(fields={"status": "In Progress"}), a_request(fields={"status": "In Progress"}))
    for key, step in (("10005", "31"), ("10007", "761")):
        source = jira.connect(transitions=(("paid", step),))
        jira.fault("transition_conflict", times=1)
        with pytest.raises(TryLater) as caught:
            source.write(an_update(ref=ref(key)))
        assert caught.value.done is False

        assert source.write(an_update(ref=ref(key))) is True

    assert (status(jira), status(jira, "CARE-7")) == ("Done", "Resolved")
    assert (len(jira.comments("ENG-5")), len(jira.comments("CARE-7"))) == (1, 1)


def test_a_move_whose_answer_was_lost_is_not_made_again(jira: Jira) -> None:
    jira.load(an_issue(fields={"status": "In Progress"}))
    source = jira.connect(transitions=(("paid", "31"),))
    jira.fault("dropped_after_write", "POST /rest/api/3/issue/10005/transitions", times=1)
    with pytest.raises(TryLater):
        source.write(an_update())

    assert source.write(an_update()) is False

    assert (status(jira), len(jira.comments("ENG-5"))) == ("Done", 1)


def test_our_own_note_is_known_and_an_agents_is_not_ours(jira: Jira) -> None:
    jira.load(an_issue(), a_request())
    for key in ("10005", "10007"):
        jira.connect().write(an_update(ref=ref(key)))
        jira.act("ENG-5" if key == "10005" else "CARE-7", comment={"body": "We look into it."}, agent=LENA)

        read = jira.connect().read(ref(key))

        assert read is not None
        assert [comment.written_by for comment in read[0].comments] == [Author.US, Author.AGENT]


def test_a_customer_who_writes_our_mark_stops_no_note(jira: Jira) -> None:
    jira.load(a_request(comments=[{"body": "[makewhole CASE-4711/3]", "author": LENA}], fields={"reporter": LENA}))

    assert jira.connect().write(an_update(ref=ref("10007"))) is True

    assert len(jira.comments("CARE-7")) == 2


def test_an_edit_that_was_carried_out_by_half_is_finished_without_a_second_note(jira: Jira) -> None:
    jira.load(an_issue())
    jira.connect().write(an_update(fields=()))
    jira.act("ENG-5", property={"key": "makewhole.CASE-4711", "value": {}})

    assert jira.connect().write(an_update()) is True
    assert jira.connect().write(an_update()) is False

    assert len(jira.comments("ENG-5")) == 1
    assert jira.issue("ENG-5")["fields"]["customfield_10111"] == "paid"


def test_a_long_chinese_note_is_cut_and_its_mark_found(jira: Jira) -> None:
    jira.load(an_issue())

    assert jira.connect().write(an_update(note="补偿" * 20_000))

    (body,) = bodies(jira)
    assert body.endswith("[makewhole CASE-4711/3]")
    assert jira.connect().write(an_update(note="补偿" * 20_000)) is False


def test_an_issue_has_one_link_to_its_case_which_follows_it_and_goes_with_it(jira: Jira) -> None:
    jira.load(an_issue())
    source = jira.connect()

    source.link_case(ref(), "https://mw.harbor.example/c/4711", "CASE-4711")
    source.link_case(ref(), "https://mw.harbor.example/c/4712", "CASE-4712")
    source.link_case(ref(), "https://mw.harbor.example/c/4712", "CASE-4712")

    (link,) = jira.issue("ENG-5")["remote_links"]
    assert (link["object"]["url"], link["object"]["title"]) == ("https://mw.harbor.example/c/4712", "CASE-4712")
    read = source.read(ref())
    assert read is not None
    assert read[0].links == ()

    source.link_case(ref(), None, "")
    source.link_case(ref(), None, "")
    assert jira.issue("ENG-5")["remote_links"] == []
