"""No note stands where customers, or everyone, can read it, whatever project its issue is moved to meanwhile."""

import pytest

from connectors.contract import TryLater, UnexpectedReply
from tests.connectors.conftest import Script
from tests.connectors.jira_world import (
    LENA,
    Jira,
    a_request,
    an_update,
    ref,
    serving,
)

jira = pytest.fixture(serving)


def care_7(kind: bytes) -> bytes:
    """Return an issue whose project is of this kind."""
    return (
        b'{"id":"10007","key":"CARE-7","fields":{"created":"2026-11-01T10:00:00.000+0000",'
        b'"updated":"2026-11-01T10:00:00.000+0000","project":{"key":"CARE","projectTypeKey":"' + kind + b'"}}}'
    )


def test_a_note_that_jira_would_show_is_taken_back(script: Script) -> None:
    script.answer(200, care_7(b"service_desk"))
    script.answer(200, b'{"comments":[],"total":0}')
    script.answer(201, b'{"id":"77","created":"2026-11-01T10:00:00.000+0000","jsdPublic":true}')
    script.answer(204, b"")
    script.answer(200, care_7(b"service_desk"))
    source = Jira(url=script.url, clock=None).connect()  # type: ignore[arg-type]

    with pytest.raises(UnexpectedReply, match="taken back"):
        source.write(an_update(ref=ref("10007"), fields=(), add_tags=(), remove_tags=()))

    assert [(method, path.partition("?")[0]) for method, path, _, _ in script.asked][-2] == (
        "DELETE",
        "/rest/api/3/issue/10007/comment/77",
    )


def test_a_note_that_everyone_sees_since_its_issue_moved_is_taken_back_and_tried_again(script: Script) -> None:
    script.answer(200, care_7(b"service_desk"))
    script.answer(200, b'{"comments":[],"total":0}')
    script.answer(201, b'{"id":"77","created":"2026-11-01T10:00:00.000+0000","jsdPublic":true}')
    script.answer(204, b"")
    script.answer(200, care_7(b"software"))
    source = Jira(url=script.url, clock=None).connect()  # type: ignore[arg-type]

    with pytest.raises(TryLater, match="left its service project"):
        source.write(an_update(ref=ref("10007"), fields=(), add_tags=(), remove_tags=()))


def test_a_note_follows_an_issue_that_left_its_service_project_after_the_edit(jira: Jira) -> None:
    jira.load(a_request())
    source = jira.connect()
    jira.fault("unavailable", "POST /rest/api/3/issue/10007/comment", times=1)
    with pytest.raises(TryLater):
        source.write(an_update(ref=ref("10007")))
    jira.act("CARE-7", move_to="ENG", agent=LENA)

    assert source.write(an_update(ref=ref("10007"))) is True
    assert source.write(an_update(ref=ref("10007"))) is False

    (note,) = jira.comments("ENG-1")
    assert note["visibility"]["type"] == "role"


def test_a_note_that_came_out_for_everyone_is_made_anew_inside(script: Script) -> None:
    shown = (
        b'{"comments":[{"id":"70","created":"2026-11-01T10:00:00.000+0000","jsdPublic":true,"properties":'
        b'[{"key":"makewhole","value":{"mark":"CASE-4711/3"}}]}],"total":1}'
    )
    script.answer(200, care_7(b"service_desk"))
    script.answer(200, shown)
    script.answer(204, b"")
    script.answer(201, b'{"id":"77","created":"2026-11-01T10:00:00.000+0000","jsdPublic":false}')
    source = Jira(url=script.url, clock=None).connect()  # type: ignore[arg-type]

    assert source.write(an_update(ref=ref("10007"), fields=(), add_tags=(), remove_tags=())) is True

    assert [(method, path.partition("?")[0]) for method, path, _, _ in script.asked][-2:] == [
        ("DELETE", "/rest/api/3/issue/10007/comment/70"),
        ("POST", "/rest/api/3/issue/10007/comment"),
    ]


def test_a_restricted_note_that_jira_shows_all_the_same_is_not_tried_for_ever(script: Script) -> None:
    issue = care_7(b"software")
    edited = issue[:-1] + b',"properties":{"makewhole.CASE-4711":{"marks":["CASE-4711/3"]}}}'
    script.answer(200, edited)
    script.answer(200, b'{"comments":[],"total":0}')
    script.answer(201, b'{"id":"77","created":"2026-11-01T10:00:00.000+0000","jsdPublic":true}')
    script.answer(204, b"")
    script.answer(200, issue)
    source = Jira(url=script.url, clock=None).connect()  # type: ignore[arg-type]

    with pytest.raises(UnexpectedReply, match="showed the note to everyone"):
        source.write(an_update(ref=ref("10007"), fields=(), add_tags=(), remove_tags=()))
