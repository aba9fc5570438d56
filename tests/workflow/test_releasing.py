"""How a policy comes into force: two people, one text, one version at a time; and what becomes of cases meanwhile."""

from datetime import timedelta

import pytest

from cases.case import AwaitingApproval, NeedsAttention, Stage
from policy.mistakes import Finding, Place, Weight
from store import policy_history, policy_tables
from store.policies import State, Version
from tests.workflow.desk_at_work import AUTHOR, ROOT, DeskAtWork
from tests.workflow.played_vendors import NOON, ticket
from workflow import releasing, submitting
from workflow.approval import Stale
from workflow.releasing import Outcome, Refused, Taken, WhyNot, Word
from workflow.submitting import Draft, NotReady, draft

NAME = "delayed-withdrawal"
SHIPPED = (ROOT / "config" / "policies" / f"{NAME}.yaml").read_text(encoding="utf-8")


def text(version: str, *, start: str = "2026-12-01T00:00:00Z", end: str = "open", pays: str = "15 USDT") -> Draft:
    """Return the shipped policy as another version, for other dates, that pays so much for six hours."""
    written = SHIPPED.replace("version: 1", f"version: {version}").replace("2025-01-01T00:00:00Z", start)
    written = written.replace("to: open", f"to: {end}").replace("15 USDT", pays)
    return draft(written, f"{NAME}.yaml", people=None)


def submitted(at_work: DeskAtWork, *drafts: Draft, by: str = AUTHOR, **waivers: str) -> tuple[Version, ...]:
    author = at_work.desk.people.by_id(by)
    assert author is not None
    with at_work.database.begin() as tx:
        return submitting.submit(at_work.desk, tx, drafts, waivers, author, now=at_work.time())


def approved(at_work: DeskAtWork, version: str, *, by: str = "yuki", fingerprint: str | None = None) -> Outcome:
    word = Word(name=NAME, version=version, fingerprint=fingerprint, reason=None, said_at=at_work.time())
    with at_work.database.begin() as tx:
        return releasing.approve(at_work.desk, tx, word, at_work.desk.people.by_id(by))


def standing(at_work: DeskAtWork, version: str) -> Version:
    with at_work.database.read() as connection:
        found = at_work.desk.policies.find(connection, NAME, version)
    assert found is not None
    return found


def events(at_work: DeskAtWork) -> list[tuple[str, str]]:
    with at_work.database.read() as connection:
        return [(each.actor, each.event) for each in policy_history.history(connection, NAME)]


def test_a_version_decides_once_somebody_else_released_it(at_work: DeskAtWork) -> None:
    (waiting,) = submitted(at_work, text("2"))

    released = approved(at_work, "2", fingerprint=waiting.fingerprint)

    assert waiting.state is State.SUBMITTED
    assert isinstance(released, Taken)
    assert (released.version.state, released.version.decided_by) == (State.RELEASED, "yuki")
    # The first one was open: it ends where this one starts, to the moment.
    assert standing(at_work, "1").ends_at == standing(at_work, "2").starts_at
    with at_work.database.read() as connection:
        start = released.version.starts_at
        before = at_work.desk.policies.policy_for(connection, "delayed_withdrawal", start - timedelta(microseconds=1))
        after = at_work.desk.policies.policy_for(connection, "delayed_withdrawal", start)
    assert (before and before.version, after and after.version) == ("1", "2")
    assert events(at_work)[-3:] == [("amelia", "submitted"), ("yuki", "ended"), ("yuki", "released")]


@pytest.mark.parametrize(
    ("by", "why"), [("amelia", WhyNot.OWN_TEXT), ("wei", WhyNot.NO_ROLE), ("nobody", WhyNot.UNKNOWN_PERSON)]
)
def test_neither_its_author_nor_anybody_without_the_role_releases_it(at_work: DeskAtWork, by: str, why: WhyNot) -> None:
    submitted(at_work, text("2"))

    refused = approved(at_work, "2", by=by)

    assert isinstance(refused, Refused)
    assert refused.why is why
    assert standing(at_work, "2").state is State.SUBMITTED
    assert events(at_work)[-1] == ("amelia", "submitted")


