"""Whatever customers, agents and colleagues write, it stays words: in threads, modals, queues and private answers."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers import answer_text
from bot.content import CardContent, Customer
from bot.foreign import marked, plain, plain_lines
from bot.lines import Answered, Asked, Line, Linked, PaidOut, SaidSo, Stopped, WorkedOut, thread_message
from bot.values import ModalValue
from bot.views import home_view, notice_view, question_view, rejection_view, why_view
from bot.words import words
from cases.people import People
from cases.proposal import CaseId, DerivationLine, PersonId, Verdict
from tests.bot.harbor import AMELIA, CUSTOMER, NOON, PEOPLE, awaiting, content, decision, proposal
from workflow.approval import TooLate

NASTY = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="<>&!@#|*_`~\n \u202e\u2066\x00", max_size=4000),
    st.sampled_from(["<!channel>", "<@U0AMELIA001>", "<https://evil.example|ok>", "&lt;!here&gt;", "&amp;" * 900]),
)
OURS = re.compile(r"<@U0[A-Z0-9]+>|<!date\^\d+\^[^|<>]*\|[^<>]*>|<http://127\.0\.0\.1:8000/[^|<>]*\|CASE-4711>")
VALUE = ModalValue(case="CASE-4711", revision=1, fingerprint=proposal().fingerprint, channel="C0COMPENSA1")


def all_texts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for each in value:
            yield from all_texts(each)
    elif isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "plain_text"):
            yield value
        for each in value.values():
            yield from all_texts(each)


def assert_harmless(shown: Any) -> None:
    for each in all_texts(shown):
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08]", each["text"])
        if each["type"] == "mrkdwn":
            assert each["verbatim"] is True
            assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", OURS.sub("", each["text"]))


def hostile_lines(said: str) -> tuple[Line, ...]:
    step = DerivationLine(name=said, expression=said, filled=said, value=said, place=said)
    offered = proposal(reason=said, derivation=(step,) * 30)
    return (
        WorkedOut(proposal=offered),
        WorkedOut(proposal=replace(offered, amount=None)),
        SaidSo(decision=decision(verdict=Verdict.REJECT, comment=said, role=said), given=0, needed=0),
        SaidSo(decision=decision(person=PersonId(said)), given=1, needed=2),
        Asked(person=PersonId(said), words=said),
        Answered(author=said, words=said),
        PaidOut(amount=said, reference=said, at=NOON),
        Linked(ticket=said),
        Stopped(reason=said),
    )


def hostile_content(said: str) -> CardContent:
    step = DerivationLine(name=said, expression=said, filled=said, value=said, place=said)
    offered = proposal(reason=said, derivation=(step,) * 70, inputs=((said, said),) * 40, policy_id=said)
    customer = Customer(id=CUSTOMER, name=said, tier=said, paid_12_months=None)
    return content(awaiting(offered, reference=said), customer=customer)


@settings(max_examples=150, deadline=None)
@given(said=NASTY, locale=st.sampled_from(["en", "zh"]))
def test_no_words_break_out_of_a_thread(said: str, locale: str) -> None:
    for line in hostile_lines(said):
        shown = thread_message(line, PEOPLE, locale)

        assert_harmless(shown.as_list())
        assert_harmless({"type": "mrkdwn", "text": shown.text, "verbatim": True})


@settings(max_examples=100, deadline=None)
@given(said=NASTY, locale=st.sampled_from(["en", "zh"]))
def test_no_words_break_out_of_a_modal_or_the_home(said: str, locale: str) -> None:
    shown = hostile_content(said)

    assert_harmless(rejection_view(shown, VALUE, locale))
    assert_harmless(question_view(shown, VALUE, locale))
    assert_harmless(why_view(shown, locale))
    assert_harmless(home_view((shown, shown), locale))
    assert_harmless(notice_view(said, marked(said, 500), locale))


@settings(max_examples=100, deadline=None)
@given(said=NASTY)
def test_no_name_or_role_breaks_out_of_an_answer(said: str) -> None:
    people = People(everyone=(replace(AMELIA, name=said),))
    outcome = TooLate(decision=decision(role=said))

    text = answer_text(outcome, CaseId("CASE-4711"), people, words("en"))

    assert_harmless({"type": "mrkdwn", "text": text, "verbatim": True})


@settings(max_examples=300, deadline=None)
@given(said=NASTY, most=st.integers(min_value=1, max_value=300))
def test_made_harmless_words_fit_and_are_never_empty(said: str, most: int) -> None:
    for made in (plain(said, most), plain_lines(said, most), marked(said, most)):
        assert 1 <= len(made) <= max(most, 1)
    assert "\n" not in plain(said, most)


@pytest.mark.parametrize(
    ("said", "made", "how"),
    [
        ("a & b <c>", "a &amp; b &lt;c&gt;", marked),
        ("&lt;", "&amp;lt;", marked),
        ("  two\n\n lines\t ", "two lines", plain),
        ("  two\r\n\r\n lines ", "two\nlines", plain_lines),
        ("\u202eTDSU 05", "TDSU 05", plain),
        ("\x00\u200b", "—", plain),
        ("张伟", "张伟", marked),
    ],
)
def test_words_stay_readable(said: str, made: str, how: Callable[[str, int], str]) -> None:
    assert how(said, 100) == made


def test_what_is_too_long_is_cut_where_it_can_be_seen() -> None:
    assert plain("x" * 10, 5) == "xxxx…"
    assert marked("&" * 10, 12) == "&amp;&amp;…"