def test_an_author_who_holds_the_role_needs_somebody_else_too(at_work: DeskAtWork) -> None:
    submitted(at_work, text("2"), by="yuki")

    own, other = approved(at_work, "2", by="yuki"), approved(at_work, "2", by="noah")

    assert isinstance(own, Refused)
    assert own.why is WhyNot.OWN_TEXT
    assert isinstance(other, Taken)


def test_a_yes_to_another_text_does_not_count(at_work: DeskAtWork) -> None:
    (seen,) = submitted(at_work, text("2"))
    submitted(at_work, text("2", pays="16 USDT"))

    refused = approved(at_work, "2", fingerprint=seen.fingerprint)

    assert isinstance(refused, Refused)
    assert refused.why is WhyNot.SUBMITTED_ANEW
    assert standing(at_work, "2").state is State.SUBMITTED


def test_a_released_text_never_changes(at_work: DeskAtWork) -> None:
    before = standing(at_work, "1")

    with pytest.raises(NotReady, match="released with another text, which stays as it is"):
        submitted(at_work, text("1", pays="16 USDT"))
    again = submitted(at_work, draft(SHIPPED, f"{NAME}.yaml", people=None))

    assert again == (before,)


def test_two_versions_that_would_decide_at_once_are_refused(at_work: DeskAtWork) -> None:
    submitted(at_work, text("2"), text("3", start="2027-01-01T00:00:00Z", end="2027-02-01T00:00:00Z"))
    assert isinstance(approved(at_work, "3"), Taken)
    assert isinstance(approved(at_work, "2"), Taken)

    with pytest.raises(NotReady, match="delayed-withdrawal@3 decides"):
        submitted(at_work, text("4", start="2027-01-15T00:00:00Z"))

    # The second is open, and ends where the third starts, which was there before it.
    assert standing(at_work, "2").ends_at == standing(at_work, "3").starts_at


def test_one_that_became_impossible_meanwhile_is_not_released(at_work: DeskAtWork) -> None:
    submitted(at_work, text("2"))
    submitted(at_work, text("3"))

    first, second = approved(at_work, "2"), approved(at_work, "3")

    assert isinstance(first, Taken)
    assert isinstance(second, Refused)
    assert second.why is WhyNot.OVERLAPS
    assert "delayed-withdrawal@2 decides" in second.detail


def test_a_finding_is_mended_or_waived_with_a_reason(at_work: DeskAtWork) -> None:
    place = Place(file=f"{NAME}.yaml", line=60, column=5)
    found = Finding(place=place, what="it never binds", code="never-binds", about="cap", weight=Weight.FINDING)
    written = text("2")
    given = Draft(text=written.text, policy=written.policy, findings=(found,))
    author = at_work.desk.people.by_id(AUTHOR)
    assert author is not None

    with at_work.database.begin() as tx:
        with pytest.raises(NotReady, match=r'--waive "never-binds: cap=why it is right so"'):
            submitting.submit(at_work.desk, tx, [given], {}, author, now=NOON)
        with pytest.raises(NotReady, match='"never-bind: cap" was not found'):
            submitting.submit(at_work.desk, tx, [given], {"never-bind: cap": "so"}, author, now=NOON)
        (kept,) = submitting.submit(at_work.desk, tx, [given], {found.key: "a second lock"}, author, now=NOON)

    assert [(each.key, each.waived) for each in kept.findings] == [("never-binds: cap", "a second lock")]
    assert standing(at_work, "2").findings == kept.findings


def test_a_gap_between_versions_is_mended_or_waived_like_any_finding(at_work: DeskAtWork) -> None:
    at_work.release(text("2", start="2027-01-01T00:00:00Z", end="2027-02-01T00:00:00Z"))
    late, author = text("3", start="2027-02-02T00:00:00Z"), at_work.desk.people.by_id(AUTHOR)
    key = f"versions-leave-a-gap: {NAME} 2 / 3"
    assert author is not None

    with pytest.raises(NotReady, match='let "from" be 2027-02-01T00:00:00Z') as refused:
        submitted(at_work, late)
    assert f'mend it, or waive it: --waive "{key}=why it is right so"' in str(refused.value)
    with at_work.database.begin() as tx:
        before = list(at_work.desk.policies.versions(tx.connection))
        (meant,) = submitting.rehearse(at_work.desk, tx, [late], {key: "closed that day"}, author, now=NOON)
        assert list(at_work.desk.policies.versions(tx.connection)) == before
    (kept,) = submitted(at_work, late, **{key: "closed that day"})
    again = submitted(at_work, late, **{key: "closed that day"})

    assert [(each.key, each.waived) for each in kept.findings] == [(key, "closed that day")]
    assert (meant.state, meant.findings) == (kept.state, kept.findings)
    assert again == (kept,)
    assert isinstance(approved(at_work, "3"), Taken)


def test_a_yes_to_other_waivers_does_not_count(at_work: DeskAtWork) -> None:
    at_work.release(text("2", start="2027-01-01T00:00:00Z", end="2027-02-01T00:00:00Z"))
    late, key = text("3", start="2027-02-02T00:00:00Z"), f"versions-leave-a-gap: {NAME} 2 / 3"
    (seen,) = submitted(at_work, late, **{key: "closed that day"})
    (other,) = submitted(at_work, late, **{key: "because"})

    refused = approved(at_work, "3", fingerprint=seen.fingerprint)
    only_the_text = approved(at_work, "3", fingerprint=late.policy.text_hash)
    stood = standing(at_work, "3")
    yes = approved(at_work, "3", fingerprint=other.fingerprint[:12])

    assert seen.text_hash == other.text_hash
    assert isinstance(refused, Refused)
    assert isinstance(only_the_text, Refused)
    assert refused.why is only_the_text.why is WhyNot.SUBMITTED_ANEW
    assert stood == other
    assert [each.waived for each in stood.findings] == ["because"]
    assert isinstance(yes, Taken)
    with at_work.database.read() as connection:
        *_, first, second, released = policy_history.history(connection, NAME)
    assert [each.event for each in (first, second, released)] == ["submitted", "submitted", "released"]
    assert dict(second.detail)["waived"] == f"{key}: because"
    assert dict(released.detail)["fingerprint"] == other.fingerprint


def test_other_waivers_of_somebody_else_leave_a_text_its_authors_own(at_work: DeskAtWork) -> None:
    at_work.release(text("2", start="2027-01-01T00:00:00Z", end="2027-02-01T00:00:00Z"))
    late, key = text("3", start="2027-02-02T00:00:00Z"), f"versions-leave-a-gap: {NAME} 2 / 3"
    submitted(at_work, late, by="yuki", **{key: "closed that day"})
    submitted(at_work, late, by="amelia", **{key: "because"})

    own, other = approved(at_work, "3", by="yuki"), approved(at_work, "3", by="noah")

    assert isinstance(own, Refused)
    assert own.why is WhyNot.OWN_TEXT
    assert isinstance(other, Taken)


def test_waivers_that_were_taken_back_are_none_to_say_yes_to(at_work: DeskAtWork) -> None:
    at_work.release(text("2", start="2027-01-01T00:00:00Z", end="2027-02-01T00:00:00Z"))
    late, key = text("3", start="2027-02-02T00:00:00Z"), f"versions-leave-a-gap: {NAME} 2 / 3"
    (seen,) = submitted(at_work, late, **{key: "closed that day"})
    back = Word(name=NAME, version="3", fingerprint=seen.fingerprint, reason="why?", said_at=at_work.time())
    with at_work.database.begin() as tx:
        releasing.reject(at_work.desk, tx, back, at_work.desk.people.by_id("yuki"))
    submitted(at_work, late, **{key: "because"})

    refused = approved(at_work, "3", fingerprint=seen.fingerprint)

    assert isinstance(refused, Refused)
    assert refused.why is WhyNot.SUBMITTED_ANEW
    assert standing(at_work, "3").state is State.SUBMITTED


def test_without_waivers_the_hash_of_the_text_is_all_there_is_to_say_yes_to(at_work: DeskAtWork) -> None:
    (waiting,) = submitted(at_work, text("2"))

    assert waiting.fingerprint == waiting.text_hash


def test_a_gap_that_came_about_since_keeps_a_version_from_its_release(at_work: DeskAtWork) -> None:
    submitted(at_work, text("3", start="2027-02-02T00:00:00Z"))
    at_work.release(text("2", start="2027-01-01T00:00:00Z", end="2027-02-01T00:00:00Z"))

    refused = approved(at_work, "3")

    assert isinstance(refused, Refused)
    assert refused.why is WhyNot.UNANSWERED
    assert "no version of delayed-withdrawal holds from 2027-02-01" in refused.detail
    assert standing(at_work, "3").state is State.SUBMITTED


def test_what_was_released_already_asks_for_nothing_when_it_is_handed_in_again(at_work: DeskAtWork) -> None:
    first = text("2", start="2027-01-01T00:00:00Z", end="2027-02-01T00:00:00Z")
    at_work.release(first)
    later_one = text("3", start="2027-02-02T00:00:00Z")
    submitted(at_work, later_one, **{f"versions-leave-a-gap: {NAME} 2 / 3": "closed that day"})
    approved(at_work, "3")

    assert submitted(at_work, first) == (standing(at_work, "2"),)


def test_a_case_without_a_released_policy_waits_and_goes_on_with_the_release(at_work: DeskAtWork) -> None:
    at_work.withdraw(NAME, "1")
    at_work.tell(ticket())
    at_work.work()
    assert isinstance(at_work.case("CASE-1"), NeedsAttention)

    at_work.release(text("2", start="2026-01-01T00:00:00Z", pays="16 USDT"))
    at_work.work()

    assert isinstance(at_work.case("CASE-1"), AwaitingApproval)
    assert str(at_work.proposal("CASE-1").amount) == "16.00 USDT"


def test_a_case_that_waits_for_something_else_is_left_alone(at_work: DeskAtWork) -> None:
    del at_work.facts["hours_late"]
    at_work.tell(ticket())
    at_work.work()
    before = at_work.events("CASE-1")

    at_work.release(text("2"))

    assert (at_work.stage("CASE-1"), at_work.events("CASE-1")) == (Stage.NEEDS_ATTENTION, before)


def test_a_withdrawn_version_decides_nothing_more(at_work: DeskAtWork) -> None:
    at_work.tell(ticket())
    at_work.work()

    at_work.withdraw(NAME, "1")

    assert isinstance(at_work.say("amelia", "CASE-1"), Stale)
    assert at_work.provider.sendings == 0
    with pytest.raises(NotReady, match="was withdrawn"):
        submitted(at_work, draft(SHIPPED, f"{NAME}.yaml", people=None))


def test_a_version_that_never_started_lets_the_one_before_go_on(at_work: DeskAtWork) -> None:
    at_work.release(text("2", start="2027-01-01T00:00:00Z"))
    assert standing(at_work, "1").ends_at is not None

    at_work.withdraw(NAME, "2")

    assert standing(at_work, "1").ends_at is None


def test_an_edited_text_is_noticed_and_decides_nothing(at_work: DeskAtWork) -> None:
    edited = policy_tables.policy_versions.update().values(text=SHIPPED.replace("15 USDT", "1500 USDT"))
    with at_work.database.begin() as tx:
        tx.execute(edited.where(policy_tables.policy_versions.c.name == NAME))
        broken = list(policy_history.verify(tx.connection, at_work.desk.policies.audit_key))
        at_work.desk.policies._read.clear()

    at_work.tell(ticket())
    at_work.work()

    assert [(each.name, each.problem) for each in broken] == [(NAME, "its versions were changed outside its history")]
    case = at_work.case("CASE-1")
    assert isinstance(case, NeedsAttention)
    assert "not the text that was submitted" in case.reason
    mended = policy_tables.policy_versions.update().values(text=SHIPPED)
    with at_work.database.begin() as tx:
        tx.execute(mended.where(policy_tables.policy_versions.c.name == NAME))
